#include <gauntlet/check/linear/cell.h>

#include <utility>

namespace gauntlet::check {

std::uint64_t hash_of(const cell& c) noexcept {
  std::uint64_t hash = 0;
  for (unsigned map = 0; map < history_map_count; ++map) {
    hash = (hash ^ c.value[map] ^ (c.present[map] ? 0x51ull << 56 : 0)) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 29;
  }
  return hash;
}

std::string to_string(const cell& c) {
  std::string text = c.present[0] ? "value " + std::to_string(c.value[0]) : "absent";
  if (c.present[1]) text += " (other map: value " + std::to_string(c.value[1]) + ")";
  return text;
}

bool predicate_chooses(unsigned argument, std::uint64_t parameter, std::uint64_t key, std::uint64_t value) noexcept {
  switch (argument) {
    case 0:
      return value % 2 == 0;
    case 1:
      return key % 2 == 0;
    case 2:
      return value < parameter;
    case 3:
      return true;
    default:
      return false;
  }
}

bool take(const step& s, cell& c) noexcept {
  const bool there = c.present[s.map];
  const std::uint64_t value = c.value[s.map];
  const auto says = [&s](bool flag) { return !s.flag_known || s.flag == flag; };
  const auto shows = [&s](std::uint64_t seen) { return !s.seen_known || s.seen == seen; };

  switch (s.code) {
    case opcode::find:
    case opcode::contains:
      return says(there) && (!there || shows(value));
    case opcode::insert_copy:
    case opcode::try_emplace:
      if (!there) c.put(s.map, s.value);
      return says(!there) && shows(c.value[s.map]);
    case opcode::insert_or_assign:
      c.put(s.map, s.value);
      return says(!there) && shows(s.value);
    case opcode::erase_key:
    case opcode::extract_key:
      c.remove(s.map);
      return says(there) && (!there || shows(value));
    case opcode::compare_exchange: {
      const bool exchanged = there && value == s.value;
      if (exchanged) c.put(s.map, value + 1);
      return says(exchanged);
    }
    case opcode::fetch_update:
      if (there) c.put(s.map, value + s.value);
      return says(there) && (!there || shows(value));
    case opcode::update:
      if (there) c.put(s.map, s.value);
      return says(there);
    case opcode::clear:
      c.remove(s.map);
      return says(there);
    case opcode::erase_if: {
      const bool erased = there && predicate_chooses(s.argument, s.value, s.key, value);
      if (erased) c.remove(s.map);
      return says(erased);
    }
    case opcode::equal:
      return says(there == c.present[s.other] && value == c.value[s.other]);
    case opcode::swap:
      std::swap(c.present[s.map], c.present[s.other]);
      std::swap(c.value[s.map], c.value[s.other]);
      return true;
    case opcode::copy_assign:
      c.present[s.map] = c.present[s.other];
      c.value[s.map] = c.value[s.other];
      return true;
    case opcode::merge:
      if (c.present[s.other] && !there) {
        c.put(s.map, c.value[s.other]);
        c.remove(s.other);
      }
      return true;
    default:
      return false;
  }
}

bool changes_nothing(const step& s) noexcept {
  switch (s.code) {
    case opcode::find:
    case opcode::contains:
    case opcode::equal:
      return true;
    case opcode::insert_copy:
    case opcode::try_emplace:
    case opcode::erase_key:
    case opcode::extract_key:
    case opcode::compare_exchange:
    case opcode::fetch_update:
    case opcode::update:
    case opcode::clear:
    case opcode::erase_if:
      return s.flag_known && !s.flag;
    default:
      return false;
  }
}

step step_of(const event& e) {
  step s;
  s.code = e.asked.code;
  s.map = e.asked.target;
  s.other = e.asked.other;
  s.key = e.asked.key;
  s.value = e.asked.value;
  s.argument = e.asked.argument;
  s.flag_known = !e.pending();
  s.flag = e.answer.flag;
  s.seen_known = !e.pending() && e.answer.has_value;
  s.seen = e.answer.value;
  return s;
}

}  // namespace gauntlet::check
