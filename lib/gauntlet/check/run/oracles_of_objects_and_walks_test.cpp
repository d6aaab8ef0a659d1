// Each oracle fires on a defect planted for it: objects, memory, walks. The maps here are
// std::unordered_map with one thing spoiled; they exist to prove the alarm, not to be realistic.
#include <gauntlet/check/run/planted_for_tests.h>

#include <cstring>
#include <vector>

// Not an anonymous namespace: gcc warns of templates in headers whose lambdas capture types of one.
namespace gauntlet::check::planted_in_walks {

// ------------------------------------------------------------------------------------------------ objects and memory

PLANT(
    leaks_objects, plain, ~leaks_objects() {
      if (base::size() == 2) {
        alignas(T) static std::byte place[sizeof(T)];
        ::new (place) T(1);  // never destroyed
      }
    });

TEST(oracles, an_object_that_is_never_destroyed_is_a_leak) {
  EXPECT_VERDICT((judged<leaks_objects_adapter, element_types::tracked_tracked>(
                     "types tracked_tracked\ninsert_copy 0 hot 0 value 1 count 2\n")),
                 lifetime, "leak");
  EXPECT_EQ(lifetimes.live(), 0) << "one finding must not become the next run's";
}

PLANT(
    leaks_memory, plain, void clear() noexcept {
      base::clear();
      this->get_allocator().from()->allocate(24, 8);
    });

TEST(oracles, memory_that_is_never_given_back_is_a_leak) {
  EXPECT_VERDICT(judged<leaks_memory_adapter>("clear 0\n"), allocator, "leak");
}

// What it copies it inserts under a hash of its own making: it answers rightly, and hashes otherwise than it was told.
PLANT(
    forgets_functors, plain,
    forgets_functors(const forgets_functors& other) : base(
        0, Hash(), Equal(), other.get_allocator()) { base::insert(other.begin(), other.end()); } forgets_functors&
    operator=(const forgets_functors&) = default;);

TEST(oracles, a_copy_that_forgets_hash_and_equality_is_noticed) {
  EXPECT_VERDICT(judged<forgets_functors_adapter>("insert_copy 1 hot 0 value 1\ncopy_construct 0 1\n"), allocator,
                 "lost functor");
}

// It swaps all but the equality, which answers as the other one does: no lookup notices.
PLANT(
    swaps_without_equality, plain, Equal mine;
    explicit swaps_without_equality(std::size_t n, const Hash& h, const Equal& e, const Allocator& a) : base(n, h, e,
                                                                                                             a),
    mine(e) {} Equal key_eq() const { return mine; });

TEST(oracles, a_swap_that_forgets_the_equality_is_noticed) {
  EXPECT_VERDICT(judged<swaps_without_equality_adapter>("insert_copy 1 hot 0 value 1\nswap 0 1\n"), allocator,
                 "lost functor");
}

PLANT(
    assigns_elements_alone, plain, assigns_elements_alone(const assigns_elements_alone&) = default;
    assigns_elements_alone & operator=(const assigns_elements_alone& other) {
      base::clear();
      base::insert(other.begin(), other.end());
      return *this;
    });

TEST(oracles, an_assignment_that_keeps_its_own_functors_is_noticed) {
  EXPECT_VERDICT(judged<assigns_elements_alone_adapter>("insert_copy 1 hot 0 value 1\ncopy_assign 0 1\n"), allocator,
                 "lost functor");
}

// [unord.req] says nothing of what a move assignment does with them, nor of what a map has that was moved from.
PLANT(
    moves_elements_alone, plain, moves_elements_alone(const moves_elements_alone&) = default;
    moves_elements_alone(moves_elements_alone&&) = default;
    moves_elements_alone & operator=(const moves_elements_alone&) = default;
    moves_elements_alone & operator=(moves_elements_alone&& other) {
      base::clear();
      for (auto& e : other) base::emplace(e.first, std::move(e.second));
      other.clear();
      return *this;
    });

TEST(oracles, what_a_move_does_with_functors_is_the_maps_business) {
  for (const char* text : {"insert_copy 1 hot 0 value 1\nmove_assign 0 1\ncopy_assign 2 0\n",
                           "insert_copy 1 hot 0 value 1\nswap 1 2\nmove_construct 0 2\nmove_assign 2 1\n"}) {
    EXPECT_VERDICT(judged<moves_elements_alone_adapter>(text), none, "");
    EXPECT_VERDICT(judged<std_map_for_tests>(text), none, "");
  }
}

PLANT(
    destroys_twice, plain, void clear() noexcept {
      if (!base::empty()) {
        T& gone = base::begin()->second;
        gone.~T();
        gone.~T();
        ::new (&gone) T(0);
      }
      base::clear();
    });

TEST(oracles, an_object_destroyed_twice_is_noticed_at_once) {
  const verdict v = judged<destroys_twice_adapter, element_types::tracked_tracked>(
      "types tracked_tracked\ninsert_copy 0 hot 0 value 1\nclear 0\nclear 1\n");
  EXPECT_VERDICT(v, lifetime, "destroyed twice");
  EXPECT_EQ(v.step, 1u);
}

PLANT(
    uses_after_move, plain, auto insert(const typename base::value_type& e) {
      auto answer = base::insert(e);
      T taken(std::move(answer.first->second));
      T copy(answer.first->second);
      answer.first->second = std::move(taken);
      return answer;
    } using base::insert;);

TEST(oracles, an_object_used_after_it_was_moved_from_is_noticed) {
  EXPECT_VERDICT((judged<uses_after_move_adapter, element_types::tracked_tracked>(
                     "types tracked_tracked\ninsert_copy 0 hot 0 value 1\n")),
                 lifetime, "used after it was moved from");
}

PLANT(
    moves_bytes, plain, void clear() noexcept {
      if (!base::empty()) {
        T& from = base::begin()->second;
        alignas(T) std::byte place[sizeof(T)];
        std::memcpy(place, static_cast<const void*>(&from), sizeof(T));
        static_cast<void>(reinterpret_cast<T*>(place)->read());
      }
      base::clear();
    });

TEST(oracles, an_object_copied_as_bytes_is_noticed) {
  EXPECT_VERDICT((judged<moves_bytes_adapter, element_types::tracked_tracked>(
                     "types tracked_tracked\ninsert_copy 0 hot 0 value 1\nclear 0\n")),
                 lifetime, "moved as bytes, not as an object");
}

PLANT(
    keeps_own_allocator, plain, void swap(keeps_own_allocator& o) {
      keeps_own_allocator fresh_here(0, o.hash_function(), o.key_eq(), this->get_allocator());
      keeps_own_allocator fresh_there(0, this->hash_function(), this->key_eq(), o.get_allocator());
      for (auto& e : o) fresh_here.emplace(e.first, std::move(e.second));
      for (auto& e : *this) fresh_there.emplace(e.first, std::move(e.second));
      base::operator=(std::move(static_cast<base&>(fresh_here)));
      o.base::operator=(std::move(static_cast<base&>(fresh_there)));
    });

TEST(oracles, a_swap_that_forgets_to_exchange_propagating_allocators_is_noticed) {
  const char* const text = "types tracked_tracked\nallocator propagating\ninsert_copy 0 hot 0 value 1\nswap 0 1\n";
  EXPECT_VERDICT((judged<keeps_own_allocator_adapter, element_types::tracked_tracked>(text)), allocator,
                 "wrong allocator");
  EXPECT_VERDICT((judged<std_map_for_tests, element_types::tracked_tracked>(text)), none, "");
}

TEST(oracles, an_arena_notices_what_is_not_its_own_or_not_its_size) {
  arena mine;
  arena other;
  void* const a = mine.allocate(40, 8);
  other.deallocate(a, 40, 8);
  EXPECT_STREQ(other.error(), "block given back to an allocator that does not own it");
  EXPECT_EQ(mine.blocks(), 0u);
  void* const b = mine.allocate(40, 64);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b) % 64, 0u);
  mine.deallocate(b, 48, 64);
  EXPECT_STREQ(mine.error(), "block given back with another size");
  EXPECT_EQ(mine.bytes(), 0u);
  EXPECT_THROW(static_cast<void>(mine.allocate(std::size_t{1} << 40, 8)), std::bad_alloc);
}

// ------------------------------------------------------------------------------------------------ walks

PLANT(
    skips, plain, auto erase(typename base::iterator at) {
      auto next = base::erase(at);
      return next == base::end() ? next : std::next(next);
    } using base::erase;);

TEST(oracles, an_erase_that_skips_the_next_element_breaks_promise_1) {
  EXPECT_VERDICT(judged<skips_adapter>("insert_copy 0 hot 0 value 1 count 4\niterate 0\n  erase_key 0 current\nend\n"),
                 broken_promise, "promise 1");
}

inline constexpr capabilities gives_any_place{.erase_gives_the_next = false};
PLANT(
    skips_and_says_so, gives_any_place, auto erase(typename base::iterator at) {
      auto next = base::erase(at);
      return next == base::end() ? next : std::next(next);
    } using base::erase;);

TEST(oracles, a_map_that_says_so_is_not_asked_to_erase_while_it_is_iterated) {
  const verdict v =
      judged<skips_and_says_so_adapter>("insert_copy 0 hot 0 value 1 count 4\niterate 0\n  erase_key 0 current\nend\n");
  EXPECT_TRUE(v) << v.message;
}

PLANT(
    steps_first, plain,
    struct iterator
    : base::iterator {
      iterator() = default;
      iterator(typename base::iterator at) : base::iterator(at) {}
      iterator& operator++() {
        base::iterator::operator++();
        return *this;
      }
      iterator operator++(int) { return ++*this; }
    };
    using base::begin; using base::end; iterator begin() { return base::begin(); } iterator end() {
      return base::end();
    });

TEST(oracles, a_post_increment_that_gives_back_the_next_place_breaks_promise_1) {
  EXPECT_VERDICT(judged<steps_first_adapter>("insert_copy 0 hot 0 value 1 count 8\niterate 0\n  nothing\nend\n"),
                 broken_promise, "promise 1");
}

PLANT(
    takes_the_key_at_a_hint, plain, using base::try_emplace; template <class... Arguments>
    auto try_emplace(typename base::const_iterator hint, Key&& key, Arguments&&... arguments) {
      const Key taken(std::move(key));
      return base::try_emplace(hint, taken, std::forward<Arguments>(arguments)...);
    });

TEST(oracles, a_key_taken_at_a_hint_though_nothing_is_inserted_is_a_wrong_result) {
  EXPECT_VERDICT(
      (judged<takes_the_key_at_a_hint_adapter, element_types::tracked_tracked>(
          "types tracked_tracked\ninsert_copy 0 hot 0 value 1 count 4\ntry_emplace_hint 0 hot 0 value 2 count 4\n")),
      wrong_result, "try_emplace_hint");
}

TEST(oracles, an_iterator_given_back_that_is_not_the_next_one_is_a_wrong_result) {
  EXPECT_VERDICT(judged<skips_adapter>("insert_copy 0 hot 0 value 1 count 4\nerase_iterator 0 hot 1\n"
                                       "erase_iterator 0 hot 2\n"),
                 wrong_result, "erase_iterator");
}

// A map with cursors that are right when nobody changes it: a walk over a copy of the keys, spoiled in four ways.
enum class spoiled { nothing, repeats, shows_erased, shows_old_value, skips_present };

template <spoiled How, class Key, class T, class Hash, class Equal, class Allocator>
struct walks : right<Key, T, Hash, Equal, Allocator> {
  using base = right<Key, T, Hash, Equal, Allocator>;
  using base::base;
  using base::operator=;

  class cursor {
   public:
    explicit cursor(walks& m) : map_(&m) {
      for (auto& e : m) {
        kept_.emplace_back(e.first, e.second);
      }
      if (How == spoiled::skips_present && kept_.size() > 2) {
        kept_.pop_back();
      }
      settle();
    }
    explicit operator bool() const { return at_ < kept_.size(); }
    const std::pair<Key, T>* operator->() const { return &kept_[at_]; }
    void next() {
      ++at_;
      if (How == spoiled::repeats && at_ == kept_.size() && map_->size() > size_ && !repeated_) {
        repeated_ = true;
        at_ = 0;
      }
      settle();
    }

   private:
    void settle() {
      for (; at_ < kept_.size(); ++at_) {
        const auto now = map_->find(kept_[at_].first);
        if (now == map_->end()) {
          if (How == spoiled::shows_erased) {
            return;
          }
          continue;
        }
        if (How != spoiled::shows_old_value) {
          kept_[at_].second = now->second;
        }
        return;
      }
    }
    walks* map_;
    std::vector<std::pair<Key, T>> kept_;
    std::size_t at_ = 0;
    std::size_t size_ = map_->size();
    bool repeated_ = false;
  };
  cursor walk() { return cursor(*this); }
};

#define PLANT_WALK(how)                                                              \
  template <class Key, class T, class Hash, class Equal, class Allocator>            \
  struct walk_##how {                                                                \
    using map_type = walks<spoiled::how, Key, T, Hash, Equal, Allocator>;            \
    static constexpr std::string_view name = "walk " #how;                           \
    static constexpr capabilities can() { return {.cursor = true, .nodes = false}; } \
  }
PLANT_WALK(nothing);
PLANT_WALK(repeats);
PLANT_WALK(shows_erased);
PLANT_WALK(shows_old_value);
PLANT_WALK(skips_present);

constexpr const char* walk_that_inserts =
    "insert_copy 0 hot 0 value 1 count 4\nwalk 0\n  insert_copy 0 wide 1 value 1 count 2\n  nothing\nend\n";
constexpr const char* walk_that_erases =
    "insert_copy 0 hot 0 value 1 count 4\nwalk 0\n  erase_key 0 later 0\n  erase_key 0 earlier 0\nend\n";
constexpr const char* walk_that_updates =
    "insert_copy 0 hot 0 value 1 count 4\nwalk 0\n  update 0 hot 0 value 50 count 4\nend\n";
constexpr const char* walk_in_a_walk =
    "insert_copy 0 hot 0 value 1 count 4\nwalk 0\n  walk 0\n    erase_key 0 current\n    insert_copy 0 later 0 value "
    "9\n"
    "  end\nend\n";

TEST(oracles, the_promises_of_walks_are_judged_by_number) {
  EXPECT_VERDICT(judged<walk_repeats>(walk_that_inserts), broken_promise, "promise 1");
  EXPECT_VERDICT(judged<walk_shows_erased>(walk_that_erases), broken_promise, "promise 2");
  EXPECT_VERDICT(judged<walk_shows_old_value>(walk_that_updates), broken_promise, "promise 5");
  EXPECT_VERDICT(judged<walk_skips_present>(walk_that_inserts), broken_promise, "promise 1");
  for (const char* const text : {walk_that_inserts, walk_that_erases, walk_that_updates, walk_in_a_walk}) {
    EXPECT_VERDICT(judged<walk_nothing>(text), none, "");
  }
}

TEST(oracles, a_walk_ends_although_its_body_inserts_for_ever) {
  const verdict v = judged<walk_nothing>(
      "insert_copy 0 hot 0 value 1 count 200\nwalk 0\n  walk 0\n    walk 0\n      insert_copy 0 wide 7 value 1 count "
      "256\n"
      "    end\n  end\nend\n");
  EXPECT_TRUE(v) << v.message;
}

// ------------------------------------------------------------------------------------------------ hashes that differ

#if _GLIBCXX_RELEASE == 12  // where it is known to be wrong: see std_map_for_tests.h
PLANT(of_libstdcxx_12, plain, );

TEST(oracles, what_comes_from_a_map_that_hashes_differently_is_hashed_again) {
  const std::string merged = "insert_copy 1 hot 0 value 1 count 3\nmerge 0 1\n";
  EXPECT_VERDICT(judged<of_libstdcxx_12_adapter>(merged), wrong_contents, "lookup");
  EXPECT_VERDICT(judged<of_libstdcxx_12_adapter>("copy_construct 1 0\n" + merged), none, "");
  const char* const compared = "insert_copy 0 hot 0 value 1 count 3\ninsert_copy 1 hot 0 value 1 count 3\nequal 0 1\n";
  EXPECT_VERDICT(judged<of_libstdcxx_12_adapter>(compared), wrong_result, "equal");
  EXPECT_VERDICT(judged<std_map_for_tests>(merged), none, "");
  EXPECT_VERDICT(judged<std_map_for_tests>(compared), none, "");
}
#endif

}  // namespace gauntlet::check::planted_in_walks
