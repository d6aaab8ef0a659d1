// Concurrent maps under the controlled scheduler: an input is a program and its schedule, and both are the fuzzer's.
//
// Every concurrent map of the project runs the program along its decisions; GAUNTLET_SUBJECT narrows it to one map.
// Linearizability, declared contracts, data races, memory errors, deadlock and progress are judged in the same run, and
// the same input gives the same verdict every time. Where an input holds along its own decisions, other
// schedules of the same program are searched if somebody wants that (check/run/schedule_search.h).
#include <cstdlib>
#include <string>
#include <vector>

#include <gauntlet/adapters/control/controlled_run.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/schedule_search.h>

using namespace gauntlet::check;

static std::vector<const registration*> maps_to_judge() {
  std::vector<const registration*> maps;
  if (std::getenv("GAUNTLET_SUBJECT") != nullptr) return {&selected_subject("sharded_map")};
  for (const registration& r : registered_subjects()) {
    if (r.concurrent && r.is_of_the_product()) maps.push_back(&r);
  }
  return maps;
}

static verdict judge(const program& p) {
  static const std::vector<const registration*> maps = maps_to_judge();
  gauntlet::adapters::controlled_options options;
  options.schedules = schedule_search_of_this_process().schedules;
  options.explain = schedule_search_of_this_process().explain;
  options.fewest_preemptions_within = schedule_search_of_this_process().fewest_preemptions_within;
  verdict all;
  for (const registration* map : maps) {
    verdict v = gauntlet::adapters::run_controlled(p, map->concurrent, options);
    if (!v) {
      v.message = "map " + std::string(map->name) + ": " + v.message;
      return v;
    }
    all.undecided = all.undecided || v.undecided;
    all.operations_run += v.operations_run;
  }
  return all;
}

GAUNTLET_TARGET(.name = "concurrent_schedule", .judge_program = judge, .concurrent = true, .scheduled = true);
