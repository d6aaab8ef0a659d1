// A small number that a living thread has to itself.
//
// Who keeps something for each thread (epoch_domain: the slot in which a reader announces itself) wants to find it by
// an index, and wants no more places than there are threads at one time, however many come and go. So numbers are given
// back when a thread ends and given out again, the smallest free one first.
//
// A number says nothing about the thread but that no other one has it now. What a thread has left at its number's place
// is visible to the next owner: giving back releases, taking acquires.
//
// The hard case is a thread that is ending. Its number is given back by a destructor that runs among those of its other
// thread_local objects, and these may still be using the number, or begin to. So uses are counted: a number that is in use
// at the thread's end is given back by its last user, and who comes later borrows one in the same way.
//
// Cost: a thread-local load, a branch and two counts; the first time in a thread, one read-modify-write of a word that 64
// threads share. No memory is allocated: the numbers in use are bits in 2 KiB of static memory.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <gauntlet/map/detail/attributes.h>

namespace gauntlet::detail {

inline constexpr unsigned thread_slots_max = 16384;

class thread_slot_numbers {
 public:
  // The smallest number that was free when its word was looked at. Throws std::length_error when all are in use.
  static unsigned take() {
    for (std::size_t word = 0; word < words; ++word) {
      // [slot number] pairs with give: acquire in the exchange, so that this thread sees what the last owner left.
      std::uint64_t used = bits()[word].load(std::memory_order_relaxed);
      while (used != ~std::uint64_t{0}) {
        const int bit = std::countr_one(used);
        if (bits()[word].compare_exchange_weak(used, used | std::uint64_t{1} << bit, std::memory_order_acquire,
                                               std::memory_order_relaxed)) {
          return static_cast<unsigned>(word * 64) + static_cast<unsigned>(bit);
        }
      }
    }
    throw std::length_error("gauntlet: more than 16384 threads read maps at one time");
  }
  static void give(unsigned number) noexcept {
    // [slot number] pairs with take: release, what this thread left at the number's places.
    bits()[number / 64].fetch_and(~(std::uint64_t{1} << number % 64), std::memory_order_release);
  }

 private:
  static constexpr std::size_t words = thread_slots_max / 64;
  static std::array<std::atomic<std::uint64_t>, words>& bits() noexcept {
    static constinit std::array<std::atomic<std::uint64_t>, words> used{};
    return used;
  }
};

// Uses the calling thread's number from its construction to its destruction, in one thread. Those of one thread may end
// in any order.
class thread_slot {
 public:
  GAUNTLET_ALWAYS_INLINE thread_slot() : number_(own_number) {
    if (GAUNTLET_RARE(number_ >= thread_slots_max)) number_ = first_use();
    ++uses;
  }
  GAUNTLET_ALWAYS_INLINE ~thread_slot() {
    if (GAUNTLET_RARE(--uses == thread_is_ending)) give_back();
  }
  thread_slot(const thread_slot&) = delete;
  thread_slot& operator=(const thread_slot&) = delete;

  unsigned number() const noexcept { return number_; }

  // The calling thread's number if it has one; otherwise something that is no number.
  static unsigned number_if_any() noexcept { return own_number; }

 private:
  static constexpr unsigned none = ~0U;
  static constexpr unsigned thread_is_ending = 1U << 31;

  struct end_of_thread {
    ~end_of_thread() {
      uses += thread_is_ending;
      if (uses == thread_is_ending) give_back();
    }
    void touch() noexcept { touched_ = true; }
    bool touched_ = false;
  };

  GAUNTLET_NOINLINE static unsigned first_use() {
    if (uses < thread_is_ending) {
      static thread_local end_of_thread end;
      end.touch();  // a thread_local object of a block exists from its first use on
    }
    return own_number = thread_slot_numbers::take();
  }
  GAUNTLET_NOINLINE static void give_back() noexcept {
    if (own_number < thread_slots_max) thread_slot_numbers::give(own_number);
    own_number = none;
  }

  // Apart from the object with a destructor: reading them needs no test whether that has been constructed.
  inline static thread_local constinit unsigned own_number = none;
  inline static thread_local constinit unsigned uses = 0;  // thread_slots that live; thread_is_ending on top when it is

  unsigned number_;
};

}  // namespace gauntlet::detail
