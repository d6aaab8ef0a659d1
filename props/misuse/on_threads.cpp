#include "on_threads.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gauntlet/map/sync_map.h>

namespace props {
namespace {

using gauntlet::sched::finding;
using u64 = std::uint64_t;
using our_map = gauntlet::hash_map<u64, u64>;
using nodes = std::unordered_map<u64, u64>;
using locked_map = gauntlet::shared_mutex_map<u64, u64>;

template <class First, class Second>
void at_once(const First& first, const Second& second) {
  std::thread other(second);
  first();
  other.join();
}

// What was read counts as used, or the compiler would leave the reading out.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

// Locks nothing, with the interface of a lock.
struct no_lock {
  void lock() {}
  void unlock() {}
  void lock_shared() {}
  void unlock_shared() {}
};

// hash_map's own alarm, in the words of the report.
void fail_on_misuse() {
  gauntlet::set_misuse_handler(
      [](const gauntlet::misuse_report& report) { gauntlet::sched::check_failed(report.message, __FILE__, __LINE__); });
}

// ------------------------------------------------------------------------------------------------ one map, no lock

template <class Map, class Lock>
void two_writers() {
  fail_on_misuse();
  Map m;
  Lock lock;
  const auto write = [&](u64 key) {
    const std::lock_guard guard(lock);
    m.insert({key, key});
  };
  at_once([&] { write(1); }, [&] { write(2); });
  GAUNTLET_SCHED_CHECK(m.size() == 2);
}

template <class Map, class Lock>
void reader_and_writer() {
  fail_on_misuse();
  Map m;
  Lock lock;
  at_once(
      [&] {
        const std::lock_guard guard(lock);
        m.insert({1, 1});
      },
      [&] {
        const std::shared_lock guard(lock);
        keep(m.contains(1));
      });
}

template <class Map, class Lock>
void walker_and_writer() {
  fail_on_misuse();
  Map m{{1, 1}, {2, 2}};
  Lock lock;
  at_once(
      [&] {
        const std::lock_guard guard(lock);
        m.erase(1);
      },
      [&] {
        const std::shared_lock guard(lock);
        for (const auto& [key, value] : m) keep(key + value);
      });
}

// A race needs no growth: the key is there, nothing is inserted, a value changes.
template <class Lock>
void assignment_and_reader() {
  nodes m{{1, 1}};
  m.reserve(100);
  Lock lock;
  at_once(
      [&] {
        const std::lock_guard guard(lock);
        m[1] = 2;
      },
      [&] {
        const std::shared_lock guard(lock);
        keep(m.at(1));
      });
}

// ----------------------------------------------------------------------------------- a lock, and not enough of it

// Counts in two steps: each takes effect at one moment, both together do not.
void count_in_two_steps() {
  locked_map m{{1, 0}};
  const auto add = [&m] {
    const u64 seen = m.find(1).value();
    m.insert_or_assign(1, seen + 1);
  };
  at_once(add, add);
  GAUNTLET_SCHED_CHECK(m.find(1) == 2);
}
void count_in_one_step() {
  locked_map m{{1, 0}};
  const auto add = [&m] { m.update(1, [](u64& value) { ++value; }); };
  at_once(add, add);
  GAUNTLET_SCHED_CHECK(m.find(1) == 2);
}

// The map is locked, what its pointers lead to is not.
void value_outside_the_lock() {
  gauntlet::shared_mutex_map<u64, std::shared_ptr<u64>> m;
  m.insert(1, std::make_shared<u64>(0));
  const auto add = [&m] { ++*m.find(1).value(); };
  at_once(add, add);
}
void value_under_the_lock() {
  gauntlet::shared_mutex_map<u64, std::shared_ptr<u64>> m;
  m.insert(1, std::make_shared<u64>(0));
  const auto add = [&m] { m.update(1, [](const std::shared_ptr<u64>& value) { ++*value; }); };
  at_once(add, add);
  GAUNTLET_SCHED_CHECK(*m.find(1).value() == 2);
}

// The lock is gone before the caller looks.
class returns_references {
 public:
  const std::string& reference_to(u64 key) const {
    const std::shared_lock guard(lock_);
    const auto found = map_.find(key);
    return found == map_.end() ? none_ : found->second;
  }
  std::string copy_of(u64 key) const {
    const std::shared_lock guard(lock_);
    const auto found = map_.find(key);
    return found == map_.end() ? none_ : found->second;
  }
  void erase(u64 key) {
    const std::lock_guard guard(lock_);
    map_.erase(key);
  }

 private:
  mutable std::shared_mutex lock_;
  std::map<u64, std::string> map_{{1, "one"}, {2, "two"}};
  const std::string none_;
};
void reference_from_under_a_read_lock() {
  returns_references m;
  at_once(
      [&] {
        const std::string& one = m.reference_to(1);
        const std::string& two = m.reference_to(2);
        keep(one.size() + two.size());
      },
      [&] { m.erase(1); });
}
void copy_from_under_a_read_lock() {
  returns_references m;
  at_once([&] { keep(m.copy_of(1).size() + m.copy_of(2).size()); }, [&] { m.erase(1); });
}

// ------------------------------------------------------------------------------------------------------ no thread

template <bool look_again>
void reference_across_growth() {
  our_map m{{0, 7}};
  const u64* held = &m.at(0);
  for (u64 k = 1; k < 100; ++k) m[k] = k;
  if (look_again) held = &m.at(0);
  keep(*held);
}

// ---------------------------------------------------------------------------------------------------- publication

// What an RCU read does: one load of a pointer that is atomic and acquires. Without that it is a race.
struct plain_pointer {
  const u64* load() const { return pointer; }
  void store(const u64* p) { pointer = p; }
  const u64* pointer = nullptr;
};
struct atomic_pointer {
  const u64* load() const { return pointer.load(std::memory_order_acquire); }  // [seen] pairs with [published]
  void store(const u64* p) { pointer.store(p, std::memory_order_release); }    // [published] pairs with [seen]
  std::atomic<const u64*> pointer{nullptr};
};
template <class Pointer>
void read_copy_update() {
  const u64 version = 7;
  Pointer current;
  at_once([&] { current.store(&version); },
          [&] {
            const u64* const seen = current.load();
            if (seen != nullptr) keep(*seen);
          });
}

constexpr mistake all_mistakes[] = {
    {"two_writers", two_writers<our_map, no_lock>, two_writers<our_map, std::shared_mutex>, finding::data_race, 0, true,
     "data race"},
    {"two_writers_of_unordered_map", two_writers<nodes, no_lock>, two_writers<nodes, std::shared_mutex>,
     finding::data_race, 0, true, "data race"},
    {"two_writers_noticed_by_the_map", two_writers<our_map, no_lock>, two_writers<our_map, std::shared_mutex>,
     finding::failed_check, 1, false, "fatal error: concurrent map writes"},
    {"reader_and_writer", reader_and_writer<our_map, no_lock>, reader_and_writer<our_map, std::shared_mutex>,
     finding::data_race, 0, true, "data race"},
    {"reader_and_writer_noticed_by_the_map", reader_and_writer<our_map, no_lock>,
     reader_and_writer<our_map, std::shared_mutex>, finding::failed_check, 1, false,
     "fatal error: concurrent map read and map write"},
    {"walker_and_writer", walker_and_writer<our_map, no_lock>, walker_and_writer<our_map, std::shared_mutex>,
     finding::data_race, 0, true, "data race"},
    {"walker_and_writer_noticed_by_the_map", walker_and_writer<our_map, no_lock>,
     walker_and_writer<our_map, std::shared_mutex>, finding::failed_check, 1, false,
     "fatal error: concurrent map iteration and map write"},
    {"assignment_and_reader_without_growth", assignment_and_reader<no_lock>, assignment_and_reader<std::shared_mutex>,
     finding::data_race, 0, true, "data race"},
    {"find_then_insert", count_in_two_steps, count_in_one_step, finding::failed_check, 1, true, "m.find(1) == 2"},
    {"value_outside_the_lock", value_outside_the_lock, value_under_the_lock, finding::data_race, 1, true, "data race"},
    {"reference_from_under_a_read_lock", reference_from_under_a_read_lock, copy_from_under_a_read_lock,
     finding::data_race, 0, true, "data race"},
    {"reference_from_under_a_read_lock_to_what_is_gone", reference_from_under_a_read_lock, copy_from_under_a_read_lock,
     finding::use_after_free, 1, false, "freed it before"},
    {"reference_across_growth", reference_across_growth<false>, reference_across_growth<true>, finding::use_after_free,
     0, true, "freed it before"},
    {"read_copy_update_without_an_atomic", read_copy_update<plain_pointer>, read_copy_update<atomic_pointer>,
     finding::data_race, 0, true, "data race"},
};

// ------------------------------------------------------------------------------------------------------------ claims

struct point {
  int x = 0, y = 0;
  friend bool operator==(const point&, const point&) = default;
};
struct point_hash {
  std::size_t operator()(const point& p) const noexcept { return static_cast<std::size_t>(p.x * 31 + p.y); }
};

// Loads and stores of one map at the same time, whatever the key is.
template <class Key, class Hash>
void load_beside_store(const Key& there, const Key& other) {
  gauntlet::sync_map<Key, u64, Hash> m;
  m.store(there, 1);
  std::optional<u64> seen, of_other;
  at_once(
      [&] {
        seen = m.load(there);
        of_other = m.load(other);
      },
      [&] {
        m.store(other, 3);
        m.store(there, 2);
      });
  GAUNTLET_SCHED_CHECK(seen == 1 || seen == 2);
  GAUNTLET_SCHED_CHECK(seen == 1 || of_other == 3);
  GAUNTLET_SCHED_CHECK(m.load(there) == 2 && m.load(other) == 3);
}
void sync_map_of_numbers() { load_beside_store<u64, gauntlet::hash<u64>>(1, 2); }
void sync_map_of_strings() {
  load_beside_store<std::string, gauntlet::hash<std::string>>("a key too long to be kept inside", "b");
}
void sync_map_of_structs() { load_beside_store<point, point_hash>({1, 2}, {2, 1}); }

constexpr claim all_claims[] = {
    {"load_and_store_of_sync_map_with_numbers", sync_map_of_numbers},
    {"load_and_store_of_sync_map_with_strings", sync_map_of_strings},
    {"load_and_store_of_sync_map_with_structs", sync_map_of_structs},
};

}  // namespace

window read_of_rcu_map() {
  gauntlet::rcu_map<u64, u64> m;
  m.insert(1, 1);
  keep(m.contains(1));  // the first one gives the thread its slot
  window read{gauntlet::sched::now(), 0};
  keep(m.contains(1));
  read.to = gauntlet::sched::now();
  return read;
}

std::span<const mistake> mistakes() { return all_mistakes; }
std::span<const claim> claims() { return all_claims; }

}  // namespace props
