#include <gauntlet/check/linear/parts.h>

#include <algorithm>
#include <utility>

namespace gauntlet::check {

history_parts::history_parts(const history& h, const contract_table& contracts) : history_(h) {
  find_keys();
  initial_.resize(keys_.size());
  for (unsigned map = 0; map < history_map_count; ++map) {
    for (const element& e : h.initial[map]) initial_[position_of(e.first)].put(map, e.second);
  }
  find_overlaps();
  for (std::size_t i = 0; i < h.events.size(); ++i) as_.push_back(judge_as(i, contracts[h.events[i].asked.code]));

  marks_of_key_.resize(keys_.size());
  for (const mark& m : marks_) {
    switch (as_[m.step]) {
      case judged_as::one_key:
        marks_of_key_[position_of(h.events[m.step].asked.key)].push_back(m);
        break;
      case judged_as::each_key:
      case judged_as::whole_map:
        for (std::vector<mark>& marks : marks_of_key_) marks.push_back(m);
        break;
      case judged_as::not_at_all:
      case judged_as::unjudgeable:
        break;
    }
  }
}

std::size_t history_parts::overlapping() const noexcept {
  return static_cast<std::size_t>(std::count(overlaps_.begin(), overlaps_.end(), true));
}

std::size_t history_parts::position_of(std::uint64_t key) const noexcept {
  return static_cast<std::size_t>(std::lower_bound(keys_.begin(), keys_.end(), key) - keys_.begin());
}

void history_parts::find_keys() {
  shown_.reserve(history_.events.size());
  for (const auto& elements : history_.initial) {
    for (const element& e : elements) keys_.push_back(e.first);
  }
  for (const event& e : history_.events) {
    if (reach_of(e.asked.code) == reach::one_key) keys_.push_back(e.asked.key);
    for (const element& shown : e.shown) keys_.push_back(shown.first);
    shown_.push_back(e.shown);
    std::sort(shown_.back().begin(), shown_.back().end());
  }
  std::sort(keys_.begin(), keys_.end());
  keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
}

// Two events overlap when each is called before the other returns.
void history_parts::find_overlaps() {
  std::vector<std::pair<stamp, mark>> timed;
  for (std::uint32_t i = 0; i < history_.events.size(); ++i) {
    const event& e = history_.events[i];
    timed.push_back({e.called, {i, false}});
    if (!e.pending()) timed.push_back({e.returned, {i, true}});
  }
  std::sort(timed.begin(), timed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });

  overlaps_.assign(history_.events.size(), false);
  std::vector<std::uint32_t> open;
  for (const auto& [when, m] : timed) {
    marks_.push_back(m);
    if (m.is_return) {
      open.erase(std::find(open.begin(), open.end(), m.step));
    } else {
      for (const std::uint32_t other : open) overlaps_[other] = overlaps_[m.step] = true;
      open.push_back(m.step);
    }
  }
}

judged_as history_parts::judge_as(std::size_t event, contract promised) const {
  const auto& e = history_.events[event];
  const reach r = reach_of(e.asked.code);
  if (e.pending() && only_reads(e.asked.code)) return judged_as::not_at_all;
  if (promised == contract::unsupported) return judged_as::unjudgeable;
  const bool promises_nothing_beside_others =
      promised == contract::quiescent || (promised == contract::weak && r == reach::two_maps);
  if (promises_nothing_beside_others && overlaps_[event]) {
    return only_reads(e.asked.code) ? judged_as::not_at_all : judged_as::unjudgeable;
  }
  if (r == reach::one_key) return judged_as::one_key;
  return promised == contract::weak && r != reach::two_maps ? judged_as::each_key : judged_as::whole_map;
}

bool history_parts::project(std::size_t event, std::size_t key, step& s) const {
  const auto& e = history_.events[event];
  s = step_of(e);
  s.key = keys_[key];
  switch (e.asked.code) {
    case opcode::walk:
    case opcode::snapshot:
    case opcode::copy_construct: {
      const auto& shown = shown_[event];
      const auto found = std::lower_bound(shown.begin(), shown.end(), element{s.key, 0});
      s.code = opcode::find;
      s.flag = found != shown.end() && found->first == s.key;
      s.seen_known = s.flag;
      s.seen = s.flag ? found->second : 0;
      return true;
    }
    case opcode::size:  // nothing there at all: then not this key either
      s.code = opcode::contains;
      s.flag = s.seen_known = false;
      return e.answer.number == 0 || e.answer.flag;
    case opcode::equal:  // equal maps agree on this key; unequal ones need not differ on this one, unless it is alone
      return e.answer.flag || keys_.size() == 1;
    case opcode::erase_if:
      s.flag_known = !e.pending() && e.answer.number == 0;
      s.flag = s.seen_known = false;
      return true;
    case opcode::clear:
      s.flag_known = s.seen_known = false;
      return true;
    default:
      return true;
  }
}

}  // namespace gauntlet::check
