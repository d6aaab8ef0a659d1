// What the properties of controlled runs share: which maps and strategies there are, and how a defect is searched for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gauntlet/adapters/control/controlled_run.h>
#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/sched/strategies/bytes.h>
#include <gauntlet/sched/strategies/portfolio.h>

namespace props {

// Every concurrent map that is right, of the product and among the twins of the defects; or every one that is not.
inline std::vector<const gauntlet::check::registration*> concurrent_maps(bool defective) {
  std::vector<const gauntlet::check::registration*> found;
  for (const gauntlet::check::registration& r : gauntlet::check::registered_subjects()) {
    if (r.concurrent && r.defective == defective && !r.is_stranger) found.push_back(&r);
  }
  return found;
}

// The strategies that draw a schedule; `bytes` are what one of them reads.
inline std::vector<std::unique_ptr<gauntlet::sched::strategy>> every_strategy(std::span<const std::uint8_t> bytes) {
  using namespace gauntlet::sched;
  std::vector<std::unique_ptr<strategy>> all;
  all.push_back(std::make_unique<random_walk>());
  for (const unsigned depth : {1U, 2U, 3U, 4U}) all.push_back(std::make_unique<pct>(depth));
  all.push_back(std::make_unique<pos>());
  all.push_back(std::make_unique<surw>());
  all.push_back(std::make_unique<reads_from>());
  all.push_back(std::make_unique<bytes_strategy>(bytes));
  all.push_back(standard_portfolio(1));
  return all;
}

// A program for threads, with some decisions of its own; memory, heap and hash as it draws them.
inline gauntlet::check::program program_of_threads(std::uint64_t rng_seed, std::size_t operations_max) {
  gauntlet::check::random_source random(rng_seed);
  gauntlet::check::mutation_options shape;
  shape.concurrent = shape.scheduled = true;
  return gauntlet::check::generate(random, 1 + random.below(operations_max), shape);
}

// The program along its own decisions and then along others, until it fails.
inline gauntlet::check::verdict search(const gauntlet::check::program& p, const gauntlet::check::registration& map,
                                       std::uint32_t schedules) {
  gauntlet::adapters::controlled_options options;
  options.schedules = schedules;
  options.explain = false;
  return gauntlet::adapters::run_controlled(p, map.concurrent, options);
}

inline gauntlet::check::program with_decisions(gauntlet::check::program p, const gauntlet::check::verdict& v) {
  p.decisions = v.decisions;
  return p;
}

// How a test of one map is called.
inline std::string name_of(const gauntlet::check::registration* map) { return std::string(map->name); }

}  // namespace props
