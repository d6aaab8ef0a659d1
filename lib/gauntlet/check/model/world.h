// The model of everything a program can see: four maps and the held node, and what each operation does to them.
//
// step() is the definition of every opcode: a function of the state and the request and of nothing else, which changes
// the state in place and gives what a right map would give (the fields are listed in run/result.h). Where the standard
// leaves a choice, `model_rules` says which one the map under test promises.
//
// walk, iterate and erase_range are not steps: what they show is the map's choice, and is judged rather than predicted
// (iteration_model.h, erase_listed).
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <gauntlet/check/model/model_map.h>
#include <gauntlet/check/run/request.h>
#include <gauntlet/check/run/result.h>

namespace gauntlet::check {

struct model_rules {
  bool self_move_keeps = false;        // m = std::move(m) leaves m as it is; otherwise the subject empties it
  bool keeps_insertion_order = false;  // copies and merges insert in the order of births, otherwise in any
};

struct world {
  model_map maps[map_count];
  std::optional<element> node;
  std::uint64_t births = 0;  // insertions so far

  std::size_t live() const noexcept {
    std::size_t sum = 0;
    for (const model_map& m : maps) {
      sum += m.size();
    }
    return sum;
  }
  void reset() noexcept {
    for (model_map& m : maps) {
      m.clear();
    }
    node.reset();
    births = 0;
  }
};

// Does one request with r.count single operations. Complexity: O(count · size).
result step(world& w, const request& r, const model_rules& rules);

// erase_range: erases what the map says it erased. nullptr when that was possible, otherwise what was not.
const char* erase_listed(world& w, const request& r, const std::vector<element>& erased, result& expected);

}  // namespace gauntlet::check
