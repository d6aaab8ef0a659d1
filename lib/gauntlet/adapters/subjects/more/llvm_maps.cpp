#include <gauntlet/adapters/llvm_maps.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger dense(
    "llvm_dense_map", check::make_subject<llvm_dense_map, u64_u64, string_string, tracked_tracked, u64_move_only>());
static const registrar_of_stranger small_dense(
    "llvm_small_dense_map",
    check::make_subject<llvm_small_dense_map, u64_u64, string_string, tracked_tracked, u64_move_only>());
static const registrar_of_stranger vector(
    "llvm_map_vector", check::make_subject<llvm_map_vector, u64_u64, string_string, tracked_tracked, u64_move_only>());
static const registrar_of_stranger small_vector(
    "llvm_small_map_vector",
    check::make_subject<llvm_small_map_vector, u64_u64, string_string, tracked_tracked, u64_move_only>());

}  // namespace gauntlet::adapters
