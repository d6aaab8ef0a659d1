// What a target judges, read from a file: a program, or bytes where the target is about bytes.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <gauntlet/check/fuzzing/lacking_operations.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/file.h>

namespace gauntlet::driver {

struct input {
  bool is_bytes = false;
  check::program program;
  std::vector<std::uint8_t> bytes;
};

// `raw`: a program target takes files without magic bytes as well (what an engine without the mutator made).
inline std::variant<input, check::file_error> read_input_file(const std::string& path, bool raw) {
  input in;
  in.is_bytes = check::this_target().judge_program == nullptr;
  if (in.is_bytes) {
    auto bytes = check::read_file(path, true);
    if (auto* error = std::get_if<check::file_error>(&bytes)) return std::move(*error);
    in.bytes = std::get<std::vector<std::uint8_t>>(std::move(bytes));
    return in;
  }
  auto p = check::read_program_file(path, raw ? check::foreign_bytes::accepted : check::foreign_bytes::refused);
  if (auto* error = std::get_if<check::file_error>(&p)) return std::move(*error);
  in.program = std::get<check::program>(std::move(p));
  check::leave_out(in.program, check::without_of_this_process());
  return in;
}

// For count_repetitions_from: whoever judges an input again wants other disturbances, and no judgement repeats a program
// more often than this.
inline constexpr std::uint64_t repetitions_of_a_judgement_max = 64;

inline check::verdict judge(const input& in) {
  const check::target_description& target = check::this_target();
  return in.is_bytes ? target.judge_bytes(in.bytes) : target.judge_program(in.program);
}

// The input with the schedule along which it failed in place of its own, where a schedule is known.
inline input along_what_failed(input in, const check::verdict& v) {
  if (!v.decisions.empty()) in.program.decisions = v.decisions;
  return in;
}

// The map that is judged, by name; "" when the target picks its own.
std::string subject_name();

std::string report_of(const input& in, const check::verdict& v, std::string_view file);

// The input as people read it: the program's text, or a dump of the bytes.
std::string text_of(const input& in);

}  // namespace gauntlet::driver
