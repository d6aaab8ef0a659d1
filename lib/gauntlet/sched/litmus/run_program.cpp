// Linked with the programs, not with the runtime: it calls the body, which is code under control.
#include <algorithm>

#include <gauntlet/sched/litmus/litmus_program.h>
#include <gauntlet/sched/run.h>
#include <gauntlet/sched/strategies/exhaustive.h>
#include <gauntlet/sched/strategies/random_walk.h>

namespace gauntlet::sched {

namespace {

class trial {
 public:
  trial(const litmus_test& test, memory_model memory) : test_(test), threads_(parse_litmus(test.text)) {
    options_.memory = memory;
  }
  void run_once(strategy& decides, std::uint64_t rng_seed) {
    options_.rng_seed = rng_seed;
    litmus_result result;
    const outcome o = run([&] { litmus_body(threads_, result); }, decides, options_);
    ++report_.runs;
    if (o.found != finding::none && report_.finding.empty()) report_.finding = o.message;
    std::string text = result.seen;
    if (!test_.finals.empty()) text += '/';
    for (const char name : test_.finals) text += result.finals[name - 'x'];
    ++report_.seen[text];
  }
  litmus_report report() {
    for (const auto& [text, times] : report_.seen) {
      if (!is_listed(test_.allowed, text)) report_.wrong.push_back(text);
    }
    for (std::string_view rest = test_.allowed; !rest.empty();) {
      const std::string one(rest.substr(0, rest.find(' ')));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      if (report_.seen.count(one) == 0) report_.allowed_unseen.push_back(one);
    }
    return report_;
  }
  litmus_report& so_far() { return report_; }

 private:
  const litmus_test& test_;
  litmus_threads threads_;
  run_options options_;
  litmus_report report_;
};

}  // namespace

litmus_report run_litmus(const litmus_test& test, std::uint64_t runs, std::uint64_t rng_seed) {
  trial t(test, memory_model::weak);
  random_walk walk;
  for (std::uint64_t i = 0; i < runs; ++i) t.run_once(walk, rng_seed + i);
  return t.report();
}

litmus_report explore_litmus(const litmus_test& test, std::uint64_t runs_max, memory_model memory) {
  trial t(test, memory);
  exhaustive every;
  while (!every.done() && t.so_far().runs < runs_max) t.run_once(every, 1);
  t.so_far().complete = every.complete();
  return t.report();
}

}  // namespace gauntlet::sched
