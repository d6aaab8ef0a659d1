// The reader-writer lock: who is let in beside whom, that nobody sleeps for ever, and that readers starve no writer.
#include <gauntlet/map/detail/shared_spin_park_lock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstdint>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace {

using gauntlet::detail::basic_shared_spin_park_lock;
using gauntlet::detail::shared_spin_park_lock;

// Sleeps at the first occasion, and announces itself at the second.
struct impatient : gauntlet::detail::shared_spin_park_tuning {
  static constexpr unsigned looks = 0;
  static constexpr unsigned patience = 1;
};
// Announces itself when it sleeps for the first time.
struct imperious : gauntlet::detail::shared_spin_park_tuning {
  static constexpr unsigned looks = 1;
  static constexpr unsigned patience = 0;
};

template <class Lock>
bool lets_reader_in(Lock& lock) GAUNTLET_UNCHECKED_LOCKING {
  if (!lock.try_lock_shared()) return false;
  lock.unlock_shared();
  return true;
}
template <class Lock>
bool lets_writer_in(Lock& lock) GAUNTLET_UNCHECKED_LOCKING {
  if (!lock.try_lock()) return false;
  lock.unlock();
  return true;
}

template <class Lock>
class shared_lock : public testing::Test {};
using lock_types = testing::Types<shared_spin_park_lock, basic_shared_spin_park_lock<impatient>,
                                  basic_shared_spin_park_lock<imperious>>;
TYPED_TEST_SUITE(shared_lock, lock_types);

TYPED_TEST(shared_lock, lets_readers_in_beside_readers_and_nobody_in_beside_a_writer) {
  TypeParam lock;
  EXPECT_TRUE(lets_writer_in(lock));
  EXPECT_TRUE(lets_reader_in(lock));
  {
    const std::shared_lock reader(lock);
    EXPECT_TRUE(lets_reader_in(lock));
    EXPECT_FALSE(lets_writer_in(lock));
    const std::shared_lock another(lock);
    EXPECT_FALSE(lets_writer_in(lock));
  }
  {
    const std::unique_lock writer(lock);
    EXPECT_FALSE(lets_reader_in(lock));
    EXPECT_FALSE(lets_writer_in(lock));
  }
  EXPECT_TRUE(lets_writer_in(lock));
}

// Each reader stays in until all are: it ends only if they share.
TYPED_TEST(shared_lock, has_all_readers_in_at_once) {
  constexpr int readers = 4;
  TypeParam lock;
  std::barrier all_in(readers);
  std::vector<std::jthread> threads;
  for (int i = 0; i < readers; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        const std::shared_lock reader(lock);
        all_in.arrive_and_wait();
      }
    });
  }
}

// The same when they had to wait for a writer: one that is woken must not keep the others asleep.
TYPED_TEST(shared_lock, lets_all_readers_in_that_waited_for_a_writer) {
  constexpr int readers = 4;
  TypeParam lock;
  std::barrier begin(readers + 1), all_in(readers), end(readers + 1);
  std::vector<std::jthread> threads;
  for (int i = 0; i < readers; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        begin.arrive_and_wait();
        const std::shared_lock reader(lock);
        all_in.arrive_and_wait();
        (void)end.arrive();
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    {
      const std::unique_lock writer(lock);
      begin.arrive_and_wait();
      for (int i = 0; i < 50; ++i) std::this_thread::yield();  // time for them to fall asleep
    }
    end.arrive_and_wait();
  }
}

// Two numbers that are equal whenever no writer is in. Some holders give the processor away, so that others sleep.
TYPED_TEST(shared_lock, keeps_writers_alone_and_wakes_everybody) {
  constexpr int threads_count = 6, rounds = 3000;
  TypeParam lock;
  std::uint64_t one = 0, other = 0;  // guarded by lock
  std::atomic<std::uint64_t> written{0};
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < threads_count; ++number) {
      threads.emplace_back([&, number] {
        for (int round = 0; round < rounds; ++round) {
          if ((round + number) % 3 == 0) {
            const std::unique_lock writer(lock);
            ++one;
            if (round % 16 == 0) std::this_thread::yield();
            ++other;
            written.fetch_add(1, std::memory_order_relaxed);
          } else if ((round + number) % 64 == 1) {
            if (lock.try_lock_shared()) {
              EXPECT_EQ(one, other);
              lock.unlock_shared();
            }
          } else {
            const std::shared_lock reader(lock);
            if (round % 16 == 1) std::this_thread::yield();
            EXPECT_EQ(one, other);
          }
        }
      });
    }
  }
  EXPECT_EQ(one, written.load());
  EXPECT_EQ(other, written.load());
  EXPECT_TRUE(lets_writer_in(lock));
}

// Readers that overlap, so that there is one in at every moment until the writer has been in.
TYPED_TEST(shared_lock, lets_a_writer_in_though_readers_overlap) {
  TypeParam lock;
  std::atomic<bool> written{false};
  std::barrier first_in(3);
  std::atomic<int> inside{0};
  std::vector<std::jthread> readers;
  for (int number = 0; number < 2; ++number) {
    readers.emplace_back([&] {
      bool first = true;
      while (!written) {
        const std::shared_lock reader(lock);
        ++inside;
        if (first) first_in.arrive_and_wait();
        first = false;
        // Stays until the other one has come, unless a writer waits: then it cannot come.
        for (int i = 0; i < 100 && inside < 2 && !written; ++i) std::this_thread::yield();
        --inside;
      }
    });
  }
  first_in.arrive_and_wait();
  lock.lock();
  written = true;
  lock.unlock();
}

void lock_alone(basic_shared_spin_park_lock<imperious>& lock) GAUNTLET_UNCHECKED_LOCKING {
  lock.lock();
  lock.unlock();
}

TEST(shared_lock_of_the_impatient, lets_no_reader_in_while_a_writer_is_announced) {
  basic_shared_spin_park_lock<imperious> lock;
  std::jthread writer;
  {
    const std::shared_lock reader(lock);
    writer = std::jthread([&lock] { lock_alone(lock); });
    while (lets_reader_in(lock)) std::this_thread::yield();
    EXPECT_FALSE(lets_reader_in(lock));
  }
  const std::shared_lock next(lock);  // waits until the writer has been in
  EXPECT_TRUE(lets_reader_in(lock));
}

TEST(shared_lock_of_a_map, is_small) { EXPECT_EQ(sizeof(shared_spin_park_lock), 12U); }

}  // namespace
