// The text form of histories (.history), for people, reports and the corpus of histories with known verdicts.
//
//   history wrong
//   contract walk weak
//   budget 1000
//   initial 0 5 70
//   1 1 4 insert_copy 0 key 5 value 7 = no
//   2 2 3 find 0 key 5 = yes value 70
//   2 5 8 snapshot 0 = shown 5:70 6:1
//   1 6 - clear 0 = ?
//
// First line: the verdict that the checker must give (right, wrong, undecided). Then, in any number: contracts other
// than linearizable, the budget of configurations, initial elements (map, key, value), and one line an event: lane,
// call, return, operation, map, `other` map, operands, `=`, answer. A pending event returns at `-` and answers `?`.
// '#' starts a comment. print and parse are inverse on everything but comments and an event's `source`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <gauntlet/check/history/history.h>
#include <gauntlet/check/program/text.h>

namespace gauntlet::check {

enum class judgement : std::uint8_t { right, wrong, undecided };
std::string_view to_string(judgement j) noexcept;

struct history_file {
  judgement expected = judgement::right;
  contract_table contracts;
  std::optional<std::uint64_t> budget;
  history what;
};

std::string print(const event& e);  // one line, without line end
std::string print(const history_file& f);
std::variant<history_file, parse_error> parse_history(std::string_view text);

}  // namespace gauntlet::check
