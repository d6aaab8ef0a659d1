// Notices that a thread uses a locking map from inside its own operation on that map.
//
// A visitor, predicate, hash, equality or element operation runs while its map's lock is held. If it uses the same map,
// it waits for a lock that its own thread holds: for ever. In checked builds every operation first asks "am I already
// inside this map?" and reports misuse instead of waiting.
//
// The shape: each thread keeps a list of the operations it is inside of, newest first; a link is a stack object of the
// operation. Nothing is shared between threads, nothing allocates; the list is usually empty and then the question
// costs one thread-local load and a branch. Unchecked builds use the empty specialisation, which costs nothing.
//
// What was erased or replaced is destroyed when the locks are free again. Its destructor may use the map, so that is done
// before a guard is there, after it is gone, or during its `pause`.
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

  // As long as it lives this thread is not inside of the operation, which has let go of its locks for that time. Requires:
  // the operation is the innermost of the thread.
  class pause {
   public:
    explicit pause(const reentry_guard& of) noexcept : of_(of) { innermost() = of.outer_; }
    ~pause() { innermost() = &of_; }
    pause(const pause&) = delete;
    pause& operator=(const pause&) = delete;

   private:
    const reentry_guard& of_;
  };

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

  class pause {
   public:
    explicit pause(const reentry_guard&) noexcept {}
    ~pause() {}  // NOLINT(modernize-use-equals-default)
    pause(const pause&) = delete;
    pause& operator=(const pause&) = delete;
  };
};

}  // namespace gauntlet::detail
