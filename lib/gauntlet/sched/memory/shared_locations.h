// Which locations have plain accesses of several threads, as learned from run to run, and made to stand still for a
// replay.
//
// With run_options::plain_points an access to such a location is a choice. Whoever touches a location first in a run
// can't know whether others will, so the knowledge is kept from earlier runs; what a run used of it is part of its
// schedule (schedule::plain), and a replay starts from exactly that.
#pragma once

#include <cstdint>
#include <vector>

namespace gauntlet::sched::runtime {

// Replaces what is known by these locations, for one run; then restores it.
class known_locations {
 public:
  explicit known_locations(const std::vector<std::uintptr_t>& only);
  ~known_locations();
  known_locations(const known_locations&) = delete;
  known_locations& operator=(const known_locations&) = delete;

 private:
  std::size_t before_;
  std::vector<std::uintptr_t> only_;
};

// Forgets everything learned.
void forget_shared_locations();

}  // namespace gauntlet::sched::runtime
