// Oracles of what is beside the usual: keys of another type, many keys at once, nodes with another key, buckets and
// room, and more elements than sixteen bits count. Each fires on a defect planted for it.
#include <gauntlet/check/run/planted_for_tests.h>

#include <cstdint>
#include <utility>

// Not an anonymous namespace: gcc warns of templates in headers whose lambdas capture types of one.
namespace gauntlet::check::planted {

constexpr capabilities nodes{.nodes = true, .failed_hint_keeps_node = false};
constexpr capabilities many{.finds_many = true};

// ------------------------------------------------------------------------------------------------ views

PLANT(
    view_is_late, plain, using base::find; template <class K> requires(!std::is_same_v<K, Key>)
        typename base::iterator find(const K& k) { return base::size() == 3 ? base::end() : base::find(k); });
PLANT(
    view_is_converted, plain, using base::count; template <class K> requires(!std::is_same_v<K, Key>)
        std::size_t count(const K& k) const { return base::count(static_cast<Key>(k)); });
PLANT(
    view_erases_nothing, plain, using base::erase; template <class K> requires(std::is_same_v<K, key_view<Key>>)
        std::size_t erase(const K& k) { return base::count(k); });
PLANT(
    view_is_inserted_twice, capabilities{.inserts_by_view = true}, using base::try_emplace;
    template <class K> requires(std::is_same_v<K, key_view<Key>>) auto try_emplace(const K& k, T&& v) {
      return base::try_emplace(static_cast<Key>(k), std::move(v));
    });

TEST(oracles, a_view_must_find_what_its_key_finds) {
  const std::string three = "insert_copy 0 hot 0 value 1 count 3\n";
  EXPECT_VERDICT(judged<view_is_late_adapter>(three + "look_by_view 0 find hot 2\n"), wrong_result, "look_by_view");
  EXPECT_VERDICT(judged<view_is_converted_adapter>(three + "look_by_view 0 count hot 2\n"), wrong_result,
                 "look_by_view");
  EXPECT_VERDICT(judged<view_erases_nothing_adapter>(three + "change_by_view 0 erase hot 2 value 0\n"), wrong_result,
                 "size");
  EXPECT_VERDICT(judged<view_is_inserted_twice_adapter>(three + "change_by_view 0 try_emplace hot 2 value 0\n"),
                 wrong_result, "change_by_view");
  EXPECT_VERDICT(judged<view_is_inserted_twice_adapter>(three + "change_by_view 0 try_emplace hot 4 value 0\n"), none,
                 "");
}

TEST(oracles, a_map_whose_functors_take_no_view_is_not_asked_by_one) {
  coverage() = {};
  EXPECT_VERDICT((judged<std_map_for_tests, element_types::tracked_tracked>(
                     "types tracked_tracked\ninsert_copy 0 hot 0 value 1\nlook_by_view 0 find hot 0\n")),
                 none, "");
  EXPECT_EQ(coverage().count[static_cast<std::size_t>(opcode::look_by_view)][static_cast<std::size_t>(outcome::done)],
            0U);
}

// ------------------------------------------------------------------------------------------------ many keys at once

PLANT(
    right_many, many,
    template <class Keys, class Visitor> void find_many(Keys first, Keys last, Visitor&& visit) const {
      for (; first != last; ++first) visit(*first, base::find(*first));
    });
PLANT(
    many_in_fours, many,
    template <class Keys, class Visitor> void find_many(Keys first, Keys last, Visitor&& visit) const {
      for (; last - first >= 4; first += 4) {
        for (auto at = first; at != first + 4; ++at) visit(*at, base::find(*at));
      }
    });
PLANT(
    many_of_the_first, many,
    template <class Keys, class Visitor> void find_many(Keys first, Keys last, Visitor&& visit) const {
      const auto at = base::find(*first);
      for (; first != last; ++first) visit(*first, base::find(*first) == base::end() ? base::end() : at);
    });

TEST(oracles, many_lookups_at_once_are_as_many_single_ones) {
  const std::string ask = "insert_copy 0 hot 0 value 1 count 9\nfind_many 0 hot 1 count 6\n";
  EXPECT_VERDICT(judged<right_many_adapter>(ask), none, "");
  EXPECT_VERDICT(judged<many_in_fours_adapter>(ask), wrong_result, "find_many");
  EXPECT_VERDICT(judged<many_of_the_first_adapter>(ask), wrong_result, "find_many");
}

// ------------------------------------------------------------------------------------------------ nodes

PLANT(
    node_of_old, nodes,
    typename base::node_type extract(const Key& k) {
      was = id_of(k);
      return base::extract(k);
    } using base::extract;
    typename base::insert_return_type insert(typename base::node_type && n) {
      if (!n.empty() && id_of(n.key()) != was) n.key() = make<Key>(was);
      return base::insert(std::move(n));
    } using base::insert;
    std::uint64_t was = 0;);
PLANT(
    node_in_front, nodes, typename base::insert_return_type insert(typename base::node_type&& n) {
      auto answer = base::insert(std::move(n));
      if (!answer.inserted && !base::empty()) answer.position = base::begin();
      return answer;
    } using base::insert;);
PLANT(
    node_stays_behind, nodes, typename base::insert_return_type insert(typename base::node_type&& n) {
      if (!n.empty() && base::count(n.key()) != 0) return {base::find(n.key()), false, {}};
      return base::insert(std::move(n));
    } using base::insert;);
PLANT(
    nothing_inserted, nodes, typename base::insert_return_type insert(typename base::node_type&& n) {
      const bool empty = n.empty();
      auto answer = base::insert(std::move(n));
      answer.inserted |= empty;
      return answer;
    } using base::insert;);

PLANT(
    source_stays_full, nodes,
    struct node_type : base::node_type {
      node_type() = default;
      node_type(typename base::node_type&& n) : base::node_type(std::move(n)) {}
      node_type(node_type&& n) noexcept : base::node_type(std::move(n)) { n.says_full = true; }
      node_type& operator=(node_type&&) = default;
      bool empty() const { return base::node_type::empty() && !says_full; }
      bool says_full = false;
    };
    node_type extract(const Key& k) { return base::extract(k); }
    node_type extract(typename base::const_iterator at) { return base::extract(at); }
    typename base::insert_return_type insert(node_type && n) { return base::insert(std::move(n)); } using base::insert;);

TEST(oracles, a_node_handle_that_was_moved_from_is_empty) {
  const char* const program = "insert_copy 0 hot 0 value 1 count 3\nextract_key 0 hot 1\nextract_key 0 hot 0\n";
  EXPECT_VERDICT(judged<source_stays_full_adapter>(program), wrong_result, "extract_key");
  const std::string message = judged<source_stays_full_adapter>(program).message;
  EXPECT_NE(message.find("number 2^48 + "), message.npos) << message;
  EXPECT_NE(message.find("2^48 more where the handle it came from stays full"), message.npos) << message;
  EXPECT_VERDICT(judged<std_map_for_tests>(program), none, "");
}

TEST(oracles, a_node_goes_where_its_key_says_at_the_time) {
  const char* const renamed =
      "insert_copy 0 hot 0 value 1 count 3\nextract_key 0 hot 1\nchange_node_key hot 5\ninsert_node 1\n";
  EXPECT_VERDICT(judged<node_of_old_adapter>(renamed), wrong_result, "insert_node");
  EXPECT_VERDICT(judged<std_map_for_tests>(renamed), none, "");
  const char* const refused =
      "insert_copy 0 hot 0 value 1\ninsert_copy 0 hot 1 value 1\ninsert_copy 0 hot 2 value 1\nextract_key 0 hot 1\n"
      "change_node_key hot 0\ninsert_node 0\nchange_node_key hot 2\ninsert_node 0\n";
  EXPECT_VERDICT(judged<node_in_front_adapter>(refused), wrong_result, "insert_node");
  EXPECT_VERDICT(judged<node_stays_behind_adapter>(refused), wrong_result, "insert_node");
  const std::string message = judged<node_stays_behind_adapter>(refused).message;
  EXPECT_NE(message.find("where the answer lacks a node that was refused"), message.npos) << message;
  EXPECT_VERDICT(judged<std_map_for_tests>(refused), none, "");
  EXPECT_VERDICT(judged<nothing_inserted_adapter>("insert_node 0\n"), wrong_result, "insert_node");
  EXPECT_VERDICT(judged<std_map_for_tests>("insert_node 0\n"), none, "");
}

// ------------------------------------------------------------------------------------------------ buckets and room

PLANT(
    next_bucket, plain, std::size_t bucket(const Key& k) const {
      return base::size() < 3 ? base::bucket(k) : (base::bucket(k) + 1) % base::bucket_count();
    });
PLANT(small_buckets, plain, std::size_t bucket_size(std::size_t) const { return base::size() < 3 ? 1 : 0; });
PLANT(
    overfull, capabilities{.bounds_load_factor = true}, float max_load_factor() const {
      return base::size() < 3 ? base::max_load_factor() : base::load_factor() / 2;
    } using base::max_load_factor;);
PLANT(miscounted, plain, float load_factor() const { return base::load_factor() * (base::size() < 3 ? 1.0f : 1.5f); });
PLANT(half_reserved, plain, void reserve(std::size_t n) { base::reserve(n < 40 ? n : n / 2); });
PLANT(reserves_nothing, plain, void reserve(std::size_t){});
PLANT(rehashes_nothing, plain, void rehash(std::size_t){});

TEST(oracles, buckets_hold_what_they_say) {
  const std::string three = "insert_copy 0 hot 0 value 1 count 3\n";
  EXPECT_VERDICT(judged<next_bucket_adapter>(three), wrong_contents, "bucket");
  EXPECT_VERDICT(judged<small_buckets_adapter>(three), wrong_contents, "bucket size");
  EXPECT_VERDICT(judged<overfull_adapter>(three), wrong_contents, "load factor");
  EXPECT_VERDICT(judged<miscounted_adapter>(three), wrong_contents, "load factor");
  EXPECT_VERDICT(judged<overfull_adapter>("max_load_factor 0 value 3\n" + three), none, "");
}

TEST(oracles, room_that_was_asked_for_is_there) {
  EXPECT_VERDICT(judged<half_reserved_adapter>("fill_reserved 0 few hot 0 value 0 count 30\n"), none, "");
  EXPECT_VERDICT(judged<half_reserved_adapter>("fill_reserved 0 few hot 0 value 0 count 60\n"), wrong_result,
                 "fill_reserved");
  EXPECT_VERDICT(judged<reserves_nothing_adapter>("reserve 0 plain value 200\n"), wrong_result, "reserve");
  EXPECT_VERDICT(judged<rehashes_nothing_adapter>("rehash 0 plain value 200\n"), wrong_result, "rehash");
  EXPECT_VERDICT(
      judged<std_map_for_tests>(
          "rehash 0 plain value 200\nreserve 0 plain value 50\nreserve 0 plain value 250\nrehash 0 plain value 0\n"),
      none, "");
}

PLANT(
    moving, (capabilities{.stable_references = true}),
    void reserve(std::size_t n) { base::reserve(n); } template <class... A> auto emplace(A&&... a) {
      const auto answer = base::emplace(std::forward<A>(a)...);
      if (base::size() != 9) return answer;
      const Key key = answer.first->first;
      base::operator=(base(*this));
      return std::pair(base::find(key), answer.second);
    });

TEST(oracles, references_that_are_stable_stay) {
  const char* const fill = "fill_reserved 0 few hot 0 value 0 count 5\nfill_reserved 0 few hot 5 value 0 count 5\n";
  EXPECT_VERDICT(judged<moving_adapter>(fill), wrong_result, "fill_reserved");
  EXPECT_VERDICT(judged<std_map_for_tests>(fill), none, "");
}

// ------------------------------------------------------------------------------------------------ elements made late

PLANT(
    place_before_element, plain, template <class... A> auto emplace(Key&& k, A&&... a) {
      const auto done = base::try_emplace(std::move(k));
      if (done.second) done.first->second = T(std::forward<A>(a)...);
      return done;
    });

TEST(oracles, an_element_of_numbers_that_cannot_be_made_leaves_no_place_taken) {
  const char* const fails = "fault copy value 0\nemplace 0 hot 0 value 3\n";
  EXPECT_VERDICT(judged<place_before_element_adapter>(fails), exception_guarantee, "emplace");
  EXPECT_VERDICT(judged<std_map_for_tests>(fails), none, "");
}

// ------------------------------------------------------------------------------------------------ large maps

PLANT(counts_in_16_bits, plain, std::size_t size() const { return static_cast<std::uint16_t>(base::size()); });

TEST(oracles, a_large_run_has_more_elements_than_sixteen_bits_count) {
  EXPECT_VERDICT(judged<counts_in_16_bits_adapter>("fill_reserved 0 many hot 0 value 0 count 127\n"), none, "");
  EXPECT_VERDICT(judged<counts_in_16_bits_adapter>("fill_reserved 0 many hot 0 value 0 count 129\n"), wrong_result,
                 "fill_reserved");
  const verdict v = judged<std_map_for_tests>(
      "fill_reserved 0 many hot 0 value 0 count 137\nerase_key 0 hot 3\ninsert_copy 0 wide 3 value 1 count 200\n"
      "copy_construct 1 0\nerase_if 0 key_even value 3\nfill_reserved 1 many hot 0 value 0 count 137\nequal 0 1\n");
  EXPECT_VERDICT(v, none, "");
  EXPECT_VERDICT(judged<counts_in_16_bits_adapter>("hash truncated\nfill_reserved 0 many hot 0 value 0 count 137\n"),
                 none, "");
}

}  // namespace gauntlet::check::planted
