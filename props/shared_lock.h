// Bodies about the reader-writer lock of shared_mutex_map: compiled for control, called from schedules_shared_lock_test.
#pragma once

namespace props {

// Two writers and a reader that finds what they write together.
void two_writers_and_a_reader();
// Two readers beside a writer, which announces itself when it first has to wait.
void two_readers_and_an_announcing_writer();
// One is in alone while two readers and a writer come: all get in when it leaves.
void three_wait_for_a_writer();

// The alarms: the last by a lock that wakes one reader where all could come in, and the one before by a lock whose readers
// wake nobody.
void three_wait_for_a_writer_who_wakes_one();
void two_readers_who_wake_nobody_and_an_announcing_writer();

}  // namespace props
