// What every subject has that does not depend on its map: arenas, the state behind hash and equality, the words for what
// it finds, the books that must balance at the end. Compiled once; subject_of.h adds the four maps.
//
// Arenas by allocator mode: `equal` uses arena 0 for all maps; the others start map i in arena i. `expected_` follows
// which arena each map should be using by the rules of the standard, `node_arena_` does for the held node; `origins_`
// follows for which map the hash and the equality of each were made.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <gauntlet/check/run/subject.h>
#include <gauntlet/check/types/arena.h>
#include <gauntlet/check/types/test_hash.h>
#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {

// A callable object for one key and one value, called through its address: it has to outlive the call.
class single_operation {
 public:
  template <class One>
  single_operation(const One& one) noexcept
      : of_(&one), call_([](const void* of, std::uint64_t key, std::uint64_t value) -> result {
          return (*static_cast<const One*>(of))(key, value);
        }) {}
  result operator()(std::uint64_t key, std::uint64_t value) const { return call_(of_, key, value); }

 private:
  const void* of_;
  result (*call_)(const void*, std::uint64_t, std::uint64_t);
};

class subject_base : public subject {
 public:
  std::size_t bytes() const final;

 protected:
  explicit subject_base(const program_header& header);

  // Arena in which map `target` starts its life, and starts again when it is constructed anew.
  arena& home(unsigned target) noexcept { return arenas_[home_index(target)]; }
  unsigned home_index(unsigned target) const noexcept {
    return header_.allocator == allocator_mode::equal ? 0 : target % map_count;
  }
  unsigned index_of(const arena* from) const noexcept {
    for (unsigned i = 0; i < map_count; ++i) {
      if (&arenas_[i] == from) {
        return i;
      }
    }
    return map_count;
  }
  // Does what a request asks for, once for each of its keys; folds the answers.
  result each(const request& r, single_operation one);

  // What a finding says. Built where it is found, each text would be compiled for each map and each type of elements, and
  // its parts would lie on the stack of functions that are called at every step.
  static std::string overloaded(float load_factor, float most);
  static std::string wrong_load_factor(float load_factor, std::size_t elements, std::size_t buckets);
  static std::string wrong_bucket(std::size_t bucket, std::size_t buckets, std::uint64_t key, std::size_t own);
  static std::string too_many_in_buckets(std::size_t elements);
  static std::string wrong_bucket_size(std::size_t bucket, std::size_t said, std::size_t shown);
  static std::string too_few_in_buckets(std::size_t shown, std::size_t elements);
  std::string lost_functor(unsigned target) const;
  std::string wrong_allocator(unsigned target, unsigned actual) const;

  // The first thing wrong in any arena; empty when nothing is.
  std::string arena_errors() const;
  // After the maps are gone: leaks of memory and of objects. Frees what leaked.
  std::string balance();

  program_header header_;
  mutable functor_state functors_;
  std::array<arena, map_count> arenas_;
  std::array<unsigned, map_count> expected_{};
  std::array<unsigned, map_count> origins_{};
  static constexpr unsigned any_origin = map_count;
  unsigned node_arena_ = 0;
  unsigned completed_ = 0;  // single operations of the current request that are done
  std::int64_t live_before_ = 0;
};

}  // namespace gauntlet::check
