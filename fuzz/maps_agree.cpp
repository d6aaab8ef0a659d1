// One program, every map: what the maps have in common is judged against the one model, so they agree with each other.
//
// GAUNTLET_SUBJECT narrows it to one map. What a map does not offer is left out for that map only.
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/runner.h>

using namespace gauntlet::check;

static verdict judge(const program& p) {
  static const auto maps = subjects_to_judge(false);
  return judge_each(maps, [&p](const registration& map) { return run(p, map.single); });
}

GAUNTLET_TARGET(.name = "maps_agree", .judge_program = judge, .default_subject = "");
