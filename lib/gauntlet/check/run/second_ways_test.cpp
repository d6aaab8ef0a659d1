// Where a map has two names for one thing, or takes it in two forms, a program asks for both: a defect of either shows.
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/check/run/concurrent_subject_of.h>
#include <gauntlet/check/run/planted_for_tests.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

// Not an anonymous namespace: gcc warns of templates in headers whose lambdas capture types of one.
namespace gauntlet::check::second_ways {

// ------------------------------------------------------------------------------------------------------ one thread

constexpr capabilities takes_pairs{.emplaces_pairs = true};

// What was inserted, with another value.
template <class Answer>
Answer spoiled(Answer done) {
  done.first->second = 99;
  return done;
}
PLANT(
    spoils_plain_pairs, plain, using base::insert;
    auto insert(std::pair<Key, T>&& e) { return spoiled(base::insert(std::move(e))); });
PLANT(
    spoils_parts, takes_pairs, using base::emplace;
    template <class K, class V> auto emplace(std::piecewise_construct_t parts, K&& key, V&& value) {
      return spoiled(base::emplace(parts, std::forward<K>(key), std::forward<V>(value)));
    });
PLANT(
    spoils_emplaced_pairs, takes_pairs, using base::emplace;
    auto emplace(std::pair<Key, T>&& e) { return spoiled(base::emplace(std::move(e))); });
PLANT(
    empties_what_is_moved_in, plain, using base::merge; void merge(empties_what_is_moved_in&& other) {
      base::merge(other);
      other.clear();
    });

TEST(second_ways, of_insertion_are_pairs_with_a_key_that_is_not_constant) {
  EXPECT_VERDICT(judged<spoils_plain_pairs_adapter>("insert_move 0 hot 0 value 5\n"), none, "");
  EXPECT_VERDICT(judged<spoils_plain_pairs_adapter>("insert_move 0 hot 1 value 5\n"), wrong_result, "insert_move");
}

TEST(second_ways, of_emplace_are_pairs_and_their_parts) {
  EXPECT_VERDICT(judged<spoils_parts_adapter>("emplace 0 hot 0 value 4\nemplace 0 hot 1 value 6\n"), none, "");
  EXPECT_VERDICT(judged<spoils_parts_adapter>("emplace 0 hot 0 value 5\n"), wrong_result, "emplace");
  EXPECT_VERDICT(judged<spoils_emplaced_pairs_adapter>("emplace 0 hot 0 value 4\nemplace 0 hot 1 value 5\n"), none, "");
  EXPECT_VERDICT(judged<spoils_emplaced_pairs_adapter>("emplace 0 hot 0 value 6\n"), wrong_result, "emplace");
}

TEST(second_ways, of_merge_are_maps_that_are_moved_in_and_keep_what_stays) {
  const std::string there = "insert_copy 0 hot 0 value 1\ncopy_construct 1 0\n";
  EXPECT_VERDICT(judged<empties_what_is_moved_in_adapter>(there + "insert_copy 1 hot 1 value 2\nmerge 0 1\n"), none,
                 "");
  EXPECT_VERDICT(judged<empties_what_is_moved_in_adapter>(there + "merge 0 1\n"), wrong_result, "merge");
}

// ----------------------------------------------------------------------------------------------------- many threads

// Locks nothing: one thread asks it.
enum class defect : std::uint8_t {
  none,
  visit,
  load,
  insert_or_visit,
  load_or_store,
  swap,
  load_and_delete,
  compare_and_swap,
  compare_and_delete,
  visits_a_copy,
  reserve,
  shrink_to_fit,
  range
};

template <defect Defect, class Key, class T, class Hash, class KeyEqual, class Allocator>
class many_names {
 public:
  many_names(const Hash& hash, const KeyEqual& equal, const Allocator& allocator) : map_(0, hash, equal, allocator) {}

  std::optional<T> find(const Key& k) const {
    const auto found = map_.find(k);
    return found == map_.end() ? std::nullopt : std::optional<T>(found->second);
  }
  bool insert(const Key& k, const T& v) { return map_.emplace(k, v).second; }
  bool insert_or_assign(const Key& k, const T& v) { return map_.insert_or_assign(k, v).second; }
  std::optional<T> extract(const Key& k) {
    std::optional<T> there = find(k);
    map_.erase(k);
    return there;
  }
  bool compare_exchange(const Key& k, const T& expected, const T& desired) {
    const auto found = map_.find(k);
    if (found == map_.end() || found->second != expected) return false;
    found->second = desired;
    return true;
  }
  void for_each(auto visit) const {
    for (const auto& [k, v] : map_) visit(k, v);
  }

  bool visit(const Key& k, auto visit) const {
    const auto found = map_.find(k);
    if (found == map_.end() || Defect == defect::visit) return false;
    visit(found->second);
    return true;
  }
  std::optional<T> load(const Key& k) const { return Defect == defect::load ? std::nullopt : find(k); }
  bool insert_or_visit(const Key& k, const T& v, auto visit)
    requires(Defect != defect::load_or_store)
  {
    const auto [at, inserted] = map_.emplace(k, v);
    if (Defect == defect::insert_or_visit) at->second = v;
    T copy = at->second;
    if (!inserted) visit(Defect == defect::visits_a_copy ? copy : at->second);
    return inserted;
  }
  std::pair<T, bool> load_or_store(const Key& k, const T& v) {
    const auto [at, inserted] = map_.emplace(k, v);
    return {Defect == defect::load_or_store ? v : at->second, !inserted};
  }
  std::optional<T> swap(const Key& k, const T& v) {
    std::optional<T> there = find(k);
    if (Defect != defect::swap || !there) map_.insert_or_assign(k, v);
    return there;
  }
  std::optional<T> load_and_delete(const Key& k) { return Defect == defect::load_and_delete ? find(k) : extract(k); }
  bool compare_and_swap(const Key& k, const T& expected, const T& desired) {
    return compare_exchange(k, expected, Defect == defect::compare_and_swap ? expected : desired);
  }
  bool compare_and_delete(const Key& k, const T& expected) {
    const auto found = map_.find(k);
    if (found == map_.end() || (Defect != defect::compare_and_delete && found->second != expected)) return false;
    map_.erase(found);
    return true;
  }
  void reserve(std::size_t elements) {
    if (Defect == defect::reserve) map_.clear();
    map_.reserve(elements);
  }
  void shrink_to_fit() {
    if (Defect == defect::shrink_to_fit) map_.clear();
    map_.rehash(0);
  }
  void range(auto visit) const {
    for (const auto& [k, v] : map_) {
      if (!visit(k, v) || Defect == defect::range) return;
    }
  }

 private:
  std::unordered_map<Key, T, Hash, KeyEqual, Allocator> map_;
};

template <defect Defect>
struct with {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  struct adapter {
    using map_type = many_names<Defect, Key, T, Hash, KeyEqual, Allocator>;
    static constexpr std::string_view name = "many_names";
    static constexpr contract contract_of(opcode) { return contract::linearizable; }
  };
};

template <defect Defect>
bool holds(const std::string& text) {
  return static_cast<bool>(run_concurrent(
      program_of("target concurrent_schedule\nthreads 1\n" + text),
      make_concurrent_subject<with<Defect>::template adapter, element_types::u64_u64>(), {.repetitions = 1}));
}

// Key 8 is found by visit, and key 5 by load.
constexpr const char* everything =
    "insert_copy 0 hot 8 value 1\ninsert_copy 0 hot 5 value 2\ninsert_copy 0 hot 5 value 3\nfind 0 hot 8\nfind 0 hot "
    "5\n"
    "insert_or_assign 0 hot 5 value 7\nfind 0 hot 5\ncompare_exchange 0 hot 5 value 7\nfind 0 hot 5\nextract_key 0 hot "
    "5\n"
    "find 0 hot 5\ninsert_copy 0 hot 1 value 1\nupsert 0 hot 1 value 3\nupsert 0 hot 2 value 3\ncompare_erase 0 hot 2 "
    "value 1\nwalk 0\nend\ncompare_erase 0 hot 2 value 3\nwalk 0\nend\n";

TEST(second_ways, of_a_concurrent_map_are_asked_and_judged) {
  const std::string program = std::string("hot_keys 16\n") + everything;
  EXPECT_TRUE(holds<defect::none>(program));
  EXPECT_FALSE(holds<defect::visit>(program));
  EXPECT_FALSE(holds<defect::load>(program));
  EXPECT_FALSE(holds<defect::insert_or_visit>(program));
  EXPECT_FALSE(holds<defect::load_or_store>(program));
  EXPECT_FALSE(holds<defect::swap>(program));
  EXPECT_FALSE(holds<defect::load_and_delete>(program));
  EXPECT_FALSE(holds<defect::compare_and_swap>(program));
  EXPECT_FALSE(holds<defect::compare_and_delete>(program));
  EXPECT_FALSE(holds<defect::visits_a_copy>(program));
  EXPECT_FALSE(holds<defect::range>(program));
  for (const char* room : {"reserve 0 plain value 9\n", "shrink_to_fit 0\n"}) {
    EXPECT_TRUE(holds<defect::none>(program + room)) << room;
  }
  EXPECT_FALSE(holds<defect::reserve>(program + "reserve 0 plain value 9\n"));
  EXPECT_FALSE(holds<defect::shrink_to_fit>(program + "shrink_to_fit 0\n"));
}

}  // namespace gauntlet::check::second_ways
