// What a walk must, may and must not show while its body changes the map.
//
//   (1) an element present from the start of the walk to its end is shown exactly once;
//   (2) an element erased before it was reached is not shown;
//   (3) an element inserted during the walk is shown at most once;
//   (4) an element erased and inserted again is a new element: (3) holds for each insertion;
//   (5) what a visit shows is the element's current value.
//
// The one idea: give every insertion a number, its birth (model_map.h). An element is its birth, not its key, and the
// five promises become three questions. At a visit: is the key in the map now (2), with this value (5), and was this
// birth shown before (1, 3, 4)? At the end: was every element shown that is in the map and was born before the walk
// started (1)? Nothing has to be told to the walk when the map changes, so nested walks are just several of these.
//
// A model is used for one walk after another. What a walk has shown is marked with the walk's own number, so that
// starting the next one clears nothing, however many births there are.
#pragma once

#include <cstdint>
#include <vector>

#include <gauntlet/check/model/model_map.h>

namespace gauntlet::check {

class iteration_model {
 public:
  // A walk over a map of a world that has seen so many births.
  void start(std::uint64_t births) {
    start_ = births;
    order_.clear();
    if (++walk_ == 0) {  // the numbers begin again: no mark of the round before may be taken for one of this
      shown_in_.clear();
      walk_ = 1;
    }
  }

  // The walk shows (key, value) while the map is `now`. 0 when it may, otherwise the number of the broken promise.
  unsigned visit(const model_map& now, std::uint64_t key, std::uint64_t value) {
    const entry* const at = now.find(key);
    if (at == nullptr) {
      return 2;
    }
    if (at->value != value) {
      return 5;
    }
    if (was_shown(at->birth)) {
      return at->birth < start_ ? 1 : 3;
    }
    if (shown_in_.size() <= at->birth) {
      shown_in_.resize(at->birth + 1);
    }
    shown_in_[at->birth] = walk_;
    order_.push_back(key);
    return 0;
  }

  // The walk ended by itself while the map was `now`: an element that it had to show and did not, or nullptr.
  const entry* missed(const model_map& now) const noexcept {
    for (const entry& e : now.entries()) {
      if (e.birth < start_ && !was_shown(e.birth)) {
        return &e;
      }
    }
    return nullptr;
  }

  bool was_shown(std::uint64_t birth) const noexcept { return birth < shown_in_.size() && shown_in_[birth] == walk_; }
  // Keys in order of visit.
  const std::vector<std::uint64_t>& order() const noexcept { return order_; }

 private:
  std::uint64_t start_ = 0;
  std::uint32_t walk_ = 1;               // never 0, which marks what no walk has shown
  std::vector<std::uint32_t> shown_in_;  // by birth: the last walk that showed it
  std::vector<std::uint64_t> order_;
};

}  // namespace gauntlet::check
