// sync_map under several threads at once, with parts that come and go all the time.
//
// Every test is built so that a lost or resurrected element shows as a wrong number, not only as a ThreadSanitizer
// report. Bounded work, no clock.
#include <gauntlet/map/sync_map.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstdint>
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

class xorshift {
 public:
  explicit xorshift(int seed) : state_(0x9E3779B97F4A7C15U + static_cast<std::uint64_t>(seed)) {}
  int below(int bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<int>((state_ >> 11) % static_cast<std::uint64_t>(bound));
  }

 private:
  std::uint64_t state_;
};

// Promotes at every second miss, frees at every fourth replaced value.
struct restless_policy : gauntlet::sync_map_policy {
  static constexpr std::size_t misses_before_promotion(std::size_t) noexcept { return 2; }
  static constexpr std::size_t retired_boxes_max = 4;
};
template <class Policy>
using int_map = gauntlet::sync_map<int, int, gauntlet::hash<int>, std::equal_to<int>,
                                   std::allocator<std::pair<const int, int>>, Policy>;

template <class Policy>
class sync_map_stress : public testing::Test {};
using policies = testing::Types<gauntlet::sync_map_policy, restless_policy>;
TYPED_TEST_SUITE(sync_map_stress, policies);

TYPED_TEST(sync_map_stress, no_update_is_lost) {
  constexpr int keys = 4;
  constexpr int rounds = 6000;
  int_map<TypeParam> map;
  for (int key = 0; key < keys; ++key) map.insert(key, 0);
  on_all_threads([&map](int number) {
    xorshift random(number);
    for (int round = 0; round < rounds; ++round) {
      const int key = random.below(keys);
      if (round % 64 == 0) map.store(100 + random.below(20), round);  // a dirty part begins now and then
      if (round % 2 == 0) {
        map.update(key, [](int& value) { ++value; });
        continue;
      }
      int seen = *map.load(key);
      while (!map.compare_and_swap(key, seen, seen + 1)) seen = *map.load(key);
    }
  });
  int sum = 0;
  for (int key = 0; key < keys; ++key) sum += *map.load(key);
  EXPECT_EQ(sum, thread_count * rounds);
  EXPECT_TRUE(map.self_check());
}

TYPED_TEST(sync_map_stress, every_insertion_has_one_winner_and_every_element_one_taker) {
  constexpr int keys = 16;
  constexpr int rounds = 6000;
  int_map<TypeParam> map;
  std::atomic<int> balance{0};
  on_all_threads([&map, &balance](int number) {
    xorshift random(number + 100);
    int own = 0;
    for (int round = 0; round < rounds; ++round) {
      const int key = random.below(keys);
      switch (random.below(11)) {
        case 0:
          own += map.insert(key, key) ? 1 : 0;
          break;
        case 1:
          own += map.try_emplace(key, key) ? 1 : 0;
          break;
        case 2:
          own += map.insert_or_assign(key, key) ? 1 : 0;
          break;
        case 3:
          own += map.load_or_store(key, key).second ? 0 : 1;
          break;
        case 4:
          own += map.swap(key, key).has_value() ? 0 : 1;
          break;
        case 5:
          own -= map.erase(key) ? 1 : 0;
          break;
        case 6:
          own -= map.load_and_delete(key).has_value() ? 1 : 0;
          break;
        case 7:
          own -= map.compare_and_delete(key, key) ? 1 : 0;
          break;
        case 8:
          own -= static_cast<int>(map.erase_if([key](int k, int) { return k == key; }));
          break;
        default:
          EXPECT_EQ(map.load(key).value_or(key), key);
          break;
      }
    }
    balance += own;
  });
  EXPECT_EQ(balance.load(), static_cast<int>(map.size()));
  EXPECT_TRUE(map.self_check());
}

TYPED_TEST(sync_map_stress, a_walk_meets_every_element_that_stays_and_none_twice) {
  constexpr int stay = 64;
  int_map<TypeParam> map;
  for (int key = 0; key < stay; ++key) map.insert(key, key);
  on_all_threads([&map](int number) {
    if (number % 2 == 0) {
      xorshift random(number);
      for (int round = 0; round < 4000; ++round) {
        const int key = stay + random.below(256);
        if (!map.insert(key, key)) map.erase(key);
      }
      return;
    }
    for (int round = 0; round < 60; ++round) {
      std::vector<int> met(stay + 256, 0);
      map.for_each([&met](int key, int value) {
        EXPECT_EQ(key, value);
        ++met[static_cast<std::size_t>(key)];
      });
      for (std::size_t key = 0; key < met.size(); ++key) {
        EXPECT_LE(met[key], 1);
        EXPECT_TRUE(key >= stay || met[key] == 1) << key;
      }
      EXPECT_GE(map.size(), static_cast<std::size_t>(stay));
    }
  });
  EXPECT_TRUE(map.self_check());
}

// Values of several words: a value that is freed or overwritten while it is read does not match its key.
TYPED_TEST(sync_map_stress, a_value_that_is_read_is_whole) {
  gauntlet::sync_map<std::string, std::string, gauntlet::hash<std::string>, std::equal_to<>,
                     std::allocator<std::pair<const std::string, std::string>>, TypeParam>
      map;
  on_all_threads([&map](int number) {
    xorshift random(number + 7);
    for (int round = 0; round < 4000; ++round) {
      const std::string key(40, static_cast<char>('a' + random.below(12)));
      if (number % 2 == 0) {
        switch (random.below(4)) {
          case 0:
            map.erase(key);
            break;
          case 1:
            if (random.below(50) == 0) map.clear();
            break;
          default:
            map.store(key, key + std::string(static_cast<std::size_t>(random.below(60)), key[0]));
            break;
        }
      } else {
        const auto value = map.load(key);
        EXPECT_EQ(value.value_or(key).find_first_not_of(key[0]), std::string::npos);
        map.visit(key, [&key](const std::string& there) { EXPECT_EQ(there.compare(0, key.size(), key), 0); });
      }
    }
  });
  EXPECT_TRUE(map.self_check());
}

TYPED_TEST(sync_map_stress, a_key_that_a_thread_has_to_itself_does_what_it_is_told) {
  int_map<TypeParam> map;
  on_all_threads([&map](int number) {
    xorshift random(number + 3);
    std::vector<int> mine(8, -1);
    for (int round = 0; round < 6000; ++round) {
      const int index = random.below(8);
      const int key = index * thread_count + number;
      int& value = mine[static_cast<std::size_t>(index)];
      switch (random.below(4)) {
        case 0:
          EXPECT_EQ(map.swap(key, round), value == -1 ? std::nullopt : std::optional<int>(value));
          value = round;
          break;
        case 1:
          EXPECT_EQ(map.erase(key), value != -1);
          value = -1;
          break;
        default:
          EXPECT_EQ(map.load(key), value == -1 ? std::nullopt : std::optional<int>(value));
          break;
      }
    }
  });
  EXPECT_TRUE(map.self_check());
}

// More threads than there are slots in one block, one after the other and at once: slots are given back and found.
TEST(epochs_stress, threads_come_and_go) {
  int_map<restless_policy> map;
  for (int wave = 0; wave < 4; ++wave) {
    std::vector<std::thread> threads;
    std::barrier<> all(80);
    for (int number = 0; number < 80; ++number) {
      threads.emplace_back([&map, &all, number] {
        all.arrive_and_wait();
        for (int round = 0; round < 20; ++round) {
          map.store(number % 8, round);
          (void)map.load((number + round) % 8);
        }
        all.arrive_and_wait();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(map.size(), 8U);
}

}  // namespace
