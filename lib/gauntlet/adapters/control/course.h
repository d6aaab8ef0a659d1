// Course: an interleaving told by operations, so that a program that is only like the first one can follow it.
//
// When an operation goes, all later choices have other numbers, and events other counts: decisions (along_decisions.h) and
// turns (turns.h) of the program before mean other moments then. What still means the same is where in its operations a
// thread stood when another one went on: "thread 2, in its second operation, after three events". A reducer that has a
// failing program can so try the very interleaving on what is left of it, however seldom chance would find it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gauntlet/adapters/control/observing.h>
#include <gauntlet/check/program/program.h>
#include <gauntlet/sched/strategy.h>

namespace gauntlet::adapters {

// Where a thread is in its operations: 1 before the first one, 2n in its n-th, 2n + 1 behind that. Thread 0 does what
// comes before the threads and what comes after them.
using place = std::uint32_t;
inline constexpr place before_all = 1;

// Where all threads are, as the executor says while the program runs.
class places {
 public:
  explicit places(const check::program& p);

  void begin() noexcept { at_.fill(before_all); }
  void begins(sched::thread_id thread, std::size_t source) noexcept { at_[thread] = 2 * nth_[source]; }
  void ends(sched::thread_id thread) noexcept { at_[thread] |= 1U; }
  place of(sched::thread_id thread) const noexcept { return at_[thread]; }

 private:
  std::vector<place> nth_;  // by operation: the how many-th of its thread it is
  std::array<place, sched::threads_max> at_{};
};

// Events of one thread at one place, with no other thread's between them.
struct stretch {
  sched::thread_id thread = 0;
  place where = before_all;
  std::uint32_t events = 0;
  bool preempted = false;  // then another thread went on although this one could have
  friend bool operator==(const stretch&, const stretch&) = default;
};

// What a thread was given at a choice that is not about threads (schedule.h); 0 is the default.
struct given {
  sched::thread_id thread = 0;
  place where = before_all;
  std::uint8_t alternative = 0;
  friend bool operator==(const given&, const given&) = default;
};

struct course {
  std::vector<stretch> stretches;
  std::vector<given> alternatives;
};

// The course of a run of `from` as far as it concerns `to`, in the threads and operations of `to`. Operations that are the
// same are found in the order in which a thread does them; what was done in others is left out. O(n²) in the operations.
course translated(const course& c, const check::program& from, const check::program& to);

// Notes the course of the runs that another strategy decides; of a long run, its beginning.
class notes_course final : public observing {
 public:
  // Both must outlive the runs.
  notes_course(sched::strategy& decides, const places& at) : observing(decides), at_(at) {}

  void begin(const sched::run_start& start) override;
  std::size_t pick(const sched::thread_choice& choice) override;
  std::size_t pick_alternative(sched::choice_kind kind, std::size_t alternatives) override;
  void happened(const sched::event& e) override;

  const course& noted() const noexcept { return noted_; }

 private:
  const places& at_;
  course noted_;
};

// Follows a course that need not be of this very program. Whoever runs goes on to the end of a stretch after which it was
// preempted; where that was the last one at its place, to the end of the operation, however many events that takes now.
// Then comes the first stretch in the list that has events left and whose thread can run and is not further on already.
class along_course final : public sched::strategy {
 public:
  // Both must outlive the runs.
  along_course(const course& wanted, const places& at) : wanted_(wanted), at_(at) {}

  std::string name() const override { return "course"; }
  void begin(const sched::run_start&) override;
  std::size_t pick(const sched::thread_choice& choice) override;
  std::size_t pick_alternative(sched::choice_kind kind, std::size_t alternatives) override;
  void happened(const sched::event& e) override;

 private:
  bool is_left(const stretch& s) const noexcept { return s.events != 0 && s.where >= at_.of(s.thread); }
  bool goes_on(sched::thread_id running) const noexcept;

  const course& wanted_;
  const places& at_;
  std::vector<stretch> left_;
  std::vector<std::uint8_t> alternatives_taken_;  // by alternative: whether its choice has been
  std::size_t first_left_ = 0;                    // the stretches before it are over
  std::size_t last_ = 0;                          // whose event happened last
};

}  // namespace gauntlet::adapters
