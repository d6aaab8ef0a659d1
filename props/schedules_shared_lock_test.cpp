// The reader-writer lock of shared_mutex_map: nobody sleeps for ever, nobody is in beside a writer, in every interleaving
// of few preemptions and in many others, in both memory models.
#include "every_interleaving.h"
#include "shared_lock.h"

#include <gtest/gtest.h>

namespace {

using gauntlet::sched::explore;
using gauntlet::sched::finding;
using props::expect_nothing_in_every_interleaving;

TEST(shared_spin_park_lock, keeps_writers_alone) {
  expect_nothing_in_every_interleaving(props::two_writers_and_a_reader, 2);
}

TEST(shared_spin_park_lock, lets_an_announced_writer_in) {
  expect_nothing_in_every_interleaving(props::two_readers_and_an_announcing_writer, 2);
}

TEST(shared_spin_park_lock, leaves_nobody_asleep) {
  expect_nothing_in_every_interleaving(props::three_wait_for_a_writer, 1);
}

TEST(shared_spin_park_lock, would_leave_a_reader_asleep_if_it_woke_one_of_them) {
  EXPECT_EQ(explore(props::three_wait_for_a_writer_who_wakes_one, 1000).first.found, finding::deadlock);
}

TEST(shared_spin_park_lock, would_leave_a_writer_asleep_if_readers_woke_nobody) {
  EXPECT_EQ(explore(props::two_readers_who_wake_nobody_and_an_announcing_writer, 1000).first.found, finding::deadlock);
}

}  // namespace
