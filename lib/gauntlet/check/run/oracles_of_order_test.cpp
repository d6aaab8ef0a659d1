// Maps that promise the order of insertion and keep it are not accused, whatever is copied and whatever throws on the way.
#include <gauntlet/check/run/planted_for_tests.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <gauntlet/check/fuzzing/mutate.h>

namespace gauntlet::check::planted {

// A vector of pairs. Erasing closes the gap, or fills it with the last element, which loses the order.
template <class Key, class T, class Allocator, bool Right>
class row {
  using pairs = std::vector<std::pair<Key, T>>;

 public:
  using value_type = std::pair<Key, T>;
  using iterator = typename pairs::iterator;
  using const_iterator = typename pairs::const_iterator;

  row() = default;
  row(const row&) = default;
  row(row&&) noexcept = default;
  // One after the other: what throws on the way leaves the first of them.
  row& operator=(const row& other) {
    if (this == &other) return *this;
    all_.clear();
    for (const value_type& e : other.all_) all_.push_back(e);
    return *this;
  }
  row& operator=(row&&) noexcept = default;

  iterator begin() { return all_.begin(); }
  iterator end() { return all_.end(); }
  const_iterator begin() const { return all_.begin(); }
  const_iterator end() const { return all_.end(); }
  iterator find(const Key& key) { return std::find_if(begin(), end(), is(key)); }
  const_iterator find(const Key& key) const { return std::find_if(begin(), end(), is(key)); }
  std::pair<iterator, bool> insert(const value_type& e)
    requires std::copy_constructible<T>
  {
    if (const iterator at = find(e.first); at != end()) return {at, false};
    return {all_.insert(end(), e), true};
  }
  // Looks at the value by moving it out and back, and keeps it to itself when that throws.
  std::pair<iterator, bool> insert(value_type&& e) {
    if (const iterator at = find(e.first); at != end()) return {at, false};
    const iterator made = all_.insert(end(), std::move(e));
    try {
      T value(std::move(made->second));
      made->second = std::move(value);
    } catch (const injected_fault&) {
    }
    return {made, true};
  }
  std::size_t erase(const Key& key) {
    const iterator at = find(key);
    if (at == end()) return 0;
    if (Right) {
      // Not by moving up: a vector whose move throws meanwhile has one element's key with another one's value.
      pairs rest(all_.get_allocator());
      for (value_type& e : all_) {
        if (&e != &*at) rest.push_back(std::move_if_noexcept(e));
      }
      all_.swap(rest);
    } else {
      std::swap(*at, all_.back());
      all_.pop_back();
    }
    return 1;
  }
  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }
  void clear() { all_.clear(); }
  friend bool operator==(const row& a, const row& b)
    requires std::equality_comparable<T>
  {
    return a.all_ == b.all_;
  }

 private:
  static auto is(const Key& key) {
    return [wanted = id_of(key)](const value_type& e) { return id_of(e.first) == wanted; };
  }
  pairs all_;
};

template <class Key, class T, class Allocator, bool Right>
struct row_adapter {
  using map_type = row<Key, T, Allocator, Right>;
  static constexpr std::string_view name = "row";
  static map_type make(const auto&, const auto&, const Allocator&, std::size_t) { return {}; }
  static constexpr capabilities can() {
    return {.strong_guarantee = false,
            .moves_keep_elements = false,
            .iterates = iteration_order::by_insertion,
            .erase_keeps_iterators = false};
  }
};
template <class Key, class T, class Hash, class Equal, class Allocator>
struct right_row : row_adapter<Key, T, Allocator, true> {};
template <class Key, class T, class Hash, class Equal, class Allocator>
struct wrong_row : row_adapter<Key, T, Allocator, false> {};

// Equal to none.
template <class Key, class T, class Allocator>
struct unequal : row<Key, T, Allocator, true> {
  friend bool operator==(const unequal&, const unequal&) { return false; }
};
template <class Key, class T, class Hash, class Equal, class Allocator>
struct unequal_row : row_adapter<Key, T, Allocator, true> {
  using map_type = unequal<Key, T, Allocator>;
  static map_type make(const auto&, const auto&, const Allocator&, std::size_t) { return {}; }
};

TEST(oracles, the_order_of_insertion_is_that_of_what_was_copied) {
  const char* const copied = "insert_copy 1 hot 7 value 1\ninsert_copy 1 hot 2 value 1\ncopy_construct 0 1\n";
  EXPECT_VERDICT(judged<right_row>(copied), none, "");
}

TEST(oracles, an_erasure_that_puts_the_last_element_into_the_gap_loses_the_order_of_insertion) {
  const char* const erased = "insert_copy 0 hot 0 value 1 count 3\nerase_key 0 hot 0\n";
  EXPECT_VERDICT(judged<right_row>(erased), none, "");
  EXPECT_VERDICT(judged<wrong_row>(erased), wrong_contents, "order");
}

TEST(oracles, maps_that_keep_the_order_of_insertion_may_be_equal_or_not_where_only_that_differs) {
  const std::string one = "insert_copy 0 hot 0 value 1\ninsert_copy 0 hot 1 value 1\n";
  EXPECT_VERDICT(judged<right_row>(one + "insert_copy 1 hot 1 value 1\ninsert_copy 1 hot 0 value 1\nequal 0 1\n"), none,
                 "");
  EXPECT_VERDICT(judged<unequal_row>(one + "copy_construct 1 0\nequal 0 1\n"), wrong_result, "equal");
  EXPECT_VERDICT(judged<right_row>(one + "copy_construct 1 0\nequal 0 1\n"), none, "");
}

// What was copied before the throw was there before, too, in another order.
TEST(oracles, an_assignment_that_throws_may_leave_the_order_of_what_it_copied) {
  const char* const thrown =
      "types tracked_tracked\ninsert_copy 0 hot 2 value 1\ninsert_copy 0 hot 7 value 1\n"
      "insert_copy 1 hot 7 value 1\ninsert_copy 1 hot 2 value 1\ninsert_copy 1 hot 3 value 1\n"
      "fault copy value 4\ncopy_assign 0 1\ninsert_copy 0 hot 9 value 1\n";
  EXPECT_VERDICT((judged<right_row, element_types::tracked_tracked>(thrown)), none, "");
}

// The element that such an operation made and the next one are two.
TEST(oracles, elements_are_told_apart_after_an_operation_that_went_on_past_a_failing_move) {
  for (int moves = 0; moves < 2; ++moves) {  // before the one that throws: into the vector, or out of it for a look
    const std::string inserted = "types tracked_throwing_move_only\nfault move value " + std::to_string(moves) +
                                 "\ninsert_move 0 hot 0 value 1\ninsert_move 0 hot 1 value 1\niterate 0\nend\n";
    EXPECT_VERDICT((judged<right_row, element_types::tracked_throwing_move_only>(inserted)), none, "");
  }
}

TEST(oracles, no_map_that_keeps_the_order_of_insertion_is_accused) {
  const subject_factory make = make_subject<right_row, element_types::u64_u64, element_types::throwing_throwing,
                                            element_types::tracked_tracked>();
  random_source random(5);
  for (unsigned i = 0; i < 2000; ++i) {
    const program p = generate(random, 60, {});
    const verdict v = run(p, make);
    ASSERT_EQ(to_string(v.kind), to_string(failure_kind::none)) << v.message << "\n" << print(p);
  }
}

}  // namespace gauntlet::check::planted
