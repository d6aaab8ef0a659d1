// Programs in files: text (.ops) or binary, told apart by their first bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

inline constexpr std::size_t file_size_max = std::size_t{1} << 20;

// One line: the file, and what is wrong with it.
struct file_error {
  std::string message;
};

// The bytes of a regular file (or of what a pipe delivers). Refused: what cannot be opened, a directory, more than
// file_size_max bytes (told from the size, without reading), nothing at all unless `empty_allowed`.
std::variant<std::vector<std::uint8_t>, file_error> read_file(const std::string& path, bool empty_allowed = false);

enum class foreign_bytes : std::uint8_t {
  refused,   // only text and the binary form with its magic bytes
  accepted,  // everything decodes: what a fuzzing engine made without the mutator
};

// Complexity: linear in the size of the file.
std::variant<program, file_error> read_program_file(const std::string& path,
                                                    foreign_bytes foreign = foreign_bytes::refused);

// A program from bytes that are known to be an input of this project: text when they start like text, else decoded.
// Text with a mistake in it is decoded as bytes (a fuzzing engine cuts texts in two). Never fails.
program read_input(std::span<const std::uint8_t> bytes);

// Writes beside, then renames, so that the file never holds half of it. Empty string, or what went wrong.
std::string write_file(const std::string& path, std::span<const std::uint8_t> bytes);
std::string write_file(const std::string& path, std::string_view text);

}  // namespace gauntlet::check
