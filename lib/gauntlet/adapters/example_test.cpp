// A stranger's maps before the judge, as README.md shows it: one with the standard's interface, one with its own words.
// Each is judged twice, right and with a mistake, so that the example is known to work.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gauntlet/adapters/standard.h>
#include <gauntlet/adapters/std_unordered_map.h>
#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/run/minimal_subject_of.h>
#include <gauntlet/check/run/runner.h>
#include <gauntlet/check/run/subject_of.h>

namespace my {

template <class Key, class T, class Hash, class KeyEqual, class Allocator, bool Right>
struct map : std::unordered_map<Key, T, Hash, KeyEqual, Allocator> {
  using base = std::unordered_map<Key, T, Hash, KeyEqual, Allocator>;
  using base::base;
  using base::operator=;
  // The mistake: every second key is counted twice.
  std::size_t count(const Key& key) const { return base::count(key) * (Right || Hash()(key) % 2 == 0 ? 1 : 2); }
};

template <bool Right>
class little_map {
 public:
  bool put(std::uint64_t key, std::uint64_t value) {
    if (get(key)) return false;
    elements_.emplace_back(key, value);
    return true;
  }
  std::optional<std::uint64_t> get(std::uint64_t key) const {
    for (const auto& [k, v] : elements_) {
      if (k == key) return v;
    }
    return std::nullopt;
  }
  bool remove(std::uint64_t key) {
    // The mistake: the last element is never removed.
    const auto last = elements_.end() - (Right || elements_.empty() ? 0 : 1);
    const auto at = std::find_if(elements_.begin(), last, [key](const auto& e) { return e.first == key; });
    if (at == last) return false;
    elements_.erase(at);
    return true;
  }
  std::size_t count() const { return elements_.size(); }
  void visit(auto show) const {
    for (const auto& [k, v] : elements_) show(k, v);
  }

 private:
  std::vector<std::pair<std::uint64_t, std::uint64_t>> elements_;
};

}  // namespace my

namespace {

// What is known of the map that they are made of holds for them.
template <class Key, class T, class Hash, class KeyEqual, class Allocator, bool Right>
struct my_adapter : gauntlet::adapters::standard_map<my::map<Key, T, Hash, KeyEqual, Allocator, Right>> {
  using made_of = gauntlet::adapters::std_unordered_map<Key, T, Hash, KeyEqual, Allocator>;
  static constexpr gauntlet::check::capabilities can() { return made_of::can(); }
  static constexpr bool leaves_out(const gauntlet::check::circumstances& now) { return made_of::leaves_out(now); }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct right_adapter : my_adapter<Key, T, Hash, KeyEqual, Allocator, true> {
  static constexpr std::string_view name = "my_map";
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct wrong_adapter : my_adapter<Key, T, Hash, KeyEqual, Allocator, false> {
  static constexpr std::string_view name = "my_wrong_map";
};

// A mistake that is known is not asked for.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct known_adapter : wrong_adapter<Key, T, Hash, KeyEqual, Allocator> {
  static constexpr bool leaves_out(const gauntlet::check::circumstances& now) {
    return now.code == gauntlet::check::opcode::count ||
           wrong_adapter<Key, T, Hash, KeyEqual, Allocator>::leaves_out(now);
  }
};

// Iterators that show constant elements, whose key is not constant, and no allocator but the map's own; a range that is
// erased up to the end leaves, where it is wrong, its last element.
template <class Key, class T, class Hash, class KeyEqual, bool Right>
class foreign_map {
  using base = std::unordered_map<Key, T, Hash, KeyEqual>;

 public:
  using value_type = std::pair<Key, T>;
  class iterator {
   public:
    iterator() = default;
    iterator(typename base::iterator at) : at_(at) {}
    const std::pair<const Key, T>& operator*() const { return *at_; }
    const std::pair<const Key, T>* operator->() const { return &*at_; }
    T& value() const { return at_->second; }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(const iterator& a, const iterator& b) { return a.at_ == b.at_; }
    using difference_type = std::ptrdiff_t;
    using value_type = std::pair<const Key, T>;
    using reference = const value_type&;
    using pointer = const value_type*;
    using iterator_category = std::forward_iterator_tag;

   private:
    friend foreign_map;
    typename base::iterator at_;
  };

  foreign_map(std::size_t capacity, const Hash& hash, const KeyEqual& equal) : base_(capacity, hash, equal) {}
  iterator begin() const { return base_.begin(); }
  iterator end() const { return base_.end(); }
  iterator find(const Key& key) const { return base_.find(key); }
  std::size_t size() const { return base_.size(); }
  bool empty() const { return base_.empty(); }
  std::size_t max_size() const { return base_.max_size(); }
  void clear() { base_.clear(); }
  std::pair<iterator, bool> insert(const value_type& e) { return base_.emplace(e.first, e.second); }
  std::size_t erase(const Key& key) { return base_.erase(key); }
  iterator erase(iterator at) { return base_.erase(at.at_); }
  iterator erase(iterator first, iterator last) {
    if (!Right && last == end() && first != last && first != begin()) ++first;
    return base_.erase(first.at_, last.at_);
  }

 private:
  mutable base base_;
};

template <class Key, class T, class Hash, class KeyEqual, bool Right>
struct foreign_adapter {
  using map_type = foreign_map<Key, T, Hash, KeyEqual, Right>;
  static constexpr std::string_view name = "foreign_map";
  static constexpr gauntlet::check::capabilities can() { return {.throwing_hash_is_safe = false}; }
  template <class Allocator>
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t capacity) {
    return map_type(capacity, hash, equal);
  }
};
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct right_foreign_adapter : foreign_adapter<Key, T, Hash, KeyEqual, true> {};
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct wrong_foreign_adapter : foreign_adapter<Key, T, Hash, KeyEqual, false> {};

template <bool Right>
struct little_adapter {
  using map_type = my::little_map<Right>;
  static constexpr std::string_view name = "little_map";
  static bool insert(map_type& m, std::uint64_t k, std::uint64_t v) { return m.put(k, v); }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t k) { return m.get(k); }
  static bool erase(map_type& m, std::uint64_t k) { return m.remove(k); }
  static std::size_t size(const map_type& m) { return m.count(); }
  static void for_each(const map_type& m, auto show) { m.visit(show); }
};

bool holds(const gauntlet::check::subject_factory& subject) {
  gauntlet::check::random_source random(1);
  for (int i = 0; i < 2000; ++i) {
    if (!run(gauntlet::check::generate(random, 40, {}), subject)) return false;
  }
  return true;
}

using enum gauntlet::check::element_types;

TEST(an_adapter_of_a_few_lines, lets_a_standard_like_map_be_judged) {
  EXPECT_TRUE(holds(gauntlet::check::make_subject<right_adapter, u64_u64>()));
  EXPECT_FALSE(holds(gauntlet::check::make_subject<wrong_adapter, u64_u64>()));
}

TEST(an_adapter_of_a_few_lines, can_leave_out_what_is_known_to_go_wrong) {
  EXPECT_TRUE(holds(gauntlet::check::make_subject<known_adapter, u64_u64>()));
}

TEST(an_adapter_of_a_few_lines, lets_a_map_be_judged_that_is_only_nearly_like_the_standards) {
  EXPECT_TRUE(holds(gauntlet::check::make_subject<right_foreign_adapter, u64_u64, string_string>()));
  EXPECT_FALSE(holds(gauntlet::check::make_subject<wrong_foreign_adapter, u64_u64, string_string>()));
}

TEST(an_adapter_of_a_few_lines, lets_a_map_with_words_of_its_own_be_judged) {
  EXPECT_TRUE(holds(gauntlet::check::make_minimal_subject<little_adapter<true>>()));
  EXPECT_FALSE(holds(gauntlet::check::make_minimal_subject<little_adapter<false>>()));
}

}  // namespace
