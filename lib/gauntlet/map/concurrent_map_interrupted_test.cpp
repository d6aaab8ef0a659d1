// A lookup of concurrent_map that is interrupted at two places, every two there are: between them a table splits, or two
// halves merge. Without threads: what another thread would do there is done by the function that the lookup calls.
//
// The case that no random program comes across: a key that moves to another table before the lookup reads the bucket, and
// back before it asks the directory whether that still leads there. Under a scheduler it takes three preemptions at exact
// places and keys that lie in the right halves; here all places are tried.
#include <gauntlet/map/concurrent_map_test_types.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace {

using gauntlet::detail::bucket_protocol;
using u64 = std::uint64_t;

// What the lookup has seen of a version, for the protocol that is wrong.
struct early_look {
  const std::atomic<u64>* version = nullptr;
  u64 seen = 0, difference = 0;
  bool taken = false;
};

// Calls the next action when so many accesses to what threads share have been made since the one before; not while a
// bucket is locked, where it would have to wait.
struct interruptions {
  static inline int locked = 0;
  static inline early_look early;
  static inline std::vector<std::pair<unsigned, std::function<void()>>> to_come;
  static void point() {
    if (locked != 0 || to_come.empty() || to_come.front().first-- != 0) return;
    const auto todo = std::move(to_come);
    to_come.clear();
    const early_look of_lookup = early;
    todo.front().second();
    early = of_lookup;
    locked = 0;  // a table that splits or merges leaves the count unequal
    to_come.assign(todo.begin() + 1, todo.end());
  }
};

template <class Protocol>
struct interrupted : Protocol {
  using word = typename Protocol::word;
  static u64 first_look(const word& version) { return interruptions::point(), Protocol::first_look(version); }
  static u64 last_look(const word& version, u64 seen) {
    return interruptions::point(), Protocol::last_look(version, seen);
  }
  static bool lock(word& version, u64 seen) {
    const bool mine = Protocol::lock(version, seen);
    interruptions::locked += mine;
    return mine;
  }
  static void unlock(word& version, u64 next) {
    interruptions::locked -= gauntlet::detail::bucket_version::locked(version.load());
    Protocol::unlock(version, next);
  }
  static u64 get(const word& content) { return interruptions::point(), Protocol::get(content); }
  template <class Object>
  static Object* follow(const std::atomic<Object*>& where) {
    return interruptions::point(), Protocol::follow(where);
  }
  template <class Object>
  static Object* follow_first(const std::atomic<Object*>& where) {
    return interruptions::point(), Protocol::follow_first(where);
  }
  template <class Object>
  static u64 moved_on(const std::atomic<Object*>& where, const Object* seen) {
    return interruptions::point(), Protocol::moved_on(where, seen);
  }
};

// The topmost bit chooses the half.
struct identity {
  using is_avalanching = void;
  std::size_t operator()(u64 key) const noexcept { return key; }
};
// Two of the upper half and one of the lower. No two look alike: their tags differ in every slot.
constexpr u64 upper = u64{1} << 63;
constexpr u64 one = upper | 0x0101, two = upper | 0x0202, three = 0x0303;

// The third element splits the table; an erasure that empties one half merges them.
template <class Protocol>
struct smallest_tables : gauntlet::testing::tiny_concurrent_policy {
  static constexpr unsigned buckets_per_table = 1;
  static constexpr unsigned cells_per_table = 0;
  static constexpr unsigned merge_below_one_in = 1;
  static constexpr bool checked = false;  // one thread plays all of them
  using protocol = interrupted<Protocol>;
};

// Whether lookup(map) is right wherever the two actions come; each pair of places is tried.
template <class Protocol, class Lookup>
bool right_at_all_places(Lookup lookup) {
  unsigned tried = 0;
  for (unsigned first = 0;; ++first) {
    for (unsigned second = 0;; ++second) {
      interruptions::early = {};
      gauntlet::testing::concurrent_with<u64, u64, smallest_tables<Protocol>, identity> map;
      map.insert(one, 1);
      map.insert(two, 2);
      interruptions::to_come = {{first, [&map] { map.insert(three, 3); }}, {second, [&map] { map.erase(three); }}};
      interruptions::locked = 0;
      const bool right = lookup(map);
      const std::size_t left = interruptions::to_come.size();
      interruptions::to_come.clear();
      if (!right) return false;
      ++tried;
      if (left == 0) {
        EXPECT_EQ(map.stats().splits, 1U);
        EXPECT_EQ(map.stats().merges, 1U);
        continue;
      }
      if (left == 2) {  // the lookup has not so many places
        EXPECT_GT(tried, 30U);
        return true;
      }
      break;
    }
  }
}

template <class Protocol>
bool finds_what_is_there() {
  return right_at_all_places<Protocol>([](auto& map) { return map.find(two) == u64{2}; }) &&
         right_at_all_places<Protocol>([](auto& map) { return map.contains(two); }) &&
         right_at_all_places<Protocol>([](auto& map) { return !map.insert(two, 7); }) &&
         right_at_all_places<Protocol>([](auto& map) { return map.erase(two); }) &&
         right_at_all_places<Protocol>([](auto& map) {
           unsigned seen = 0;
           map.for_each([&seen](u64 key, u64) { seen += key != three; });
           return seen == 2;
         });
}

TEST(concurrent_map, finds_a_key_that_moves_away_and_back) { EXPECT_TRUE(finds_what_is_there<bucket_protocol>()); }

// The alarm: the last look is taken when the directory is asked, and told of when it is due.
struct last_look_too_early : bucket_protocol {
  static u64 first_look(const word& version) {
    const u64 seen = bucket_protocol::first_look(version);
    interruptions::early = {&version, seen, 0, false};
    return seen;
  }
  template <class Object>
  static u64 moved_on(const std::atomic<Object*>& where, const Object* what) {
    early_look& early = interruptions::early;
    if (early.version != nullptr && !std::exchange(early.taken, true)) {
      early.difference = bucket_protocol::last_look(*early.version, early.seen);
      interruptions::point();
    }
    return bucket_protocol::moved_on(where, what);
  }
  static u64 last_look(const word& version, u64 seen) {
    const early_look& early = interruptions::early;
    return early.version == &version && early.taken ? early.difference : bucket_protocol::last_look(version, seen);
  }
};

TEST(concurrent_map, would_miss_it_if_the_last_look_did_not_come_last) {
  EXPECT_FALSE(right_at_all_places<last_look_too_early>([](auto& map) { return map.find(two) == u64{2}; }));
  EXPECT_FALSE(right_at_all_places<last_look_too_early>([](auto& map) { return map.erase(two); }));
}

}  // namespace
