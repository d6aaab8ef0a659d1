// A program: what is asked of the maps, in order, as a plain value. One fuzzer input, one generated case, one
// regression file is one program.
//
//   header | operation | operation | ... | decision | ...           24 bytes, then 8 bytes each
//
// Programs print as text (.ops), read back without loss, and every byte string decodes to one. Operations of a walk's
// body follow the walk directly (a nested walk's body counts as part of the outer body's operations).
// A concurrent program's operations are marked with the lane they run in; the order inside a lane is the order here. Its
// decisions say how the lanes interleave where the interleaving is under control (decision.h), and mean nothing elsewhere.
#pragma once

#include <cstdint>
#include <vector>

#include <gauntlet/check/program/decision.h>
#include <gauntlet/check/program/operation.h>

namespace gauntlet::check {

inline constexpr std::uint8_t format_version = 1;

// How the hash under test behaves. All but good are declared avalanching, so the map uses them bit for bit.
enum class hash_quality : std::uint8_t {
  good,         // mixed well, not declared avalanching: the map mixes it again
  constant,     // every key the same
  truncated,    // four bits of a good hash
  identity,     // the key itself
  adversarial,  // top bits (directory) and low bits (group, tag) collide for `colliding` keys, tags repeat
  top_only,     // only the highest bits differ: every element splits the directory, groups and tags equal
};
inline constexpr unsigned hash_quality_count = 6;

// Which key and mapped types the maps hold. A target lists those that it runs; others fall back to its first.
enum class element_types : std::uint8_t {
  u64_u64,
  string_string,
  u64_move_only,      // mapped type can only be moved
  tracked_tracked,    // copies, moves, destructions counted; faults can be injected; self-pointer checked
  throwing_throwing,  // move constructor may throw
  u64_over_aligned,   // mapped type aligned to 64 bytes
  string_u64,
  tracked_throwing,            // the key moves without exceptions, the value may throw; both can be copied
  tracked_throwing_move_only,  // the same with a value that can only be moved: whose move throws may be lost
  u64_two_words,               // among threads: mapped type of sixteen bytes, plain, whose halves say the same
};
inline constexpr unsigned element_types_count = 10;

// Which allocator the maps use. In all modes it counts and owns what it hands out.
enum class allocator_mode : std::uint8_t {
  equal,        // one arena for all maps
  unequal,      // an arena for each map, nothing propagates
  propagating,  // an arena for each map, propagates on copy, move and swap
};
inline constexpr unsigned allocator_mode_count = 3;

// How a controlled run treats memory that was freed.
enum class heap_reuse : std::uint8_t {
  at_once,     // handed out again as soon as possible: shows what an address that comes back does
  quarantine,  // not handed out again in this run: shows every use after free
};
inline constexpr unsigned heap_reuse_count = 2;

// Which store a load of a controlled run may see.
enum class memory_order_mode : std::uint8_t {
  sequential,  // the newest
  weak,        // any that C++ allows
};
inline constexpr unsigned memory_order_mode_count = 2;

// How long a thread of a controlled run may look at what does not change before others get on. Code that spins for a while
// and then sleeps comes to its sleep, while others stand where they are, only in lasting spins.
enum class spin_mode : std::uint8_t { brief, lasting };
inline constexpr unsigned spin_mode_count = 2;

struct program_header {
  std::uint8_t version = format_version;
  std::uint8_t target = 0;    // index into target_names(), 0 = none given
  std::uint8_t hot_keys = 8;  // size of the hot key universe, 1..64
  hash_quality hash = hash_quality::good;
  element_types types = element_types::u64_u64;
  allocator_mode allocator = allocator_mode::equal;
  // The hint given to every new map. Maps among threads get none: there it is how many elements the shared one holds before.
  std::uint8_t capacity = 0;
  std::uint8_t threads = 0;  // of a concurrent program, 0..6
  // Among threads: how many elements the shared map held besides, and lost again, before. What they leave behind (free
  // lists, tombstones, emptied tables) is there for programs that are too short to make it.
  std::uint8_t erased_before = 0;
  heap_reuse heap = heap_reuse::at_once;
  memory_order_mode memory = memory_order_mode::sequential;
  spin_mode spins = spin_mode::brief;
  std::uint64_t banned = 0;  // bit i: operations with opcode i are left out
  friend bool operator==(const program_header&, const program_header&) = default;
};

struct program {
  program_header header;
  std::vector<operation> operations;
  std::vector<decision> decisions;  // ascending by `at`, at most one for each choice
  friend bool operator==(const program&, const program&) = default;
};

inline constexpr std::size_t header_size = 24;
inline constexpr std::size_t operation_size = 8;
inline constexpr std::size_t operations_max = 4096;  // what lies beyond in a byte string is ignored

// The number of operations after `index` that belong to the body of the walk at `index` (clamped to what is there;
// zero for other opcodes).
std::size_t body_size(const program& p, std::size_t index) noexcept;

}  // namespace gauntlet::check
