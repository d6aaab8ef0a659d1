// Concurrent maps under the controlled scheduler: an input is a program and its schedule, and both are the fuzzer's.
//
// Every concurrent map of the project runs the program along its decisions; GAUNTLET_SUBJECT narrows it to one map.
// Linearizability, declared contracts, data races, memory errors, deadlock and progress are judged in the same run, and
// the same input gives the same verdict every time. Where an input holds along its own decisions, other
// schedules of the same program are searched if somebody wants that (check/run/schedule_search.h).
#include <gauntlet/adapters/control/controlled_run.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/schedule_search.h>

using namespace gauntlet::check;

// Another program is searched along other schedules, also where only its own schedule is another; the same one along the
// same. FNV-1a.
static std::uint64_t seed_of_search(const program& p) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t byte : encode(p)) hash = (hash ^ byte) * 0x100000001b3;
  return hash >> 1;  // seeds that follow are counted up from it
}

static verdict judge(const program& p) {
  static const auto maps = subjects_to_judge(true);
  gauntlet::adapters::controlled_options options;
  options.rng_seed = seed_of_search(p);
  options.schedules = schedule_search_of_this_process().schedules;
  options.preemptions = schedule_search_of_this_process().preemptions;
  options.like = schedule_search_of_this_process().like;
  options.explain = schedule_search_of_this_process().explain;
  options.fewest_preemptions_within = schedule_search_of_this_process().fewest_preemptions_within;
  return judge_each(
      maps, [&](const registration& map) { return gauntlet::adapters::run_controlled(p, map.concurrent, options); });
}

GAUNTLET_TARGET(.name = "concurrent_schedule", .judge_program = judge, .concurrent = true, .scheduled = true);
