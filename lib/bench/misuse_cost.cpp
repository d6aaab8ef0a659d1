// What noticing misuse costs: the same operations on two maps that differ only in Policy::detect_misuse, to be run
// under callgrind by misuse_cost.py, which counts instructions: exact, and the same on a busy machine.
//
// A run executes one operation `count` times. Running it with two counts and dividing the difference of the
// instructions by the difference of the counts leaves the operation alone: start-up, filling and the loop's own set-up
// cancel.
//
// Usage: gauntlet_bench_misuse detect|ignore find_hit|find_miss|insert|erase COUNT
// Exit: 0 done, 2 wrong use.
#include <gauntlet/map/hash_map.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <utility>

#include "material.h"

namespace gauntlet::bench {
namespace {

inline constexpr std::uint64_t count_max = 40'000;  // both maps are filled with, or reserved for, that many

struct ignoring_policy : fixed_seed_policy {
  static constexpr bool detect_misuse = false;
};

template <class Policy>
using map_of = hash_map<std::uint64_t, std::uint64_t, gauntlet::hash<std::uint64_t>, std::equal_to<std::uint64_t>,
                        std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, Policy>;

// Kept out of line and untouched by constant propagation, as in a program that is more than this loop.
template <class Map>
[[gnu::noinline]] std::uint64_t run_operation(Map& map, std::string_view operation, std::uint64_t count) {
  std::uint64_t sum = 0;
  if (operation == "find_hit") {
    for (std::uint64_t id = 0; id < count; ++id) sum += map.find(scramble(id))->second;
  } else if (operation == "find_miss") {
    for (std::uint64_t id = 0; id < count; ++id) sum += map.find(scramble(count_max + id)) == map.end();
  } else if (operation == "insert") {
    // Not the counter itself: a map that is handed a reference to it keeps the loop from holding it in a register.
    for (std::uint64_t id = 0; id < count; ++id) sum += map.try_emplace(scramble(id), id + 1).second;
  } else {
    for (std::uint64_t id = 0; id < count; ++id) sum += map.erase(scramble(id));
  }
  return sum;
}

template <class Policy>
std::uint64_t run_with(std::string_view operation, std::uint64_t count) {
  map_of<Policy> map;
  map.reserve(count_max);
  if (operation != "insert") {
    for (std::uint64_t id = 0; id < count_max; ++id) map.try_emplace(scramble(id), id);
  }
  return run_operation(map, operation, count);
}

}  // namespace
}  // namespace gauntlet::bench

int main(int argc, char** argv) {
  using namespace gauntlet::bench;
  const std::string_view policy = argc == 4 ? argv[1] : "";
  const std::string_view operation = argc == 4 ? argv[2] : "";
  const std::uint64_t count = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0;
  const bool known =
      operation == "find_hit" || operation == "find_miss" || operation == "insert" || operation == "erase";
  if ((policy != "detect" && policy != "ignore") || !known || count == 0 || count > count_max) {
    std::fprintf(stderr, "usage: %s detect|ignore find_hit|find_miss|insert|erase COUNT (1 to %llu)\n", argv[0],
                 static_cast<unsigned long long>(count_max));
    return 2;
  }
  const std::uint64_t sum = policy == "detect" ? run_with<gauntlet::fixed_seed_policy>(operation, count)
                                               : run_with<ignoring_policy>(operation, count);
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
  return 0;
}
