// Each oracle fires on a defect planted for it: results, contents, exceptions, work, self-check, misuse. The maps here
// are std::unordered_map with one thing spoiled; they exist to prove the alarm, not to be realistic.
#include <gauntlet/check/run/planted_for_tests.h>
#include <gauntlet/check/run/work_budget.h>

#include <ostream>
#include <stdexcept>

// Not an anonymous namespace: gcc warns of templates in headers whose lambdas capture types of one.
namespace gauntlet::check::planted {

// ------------------------------------------------------------------------------------------------ results, contents

PLANT(
    says_inserted, plain, auto insert(typename base::value_type&& e) {
      auto answer = base::insert(std::move(e));
      answer.second = true;
      return answer;
    } using base::insert;);

TEST(oracles, a_wrong_answer_is_a_wrong_result_of_that_operation) {
  const char* const twice = "insert_move 0 hot 0 value 5\ninsert_move 0 hot 0 value 6\n";
  EXPECT_VERDICT(judged<says_inserted_adapter>(twice), wrong_result, "insert_move");
  EXPECT_VERDICT(judged<std_map_for_tests>(twice), none, "");
}

PLANT(stale_size, plain, std::size_t size() const { return base::size() + (base::size() == 3 ? 1 : 0); });

TEST(oracles, a_stale_size_shows_without_being_asked_for) {
  EXPECT_VERDICT(judged<stale_size_adapter>("insert_copy 0 hot 0 value 1 count 3\n"), wrong_result, "size");
}

PLANT(
    loses_one, plain, void reserve(std::size_t n) {
      base::reserve(n);
      if (base::size() > 2) {
        base::erase(base::begin());
        this->emplace(Key(777), T(7));
      }
    });

TEST(oracles, an_element_lost_behind_an_unchanged_size_is_wrong_contents) {
  const verdict v = judged<loses_one_adapter>("insert_copy 0 hot 0 value 1 count 4\nreserve 0 plain value 9\n");
  EXPECT_VERDICT(v, wrong_contents, "surplus");
}

PLANT(
    forgets_value, plain, void rehash(std::size_t n) {
      base::rehash(n);
      if (!base::empty()) base::begin()->second = T(99);
    });

TEST(oracles, a_changed_value_is_wrong_contents) {
  EXPECT_VERDICT(judged<forgets_value_adapter>("insert_copy 0 hot 0 value 1 count 4\nrehash 0 plain value 9\n"),
                 wrong_contents, "value");
}

PLANT(
    cannot_find, plain,
    auto find(const Key& k) {
      return id_of(k) == 5 && base::size() == 4 ? base::end() : base::find(k);
    } auto find(const Key& k) const { return id_of(k) == 5 && base::size() == 4 ? base::end() : base::find(k); });

TEST(oracles, an_element_that_is_shown_and_not_found_is_wrong_contents) {
  EXPECT_VERDICT(judged<cannot_find_adapter>("insert_copy 0 hot 3 value 1 count 4\n"), wrong_contents, "lookup");
}

// A map without an order that promises one: what it shows first is what came last.
PLANT(claims_order_of_keys, capabilities{.iterates = iteration_order::by_key}, );
PLANT(claims_order_of_insertion, capabilities{.iterates = iteration_order::by_insertion}, );

TEST(oracles, elements_that_are_shown_in_another_order_than_promised_are_wrong_contents) {
  const char* const three = "insert_copy 0 hot 0 value 1 count 3\n";
  EXPECT_VERDICT(judged<claims_order_of_keys_adapter>(three), wrong_contents, "order");
  EXPECT_VERDICT(judged<claims_order_of_insertion_adapter>(three), wrong_contents, "order");
  EXPECT_VERDICT(judged<std_map_for_tests>(three), none, "");
}

TEST(oracles, a_walk_in_another_order_than_promised_breaks_a_promise) {
  const char* const three = "insert_copy 0 hot 0 value 1 count 3\niterate 0\nend\n";
  EXPECT_VERDICT(judged<claims_order_of_keys_adapter>(three), broken_promise, "order");
  EXPECT_VERDICT(judged<claims_order_of_insertion_adapter>(three), broken_promise, "order");
  EXPECT_VERDICT(judged<std_map_for_tests>(three), none, "");
}

// ------------------------------------------------------------------------------------------------ exceptions, work

PLANT(
    half_inserts, plain, auto insert(const typename base::value_type& e) {
      base::emplace(Key(e.first), T(0));
      auto answer = base::insert_or_assign(e.first, e.second);
      answer.second = true;
      return answer;
    } using base::insert;);

TEST(oracles, an_insertion_that_throws_and_leaves_something_behind_breaks_the_strong_guarantee) {
  EXPECT_VERDICT((judged<half_inserts_adapter, element_types::throwing_throwing>(
                     "types throwing_throwing\nfault copy value 1\ninsert_copy 0 hot 0 value 1\n")),
                 exception_guarantee, "insert_copy");
}

PLANT(
    throws_alone, plain, std::size_t count(const Key& k) const {
      if (base::size() == 1) throw std::runtime_error("nobody asked for this");
      return base::count(k);
    });

// A rehash that moves values about. When a move throws, `gone` elements are.
template <std::size_t Gone, class Map>
void move_values(Map& map) {
  using T = typename Map::mapped_type;
  try {
    for (auto& e : map) T moved(std::move(e.second));
  } catch (...) {
    for (std::size_t i = 0; i < Gone; ++i) map.erase(map.begin());
    throw;
  }
}
PLANT(loses_what_throws, plain, void rehash(std::size_t) { move_values<1>(static_cast<base&>(*this)); });
PLANT(loses_another_too, plain, void rehash(std::size_t) { move_values<2>(static_cast<base&>(*this)); });

TEST(oracles, of_elements_that_only_move_and_throw_one_may_be_lost_when_one_throws) {
  using enum element_types;
  const std::string program = "insert_move 0 hot 0 value 1 count 3\nfault move value 0\nrehash 0 plain value 9\n";
  const std::string moves = "types tracked_throwing_move_only\n" + program,
                    copies = "types tracked_throwing\n" + program;
  EXPECT_VERDICT((judged<loses_what_throws_adapter, tracked_throwing_move_only>(moves)), none, "");
  EXPECT_VERDICT((judged<loses_another_too_adapter, tracked_throwing_move_only>(moves)), exception_guarantee, "rehash");
  EXPECT_VERDICT((judged<loses_what_throws_adapter, tracked_throwing>(copies)), exception_guarantee, "rehash");
}

// An insertion that, when the hash throws, does something to the first element.
#define PLANT_HASH(planted, promises, does)                                 \
  PLANT(                                                                    \
      planted, promises, auto insert(const typename base::value_type& e) {  \
        try {                                                               \
          return base::insert(e);                                           \
        } catch (...) {                                                     \
          if (const auto first = base::begin(); first != base::end()) does; \
          throw;                                                            \
        }                                                                   \
      } using base::insert;)
constexpr capabilities basic{.throwing_hash_keeps_elements = false};
PLANT_HASH(hash_loses, plain, base::erase(first));
PLANT_HASH(hash_may_lose, basic, base::erase(first));
PLANT_HASH(hash_spoils, basic, first->second = make<T>(99));

TEST(oracles, where_a_hash_that_throws_may_cost_elements_the_others_are_as_they_were) {
  const std::string program =
      "types string_string\ninsert_copy 0 hot 0 value 1 count 3\nfault hash value 0\ninsert_copy 0 hot 7 value 1\n"
      "insert_copy 0 hot 0 value 1 count 9\n";
  using enum element_types;
  EXPECT_VERDICT((judged<hash_loses_adapter, string_string>(program)), exception_guarantee, "insert_copy");
  EXPECT_VERDICT((judged<hash_may_lose_adapter, string_string>(program)), none, "");
  EXPECT_VERDICT((judged<hash_spoils_adapter, string_string>(program)), exception_guarantee, "insert_copy");
}

// Insertions that make room, insert, and then throw with it done, with another element changed, or with one gone.
#define PLANT_LATE(planted, promises, does)                                \
  PLANT(                                                                   \
      planted, promises, auto insert(const typename base::value_type& e) { \
        const auto done = base::insert(e);                                 \
        try {                                                              \
          (void)this->key_eq()(e.first, e.first);                          \
        } catch (...) {                                                    \
          does;                                                            \
          throw;                                                           \
        }                                                                  \
        return done;                                                       \
      } using base::insert;)
constexpr capabilities no_more_than_basic{.strong_guarantee = false};
PLANT_LATE(throws_when_done, plain, );
PLANT_LATE(may_throw_when_done, no_more_than_basic, );
PLANT_LATE(throws_and_spoils, no_more_than_basic, base::begin()->second = make<T>(99));
PLANT_LATE(throws_and_loses, no_more_than_basic, base::clear());

TEST(oracles, the_basic_guarantee_leaves_an_operation_done_or_not_done_and_loses_nothing) {
  const std::string program =
      "types string_string\ninsert_copy 0 hot 0 value 1 count 3\nfault equality value 0\ninsert_copy 0 hot 7 value "
      "1\nsize 0\n";
  using enum element_types;
  EXPECT_VERDICT((judged<throws_when_done_adapter, string_string>(program)), exception_guarantee, "insert_copy");
  EXPECT_VERDICT((judged<may_throw_when_done_adapter, string_string>(program)), none, "");
  EXPECT_VERDICT((judged<throws_and_spoils_adapter, string_string>(program)), exception_guarantee, "insert_copy");
  EXPECT_VERDICT((judged<throws_and_loses_adapter, string_string>(program)), exception_guarantee, "insert_copy");
}

TEST(oracles, an_exception_that_nobody_asked_for_is_a_failure) {
  EXPECT_VERDICT(judged<throws_alone_adapter>("insert_copy 0 hot 0 value 1\ncount 0 hot 0\n"), unexpected_exception,
                 "count");
}

// Memory that lacks once lets the second attempt pass.
PLANT(
    tries_again, plain, auto insert(const typename base::value_type& e) {
      for (;;) {
        try {
          return base::insert(e);
        } catch (const std::bad_alloc&) {
          continue;
        }
      }
    } using base::insert;);

TEST(oracles, an_operation_that_asks_for_memory_until_there_is_some_exceeds_the_work_budget) {
  const std::string operation = " value 0\ninsert_copy 0 hot 0 value 1\n";
  EXPECT_VERDICT(judged<tries_again_adapter>("fault allocation" + operation), none, "");
  EXPECT_VERDICT(judged<tries_again_adapter>("fault every_allocation" + operation), work_budget, "refusals");
  EXPECT_VERDICT(judged<std_map_for_tests>("fault every_allocation" + operation), none, "");
}

PLANT(
    looks_everywhere, plain, std::size_t count(const Key& k) const {
      std::size_t found = 0;
      for (const auto& e : *this) found += this->key_eq()(e.first, k) ? 1u : 0u;
      return found;
    });

TEST(oracles, a_lookup_that_costs_as_much_as_the_map_is_large_exceeds_the_work_budget) {
  std::string text = "insert_copy 0 hot 0 value 1 count 100\n";
  for (int i = 0; i < 100; ++i) {
    text += "count 0 hot 0\n";
  }
  EXPECT_VERDICT(judged<looks_everywhere_adapter>(text), work_budget, "equalities");
  EXPECT_VERDICT(judged<std_map_for_tests>(text), none, "");
  EXPECT_VERDICT(judged<looks_everywhere_adapter>("hash constant\n" + text), none, "");
}

// As an array does that keeps its order: what was behind the element is looked for anew.
#define LOOKS_FOR_ALL_OTHERS                               \
  std::size_t erase(const Key& k) {                        \
    const std::size_t erased = base::erase(k);             \
    for (const auto& e : *this) (void)base::find(e.first); \
    return erased;                                         \
  }                                                        \
  using base::erase;
PLANT(erases_slowly, plain, LOOKS_FOR_ALL_OTHERS);
PLANT(erases_slowly_as_it_says, capabilities{.erases_in_linear_time = true}, LOOKS_FOR_ALL_OTHERS);

TEST(oracles, an_erasure_that_costs_as_much_as_the_map_is_large_has_to_be_announced) {
  std::string text = "insert_copy 0 hot 0 value 1 count 64\n";
  for (int i = 0; i < 64; ++i) {
    text += "erase_key 0 hot " + std::to_string(i) + "\n";
  }
  EXPECT_VERDICT(judged<erases_slowly_adapter>(text), work_budget, "hashes");
  EXPECT_VERDICT(judged<erases_slowly_as_it_says_adapter>(text), none, "");
}

// A good hash copes with some keys that were made to collide, and not with more of them.
TEST(oracles, a_linear_lookup_is_granted_once_many_keys_were_made_to_collide) {
  std::string counts;
  for (int i = 0; i < 100; ++i) {
    counts += "count 0 colliding 0\n";
  }
  const std::string most = std::to_string(gauntlet::check::work_budget::colliding_keys_max);
  const std::string more = std::to_string(gauntlet::check::work_budget::colliding_keys_max + 1);
  EXPECT_VERDICT(judged<looks_everywhere_adapter>("insert_copy 0 colliding 0 value 1 count " + most + "\n" + counts),
                 work_budget, "equalities");
  EXPECT_VERDICT(judged<looks_everywhere_adapter>("insert_copy 0 colliding 0 value 1 count " + more + "\n" + counts),
                 none, "");
}

PLANT(
    keeps_room, shrinking,
    std::size_t erase(const Key& k) {
      const std::size_t erased = base::erase(k);
      room_ += erased;
      base::rehash(room_ * 400);
      return erased;
    } auto erase(typename base::iterator at) { return base::erase(at); } auto erase(typename base::iterator a,
                                                                                    typename base::iterator b) {
      return base::erase(a, b);
    } std::size_t room_ = 0;);

TEST(oracles, memory_that_follows_history_exceeds_the_memory_budget) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += "insert_copy 0 hot 0 value 1\nerase_key 0 hot 0\n";
  }
  EXPECT_VERDICT(judged<keeps_room_adapter>(text), work_budget, "memory");
  EXPECT_VERDICT(judged<std_map_for_tests>(text), none, "");
}

// Its buckets are as many as ever.
constexpr capabilities shrinking_to_nothing{.shrinks = true, .slack_elements = 0};
PLANT(never_shrinks, shrinking_to_nothing, );

TEST(oracles, memory_that_erasing_by_iterator_leaves_is_owed_until_others_come_and_go_by_key) {
  const std::string filled = "insert_copy 0 wide 0 value 1 count 256\ninsert_copy 0 wide 1 value 1 count 256\n";
  std::string by_key = filled;
  for (int i = 0; i < 510; ++i) by_key += "erase_key 0 present 0\n";
  EXPECT_VERDICT(judged<never_shrinks_adapter>(by_key), work_budget, "memory");
  std::string by_iterator = filled + "erase_range 0 value 0 count 256\nerase_range 0 value 0 count 254\n";
  EXPECT_VERDICT(judged<never_shrinks_adapter>(by_iterator), none, "");
  for (int i = 0; i < 256; ++i) by_iterator += "erase_key 0 hot 0\n";  // in vain
  EXPECT_VERDICT(judged<never_shrinks_adapter>(by_iterator), none, "");
  for (int i = 0; i < 64; ++i) by_iterator += "insert_copy 0 hot 0 value 1\nerase_key 0 hot 0\n";
  EXPECT_VERDICT(judged<never_shrinks_adapter>(by_iterator), work_budget, "memory");
}

constexpr capabilities small_when_empty{.shrinks = true, .slack_when_empty = 1};
PLANT(never_small, shrinking, );
PLANT(never_small_when_empty, small_when_empty, );

TEST(oracles, an_emptied_map_that_keeps_its_memory_exceeds_the_memory_budget) {
  const std::string there = "insert_copy 0 wide 0 value 1 count 256\n",
                    emptied = there + "erase_if 0 everything value 0\nsize 0\n";
  EXPECT_VERDICT(judged<never_small_adapter>(emptied), none, "");
  EXPECT_VERDICT(judged<never_small_when_empty_adapter>(there + "size 0\n"), none, "");
  EXPECT_VERDICT(judged<never_small_when_empty_adapter>(emptied), work_budget, "memory");
}

// Keys 0 and 1 of a large map change their values unasked, and get them back when room is reserved.
PLANT(
    forgets_for_a_while, plain,
    void swap_two() noexcept {
      const auto a = base::find(Key(0)), b = base::find(Key(1));
      if (a != base::end() && b != base::end()) {
        std::swap(a->second, b->second);
      }
    } void max_load_factor(float) { swap_two(); } void reserve(std::size_t) { swap_two(); });

TEST(oracles, large_maps_are_compared_as_often_as_small_ones) {
  std::string text = "hot_keys 64\n";
  for (int i = 0; i < 9; ++i) {
    text += "insert_copy 0 wide " + std::to_string(i) + " value 1 count 256\n";
  }
  text += "insert_copy 0 hot 0 value 1\ninsert_copy 0 hot 1 value 2\n";
  text += "max_load_factor 0 value 1\n";
  for (int i = 0; i < 70; ++i) {
    text += "contains 0 hot 5\n";
  }
  text += "reserve 0 plain value 1\n";
  EXPECT_VERDICT(judged<forgets_for_a_while_adapter>(text), wrong_contents, "value");
}

// ------------------------------------------------------------------------------------------------ self-check, misuse

template <class Key, class T, class Hash, class Equal, class Allocator>
struct unhealthy {
  using map_type = right<Key, T, Hash, Equal, Allocator>;
  static constexpr std::string_view name = "unhealthy";
  static constexpr capabilities can() { return {.checks_itself = true}; }
  static bool self_check(const map_type& m, std::ostream& dump) {
    dump << "counted 3, recounted " << m.size();
    return m.size() != 3;
  }
};

TEST(oracles, a_failing_self_check_is_reported_with_its_dump) {
  const verdict v = judged<unhealthy>("insert_copy 0 hot 0 value 1 count 3\n");
  EXPECT_VERDICT(v, self_check, "self_check");
  EXPECT_NE(v.message.find("counted 3, recounted 3"), std::string::npos) << v.message;
}

// A defect of the structure that an erasure by iterator leaves and the next insertion repairs: only who looks right after
// the erasure sees it.
PLANT(
    disordered_by_erasure, plain, int events = 0; bool disordered = false; using base::erase;
    auto erase(typename base::iterator at) {
      ++events;
      disordered = true;
      return base::erase(at);
    } auto insert(const typename base::value_type& e) {
      disordered = false;
      return base::insert(e);
    });

template <class Key, class T, class Hash, class Equal, class Allocator>
struct tells_of_disorder : disordered_by_erasure_adapter<Key, T, Hash, Equal, Allocator> {
  using map_type = typename disordered_by_erasure_adapter<Key, T, Hash, Equal, Allocator>::map_type;
  static constexpr capabilities can() { return {.checks_itself = true}; }
  static bool self_check(const map_type& m, std::ostream&) { return !m.disordered; }
  static std::uint64_t structural_events(const map_type& m) { return static_cast<std::uint64_t>(m.events); }
};

TEST(oracles, a_map_checks_itself_after_an_erasure_that_a_walk_was_answered_with) {
  const std::string filled = "insert_copy 0 hot 0 value 1 count 2\n";
  for (const char* const walk :
       {"iterate 0\n  erase_key 0 current\nend\n", "iterate 0\n  erase_key 0 current\n  stop\nend\n"}) {
    const verdict v = judged<tells_of_disorder>(filled + walk + "insert_copy 0 hot 1 value 1\n");
    EXPECT_VERDICT(v, self_check, "self_check");
    EXPECT_EQ(v.step, 1u);
  }
}

// Two ways of diagnosing: a map that throws what the guard would, and one that says nothing.
template <bool Notices, class Key, class T, class Hash, class Equal, class Allocator>
struct guarded : right<Key, T, Hash, Equal, Allocator> {
  using base = right<Key, T, Hash, Equal, Allocator>;
  using base::base;
  using base::operator=;
  template <class... Arguments>
  auto emplace(Arguments&&... arguments) {
    if (Notices && busy_) {
      throw diagnosed_misuse();
    }
    busy_ = true;
    struct leave {
      bool& busy;
      ~leave() { busy = false; }
    } on_leave{busy_};
    return base::emplace(std::forward<Arguments>(arguments)...);
  }

 private:
  bool busy_ = false;
};

template <bool Notices, class Key, class T, class Hash, class Equal, class Allocator>
struct guarded_adapter_base {
  using map_type = guarded<Notices, Key, T, Hash, Equal, Allocator>;
  static constexpr std::string_view name = "guarded";
  static constexpr capabilities can() { return {.diagnoses_misuse = true}; }
  struct misuse_guard {
    misuse_guard() {}
  };
};
template <class Key, class T, class Hash, class Equal, class Allocator>
struct noticing : guarded_adapter_base<true, Key, T, Hash, Equal, Allocator> {};
template <class Key, class T, class Hash, class Equal, class Allocator>
struct unnoticing : guarded_adapter_base<false, Key, T, Hash, Equal, Allocator> {};

TEST(oracles, a_misuse_that_is_not_diagnosed_is_a_failure) {
  EXPECT_VERDICT(judged<noticing>("misuse 0 write_in_equality hot 0\n"), none, "");
  EXPECT_VERDICT(judged<unnoticing>("misuse 0 write_in_equality hot 0\n"), undiagnosed_misuse, "write_in_equality");
}

}  // namespace gauntlet::check::planted
