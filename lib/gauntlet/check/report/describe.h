// An operation as the C++ that somebody would write by hand.
#pragma once

#include <string>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

// For example `maps[0].insert({3, 7});`. Keys that are chosen while running (present, current, earlier, later) appear
// as what they are chosen from. One line; for a walk the head of its loop.
std::string describe(const program_header& h, const operation& o);

// The whole program, bodies indented, a lane before each operation of a concurrent program.
std::string describe(const program& p, std::string_view prefix = "");

// A concurrent program as a picture: a column for each thread, a row for each operation, `before` above and `after`
// below. Rows say nothing about time: the order inside a column is all that a program fixes.
std::string picture_of_lanes(const program& p);

}  // namespace gauntlet::check
