// Types that notice what is done to them: a key or mapped type that is a number on the outside and, inside, knows
// whether it is alive, where it lives and whether it has been moved away.
//
// Shape. Each object holds its number, a state word and its own address. The state is one of three unlikely patterns
// (alive, moved from, destroyed); anything else means that nobody constructed the object. The address must be the
// object's own: a map that copies bytes instead of moving objects is found out by it.
//
// The idea: an object never throws or aborts when it sees something wrong. It notes the first wrong thing in the
// ledger, one of a handful of fixed texts; the runner asks the ledger after every step. So the finding has the step
// at which it happened and the text is a stable name for reductions.
//
// The hard case is the destroyed state: writing to an object that dies is dead code to a compiler, so those writes are
// volatile.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <gauntlet/check/types/faults.h>

// The ledger belongs to the judge: that it counts is no step of the map, and no interleaving of it is anybody's business.
#if defined(__clang__)
#define GAUNTLET_JUDGES_OWN __attribute__((disable_sanitizer_instrumentation))
#else
#define GAUNTLET_JUDGES_OWN
#endif

namespace gauntlet::check {

// Process-wide counts of all tracking types together.
class lifetime_ledger {
 public:
  // Objects constructed and not yet destroyed.
  std::int64_t live() const noexcept { return live_.load(std::memory_order_relaxed); }
  std::uint64_t copies() const noexcept { return copies_.load(std::memory_order_relaxed); }
  std::uint64_t moves() const noexcept { return moves_.load(std::memory_order_relaxed); }
  // The first wrong thing seen since clear_error(), nullptr when all is well.
  const char* error() const noexcept { return error_.load(std::memory_order_relaxed); }
  void clear_error() noexcept { error_.store(nullptr, std::memory_order_relaxed); }

  // [ledger counts] Relaxed everywhere: pairs with itself. A count publishes nothing but itself, and whoever reads it
  // has joined or outwaited the threads whose objects it asks about.
  GAUNTLET_JUDGES_OWN void count_live(std::int64_t change) noexcept {
    live_.fetch_add(change, std::memory_order_relaxed);
  }
  GAUNTLET_JUDGES_OWN void count_copy() noexcept { copies_.fetch_add(1, std::memory_order_relaxed); }
  GAUNTLET_JUDGES_OWN void count_move() noexcept { moves_.fetch_add(1, std::memory_order_relaxed); }
  // [ledger error] Relaxed: pairs with itself, read by error(). The pointer leads to a string literal: nothing to publish.
  GAUNTLET_JUDGES_OWN void note(const char* what) noexcept {
    const char* none = nullptr;
    error_.compare_exchange_strong(none, what, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t> live_{0};        // [ledger counts]
  std::atomic<std::uint64_t> copies_{0};     // [ledger counts]
  std::atomic<std::uint64_t> moves_{0};      // [ledger counts]
  std::atomic<const char*> error_{nullptr};  // [ledger error]
};

inline constinit lifetime_ledger lifetimes;

enum class move_rule : std::uint8_t { never_throws, may_throw };
enum class copy_rule : std::uint8_t { copyable, move_only };

template <move_rule Move, copy_rule Copy>
class basic_tracked {
  static constexpr bool move_is_noexcept = Move == move_rule::never_throws;

 public:
  basic_tracked() noexcept : basic_tracked(std::uint64_t{0}) {}
  explicit basic_tracked(std::uint64_t id) noexcept { begin_life(id); }

  basic_tracked(const basic_tracked& from)
    requires(Copy == copy_rule::copyable)
  {
    faults::event(fault_kind::copy);
    lifetimes.count_copy();
    begin_life(from.read());
  }
  basic_tracked(basic_tracked&& from) noexcept(move_is_noexcept) {
    if constexpr (!move_is_noexcept) {
      faults::event(fault_kind::move);
    }
    lifetimes.count_move();
    begin_life(from.give());
  }
  basic_tracked& operator=(const basic_tracked& from)
    requires(Copy == copy_rule::copyable)
  {
    faults::event(fault_kind::copy);
    lifetimes.count_copy();
    take(from.read());
    return *this;
  }
  basic_tracked& operator=(basic_tracked&& from) noexcept(move_is_noexcept) {
    if constexpr (!move_is_noexcept) {
      faults::event(fault_kind::move);
    }
    lifetimes.count_move();
    if (this != &from) {
      take(from.give());
    }
    return *this;
  }
  ~basic_tracked() {
    if (state_ == destroyed) {
      lifetimes.note("destroyed twice");
    } else if (state_ != alive && state_ != moved_from) {
      lifetimes.note("destroyed without having been constructed");
    } else {
      check_place();
    }
    const_cast<volatile std::uint64_t&>(state_) = destroyed;
    lifetimes.count_live(-1);
  }

  // The number. Notes a use after move or destruction, and still answers.
  std::uint64_t read() const noexcept {
    if (state_ != alive) {
      lifetimes.note(state_ == moved_from  ? "used after it was moved from"
                     : state_ == destroyed ? "used after it was destroyed"
                                           : "used without having been constructed");
    } else {
      check_place();
    }
    return id_;
  }

  bool is_moved_from() const noexcept { return state_ == moved_from; }

  friend bool operator==(const basic_tracked& a, const basic_tracked& b) noexcept { return a.read() == b.read(); }

 private:
  static constexpr std::uint64_t alive = 0xa11ce0ffee5a11ceULL;
  static constexpr std::uint64_t moved_from = 0x30bed0ffee30bed0ULL;
  static constexpr std::uint64_t destroyed = 0xdeadc0deddeadc0dULL;

  void begin_life(std::uint64_t id) noexcept {
    id_ = id;
    state_ = alive;
    self_ = this;
    lifetimes.count_live(1);
  }
  // A moved-from object may be assigned to; a destroyed one may not.
  void take(std::uint64_t id) noexcept {
    if (state_ != alive && state_ != moved_from) {
      lifetimes.note("assigned to without being alive");
    } else {
      check_place();
    }
    id_ = id;
    state_ = alive;
  }
  std::uint64_t give() noexcept {
    const std::uint64_t id = read();
    state_ = moved_from;
    return id;
  }
  void check_place() const noexcept {
    if (self_ != this) {
      lifetimes.note("moved as bytes, not as an object");
    }
  }

  std::uint64_t id_;
  std::uint64_t state_;
  const basic_tracked* self_;
};

// Copyable, copies may throw, moves never do.
using tracked = basic_tracked<move_rule::never_throws, copy_rule::copyable>;

}  // namespace gauntlet::check
