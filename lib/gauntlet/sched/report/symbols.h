// Source lines of code addresses, by an external symbolizer, asked when a report is written and never before.
//
// llvm-symbolizer or addr2line, whichever is found (GAUNTLET_SCHED_SYMBOLIZER names another). Answers are kept, so a
// line costs one start of the tool at most. Without a tool, lines are offsets into the program: still the same in each
// run of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace gauntlet::sched::report {

struct source_line {
  std::string where;           // file.cpp:12
  std::string function;        // without arguments, and without all but the innermost scope
  bool of_the_system = false;  // all frames there are a system header's
};

// Whether a path is that of a header of the C++ library, the compiler or the C library, however the compiler spells it. Another
// library's headers are none, wherever they are installed: a map that is judged may be in one.
bool is_system_header(const std::string& file);

// The innermost frame at a return address that is not a system header's; inlined functions count as frames.
source_line line_of(std::uintptr_t code);

// Asks for many at once.
void look_up(std::span<const std::uintptr_t> codes);

}  // namespace gauntlet::sched::report
