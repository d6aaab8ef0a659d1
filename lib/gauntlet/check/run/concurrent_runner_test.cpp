// The concurrent runner on a map that is right and on the same map with one defect each.
#include <gauntlet/check/run/concurrent_runner.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/run/concurrent_workers.h>
#include <gauntlet/check/run/locked_map_for_tests.h>
#include <gauntlet/check/run/runner.h>

namespace gauntlet::check {
namespace {

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
    opcode::find,      opcode::contains,    opcode::insert_copy,    opcode::try_emplace, opcode::insert_or_assign,
    opcode::erase_key, opcode::extract_key, opcode::fetch_update,   opcode::update,      opcode::compare_exchange,
    opcode::size,      opcode::clear,       opcode::erase_if,       opcode::equal,       opcode::swap,
    opcode::walk,      opcode::snapshot,    opcode::copy_construct, opcode::upsert,      opcode::compare_erase};

TEST(concurrent_runner, accuses_no_right_map_in_20000_runs) {
  concurrent_options options;
  options.repetitions = 5;
  std::uint64_t operations = 0;
  const concurrent_subject_factory make = right_map();
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

// Runs one lane after the other and hears what walks show.
class listening_executor final : public concurrent_executor {
 public:
  verdict run(const std::function<void()>& body, bool& completed) override {
    body();
    completed = true;
    return {};
  }
  void at_once(unsigned count, const std::function<void(unsigned)>& lane) override {
    for (unsigned i = 0; i < count; ++i) lane(i);
  }
  void shows(const std::vector<element>& shown) override { heard.push_back(shown.size()); }

  std::vector<std::size_t> heard;
};

TEST(concurrent_runner, tells_its_executor_of_each_element_that_a_walk_shows) {
  program p;
  p.header.threads = 2;
  for (std::uint16_t key = 0; key < 2; ++key) p.operations.push_back(op(lane::before, opcode::insert_copy, key, 1));
  p.operations.push_back(op(lane::thread_1, opcode::walk));
  p.operations.push_back(op(lane::thread_2, opcode::walk));
  normalize(p);
  listening_executor executor;
  concurrent_options options;
  options.repetitions = 1;
  options.executor = &executor;
  EXPECT_TRUE(run_concurrent(p, right_map(), options));
  EXPECT_EQ(executor.heard, (std::vector<std::size_t>{1, 2, 1, 2}));
}

TEST(concurrent_runner, fills_the_coverage_table) {
  coverage() = {};
  const concurrent_subject_factory make = right_map();
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

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct claims_order_of_keys : with<defect::none>::adapter<Key, T, Hash, KeyEqual, Allocator> {
  static constexpr iteration_order iterates = iteration_order::by_key;
};

TEST(concurrent_runner, catches_keys_that_are_not_shown_in_the_order_that_was_promised) {
  const concurrent_subject_factory make = make_concurrent_subject<claims_order_of_keys, element_types::u64_u64>();
  const auto judged = [&make](unsigned keys) {
    program p;
    p.header.threads = 2;
    for (unsigned key = 0; key < keys; ++key) {
      p.operations.push_back(op(lane::before, opcode::insert_copy, static_cast<std::uint16_t>(key), 1));
    }
    return run_concurrent(p, make);
  };
  EXPECT_EQ(judged(1).kind, failure_kind::none);
  const verdict v = judged(3);  // an unordered map shows first what came last
  EXPECT_EQ(v.kind, failure_kind::wrong_contents) << v.message;
  EXPECT_EQ(v.place, "order");
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

TEST(concurrent_runner, asks_for_the_size_when_all_was_done) {
  const program p = read_program("insert_copy 0 hot 1 value 2\nerase_if 0 everything value 0\n");
  EXPECT_TRUE(run_concurrent(p, right_map()));
  const verdict v = run_concurrent(p, subject_with<defect::forgets_to_count>());
  EXPECT_EQ(v.kind, failure_kind::wrong_contents);
  EXPECT_NE(v.message.find("size() is 1, empty() is false, for_each shows 0 elements"), std::string::npos) << v.message;
}

TEST(concurrent_runner, looks_for_every_key_when_all_was_done) {
  const program p = read_program("insert_or_assign 0 hot 1 value 2\n");
  EXPECT_TRUE(run_concurrent(p, right_map()));
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
  EXPECT_TRUE(run_concurrent(beside("60"), right_map()));
  EXPECT_TRUE(run_concurrent(beside("59"), make));
  EXPECT_EQ(run_concurrent(beside("60"), make).kind, failure_kind::not_linearizable);
}

TEST(concurrent_runner, a_map_that_fails_when_it_has_lost_more_is_caught_by_one_insertion) {
  const auto behind = [](std::string_view elements) {
    return read_program("erased_before " + std::string(elements) +
                        "\n@1 insert_copy 0 hot 1 value 2\n@2 find 0 hot 0\n");
  };
  const auto make = subject_with<defect::wears_out>();
  EXPECT_TRUE(run_concurrent(behind("255"), right_map()));
  EXPECT_TRUE(run_concurrent(behind("2"), make));
  EXPECT_EQ(run_concurrent(behind("3"), make).kind, failure_kind::not_linearizable);
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct keeping_map : locked_map<defect::none, Key, T, Hash, KeyEqual, Allocator> {
  using base = locked_map<defect::none, Key, T, Hash, KeyEqual, Allocator>;
  using base::base;
  bool erase(const Key&) = delete;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct keeping : with<defect::none>::adapter<Key, T, Hash, KeyEqual, Allocator> {
  using map_type = keeping_map<Key, T, Hash, KeyEqual, Allocator>;
};

// One that stores and does not insert.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct storing_map : locked_map<defect::none, Key, T, Hash, KeyEqual, Allocator> {
  using base = locked_map<defect::none, Key, T, Hash, KeyEqual, Allocator>;
  using base::base;
  bool insert(const Key&, T) = delete;
  bool try_emplace(const Key&, T) = delete;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct storing : with<defect::none>::adapter<Key, T, Hash, KeyEqual, Allocator> {
  using map_type = storing_map<Key, T, Hash, KeyEqual, Allocator>;
};

TEST(concurrent_runner, what_was_before_is_what_a_map_has_operations_for) {
  const program p = read_program("elements_before 5\nerased_before 3\n@1 find 0 hot 0\n@2 size 0\n");
  const verdict without_erasures = run_concurrent(p, make_concurrent_subject<keeping, element_types::u64_u64>());
  EXPECT_TRUE(without_erasures) << without_erasures.message;
  const verdict without_insertions = run_concurrent(p, make_concurrent_subject<storing, element_types::u64_u64>());
  EXPECT_TRUE(without_insertions) << without_insertions.message;
}

TEST(concurrent_runner, half_of_a_number_is_no_value_that_was_written) {
  const program p = read_program("insert_copy 0 hot 1 value 2\nfind 0 hot 1\n");
  EXPECT_TRUE(run_concurrent(p, right_map()));
  EXPECT_EQ(run_concurrent(p, subject_with<defect::tears_numbers>()).kind, failure_kind::not_linearizable);
}

TEST(concurrent_runner, one_word_of_two_is_no_value_that_was_written) {
  program p = read_program("insert_copy 0 hot 1 value 2\nfind 0 hot 1\n");
  EXPECT_TRUE(
      run_concurrent(p, subject_with<defect::tears_words, element_types::u64_u64, element_types::u64_two_words>()));
  p.header.types = element_types::u64_two_words;
  EXPECT_TRUE(run_concurrent(p, right_map()));
  EXPECT_EQ(
      run_concurrent(p, subject_with<defect::tears_words, element_types::u64_u64, element_types::u64_two_words>()).kind,
      failure_kind::not_linearizable);
}

TEST(concurrent_runner, emptied_maps_that_promise_to_give_memory_back_have_done_so) {
  const program p = read_program("insert_copy 0 hot 0 value 1\n@1 erase_key 0 hot 0\n@2 find 0 hot 1\n");
  EXPECT_TRUE(run_concurrent(p, right_map()));
  EXPECT_TRUE(run_concurrent(p, subject_with<defect::hoards>(), {.judge_memory = false}));
  const verdict v = run_concurrent(p, subject_with<defect::hoards>());
  EXPECT_EQ(v.kind, failure_kind::work_budget);
  EXPECT_EQ(v.place, "memory");
  EXPECT_NE(v.message.find("fresh ones"), std::string::npos) << v.message;
}

// ------------------------------------------------------------------------------------------------- objects, snapshots

TEST(concurrent_runner, objects_know_what_is_done_to_them) {
  const program p = read_program("types tracked_tracked\ninsert_copy 0 hot 0 value 1\nfind 0 hot 0\n@1 clear 0\n");
  EXPECT_TRUE(run_concurrent(p, right_map()));
  const verdict v = run_concurrent(p, subject_with<defect::copies_bytes, element_types::tracked_tracked>());
  EXPECT_EQ(v.kind, failure_kind::lifetime);
  EXPECT_NE(v.message.find("an object was moved as bytes"), std::string::npos) << v.message;
  const verdict left = run_concurrent(p, subject_with<defect::keeps_an_object, element_types::tracked_tracked>());
  EXPECT_EQ(left.kind, failure_kind::lifetime);
  EXPECT_EQ(left.place, "leak") << left.message;
  EXPECT_TRUE(run_concurrent(p, right_map())) << "one finding must not become the next run's";
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
