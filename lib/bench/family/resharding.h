// What a resharding costs those who work meanwhile: routed_map goes from 8 shards to 12 while two threads work on it.
#pragma once

#include <cstddef>
#include <vector>

namespace gauntlet::bench::family {

struct resharding_round {
  double before = 0;  // operations a second of both threads, with 8 shards
  double during = 0;
  double after = 0;    // with 12
  double seconds = 0;  // how long it took
  double moved = 0;    // part of the keys, there or not, to which the ring gives another shard
};

// Half of `size` keys are there. The elements are moved by a third thread, or by the two with their writes.
// After each round the map is asked for all keys; if one is lost, or there though it must not be, the program ends with 1.
std::vector<resharding_round> measure_resharding(std::size_t size, unsigned reads, bool by_writes, std::size_t rounds);

}  // namespace gauntlet::bench::family
