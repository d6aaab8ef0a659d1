// A map with no more than the judge needs of a map with iterators, behind the usual adapter; and a defect of such a map.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/run/planted_for_tests.h>
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

// Its erase(key) reads the key again when the element is gone: told of a key inside the map, it answers wrongly.
template <class Key, class T>
struct self_erasing_map : spare_map<Key, T, true> {
  using spare_map<Key, T, true>::spare_map;
  std::size_t erase(const Key& key) {
    const auto at = this->find(key);
    if (at == this->end()) return 0;
    const bool inside = &at->first == &key;
    const std::size_t gone = spare_map<Key, T, true>::erase(Key(key));
    return inside ? 0 : gone;
  }
};
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct self_erasing_adapter {
  using map_type = self_erasing_map<Key, T>;
  static constexpr std::string_view name = "self_erasing_map";
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
      return {.exception_safe = false,
              .erase_keeps_iterators = !Declared,
              .erase_gives_an_unseen = true,  // of an erasure that gives nothing this says nothing
              .arguments_may_refer_inside = false};
    }
  };
};

TEST(a_map_whose_erasures_return_nothing, is_asked_for_no_iterator_that_does_not_last) {
  using enum element_types;
  EXPECT_EQ((failures(make_subject<swapping<true, true>::adapter, u64_u64>())), 0u);
  const program p = program_of(R"(
insert_copy 0 hot 0 value 0 count 5
iterate 0
  erase_key 0 current
  nothing
  nothing
  nothing
  nothing
end
)");
  EXPECT_TRUE(run(p, make_subject<swapping<true, true>::adapter, u64_u64>()));
  const verdict v = run(p, make_subject<swapping<true, false>::adapter, u64_u64>());
  EXPECT_EQ(v.kind, failure_kind::broken_promise) << "it did not say so, and the last element filled the gap";
}

// The same, but that erase(iterator) gives back the place, which may hold an element now that was behind the others. Not
// Right: the place behind it, which leaves that element out of an iteration.
template <class Key, class T, bool Right>
struct giving_map : swapping_map<Key, T, true> {
  using swapping_map<Key, T, true>::erase;
  using place = typename std::vector<std::pair<Key, T>>::iterator;
  place erase(place at) {
    const auto index = at - this->begin();
    swapping_map<Key, T, true>::erase(at);
    return this->begin() + index + (!Right && this->end() - this->begin() > index);
  }
};

template <bool Declared, bool GivesAnUnseen = false, bool Right = true>
struct giving {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  struct adapter {
    using map_type = giving_map<Key, T, Right>;
    static constexpr std::string_view name = "giving_map";
    static constexpr capabilities can() {
      return {.exception_safe = false,
              .erase_keeps_iterators = !Declared,
              .erase_gives_the_next = false,
              .erase_gives_an_unseen = GivesAnUnseen,
              .arguments_may_refer_inside = false};
    }
  };
};

TEST(a_map_whose_last_element_fills_the_gap, is_iterated_with_erasures_if_it_says_that_all_are_shown) {
  using enum element_types;
  const auto erases = [](const subject_factory& make) {
    return run(program_of("insert_copy 0 hot 0 value 0 count 5\niterate 0\n  erase_key 0 current\nend\n"), make);
  };
  EXPECT_TRUE(erases(make_subject<giving<true, true>::adapter, u64_u64>()));
  EXPECT_TRUE(erases(make_subject<giving<true, false, false>::adapter, u64_u64>())) << "it erases nothing";
  const verdict v = erases(make_subject<giving<true, true, false>::adapter, u64_u64>());
  EXPECT_EQ(v.kind, failure_kind::broken_promise) << v.message;
  EXPECT_EQ(v.place, "promise 1") << v.message;
  EXPECT_EQ((failures(make_subject<giving<true, true>::adapter, u64_u64>())), 0u);
  EXPECT_GT((failures(make_subject<giving<true, true, false>::adapter, u64_u64>())), 0u);
}

TEST(an_iteration, goes_on_while_others_are_erased_by_their_iterators_if_the_map_says_so) {
  using enum element_types;
  const program p = program_of(R"(
insert_copy 0 hot 0 value 0 count 5
iterate 0
  erase_iterator 0 hot 0
end
)");
  EXPECT_TRUE(run(p, make_subject<giving<true>::adapter, u64_u64>()));
  const verdict v = run(p, make_subject<giving<false>::adapter, u64_u64>());
  EXPECT_EQ(v.kind, failure_kind::broken_promise) << "the last element has moved to where the first one was";
}

// What public maps have: an erase(iterator) that gives something which becomes an iterator, a try_emplace that takes
// anything, no assignment from a list but by way of a map with another hash.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class odd_map {
  using base = std::unordered_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using key_type = Key;
  using allocator_type = Allocator;
  using iterator = typename base::iterator;
  struct place {
    iterator at;
    operator iterator() const { return at; }
  };
  odd_map(std::size_t capacity, const Hash& hash, const KeyEqual& equal, const Allocator& allocator)
      : base_(capacity, hash, equal, allocator) {}
  odd_map(std::initializer_list<std::pair<const Key, T>> list) : base_(list) {}
  allocator_type get_allocator() const { return base_.get_allocator(); }
  auto insert(const std::pair<const Key, T>& e) { return base_.insert(e); }
  void insert(std::initializer_list<std::pair<const Key, T>> list) { base_.insert(list); }
  template <class K, class... Arguments>
  auto try_emplace(K&& key, Arguments&&... arguments) {
    return base_.try_emplace(std::forward<K>(key), std::forward<Arguments>(arguments)...);
  }
  std::size_t erase(const Key& key) { return base_.erase(key); }
  place erase(iterator at) { return {base_.erase(at)}; }
  auto find(const Key& key) { return base_.find(key); }
  auto find(const Key& key) const { return base_.find(key); }
  auto begin() { return base_.begin(); }
  auto begin() const { return base_.begin(); }
  auto end() { return base_.end(); }
  auto end() const { return base_.end(); }
  std::size_t size() const { return base_.size(); }
  void clear() { base_.clear(); }

 private:
  base base_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct odd_adapter {
  using map_type = odd_map<Key, T, Hash, KeyEqual, Allocator>;
  static constexpr std::string_view name = "odd_map";
  static constexpr capabilities can() { return {.moved_from_is_empty = false}; }
};

TEST(a_map_that_is_only_nearly_like_the_standards, is_judged) {
  using enum element_types;
  EXPECT_EQ((failures(make_subject<odd_adapter, u64_u64>())), 0u);
}

TEST(a_finding, says_when_an_argument_referred_to_an_element) {
  using enum element_types;
  const auto told = [](const subject_factory& make) {
    random_source random(1);
    for (unsigned i = 0; i < 3000; ++i) {
      const verdict v = run(generate(random, 60, {}), make);
      if (!v && v.message.find("referred to an element of the map") != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(told(make_subject<self_erasing_adapter, u64_u64>()));
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
