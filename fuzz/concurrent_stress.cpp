// Concurrent maps under real threads: each program runs on every concurrent map of the project, its history is checked.
//
// Under ThreadSanitizer the same runs find races; under AddressSanitizer what races leave behind. GAUNTLET_SUBJECT
// narrows it to one map.
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/check/run/registry.h>

using namespace gauntlet::check;

static verdict judge(const program& p) {
  static const auto maps = subjects_to_judge(true);
  return judge_each(maps, [&p](const registration& map) { return run_concurrent(p, map.concurrent); });
}

GAUNTLET_TARGET(.name = "concurrent_stress", .judge_program = judge, .concurrent = true);
