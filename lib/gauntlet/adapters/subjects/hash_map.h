// The factories of hash_map's subjects, each compiled in a file of its own; hash_map.cpp puts them together.
#pragma once

#include <gauntlet/check/run/subject.h>

namespace gauntlet::adapters {

check::subject_factory tiny_hash_map_of_numbers_and_text();       // u64_u64, string_string
check::subject_factory middling_hash_map_of_numbers_and_text();   // u64_u64, string_string
check::subject_factory full_size_hash_map_of_numbers_and_text();  // u64_u64, string_string
check::subject_factory tiny_hash_map_of_tracked();                // tracked_tracked, throwing_throwing
check::subject_factory tiny_hash_map_of_mixed();                  // tracked_throwing, tracked_throwing_move_only
check::subject_factory tiny_hash_map_of_special();                // u64_move_only, u64_over_aligned, string_u64

}  // namespace gauntlet::adapters
