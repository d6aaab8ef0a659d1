// Notices that a thread uses a locking map from inside its own operation on that map.
//
// A visitor, predicate, hash, equality or element operation runs while its map's lock is held. If it uses the same map,
// it waits for a lock that its own thread holds: for ever. In checked builds every operation first asks "am I already
// inside this map?" and reports misuse instead of waiting.
//
// The shape: each thread keeps a list of the operations it is inside of, newest first; a link is a stack object of the
// operation. Nothing is shared between threads, nothing allocates; the list is usually empty and then the question
// costs one thread-local load and a branch. Unchecked builds use the empty specialisation, which costs nothing.
#pragma once

#include <gauntlet/map/misuse.h>

namespace gauntlet::detail {

template <bool Checked>
class reentry_guard;

template <>
class reentry_guard<true> {
 public:
  // Enters `operation` on `map`. Reports misuse_kind::reentry if this thread is already inside an operation on it.
  reentry_guard(const void* map, const char* operation) : map_(map), operation_(operation), outer_(innermost()) {
    for (const reentry_guard* guard = outer_; guard != nullptr; guard = guard->outer_) {
      if (guard->map_ == map) {
        misuse_report report;
        report.kind = misuse_kind::reentry;
        report.operation = operation;
        report.other_operation = guard->operation_;
        report.thread = thread_number();
        report.other_thread = report.thread;
        report.map_state = "locked by this thread: without this report the operation would wait for itself";
        report_misuse(report);
      }
    }
    innermost() = this;
  }
  ~reentry_guard() { innermost() = outer_; }
  reentry_guard(const reentry_guard&) = delete;
  reentry_guard& operator=(const reentry_guard&) = delete;

 private:
  static const reentry_guard*& innermost() noexcept {
    static thread_local constinit const reentry_guard* guard = nullptr;
    return guard;
  }

  const void* map_;
  const char* operation_;
  const reentry_guard* outer_;
};

template <>
class reentry_guard<false> {
 public:
  constexpr reentry_guard(const void*, const char*) noexcept {}
  // Not trivial on purpose: an object whose only use is its lifetime draws no "unused variable".
  ~reentry_guard() {}  // NOLINT(modernize-use-equals-default)
  reentry_guard(const reentry_guard&) = delete;
  reentry_guard& operator=(const reentry_guard&) = delete;
};

}  // namespace gauntlet::detail
