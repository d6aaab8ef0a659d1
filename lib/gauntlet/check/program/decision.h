// One decision of a schedule: what happened next where something else could have happened, as a plain value.
//
// A concurrent program that runs under control (target concurrent_schedule) carries its schedule with it, so that one
// file holds both. Whenever more than one thing may happen next, the run has a *choice*; choices are numbered from 1 in
// order of time, and each has a default, alternative 0. A program lists its deviations from the default:
//
//   run    another thread goes on: the alternative is its number (0 the lane before/after, 1 to 6 the threads)
//   read   a load sees an old store: the alternative is how many stores it is behind the newest
//   fail   a weak compare-exchange or a wait ends for no reason
//   fire   a timed wait ends now
//   wake   a notification wakes not the longest waiting thread but the one that came so many later
//
// A decision whose choice never comes, or looks otherwise, is passed over: every list is some schedule. `of` and `before`
// are what the choice looked like when the schedule was recorded; who replays it says where that no longer fits.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gauntlet::check {

enum class decision_kind : std::uint8_t { run, read, fail, fire, wake };
inline constexpr unsigned decision_kind_count = 5;

struct decision {
  std::uint32_t at = 1;  // the number of the choice, 1 to choice_max
  decision_kind kind = decision_kind::run;
  std::uint8_t alternative = 0;
  std::uint8_t of = 0;      // how many alternatives there were; 0: not recorded
  std::uint8_t before = 0;  // what the running thread was about to do, a position in event_words(); 0: not recorded
  friend bool operator==(const decision&, const decision&) = default;
};

inline constexpr std::uint32_t choice_max = (1u << 24) - 1;
inline constexpr std::size_t decisions_max = 1U << 14;  // of one program; what lies beyond in a byte string is ignored

// The words of the text form.
std::span<const std::string_view> decision_kind_names() noexcept;
std::span<const std::string_view> event_words() noexcept;  // position 0 is "", not recorded

}  // namespace gauntlet::check
