// deadline_writer: writes to a concurrent map that end at a deadline, or when a stop is requested, whatever other
// threads hold up.
//
// Words. A write *commits* at the moment at which it has the map's permission to change the key, its last question
// whether to go on having been answered with yes: the lock of the key's shard, or of the map, is held, and in rcu_map
// there is also room for one more retired entry; in routed_map also, for a key that moves, the lock of its part of the
// ring. To *abandon* a write is to leave before that, without a trace.
//
// The idea: what makes a write wait is a lock that somebody else holds, so the only thing that needs a deadline is
// getting the lock. A map offers `insert_or_assign_unless(give_up, key, value)` and `erase_unless(give_up, key)`: they
// try to get their lock, and as often as they fail they ask `give_up()`; yes means to return with nothing done. This
// class knows about clocks, stop tokens and how to pass the time between two questions; the maps do not.
//
// The hard case is the write that happens after its caller was told that it did not. It comes from handing the write to
// somebody else (a worker behind a channel) and waiting for the answer: the deadline ends the waiting, not the write.
// So here the caller's own thread does the writing, and there is one decision, taken by it, before the commit point.
// After that the write takes as long as it takes: a deadline that passes meanwhile changes nothing, and the answer is
// `done`.
//
// Promises:
//  (1) `done`: the write has happened, between call and return, as the map's own insert_or_assign or erase would have;
//  (2) `timed_out`, `cancelled`: it has not happened and never will. No reference to key or value is left anywhere;
//  (3) a lock that is free is taken whatever the clock says: a write that need not wait looks at no clock, and happens
//      even if the deadline has passed. A stop that was requested before the call is obeyed always: `cancelled`;
//  (4) who waits asks at least once every `pause_max`, and so returns within that of the deadline or the stop, if its
//      thread is given a processor. It does not hold a lock while it waits, and holds up nobody;
//  (5) where both have come to pass, `cancelled` goes before `timed_out`;
//  (6) an operation that throws (copying, allocation, hash) has not happened.
//
// Not promised: fairness. Who waits with a deadline queues nowhere: others may overtake it any number of times.
//
//   operation                       effect         blocks           progress            memory returns
//   store_until store_for           as the map's   as the map's     bounded wait        as the map's
//   erase_until erase_for           as the map's   as the map's     bounded wait        as the map's
//
// "Bounded": by the deadline and the length of the map's own critical sections; a thread that is preempted while it
// holds a lock makes others time out, not wait.
//
// A writer refers to its map, which must live longer; it has no state of its own, and any number of threads may use
// one.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include <gauntlet/map/detail/point_operations.h>

namespace gauntlet {

// What became of a write with a deadline.
enum class timed_outcome : unsigned char { done, timed_out, cancelled };

constexpr const char* to_string(timed_outcome word) noexcept {
  switch (word) {
    case timed_outcome::done:
      return "done";
    case timed_outcome::timed_out:
      return "timed_out";
    case timed_outcome::cancelled:
      return "cancelled";
  }
  return "unknown";
}

struct timed_result {
  timed_outcome outcome = timed_outcome::done;
  bool changed_size = false;  // done: a store inserted and did not replace; an erase found something to erase
  explicit operator bool() const noexcept { return outcome == timed_outcome::done; }
};

// A map whose writes can be abandoned while they wait: `give_up` is asked when the lock is not to be had, and yes means
// that nothing happens and nothing is returned.
template <class Map>
concept abandonable_map =
    requires(Map& map, typename Map::key_type key, typename Map::mapped_type value, std::function<bool()> give_up) {
      { map.insert_or_assign_unless(give_up, std::move(key), std::move(value)) } -> std::same_as<std::optional<bool>>;
      { map.erase_unless(give_up, std::as_const(key)) } -> std::same_as<std::optional<bool>>;
    };

// How a thread passes the time until it asks again: it gives its processor away a few times, then it sleeps, longer
// each time, never past the deadline. Tests bring a policy with a clock of their own, whose sleep moves it.
struct deadline_writer_policy {
  using clock = std::chrono::steady_clock;
  static constexpr unsigned yields = 16;  // before the first sleep
  static constexpr std::chrono::microseconds pause_min{50};
  static constexpr std::chrono::microseconds pause_max{1000};
  static void yield() { std::this_thread::yield(); }
  static void sleep(clock::duration length) { std::this_thread::sleep_for(length); }
};

template <class Map, class Policy = deadline_writer_policy>
class deadline_writer {
  static_assert(abandonable_map<Map>,
                "deadline_writer: a write to this map can't be abandoned while it waits: the map offers no "
                "insert_or_assign_unless and erase_unless");

 public:
  using map_type = Map;
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;
  using clock = typename Policy::clock;
  using time_point = typename clock::time_point;
  using duration = typename clock::duration;

  explicit deadline_writer(Map& map) noexcept : map_(&map) {}

  // Inserts the element or replaces the value, unless it has to wait past the deadline or a stop is requested.
  timed_result store_until(key_type key, mapped_type value, time_point deadline, std::stop_token stop = {}) {
    return write(
        [&](auto& give_up) { return map_->insert_or_assign_unless(give_up, std::move(key), std::move(value)); },
        [deadline] { return deadline; }, stop);
  }
  // The same with a deadline so far from the first time it has to wait.
  timed_result store_for(key_type key, mapped_type value, duration patience, std::stop_token stop = {}) {
    return write(
        [&](auto& give_up) { return map_->insert_or_assign_unless(give_up, std::move(key), std::move(value)); },
        [patience] { return after(patience); }, stop);
  }
  // Erases the element if there is one, unless it has to wait past the deadline or a stop is requested.
  timed_result erase_until(const key_type& key, time_point deadline, std::stop_token stop = {}) {
    return write([&](auto& give_up) { return map_->erase_unless(give_up, key); }, [deadline] { return deadline; },
                 stop);
  }
  timed_result erase_for(const key_type& key, duration patience, std::stop_token stop = {}) {
    return write([&](auto& give_up) { return map_->erase_unless(give_up, key); },
                 [patience] { return after(patience); }, stop);
  }

 private:
  // Answers the map's question, and remembers why with yes.
  template <class Deadline>
  class patience_until {
   public:
    patience_until(Deadline deadline, const std::stop_token& stop) : deadline_of_(deadline), stop_(stop) {}
    bool operator()() {
      if (stop_.stop_requested()) return give_up(timed_outcome::cancelled);
      if (!deadline_) deadline_ = deadline_of_();
      const time_point now = clock::now();
      if (now >= *deadline_) return give_up(timed_outcome::timed_out);
      pass_time(*deadline_ - now);
      return false;
    }
    timed_outcome reason() const noexcept { return reason_; }

   private:
    bool give_up(timed_outcome why) noexcept {
      reason_ = why;
      return true;
    }
    void pass_time(duration left) {
      if (yields_ < Policy::yields) {
        ++yields_;
        Policy::yield();
        return;
      }
      Policy::sleep(std::min<duration>(left, pause_));
      pause_ = std::min<duration>(pause_ * 2, Policy::pause_max);
    }

    Deadline deadline_of_;
    const std::stop_token& stop_;
    std::optional<time_point> deadline_;  // known from the first question on
    unsigned yields_ = 0;
    duration pause_ = Policy::pause_min;
    timed_outcome reason_ = timed_outcome::done;
  };

  // No deadline can be later than the clock's last moment.
  static time_point after(duration patience) {
    const time_point now = clock::now();
    return patience > time_point::max() - now ? time_point::max() : now + patience;
  }

  template <class Write, class Deadline>
  static timed_result write(Write write, Deadline deadline, const std::stop_token& stop) {
    if (stop.stop_requested()) return {timed_outcome::cancelled};
    patience_until<Deadline> give_up(deadline, stop);
    const std::optional<bool> changed = write(give_up);
    if (!changed) return {give_up.reason()};
    return {timed_outcome::done, *changed};
  }

  Map* map_;
};

}  // namespace gauntlet
