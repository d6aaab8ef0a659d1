// Classic mistakes that take threads, and one that takes none but shows best under control: bodies for controlled runs,
// compiled for control, called from schedules_test. README.md beside this tells the stories.
#pragma once

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

}  // namespace props
