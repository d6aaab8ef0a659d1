// Runs a concurrent program, records what happened and judges it.
//
// A program has a prefix (lane before), up to six threads, and a suffix (lane after). One *repetition* makes fresh
// maps, does the prefix, lets all threads begin at the same moment, does the suffix, reads the contents of both maps,
// and judges:
//   - the history, against the contracts that the maps declare (linear/checker.h); the final contents are one more
//   read;
//   - sizes and lookups when all was done, against the final contents;
//   - each map's self-check;
//   - what the maps hold when they have been emptied, if they promise to give memory back;
//   - snapshots that are still held, objects and memory, after the maps are gone.
// Who runs the threads is the executor's business (concurrent_executor.h). On real threads, the default, the interleaving
// is the machine's, so a program is repeated; disturbance (concurrent_disturbance.h) makes the repetitions differ. The
// first repetition that fails gives the verdict.
//
// A `fault` makes the next operation of its lane throw: an allocation that fails, a hash or an equality of keys that are no
// numbers, a copy of an object, or a function that was handed in. An operation that ends so is judged by what the map
// promises (concurrent_subject::on_failure, linear/failures.h); that all others find the map unharmed, and no lock held, is
// judged as ever.
//
// What a program may ask beside other threads is what a history can hold (history.h). Other opcodes are read as their
// nearest relative (emplace as insert, at as find, an iteration as a walk) or left out; keys that name an element of a
// walk are hot ones. Left out in threads, because no history could be judged with it: an operation that changes the
// maps and promises nothing beside others (quiescent ones, weak ones on two maps).
#pragma once

#include <cstddef>
#include <cstdint>

#include <gauntlet/check/linear/checker.h>
#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/concurrent_executor.h>
#include <gauntlet/check/run/concurrent_subject.h>
#include <gauntlet/check/run/verdict.h>

namespace gauntlet::check {

struct concurrent_options {
  unsigned repetitions = 4;
  std::size_t events_max = 256;    // of all lanes together; what lies beyond is left out
  unsigned run_length_alone = 64;  // an operation with a count, before or after the threads: so many keys at most
  std::uint64_t budget = 200'000;  // configurations for one history
  std::size_t whole_map_events_max = 40;  // as in check_options
  bool disturb = true;
  bool judge_memory = true;                 // of emptied maps, where they promise something: many operations more, once
  concurrent_executor* executor = nullptr;  // null: the workers of this process
};

// Counts operation × outcome into coverage(). Only one thread at a time may call it. A verdict of `not_linearizable`
// or `weak_contract` carries the witness in its message.
verdict run_concurrent(const program& p, const concurrent_subject_factory& make,
                       const concurrent_options& options = {});

// How many repetitions count as done before: whoever runs one program again and again wants other disturbances each time.
// Of the process; only between runs. Starts at 0.
void count_repetitions_from(std::uint64_t first) noexcept;

}  // namespace gauntlet::check
