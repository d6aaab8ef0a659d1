#include <gauntlet/sched/programs/programs.h>

#include <gauntlet/sched/programs/bodies.h>

namespace gauntlet::sched {

namespace {

using namespace programs_detail;
constexpr finding check = finding::failed_check, stuck = finding::deadlock, none = finding::none;

constexpr program all[] = {
    {"lost_update", lost_update, 2, check, none, no_lost_update, false, false},
    {"aba", aba, 2, check, none, no_aba, false, false},
    {"double_checked_locking", double_checked_locking, 2, finding::data_race, none, sound_double_checked_locking, false,
     false},
    {"map_erase_unlocked", map_erase_unlocked, 2, finding::data_race, finding::use_after_free, map_erase_locked, false,
     false},
    {"lock_order", lock_order, 3, stuck, none, sound_lock_order, false, false},
    {"insert_lost_in_growth", insert_lost_in_growth, 2, check, none, sound_growth, false, false},
    {"store_buffering", store_buffering, 2, check, none, sound_store_buffering, true, false},
    {"read_missed_in_doubling", read_missed_in_doubling, 2, check, none, sound_doubling, false, false},
    {"lost_wake_up", lost_wake_up, 2, stuck, none, no_lost_wake_up, false, false},

    {"reorder_3", reorder<3>, 3, check, none, in_order<3>, false, true},
    {"reorder_4", reorder<4>, 4, check, none, nullptr, false, true},
    {"reorder_5", reorder<5>, 5, check, none, nullptr, false, true},
    {"reorder_10", reorder<10>, 10, check, none, nullptr, false, true},
    {"reorder_20", reorder<20>, 20, check, none, in_order<20>, false, true},
    {"reorder_50", reorder<50>, 50, check, none, nullptr, false, true},
    {"reorder_100", reorder<100>, 100, check, none, nullptr, false, true},
    {"twostage_1", two_stages<1, false>, 2, check, none, nullptr, false, true},
    {"twostage_2", two_stages<2, false>, 3, check, none, two_stages<2, true>, false, true},
    {"twostage_5", two_stages<5, false>, 6, check, none, nullptr, false, true},
    {"twostage_10", two_stages<10, false>, 11, check, none, nullptr, false, true},
    {"twostage_20", two_stages<20, false>, 21, check, none, two_stages<20, true>, false, true},
    {"twostage_50", two_stages<50, false>, 51, check, none, nullptr, false, true},
    {"twostage_100", two_stages<100, false>, 101, check, none, nullptr, false, true},
    {"wronglock_1", wronglock_1, 2, check, none, rightlock_1, false, true},
    {"wronglock_3", wronglock_3, 4, check, none, rightlock_3, false, true},
    {"account", account, 2, check, none, sound_account, false, true},
    {"bluetooth_driver", bluetooth_driver, 2, check, none, sound_driver, false, true},
    {"token_ring", token_ring, 4, check, none, token_ring_in_turn, false, true},
    {"dining_philosophers_3", dining_philosophers_3, 3, stuck, none, nullptr, false, true},
    {"dining_philosophers_5", dining_philosophers_5, 5, stuck, none, dining_with_one_left_handed, false, true},
    {"work_stealing_queue", work_stealing_queue, 2, check, none, sound_work_stealing_queue, false, true},
    {"circular_buffer", circular_buffer, 2, check, none, sound_circular_buffer, false, true},
    {"stack", stack, 3, check, none, sound_stack, false, true},

    {"correct_mixed", correct_mixed, 3, none, none, nullptr, false, false},
};

}  // namespace

std::span<const program> programs() { return all; }

const program* find_program(std::string_view name) {
  for (const program& p : all) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

}  // namespace gauntlet::sched
