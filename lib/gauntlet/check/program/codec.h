// The binary form of programs. Decoding is total: every byte string is a program; what is missing is zero, what is too
// large is reduced, what an opcode does not take is dropped. encode(decode(bytes)) is canonical and decodes to the
// same.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

program decode(std::span<const std::uint8_t> bytes);
std::vector<std::uint8_t> encode(const program& p);

// Brings every field into range and clears what its opcode does not take. decode() and parse() return normal programs.
void normalize(program& p);

// A file made by encode(): starts with the magic bytes "GNT" and the version.
bool has_magic(std::span<const std::uint8_t> bytes) noexcept;

}  // namespace gauntlet::check
