// Numbers of threads: given once, given back, and not before their last user has ended.
#include <gauntlet/map/detail/thread_slot.h>
#include <gtest/gtest.h>

#include <latch>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace {

using gauntlet::detail::thread_slot;
using gauntlet::detail::thread_slots_max;

unsigned number_of_another_thread() {
  unsigned number = 0;
  std::thread([&number] { number = thread_slot().number(); }).join();
  return number;
}

TEST(thread_slot, is_the_same_whenever_a_thread_asks) {
  const thread_slot first;
  const thread_slot second;
  EXPECT_EQ(first.number(), second.number());
  EXPECT_EQ(thread_slot::number_if_any(), first.number());
  EXPECT_NE(number_of_another_thread(), first.number());
}

TEST(thread_slot, is_had_by_one_thread_at_a_time) {
  constexpr std::ptrdiff_t count = 100;  // more than one word of numbers
  std::vector<unsigned> numbers(count);
  std::latch all_have_one(count);
  std::vector<std::thread> threads;
  for (unsigned& number : numbers) {
    threads.emplace_back([&] {
      number = thread_slot().number();
      all_have_one.arrive_and_wait();
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(std::set<unsigned>(numbers.begin(), numbers.end()).size(), numbers.size());
}

TEST(thread_slot, is_given_back_when_the_thread_ends_and_given_out_again) {
  const unsigned first = number_of_another_thread();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(number_of_another_thread(), first);
}

// Destroyed after the thread's number has come to its end.
struct asks_at_the_end {
  std::optional<thread_slot> held;
  bool keeps_to_itself = true;  // no other thread was given the number while it was in use
  bool* report = nullptr;
  ~asks_at_the_end() {
    if (report == nullptr) return;
    std::optional<thread_slot> first(std::in_place);
    std::optional<thread_slot> second(std::in_place);
    keeps_to_itself &= first->number() == second->number() && (!held || held->number() == first->number());
    first.reset();
    keeps_to_itself &= number_of_another_thread() != second->number();
    held.reset();
    keeps_to_itself &= number_of_another_thread() != second->number();
    second.reset();
    keeps_to_itself &= thread_slot::number_if_any() >= thread_slots_max;
    const thread_slot again;
    keeps_to_itself &= number_of_another_thread() != again.number();
    *report = keeps_to_itself;
  }
};

void expect_a_number_at_the_end(bool is_held) {
  const unsigned free_before = number_of_another_thread();
  bool kept_to_itself = false;
  std::thread([&] {
    static thread_local asks_at_the_end late;
    late.report = &kept_to_itself;
    const thread_slot now;
    if (is_held) late.held.emplace();
  }).join();
  EXPECT_TRUE(kept_to_itself);
  EXPECT_EQ(number_of_another_thread(), free_before) << "and in the end it was given back";
}

TEST(thread_slot, may_be_asked_for_by_a_thread_that_is_ending) { expect_a_number_at_the_end(false); }

TEST(thread_slot, that_is_in_use_when_its_thread_ends_is_given_back_by_its_last_user) {
  expect_a_number_at_the_end(true);
}

TEST(thread_slot, may_be_asked_for_the_first_time_while_the_thread_is_ending) {
  struct asks_late {
    unsigned* report = nullptr;
    ~asks_late() {
      if (report != nullptr) *report = thread_slot().number();
    }
  };
  const unsigned free_before = number_of_another_thread();
  unsigned number = thread_slots_max;
  std::thread([&number] {
    static thread_local asks_late late;
    late.report = &number;
  }).join();
  EXPECT_EQ(number, free_before);
  EXPECT_EQ(number_of_another_thread(), free_before);
}

}  // namespace
