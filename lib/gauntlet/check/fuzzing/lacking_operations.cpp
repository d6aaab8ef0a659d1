#include <gauntlet/check/fuzzing/lacking_operations.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include <gauntlet/check/program/opcode.h>

namespace gauntlet::check {

bool is_lacking(const std::uint64_t (&times)[outcome_count]) noexcept {
  const auto all = std::accumulate(std::begin(times), std::end(times), std::uint64_t{0});
  const std::uint64_t unsupported = times[static_cast<std::size_t>(outcome::unsupported)];
  const std::uint64_t left_out = times[static_cast<std::size_t>(outcome::left_out)];
  return unsupported != 0 && unsupported + left_out == all;
}

void lacking_operations::learn(const coverage_table& all) noexcept {
  for (std::size_t code = 0; code < opcode_count; ++code) {
    const auto& times = all.count[code];
    const auto asked = std::accumulate(std::begin(times), std::end(times), std::uint64_t{0});
    if (asked == asked_[code]) continue;
    asked_[code] = asked;
    programs_[code] = std::min(programs_[code] + 1, programs_enough);
    lacking_[code] = programs_[code] == programs_enough && is_lacking(times);
  }
}

opcode_set& without_of_this_process() noexcept {
  static opcode_set operations;
  return operations;
}

std::string names_of(const opcode_set& operations) {
  std::string names;
  for (std::size_t code = 0; code < opcode_count; ++code) {
    if (!operations[code]) continue;
    if (!names.empty()) names += ',';
    names += info(static_cast<opcode>(code)).name;
  }
  return names;
}

std::variant<opcode_set, std::string> operations_named(std::string_view names) {
  opcode_set operations;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    std::size_t code = 0;
    while (code < opcode_count && info(static_cast<opcode>(code)).name != name) ++code;
    if (code == opcode_count) {
      opcode_set all;
      return "unknown operation '" + std::string(name) + "'; there are: " + names_of(all.set());
    }
    operations.set(code);
    names.remove_prefix(std::min(names.size(), name.size() + 1));
  }
  return operations;
}

}  // namespace gauntlet::check
