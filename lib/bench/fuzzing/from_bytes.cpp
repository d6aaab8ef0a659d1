// For engines that change bytes and know nothing of programs: the binary form of a program, as it is.
//
// Decoding is total and every field has a place of its own (lib/gauntlet/check/program/codec.cpp), so a changed byte
// changes one field of one operation. Text is read as well, as the targets do.
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/file.h>

#include "tally.h"

using namespace gauntlet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const check::program p = check::read_input(std::span(data, size));
  const check::verdict v = check::this_target().judge_program(p);
  if (!v) bench::stop_with(p, v);
  return 0;
}
