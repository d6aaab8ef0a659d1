// Findings as facts: what was seen, where, by whom. Raising one ends the run; the words come later, outside of it.
//
// Nothing here allocates or formats: a finding is raised in the middle of a controlled thread. The facts are kept in one
// place, `raised`, and report/describe.h turns them into text when the run is over.
#pragma once

#include <cstdint>

#include <gauntlet/sched/memory/shadow.h>
#include <gauntlet/sched/run.h>
#include <gauntlet/sched/runtime/state.h>

namespace gauntlet::sched::runtime {

// A place: a thread, the code, and the calls that led there (return addresses, innermost first).
struct place_fact {
  thread_id thread = 0;
  std::uintptr_t code = 0;
  std::uint32_t calls[8] = {};
  unsigned call_count = 0;
  const char* does = "";  // "writes", "atomic read", "freed it", ...
};

struct waiting_fact {
  place_fact place;
  wait_reason waits_for = wait_reason::none;
  int holder = -1;  // thread, -1: nobody
  std::uint32_t holder_code = 0;
  unsigned object = 0;  // number among the objects of this report
};

struct raised_finding {
  finding found = finding::none;
  thread_id thread = 0;
  char text[512] = {};  // what can't be said by the rest
  std::uintptr_t address = 0;
  unsigned bytes = 0;
  place_fact here, there;
  bool has_here = false, has_there = false;
  waiting_fact waiting[threads_max];
  unsigned waiting_count = 0;
};
extern raised_finding raised;

// Without a code that of the thread's last event.
place_fact place_of(const thread& t, std::uintptr_t code, const char* does) noexcept;
place_fact place_of_running(std::uintptr_t code, const char* does) noexcept;

// Each ends the run and does not return.
[[noreturn]] void raise(finding found, const char* text, std::uintptr_t code = 0, const char* does = "") noexcept;
[[noreturn]] void raise_refused(const char* what) noexcept;
[[noreturn]] void report_race(std::uintptr_t granule, std::uint8_t bytes, access kind, std::uintptr_t code,
                              const access_record& other) noexcept;
[[noreturn]] void report_use_after_free(std::uintptr_t address, access kind, std::uintptr_t code,
                                        const access_record& freed) noexcept;
[[noreturn]] void raise_double_free(std::uintptr_t address, std::uintptr_t code, const access_record& freed) noexcept;
// Who waits for what: nobody can go on, or (with words of its own) one who should can't.
[[noreturn]] void raise_deadlock() noexcept;
[[noreturn]] void raise_blocked(const char* text) noexcept;
[[noreturn]] void raise_failed_check(const char* condition, std::uintptr_t code) noexcept;

// Appends to raised.text; for small formatted parts without allocation.
void say(const char* text) noexcept;
void say_number(std::uint64_t number) noexcept;

}  // namespace gauntlet::sched::runtime
