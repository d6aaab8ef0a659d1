// What was recorded of one repetition, judged: what the executor noticed, exceptions, the history against the contracts, what
// the maps hold in the end, and the books.
#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include <gauntlet/check/history/unsynchronized.h>
#include <gauntlet/check/linear/failures.h>
#include <gauntlet/check/run/concurrent_execution.h>
#include <gauntlet/check/run/runner.h>
#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {
namespace {

history together(history h, const history& failed) {
  h.events.insert(h.events.end(), failed.events.begin(), failed.events.end());
  h.aware.insert(h.aware.end(), failed.aware.begin(), failed.aware.end());
  return h;
}

}  // namespace

void concurrent_execution::judge(unsigned repetition, bool completed, const verdict& noticed) {
  history h, failed;
  h.initial[0] = before_;
  for (lane_recorder& lane : lanes_) {
    for (std::size_t i = 0; i < lane.size(); ++i) {
      if (lane[i].pending()) continue;
      ++coverage().count[static_cast<std::size_t>(lane[i].asked.code)][static_cast<std::size_t>(lane[i].answer.status)];
      ++verdict_.operations_run;
    }
    lane.hand_over(h, failed);
  }
  if (tells_) executor_.recorded(together(h, failed), said_.state);
  // What was lost from a map is a leak, too, and the answers say which element it was: they come first.
  const bool lost_something = noticed.kind == failure_kind::memory_misuse && completed;
  if (!noticed && !lost_something) return take_over(repetition, h, noticed);
  if (!completed) {
    verdict_.undecided = true;
    verdict_.message = "stopped before all was done";
    return;
  }
  for (unsigned where = 0; where < lane_count; ++where) {
    const std::string& trouble = said_.trouble[where];
    if (trouble.empty()) continue;
    const auto stopped = std::find_if(h.events.begin(), h.events.end(),
                                      [where](const event& e) { return e.where == where && e.pending(); });
    const bool known = stopped != h.events.end();
    return fail(repetition, failure_kind::unexpected_exception, known ? stopped->source : 0,
                known ? std::string(info(stopped->asked.code).name) : std::string(),
                "threw " + trouble + (known ? ":\n  " + print(*stopped) : ""));
  }
  for (const event* const e : never_ends_) {
    if (e == nullptr) continue;
    return fail(repetition, failure_kind::work_budget, e->source, "refusals",
                "there was no memory any more, and it was asked for more than " + std::to_string(refusals_max) +
                    " times; had none come, this would never end:\n  " + print(*e));
  }
  judge_history(repetition, h, failed);
  judge_order(repetition, h);
  if (!said_.last_looks.empty()) {
    fail(repetition, failure_kind::wrong_contents, program_.operations.size(), "", said_.last_looks);
  }
  if (!said_.snapshot.empty()) {
    fail(repetition, failure_kind::wrong_contents, program_.operations.size(), "snapshot", said_.snapshot);
  }
  for (unsigned map = 0; map < history_map_count; ++map) {
    if (const std::string& wrong = said_.self_check[map]; !wrong.empty()) {
      fail(repetition, failure_kind::self_check, program_.operations.size(), "",
           "map " + std::to_string(map) + ", when all was done: " + wrong);
    }
  }
  if (lost_something) take_over(repetition, h, noticed);
  if (!said_.lifetime.empty()) {
    fail(repetition, failure_kind::lifetime, program_.operations.size(),
         lifetimes.error() != nullptr ? lifetimes.error() : said_.lifetime.substr(0, said_.lifetime.find(':')),
         said_.lifetime);
  }
  if (!said_.memory.empty()) {
    fail(repetition, failure_kind::allocator, program_.operations.size(), "", said_.memory);
  }
  if (!said_.room.empty()) {
    fail(repetition, failure_kind::work_budget, program_.operations.size(), "memory", said_.room);
  }
}

void concurrent_execution::take_over(unsigned repetition, const history& h, const verdict& noticed) {
  std::size_t step = program_.operations.size();
  for (const event& e : h.events) {
    if (e.pending()) step = std::min(step, e.source);
  }
  fail(repetition, noticed.kind, step, noticed.place, noticed.message);
}

void concurrent_execution::judge_history(unsigned repetition, history& h, const history& failed) {
  check_options check;
  check.contracts = contracts_;
  check.budget = options_.budget;
  check.whole_map_events_max = options_.whole_map_events_max;
  if (check.contracts[opcode::snapshot] == contract::unsupported) {
    check.contracts[opcode::snapshot] = contract::linearizable;  // for the contents below: nothing runs beside them
  }
  // Where memory may be weak, an answer can be older than time allows, and right.
  if (program_.header.memory == memory_order_mode::weak) check.order = order_;
  for (event& contents : contents_) {
    if (contents.pending()) continue;
    h.events.push_back(std::move(contents));
    if (is_aware_) h.aware.push_back(contents_aware_);
  }
  const history_verdict judged = check_history_with_failures(h, failed, on_failure_, check);
  if (!judged.well_formed) return judge_answers(repetition, h, judged.text);
  if (judged.says == judgement::undecided) {
    verdict_.undecided = true;
    verdict_.message = judged.text;
  } else if (judged.says == judgement::wrong) {
    const bool weak = judged.broken == contract::weak;
    const event& culprit = h.events[judged.event];
    fail(repetition, weak ? failure_kind::weak_contract : failure_kind::not_linearizable, culprit.source,
         weak ? std::string(info(culprit.asked.code).name) : std::string(),
         judged.text + "(judged by " + std::string(to_string(judged.used)) + "; the last events of lane " +
             std::to_string(lane_count - 1) + " are the contents when all was done)\n");
  }
  const history without_effect;
  const history& may_have_written = on_failure_ == failure_promise::strong ? without_effect : failed;
  if (const std::optional<unsynchronized> seen = look_for_unsynchronized(h, check.contracts, may_have_written)) {
    const event& reader = h.events[seen->reader];
    fail(repetition, failure_kind::unsynchronized, reader.source, std::string(info(reader.asked.code).name),
         explain(h, *seen));
  }
}

void concurrent_execution::judge_order(unsigned repetition, const history& h) {
  if (promises_->iterates() != iteration_order::by_key) return;
  for (const event& e : h.events) {
    const auto wrong = std::adjacent_find(e.shown.begin(), e.shown.end(),
                                          [](const element& a, const element& b) { return a.first > b.first; });
    if (wrong == e.shown.end()) continue;
    return fail(repetition, failure_kind::wrong_contents, e.source, "order",
                "key " + std::to_string(wrong[1].first) + " is shown after key " + std::to_string(wrong->first) +
                    ", which is larger:\n  " + print(e));
  }
}

void concurrent_execution::judge_answers(unsigned repetition, const history& h, const std::string& problem) {
  for (const event& e : h.events) {
    history alone;
    alone.events.push_back(e);
    if (ill_formed(alone).empty()) continue;
    return fail(repetition, failure_kind::wrong_result, e.source, std::string(info(e.asked.code).name), problem);
  }
  throw std::logic_error(problem);
}

void concurrent_execution::fail(unsigned repetition, failure_kind kind, std::size_t step, std::string place,
                                const std::string& message) {
  if (verdict_.kind != failure_kind::none) return;
  verdict_.kind = kind;
  verdict_.step = step;
  verdict_.place = std::move(place);
  verdict_.undecided = false;
  verdict_.message = "in repetition " + std::to_string(repetition + 1) + ": " + message;
}

}  // namespace gauntlet::check
