// Mutation and crossover of whole operations: the fuzzer's custom mutator and the generator of random programs.
#pragma once

#include <bitset>
#include <cstdint>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

// xoshiro-style generator, seeded explicitly; the only randomness in the judge.
class random_source {
 public:
  explicit random_source(std::uint64_t rng_seed) noexcept;
  std::uint64_t operator()() noexcept;
  std::uint64_t below(std::uint64_t bound) noexcept;  // 0 when bound is 0
  bool chance(unsigned percent) noexcept { return below(100) < percent; }

 private:
  std::uint64_t state_[4];
};

using opcode_set = std::bitset<opcode_count>;

struct mutation_options {
  std::size_t operations_max = 512;
  bool concurrent = false;  // lanes are used
  bool scheduled = false;   // decisions are used, too
  bool prefilled = false;   // fresh programs of threads begin, in four of ten, with a map that holds something
  std::uint8_t target = 0;
  opcode_set without;  // operations that programs do without
};

// Takes these operations out of a program; what was in the body of a walk that goes stays.
void leave_out(program& p, const opcode_set& operations);
void mutate(program& p, random_source& random, const mutation_options& options);
program cross_over(const program& a, const program& b, random_source& random, const mutation_options& options);
program generate(random_source& random, std::size_t operations, const mutation_options& options);
// As long as one that replaces an input should be: long enough to be worth an execution, but for some.
program generate_fresh(random_source& random, const mutation_options& options);
operation generate_operation(const program& context, random_source& random, const mutation_options& options);

}  // namespace gauntlet::check
