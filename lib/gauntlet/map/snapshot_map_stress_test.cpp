// snapshot_map under several threads at once: nothing is lost, nothing is torn, nothing is freed too soon.
//
// Every test is built so that a fault shows as a wrong number, not only as a ThreadSanitizer report. Bounded work, no
// clock.
#include <gauntlet/map/snapshot_map.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstdint>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int thread_count = 4;

template <class Body>
void on_all_threads(Body body) {
  std::barrier<> start(thread_count);
  std::vector<std::thread> threads;
  for (int number = 0; number < thread_count; ++number) {
    threads.emplace_back([&start, &body, number] {
      start.arrive_and_wait();
      body(number);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Looks for what can be freed at every update.
struct eager_policy : gauntlet::snapshot_map_policy {
  static constexpr std::size_t versions_kept = 1;
};
template <class Policy>
using int_map = gauntlet::snapshot_map<int, int, gauntlet::hash<int>, std::equal_to<int>,
                                       std::allocator<std::pair<const int, int>>, Policy>;

template <class Policy>
class snapshot_map_stress : public testing::Test {};
using policies = testing::Types<gauntlet::snapshot_map_policy, eager_policy>;
TYPED_TEST_SUITE(snapshot_map_stress, policies);

TYPED_TEST(snapshot_map_stress, no_update_is_lost) {
  constexpr int keys = 4;
  constexpr int rounds = 2000;
  int_map<TypeParam> map;
  for (int key = 0; key < keys; ++key) map.insert(key, 0);
  on_all_threads([&map](int number) {
    for (int round = 0; round < rounds; ++round) {
      const int key = (round + number) % keys;
      switch (round % 3) {
        case 0:
          map.update(key, [](int& value) { ++value; });
          break;
        case 1:
          for (int seen = *map.find(key); !map.compare_exchange(key, seen, seen + 1);) seen = *map.find(key);
          break;
        default:
          for (;;) {  // made from a snapshot, published if nobody was faster
            const auto base = map.snapshot();
            const int next = *base.get(key) + 1;
            if (map.compare_and_publish(base, [&](auto& changes) { changes.insert_or_assign(key, next); })) break;
          }
          break;
      }
    }
  });
  int sum = 0;
  map.for_each([&sum](int, int value) { sum += value; });
  EXPECT_EQ(sum, thread_count * rounds);
  EXPECT_TRUE(map.self_check());
}

// Batches move one unit from key to key: whoever looks at one version sees the same sum.
TYPED_TEST(snapshot_map_stress, nobody_sees_half_a_batch) {
  constexpr int keys = 32;
  int_map<TypeParam> map;
  for (int key = 0; key < keys; ++key) map.insert(key, 100);
  on_all_threads([&map](int number) {
    std::optional<typename int_map<TypeParam>::snapshot_type> old;
    for (int round = 0; round < 1500; ++round) {
      if (number < 2) {
        map.update([&](auto& changes) {
          changes.update(round % keys, [](int& value) { --value; });
          changes.update((round * 7 + number) % keys, [](int& value) { ++value; });
        });
        continue;
      }
      const auto now = map.snapshot();
      for (const auto* seen : {&now, old ? &*old : &now}) {
        int sum = 0;
        seen->for_each([&sum](int, int value) { sum += value; });
        EXPECT_EQ(sum, 100 * keys);
        EXPECT_EQ(seen->size(), static_cast<std::size_t>(keys));
      }
      if (round % 100 == 0) old = now;
    }
  });
  EXPECT_TRUE(map.self_check());
}

TYPED_TEST(snapshot_map_stress, a_snapshot_stays_while_its_map_changes_and_goes) {
  std::vector<std::optional<typename int_map<TypeParam>::snapshot_type>> held(thread_count);
  {
    int_map<TypeParam> map;
    for (int key = 0; key < 200; ++key) map.insert(key, key);
    on_all_threads([&](int number) {
      for (int round = 0; round < 400; ++round) {
        if (number == 0) {
          if (round % 50 == 49) map.clear();
          for (int key = 0; key < 5; ++key) map.insert_or_assign((round * 5 + key) % 200, (round * 5 + key) % 200);
          continue;
        }
        auto snapshot = map.snapshot();
        std::size_t count = 0;
        for (const auto& [key, value] : snapshot) {
          EXPECT_EQ(key, value);
          ++count;
        }
        EXPECT_EQ(count, snapshot.size());
        held[static_cast<std::size_t>(number)] = snapshot;
      }
    });
  }
  on_all_threads([&held](int number) {
    auto& mine = held[static_cast<std::size_t>(number)];
    if (mine) {
      std::size_t count = 0;
      mine->for_each([&count](int, int) { ++count; });
      EXPECT_EQ(count, mine->size());
    }
    mine.reset();  // the last one frees everything
  });
}

TYPED_TEST(snapshot_map_stress, values_of_several_words_are_whole) {
  gauntlet::snapshot_map<std::string, std::string, gauntlet::hash<std::string>, std::equal_to<>,
                         std::allocator<std::pair<const std::string, std::string>>, TypeParam>
      map;
  on_all_threads([&map](int number) {
    for (int round = 0; round < 2000; ++round) {
      const std::string key(40, static_cast<char>('a' + (round * 5 + number) % 12));
      if (number == 0) {
        map.insert_or_assign(key, key + std::string(static_cast<std::size_t>(round % 60), key[0]));
      } else if (number == 1 && round % 4 == 0) {
        map.erase(key);
      } else {
        EXPECT_EQ(map.find(key).value_or(key).find_first_not_of(key[0]), std::string::npos);
      }
    }
  });
  EXPECT_TRUE(map.self_check());
}

TEST(snapshot_map_stress, readers_are_not_held_up_by_who_updates) {
  int_map<eager_policy> map;
  map.insert(1, 10);
  std::latch inside(1);
  std::latch done(1);
  std::thread updater([&] {
    map.update([&](auto& changes) {
      changes.insert_or_assign(1, 11);
      inside.count_down();
      done.wait();  // until the readers below have gone through
    });
  });
  inside.wait();
  EXPECT_EQ(map.find(1), 10);
  EXPECT_EQ(map.size(), 1U);
  {
    const auto snapshot = map.snapshot();
    EXPECT_EQ(snapshot.find(1), 10);
  }
  int sum = 0;
  map.for_each([&sum](int, int value) { sum += value; });
  EXPECT_EQ(sum, 10);
  done.count_down();
  updater.join();
  EXPECT_EQ(map.find(1), 11);
}

}  // namespace
