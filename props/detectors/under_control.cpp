// Runs a misuse, or its right twin, under the controlled scheduler, until something is found or time is up.
//
//   detectors_under_control NAME wrong|right SECONDS sequential|weak RNG_SEED
//
// Prints "held N runs", or "stopped in run N" and what was found. Exit status: 0 held, 1 found, 2 wrong use.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <gauntlet/sched/run.h>
#include <gauntlet/sched/strategies/portfolio.h>

#include "misuses.h"

int main(int count, char** arguments) {
  using namespace gauntlet::sched;
  const props::misuse* chosen = nullptr;
  for (const props::misuse& m : props::misuses()) {
    if (count == 6 && m.name == arguments[1]) chosen = &m;
  }
  if (chosen == nullptr) {
    std::fprintf(stderr, "detectors_under_control: takes NAME wrong|right SECONDS sequential|weak RNG_SEED\n");
    return 2;
  }
  const bool wrong = std::string_view(arguments[2]) == "wrong";
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(std::strtod(arguments[3], nullptr));
  run_options options;
  options.memory = std::string_view(arguments[4]) == "weak" ? memory_model::weak : memory_model::sequential;
  const std::uint64_t rng_seed = std::strtoull(arguments[5], nullptr, 10) * 1'000'000;
  const auto portfolio = standard_portfolio(rng_seed);
  constexpr unsigned rounds = 2;
  unsigned long runs = 0;
  for (; std::chrono::steady_clock::now() < end; ++runs) {
    options.rng_seed = rng_seed + runs;
    const outcome o = run([&] { (wrong ? chosen->wrong : chosen->right)(rounds); }, *portfolio, options);
    if (o.found == finding::none) continue;
    std::printf("stopped in run %lu\n%s\n", runs + 1, o.message.c_str());
    return 1;
  }
  std::printf("held %lu runs\n", runs);
  return 0;
}
