// Programs: what the scheduler is measured on. Small, plain C++20 on std::, one bug each; and one that has none.
//
// Each is a function that makes its threads, lets them run into one another and joins them. It says what it expects with
// GAUNTLET_SCHED_CHECK, or breaks a rule of the language or of a lock, which the runtime notices by itself. Next to
// nearly each bug stands its *correct twin*, the same program with the line that was missing: a report about a twin is
// a false alarm. Data that a program's bug is not about are atomic, so that the logic is found and not a data race.
//
// The shapes are classic (Thomson, Donaldson and Betts, "Concurrency testing using controlled schedulers", ACM TOPC 2016,
// collects many of them); the programs are our own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <gauntlet/sched/run.h>

namespace gauntlet::sched {

struct program {
  std::string_view name;
  void (*body)() = nullptr;
  unsigned threads = 0;  // that it makes, besides the one that runs the body
  finding expected = finding::none;
  finding or_else = finding::none;  // the same bug seen from another side
  void (*twin)() = nullptr;         // correct, null: none
  bool weak = false;                // shows only under the weak memory model
  bool classic = false;             // one of the shapes on which strategies are compared
};

// All programs with a bug, and correct_mixed, the last, which has none.
std::span<const program> programs();

// Null where there is none of this name.
const program* find_program(std::string_view name);

}  // namespace gauntlet::sched
