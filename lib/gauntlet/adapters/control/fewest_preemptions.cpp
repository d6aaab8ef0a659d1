#include <gauntlet/adapters/control/fewest_preemptions.h>

#include <gauntlet/adapters/control/along_decisions.h>
#include <gauntlet/adapters/control/controlled_executor.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/sched/strategies/exhaustive.h>

namespace gauntlet::adapters {
namespace {

check::verdict once(const check::program& p, const check::concurrent_subject_factory& make, sched::strategy& decides,
                    const sched::run_options& options, std::vector<check::decision>& decisions) {
  controlled_executor executor(decides, options);
  const check::verdict v = check::run_concurrent(p, make, once_with(executor));
  if (!v) decisions = decisions_of(executor.outcome().schedule);
  return v;
}

}  // namespace

std::uint32_t preemptions_of(const check::program& p, const check::concurrent_subject_factory& make,
                             const sched::run_options& options) {
  along_decisions own(p.decisions);
  std::vector<check::decision> unused;
  once(p, make, own, options, unused);
  return own.preemptions();
}

std::vector<check::decision> fewest_preemptions(const check::program& p, const check::concurrent_subject_factory& make,
                                                const check::verdict& failed, const sched::run_options& options,
                                                std::uint32_t runs_max) {
  const std::uint32_t there_are = preemptions_of(p, make, options);
  std::uint32_t runs = 0;
  for (std::uint32_t bound = 0; bound < there_are; ++bound) {
    sched::exhaustive every({.preemptions_max = bound, .sleep_sets = false});
    for (; !every.done() && runs < runs_max; ++runs) {
      std::vector<check::decision> decisions;
      const check::verdict v = once(p, make, every, options, decisions);
      if (v.kind == failed.kind && v.place == failed.place) return decisions;
    }
  }
  return failed.decisions;
}

}  // namespace gauntlet::adapters
