// One program, every map: what the maps have in common is judged against the one model, so they agree with each other.
//
// GAUNTLET_SUBJECT narrows it to one map. What a map does not offer is left out for that map only.
#include <cstdlib>
#include <string>
#include <vector>

#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/runner.h>

using namespace gauntlet::check;

static std::vector<const registration*> maps_to_judge() {
  std::vector<const registration*> maps;
  if (std::getenv("GAUNTLET_SUBJECT") != nullptr) return {&selected_subject("hash_map")};
  for (const registration& r : registered_subjects()) {
    if (r.single && r.is_of_the_product()) maps.push_back(&r);
  }
  return maps;
}

static verdict judge(const program& p) {
  static const std::vector<const registration*> maps = maps_to_judge();
  verdict all;
  for (const registration* map : maps) {
    verdict v = run(p, map->single);
    if (!v) {
      v.message = "map " + std::string(map->name) + ": " + v.message;
      return v;
    }
    all.operations_run += v.operations_run;
  }
  return all;
}

GAUNTLET_TARGET(.name = "maps_agree", .judge_program = judge, .default_subject = "");
