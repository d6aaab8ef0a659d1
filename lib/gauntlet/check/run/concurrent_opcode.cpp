#include <gauntlet/check/run/concurrent_opcode.h>

#include <gauntlet/check/history/history.h>

namespace gauntlet::check {

opcode concurrent_opcode(opcode code) noexcept {
  switch (code) {
    case opcode::insert_move:
    case opcode::insert_hint:
    case opcode::emplace:
    case opcode::emplace_hint:
    case opcode::insert_range:
    case opcode::insert_list:
      return opcode::insert_copy;
    case opcode::try_emplace_move:
    case opcode::try_emplace_hint:
      return opcode::try_emplace;
    case opcode::insert_or_assign_move:
    case opcode::insert_or_assign_hint:
    case opcode::subscript_assign:
      return opcode::insert_or_assign;
    case opcode::at:
    case opcode::equal_range:
      return opcode::find;
    case opcode::count:
      return opcode::contains;
    case opcode::erase_iterator:
      return opcode::erase_key;
    case opcode::extract_iterator:
      return opcode::extract_key;
    case opcode::iterate:
      return opcode::walk;
    default:
      return reach_of(code) == reach::foreign && !makes_room(code) ? opcode::nothing : code;
  }
}

}  // namespace gauntlet::check
