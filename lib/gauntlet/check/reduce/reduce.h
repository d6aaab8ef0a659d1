// Makes a failing program small: drops threads, then operations (delta debugging, bodies as a whole and one by one),
// then configuration, then simplifies opcodes, keys and values, then drops decisions of the schedule. A candidate counts
// only when it fails in the same way.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

// What has to stay the same: the oracle and the place. `held` means that the candidate did not fail.
struct failure_signature {
  std::string kind;  // to_string(failure_kind), or "crash"
  std::string place;
  bool held() const { return kind.empty(); }
  friend bool operator==(const failure_signature&, const failure_signature&) = default;
};

struct reduction_limits {
  std::uint64_t tries_max = 20000;
  unsigned times = 1;                 // a racy failure counts when one of so many runs shows it
  std::function<bool()> out_of_time;  // asked before every try; empty: never
  std::function<void(std::uint64_t tries, std::size_t operations)> progress;
};

struct reduction {
  program smallest;
  std::uint64_t tries = 0;
  bool finished = false;  // false: a limit stopped it; calling reduce() on `smallest` goes on
};

// `failing` fails with `signature` (not asked again). `judge` may give the candidate other decisions: those under which it
// failed, found again after a step that changed the program. The result fails with the signature too, and when `finished`, no single step
// of any pass makes it smaller. Complexity: tries are O(n log n) in the operations for each round, rounds are few;
// programs of hundreds of operations take hundreds of tries.
reduction reduce(const program& failing, const failure_signature& signature,
                 const std::function<failure_signature(program&)>& judge, const reduction_limits& limits = {});

// The same for inputs that are bytes: chunks go, then bytes become 0, blank or '0'.
struct byte_reduction {
  std::vector<std::uint8_t> smallest;
  std::uint64_t tries = 0;
  bool finished = false;
};

byte_reduction reduce_bytes(std::span<const std::uint8_t> failing, const failure_signature& signature,
                            const std::function<failure_signature(std::span<const std::uint8_t>)>& judge,
                            const reduction_limits& limits = {});

}  // namespace gauntlet::check
