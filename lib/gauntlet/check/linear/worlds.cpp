#include <gauntlet/check/linear/worlds.h>

#include <algorithm>

namespace gauntlet::check {

map_world::map_world(const history_parts& parts) : parts_(parts) {
  std::vector<std::vector<std::uint32_t>> steps_of(parts.whole().events.size());
  for (const mark m : parts.marks()) {
    if (!m.is_return()) add(m, steps_of);
    for (const std::uint32_t s : steps_of[m.step()]) marks_.push_back({s, m.is_return()});
  }
}

void map_world::add(mark m, std::vector<std::vector<std::uint32_t>>& steps_of) {
  const auto push = [&](map_step s) {
    steps_of[m.step()].push_back(static_cast<std::uint32_t>(steps_.size()));
    steps_.push_back(std::move(s));
  };
  const std::size_t key_count = parts_.keys().size();
  const event& e = parts_.whole().events[m.step()];
  switch (parts_.as(m.step())) {
    case judged_as::one_key: {
      const auto& keys = parts_.keys();
      const auto position = std::lower_bound(keys.begin(), keys.end(), e.asked.key) - keys.begin();
      push({m.step(), question::one_key, static_cast<std::size_t>(position), {step_of(e)}});
      break;
    }
    case judged_as::each_key:
      for (std::size_t key = 0; key < key_count; ++key) {
        step s;
        if (parts_.project(m.step(), key, s)) push({m.step(), question::one_key, key, {s}});
      }
      break;
    case judged_as::whole_map:
      if (e.asked.code == opcode::size) {
        push({m.step(), question::how_many, 0, {}});
        push({m.step(), question::whether_empty, 0, {}});
      } else {
        map_step whole{m.step(), question::all_keys, 0, {}};
        for (std::size_t key = 0; key < key_count; ++key) {
          step s;
          parts_.project(m.step(), key, s);
          // Which keys were erased, or differ, is not told; how many, or whether any, is judged over all of them.
          if (s.code == opcode::erase_if || s.code == opcode::equal) s.flag_known = false;
          whole.on.push_back(s);
        }
        push(std::move(whole));
      }
      break;
    case judged_as::not_at_all:
    case judged_as::unjudgeable:
      break;
  }
}

std::uint64_t map_world::hash(const state& cells) noexcept {
  std::uint64_t hash = cells.size();
  for (const cell& c : cells) hash = (hash ^ hash_of(c)) * 0xFF51AFD7ED558CCDull + 1;
  return hash;
}

bool map_world::take(std::uint32_t number, state& cells) const {
  const map_step& s = steps_[number];
  if (s.asks == question::one_key) return check::take(s.on[0], cells[s.key]);

  const event& e = parts_.whole().events[s.event];
  const unsigned map = e.asked.target;
  const auto elements = [&] {
    return static_cast<std::uint64_t>(
        std::count_if(cells.begin(), cells.end(), [map](const cell& c) { return c.present[map]; }));
  };
  if (s.asks == question::how_many) return elements() == e.answer.number;
  if (s.asks == question::whether_empty) return (elements() == 0) == e.answer.flag;

  const std::uint64_t before = elements();
  bool same = true;
  for (std::size_t key = 0; key < cells.size(); ++key) {
    if (!check::take(s.on[key], cells[key])) return false;
    const cell& c = cells[key];
    same = same && c.present[0] == c.present[1] && c.value[0] == c.value[1];
  }
  if (e.pending()) return true;
  if (e.asked.code == opcode::erase_if) return before - elements() == e.answer.number;
  if (e.asked.code == opcode::equal) return same == e.answer.flag;
  return true;
}

bool map_world::changes_nothing(std::uint32_t number) const {
  const map_step& s = steps_[number];
  if (s.asks == question::one_key) return check::changes_nothing(s.on[0]);
  const event& e = parts_.whole().events[s.event];
  return only_reads(e.asked.code) || (e.asked.code == opcode::erase_if && !e.pending() && e.answer.number == 0);
}

}  // namespace gauntlet::check
