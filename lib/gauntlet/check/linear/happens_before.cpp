#include <gauntlet/check/linear/happens_before.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace gauntlet::check {
namespace {

constexpr std::size_t shown_events_max = 24;

using progress_of_threads = std::array<std::uint32_t, awareness_width>;

// One event on one key, in its thread's queue.
struct turn {
  std::size_t event = 0;
  step what;
  progress_of_threads after{};  // how far each thread must have come
};

class key_order {
 public:
  // Of the steps in these maps, a bit for each.
  key_order(history_parts& parts, const contract_table& contracts, std::size_t key, unsigned maps,
            std::uint64_t& budget);

  // Right, wrong or, when the budget is used up, undecided.
  judgement search();
  // After `wrong`: the event at which the longest order ends.
  std::size_t culprit() const noexcept { return culprit_; }
  std::string witness() const;

 private:
  struct place {
    progress_of_threads at{};
    cell holds;
  };
  bool may_come(const turn& t, const place& p) const noexcept;
  const turn* next_of(unsigned thread, const place& p) const noexcept;
  void take_what_changes_nothing(place& p) const;
  bool is_end(const place& p) const noexcept;
  bool seen_before(const place& p);
  void remember(const place& p);

  const history& history_;
  std::uint64_t key_;
  cell initial_;
  std::array<std::vector<turn>, awareness_width> queues_;
  std::set<std::tuple<progress_of_threads, std::array<std::uint64_t, history_map_count>, unsigned>> seen_;
  std::uint64_t& budget_;
  std::uint32_t furthest_ = 0;
  std::size_t culprit_ = 0;
  cell culprit_meets_;
};

// Does the answer count: is it promised beside others, or is nothing beside it?
bool is_judged(const history& h, const contract_table& contracts, std::size_t event) {
  const opcode code = h.events[event].asked.code;
  const contract promised = contracts[code];
  const bool nothing_beside_others =
      promised == contract::quiescent || (promised == contract::weak && reach_of(code) == reach::two_maps);
  if (!nothing_beside_others) return true;
  for (std::size_t other = 0; other < h.events.size(); ++other) {
    if (other != event && !happens_before(h, event, other) && !happens_before(h, other, event)) return false;
  }
  return true;
}

key_order::key_order(history_parts& parts, const contract_table& contracts, std::size_t key, unsigned maps,
                     std::uint64_t& budget)
    : history_(parts.whole()), key_(parts.keys()[key]), initial_(parts.initial()[key]), budget_(budget) {
  const std::span<const step> steps = parts.steps_for(key);
  for (const mark m : parts.marks_of(key)) {
    if (m.is_return() || (maps >> steps[m.step()].map & 1U) == 0) continue;
    const std::size_t event = parts.event_at(m.step());
    if (only_reads(history_.events[event].asked.code) && !is_judged(history_, contracts, event)) continue;
    queues_[history_.aware[event].thread].push_back({event, steps[m.step()], {}});
  }
  for (auto& queue : queues_) {
    for (turn& t : queue) {
      for (unsigned thread = 0; thread < awareness_width; ++thread) {
        const auto before = [&](const turn& other) { return happens_before(history_, other.event, t.event); };
        const std::vector<turn>& others = queues_[thread];
        if (&others != &queue) {
          t.after[thread] =
              static_cast<std::uint32_t>(std::partition_point(others.begin(), others.end(), before) - others.begin());
        }
      }
    }
  }
}

bool key_order::may_come(const turn& t, const place& p) const noexcept {
  for (unsigned thread = 0; thread < awareness_width; ++thread) {
    if (p.at[thread] < t.after[thread]) return false;
  }
  return true;
}

const turn* key_order::next_of(unsigned thread, const place& p) const noexcept {
  if (p.at[thread] == queues_[thread].size()) return nullptr;
  const turn& t = queues_[thread][p.at[thread]];
  return may_come(t, p) ? &t : nullptr;
}

void key_order::take_what_changes_nothing(place& p) const {
  for (bool again = true; again;) {
    again = false;
    for (unsigned thread = 0; thread < awareness_width; ++thread) {
      for (const turn* t = next_of(thread, p); t != nullptr && changes_nothing(t->what); t = next_of(thread, p)) {
        cell same = p.holds;
        if (!take(t->what, same)) break;
        ++p.at[thread];
        again = true;
      }
    }
  }
}

// An event that never returned need not have taken effect; it is its thread's last.
bool key_order::is_end(const place& p) const noexcept {
  for (unsigned thread = 0; thread < awareness_width; ++thread) {
    const auto& queue = queues_[thread];
    if (p.at[thread] < queue.size() && !history_.events[queue[p.at[thread]].event].pending()) return false;
  }
  return true;
}

bool key_order::seen_before(const place& p) {
  const unsigned present = (p.holds.present[0] ? 1u : 0u) | (p.holds.present[1] ? 2u : 0u);
  return !seen_.insert({p.at, {p.holds.value[0], p.holds.value[1]}, present}).second;
}

void key_order::remember(const place& p) {
  std::uint32_t length = 1;
  for (const std::uint32_t at : p.at) length += at;
  if (length <= furthest_) return;
  furthest_ = length;
  culprit_meets_ = p.holds;
  const event* first = nullptr;
  for (unsigned thread = 0; thread < awareness_width; ++thread) {
    const turn* const t = next_of(thread, p);
    if (t == nullptr || history_.events[t->event].pending()) continue;
    if (first != nullptr && first->called < history_.events[t->event].called) continue;
    first = &history_.events[t->event];
    culprit_ = t->event;
  }
}

judgement key_order::search() {
  std::vector<place> open(1);
  open[0].holds = initial_;
  while (!open.empty()) {
    place p = open.back();
    open.pop_back();
    take_what_changes_nothing(p);
    if (is_end(p)) return judgement::right;
    if (seen_before(p)) continue;
    if (budget_ == 0) return judgement::undecided;
    --budget_;
    remember(p);
    for (unsigned thread = 0; thread < awareness_width; ++thread) {
      const turn* const t = next_of(thread, p);
      if (t == nullptr) continue;
      place then = p;
      if (!take(t->what, then.holds)) continue;
      ++then.at[thread];
      open.push_back(then);
    }
  }
  return judgement::wrong;
}

std::string key_order::witness() const {
  std::string text = "key " + std::to_string(key_) +
                     ": no order that keeps what happens before what explains the answer of\n  " +
                     print(history_.events[culprit_]) + "\nwhich at best meets " + to_string(culprit_meets_) +
                     "; the operations on this key (lane, call, return, operation = answer):\n";
  std::vector<std::pair<stamp, const turn*>> all;
  for (const auto& queue : queues_) {
    for (const turn& t : queue) all.emplace_back(history_.events[t.event].called, &t);
  }
  std::sort(all.begin(), all.end());
  const std::size_t skipped = all.size() > shown_events_max ? all.size() - shown_events_max : 0;
  if (skipped > 0) text += "  ... " + std::to_string(skipped) + " earlier events\n";
  for (std::size_t i = skipped; i < all.size(); ++i) {
    const turn& t = *all[i].second;
    text += "  " + print(history_.events[t.event]);
    std::string after;
    for (unsigned thread = 0; thread < awareness_width; ++thread) {
      if (t.after[thread] == 0) continue;
      const event& last = history_.events[queues_[thread][t.after[thread] - 1].event];
      after += (after.empty() ? ", after " : " and ") + std::string(info(last.asked.code).name) + " of lane " +
               std::to_string(last.where);
    }
    text += after + "\n";
  }
  return text;
}

}  // namespace

history_verdict judge_by_happens_before(history_parts& parts, const check_options& options,
                                        const history_verdict& first) {
  history_verdict verdict;
  verdict.used = method::by_happens_before;
  verdict.exact = false;
  if (const std::size_t twice = parts.shows_a_key_twice(); twice != parts.whole().events.size()) return first;
  std::uint64_t budget = options.budget;
  const bool joined = std::ranges::any_of(parts.whole().events,
                                          [](const event& e) { return reach_of(e.asked.code) == reach::two_maps; });
  const unsigned groups = joined ? 1 : 2;
  for (std::size_t part = 0; part < groups * parts.keys().size(); ++part) {
    const std::size_t key = part / groups;
    key_order order(parts, options.contracts, key, joined ? 3U : 1U << part % groups, budget);
    const judgement says = order.search();
    if (says == judgement::right) continue;
    verdict.says = says;
    if (says == judgement::undecided) {
      verdict.text = "key " + std::to_string(parts.keys()[key]) + ": the budget of configurations ran out";
    } else {
      verdict.exact = true;
      verdict.event = order.culprit();
      verdict.broken = parts.as(verdict.event) == judged_as::each_key ? contract::weak : contract::linearizable;
      if (options.explain) verdict.text = order.witness();
    }
    break;
  }
  verdict.configurations = first.configurations + (options.budget - budget);
  return verdict;
}

}  // namespace gauntlet::check
