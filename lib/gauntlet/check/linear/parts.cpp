#include <gauntlet/check/linear/parts.h>

#include <algorithm>

namespace gauntlet::check {

// ---------------------------------------------------------------------------------------------------- numbers of keys

void key_numbers::clear() {
  bits_ = first_bits;
  keys_.clear();
  if (slots_.empty()) slots_.resize(std::size_t{1} << first_bits);
  std::fill_n(slots_.begin(), std::size_t{1} << first_bits, slot{0, 0});
}

void key_numbers::grow() {
  ++bits_;
  const std::size_t size = std::size_t{1} << bits_;
  if (slots_.size() < size) slots_.resize(size);
  std::fill_n(slots_.begin(), size, slot{0, 0});
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    slots_[place_of(keys_[i])] = {keys_[i], static_cast<std::uint32_t>(i + 1)};
  }
}

// ---------------------------------------------------------------------------------------------------- the steps of it

std::string history_parts::take_apart(const history& h, const contract_table& contracts) {
  history_ = &h;
  doubtful_ = false;
  numbering_.clear();
  initial_by_number_.clear();
  others_.clear();
  spread_.clear();
  showing_.clear();
  shown_.clear();

  read_initial();
  read_events(contracts);
  order_marks();
  if (doubtful_) {
    if (std::string problem = ill_formed(h); !problem.empty()) return problem;
  }
  if (!others_.empty()) judge_others(contracts);
  sort_keys();
  sort_by_key();
  return {};
}

void history_parts::read_initial() {
  for (unsigned map = 0; map < history_map_count; ++map) {
    for (const element& e : history_->initial[map]) {
      const std::uint32_t number = numbering_.number_of(e.first);
      if (number == initial_by_number_.size()) initial_by_number_.emplace_back();
      cell& c = initial_by_number_[number];
      doubtful_ = doubtful_ || c.present[map];
      c.put(map, e.second);
    }
  }
}

// The answer must say what the judge reads: see ill_formed.
bool history_parts::answer_is_complete(const event& e) const noexcept {
  switch (e.asked.code) {
    case opcode::find:
    case opcode::extract_key:
    case opcode::fetch_update:
      return e.answer.status == outcome::done && e.answer.flag == e.answer.has_value;
    case opcode::erase_if:
      return e.answer.status == outcome::done && e.asked.argument + 1 < predicate_count;
    default:
      return e.answer.status == outcome::done;
  }
}

void history_parts::count(std::uint32_t number, const event& e) {
  if (number >= stretches_.size()) stretches_.resize(number + 1);
  stretches_[number].mark_count += e.pending() ? 1u : 2u;
  ++stretches_[number].step_count;
}

void history_parts::put_mark(stamp when, mark m) noexcept {
  if (when >= moments_max_) {
    orderly_ = false;
    return;
  }
  doubtful_ = doubtful_ || moments_[when] != 0;
  moments_[when] = m.bits() + 1;
  moments_used_ = std::max<std::size_t>(moments_used_, when + 1);
}

void history_parts::read_events(const contract_table& contracts) {
  constexpr std::size_t lanes_max = 4096;
  const std::size_t event_count = history_->events.size();
  steps_.resize(event_count);
  as_.resize(event_count);
  homes_.resize(event_count);
  busy_until_.assign(busy_until_.size(), 0);
  stretches_.clear();
  moments_max_ = 4 * event_count + 64;
  if (moments_.size() < moments_max_) moments_.resize(moments_max_, 0);
  moments_used_ = 0;
  orderly_ = true;

  for (std::size_t i = 0; i < event_count; ++i) {
    const event& e = history_->events[i];
    const opcode code = e.asked.code;
    const reach r = reach_of(code);
    const bool pending = e.pending();

    doubtful_ = doubtful_ || r == reach::foreign || e.asked.target >= history_map_count ||
                e.asked.other >= history_map_count || (r == reach::two_maps && e.asked.target == e.asked.other) ||
                e.called == never || e.called >= e.returned || (!pending && !answer_is_complete(e));
    if (e.where >= busy_until_.size()) {
      if (e.where < lanes_max) {
        busy_until_.resize(e.where + 1, 0);
      } else {
        doubtful_ = true;
      }
    }
    if (e.where < busy_until_.size()) {
      doubtful_ = doubtful_ || e.called < busy_until_[e.where];
      busy_until_[e.where] = e.returned;
    }
    put_mark(e.called, mark(static_cast<std::uint32_t>(i), false));
    if (!pending) put_mark(e.returned, mark(static_cast<std::uint32_t>(i), true));

    steps_[i] = step_of(e);
    as_[i] = judged_as::one_key;
    homes_[i].number = nowhere;
    if (!e.shown.empty()) {
      showing_.push_back({static_cast<std::uint32_t>(i), shown_.size(), shown_.size() + e.shown.size()});
      shown_.insert(shown_.end(), e.shown.begin(), e.shown.end());
      std::sort(shown_.end() - static_cast<std::ptrdiff_t>(e.shown.size()), shown_.end());
      for (const element& shown : e.shown) numbering_.number_of(shown.first);
    }
    if (r != reach::one_key) {
      others_.push_back(static_cast<std::uint32_t>(i));
      continue;
    }
    const std::uint32_t number = numbering_.number_of(e.asked.key);
    homes_[i].number = number;
    const contract promised = contracts[code];
    if (promised == contract::quiescent || promised == contract::unsupported) {
      others_.push_back(static_cast<std::uint32_t>(i));
    } else if (pending && only_reads(code)) {
      as_[i] = judged_as::not_at_all;
      homes_[i].number = nowhere;
    } else {
      count(number, e);
    }
  }
}

// Leaves the moments empty, as the next history needs them.
void history_parts::order_marks() {
  marks_.resize(moments_used_);
  std::size_t count = 0;
  for (std::size_t i = 0; i < moments_used_; ++i) {
    const std::uint32_t bits_plus_one = std::exchange(moments_[i], 0);
    marks_[count] = mark::of_bits(bits_plus_one - 1);
    count += bits_plus_one != 0;
  }
  marks_.resize(count);
  if (orderly_) return;

  marks_.clear();
  timed_.clear();
  for (std::uint32_t i = 0; i < history_->events.size(); ++i) {
    const event& e = history_->events[i];
    timed_.push_back({e.called, mark(i, false)});
    if (!e.pending()) timed_.push_back({e.returned, mark(i, true)});
  }
  std::sort(timed_.begin(), timed_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < timed_.size(); ++i) {
    doubtful_ = doubtful_ || (i > 0 && timed_[i].first == timed_[i - 1].first);
    marks_.push_back(timed_[i].second);
  }
}

// ------------------------------------------------------------------------------------------------ what is not plain

void history_parts::judge_others(const contract_table& contracts) {
  find_overlaps();
  for (const std::uint32_t i : others_) {
    const event& e = history_->events[i];
    as_[i] = judge_as(i, contracts[e.asked.code]);
    switch (as_[i]) {
      case judged_as::one_key:
        count(homes_[i].number, e);
        break;
      case judged_as::each_key:
      case judged_as::whole_map:
        homes_[i].number = everywhere;
        spread_.push_back(i);
        break;
      case judged_as::not_at_all:
      case judged_as::unjudgeable:
        homes_[i].number = nowhere;
        break;
    }
  }
}

// Two events overlap when each is called before the other returns. An open event that is alone is the only one that
// may not be known to overlap when the next one is called.
void history_parts::find_overlaps() {
  overlaps_.assign(history_->events.size(), 0);
  std::size_t open = 0;
  std::uint32_t alone = nowhere;
  for (const mark m : marks_) {
    if (m.is_return()) {
      --open;
      alone = nowhere;
    } else if (open++ == 0) {
      alone = m.step();
    } else {
      overlaps_[m.step()] = 1;
      if (alone != nowhere) overlaps_[alone] = 1;
      alone = nowhere;
    }
  }
}

std::size_t history_parts::overlapping() const noexcept {
  return static_cast<std::size_t>(std::count(overlaps_.begin(), overlaps_.end(), 1));
}

judged_as history_parts::judge_as(std::size_t event, contract promised) const {
  const auto& e = history_->events[event];
  const reach r = reach_of(e.asked.code);
  if (e.pending() && only_reads(e.asked.code)) return judged_as::not_at_all;
  if (promised == contract::unsupported) return judged_as::unjudgeable;
  const bool promises_nothing_beside_others =
      promised == contract::quiescent || (promised == contract::weak && r == reach::two_maps);
  if (promises_nothing_beside_others && overlaps_[event] != 0) {
    return only_reads(e.asked.code) ? judged_as::not_at_all : judged_as::unjudgeable;
  }
  if (r == reach::one_key) return judged_as::one_key;
  return promised == contract::weak && r != reach::two_maps ? judged_as::each_key : judged_as::whole_map;
}

std::size_t history_parts::shows_a_key_twice() const noexcept {
  for (const showing& s : showing_) {
    if (as_[s.event] == judged_as::not_at_all) continue;
    for (std::size_t i = s.begin + 1; i < s.end; ++i) {
      if (shown_[i].first == shown_[i - 1].first) return s.event;
    }
  }
  return history_->events.size();
}

std::span<const element> history_parts::shown_by(std::size_t event) const noexcept {
  const auto found = std::lower_bound(showing_.begin(), showing_.end(), event,
                                      [](const showing& s, std::size_t wanted) { return s.event < wanted; });
  if (found == showing_.end() || found->event != event) return {};
  return {shown_.data() + found->begin, shown_.data() + found->end};
}

// ------------------------------------------------------------------------------------------------------- key by key

void history_parts::sort_keys() {
  const std::vector<std::uint64_t>& by_number = numbering_.keys();
  numbers_.resize(by_number.size());
  for (std::uint32_t i = 0; i < numbers_.size(); ++i) numbers_[i] = i;
  std::sort(numbers_.begin(), numbers_.end(),
            [&by_number](std::uint32_t a, std::uint32_t b) { return by_number[a] < by_number[b]; });
  initial_by_number_.resize(by_number.size());
  stretches_.resize(by_number.size());
  keys_.clear();
  initial_.clear();
  for (const std::uint32_t number : numbers_) {
    keys_.push_back(by_number[number]);
    initial_.push_back(initial_by_number_[number]);
  }
}

void history_parts::sort_by_key() {
  std::uint32_t marks = 0, places = 0, marks_of_all = 0;
  for (const std::uint32_t i : spread_) {
    homes_[i].place = places++;
    marks_of_all += history_->events[i].pending() ? 1u : 2u;
  }
  for (const std::uint32_t number : numbers_) {
    stretch& s = stretches_[number];
    s.marks_begin = s.marks_end = marks;
    s.steps_end = places;
    marks += s.mark_count + marks_of_all;
    places += s.step_count;
  }
  marks_by_key_.resize(marks);
  steps_by_key_.resize(places);
  events_.clear();

  for (const mark m : marks_) {
    home& h = homes_[m.step()];
    if (h.number < everywhere) {
      stretch& s = stretches_[h.number];
      if (!m.is_return()) {
        h.place = s.steps_end++;
        steps_by_key_[h.place] = steps_[m.step()];
      }
      marks_by_key_[s.marks_end++] = mark(h.place, m.is_return());
    } else if (h.number == everywhere) {
      for (stretch& s : stretches_) marks_by_key_[s.marks_end++] = mark(h.place, m.is_return());
    }
  }
}

std::size_t history_parts::event_at(std::uint32_t place) {
  if (events_.empty()) {
    events_.resize(steps_by_key_.size());
    for (std::uint32_t i = 0; i < homes_.size(); ++i) {
      if (homes_[i].number != nowhere) events_[homes_[i].place] = i;
    }
  }
  return events_[place];
}

std::span<const step> history_parts::steps_for(std::size_t key, const step* instead, std::size_t of_event) {
  for (const std::uint32_t i : spread_) {
    step& s = steps_by_key_[homes_[i].place];
    if (instead != nullptr && i == of_event) {
      s = *instead;
    } else if (!project(i, key, s)) {
      s = asks_nothing;
    }
  }
  return steps_by_key_;
}

bool history_parts::project(std::size_t event, std::size_t key, step& s) const {
  const auto& e = history_->events[event];
  s = step_of(e);
  s.key = keys_[key];
  switch (e.asked.code) {
    case opcode::walk:
    case opcode::snapshot:
    case opcode::copy_construct: {
      const std::span<const element> shown = shown_by(event);
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
