// What a run asked of its maps, kept so that the very same can be asked once more with nobody watching: requests with
// their keys chosen, faults as they were armed, visits with the answers that they got. Played on fresh maps this is the
// bare map at work, and what the judge costs beside it.
//
// A walk is a step of its own; the steps of its bodies follow it, and an answer ends each visit.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/subject.h>

namespace gauntlet::check {

struct recording {
  enum class kind : std::uint8_t { request, erase_range, walk, iterate, answer };
  struct step {
    kind what = kind::request;
    std::uint8_t armed = 0;  // 1 + the kind of event; 0: none
    bool lasts = false;
    std::uint32_t patience = 0;
    std::uint32_t countdown = 0;
    visit_answer answer = visit_answer::go_on;
    request asked = {};  // of a walk: the target alone
  };
  program_header header;
  subject_factory make;
  unsigned runs = 0;  // recorded so far; what follows is of the last one
  std::vector<step> steps;
};

// While one lives, the runs of its thread are recorded; the last one stays. They do not nest.
class recording_of_runs {
 public:
  explicit recording_of_runs(recording& into) noexcept;
  ~recording_of_runs();
  recording_of_runs(const recording_of_runs&) = delete;
  recording_of_runs& operator=(const recording_of_runs&) = delete;
};

// The maps of a run: those that `make` gives, or, while runs are recorded, the same behind a subject that writes down
// what they are asked.
std::unique_ptr<subject> make_for_run(const subject_factory& make, const program_header& header);

// Asks fresh maps everything that was recorded, judges nothing, and destroys them.
void play(const recording& r);

}  // namespace gauntlet::check
