// The reducer hands back the exact smallest program: for defects that are known as predicates over programs, whatever
// surrounds the trigger goes, and nothing of the trigger does.

#include "programs.h"

#include <rapidcheck/gtest.h>

#include <gauntlet/check/reduce/reduce.h>

namespace {

using namespace gauntlet::check;

// A defect as a predicate: the program holds these opcodes in this order, on one key. Independent of any map, so the
// smallest failing program is known: exactly these operations.
struct known_defect {
  std::vector<opcode> trigger;
  failure_signature operator()(const program& p) const {
    for (std::size_t first = 0; first < p.operations.size(); ++first) {
      if (p.operations[first].code != trigger.front()) continue;
      const auto& chosen = p.operations[first].key;
      std::size_t matched = 1;
      for (std::size_t i = first + 1; i < p.operations.size() && matched < trigger.size(); ++i) {
        if (p.operations[i].code == trigger[matched] && p.operations[i].key == chosen) ++matched;
      }
      if (matched == trigger.size()) return {"wrong_result", "known"};
    }
    return {};
  }
};

RC_GTEST_PROP(Reducer, ReturnsTheExactSmallestProgramForAKnownDefect, ()) {
  // Opcodes that are as simple as they get: the reducer may not exchange them for others that fail as well.
  const auto trigger = *rc::gen::suchThat(
      rc::gen::container<std::vector<opcode>>(rc::gen::element(opcode::insert_copy, opcode::erase_key, opcode::find)),
      [](const std::vector<opcode>& t) { return !t.empty() && t.size() <= 5; });
  const known_defect defect{trigger};

  // The trigger, scattered over a random program.
  auto p = *props::some_program();
  std::size_t at = 0;
  for (const auto code : trigger) {
    at = *rc::gen::inRange<std::size_t>(at, p.operations.size() + 1);
    operation o;
    o.code = code;
    o.key = {key_class::hot, 5};
    o.value = info(code).takes.value ? 77 : 0;
    o.count = info(code).takes.count ? 1 : 0;
    p.operations.insert(p.operations.begin() + static_cast<std::ptrdiff_t>(at), o);
    ++at;
  }
  normalize(p);
  const auto signature = defect(p);
  RC_PRE(!signature.held());

  const auto reduced = reduce(p, signature, defect);
  RC_ASSERT(reduced.finished);
  RC_ASSERT(defect(reduced.smallest) == signature);
  RC_ASSERT(reduced.smallest.operations.size() == trigger.size());
  RC_ASSERT(reduced.smallest.header == program_header{});
  for (std::size_t i = 0; i < trigger.size(); ++i) {
    const auto& o = reduced.smallest.operations[i];
    RC_ASSERT(o.code == trigger[i]);
    RC_ASSERT(o.key == (key_operand{key_class::hot, 0}));
    RC_ASSERT(o.value == 0U);
  }
}

RC_GTEST_PROP(Reducer, GoesOnWhereALimitStoppedIt, ()) {
  const known_defect defect{{opcode::insert_copy, opcode::erase_key}};
  auto p = *props::some_program();
  for (const auto code : defect.trigger) {
    operation o;
    o.code = code;
    o.count = info(code).takes.count ? 1 : 0;
    p.operations.push_back(o);
  }
  normalize(p);
  const auto signature = defect(p);
  RC_PRE(!signature.held());
  reduction_limits few;
  few.tries_max = 5;
  auto reduced = reduce(p, signature, defect, few);
  for (int again = 0; !reduced.finished && again < 10000; ++again) {
    RC_ASSERT(defect(reduced.smallest) == signature);
    few.tries_max += 5;
    reduced = reduce(reduced.smallest, signature, defect, few);
  }
  RC_ASSERT(reduced.finished);
  RC_ASSERT(reduced.smallest.operations.size() == 2U);
}

}  // namespace
