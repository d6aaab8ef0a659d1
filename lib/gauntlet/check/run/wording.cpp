#include <gauntlet/check/run/wording.h>

#include <gauntlet/check/program/names.h>
#include <gauntlet/check/program/opcode.h>

namespace gauntlet::check {

std::string describe(const request& r) {
  const operands takes = info(r.code).takes;
  std::string text(info(r.code).name);
  if (takes.target) {
    text += " map " + std::to_string(r.target);
  }
  if (takes.other) {
    text += " other " + std::to_string(r.other);
  }
  if (takes.key) {
    text += " key " + std::to_string(r.key);
  }
  if (takes.value) {
    text += " value " + std::to_string(r.value);
  }
  if (takes.count && r.count > 1) {
    text += " count " + std::to_string(r.count);
  }
  if (takes.argument) {
    const auto names = argument_names(r.code);
    text += ' ';
    text += r.argument < names.size() ? std::string(names[r.argument]) : std::to_string(r.argument);
  }
  return text;
}

std::string describe(const element& e) {
  return "(key " + std::to_string(e.first) + ", value " + std::to_string(e.second) + ")";
}

std::string legend_of(const request& r) {
  const auto words = [&r]() -> const char* {
    switch (r.code) {
      case opcode::find:
      case opcode::contains:
      case opcode::at:
        return "yes: found";
      case opcode::equal_range:
        return "yes: found; number: of elements";
      case opcode::count:
        return "number: of elements";
      case opcode::size:
        return "yes: empty; number: size";
      case opcode::equal:
        return "number: 1 for a == b, 2 for b == a, 4 for a != b";
      case opcode::insert_copy:
      case opcode::insert_move:
      case opcode::insert_hint:
      case opcode::emplace:
      case opcode::emplace_hint:
      case opcode::insert_or_assign:
      case opcode::insert_or_assign_hint:
        return "yes: inserted; value: the key's afterwards";
      case opcode::try_emplace:
      case opcode::try_emplace_move:
      case opcode::try_emplace_hint:
        return "yes: inserted; value: the key's afterwards; number: 3, less 1 or 2 where key or value was taken in "
               "vain";
      case opcode::insert_or_assign_move:
      case opcode::subscript_assign:
        return "value: the key's afterwards; number: 1 where the key was taken in vain";
      case opcode::update:
        return "yes: found; value: the key's afterwards";
      case opcode::insert_range:
      case opcode::insert_list:
      case opcode::assign_list:
      case opcode::shrink_to_fit:
      case opcode::clear:
      case opcode::subscript_read:
        return "number: size afterwards";
      case opcode::erase_key:
      case opcode::erase_if:
        return "number: of elements erased";
      case opcode::erase_iterator:
        return "yes: erased; number: 1 where what it gives back is the next element, or the end";
      case opcode::erase_range:
        return "number: of elements erased; yes: what it gives back is where the range ended";
      case opcode::reserve:
      case opcode::rehash:
        return "number: size; yes: there are fewer buckets than were asked for";
      case opcode::copy_construct:
      case opcode::copy_assign:
      case opcode::move_construct:
      case opcode::move_assign:
      case opcode::swap:
      case opcode::merge:
        return "number: size afterwards; other size: of the other map";
      case opcode::extract_key:
      case opcode::extract_iterator:
        return "yes: extracted; number: the node's key, 2^48 more where the handle it came from stays full, 2^49 where "
               "its allocator is another map's";
      case opcode::insert_node:
        return "yes: inserted; number: 1 where a node is still held, 8 for the wrong place, 2^50 where the answer "
               "lacks a node that was refused";
      case opcode::insert_node_hint:
        return "yes: inserted; number: 1 where a node is still held, 8 for the wrong place";
      case opcode::fill_reserved:
        return "number: size; other size: 1 where it was rehashed, 2 where elements moved";
      default:
        return nullptr;
    }
  }();
  if (words == nullptr) return {};
  const bool in_a_row = info(r.code).takes.count && r.count > 1 && r.code != opcode::insert_range &&
                        r.code != opcode::insert_list && r.code != opcode::assign_list &&
                        r.code != opcode::erase_range && r.code != opcode::fill_reserved;
  if (in_a_row) return " (" + std::to_string(r.count) + " answers folded into one)";
  return " (" + std::string(words) + ")";
}

std::string objects_out_of_balance(std::int64_t surplus) {
  if (surplus == 0) return {};
  if (surplus > 0) return "leak: " + std::to_string(surplus) + " objects were never destroyed";
  return "over-destruction: " + std::to_string(-surplus) + " objects more destroyed than constructed";
}

}  // namespace gauntlet::check
