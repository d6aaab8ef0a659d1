// Which operations programs had better do without: those that the judged maps lack, found out by asking, are drawn no longer; those
// that somebody names, to hunt on past a mistake that is known, are judged nowhere, in no seed either.
//
// A small map answers a tenth of what can be asked of a map. What it lacks is left out of a program when it runs, so nothing is
// wrong with asking; but nine of ten operations would be wasted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/run/runner.h>

namespace gauntlet::check {

class lacking_operations {
 public:
  // So many programs must have asked for an operation in vain: each has elements of one type only, and some operations are there
  // for some types only.
  static constexpr unsigned programs_enough = 128;

  // After each judged program: what all so far have asked, and what was answered.
  void learn(const coverage_table& all) noexcept;
  // What nobody ever answered. An answer takes an operation out again: now and then ask for everything.
  const opcode_set& now() const noexcept { return lacking_; }

 private:
  std::uint64_t asked_[opcode_count] = {};
  unsigned programs_[opcode_count] = {};
  opcode_set lacking_;
};

// One program of so many asks for what is lacking as well.
inline constexpr std::uint64_t programs_for_each_that_asks_for_all = 64;

// Whether the maps lack what was asked for so often with these outcomes: something was unsupported and nothing answered.
bool is_lacking(const std::uint64_t (&times)[outcome_count]) noexcept;

// What somebody named: no program of this process has these, be it drawn, mutated or read from a file.
opcode_set& without_of_this_process() noexcept;

// Names with commas between them, and the operations so named; an unknown name is told in one line.
std::string names_of(const opcode_set& operations);
std::variant<opcode_set, std::string> operations_named(std::string_view names);

}  // namespace gauntlet::check
