#pragma once

#include <gauntlet/check/program/opcode.h>

namespace gauntlet::check {

// What an opcode is read as among threads: an operation of a history, or one that makes room (history.h); `nothing` when it is
// left out.
opcode concurrent_opcode(opcode code) noexcept;

}  // namespace gauntlet::check
