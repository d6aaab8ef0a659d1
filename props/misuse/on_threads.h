// Classic mistakes that take threads, and one that takes none but shows best under control: bodies for controlled runs,
// compiled for control, called from schedules_test. README.md beside this tells the stories.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <gauntlet/sched/run.h>

namespace props {

struct mistake {
  std::string_view name;
  void (*wrong)();
  void (*right)();
  gauntlet::sched::finding shows_as;
  unsigned preemptions;     // the fewest that show it
  bool judge_races = true;  // false: what else notices it
  std::string_view says;    // part of the message
};

std::span<const mistake> mistakes();

// Right however threads meet: popular claims say otherwise.
struct claim {
  std::string_view name;
  void (*holds)();
};

std::span<const claim> claims();

// Looks a key up in an rcu_map: between these two steps of the run.
struct window {
  std::uint64_t from, to;
};
window read_of_rcu_map();

}  // namespace props
