#include <gauntlet/check/linear/failures.h>

#include <optional>
#include <utility>
#include <vector>

namespace gauntlet::check {
namespace {

constexpr std::size_t ways_max = 64;

// What a failed operation may have done besides nothing.
struct possible_effects {
  std::vector<event> whole;  // the operation with the answer that it would have given
  bool others = false;       // something that no answer describes
};

event answered(event e, opcode code, bool flag) {
  e.asked.code = code;
  e.answer = {};
  e.answer.flag = flag;
  e.shown.clear();
  return e;
}

possible_effects effects_of(const event& e, failure_promise promised) {
  const opcode code = e.asked.code;
  if (only_reads(code)) return {};
  if (reach_of(code) != reach::one_key) return {{}, true};
  if (promised == failure_promise::strong) return {};
  switch (code) {
    case opcode::insert_or_assign:
    case opcode::upsert:
      return {{answered(e, code, true), answered(e, code, false)}, false};
    case opcode::extract_key:
      return {{answered(e, opcode::erase_key, true)}, false};
    case opcode::fetch_update:
      return {{}, true};
    default:
      return {{answered(e, code, true)}, false};
  }
}

}  // namespace

history_verdict check_history_with_failures(history& h, const history& failed, failure_promise promised,
                                            const check_options& options) {
  history_verdict first = check_history(h, options);
  if (failed.events.empty() || first.says != judgement::wrong) return first;

  std::vector<possible_effects> effects;
  bool all_described = true;
  std::size_t ways = 1;
  for (const event& e : failed.events) {
    effects.push_back(effects_of(e, promised));
    all_described = all_described && !effects.back().others;
    if (ways <= ways_max) ways *= 1 + effects.back().whole.size();
  }
  check_options without_a_witness = options;
  without_a_witness.explain = false;
  for (std::size_t way = 1; way < ways && ways <= ways_max; ++way) {
    history tried = h;
    std::size_t rest = way;
    for (std::size_t i = 0; i < effects.size(); ++i) {
      const std::size_t choice = rest % (1 + effects[i].whole.size());
      rest /= 1 + effects[i].whole.size();
      if (choice == 0) continue;
      tried.events.push_back(effects[i].whole[choice - 1]);
      if (!failed.aware.empty()) tried.aware.push_back(failed.aware[i]);
    }
    history_verdict said = check_history(tried, without_a_witness);
    if (said.says == judgement::wrong) continue;
    h = std::move(tried);
    return said;
  }
  std::string who;
  for (const event& e : failed.events) who += "  " + print(e) + "\n";
  if (!all_described || ways > ways_max) {
    first.says = judgement::undecided;
    first.text = "what these did before their exception is not known:\n" + who;
  } else {
    first.text += "these ended with an exception and were tried both as done and as never called:\n" + who;
    if (promised == failure_promise::strong) {
      first.text += "(those on one key only as never called: the map promises that they change nothing)\n";
    }
  }
  return first;
}

}  // namespace gauntlet::check
