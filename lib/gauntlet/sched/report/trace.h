// A recorded run to read: what happened where, and above all where it changed from one thread to another.
//
// Two columns, one row for each switch: left the last event of the thread that stopped, right the first of the thread
// that went on. With the number of the choice that made the switch, if there was one; without one nobody else could go
// on. Events show their number, what they did, the value that they read or wrote, the event that they got it from, and
// the source line.
//
//   choice  stops                                      goes on
//        4  thread 1: 12 load = 0 counter.cpp:8 (add)  thread 2: 13 load = 0 counter.cpp:8 (add)
#pragma once

#include <cstdint>
#include <string>

#include <gauntlet/sched/run.h>

namespace gauntlet::sched {

// The table of switches. Needs outcome::trace (run_options::record_trace); says so where there is none.
std::string print_switches(const outcome& result);

// All events, one a line, indented by thread (threads from the fourth on share an indentation).
std::string print_events(const outcome& result);

// A value that was read or written: in decimal, or in hexadecimal from 65,536 on, where it is an address or a word of bits.
std::string print_value(std::uint64_t value);

}  // namespace gauntlet::sched
