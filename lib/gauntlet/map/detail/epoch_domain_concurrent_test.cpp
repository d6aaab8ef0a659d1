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

unsigned number_of_another_thread() {
  unsigned number = 0;
  std::thread([&number] { number = thread_slot().number(); }).join();
  return number;
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

TEST(epoch_domain, guards_of_one_thread_end_in_any_order_and_the_last_one_counts) {
  epoch_domain domain;
  std::optional<epoch_domain::guard> first(domain);
  std::optional<epoch_domain::guard> second(domain);
  std::optional<epoch_domain::guard> third(domain);
  const std::uint64_t during = domain.advance();
  first.reset();
  EXPECT_FALSE(domain.is_over(during)) << "two are left";
  EXPECT_TRUE(domain.is_read_by_this_thread());
  third.reset();
  EXPECT_FALSE(domain.is_over(during)) << "one is left";
  EXPECT_EQ(domain.stats().readers, 1U);
  first.emplace(domain);
  second.reset();
  EXPECT_FALSE(domain.is_over(during)) << "a new one, but there has been one all the time";
  first.reset();
  EXPECT_TRUE(domain.is_over(during));
  EXPECT_EQ(domain.stats().readers, 0U);
}

TEST(epoch_domain, a_reader_of_one_domain_is_none_of_another) {
  epoch_domain one;
  epoch_domain other;
  const epoch_domain::guard reader(one);
  EXPECT_TRUE(other.is_over(other.advance()));
  EXPECT_FALSE(one.is_over(one.advance()));
  EXPECT_FALSE(other.is_read_by_this_thread());
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

// A thread_local object with guards that its thread's end finds there, or that are made by its destructor.
struct reads_at_the_end {
  epoch_domain* domain = nullptr;
  std::optional<epoch_domain::guard> held;
  std::size_t readers_seen = 0;  // one for each look below that saw what it should
  std::size_t* report = nullptr;
  ~reads_at_the_end() {
    if (domain == nullptr) return;
    const std::size_t before = held ? 1 : 0;
    readers_seen += domain->stats().readers == before && domain->is_read_by_this_thread() == held.has_value();
    const std::uint64_t during = domain->advance();
    std::optional<epoch_domain::guard> late(*domain);
    std::optional<epoch_domain::guard> later(*domain);
    const bool began_before = !domain->is_over(during);
    readers_seen += began_before == held.has_value();
    held.reset();
    late.reset();
    // One guard is left. A thread that comes now gets another slot, and neither hides the other.
    readers_seen += in_another_thread([this] {
      const epoch_domain::guard other(*domain);
      return domain->stats().readers == 2;
    });
    readers_seen += domain->is_read_by_this_thread() && domain->stats().readers == 1;
    later.reset();
    readers_seen += !domain->is_read_by_this_thread() && domain->stats().readers == 0;
    *report = readers_seen;
  }
};

void expect_reading_at_the_end(bool guard_is_held) {
  epoch_domain domain;
  std::size_t report = 0;
  const unsigned free_before = number_of_another_thread();
  std::thread([&] {
    static thread_local reads_at_the_end late;  // constructed before the number's own end, so destroyed after it
    late.domain = &domain;
    late.report = &report;
    const epoch_domain::guard reader(domain);
    if (guard_is_held) late.held.emplace(domain);
  }).join();
  EXPECT_EQ(report, 5U);
  EXPECT_TRUE(domain.is_over(domain.advance()));
  EXPECT_EQ(number_of_another_thread(), free_before) << "the thread's number was given back";
}

TEST(epoch_domain, a_thread_may_begin_to_read_while_it_ends) { expect_reading_at_the_end(false); }

TEST(epoch_domain, a_guard_may_outlive_the_end_of_its_thread_s_number) { expect_reading_at_the_end(true); }

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

// One thread replaces an object again and again and marks what may be freed, which nobody who reads must ever see. The
// memory is kept until the end, so that a mark can be seen; sanitizers see the rest in the maps' own tests.
TEST(epoch_domain, nobody_reads_what_was_freed) {
  constexpr int rounds = 100;
  constexpr int freed = -1;
  struct marked_object {
    std::atomic<int> number{0};
    marked_object* next_retired = nullptr;
  };
  epoch_domain domain;
  std::vector<std::unique_ptr<marked_object>> all;
  all.push_back(std::make_unique<marked_object>());
  std::atomic<marked_object*> current{all.front().get()};
  std::atomic<bool> done{false};
  std::atomic<int> marked{0};
  std::thread writer([&] {
    retire_list<marked_object> retired;
    const auto dispose = [&marked](marked_object* at) noexcept {
      at->number.store(freed);
      ++marked;
    };
    for (int i = 1; !done.load(); ++i) {
      all.push_back(std::make_unique<marked_object>());
      retired.add(current.exchange(all.back().get()));
      if (i % 2 == 0) retired.collect(domain, dispose);
      if (i % 16 == 0) domain.synchronize();
      if (i % 64 == 0) std::this_thread::yield();
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
          const marked_object* const at = current.load();
          for (int again = 0; again < 5; ++again) {
            EXPECT_NE(at->number.load(), freed);
            std::this_thread::yield();
          }
        }
      });
    }
    for (std::thread& t : readers) t.join();
  }
  done = true;
  writer.join();
  EXPECT_EQ(static_cast<std::size_t>(marked.load()), all.size() - 1) << "and everything was freed in the end";
}

}  // namespace
