// Concurrent maps under real threads: each program runs on every concurrent map of the project, its history is checked.
//
// Under ThreadSanitizer the same runs find races; under AddressSanitizer what races leave behind. GAUNTLET_SUBJECT
// narrows it to one map.
#include <cstdlib>
#include <string>
#include <vector>

#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/check/run/registry.h>

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
  verdict all;
  for (const registration* map : maps) {
    verdict v = run_concurrent(p, map->concurrent);
    if (!v) {
      v.message = "map " + std::string(map->name) + ": " + v.message;
      return v;
    }
    all.undecided = all.undecided || v.undecided;
    all.operations_run += v.operations_run;
  }
  return all;
}

GAUNTLET_TARGET(.name = "concurrent_stress", .judge_program = judge, .concurrent = true);
