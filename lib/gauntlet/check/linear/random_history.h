// Random histories for the judges of the checker and for its benchmark.
//
// Words. A *shape* says how many lanes, keys and events, and which operations. A history is made the way it could have
// happened: lanes call, take effect at one moment on two ordered maps, and return, in a random interleaving. So it is
// right by construction; `corrupt` changes one answer (and sometimes lets the event that returns last never return),
// after which it is probably wrong, and brute_force.h knows.
//
// Stamps are 1, 2, 3, ... without a gap; events stand in the order in which they returned.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/history/history.h>

namespace gauntlet::check {

enum class whole_maps : std::uint8_t { none, one, two };
enum class point_mix : std::uint8_t {
  even,     // ten operations on one key, each as often as the others
  finds,    // 80 % finds, the rest even
  half,     // 50 % finds, the rest even
  updates,  // no find, no contains
};

struct history_shape {
  unsigned lanes = 3;
  std::uint64_t keys = 4;
  std::size_t events = 18;
  whole_maps reach = whole_maps::none;  // a quarter of the operations: on one whole map, or also on two
  point_mix mix = point_mix::even;
  bool with_contents = false;  // when all is done, a snapshot of each map in lane 0, beyond `events`
};

history random_history(random_source& random, const history_shape& shape);
void corrupt(history& h, random_source& random);

// Lets the history know what happens before what, at random: at each call, with this chance in percent, a lane comes to
// know what another one has known until then. Lanes are threads, and fewer than awareness_width.
void make_aware(history& h, random_source& random, unsigned percent);

}  // namespace gauntlet::check
