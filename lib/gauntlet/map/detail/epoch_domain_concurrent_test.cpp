// When is a grace period over? Each rule of epoch_domain.h by itself, then many readers against one who frees.
#include <gauntlet/map/detail/epoch_domain.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using gauntlet::detail::epoch_domain;
using gauntlet::detail::retire_list;
using gauntlet::detail::thread_slot;

// Whether `body` is true in a thread of its own.
template <class Body>
bool in_another_thread(Body body) {
  bool answer = false;
  std::thread([&] { answer = body(); }).join();
  return answer;
}

TEST(epoch_domain, without_readers_an_epoch_that_has_ended_is_over) {
  epoch_domain domain;
  EXPECT_TRUE(domain.is_over(domain.advance()));
  EXPECT_TRUE(domain.is_over(domain.advance()));
}

TEST(epoch_domain, a_reader_keeps_the_epochs_alive_that_had_not_ended_when_it_came) {
  epoch_domain domain;
  const std::uint64_t before = domain.advance();
  std::optional<epoch_domain::guard> reader(domain);
  EXPECT_TRUE(domain.is_over(before));
  const std::uint64_t during = domain.advance();
  EXPECT_FALSE(domain.is_over(during));
  EXPECT_FALSE(domain.is_over(domain.advance()));
  reader.reset();
  EXPECT_TRUE(domain.is_over(during));
}

TEST(epoch_domain, a_guard_within_a_guard_neither_renews_nor_ends_the_reading) {
  epoch_domain domain;
  std::optional<epoch_domain::guard> outer(domain);
  const std::uint64_t during = domain.advance();
  {
    const epoch_domain::guard inner(domain);
  }
  EXPECT_FALSE(domain.is_over(during));
  EXPECT_TRUE(domain.is_read_by_this_thread());
  outer.reset();
  EXPECT_FALSE(domain.is_read_by_this_thread());
  EXPECT_TRUE(domain.is_over(during));
}

TEST(epoch_domain, a_reader_of_one_domain_is_none_of_another) {
  epoch_domain one;
  epoch_domain other;
  const epoch_domain::guard reader(one);
  EXPECT_TRUE(other.is_over(other.advance()));
  EXPECT_FALSE(one.is_over(one.advance()));
  EXPECT_FALSE(other.is_read_by_this_thread());
}

TEST(epoch_domain, threads_that_come_and_go_use_the_same_slots) {
  std::set<unsigned> numbers;
  for (int i = 0; i < 200; ++i) {
    std::thread([&numbers] { numbers.insert(thread_slot().number()); }).join();
  }
  EXPECT_LE(numbers.size(), 2U);
}

TEST(epoch_domain, more_readers_than_slots_within_are_all_seen) {
  constexpr std::ptrdiff_t readers = 70;
  epoch_domain domain;
  std::latch all_read(readers);
  std::latch may_go(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < readers; ++i) {
    threads.emplace_back([&] {
      const epoch_domain::guard reader(domain);
      all_read.count_down();
      may_go.wait();
    });
  }
  all_read.wait();
  const std::uint64_t during = domain.advance();
  domain.advance();
  EXPECT_FALSE(domain.is_over(during));
  const epoch_domain::statistics now = domain.stats();
  EXPECT_EQ(now.readers, static_cast<std::size_t>(readers));
  EXPECT_EQ(now.slowest_lag, 2U);
  may_go.count_down();
  for (std::thread& t : threads) t.join();
  EXPECT_TRUE(domain.is_over(during));
  EXPECT_EQ(domain.stats().readers, 0U);
}

// A thread_local object that reads while its thread ends, after the thread's number may have been given back.
struct reads_at_the_end {
  epoch_domain* domain = nullptr;
  bool* was_counted = nullptr;
  ~reads_at_the_end() {
    if (domain == nullptr) return;
    const epoch_domain::guard reader(*domain);
    const epoch_domain::guard inner(*domain);
    *was_counted = domain->is_read_by_this_thread() && domain->stats().readers == 1;
  }
};

TEST(epoch_domain, a_thread_may_read_while_it_ends) {
  epoch_domain domain;
  bool was_counted = false;
  std::thread([&] {
    static thread_local reads_at_the_end late;  // constructed before the number's own end, so destroyed after it
    late.domain = &domain;
    late.was_counted = &was_counted;
    const epoch_domain::guard reader(domain);
  }).join();
  EXPECT_TRUE(was_counted);
  EXPECT_TRUE(domain.is_over(domain.advance()));
  EXPECT_TRUE(in_another_thread([] { return thread_slot().number() <= 2; })) << "the borrowed number was given back";
}

TEST(epoch_domain, synchronize_waits_for_those_who_read_and_for_nobody_else) {
  epoch_domain domain;
  std::latch reads(1);
  std::latch may_go(1);
  std::atomic<bool> left{false};
  std::thread reader([&] {
    const epoch_domain::guard reading(domain);
    reads.count_down();
    may_go.wait();
    left = true;
  });
  reads.wait();
  std::thread waiter([&] {
    domain.synchronize();
    EXPECT_TRUE(left.load());
  });
  may_go.count_down();
  waiter.join();
  reader.join();
  domain.synchronize();
  EXPECT_EQ(domain.stats().synchronizations, 2U);
}

TEST(epoch_domain, waiting_for_oneself_is_reported) {
  epoch_domain domain;
  const auto previous =
      gauntlet::set_misuse_handler([](const gauntlet::misuse_report& r) { throw std::logic_error(describe(r)); });
  {
    const epoch_domain::guard reader(domain);
    EXPECT_THROW(domain.synchronize(), std::logic_error);
  }
  domain.synchronize();
  gauntlet::set_misuse_handler(previous);
}

struct object {
  explicit object(int n) : number(n) {}
  object* next_retired = nullptr;
  int number;
};

TEST(retire_list, disposes_of_everything_once_and_of_nothing_that_is_read) {
  epoch_domain domain;
  retire_list<object> retired;
  std::multiset<int> gone;
  const auto dispose = [&gone](object* at) noexcept {
    gone.insert(at->number);
    delete at;
  };
  retired.add(new object(1));
  retired.collect(domain, dispose);
  EXPECT_EQ(gone, (std::multiset<int>{1}));

  std::optional<epoch_domain::guard> reader(domain);
  retired.add(new object(2));
  retired.collect(domain, dispose);
  retired.add(new object(3));
  retired.collect(domain, dispose);
  EXPECT_EQ(retired.size(), 2U);
  EXPECT_EQ(gone.size(), 1U);
  reader.reset();
  retired.collect(domain, dispose);
  EXPECT_EQ(gone, (std::multiset<int>{1, 2, 3}));
  EXPECT_EQ(retired.size(), 0U);

  retired.add(new object(4));
  retired.add(new object(5));
  retired.drain(dispose);
  EXPECT_EQ(gone, (std::multiset<int>{1, 2, 3, 4, 5}));
}

// One thread replaces an object again and again and poisons what it frees; many short-lived threads read it.
TEST(epoch_domain, nobody_reads_what_was_freed) {
  constexpr int rounds = 200;
  epoch_domain domain;
  std::atomic<object*> current{new object(0)};
  std::atomic<bool> done{false};
  std::thread writer([&] {
    retire_list<object> retired;
    const auto dispose = [](object* at) noexcept {
      at->number = -1;
      delete at;
    };
    for (int i = 1; !done.load(); ++i) {
      object* const old = current.load();
      current.store(new object(i));
      retired.add(old);
      if (i % 8 == 0) retired.collect(domain, dispose);
      if (i % 64 == 0) domain.synchronize();
    }
    domain.synchronize();
    retired.drain(dispose);
  });
  for (int i = 0; i < rounds; ++i) {
    std::vector<std::thread> readers;
    for (int r = 0; r < 3; ++r) {
      readers.emplace_back([&] {
        for (int look = 0; look < 20; ++look) {
          const epoch_domain::guard reader(domain);
          const object* const at = current.load();
          EXPECT_GE(at->number, 0);
        }
      });
    }
    for (std::thread& t : readers) t.join();
  }
  done = true;
  writer.join();
  delete current.load();
}

}  // namespace
