#include "reclamation.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <gauntlet/adapters/rcu_map.h>
#include <gauntlet/map/detail/epoch_domain.h>
#include <gauntlet/map/detail/freeing_count.h>
#include <gauntlet/sched/run.h>

namespace props {
namespace {

using gauntlet::detail::epoch_domain;

using map_type =
    gauntlet::rcu_map<std::uint64_t, std::uint64_t, gauntlet::hash<std::uint64_t>, std::equal_to<std::uint64_t>,
                      std::allocator<std::pair<const std::uint64_t, std::uint64_t>>,
                      gauntlet::adapters::tiny_rcu_map_policy>;

// Counts itself while it is alive.
struct counted {
  explicit counted(std::atomic<int>& counter) : alive(counter) { ++alive; }
  ~counted() { --alive; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  std::atomic<int>& alive;
};
struct one_shard_policy : gauntlet::adapters::tiny_rcu_map_policy {
  static constexpr std::size_t shard_count = 1;
};
using map_of_counted =
    gauntlet::rcu_map<std::uint64_t, counted, gauntlet::hash<std::uint64_t>, std::equal_to<std::uint64_t>,
                      std::allocator<std::pair<const std::uint64_t, counted>>, one_shard_policy>;

using map_of_owners =
    gauntlet::rcu_map<std::uint64_t, std::unique_ptr<int>, gauntlet::hash<std::uint64_t>, std::equal_to<std::uint64_t>,
                      std::allocator<std::pair<const std::uint64_t, std::unique_ptr<int>>>, one_shard_policy>;

struct object {
  explicit object(int n) : number(n) {}
  ~object() { number = -1; }
  int number;
};

void read(const epoch_domain& domain, const std::atomic<object*>& current) {
  const epoch_domain::guard reading(domain);
  const object* const seen = current.load();
  GAUNTLET_SCHED_CHECK(seen->number >= 0);
}

template <class Free>
void replace_while_read(Free free) {
  epoch_domain domain;
  std::atomic<object*> current{new object(0)};
  std::thread reader([&] {
    read(domain, current);
    read(domain, current);
  });
  object* const old = current.load();
  free(domain, current, old);
  reader.join();
  delete current.load();
}

}  // namespace

void value_extracted_under_a_reader() {
  map_of_owners map;
  map.insert(1, std::make_unique<int>(10));
  std::thread reader([&map] {
    const auto reading = map.read();
    const std::unique_ptr<int>* const held = reading.find(1);
    GAUNTLET_SCHED_CHECK(held == nullptr || **held == 10);
  });
  const std::optional<std::unique_ptr<int>> taken = map.extract(1);
  GAUNTLET_SCHED_CHECK(taken && **taken == 10);
  reader.join();
}

void entry_held_while_erased_and_others_inserted() {
  map_type map;
  map.insert(1, 10);
  std::thread reader([&map] {
    const auto reading = map.read();
    const std::uint64_t* const held = reading.find(1);
    if (held == nullptr) return;
    const std::uint64_t seen = *held;
    GAUNTLET_SCHED_CHECK(seen == 10 || seen == 11);
    const std::uint64_t* const other = reading.find(2);
    GAUNTLET_SCHED_CHECK(other != held);
    GAUNTLET_SCHED_CHECK(*held == seen);
    const std::uint64_t* const again = reading.find(1);
    GAUNTLET_SCHED_CHECK(again == held || again == nullptr || *again == 11);
    GAUNTLET_SCHED_CHECK(*held == seen);
  });
  map.erase(1);
  map.insert(2, 20);
  map.insert(1, 11);
  map.synchronize();
  map.insert(3, 30);
  reader.join();
}

void calls_of_synchronize_that_overlap() {
  std::atomic<int> first{0}, second{0};
  {
    map_of_counted map;
    map.try_emplace(1, first);
    map.try_emplace(2, second);
    std::optional<map_of_counted::reading> early(map);
    const auto erase = [&map](std::uint64_t key, const std::atomic<int>& alive) {
      map.erase(key);
      map.synchronize();
      GAUNTLET_SCHED_CHECK(alive == 0);
    };
    std::thread one([&] { erase(1, first); });
    std::thread other([&] { erase(2, second); });
    std::thread late([&map] { map.read().find(1); });
    early.reset();
    one.join();
    other.join();
    late.join();
  }
}

void frees_that_are_awaited() {
  gauntlet::detail::freeing_count freeing;
  std::mutex lock, turns;
  bool taken[2] = {}, freed[2] = {};
  const auto free_one = [&](int which) {
    unsigned counter = 0;
    {
      const std::lock_guard guard(lock);
      taken[which] = true;
      counter = freeing.begin();
    }
    freed[which] = true;
    freeing.end(counter);
  };
  const auto wait = [&] {
    bool begun[2] = {};
    {
      const std::lock_guard guard(lock);
      std::copy(std::begin(taken), std::end(taken), begun);
    }
    {
      const std::lock_guard guard(turns);
      freeing.await();
    }
    for (int i = 0; i < 2; ++i) GAUNTLET_SCHED_CHECK(!begun[i] || freed[i]);
  };
  std::thread one([&] { free_one(0); });
  std::thread other([&] { free_one(1); });
  std::thread waiter(wait);
  wait();
  one.join();
  other.join();
  waiter.join();
}

void object_freed_after_its_grace_period() {
  replace_while_read([](epoch_domain& domain, std::atomic<object*>& current, object* old) {
    current.store(new object(1));
    const std::uint64_t epoch = domain.advance();
    while (!domain.is_over(epoch)) std::this_thread::yield();
    delete old;
  });
}

void object_whose_epoch_is_ended_too_early() {
  replace_while_read([](epoch_domain& domain, std::atomic<object*>& current, object* old) {
    const std::uint64_t epoch = domain.advance();
    current.store(new object(1));
    while (!domain.is_over(epoch)) std::this_thread::yield();
    delete old;
  });
}

void readers_that_follow_each_other_in_one_slot() {
  epoch_domain domain;
  std::atomic<object*> current{new object(0)};
  std::thread writer([&] {
    for (int i = 1; i <= 2; ++i) {
      object* const old = current.load();
      current.store(new object(i));
      domain.synchronize();
      delete old;
    }
  });
  for (int i = 0; i < 2; ++i) std::thread([&] { read(domain, current); }).join();
  writer.join();
  delete current.load();
}

}  // namespace props
