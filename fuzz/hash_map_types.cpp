// hash_map with difficult types: throwing, move-only, tracked, over-aligned; allocators of every kind; injected faults
// and diagnosed misuse.
//
// The capacity hint in the header also picks a variant where types allow it: the map with its own hash and mixing
// (`hash_map_own_hash`), or with the group search that needs no SIMD (`hash_map_portable`).
#include <cstdlib>

#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/runner.h>

using namespace gauntlet::check;

static const registration& subject_for(const program_header& h) {
  static const registration& usual = selected_subject("hash_map");
  static const bool chosen = std::getenv("GAUNTLET_SUBJECT") != nullptr;
  static const registration* const own_hash = find_subject("hash_map_own_hash");
  static const registration* const portable = find_subject("hash_map_portable");
  if (chosen || (h.types != element_types::u64_u64 && h.types != element_types::string_string)) return usual;
  if (h.capacity % 4 == 1 && own_hash != nullptr) return *own_hash;
  if (h.capacity % 4 == 2 && portable != nullptr) return *portable;
  return usual;
}

static verdict judge(const program& p) { return run(p, subject_for(p.header).single); }

GAUNTLET_TARGET(.name = "hash_map_types", .judge_program = judge, .default_subject = "hash_map");
