// RapidCheck alone: random programs, no engine and no feedback.
//
//   hunt_TARGET_rapidcheck RNG_SEED EXECUTIONS
//
// Properties as rc::check runs them by default, one after another: a hundred programs each, whose size grows from nothing
// to a hundred operations. The programs are the judge's own (generate() of lib/gauntlet/check/fuzzing/mutate.h, as in
// props/programs.h): walks with bodies, runs of keys, twins, faults. Nothing is shrunk here.
// Exit status: 0 the map held, 2 wrong use; a failure aborts.
#include <rapidcheck.h>

#include <cstdio>
#include <cstdlib>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/fuzzing/target.h>

#include "tally.h"

using namespace gauntlet;

namespace {

rc::Gen<check::program> some_program() {
  return rc::gen::withSize([](int size) {
    const auto length = rc::gen::inRange<std::size_t>(0, static_cast<std::size_t>(size) + 1);
    const auto from_seed = rc::gen::arbitrary<std::uint64_t>();
    return rc::gen::map(rc::gen::pair(length, from_seed), [](const std::pair<std::size_t, std::uint64_t>& drawn) {
      check::random_source random(drawn.second);
      return check::generate(random, drawn.first, {});
    });
  });
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s RNG_SEED EXECUTIONS\n", words[0]);
    return 2;
  }
  const std::uint64_t rng_seed = std::strtoull(words[1], nullptr, 10);
  const std::uint64_t executions = std::strtoull(words[2], nullptr, 10);
  const rc::Gen<check::program> programs = some_program();
  rc::Random random(rng_seed);
  constexpr int sizes = 101;  // from 0 to RapidCheck's own largest, 100
  for (std::uint64_t i = 0; i < executions; ++i) {
    const int size = static_cast<int>(i % sizes);
    const check::program p = programs(random.split(), size).value();
    const check::verdict v = check::this_target().judge_program(p);
    if (!v) bench::stop_with(p, v);
  }
  return 0;
}
