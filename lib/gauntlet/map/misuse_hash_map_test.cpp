// Misuse of hash_map, each case hit exactly, and how sure the alarm is when nobody arranges the meeting.
//
// How a case is hit: one thread is parked inside the map, in a hash or an equality that waits for a latch; then the
// other thread's operation meets it for certain. The handler throws, so the second thread backs out before it touches
// anything, the first is released and finishes, and the map must be as if the misuse had not happened. No races, no
// sleeping: these tests are clean under ThreadSanitizer.
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/misuse.h>
#include <gtest/gtest.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cstdint>
#include <functional>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__SANITIZE_THREAD__)
#define GAUNTLET_TEST_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GAUNTLET_TEST_UNDER_TSAN 1
#endif
#endif
#ifndef GAUNTLET_TEST_UNDER_TSAN
#define GAUNTLET_TEST_UNDER_TSAN 0
#endif

namespace {

using gauntlet::misuse_kind;
using gauntlet::misuse_report;

struct misuse_error : std::runtime_error {
  explicit misuse_error(const misuse_report& report) : std::runtime_error(describe(report)), kind(report.kind) {}
  misuse_kind kind;
};

class throwing_misuse {
 public:
  throwing_misuse()
      : previous_(gauntlet::set_misuse_handler([](const misuse_report& report) { throw misuse_error(report); })) {}
  ~throwing_misuse() { gauntlet::set_misuse_handler(previous_); }
  throwing_misuse(const throwing_misuse&) = delete;
  throwing_misuse& operator=(const throwing_misuse&) = delete;

 private:
  gauntlet::misuse_handler previous_;
};

// What happens inside hash and equality, for the thread that asked for it only.
thread_local std::function<void()>* inside_hash = nullptr;
thread_local std::function<void()>* inside_equality = nullptr;

void call(std::function<void()>*& what) {
  if (what != nullptr) {
    std::function<void()>* const now = std::exchange(what, nullptr);  // once: the call may use the map again
    (*now)();
  }
}

// Its copies may throw: swap and move assignment of its maps are not noexcept, and a handler that throws gets through.
struct calling_hash {
  calling_hash() = default;
  calling_hash(const calling_hash&) noexcept(false) {}
  calling_hash& operator=(const calling_hash&) noexcept(false) { return *this; }
  std::size_t operator()(int key) const {
    call(inside_hash);
    return static_cast<std::size_t>(key);
  }
};
struct calling_equal {
  bool operator()(int a, int b) const {
    call(inside_equality);
    return a == b;
  }
};

struct checked_policy : gauntlet::fixed_seed_policy {
  static constexpr bool checked = true;
};
using map_type = gauntlet::hash_map<int, int, calling_hash, calling_equal, std::allocator<std::pair<const int, int>>,
                                    checked_policy>;

map_type ten_elements() {
  map_type map;
  for (int key = 0; key < 10; ++key) {
    map.try_emplace(key, key);
  }
  return map;
}

enum class place { hash, equality };

// Parks a thread in the hash or equality of `operation` while `meanwhile` runs.
template <class Operation, class Meanwhile>
void while_parked(place where, Operation operation, Meanwhile meanwhile) {
  std::latch parked(1);
  std::latch released(1);
  std::function<void()> wait = [&parked, &released] {
    parked.count_down();
    released.wait();
  };
  std::thread thread([&] {
    (where == place::hash ? inside_hash : inside_equality) = &wait;
    operation();
  });
  parked.wait();
  meanwhile();
  released.count_down();
  thread.join();
}

// The kind of misuse that `operation` draws; none when it draws nothing.
template <class Operation>
std::optional<misuse_kind> drawn_by(Operation operation) {
  try {
    operation();
    return std::nullopt;
  } catch (const misuse_error& error) {
    EXPECT_EQ(std::string(error.what()).rfind(gauntlet::misuse_message(error.kind), 0), 0U) << error.what();
    return error.kind;
  }
}

void expect_ten_elements_and(const map_type& map, std::size_t more) {
  EXPECT_EQ(map.size(), 10 + more);
  for (int key = 0; key < 10; ++key) {
    EXPECT_TRUE(map.contains(key)) << key;
  }
  EXPECT_TRUE(map.self_check());
}

class misuse_of_hash_map : public testing::TestWithParam<place> {
 protected:
  throwing_misuse throwing_;
};
INSTANTIATE_TEST_SUITE_P(parked_in, misuse_of_hash_map, testing::Values(place::hash, place::equality),
                         [](const auto& information) {
                           return std::string(information.param == place::hash ? "the_hash" : "the_equality");
                         });

TEST_P(misuse_of_hash_map, a_write_that_meets_a_write_is_concurrent_writes) {
  map_type map = ten_elements();
  const std::vector<std::function<void()>> writes = {
      [&map] { map.try_emplace(50, 1); },
      [&map] { map.insert_or_assign(3, 1); },
      [&map] { map[51] = 1; },
      [&map] { map.erase(3); },
      [&map] { map.clear(); },
      [&map] { map.reserve(1000); },
      [&map] { map.shrink_to_fit(); },
      [&map] { (void)map.extract(3); },
      [&map] { erase_if(map, [](const auto&) { return true; }); },
      [&map] { map = map_type(); },
      [&map] {
        map_type other;
        map.swap(other);
      },
      [&map] {
        map_type other = ten_elements();
        map.merge(other);
      },
  };
  for (std::size_t number = 0; number < writes.size(); ++number) {
    while_parked(
        GetParam(), [&map] { map.insert_or_assign(5, 5); },
        [&] { EXPECT_EQ(drawn_by(writes[number]), misuse_kind::concurrent_writes) << "write " << number; });
    expect_ten_elements_and(map, 0);
  }
  while_parked(
      GetParam(), [&map] { map.erase(5); },
      [&map] { EXPECT_EQ(drawn_by([&map] { map.try_emplace(5, 5); }), misuse_kind::concurrent_writes); });
  EXPECT_EQ(map.size(), 9U);
  EXPECT_TRUE(map.self_check());
}

TEST_P(misuse_of_hash_map, a_read_that_meets_a_write_is_concurrent_read_and_write) {
  map_type map = ten_elements();
  const std::vector<std::function<void()>> reads = {
      [&map] { (void)map.find(3); },        [&map] { (void)map.contains(99); },
      [&map] { (void)map.at(3); },          [&map] { (void)map.count(3); },
      [&map] { (void)map.equal_range(3); }, [&map] { (void)(map == ten_elements()); },
      [&map] { const map_type copy(map); },
  };
  for (std::size_t number = 0; number < reads.size(); ++number) {
    while_parked(
        GetParam(), [&map] { map.insert_or_assign(5, 5); },
        [&] { EXPECT_EQ(drawn_by(reads[number]), misuse_kind::concurrent_read_and_write) << "read " << number; });
  }
  expect_ten_elements_and(map, 0);
}

TEST_P(misuse_of_hash_map, a_walk_that_meets_a_write_is_concurrent_iteration_and_write) {
  map_type map = ten_elements();
  auto cursor = map.walk();
  auto iterator = map.begin();
  const std::vector<std::function<void()>> steps = {
      [&map] { (void)map.walk(); },
      [&map] { (void)map.begin(); },
      [&cursor] { cursor.next(); },
      [&iterator] { ++iterator; },
  };
  for (std::size_t number = 0; number < steps.size(); ++number) {
    while_parked(
        GetParam(), [&map] { map.insert_or_assign(5, 5); },
        [&] { EXPECT_EQ(drawn_by(steps[number]), misuse_kind::concurrent_iteration_and_write) << "step " << number; });
  }
  expect_ten_elements_and(map, 0);
}

TEST_P(misuse_of_hash_map, reads_that_meet_a_read_draw_nothing) {
  const map_type map = ten_elements();
  while_parked(
      GetParam(), [&map] { (void)map.find(5); },
      [&map] {
        EXPECT_EQ(drawn_by([&map] {
                    for (auto cursor = map.walk(); cursor; cursor.next()) {
                      EXPECT_TRUE(map.contains(cursor->first));
                    }
                    const map_type copy(map);
                    EXPECT_TRUE(copy == map);
                  }),
                  std::nullopt);
      });
}

TEST_P(misuse_of_hash_map, a_map_used_again_from_its_own_hash_or_equality_is_reentry) {
  map_type map = ten_elements();
  const std::vector<std::function<void()>> uses = {
      [&map] { map.try_emplace(60, 1); }, [&map] { map.erase(3); },
      [&map] { (void)map.find(3); },      [&map] { map.clear(); },
      [&map] { (void)map.walk(); },       [&map] { map.reserve(1000); },
  };
  for (std::size_t number = 0; number < uses.size(); ++number) {
    std::function<void()> use = uses[number];
    const auto drawn = drawn_by([&] {
      (GetParam() == place::hash ? inside_hash : inside_equality) = &use;
      map.insert_or_assign(5, 5);
    });
    EXPECT_EQ(drawn, misuse_kind::reentry) << "use " << number;
    expect_ten_elements_and(map, 0);
  }
}

TEST(misuse_of_hash_map_predicate, a_map_used_again_from_the_predicate_of_erase_if_is_reentry) {
  const throwing_misuse throwing;
  map_type map = ten_elements();
  EXPECT_EQ(drawn_by([&map] { erase_if(map, [&map](const auto& element) { return map.contains(element.first); }); }),
            misuse_kind::reentry);
  EXPECT_EQ(drawn_by([&map] { erase_if(map, [&map](const auto&) { return map.erase(3) != 0; }); }),
            misuse_kind::reentry);
  EXPECT_EQ(drawn_by([&map] {
              erase_if(map, [&map](const auto&) {
                map.try_emplace(77, 1);
                return false;
              });
            }),
            misuse_kind::reentry);
  expect_ten_elements_and(map, 0);
}

TEST(stale_places, an_iterator_is_stale_after_any_change_that_may_move_elements) {
  const throwing_misuse throwing;
  const std::vector<std::function<void(map_type&)>> changes = {
      [](map_type& map) { map.try_emplace(50, 1); },
      [](map_type& map) { map.erase(map.begin()->first); },
      [](map_type& map) { map.clear(); },
      [](map_type& map) { map.reserve(100000); },
      [](map_type& map) { map.rehash(100000); },
      [](map_type& map) { erase_if(map, [](const auto&) { return true; }); },
      [](map_type& map) { map = ten_elements(); },
  };
  for (std::size_t number = 0; number < changes.size(); ++number) {
    map_type map = ten_elements();
    auto iterator = map.begin();
    changes[number](map);
    EXPECT_EQ(drawn_by([&iterator] { (void)*iterator; }), misuse_kind::stale_iterator) << "change " << number;
    EXPECT_EQ(drawn_by([iterator]() mutable { ++iterator; }), misuse_kind::stale_iterator) << "change " << number;
    EXPECT_EQ(drawn_by([&map, iterator] { map.erase(iterator); }), misuse_kind::stale_iterator) << "change " << number;
  }
}

TEST(stale_places, an_iterator_to_an_erased_element_is_stale_and_the_others_are_not) {
  const throwing_misuse throwing;
  map_type map = ten_elements();
  const auto erased = map.begin();
  const auto stays = std::next(erased);
  map.erase(erased);
  EXPECT_EQ(drawn_by([&erased] { (void)*erased; }), misuse_kind::stale_iterator);
  EXPECT_EQ(drawn_by([&stays] { (void)*stays; }), std::nullopt);
}

TEST(stale_places, the_end_is_not_an_element) {
  const throwing_misuse throwing;
  map_type map = ten_elements();
  EXPECT_EQ(drawn_by([&map] { (void)*map.end(); }), misuse_kind::stale_iterator);
  EXPECT_EQ(drawn_by([&map] { ++map.end(); }), misuse_kind::stale_iterator);
}

TEST(stale_places, a_cursor_is_stale_when_its_map_was_moved_swapped_assigned_or_destroyed) {
  const throwing_misuse throwing;
  std::optional<map_type> map(ten_elements());
  map_type other = ten_elements();
  const std::vector<std::function<void()>> changes = {
      [&] { other = map_type(std::move(*map)); },
      [&] { map->swap(other); },
      [&] { *map = map_type(other); },
      [&] { *map = other; },
      [&] { map.reset(); },
  };
  for (std::size_t number = 0; number < changes.size(); ++number) {
    map.emplace(ten_elements());
    auto cursor = map->walk();
    cursor.next();
    EXPECT_EQ(drawn_by([&cursor] { (void)*cursor; }), std::nullopt) << "change " << number;
    changes[number]();
    EXPECT_EQ(drawn_by([&cursor] { (void)*cursor; }), misuse_kind::stale_cursor) << "change " << number;
    EXPECT_EQ(drawn_by([&cursor] { cursor.next(); }), misuse_kind::stale_cursor) << "change " << number;
  }
}

TEST(stale_places, a_cursor_survives_every_other_change) {
  const throwing_misuse throwing;
  map_type map = ten_elements();
  EXPECT_EQ(drawn_by([&map] {
              auto cursor = map.walk();
              map.try_emplace(100, 1);
              map.erase(3);
              map.reserve(10000);
              map.shrink_to_fit();
              while (cursor) {
                cursor.next();
              }
            }),
            std::nullopt);
}

// The same without a handler: the program says it in Go's words, with both operations, and dies.
TEST(misuse_of_hash_map_death, the_report_names_both_operations_and_the_state_of_the_map) {
  const auto meet = [] {
    map_type map = ten_elements();
    while_parked(place::hash, [&map] { map.erase(5); }, [&map] { map.try_emplace(50, 1); });
  };
  EXPECT_DEATH(meet(), "fatal error: concurrent map writes(.|\n)*insert(.|\n)*erase(.|\n)*map state");
}

TEST(misuse_of_hash_map_death, reading_and_walking_while_another_thread_writes_die_too) {
  EXPECT_DEATH(
      {
        map_type map = ten_elements();
        while_parked(place::equality, [&map] { map.erase(5); }, [&map] { (void)map.find(7); });
      },
      "fatal error: concurrent map read and map write");
  EXPECT_DEATH(
      {
        map_type map = ten_elements();
        while_parked(place::equality, [&map] { map.erase(5); }, [&map] { (void)map.walk(); });
      },
      "fatal error: concurrent map iteration and map write");
}

// ------------------------------------------------------------------------------------- how sure, and how quiet, it is

constexpr int diagnosed = 42;
constexpr int unnoticed = 43;
constexpr int misdiagnosed = 44;

// What each of two writers does 10^5 times, with the maps' own hash. The keys of both are the same 1,000, or numbers
// that nobody else has.
enum class mix { insert, overwrite, erase_and_insert };
constexpr mix mixes[] = {mix::insert, mix::overwrite, mix::erase_and_insert};

template <class Map>
void write_once(Map& map, mix what, std::uint64_t thread, std::uint64_t number) {
  const std::uint64_t key = (number * 7 + thread * 3) % 1000;
  switch (what) {
    case mix::insert:
      map.try_emplace(1000 + number * 2 + thread, number);
      break;
    case mix::overwrite:
      map.insert_or_assign(key, number);
      break;
    case mix::erase_and_insert:
      if (number % 2 == 0) {
        map.insert_or_assign(key, number);
      } else {
        map.erase(key);
      }
      break;
  }
}

// Two threads write one map, 10^5 operations each, in a process of its own: exit code `diagnosed` or `unnoticed`, or
// whatever a map that is being destroyed by two writers does.
[[noreturn]] void two_writers(mix what) {
  alarm(10);  // a map in pieces may also go round in circles
  gauntlet::set_misuse_handler([](const misuse_report& report) {
    _exit(report.kind == misuse_kind::concurrent_writes ? diagnosed : misdiagnosed);
  });
  gauntlet::hash_map<std::uint64_t, std::uint64_t> map;
  if (what == mix::insert) {
    map.reserve(300000);  // nothing grows, which would make the operations longer and them easier to notice
  }
  for (std::uint64_t key = 0; key < 1000; ++key) {
    map[key] = key;  // so that the first meeting is not the first allocation, which can end in the allocator instead
  }
  // They pass a ball to and fro first, so that both are awake: on a busy machine one might be done before the other has
  // had the processor at all.
  std::atomic<int> ball{0};
  const auto write = [&map, &ball, what](std::uint64_t thread) {
    for (int turn = static_cast<int>(thread); turn < 40; turn += 2) {
      for (int looks = 1; ball.load() != turn; ++looks) {
        if (looks % 4000 == 0) {
          std::this_thread::yield();
        }
      }
      ball.store(turn + 1);
    }
    for (std::uint64_t number = 0; number < 100000; ++number) {
      write_once(map, what, thread, number);
    }
  };
  std::thread one(write, 0);
  std::thread two(write, 1);
  one.join();
  two.join();
  _exit(unnoticed);
}

class misuse_detection_of : public testing::TestWithParam<mix> {};
INSTANTIATE_TEST_SUITE_P(writers_that, misuse_detection_of, testing::ValuesIn(mixes), [](const auto& information) {
  return std::string(information.param == mix::insert      ? "insert"
                     : information.param == mix::overwrite ? "overwrite"
                                                           : "erase_and_insert");
});

TEST_P(misuse_detection_of, two_writers_are_diagnosed_in_at_least_99_of_100_runs) {
  if (GAUNTLET_TEST_UNDER_TSAN) {
    GTEST_SKIP() << "a real race, which ThreadSanitizer reports by itself";
  }
  int count_diagnosed = 0;
  std::string others;
  for (int run = 0; run < 100; ++run) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      two_writers(GetParam());
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == diagnosed) {
      ++count_diagnosed;
    } else {
      others += " run " + std::to_string(run) + ": status " + std::to_string(status);
    }
  }
  EXPECT_GE(count_diagnosed, 99) << others;
}

TEST(misuse_detection, a_million_correct_operations_with_four_readers_at_once_draw_nothing) {
  const throwing_misuse throwing;
  constexpr int rounds = 10;
  constexpr int writes = 20000;
  constexpr int reads = 20000;
  constexpr int readers = 4;
  gauntlet::hash_map<int, int> map;
  std::atomic<int> operations{0};
  std::atomic<int> alarms{0};
  for (int round = 0; round < rounds; ++round) {
    try {
      for (int number = 0; number < writes; ++number) {
        const int key = (number * 31 + round * 7) % 3000;
        if (number % 3 == 0) {
          map.erase(key);
        } else {
          map.insert_or_assign(key, number);
        }
      }
      operations += writes;
    } catch (const misuse_error&) {
      ++alarms;
    }
    std::barrier<> together(readers);
    std::vector<std::thread> threads;
    for (int reader = 0; reader < readers; ++reader) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        try {
          int done = 0;
          const auto& shared = map;
          while (done < reads) {
            for (auto cursor = shared.walk(); cursor && done < reads; cursor.next(), done += 2) {
              if (!shared.contains(cursor->first)) {
                ++alarms;
              }
            }
            for (const auto& element : shared) {
              if (element.second < 0) {
                ++alarms;
              }
              ++done;
            }
          }
          operations += done;
        } catch (const misuse_error&) {
          ++alarms;
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  EXPECT_EQ(alarms.load(), 0);
  EXPECT_GE(operations.load(), 1000000);
}

}  // namespace
