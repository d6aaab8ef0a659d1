// Destructors of keys and values that use the map they were in: they run when no lock of the map is held, so nobody waits
// for himself and nothing is reported as misuse. In one thread for every operation that takes something out, then in
// several that do it all the time.
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gauntlet/map/snapshot_map.h>
#include <gauntlet/map/sync_map.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using ringing = std::function<void(int)>;

// Calls back when it is destroyed, unless its content has moved to another one. Copies are silent.
class bell {
 public:
  bell(int number, const ringing* at_end = nullptr) : number_(number), at_end_(at_end) {}
  bell(const bell& other) : number_(other.number_) {}
  bell(bell&& other) noexcept : number_(other.number_), at_end_(std::exchange(other.at_end_, nullptr)) {}
  bell& operator=(bell other) noexcept {
    std::swap(number_, other.number_);
    std::swap(at_end_, other.at_end_);
    return *this;
  }
  ~bell() {
    if (const ringing* const call = std::exchange(at_end_, nullptr)) (*call)(number_);
  }
  int number() const { return number_; }
  friend bool operator==(const bell& a, const bell& b) { return a.number_ == b.number_; }

 private:
  int number_;
  const ringing* at_end_ = nullptr;
};

struct bell_hash {
  std::size_t operator()(const bell& of) const { return static_cast<std::size_t>(of.number()) * 0x9e3779b97f4a7c15U; }
};

using bells = std::allocator<std::pair<const bell, bell>>;
template <template <class, class, class, class, class, class> class Map, class Policy>
using map_of_bells = Map<bell, bell, bell_hash, std::equal_to<bell>, bells, Policy>;

// Everything happens at the first opportunity.
struct small_sharded : gauntlet::sharded_map_policy {
  static constexpr bool checked = true;
  static constexpr std::size_t shard_count = 1;
};
struct small_shared : gauntlet::shared_mutex_map_policy {
  static constexpr bool checked = true;
};
struct small_concurrent : gauntlet::concurrent_map_policy {
  static constexpr bool checked = true;
  static constexpr unsigned buckets_per_table = 2;
  static constexpr unsigned slots_per_bucket = 2;
  static constexpr unsigned cells_per_table = 2;
  static constexpr unsigned changes_per_merge_look = 1;
  static constexpr unsigned merge_below_one_in = 2;
};
struct small_rcu : gauntlet::rcu_map_policy {
  static constexpr bool checked = true;
  static constexpr std::size_t shard_count = 1;
  static constexpr std::size_t retire_batch = 1;
  static constexpr std::size_t unreclaimed_max = 8;
};
struct small_sync : gauntlet::sync_map_policy {
  static constexpr bool checked = true;
  static constexpr std::size_t retired_boxes_max = 1;
};
struct small_snapshot : gauntlet::snapshot_map_policy {
  static constexpr bool checked = true;
  static constexpr std::size_t versions_kept = 1;
};

// Those that erase by a predicate in a hash_map, where elements are destroyed in their places.
template <class Map>
constexpr bool destroys_chosen_under_its_lock =
    std::is_same_v<Map, map_of_bells<gauntlet::shared_mutex_map, small_shared>> ||
    std::is_same_v<Map, map_of_bells<gauntlet::sharded_map, small_sharded>>;

template <class Map>
class destructors : public testing::Test {};
using all_maps =
    testing::Types<map_of_bells<gauntlet::shared_mutex_map, small_shared>,
                   map_of_bells<gauntlet::sharded_map, small_sharded>, map_of_bells<gauntlet::sync_map, small_sync>,
                   map_of_bells<gauntlet::snapshot_map, small_snapshot>, map_of_bells<gauntlet::rcu_map, small_rcu>,
                   map_of_bells<gauntlet::concurrent_map, small_concurrent>>;
TYPED_TEST_SUITE(destructors, all_maps);

// What lets a map free all that waits for readers: none is there.
template <class Map>
void let_it_free(Map& map) {
  if constexpr (requires { map.synchronize(); }) {
    map.synchronize();
  } else if constexpr (requires { map.release(); }) {
    map.release();
  } else {
    for (int i = 0; i < 4; ++i) {
      map.insert_or_assign(bell(1000), bell(i));
      (void)map.size();
      map.erase(bell(1000));
    }
  }
}

TYPED_TEST(destructors, use_the_map_after_every_operation_that_takes_something_out) {
  TypeParam* in_use = nullptr;
  int rings = 0;
  // Uses the map as a cache does that drops what depends on the element that went.
  int calls = 0;
  const ringing at_end = [&](int number) {
    ++rings;
    if (in_use == nullptr) return;
    const bell own(10000 + calls++);  // what it does may destroy others, which do the same
    in_use->insert_or_assign(own, bell(number));
    EXPECT_TRUE(in_use->contains(own));
    EXPECT_TRUE(in_use->erase(own));
  };
  TypeParam map;
  in_use = &map;
  const auto fill = [&](int first, int count) {
    for (int i = first; i < first + count; ++i) map.insert(bell(i, &at_end), bell(i, &at_end));
  };
  const auto expect_rings = [&](int count, const char* what) {
    let_it_free(map);
    EXPECT_GE(rings, count) << what;  // keys of a sync_map go with a later promotion
    rings = 0;
  };

  fill(0, 50);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(map.erase(bell(i)));
  expect_rings(50, "erase");

  fill(0, 50);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(map.insert_or_assign(bell(i), bell(i, &at_end)));
  expect_rings(50, "insert_or_assign");
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(map.compare_exchange(bell(i), bell(i), bell(i, &at_end)));
  expect_rings(50, "compare_exchange");
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(map.extract(bell(i)).has_value());
  expect_rings(50, "extract");

  fill(0, 50);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(map.insert(bell(i, &at_end), bell(i, &at_end)));
  expect_rings(100, "insert of what is there");

  if constexpr (!destroys_chosen_under_its_lock<TypeParam>) {
    EXPECT_EQ(map.erase_if([](const bell& key, const bell&) { return key.number() % 2 == 0; }), 25U);
    expect_rings(25, "erase_if");
    fill(0, 50);
  }
  map.clear();
  expect_rings(50, "clear");
  fill(0, 10);
  in_use = nullptr;
}

TYPED_TEST(destructors, use_the_map_when_the_operation_throws) {
  TypeParam* in_use = nullptr;
  const ringing at_end = [&](int number) {
    if (in_use == nullptr) return;
    EXPECT_FALSE(in_use->contains(bell(500 + number)));
  };
  TypeParam map;
  for (int i = 0; i < 30; ++i) map.insert(bell(i, &at_end), bell(i, &at_end));
  in_use = &map;
  if constexpr (!destroys_chosen_under_its_lock<TypeParam>) {
    int left = 20;
    EXPECT_THROW(map.erase_if([&left](const bell&, const bell&) {
      if (left-- == 0) throw std::runtime_error("predicate");
      return true;
    }),
                 std::runtime_error);
    let_it_free(map);
  }
  EXPECT_TRUE(map.self_check());
  in_use = nullptr;
}

TYPED_TEST(destructors, use_the_map_while_others_do) {
  constexpr int threads = 3, rounds = 400, keys = 8;
  std::atomic<TypeParam*> in_use = nullptr;
  std::atomic<int> rings = 0;
  const ringing at_end = [&](int number) {
    rings.fetch_add(1, std::memory_order_relaxed);
    TypeParam* const map = in_use.load();
    if (map == nullptr) return;
    (void)map->contains(bell(number));
    map->erase(bell(number + keys));
    map->insert(bell(number + keys), bell(number));
  };
  {
    TypeParam map;
    in_use = &map;
    std::vector<std::thread> team;
    for (int t = 0; t < threads; ++t) {
      team.emplace_back([&, t] {
        for (int i = 0; i < rounds; ++i) {
          const int key = (i * 7 + t * 3) % keys;
          switch ((i + t) % 4) {
            case 0:
              map.insert(bell(key, &at_end), bell(key, &at_end));
              break;
            case 1:
              map.insert_or_assign(bell(key), bell(key, &at_end));
              break;
            case 2:
              map.erase(bell(key));
              break;
            default:
              if (i % 40 == 3) {
                map.clear();
              } else {
                (void)map.find(bell(key));
              }
          }
        }
      });
    }
    for (std::thread& each : team) each.join();
    EXPECT_TRUE(map.self_check());
    in_use = nullptr;
  }
  EXPECT_GT(rings.load(), rounds);
}

}  // namespace
