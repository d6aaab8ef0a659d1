// A history taken apart for the checker: its keys, its marks in the order of time, and what each event asks of each
// key.
//
// The idea: the events, which are wide, are read once. That pass writes a narrow step for each event, numbers the keys
// in a small hash table, tests whether the history is well formed, and puts the marks in order: stamps come from a
// counter, so a stamp is nearly its mark's place. A second pass, over the marks, gives each key a stretch of steps and a
// stretch of marks of its own (a counting sort), so that a search reads memory from front to back. All memory is kept
// for the next history.
//
// Words. A step's *place* is where it stands among the steps of all keys; marks of keys name places. Events on the whole
// map have the first places, which every key shares: what stands there is made anew for each key. An event is *plain* when it concerns one key and is judged without a look at its neighbours. The others are
// few: operations on the whole map, and what promises nothing beside others.
//
// The hard case: the quick test for well-formedness may doubt a history that is well formed (a lane's events in another
// order than they happened), never the other way round. A doubt is decided by ill_formed, slowly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gauntlet/check/history/history.h>
#include <gauntlet/check/linear/cell.h>
#include <gauntlet/check/linear/large_memory.h>
#include <gauntlet/check/linear/search.h>

namespace gauntlet::check {

// How one event is to be judged, after its contract and its surroundings have been looked at.
enum class judged_as : std::uint8_t {
  one_key,      // a step on its key
  each_key,     // weak: a step on every key, each at a moment of its own
  whole_map,    // linearizable: a step on every key, all at one moment
  not_at_all,   // a read that promises nothing here, or whose answer never came
  unjudgeable,  // it changes the map in a way that its contract does not tell
};

// Numbers keys 0, 1, 2, ... in the order in which they are first seen.
class key_numbers {
 public:
  void clear();
  std::uint32_t number_of(std::uint64_t key);  // amortised O(1)
  const std::vector<std::uint64_t>& keys() const noexcept { return keys_; }

 private:
  struct slot {
    std::uint64_t key;
    std::uint32_t number_plus_one;  // 0: empty
  };
  static constexpr unsigned first_bits = 5;
  std::size_t place_of(std::uint64_t key) const noexcept;
  void grow();

  std::vector<std::uint64_t> keys_;
  std::vector<slot> slots_;  // at least the first 2^bits_ of them are in use
  unsigned bits_ = first_bits;
};

class history_parts {
 public:
  // Takes `h` apart, which must live as long as it is asked about. Empty when `h` is well formed, otherwise what is
  // wrong with it, and nothing else may be asked. O(events + keys log keys + keys x events on whole maps) where stamps
  // leave few gaps; O(events log events) otherwise.
  std::string take_apart(const history& h, const contract_table& contracts);

  const history& whole() const noexcept { return *history_; }
  const std::vector<std::uint64_t>& keys() const noexcept { return keys_; }  // ascending
  const std::vector<cell>& initial() const noexcept { return initial_; }     // by position of the key
  judged_as as(std::size_t event) const noexcept { return as_[event]; }

  // Events that are not plain, ascending.
  const std::vector<std::uint32_t>& others() const noexcept { return others_; }
  // Does the event overlap another one? Known where some event is not plain.
  bool overlaps(std::size_t event) const noexcept { return overlaps_[event] != 0; }
  std::size_t overlapping() const noexcept;
  // The first event that shows a key twice, if that is judged; else the number of events.
  std::size_t shows_a_key_twice() const noexcept;

  // Marks in the order of time; the step of a mark is its event's index.
  std::span<const mark> marks() const noexcept { return marks_; }
  // The marks of the events that concern one key; they name places.
  std::span<const mark> marks_of(std::size_t key) const noexcept {
    const stretch& s = stretches_[numbers_[key]];
    return {marks_by_key_.data() + s.marks_begin, marks_by_key_.data() + s.marks_end};
  }
  std::size_t event_at(std::uint32_t place);  // the first question is O(events)
  // The steps by place, made ready for this key; with `instead`, that step stands where the event, which is one on the
  // whole map, asks something of the key.
  std::span<const step> steps_for(std::size_t key, const step* instead = nullptr, std::size_t of_event = 0);

  // What the event asks of the key; false when its answer says nothing about the key and it changes nothing there.
  bool project(std::size_t event, std::size_t key, step& s) const;

 private:
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
  static constexpr std::uint32_t everywhere = nowhere - 1;
  struct home {
    std::uint32_t number = nowhere;  // of the key, nowhere, or everywhere
    std::uint32_t place = 0;
  };
  struct stretch {  // of one key
    std::uint32_t mark_count = 0, step_count = 0;
    std::uint32_t marks_begin = 0, marks_end = 0, steps_end = 0;
  };
  struct showing {
    std::uint32_t event;
    std::size_t begin, end;  // in shown_
  };

  void read_initial();
  void read_events(const contract_table& contracts);
  bool answer_is_complete(const event& e) const noexcept;
  void count(std::uint32_t number, const event& e);
  void put_mark(stamp when, mark m) noexcept;
  void order_marks();
  void judge_others(const contract_table& contracts);
  void find_overlaps();
  judged_as judge_as(std::size_t event, contract promised) const;
  void sort_keys();
  void sort_by_key();
  std::span<const element> shown_by(std::size_t event) const noexcept;

  const history* history_ = nullptr;
  bool doubtful_ = false;  // not well formed, or not seen to be
  bool orderly_ = true;    // stamps are below moments_max_

  key_numbers numbering_;
  std::vector<std::uint64_t> keys_;
  std::vector<cell> initial_;
  std::vector<std::uint32_t> numbers_;  // by position: the key's number
  std::vector<cell> initial_by_number_;

  // By event.
  large_vector<step> steps_;
  large_vector<judged_as> as_;
  large_vector<home> homes_;
  std::vector<std::uint8_t> overlaps_;

  std::vector<std::uint32_t> others_;
  std::vector<std::uint32_t> spread_;  // events on every key
  std::vector<showing> showing_;
  std::vector<element> shown_;           // of each event in `showing_`: ascending
  std::vector<stamp> busy_until_;        // by lane
  large_vector<std::uint32_t> moments_;  // by stamp: a mark's bits plus one, or 0; all 0 between two histories
  std::size_t moments_max_ = 0, moments_used_ = 0;
  std::vector<std::pair<stamp, mark>> timed_;
  large_vector<mark> marks_;

  std::vector<stretch> stretches_;  // by number of the key
  large_vector<mark> marks_by_key_;
  large_vector<step> steps_by_key_;    // by place
  std::vector<std::uint32_t> events_;  // by place, once somebody has asked
};

// ----------------------------------------------------------------------------------------------------- the bodies

// Multiplicative hashing; the high half is folded in first, since scrambled keys may differ there alone.
inline std::size_t key_numbers::place_of(std::uint64_t key) const noexcept {
  const std::size_t last = (std::size_t{1} << bits_) - 1;
  std::size_t i = ((key ^ key >> 32) * 0x9E3779B97F4A7C15ull) >> (64 - bits_);
  while (slots_[i].number_plus_one != 0 && slots_[i].key != key) i = (i + 1) & last;
  return i;
}

inline std::uint32_t key_numbers::number_of(std::uint64_t key) {
  slot& s = slots_[place_of(key)];
  if (s.number_plus_one != 0) return s.number_plus_one - 1;
  keys_.push_back(key);
  const auto number_plus_one = static_cast<std::uint32_t>(keys_.size());
  s = {key, number_plus_one};
  if (keys_.size() * 2 > std::size_t{1} << bits_) grow();
  return number_plus_one - 1;
}

}  // namespace gauntlet::check
