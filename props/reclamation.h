// Bodies about memory that readers may still be looking at: compiled for control, called from
// schedules_reclamation_test.
#pragma once

namespace props {

// A reader holds an entry while it is erased and others are inserted: what it holds stays, and no new entry lies there.
void entry_held_while_erased_and_others_inserted();

// A value that can only be moved is taken out while a reader looks at it: it stays where it is until the reader has left.
void value_extracted_under_a_reader();

// Two erase and wait for the readers, at one time: what each has erased is freed when it goes on. Two others read.
void calls_of_synchronize_that_overlap();

// Two free something outside of the lock under which they took it; two others, in turns, wait for those who had begun.
void frees_that_are_awaited();

// One replaces an object and frees the old one when its grace period is over; one reads it, twice.
void object_freed_after_its_grace_period();

// The same by one who ends the epoch before it unlinks: the alarm.
void object_whose_epoch_is_ended_too_early();

// Threads that end and threads that begin share a slot.
void readers_that_follow_each_other_in_one_slot();

}  // namespace props
