#include <gauntlet/check/linear/cell.h>

#include <utility>

namespace gauntlet::check {

std::string to_string(const cell& c) {
  std::string text = c.present[0] ? "value " + std::to_string(c.value[0]) : "absent";
  if (c.present[1]) text += " (other map: value " + std::to_string(c.value[1]) + ")";
  return text;
}

bool take_on_whole(const step& s, cell& c) noexcept {
  const bool there = c.present[s.map];
  const std::uint64_t value = c.value[s.map];
  const auto says = [&s](bool flag) { return !s.flag_known || s.flag == flag; };
  switch (s.code) {
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

}  // namespace gauntlet::check
