// When is a grace period over? Each rule of epoch_domain.h by itself, with the process barrier and without, and when the
// kernel takes it back; then many readers against one who frees.
#include <gauntlet/map/detail/epoch_domain.h>
#include <gauntlet/map/detail/process_epochs.h>
#include <gauntlet/map/detail/retire_list.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

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

using gauntlet::detail::basic_epoch_domain;
using gauntlet::detail::look;
using gauntlet::detail::no_process_barrier;
using gauntlet::detail::process_barrier;
using gauntlet::detail::process_epochs;
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

template <class Domain>
class epoch_domain : public testing::Test {};
using domains = testing::Types<basic_epoch_domain<process_barrier>, basic_epoch_domain<no_process_barrier>>;
TYPED_TEST_SUITE(epoch_domain, domains);

TYPED_TEST(epoch_domain, without_readers_an_epoch_that_has_ended_is_over) {
  TypeParam domain;
  EXPECT_TRUE(domain.is_over(domain.advance()));
  EXPECT_TRUE(domain.is_over(domain.advance()));
}

TYPED_TEST(epoch_domain, a_reader_keeps_the_epochs_alive_that_had_not_ended_when_it_came) {
  TypeParam domain;
  const std::uint64_t before = domain.advance();
  std::optional<typename TypeParam::guard> reader(domain);
  EXPECT_TRUE(domain.is_over(before));
  const std::uint64_t during = domain.advance();
  EXPECT_FALSE(domain.is_over(during));
  EXPECT_FALSE(domain.is_over(domain.advance()));
  reader.reset();
  EXPECT_TRUE(domain.is_over(during));
}

TYPED_TEST(epoch_domain, a_guard_within_a_guard_neither_renews_nor_ends_the_reading) {
  TypeParam domain;
  std::optional<typename TypeParam::guard> outer(domain);
  const std::uint64_t during = domain.advance();
  {
    const typename TypeParam::guard inner(domain);
  }
  EXPECT_FALSE(domain.is_over(during));
  EXPECT_TRUE(domain.is_read_by_this_thread());
  outer.reset();
  EXPECT_FALSE(domain.is_read_by_this_thread());
  EXPECT_TRUE(domain.is_over(during));
}

TYPED_TEST(epoch_domain, guards_of_one_thread_end_in_any_order_and_the_last_one_counts) {
  TypeParam domain;
  std::optional<typename TypeParam::guard> first(domain);
  std::optional<typename TypeParam::guard> second(domain);
  std::optional<typename TypeParam::guard> third(domain);
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

TYPED_TEST(epoch_domain, a_reader_of_one_domain_is_none_of_another) {
  TypeParam one;
  TypeParam other;
  const typename TypeParam::guard reader(one);
  EXPECT_TRUE(other.is_over(other.advance()));
  EXPECT_FALSE(one.is_over(one.advance()));
  EXPECT_FALSE(other.is_read_by_this_thread());
}

TYPED_TEST(epoch_domain, more_readers_than_slots_within_are_all_seen) {
  constexpr std::ptrdiff_t readers = 70;
  TypeParam domain;
  std::latch all_read(readers);
  std::latch may_go(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < readers; ++i) {
    threads.emplace_back([&] {
      const typename TypeParam::guard reader(domain);
      all_read.count_down();
      may_go.wait();
    });
  }
  all_read.wait();
  const std::uint64_t during = domain.advance();
  domain.advance();
  EXPECT_FALSE(domain.is_over(during));
  const auto now = domain.stats();
  EXPECT_EQ(now.readers, static_cast<std::size_t>(readers));
  EXPECT_EQ(now.slowest_lag, 2U);
  may_go.count_down();
  for (std::thread& t : threads) t.join();
  EXPECT_TRUE(domain.is_over(during));
  EXPECT_EQ(domain.stats().readers, 0U);
}

// A thread_local object with guards that its thread's end finds there, or that are made by its destructor.
template <class Domain>
struct reads_at_the_end {
  Domain* domain = nullptr;
  std::optional<typename Domain::guard> held;
  std::size_t readers_seen = 0;  // one for each look below that saw what it should
  std::size_t* report = nullptr;
  ~reads_at_the_end() {
    if (domain == nullptr) return;
    const std::size_t before = held ? 1 : 0;
    readers_seen += domain->stats().readers == before && domain->is_read_by_this_thread() == held.has_value();
    const std::uint64_t during = domain->advance();
    std::optional<typename Domain::guard> late(*domain);
    std::optional<typename Domain::guard> later(*domain);
    const bool began_before = !domain->is_over(during);
    readers_seen += began_before == held.has_value();
    held.reset();
    late.reset();
    // One guard is left. A thread that comes now gets another slot, and neither hides the other.
    readers_seen += in_another_thread([this] {
      const typename Domain::guard other(*domain);
      return domain->stats().readers == 2;
    });
    readers_seen += domain->is_read_by_this_thread() && domain->stats().readers == 1;
    later.reset();
    readers_seen += !domain->is_read_by_this_thread() && domain->stats().readers == 0;
    *report = readers_seen;
  }
};

template <class Domain>
void expect_reading_at_the_end(bool guard_is_held) {
  Domain domain;
  std::size_t report = 0;
  const unsigned free_before = number_of_another_thread();
  std::thread([&] {
    static thread_local reads_at_the_end<Domain>
        late;  // constructed before the number's own end, so destroyed after it
    late.domain = &domain;
    late.report = &report;
    const typename Domain::guard reader(domain);
    if (guard_is_held) late.held.emplace(domain);
  }).join();
  EXPECT_EQ(report, 5U);
  EXPECT_TRUE(domain.is_over(domain.advance()));
  EXPECT_EQ(number_of_another_thread(), free_before) << "the thread's number was given back";
}

TYPED_TEST(epoch_domain, a_thread_may_begin_to_read_while_it_ends) { expect_reading_at_the_end<TypeParam>(false); }

TYPED_TEST(epoch_domain, a_guard_may_outlive_the_end_of_its_thread_s_number) {
  expect_reading_at_the_end<TypeParam>(true);
}

TYPED_TEST(epoch_domain, synchronize_waits_for_those_who_read_and_for_nobody_else) {
  TypeParam domain;
  std::latch reads(1);
  std::latch may_go(1);
  std::atomic<bool> left{false};
  std::thread reader([&] {
    const typename TypeParam::guard reading(domain);
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

TYPED_TEST(epoch_domain, waiting_for_oneself_is_reported) {
  TypeParam domain;
  const auto previous =
      gauntlet::set_misuse_handler([](const gauntlet::misuse_report& r) { throw std::logic_error(describe(r)); });
  {
    const typename TypeParam::guard reader(domain);
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

// What was disposed of, by number.
class graveyard {
 public:
  explicit graveyard(std::multiset<int>& gone) : gone_(gone) {}
  void operator()(object* at) const noexcept {
    gone_.insert(at->number);
    delete at;
  }

 private:
  std::multiset<int>& gone_;
};

TYPED_TEST(epoch_domain, a_retire_list_disposes_of_everything_once_and_of_nothing_that_is_read) {
  TypeParam domain;
  retire_list<object, TypeParam> retired;
  std::multiset<int> gone;
  const graveyard dispose(gone);
  retired.add(new object(1));
  retired.collect(domain, dispose, look::at_once);
  EXPECT_EQ(gone, (std::multiset<int>{1}));

  std::optional<typename TypeParam::guard> reader(domain);
  retired.add(new object(2));
  retired.collect(domain, dispose, look::at_once);
  retired.add(new object(3));
  retired.collect(domain, dispose, look::at_once);
  EXPECT_EQ(retired.size(), 2U);
  EXPECT_EQ(gone.size(), 1U);
  reader.reset();
  retired.collect(domain, dispose, look::at_once);
  EXPECT_EQ(gone, (std::multiset<int>{1, 2, 3}));
  EXPECT_EQ(retired.size(), 0U);

  retired.add(new object(4));
  retired.add(new object(5));
  retired.drain(dispose);
  EXPECT_EQ(gone, (std::multiset<int>{1, 2, 3, 4, 5}));
}

TYPED_TEST(epoch_domain, a_retire_list_that_looks_later_keeps_one_lot) {
  TypeParam domain;
  retire_list<object, TypeParam> retired;
  std::multiset<int> gone;
  const graveyard dispose(gone);
  for (int i = 1; i <= 5; ++i) {
    retired.add(new object(i));
    retired.collect(domain, dispose, look::later);
    EXPECT_EQ(retired.size(), 1U);
    EXPECT_EQ(gone.size(), static_cast<std::size_t>(i - 1));
  }
  retired.drain(dispose);
}

TYPED_TEST(epoch_domain, an_object_that_waits_does_not_wait_for_who_comes_later) {
  TypeParam domain;
  retire_list<object, TypeParam> retired;
  std::multiset<int> gone;
  const graveyard dispose(gone);
  std::optional<typename TypeParam::guard> reader(domain);
  retired.add(new object(1));
  retired.collect(domain, dispose, look::at_once);
  retired.add(new object(2));
  retired.add(new object(3));
  retired.collect(domain, dispose, look::at_once);
  EXPECT_EQ(retired.size(), 3U);
  reader.reset();
  reader.emplace(domain);
  retired.collect(domain, dispose, look::at_once);
  EXPECT_EQ(gone, (std::multiset<int>{1}));
  EXPECT_EQ(retired.open_size(), 0U);
  reader.reset();
  retired.collect(domain, dispose, look::at_once);
  EXPECT_EQ(gone, (std::multiset<int>{1, 2, 3}));
}

TYPED_TEST(epoch_domain, one_look_proves_for_everybody) {
  TypeParam domain;
  const std::uint64_t first = domain.advance();
  const std::uint64_t second = domain.advance();
  std::optional<typename TypeParam::guard> reader(domain);
  const std::uint64_t during = domain.advance();
  EXPECT_EQ(domain.oldest_reader(), during) << "the epoch in which it began";
  EXPECT_TRUE(domain.is_over(first));
  EXPECT_TRUE(domain.is_over(second));
  EXPECT_FALSE(domain.is_over(during));
  reader.reset();
  EXPECT_EQ(domain.oldest_reader(), during + 1) << "none reads: the current one";
  EXPECT_TRUE(domain.is_over(during));
}

// A barrier that the kernel grants, and takes back when it is told.
struct revocable_barrier {
  static inline std::atomic<bool> revoked{false};
  static inline std::atomic<int> passed{0};
  static bool is_there() noexcept { return true; }
  static bool pass() noexcept {
    ++passed;
    return !revoked && process_barrier::pass();
  }
};

TEST(epoch_domain_barrier, that_fails_proves_nothing) {
  if (!process_barrier::is_there()) GTEST_SKIP() << "no process barrier here";
  basic_epoch_domain<revocable_barrier> domain;
  const std::uint64_t before = domain.advance();
  EXPECT_TRUE(domain.is_over(before));
  revocable_barrier::revoked = true;
  const std::uint64_t after = domain.advance();
  EXPECT_FALSE(domain.is_over(after)) << "nobody reads, but who knows";
  EXPECT_EQ(domain.oldest_reader(), before + 1);
  EXPECT_TRUE(domain.is_over(before)) << "what was proved stays so";
  retire_list<object, basic_epoch_domain<revocable_barrier>> retired;
  std::multiset<int> gone;
  retired.add(new object(1));
  retired.collect(domain, graveyard(gone), look::at_once);
  EXPECT_EQ(retired.size(), 1U);
  revocable_barrier::revoked = false;
  EXPECT_TRUE(domain.is_over(after));
  retired.collect(domain, graveyard(gone), look::at_once);
  EXPECT_EQ(gone, (std::multiset<int>{1}));
}

TEST(epoch_domain_barrier, is_passed_only_where_it_can_prove_something) {
  if (!process_barrier::is_there()) GTEST_SKIP() << "no process barrier here";
  basic_epoch_domain<revocable_barrier> domain;
  std::optional<basic_epoch_domain<revocable_barrier>::guard> reader(domain);
  const std::uint64_t during = domain.advance();
  revocable_barrier::passed = 0;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(domain.is_over(during));
  EXPECT_EQ(revocable_barrier::passed, 0) << "somebody reads, as everybody sees";
  reader.reset();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(domain.is_over(during));
  EXPECT_EQ(revocable_barrier::passed, 1) << "proved once, known from then on";
}

TEST(epoch_domain_barrier, works_in_a_child_of_fork) {
  if (!process_barrier::is_there()) GTEST_SKIP() << "no process barrier here";
  ASSERT_TRUE(process_barrier::pass());
  const pid_t child = fork();
  ASSERT_NE(child, -1);
  if (child == 0) _exit(process_barrier::is_there() && process_barrier::pass() ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(process_epochs, are_one_domain_for_all) {
  const std::uint64_t before = process_epochs::advance();
  EXPECT_TRUE(process_epochs::is_over(before));
  std::optional<process_epochs::guard> first(std::in_place);
  std::optional<process_epochs::guard> second(std::in_place);
  const std::uint64_t during = process_epochs::advance();
  first.reset();
  EXPECT_FALSE(process_epochs::is_over(during));
  EXPECT_LE(process_epochs::oldest_reader(), during);
  EXPECT_FALSE(in_another_thread([&] {
    const process_epochs::guard other;
    return process_epochs::is_over(during);
  }));
  second.reset();
  EXPECT_TRUE(process_epochs::is_over(during));
  EXPECT_GT(process_epochs::oldest_reader(), during);
}

// More threads at one time than there are slots within: chunks come, and stay.
TEST(process_epochs, see_more_readers_than_there_are_slots_within) {
  constexpr std::ptrdiff_t readers = 40;
  std::latch all_read(readers + 1);
  std::latch may_go(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < readers; ++i) {
    threads.emplace_back([&] {
      const process_epochs::guard reader;
      all_read.count_down();
      may_go.wait();
    });
  }
  all_read.arrive_and_wait();
  const std::uint64_t during = process_epochs::advance();
  EXPECT_FALSE(process_epochs::is_over(during));
  may_go.count_down();
  for (std::thread& t : threads) t.join();
  EXPECT_TRUE(process_epochs::is_over(during));
}

// One thread replaces an object again and again and marks what may be freed, which nobody who reads must ever see. The
// memory is kept until the end, so that a mark can be seen; sanitizers see the rest in the maps' own tests.
TYPED_TEST(epoch_domain, nobody_reads_what_was_freed) {
  constexpr int rounds = 100;
  constexpr int freed = -1;
  struct marked_object {
    std::atomic<int> number{0};
    marked_object* next_retired = nullptr;
  };
  TypeParam domain;
  std::vector<std::unique_ptr<marked_object>> all;
  all.push_back(std::make_unique<marked_object>());
  std::atomic<marked_object*> current{all.front().get()};
  std::atomic<bool> done{false};
  std::atomic<int> marked{0};
  std::thread writer([&] {
    retire_list<marked_object, TypeParam> retired;
    const auto dispose = [&marked](marked_object* at) noexcept {
      at->number.store(freed);
      ++marked;
    };
    for (int i = 1; !done.load(); ++i) {
      all.push_back(std::make_unique<marked_object>());
      retired.add(current.exchange(all.back().get()));
      if (i % 2 == 0) retired.collect(domain, dispose, i % 4 == 0 ? look::at_once : look::later);
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
          const typename TypeParam::guard reader(domain);
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
