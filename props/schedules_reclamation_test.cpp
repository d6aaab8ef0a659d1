// No memory is used again, or freed, under a reader: rcu_map's readings and the epoch domain below them, in every
// interleaving of few preemptions and in many others, in both memory models, with a heap that hands out at once what it
// was given back.
#include "every_interleaving.h"
#include "reclamation.h"

#include <gtest/gtest.h>

namespace {

using gauntlet::sched::explore;
using gauntlet::sched::finding;
using props::expect_nothing_in_every_interleaving;

TEST(rcu_map, uses_no_entry_again_under_a_reader) {
  expect_nothing_in_every_interleaving(props::entry_held_while_erased_and_others_inserted, 2);
}

TEST(rcu_map, moves_no_value_out_under_a_reader) {
  expect_nothing_in_every_interleaving(props::value_extracted_under_a_reader, 2);
}

TEST(rcu_map, frees_what_was_retired_before_each_synchronize) {
  expect_nothing_in_every_interleaving(props::calls_of_synchronize_that_overlap, 2);
}

TEST(freeing_count, waits_for_all_who_had_begun) {
  expect_nothing_in_every_interleaving(props::frees_that_are_awaited, 2);
}

TEST(epoch_domain, lets_nothing_be_freed_that_is_read) {
  expect_nothing_in_every_interleaving(props::object_freed_after_its_grace_period, 3);
}

TEST(epoch_domain, may_be_read_by_threads_that_come_and_go) {
  expect_nothing_in_every_interleaving(props::readers_that_follow_each_other_in_one_slot, 2);
}

TEST(epoch_domain, is_misused_by_who_ends_the_epoch_before_it_unlinks) {
  const auto result = explore(props::object_whose_epoch_is_ended_too_early, 5000);
  EXPECT_TRUE(result.first.found == finding::use_after_free || result.first.found == finding::data_race)
      << result.first.message;
}

}  // namespace
