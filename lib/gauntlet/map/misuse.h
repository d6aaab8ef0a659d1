// Misuse: what a map says when its user breaks a rule that no return value can report.
//
// Words. A *misuse* is a use of a map that its contract forbids and that the map happens to notice: two threads
// writing, reading or walking while another writes, calling the map again from inside its own hash, equality,
// predicate or visitor, an iterator or cursor whose place no longer exists. A *report* is what was noticed: the kind,
// both operations, both threads, the state of the map. The *handler* is the one function that receives reports.
//
// The idea: noticing is the map's business, and must cost next to nothing; telling is done here, once, out of line, for
// every map. By the time a report exists the map's contents can no longer be trusted, so `report_misuse` never returns
// to the map: the handler prints and the program aborts, or the handler throws (tests do) and the map is only good for
// being destroyed, or leaked.
//
// The hard case is two threads that notice the same race at the same moment. Each report is therefore written to stderr
// with one call, so that blocks never interleave, and the handler is one atomic pointer, so that replacing it while
// another thread reports is a race for *which* handler runs and never a data race.
//
// Promises:
//  (1) a report names the thread that noticed and, where the map knows it, the thread it met (0: unknown);
//  (2) the default handler prints one block, the line in Go's words first, and calls std::abort;
//  (3) a handler that returns is followed by std::abort; a handler may throw;
//  (4) a thread keeps its number for life, numbers start at 1 in order of first use and are never given twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace gauntlet {

enum class misuse_kind : unsigned char {
  concurrent_writes,               // two threads in writing operations of one map
  concurrent_read_and_write,       // one reads while another writes
  concurrent_iteration_and_write,  // one walks while another writes
  reentry,                         // the map is used from inside its own hash, equality, predicate or visitor
  stale_iterator,                  // an iterator used after the operation that invalidated it
  stale_cursor,                    // a cursor used after its map was destroyed, moved from or swapped
};

// What was noticed. Pointers to text refer to string literals. A zero thread number, or a null operation, is "unknown".
struct misuse_report {
  misuse_kind kind = misuse_kind::concurrent_writes;
  const char* message = nullptr;          // the first line, in Go's words: see misuse_message
  const char* operation = nullptr;        // what the noticing thread was doing
  const char* other_operation = nullptr;  // what it met
  std::uint64_t thread = 0;               // the noticing thread: its thread_number(), unless the map has a cheaper name
  std::uint64_t other_thread = 0;         // the thread it met, named in the same way
  std::string map_state;                  // size, capacity and whatever else helps, one or more lines
};

// The first line of a report of this kind. The three about concurrency are word for word Go's.
constexpr const char* misuse_message(misuse_kind kind) noexcept;

// One sentence: what to change in the program that drew a report of this kind.
constexpr const char* misuse_advice(misuse_kind kind) noexcept;

// The number of the calling thread: 1, 2, 3 ... in order of first call, never 0 and never reused, so it can serve as
// the token a map leaves in its "who is writing" word. Cost: one thread-local load and a branch.
inline std::uint64_t thread_number() noexcept;

// The block that the default handler prints, ending in a newline.
inline std::string describe(const misuse_report& report);

// Receives every report of the process, on the thread that noticed. May throw; if it returns, the program aborts.
using misuse_handler = void (*)(const misuse_report&);

// Installs a handler for the whole process and returns the previous one; null installs the default. Safe from any
// thread at any time; a report under way on another thread may still go to the previous handler.
inline misuse_handler set_misuse_handler(misuse_handler handler) noexcept;

// Hands the report to the handler and does not return. A report without a message gets its kind's, one without a thread
// the calling thread. Throws what the handler throws.
[[noreturn]] inline void report_misuse(const misuse_report& report);

// ------------------------------------------------------------------------------------------------------- bodies below

constexpr const char* misuse_message(misuse_kind kind) noexcept {
  switch (kind) {
    case misuse_kind::concurrent_writes:
      return "fatal error: concurrent map writes";
    case misuse_kind::concurrent_read_and_write:
      return "fatal error: concurrent map read and map write";
    case misuse_kind::concurrent_iteration_and_write:
      return "fatal error: concurrent map iteration and map write";
    case misuse_kind::reentry:
      return "fatal error: map used again from inside its own hash, equality, predicate or visitor";
    case misuse_kind::stale_iterator:
      return "fatal error: use of a stale map iterator";
    case misuse_kind::stale_cursor:
      return "fatal error: use of a stale map cursor";
  }
  return "fatal error: map misuse";
}

constexpr const char* misuse_advice(misuse_kind kind) noexcept {
  switch (kind) {
    case misuse_kind::concurrent_writes:
    case misuse_kind::concurrent_read_and_write:
    case misuse_kind::concurrent_iteration_and_write:
      return "guard every use of this map with one lock, or use one of the concurrent maps";
    case misuse_kind::reentry:
      return "let hash, equality, predicate and visitor only look at what they are given; use the map before or after";
    case misuse_kind::stale_iterator:
      return "take a new iterator after inserting, erasing by key, reserving or shrinking, or walk with a cursor";
    case misuse_kind::stale_cursor:
      return "let no cursor outlive its map, nor a move or swap of it";
  }
  return "see the contract at the top of the map's header";
}

namespace detail {

inline void print_misuse_and_abort(const misuse_report& report) {
  const std::string text = describe(report);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  std::abort();
}

// [misuse handler] One exchange installs, one load uses. The pointer leads to code, which every thread sees already;
// the release half of the exchange and the acquire load make visible, beside it, whatever the installer prepared for
// its handler (a file it opened, a counter it zeroed). Constant-initialised: usable before main and after it.
inline std::atomic<misuse_handler> current_misuse_handler{&print_misuse_and_abort};

// [thread number] A ticket counter and nothing else: relaxed suffices, because a read-modify-write never gives one
// value twice and no other memory is published through it.
inline std::atomic<std::uint64_t> last_thread_number{0};

inline thread_local constinit std::uint64_t own_thread_number = 0;

}  // namespace detail

inline std::uint64_t thread_number() noexcept {
  std::uint64_t& number = detail::own_thread_number;
  if (number == 0) {
    // [thread number] pairs with itself: the same read-modify-write in other threads.
    number = detail::last_thread_number.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  return number;
}

inline std::string describe(const misuse_report& report) {
  const auto operation_line = [](const char* label, const char* operation, std::uint64_t thread) {
    std::string line = "  ";
    line += label;
    line += operation != nullptr ? operation : "unknown";
    if (thread != 0) {
      line += " (thread " + std::to_string(thread) + ")";
    }
    return line + "\n";
  };
  std::string text = report.message != nullptr ? report.message : misuse_message(report.kind);
  text += "\n";
  text += operation_line("this operation:  ", report.operation, report.thread);
  if (report.other_operation != nullptr || report.other_thread != 0) {
    text += operation_line("other operation: ", report.other_operation, report.other_thread);
  }
  if (!report.map_state.empty()) {
    text += "  map state:       ";
    for (const char character : report.map_state) {
      text += character;
      if (character == '\n') {
        text += "                   ";
      }
    }
    text += "\n";
  }
  text += "  what to do:      ";
  text += misuse_advice(report.kind);
  text += ".\n";
  return text;
}

inline misuse_handler set_misuse_handler(misuse_handler handler) noexcept {
  if (handler == nullptr) {
    handler = &detail::print_misuse_and_abort;
  }
  // [misuse handler] pairs with the load in report_misuse.
  return detail::current_misuse_handler.exchange(handler, std::memory_order_acq_rel);
}

[[noreturn]] inline void report_misuse(const misuse_report& report) {
  misuse_report complete = report;
  if (complete.message == nullptr) {
    complete.message = misuse_message(complete.kind);
  }
  if (complete.thread == 0) {
    complete.thread = thread_number();
  }
  // [misuse handler] pairs with the exchange in set_misuse_handler.
  detail::current_misuse_handler.load(std::memory_order_acquire)(complete);
  std::abort();
}

}  // namespace gauntlet
