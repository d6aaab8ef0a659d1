// Vector clocks: who has seen how much of whom.
//
// Entry i of a thread's clock is the newest moment of thread i that *happens before* what the thread does next. Moments
// are counted per thread; a thread's own moment moves on whenever it releases something. An access at moment m of thread
// i happens before everything that has a clock with at[i] >= m (FastTrack, Flanagan and Freund, PLDI 2009).
//
// A clock also knows the newest sequentially consistent fence that happens before, by its number in the run: fences of all
// threads are in one order, and the weak memory model asks for the last of them (memory/store_history.h).
//
// A clock has a width: entries beyond it are zero and not stored. With two or three threads, joining and copying cost
// two or three words, although a run may have threads_max threads.
#pragma once

#include <cstdint>
#include <cstring>

#include <gauntlet/sched/event.h>

namespace gauntlet::sched::runtime {

using moment = std::uint32_t;

class vector_clock {
 public:
  // A clock lives in zero-filled memory or is cleared before its first use.
  void clear() noexcept { width_ = fence_ = 0; }

  moment operator[](unsigned i) const noexcept { return i < width_ ? at_[i] : 0; }

  void set(unsigned i, moment m) noexcept {
    widen(i + 1);
    at_[i] = m;
  }

  void tick(unsigned i) noexcept { set(i, (*this)[i] + 1); }

  void join(const vector_clock& other) noexcept {
    widen(other.width_);
    if (fence_ < other.fence_) fence_ = other.fence_;
    for (unsigned i = 0; i < other.width_; ++i)
      if (at_[i] < other.at_[i]) at_[i] = other.at_[i];
  }

  void assign(const vector_clock& other) noexcept {
    width_ = other.width_;
    fence_ = other.fence_;
    for (unsigned i = 0; i < other.width_; ++i) at_[i] = other.at_[i];
  }

  // Number of the newest sequentially consistent fence that happens before, 0: none.
  std::uint32_t fence() const noexcept { return fence_; }
  void set_fence(std::uint32_t number) noexcept { fence_ = number; }

  // Whether moment m of thread i happens before the owner of this clock.
  bool covers(unsigned i, moment m) const noexcept { return m <= (*this)[i]; }

 private:
  void widen(unsigned width) noexcept {
    for (; width_ < width; ++width_) at_[width_] = 0;
  }

  std::uint32_t width_ = 0;
  std::uint32_t fence_ = 0;
  moment at_[threads_max];
};

}  // namespace gauntlet::sched::runtime
