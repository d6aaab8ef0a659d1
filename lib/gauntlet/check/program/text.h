// The text form (.ops) of programs: one operation a line, walks with indented bodies and `end`, header lines first.
//
//   gauntlet 1
//   target hash_map_operations
//   hot_keys 8
//   hash adversarial
//   insert_copy 0 hot 3 value 7 count 40
//   walk 0
//     erase_key 0 current
//     find 0 later 2
//   end
//   equal 0 1
//   @2 find 0 hot 3            (lane: thread 2; @after the suffix; none: before)
//   choice 12 run 2 of 3 before store      (a decision of the schedule, behind the operations)
//
// `hot_keys 8`: `hot 9` is the same key as `hot 1`. Among threads `memory weak`, `spins lasting` and `heap quarantine` widen
// what may happen; without these lines no search of other schedules, and not one that explores all, tries them.
//
// `capacity 20` is the hint that new maps get; with `threads 3` it is `elements_before 20` instead, which the shared map holds
// before the first operation. `erased_before 3`: it held three more, which have been erased again.
//
// print and parse are inverse: parse(print(p)) == p for every normal program. Header lines with default values are
// left out. '#' starts a comment.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

struct parse_error {
  std::size_t line = 0;
  std::string message;  // what stands there, what was expected
};

std::string print(const program& p);
std::string print(const operation& o);  // one line without indentation
std::string print(const decision& d);   // one line
std::variant<program, parse_error> parse(std::string_view text);

}  // namespace gauntlet::check
