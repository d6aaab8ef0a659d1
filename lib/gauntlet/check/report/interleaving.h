// An interleaving as people see it: what every thread did, in order of time, as text and as a picture.
//
// Words. A *lane* is a thread, drawn as a column. A *step* is one event that other threads can notice (a load, a store, a
// lock), numbered in order of time. An *operation* is what the program asked of the map: it spans the steps between its
// call and its return in its lane. A *switch* is a step before which another thread ran. A *decision* is a switch, or an
// old value read, that the schedule asked for. An *arrow* leads from the step that made something visible to the step that
// saw it (release to acquire, unlock to lock, create to begin, end to join), or from the holder of a lock to who waits.
//
// Shape: a plain value that whoever ran the program fills in; nothing here knows how it was run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gauntlet::check {

struct interleaving {
  struct step {
    std::uint64_t number = 0;  // ascending, from 1
    unsigned lane = 0;
    std::string what;             // "store 8 bytes, 5", "lock mutex A"
    std::string where;            // "sharded_map.h:212 in insert"; empty: not known
    bool switched = false;        // another lane had run before
    bool decided = false;         // a decision of the schedule led here
    bool blocked = false;         // the lane had to wait here
    std::uint64_t from = 0;       // an arrow from this step, 0: none
    std::uint64_t waits_for = 0;  // the step at which somebody else took what this one waits for, 0: none
  };
  struct operation {
    unsigned lane = 0;
    std::size_t source = 0;             // index in the program
    std::string asked;                  // the program's line
    std::string answer;                 // empty while pending
    std::uint64_t first = 0, last = 0;  // steps between call and return; last 0: it never returned
  };

  std::string title;               // one line: what broke, on which map
  std::string happened;            // the verdict's message, with the witness; empty: nothing broke
  std::string program;             // its text
  std::string state;               // of the map when it ended: size, growth, flags; may be empty
  std::vector<std::string> lanes;  // their names, "before and after", "thread 1" ...
  std::vector<step> steps;
  std::vector<operation> operations;
  std::uint64_t failed_at = 0;  // the step at which it showed, 0: when all was done
  unsigned failed_lane = 0;
  std::vector<std::size_t> culprits;  // positions in `operations` of those that the verdict is about
};

// Title and counts; the operations in order of their calls with their answers; then a row for each stretch between
// switches, in the column of its lane: operations under way, first and last step with source lines, steps that wait or
// were decided; message and state of the map. At most `rows_max` rows: what is left out is said, and where it showed is
// always among them. Lines of steps and operations have at most 120 columns. The program is not in it: report() prints it.
std::string print(const interleaving& i, std::size_t rows_max = 80);

// A self-contained HTML page (no network, no script; readable on a phone, in light and dark): lanes as columns, steps as
// rows, operations as bars beside their lane's rail, arrows, the violation marked; message, operations, program and state
// around it. In long ones the steps about which there is nothing to say are folded; all of them are in the page.
//
// What a test can look for. Ids: lane-N (position in `lanes`), step-N (its number), operation-N (position in
// `operations`), violation (the message). Classes: arrow with after (happens before) or waits (holder to waiter), and
// data-from and data-to as step numbers; switch, and decided where the schedule asked for it; culprit, an operation of the
// verdict; violation, where it showed.
std::string to_html(const interleaving& i);

}  // namespace gauntlet::check
