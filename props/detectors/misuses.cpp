#include "misuses.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include <gauntlet/map/hash_map.h>

namespace props {
namespace {

using map = gauntlet::hash_map<std::uint64_t, std::uint64_t>;

// Both begin when both are there. Relaxed: nothing that one did before is ordered before what the other does.
template <class First, class Second>
void at_once(const First& first, const Second& second) {
  std::atomic<int> there{0};
  const auto when_both_are_there = [&there](const auto& act) {
    there.fetch_add(1, std::memory_order_relaxed);  // [there] pairs with itself: only the number
    while (there.load(std::memory_order_relaxed) != 2) std::this_thread::yield();
    act();
  };
  std::thread other([&] { when_both_are_there(second); });
  when_both_are_there(first);
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

template <class Lock>
void two_writers(unsigned rounds) {
  map m;
  Lock lock;
  const auto write = [&](std::uint64_t from) {
    for (std::uint64_t i = 0; i < rounds; ++i) {
      lock.lock();
      m.insert({from + i, i});
      lock.unlock();
    }
  };
  at_once([&] { write(0); }, [&] { write(1'000'000); });
}

template <class Lock>
void reader_and_writer(unsigned rounds) {
  map m;
  Lock lock;
  at_once(
      [&] {
        for (std::uint64_t i = 0; i < rounds; ++i) {
          lock.lock();
          m.insert({i, i});
          lock.unlock();
        }
      },
      [&] {
        for (std::uint64_t i = 0; i < rounds; ++i) {
          lock.lock_shared();
          keep(m.contains(i));
          lock.unlock_shared();
        }
      });
}

template <class Lock>
void walker_and_writer(unsigned rounds) {
  map m;
  for (std::uint64_t i = 0; i < 4; ++i) m.insert({i, i});
  Lock lock;
  at_once(
      [&] {
        for (std::uint64_t i = 0; i < rounds; ++i) {
          lock.lock();
          m.erase(i % 4);
          m.insert({i % 4, i});
          lock.unlock();
        }
      },
      [&] {
        for (std::uint64_t i = 0; i < rounds; ++i) {
          lock.lock_shared();
          for (const auto& [key, value] : m) keep(key + value);
          lock.unlock_shared();
        }
      });
}

// A map is made and filled by one thread, and its address handed to the other.
template <std::memory_order publish, std::memory_order look>
void publication(unsigned rounds) {
  for (unsigned i = 0; i < (rounds + 15) / 16; ++i) {
    std::unique_ptr<map> made;
    std::atomic<const map*> published{nullptr};
    at_once(
        [&] {
          made = std::make_unique<map>();
          made->insert({1, 2});
          published.store(made.get(), publish);  // [published] pairs with [seen], in the right twin
        },
        [&] {
          const map* seen = published.load(look);  // [seen] pairs with [published]
          if (seen != nullptr) keep(seen->contains(1));
        });
  }
}

// Each thread writes bytes of one word: both the same byte, or each its own.
template <unsigned second>
void bytes_of_a_word(unsigned rounds) {
  alignas(8) unsigned char bytes[8] = {};
  const auto write = [&](unsigned at) {
    for (unsigned i = 0; i < rounds; ++i) {
      bytes[at] = static_cast<unsigned char>(bytes[at] + 1);
      keep(bytes[at]);
    }
  };
  at_once([&] { write(0); }, [&] { write(second); });
}

template <bool one_order>
void two_locks(unsigned rounds) {
  std::mutex a, b;
  std::uint64_t n = 0;
  const auto take = [&](std::mutex& first, std::mutex& second) {
    for (unsigned i = 0; i < rounds; ++i) {
      const std::lock_guard outer(first);
      const std::lock_guard inner(second);
      ++n;
    }
  };
  at_once([&] { take(a, b); }, [&] { take(one_order ? a : b, one_order ? b : a); });
  keep(n);
}

constexpr misuse all[] = {
    {"two_writers", "two threads insert into one hash_map", two_writers<no_lock>, two_writers<std::shared_mutex>},
    {"reader_and_writer", "one finds while one inserts", reader_and_writer<no_lock>,
     reader_and_writer<std::shared_mutex>},
    {"walker_and_writer", "one walks while one erases and inserts", walker_and_writer<no_lock>,
     walker_and_writer<std::shared_mutex>},
    {"publication_without_order", "a map's address handed over by a relaxed store",
     publication<std::memory_order_relaxed, std::memory_order_relaxed>,
     publication<std::memory_order_release, std::memory_order_acquire>},
    {"same_byte", "two threads write one byte (right: neighbouring bytes of one word)", bytes_of_a_word<0>,
     bytes_of_a_word<1>},
    {"lock_cycle", "two locks, taken in both orders", two_locks<false>, two_locks<true>},
};

}  // namespace

std::span<const misuse> misuses() { return all; }

}  // namespace props
