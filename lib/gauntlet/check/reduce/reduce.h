// Makes a failing program small: drops threads, then operations (delta debugging, bodies as a whole and one by one),
// then configuration, then simplifies opcodes, keys and values. A candidate counts only when it fails in the same way.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

// What has to stay the same: the oracle and the place. `held` means that the candidate did not fail.
struct failure_signature {
  std::string kind;   // to_string(failure_kind), or "crash"
  std::string place;
  bool held() const { return kind.empty(); }
  friend bool operator==(const failure_signature&, const failure_signature&) = default;
};

struct reduction_limits {
  std::uint64_t tries_max = 20000;
  unsigned times = 1;                                  // a racy failure counts when one of so many runs shows it
  std::function<bool()> out_of_time;                   // asked before every try; empty: never
  std::function<void(std::uint64_t tries, std::size_t operations)> progress;
};

struct reduction {
  program smallest;
  std::uint64_t tries = 0;
  bool finished = false;  // false: a limit stopped it; calling reduce() on `smallest` goes on
};

reduction reduce(const program& failing, const failure_signature& signature,
                 const std::function<failure_signature(const program&)>& judge, const reduction_limits& limits = {});

}  // namespace gauntlet::check
