// What one operation gives back, from the map and from the model alike, so that the two compare with ==.
//
// What each opcode fills in (everything else stays zero; `value` is the mapped value seen at the element):
//
//   find, contains, at, equal_range          flag found; find, at, equal_range: value. equal_range, count: number
//   subscript_read                           value; number: size afterwards
//   size                                     number: size(), flag: empty()
//   equal                                    flag: target == other; number: 1·(t==o) + 2·(o==t) + 4·(t!=o)
//   insert_*, emplace*, try_emplace*,        flag inserted; value at the key afterwards.
//     insert_or_assign*                      try_emplace*: number 3 when nothing was taken from key (1) and value (2)
//                                            although nothing was inserted, or something was
//                                            insert_or_assign_move: number 1 when the key was taken in vain
//   subscript_assign, update                 value afterwards; update: flag found; subscript_assign: number 1 when the
//                                            key was taken in vain
//   insert_range, insert_list, assign_list   number: size afterwards
//   erase_key                                number erased
//   erase_iterator                           flag erased; number: 1 when the iterator given back is the next element's
//   erase_range                              number erased; flag: the iterator given back is that of the range's end
//   erase_if                                 number erased
//   clear and whole maps                     number: size of target; merge, swap, moves: value: size of other
//   reserve, rehash, shrink_to_fit           number: size; reserve, rehash: flag when there are fewer buckets than that
//                                            takes
//   extract_*                                flag extracted; value; number: the key in the node
//   insert_node*                             flag inserted; value at the key, if there was a node; number: 1 when a
//                                            node is still held, 2^50 more when a refused one is not in the answer
//   drop_node                                nothing
//   look_by_view, change_by_view             what the operation asked for fills in; number: 64 more when the view was made
//                                            a key in vain
//   find_many                                the answers of find, folded; numbers tell of a visit for another key
//   change_node_key                          flag if there was a node; number: its key afterwards
//   fill_reserved                            number: size; value: 1 when it was rehashed, 2 when an element moved, though
//                                            the map promises not to
//   compare_exchange                         flag exchanged; value afterwards, if present
//   fetch_update                             flag found; value before
//   upsert                                   flag inserted; value afterwards
//   compare_erase                            flag erased
//
// With a count above one the results of the single operations are folded into one, so that each of them counts.
#pragma once

#include <cstdint>
#include <string>

namespace gauntlet::check {

enum class outcome : std::uint8_t {
  done,
  unsupported,   // the map does not offer this operation: left out on both sides
  left_out,      // banned, or means nothing here
  out_of_range,  // std::out_of_range
  length_error,  // std::length_error or std::bad_alloc or std::bad_array_new_length for an absurd request
  injected,      // the fault that the program armed; number: how many of `count` single operations were done before
  misuse,        // the map diagnosed a misuse
};
inline constexpr unsigned outcome_count = 7;

struct result {
  outcome status = outcome::done;
  bool flag = false;  // inserted, found, equal, empty, ...
  bool has_value = false;
  std::uint64_t value = 0;   // the mapped value seen (after the operation, where the operation returns an iterator)
  std::uint64_t number = 0;  // count, size, number erased
  friend bool operator==(const result&, const result&) = default;
};

// Adds the result of one more single operation to `into`: flags are counted, values and numbers enter a polynomial, so
// that a difference in any of them is a difference of the whole.
inline void fold(result& into, const result& one) noexcept {
  into.flag = into.flag || one.flag;
  into.has_value = into.has_value || one.has_value;
  into.value = into.value * 31 + one.value + (one.has_value ? 1 : 0);
  into.number = into.number * 5 + one.number * 2 + (one.flag ? 1 : 0);
}

std::string to_string(outcome o);
std::string to_string(const result& r);

}  // namespace gauntlet::check
