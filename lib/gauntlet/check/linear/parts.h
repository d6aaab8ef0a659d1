// A history taken apart for the checker: its keys, its marks in the order of time, and what each event asks of each
// key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <gauntlet/check/history/history.h>
#include <gauntlet/check/linear/cell.h>
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

class history_parts {
 public:
  history_parts(const history& h, const contract_table& contracts);

  const history& whole() const noexcept { return history_; }
  const std::vector<std::uint64_t>& keys() const noexcept { return keys_; }  // ascending
  const std::vector<cell>& initial() const noexcept { return initial_; }     // by position of the key
  judged_as as(std::size_t event) const noexcept { return as_[event]; }
  bool overlaps(std::size_t event) const noexcept { return overlaps_[event]; }
  std::size_t overlapping() const noexcept;

  // Marks of events in the order of time; `step` is the index of an event.
  const std::vector<mark>& marks() const noexcept { return marks_; }
  // The marks of the events that concern one key.
  const std::vector<mark>& marks_of(std::size_t key) const noexcept { return marks_of_key_[key]; }

  // What the event asks of the key; false when its answer says nothing about the key and it changes nothing there.
  bool project(std::size_t event, std::size_t key, step& s) const;

 private:
  std::size_t position_of(std::uint64_t key) const noexcept;
  void find_keys();
  void find_overlaps();
  judged_as judge_as(std::size_t event, contract promised) const;

  const history& history_;
  std::vector<std::uint64_t> keys_;
  std::vector<cell> initial_;
  std::vector<judged_as> as_;
  std::vector<bool> overlaps_;
  std::vector<mark> marks_;
  std::vector<std::vector<mark>> marks_of_key_;
  std::vector<std::vector<element>> shown_;  // by event, in ascending order of keys
};

}  // namespace gauntlet::check
