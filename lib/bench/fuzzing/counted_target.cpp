// A fuzz target of fuzz/, its source as it is, that counts what it judges. GAUNTLET_BENCH_TARGET names the source.
//
// All ways of hunting share this judge: what differs between them is where programs come from.
#include <gauntlet/check/fuzzing/target.h>

#include "tally.h"

#undef GAUNTLET_TARGET
#define GAUNTLET_TARGET(...) \
  static constexpr ::gauntlet::check::target_description uncounted { __VA_ARGS__ }
#include GAUNTLET_BENCH_TARGET

static verdict count(const program& p) {
  gauntlet::bench::tally& tally = gauntlet::bench::this_tally();
  ++tally.executions;
  verdict v = uncounted.judge_program(p);
  tally.operations += v.operations_run;
  return v;
}

const target_description& gauntlet::check::this_target() {
  static const target_description counted = [] {
    target_description description = uncounted;
    description.judge_program = count;
    return description;
  }();
  return counted;
}
