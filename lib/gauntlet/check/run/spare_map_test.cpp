// A map with no more than the judge needs of a map with iterators, behind the usual adapter; and a defect of such a map.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/run/runner.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::check::spare {

// No names of types, one constructor, no erasing by iterator. Not Right: with eight elements, each insertion first drops the
// one with the smallest key.
template <class Key, class T, bool Right, class... Given>
class spare_map {
 public:
  explicit(sizeof...(Given) == 1) spare_map(const Given&...) {}
  auto insert(const std::pair<const Key, T>& e) {
    if (!Right && elements_.size() == 8) elements_.erase(elements_.begin());
    return elements_.insert(e);
  }
  std::size_t erase(const Key& key) { return elements_.erase(key); }
  auto find(const Key& key) { return elements_.find(key); }
  auto find(const Key& key) const { return elements_.find(key); }
  auto begin() { return elements_.begin(); }
  auto begin() const { return elements_.begin(); }
  auto end() { return elements_.end(); }
  auto end() const { return elements_.end(); }
  std::size_t size() const { return elements_.size(); }
  void clear() { elements_.clear(); }

 private:
  std::map<Key, T> elements_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct spare_adapter {
  using map_type = spare_map<Key, T, true>;
  static constexpr std::string_view name = "spare_map";
  static constexpr capabilities can() { return {}; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct forgetful_adapter {
  using map_type = spare_map<Key, T, false>;
  static constexpr std::string_view name = "forgetful_map";
  static constexpr capabilities can() { return {}; }
};

static std::size_t failures(const subject_factory& make) {
  random_source random(3);
  std::size_t many = 0;
  for (unsigned i = 0; i < 300; ++i) many += run(generate(random, 60, {}), make) ? 0u : 1u;
  return many;
}

// Constructors that take a beginning of what the judge has to give.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct with_capacity : spare_adapter<Key, T, Hash, KeyEqual, Allocator> {
  using map_type = spare_map<Key, T, true, std::size_t>;
};
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct with_hash : spare_adapter<Key, T, Hash, KeyEqual, Allocator> {
  using map_type = spare_map<Key, T, true, std::size_t, Hash>;
};
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct with_equal : spare_adapter<Key, T, Hash, KeyEqual, Allocator> {
  using map_type = spare_map<Key, T, true, std::size_t, Hash, KeyEqual>;
};

TEST(spare_map, is_made_by_the_constructor_that_it_has) {
  using enum element_types;
  EXPECT_EQ((failures(make_subject<with_capacity, u64_u64>())), 0u);
  EXPECT_EQ((failures(make_subject<with_hash, u64_u64>())), 0u);
  EXPECT_EQ((failures(make_subject<with_equal, u64_u64>())), 0u);
}

// Elements side by side; the last one closes the gap that an erasure leaves. Erasing returns nothing, and keeps no iterator.
// Not Right: after 40 erasures it takes the gap for the end, and what lies behind it is lost.
template <class Key, class T, bool Right>
class swapping_map {
 public:
  std::pair<typename std::vector<std::pair<Key, T>>::iterator, bool> insert(const std::pair<const Key, T>& e) {
    if (const auto at = find(e.first); at != end()) return {at, false};
    elements_.emplace_back(e.first, e.second);
    return {end() - 1, true};
  }
  void erase(const Key& key) {
    if (const auto at = find(key); at != end()) erase(at);
  }
  void erase(typename std::vector<std::pair<Key, T>>::iterator at) {
    if (!Right && ++erasures_ == 40) return elements_.resize(static_cast<std::size_t>(at - begin()));
    if (at != end() - 1) *at = std::move(elements_.back());
    elements_.pop_back();
  }
  auto find(const Key& key) { return std::ranges::find(elements_, key, &std::pair<Key, T>::first); }
  auto find(const Key& key) const { return std::ranges::find(elements_, key, &std::pair<Key, T>::first); }
  auto begin() { return elements_.begin(); }
  auto begin() const { return elements_.begin(); }
  auto end() { return elements_.end(); }
  auto end() const { return elements_.end(); }
  std::size_t size() const { return elements_.size(); }
  void clear() { elements_.clear(); }

 private:
  std::vector<std::pair<Key, T>> elements_;
  unsigned erasures_ = 0;
};

template <bool Right, bool Declared>
struct swapping {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  struct adapter {
    using map_type = swapping_map<Key, T, Right>;
    static constexpr std::string_view name = "swapping_map";
    static constexpr capabilities can() {
      return {.exception_safe = false, .erase_keeps_iterators = !Declared, .arguments_may_refer_inside = false};
    }
  };
};

TEST(a_map_whose_erasures_return_nothing, is_asked_for_no_iterator_that_does_not_last) {
  using enum element_types;
  EXPECT_EQ((failures(make_subject<swapping<true, true>::adapter, u64_u64>())), 0u);
  EXPECT_GT((failures(make_subject<swapping<true, false>::adapter, u64_u64>())), 0u) << "it did not say so";
}

TEST(a_map_without_erase_of_a_range, drains_all_the_same) {
  using enum element_types;
  EXPECT_GT((failures(make_subject<swapping<false, true>::adapter, u64_u64>())), 0u);
  random_source random(1);
  const std::uint64_t before =
      coverage().count[static_cast<std::size_t>(opcode::erase_range)][static_cast<std::size_t>(outcome::done)];
  for (unsigned i = 0; i < 50; ++i) run(generate(random, 60, {}), make_subject<spare_adapter, u64_u64>());
  EXPECT_GT(coverage().count[static_cast<std::size_t>(opcode::erase_range)][static_cast<std::size_t>(outcome::done)],
            before);
}

TEST(spare_map, is_judged_with_what_it_has) {
  using enum element_types;
  EXPECT_EQ((failures(make_subject<spare_adapter, u64_u64, string_string>())), 0u);
  EXPECT_GT((failures(make_subject<forgetful_adapter, u64_u64, string_string>())), 0u);
}

}  // namespace gauntlet::check::spare
