// The runner on a map that is right (one mutex around std::unordered_map) and on the same map with one defect each.
// No defect is undefined behaviour: each holds the lock wherever it touches the map, only not for long enough.
#include <gauntlet/check/run/concurrent_runner.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/concurrent_subject_of.h>
#include <gauntlet/check/run/concurrent_workers.h>
#include <gauntlet/check/run/runner.h>

#if defined(__SANITIZE_ADDRESS__)
#define GAUNTLET_TEST_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GAUNTLET_TEST_UNDER_ASAN 1
#endif
#endif
#ifdef GAUNTLET_TEST_UNDER_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace gauntlet::check {
namespace {

// The leak is for the allocator's own books; LeakSanitizer need not hear of it.
void leak_on_purpose([[maybe_unused]] const void* block) {
#ifdef GAUNTLET_TEST_UNDER_ASAN
  __lsan_ignore_object(block);
#endif
}

enum class defect : std::uint8_t {
  none,
  erase_in_two_steps,  // looks whether the key is there, lets go of the lock, erases
  lost_update,         // reads, lets go of the lock, writes
  torn_snapshot,       // copies the smaller half of the keys, lets go of the lock, copies the rest
  late_size,           // counts after letting go of the lock
  shows_twice,         // a walk that starts again when something was inserted meanwhile
  keeps_memory,        // allocates a block that it never gives back
  fails_self_check,    // the self-check says no after an erase
  throws_on_clear,
  forgets_to_count,        // a size that is never told of an erase_if
  hides_in_the_end,        // a lookup that no longer finds what was assigned
  counts_what_failed,      // an insertion that ran out of memory is in the size
  retries_for_ever,        // an insertion that tries again as long as there is no memory
  loses_another,           // an insertion that ran out of memory empties the map
  says_yes_shows_nothing,  // an update that says that the key was there and never calls back
  copies_bytes,            // a lookup that copies the bytes of a value
  keeps_an_object,         // a clear that makes a value and never destroys it
  holds_sixty,             // an insertion that is not kept where there are sixty elements
  hoards,                  // an erasure that keeps what it has erased until the end
  tears_numbers,           // a lookup that gives the lower half of a number with nothing above it
  tears_words,             // a lookup that gives the first word of two with that of another value behind it
};

template <defect Defect, class Key, class T, class Hash, class KeyEqual, class Allocator>
class locked_map {
  using guard = std::lock_guard<std::mutex>;
  using plain_map = std::unordered_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  locked_map(const Hash& hash, const KeyEqual& equal, const Allocator& allocator) : map_(0, hash, equal, allocator) {}
  locked_map(const locked_map& other) : locked_map(other, guard(other.mutex_)) {}

  std::optional<T> find(const Key& k) const {
    const guard lock(mutex_);
    const auto found = map_.find(k);
    if constexpr (Defect == defect::hides_in_the_end) {
      if (assigned_) return std::nullopt;
    }
    if constexpr (Defect == defect::copies_bytes) {
      if (found == map_.end()) return std::nullopt;
      std::optional<T> copy(std::in_place);
      std::memcpy(static_cast<void*>(&*copy), &found->second, sizeof(T));
      return copy;
    }
    if constexpr (Defect == defect::tears_numbers && std::is_same_v<T, std::uint64_t>) {
      if (found != map_.end()) return found->second & 0xFFFF'FFFF;
    }
    if constexpr (Defect == defect::tears_words && sizeof(T) == 2 * sizeof(std::uint64_t)) {
      if (found == map_.end()) return std::nullopt;
      std::optional<T> copy(std::in_place);
      std::memcpy(static_cast<void*>(&*copy), &found->second, sizeof(std::uint64_t));
      return copy;
    }
    return found == map_.end() ? std::nullopt : std::optional<T>(found->second);
  }
  bool contains(const Key& k) const { return find(k).has_value(); }
  bool insert(const Key& k, T v) {
    bool inserted = false;
    {
      const guard lock(mutex_);
      try {
        inserted = map_.emplace(k, std::move(v)).second;
        if (Defect == defect::holds_sixty && map_.size() > 60) map_.erase(k);
      } catch (...) {
        if constexpr (Defect == defect::counts_what_failed) ++size_;
        if constexpr (Defect == defect::loses_another) map_.clear();
        if constexpr (Defect == defect::retries_for_ever) {
          while (!inserted) {
            try {
              inserted = map_.emplace(k, v).second;
            } catch (const std::bad_alloc&) {
              continue;
            }
          }
        } else {
          throw;
        }
      }
      inserted_ += inserted;
      if constexpr (Defect == defect::keeps_memory) leak_on_purpose(map_.get_allocator().allocate(1));
    }
    disturbance::point();
    size_ += inserted;
    return inserted;
  }
  bool try_emplace(const Key& k, T v) { return insert(k, std::move(v)); }
  bool insert_or_assign(const Key& k, T v) {
    const guard lock(mutex_);
    const bool inserted = map_.insert_or_assign(k, std::move(v)).second;
    assigned_ = true;
    size_ += inserted;
    return inserted;
  }
  bool erase(const Key& k) {
    if constexpr (Defect == defect::erase_in_two_steps) {
      const bool there = contains(k);
      disturbance::point();
      if (there) extract(k);
      return there;
    }
    return extract(k).has_value();
  }
  std::optional<T> extract(const Key& k) {
    const guard lock(mutex_);
    const auto found = map_.find(k);
    if (found == map_.end()) return std::nullopt;
    std::optional<T> value(std::move(found->second));
    if constexpr (Defect == defect::hoards) {
      hoard_.push_back(map_.extract(found));
    } else {
      map_.erase(found);
    }
    if (map_.empty()) map_.rehash(0);
    --size_;
    erased_ = true;
    return value;
  }
  bool compare_exchange(const Key& k, const T& expected, T desired) {
    const guard lock(mutex_);
    const auto found = map_.find(k);
    if (found == map_.end() || found->second != expected) return false;
    found->second = std::move(desired);
    return true;
  }
  template <class Change>
  bool update(const Key& k, Change change) {
    if constexpr (Defect == defect::says_yes_shows_nothing) return true;
    if constexpr (Defect == defect::lost_update) {
      std::optional<T> value = find(k);
      if (!value) return false;
      change(*value);
      const guard lock(mutex_);
      const auto found = map_.find(k);
      if (found != map_.end()) found->second = *value;
      return true;
    }
    const guard lock(mutex_);
    const auto found = map_.find(k);
    if (found == map_.end()) return false;
    change(found->second);
    return true;
  }
  std::size_t size() const {
    if constexpr (Defect == defect::late_size || Defect == defect::counts_what_failed ||
                  Defect == defect::forgets_to_count)
      return static_cast<std::size_t>(size_.load());
    const guard lock(mutex_);
    return map_.size();
  }
  bool empty() const { return size() == 0; }
  void clear() {
    if constexpr (Defect == defect::throws_on_clear) throw std::runtime_error("cannot clear");
    if constexpr (Defect == defect::keeps_an_object) {
      alignas(T) static std::byte place[sizeof(T)];
      ::new (place) T();
    }
    const guard lock(mutex_);
    size_ -= static_cast<std::int64_t>(map_.size());
    map_.clear();
  }
  template <class Predicate>
  std::size_t erase_if(Predicate predicate) {
    const guard lock(mutex_);
    const std::size_t erased = std::erase_if(map_, [&](const auto& e) { return predicate(e.first, e.second); });
    if constexpr (Defect != defect::forgets_to_count) size_ -= static_cast<std::int64_t>(erased);
    return erased;
  }
  template <class Visit>
  void for_each(Visit visit) const {
    if constexpr (Defect == defect::shows_twice) {
      std::uint64_t before = 0;
      {
        const guard lock(mutex_);
        before = inserted_;
        for (const auto& [k, v] : map_) visit(k, v);
      }
      disturbance::point();
      const guard lock(mutex_);
      if (inserted_ == before) return;
      for (const auto& [k, v] : map_) visit(k, v);
      return;
    }
    const guard lock(mutex_);
    for (const auto& [k, v] : map_) visit(k, v);
  }
  std::vector<std::pair<Key, T>> snapshot() const {
    std::vector<std::pair<Key, T>> copy;
    if constexpr (Defect == defect::torn_snapshot) {
      for (const std::uint64_t half : {0u, 1u}) {
        disturbance::point();
        const guard lock(mutex_);
        for (const auto& [k, v] : map_) {
          if (id_of(k) % 2 == half) copy.emplace_back(k, v);
        }
      }
      return copy;
    }
    const guard lock(mutex_);
    copy.assign(map_.begin(), map_.end());
    return copy;
  }
  void swap(locked_map& other) {
    const std::scoped_lock both(mutex_, other.mutex_);
    map_.swap(other.map_);
    const std::int64_t mine = size_.load();
    size_ = other.size_.load();
    other.size_ = mine;
  }
  friend bool operator==(const locked_map& a, const locked_map& b) {
    const std::scoped_lock both(a.mutex_, b.mutex_);
    return a.map_ == b.map_;
  }
  bool self_check(std::ostream*) const { return Defect != defect::fails_self_check || !erased_; }

 private:
  locked_map(const locked_map& other, const guard&) : map_(other.map_) {}

  mutable std::mutex mutex_;
  plain_map map_;
  std::vector<typename plain_map::node_type> hoard_;
  std::atomic<std::int64_t> size_{0};  // what size() would be without its lock
  std::uint64_t inserted_ = 0;
  bool erased_ = false, assigned_ = false;
};

template <defect Defect>
struct with {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  struct adapter {
    using map_type = locked_map<Defect, Key, T, Hash, KeyEqual, Allocator>;
    static constexpr std::string_view name = "locked_map";
    static constexpr std::size_t slack_when_empty = 512;
    static constexpr contract contract_of(opcode code) {
      return code == opcode::walk ? contract::weak : contract::linearizable;
    }
  };
};

template <defect Defect>
concurrent_subject_factory subject_with() {
  return make_concurrent_subject<with<Defect>::template adapter, element_types::u64_u64, element_types::string_string,
                                 element_types::tracked_tracked, element_types::u64_two_words>();
}

operation op(lane where, opcode code, std::uint16_t key = 0, std::uint16_t value = 0) {
  operation o;
  o.code = code;
  o.where = where;
  o.key.number = key;
  o.value = value;
  return o;
}

// Three threads, a few keys, the given operations in turn; the program depends on `number` alone.
program small_program(std::uint64_t number, const std::vector<opcode>& vocabulary) {
  random_source random(number);
  program p;
  p.header.threads = 3;
  p.header.hot_keys = 3;
  p.header.hash = static_cast<hash_quality>(random.below(hash_quality_count));
  p.header.types = random.chance(50) ? element_types::u64_u64 : element_types::string_string;
  for (std::uint16_t key = 0; key < 3; ++key) p.operations.push_back(op(lane::before, opcode::insert_copy, key, 1));
  for (unsigned i = 0; i < 18; ++i) {
    p.operations.push_back(op(static_cast<lane>(1 + i % 3), vocabulary[random.below(vocabulary.size())],
                              static_cast<std::uint16_t>(random.below(3)), static_cast<std::uint16_t>(1 + i)));
  }
  p.operations.push_back(op(lane::after, opcode::size));
  normalize(p);
  return p;
}

const std::vector<opcode> everything = {
    opcode::find,      opcode::contains,    opcode::insert_copy,   opcode::try_emplace, opcode::insert_or_assign,
    opcode::erase_key, opcode::extract_key, opcode::fetch_update,  opcode::update,      opcode::compare_exchange,
    opcode::size,      opcode::clear,       opcode::erase_if,      opcode::equal,       opcode::swap,
    opcode::walk,      opcode::snapshot,    opcode::copy_construct};

TEST(concurrent_runner, accuses_no_right_map_in_20000_runs) {
  concurrent_options options;
  options.repetitions = 5;
  std::uint64_t operations = 0;
  const concurrent_subject_factory make = subject_with<defect::none>();
  for (std::uint64_t number = 0; number < 2000; ++number) {
    const program p = small_program(number, everything);
    const verdict v = run_concurrent(p, make, options);
    ASSERT_TRUE(v) << v.message;
    ASSERT_FALSE(v.undecided) << v.message;
    operations += v.operations_run;
  }
  EXPECT_GT(operations, 2000u * 5 * 18);

  mutation_options generated;
  generated.concurrent = true;
  random_source random(1);
  for (unsigned number = 0; number < 2000; ++number) {
    const verdict v = run_concurrent(generate(random, 24, generated), make, options);
    ASSERT_TRUE(v) << v.message;
  }
}

TEST(concurrent_runner, fills_the_coverage_table) {
  coverage() = {};
  const concurrent_subject_factory make = subject_with<defect::none>();
  for (std::uint64_t number = 0; number < 50; ++number) run_concurrent(small_program(number, everything), make);
  for (const opcode code : everything) {
    EXPECT_GT(coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(outcome::done)], 0u)
        << info(code).name;
  }
}

// The first failing verdict within `runs` programs of four repetitions.
verdict hunt(const concurrent_subject_factory& make, const std::vector<opcode>& vocabulary, unsigned runs = 3000) {
  for (std::uint64_t number = 0; number < runs; ++number) {
    if (const verdict v = run_concurrent(small_program(number, vocabulary), make); !v) return v;
  }
  return {};
}

TEST(concurrent_runner, catches_an_erase_in_two_steps) {
  const verdict v = hunt(subject_with<defect::erase_in_two_steps>(), {opcode::erase_key, opcode::insert_copy});
  EXPECT_EQ(v.kind, failure_kind::not_linearizable);
  EXPECT_NE(v.message.find("no order explains the answer of"), std::string::npos) << v.message;
}

TEST(concurrent_runner, catches_a_lost_update) {
  EXPECT_EQ(hunt(subject_with<defect::lost_update>(), {opcode::fetch_update, opcode::find}).kind,
            failure_kind::not_linearizable);
}

TEST(concurrent_runner, catches_a_torn_snapshot) {
  const verdict v = hunt(subject_with<defect::torn_snapshot>(),
                         {opcode::snapshot, opcode::insert_copy, opcode::insert_copy, opcode::erase_key}, 20000);
  EXPECT_EQ(v.kind, failure_kind::not_linearizable);
  EXPECT_NE(v.message.find("whole-map states"), std::string::npos) << v.message;
}

TEST(concurrent_runner, catches_a_size_that_counts_late) {
  EXPECT_EQ(hunt(subject_with<defect::late_size>(), {opcode::insert_copy, opcode::size, opcode::erase_key}, 20000).kind,
            failure_kind::not_linearizable);
}

TEST(concurrent_runner, catches_a_walk_that_shows_a_key_twice) {
  const verdict v =
      hunt(subject_with<defect::shows_twice>(), {opcode::walk, opcode::insert_copy, opcode::erase_key}, 20000);
  EXPECT_EQ(v.kind, failure_kind::weak_contract);
  EXPECT_EQ(v.place, "walk");
}

TEST(concurrent_runner, catches_memory_that_is_not_given_back) {
  EXPECT_EQ(hunt(subject_with<defect::keeps_memory>(), {opcode::insert_copy}, 1).kind, failure_kind::allocator);
}

TEST(concurrent_runner, asks_the_map_to_check_itself) {
  EXPECT_EQ(hunt(subject_with<defect::fails_self_check>(), {opcode::erase_key}, 1).kind, failure_kind::self_check);
}

TEST(concurrent_runner, reports_an_exception_that_nobody_asked_for) {
  const verdict v = hunt(subject_with<defect::throws_on_clear>(), {opcode::clear}, 1);
  EXPECT_EQ(v.kind, failure_kind::unexpected_exception);
  EXPECT_EQ(v.place, "clear");
  EXPECT_NE(v.message.find("cannot clear"), std::string::npos) << v.message;
}

TEST(concurrent_runner, an_answer_that_no_map_gives_is_a_wrong_result) {
  const verdict v = hunt(subject_with<defect::says_yes_shows_nothing>(), {opcode::fetch_update}, 1);
  EXPECT_EQ(v.kind, failure_kind::wrong_result);
  EXPECT_EQ(v.place, "fetch_update");
  EXPECT_NE(v.message.find("it must show a value exactly when it says yes"), std::string::npos) << v.message;
}

// ------------------------------------------------------------------------------------------- when all was done

program read_program(std::string_view body) {
  auto read = parse("gauntlet 1\ntarget concurrent_stress\nthreads 2\n" + std::string(body));
  if (auto* p = std::get_if<program>(&read)) return std::move(*p);
  ADD_FAILURE() << std::get<parse_error>(read).message;
  return {};
}

TEST(concurrent_runner, asks_for_the_size_when_all_was_done) {
  const program p = read_program("insert_copy 0 hot 1 value 2\nerase_if 0 everything value 0\n");
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::none>()));
  const verdict v = run_concurrent(p, subject_with<defect::forgets_to_count>());
  EXPECT_EQ(v.kind, failure_kind::wrong_contents);
  EXPECT_NE(v.message.find("size() is 1, empty() is false, for_each shows 0 elements"), std::string::npos) << v.message;
}

TEST(concurrent_runner, looks_for_every_key_when_all_was_done) {
  const program p = read_program("insert_or_assign 0 hot 1 value 2\n");
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::none>()));
  const verdict v = run_concurrent(p, subject_with<defect::hides_in_the_end>());
  EXPECT_EQ(v.kind, failure_kind::wrong_contents);
  EXPECT_NE(v.message.find("gives nothing, for_each shows value 2"), std::string::npos) << v.message;
}

// ------------------------------------------------------------------------------------------- what was there before

TEST(concurrent_runner, a_map_that_fails_when_it_holds_more_is_caught_by_one_insertion) {
  const auto beside = [](std::string_view elements) {
    return read_program("elements_before " + std::string(elements) + "\n@1 insert_copy 0 hot 1 value 2\n@2 size 0\n");
  };
  const auto make = subject_with<defect::holds_sixty>();
  EXPECT_TRUE(run_concurrent(beside("60"), subject_with<defect::none>()));
  EXPECT_TRUE(run_concurrent(beside("59"), make));
  EXPECT_EQ(run_concurrent(beside("60"), make).kind, failure_kind::not_linearizable);
}

TEST(concurrent_runner, half_of_a_number_is_no_value_that_was_written) {
  const program p = read_program("insert_copy 0 hot 1 value 2\nfind 0 hot 1\n");
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::none>()));
  EXPECT_EQ(run_concurrent(p, subject_with<defect::tears_numbers>()).kind, failure_kind::not_linearizable);
}

TEST(concurrent_runner, one_word_of_two_is_no_value_that_was_written) {
  program p = read_program("insert_copy 0 hot 1 value 2\nfind 0 hot 1\n");
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::tears_words>()));
  p.header.types = element_types::u64_two_words;
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::none>()));
  EXPECT_EQ(run_concurrent(p, subject_with<defect::tears_words>()).kind, failure_kind::not_linearizable);
}

// ------------------------------------------------------------------------------------------------- exceptions

TEST(concurrent_runner, makes_the_next_operation_of_a_lane_throw) {
  coverage() = {};
  const program p = read_program(
      "insert_copy 0 hot 0 value 1\n"
      "fault allocation value 0\ninsert_copy 0 hot 1 value 2\n"
      "@1 fault function value 0\n@2 insert_copy 0 hot 2 value 5\n@1 update 0 hot 0 value 3\n@1 find 0 hot 0\n"
      "@2 fault function value 0\n@2 walk 0\nend\n"
      "fault function value 7\nupdate 0 hot 0 value 9\nfault move value 0\ninsert_copy 0 hot 5 value 4\n");
  const verdict v = run_concurrent(p, subject_with<defect::none>(), {.repetitions = 1});
  EXPECT_TRUE(v) << v.message;
  const auto met = [](opcode code, outcome o) {
    return coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(o)];
  };
  EXPECT_EQ(met(opcode::insert_copy, outcome::injected), 1u);
  EXPECT_EQ(met(opcode::insert_copy, outcome::done), 3u);
  EXPECT_EQ(met(opcode::update, outcome::injected), 1u);
  EXPECT_EQ(met(opcode::update, outcome::done), 1u) << "whose function is called less often than that";
  EXPECT_EQ(met(opcode::walk, outcome::injected), 1u);
}

TEST(concurrent_runner, every_kind_of_fault_that_an_operation_can_meet_makes_it_throw) {
  coverage() = {};
  const program p = read_program(
      "types tracked_tracked\ninsert_copy 0 hot 0 value 1\n"
      "fault hash value 0\ninsert_copy 0 hot 1 value 2\n"
      "fault equality value 0\nerase_key 0 hot 0\n"
      "fault copy value 0\nfind 0 hot 0\n"
      "@1 fault hash value 0\n@1 find 0 hot 0\n@1 find 0 hot 0\n");
  const verdict v = run_concurrent(p, subject_with<defect::none>(), {.repetitions = 1});
  EXPECT_TRUE(v) << v.message;
  const auto met = [](opcode code, outcome o) {
    return coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(o)];
  };
  EXPECT_EQ(met(opcode::insert_copy, outcome::injected), 1u);
  EXPECT_EQ(met(opcode::erase_key, outcome::injected), 1u);
  EXPECT_EQ(met(opcode::find, outcome::injected), 2u);
  EXPECT_EQ(met(opcode::find, outcome::done), 1u);
}

// An insertion whose hash throws is known to go wrong, an erasure is not.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct with_a_known_failure : with<defect::none>::adapter<Key, T, Hash, KeyEqual, Allocator> {
  static constexpr bool fails_as_promised(opcode code, fault_kind kind) {
    return code != opcode::insert_copy || kind != fault_kind::hash;
  }
};

TEST(concurrent_runner, a_failure_that_is_known_is_not_asked_for) {
  coverage() = {};
  const program p = read_program(
      "types tracked_tracked\nfault hash value 0\ninsert_copy 0 hot 0 value 1\nfault hash value 0\nerase_key 0 hot "
      "0\n");
  const auto make = make_concurrent_subject<with_a_known_failure, element_types::tracked_tracked>();
  EXPECT_TRUE(run_concurrent(p, make, {.repetitions = 1}));
  const auto injected = [](opcode code) {
    return coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(outcome::injected)];
  };
  EXPECT_EQ(injected(opcode::insert_copy), 0u);
  EXPECT_EQ(injected(opcode::erase_key), 1u);
}

TEST(concurrent_runner, what_an_exception_leaves_behind_is_judged) {
  const program p = read_program(
      "insert_copy 0 hot 0 value 1\nfault allocation value 0\ninsert_copy 0 hot 1 value 2\n@1 find 0 hot 0\n");
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::none>()));
  EXPECT_EQ(run_concurrent(p, subject_with<defect::counts_what_failed>()).kind, failure_kind::wrong_contents);
  const verdict v = run_concurrent(p, subject_with<defect::loses_another>());
  EXPECT_EQ(v.kind, failure_kind::not_linearizable);
  EXPECT_NE(v.message.find("(an exception)"), std::string::npos) << v.message;
}

TEST(concurrent_runner, an_operation_that_waits_for_memory_never_ends) {
  const auto program_with = [](const std::string& fault) {
    return read_program("fault " + fault + " value 0\ninsert_copy 0 hot 0 value 1\n@1 find 0 hot 0\n");
  };
  EXPECT_TRUE(run_concurrent(program_with("every_allocation"), subject_with<defect::none>()));
  EXPECT_TRUE(run_concurrent(program_with("allocation"), subject_with<defect::retries_for_ever>()));
  const verdict v = run_concurrent(program_with("every_allocation"), subject_with<defect::retries_for_ever>());
  EXPECT_EQ(v.kind, failure_kind::work_budget);
  EXPECT_EQ(v.place, "refusals");
  EXPECT_NE(v.message.find("insert"), std::string::npos) << v.message;
}

TEST(concurrent_runner, emptied_maps_that_promise_to_give_memory_back_have_done_so) {
  const program p = read_program("insert_copy 0 hot 0 value 1\n@1 erase_key 0 hot 0\n@2 find 0 hot 1\n");
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::none>()));
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::hoards>(), {.judge_memory = false}));
  const verdict v = run_concurrent(p, subject_with<defect::hoards>());
  EXPECT_EQ(v.kind, failure_kind::work_budget);
  EXPECT_EQ(v.place, "memory");
  EXPECT_NE(v.message.find("fresh ones"), std::string::npos) << v.message;
}

// ------------------------------------------------------------------------------------------------- objects, snapshots

TEST(concurrent_runner, objects_know_what_is_done_to_them) {
  const program p = read_program("types tracked_tracked\ninsert_copy 0 hot 0 value 1\nfind 0 hot 0\n@1 clear 0\n");
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::none>()));
  const verdict v = run_concurrent(p, subject_with<defect::copies_bytes>());
  EXPECT_EQ(v.kind, failure_kind::lifetime);
  EXPECT_NE(v.message.find("an object was moved as bytes"), std::string::npos) << v.message;
  const verdict left = run_concurrent(p, subject_with<defect::keeps_an_object>());
  EXPECT_EQ(left.kind, failure_kind::lifetime);
  EXPECT_EQ(left.place, "leak") << left.message;
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::none>())) << "one finding must not become the next run's";
}

enum class buffers : std::uint8_t { one_for_each, one_for_all };

// Its snapshots are handles to what was copied.
template <buffers Buffers, class Key, class T, class Hash, class KeyEqual, class Allocator>
class map_of_handles : public locked_map<defect::none, Key, T, Hash, KeyEqual, Allocator> {
  using base = locked_map<defect::none, Key, T, Hash, KeyEqual, Allocator>;
  using elements = std::vector<std::pair<Key, T>>;

 public:
  using base::base;
  class snapshot_type {
   public:
    explicit snapshot_type(std::shared_ptr<const elements> shown) : shown_(std::move(shown)) {}
    auto begin() const { return shown_->begin(); }
    auto end() const { return shown_->end(); }

   private:
    std::shared_ptr<const elements> shown_;
  };
  snapshot_type snapshot() const {
    if (buffer_ == nullptr || Buffers == buffers::one_for_each) buffer_ = std::make_shared<elements>();
    *buffer_ = base::snapshot();
    return snapshot_type(buffer_);
  }

 private:
  mutable std::shared_ptr<elements> buffer_;  // of one thread
};

template <buffers Buffers>
struct handing_out {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  struct adapter : with<defect::none>::adapter<Key, T, Hash, KeyEqual, Allocator> {
    using map_type = map_of_handles<Buffers, Key, T, Hash, KeyEqual, Allocator>;
    static constexpr bool snapshots_are_held = true;
  };
};

TEST(concurrent_runner, a_snapshot_shows_the_same_as_long_as_it_is_held) {
  const auto judged = [](const char* text, const concurrent_subject_factory& make) {
    return run_concurrent(read_program(text), make);
  };
  const auto right = make_concurrent_subject<handing_out<buffers::one_for_each>::adapter, element_types::u64_u64>();
  const auto wrong = make_concurrent_subject<handing_out<buffers::one_for_all>::adapter, element_types::u64_u64>();
  for (const char* text :
       {"snapshot 0\ninsert_copy 0 hot 0 value 1\nsnapshot 0\n",                       // let go for the next one
        "snapshot 0\n@1 insert_copy 0 hot 0 value 1\n@1 snapshot 0\n@1 nothing\n"}) {  // when the map is gone
    EXPECT_TRUE(judged(text, right)) << text;
    const verdict v = judged(text, wrong);
    EXPECT_EQ(v.kind, failure_kind::wrong_contents) << text;
    EXPECT_EQ(v.place, "snapshot");
    EXPECT_NE(v.message.find("a snapshot that was held showed {}, and later {0: 1}"), std::string::npos) << v.message;
  }
}

TEST(concurrent_workers, all_begin_before_any_ends) {
  for (unsigned round = 0; round < 200; ++round) {
    const unsigned count = 1 + round % concurrent_workers::count_max;
    std::atomic<unsigned> inside{0};
    concurrent_workers::of_this_process().run(count, [&](unsigned) {
      ++inside;
      while (inside < count) std::this_thread::yield();
    });
    EXPECT_EQ(inside, count);
  }
}

}  // namespace
}  // namespace gauntlet::check
