// The functions behind the table of programs.h.
#pragma once

#include <gauntlet/sched/run.h>

namespace gauntlet::sched::programs_detail {

// counters.cpp
void lost_update();
void no_lost_update();
void wronglock_1();
void wronglock_3();
void rightlock_1();
void rightlock_3();
void account();
void sound_account();
void token_ring();
void token_ring_in_turn();
void bluetooth_driver();
void sound_driver();

// among_many.cpp
template <unsigned n>
void reorder();
template <unsigned n>
void in_order();
template <unsigned n, bool looks>
void two_stages();

// containers.cpp
void aba();
void no_aba();
void stack();
void sound_stack();
void circular_buffer();
void sound_circular_buffer();
void work_stealing_queue();
void sound_work_stealing_queue();

// waiting.cpp
void lock_order();
void sound_lock_order();
void dining_philosophers_3();
void dining_philosophers_5();
void dining_with_one_left_handed();
void lost_wake_up();
void no_lost_wake_up();

// tables.cpp
void map_erase_unlocked();
void map_erase_locked();
void insert_lost_in_growth();
void sound_growth();
void read_missed_in_doubling();
void sound_doubling();

// orders_of_memory.cpp
void double_checked_locking();
void sound_double_checked_locking();
void store_buffering();
void sound_store_buffering();

// correct_mixed.cpp
void correct_mixed();

}  // namespace gauntlet::sched::programs_detail
