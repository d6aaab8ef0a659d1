// hash_map against the iteration model: walks and iterations under every kind of hash.
//
// Whole-map replacements are banned unless the program stands in a walk's way on purpose: what is left is filling,
// walking, and changing the map while it is walked, which is where the five promises are kept or broken.
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/runner.h>

using namespace gauntlet::check;

static constexpr std::uint64_t bit(opcode code) { return std::uint64_t{1} << static_cast<unsigned>(code); }

// What says nothing about iteration: nodes, faults and the forms of copying and moving.
static constexpr std::uint64_t beside_the_point =
    bit(opcode::construct_range) | bit(opcode::move_construct) | bit(opcode::move_assign) |
    bit(opcode::self_copy_assign) | bit(opcode::self_move_assign) | bit(opcode::self_swap) | bit(opcode::self_merge) |
    bit(opcode::insert_node_hint) | bit(opcode::fault) | bit(opcode::misuse) | bit(opcode::max_load_factor) |
    bit(opcode::look_by_view) | bit(opcode::find_many) | bit(opcode::change_node_key) | bit(opcode::equal) |
    bit(opcode::equal_range) | bit(opcode::at);

static verdict judge(const program& p) {
  static const registration& subject = selected_subject("hash_map");
  program narrowed = p;
  narrowed.header.banned |= beside_the_point;
  return run(narrowed, subject.single);
}

GAUNTLET_TARGET(.name = "hash_map_iteration", .judge_program = judge, .default_subject = "hash_map");
