// The two sequential specifications that search.h is used with: one key (state: its cell), and whole maps (state: the
// cells of all keys).
#pragma once

#include <cstdint>
#include <vector>

#include <gauntlet/check/linear/cell.h>
#include <gauntlet/check/linear/parts.h>

namespace gauntlet::check {

struct key_world {
  using state = cell;
  const step* steps = nullptr;

  static std::uint64_t hash(const cell& c) noexcept { return hash_of(c); }
  bool take(std::uint32_t s, cell& c) const noexcept { return check::take(steps[s], c); }
  bool changes_nothing(std::uint32_t s) const noexcept { return check::changes_nothing(steps[s]); }
};

// Operations on one key are one step, as in the world of that key. A weak operation is one step for each key. A
// linearizable operation on the whole map is one step that takes all keys at once and also judges what only the whole
// map tells: how many elements, how many erased, equal or not. size() and empty() are two calls, hence two steps.
class map_world {
 public:
  using state = std::vector<cell>;

  explicit map_world(const history_parts& parts);

  const std::vector<mark>& marks() const noexcept { return marks_; }
  std::size_t step_count() const noexcept { return steps_.size(); }
  std::size_t event_of(std::uint32_t s) const noexcept { return steps_[s].event; }

  static std::uint64_t hash(const state& cells) noexcept;
  bool take(std::uint32_t s, state& cells) const;
  bool changes_nothing(std::uint32_t s) const;
  // The position of its key.
  std::size_t touches(std::uint32_t s) const noexcept {
    return steps_[s].asks == question::one_key ? steps_[s].key : all_parts;
  }
  static constexpr std::size_t all_parts = static_cast<std::size_t>(-1);

 private:
  enum class question : std::uint8_t { one_key, all_keys, how_many, whether_empty };
  struct map_step {
    std::size_t event = 0;
    question asks = question::one_key;
    std::size_t key = 0;   // one_key: position of the key
    std::vector<step> on;  // one_key: one; all_keys: one for each key
  };
  void add(mark m, std::vector<std::vector<std::uint32_t>>& steps_of);

  const history_parts& parts_;
  std::vector<map_step> steps_;
  std::vector<mark> marks_;
};

}  // namespace gauntlet::check
