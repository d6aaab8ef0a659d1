// What the shared map of a concurrent program has been through before anything is recorded: what a map does when it grows
// beyond its first sixty-four buckets, or hands out again what it took back, is met by a program of four operations.
#pragma once

#include <vector>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/subject.h>

namespace gauntlet::check {

// Elements that are there, as many as the header's capacity says, with keys that programs do not name.
std::vector<element> elements_before(const program_header& h);

// Elements that were there besides and have been erased again: those that programs are most likely to name, then others.
std::vector<element> elements_erased_before(const program_header& h);

}  // namespace gauntlet::check
