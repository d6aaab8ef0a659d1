// Where the maps of a subject stand: made, replaced and destroyed in their places, and which arena each should use by
// the standard's rules of propagation.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

GAUNTLET_SUBJECT_TEMPLATE
typename GAUNTLET_SUBJECT_OF::map_type* GAUNTLET_SUBJECT_OF::construct(std::byte* at, unsigned target) {
  const hash_type hash(functors_, target);
  const equal_type equal(functors_, target);
  const allocator_type allocator(home(target));
  map_type* made;
  if constexpr (requires { adapter::make(hash, equal, allocator, std::size_t{}); }) {
    made = ::new (at) map_type(adapter::make(hash, equal, allocator, header_.capacity));
  } else {
    // What a map cannot be given it has of its own: the judge then counts and varies less. One constructor after another:
    // asking for a shorter one may already ask the allocator for a default constructor.
    if constexpr (std::is_constructible_v<map_type, std::size_t, const hash_type&, const equal_type&,
                                          const allocator_type&>) {
      made = ::new (at) map_type(header_.capacity, hash, equal, allocator);
    } else {
      static_assert(!names_our_allocator,
                    "the map has the judge's allocator and no constructor (capacity, hash, equal, "
                    "allocator): give the adapter a make()");
      if constexpr (std::is_constructible_v<map_type, std::size_t, const hash_type&, const equal_type&>) {
        made = ::new (at) map_type(header_.capacity, hash, equal);
      } else {
        static_assert(!names_our_equal,
                      "the map has the judge's equality and no constructor (capacity, hash, equal): "
                      "give the adapter a make()");
        if constexpr (std::is_constructible_v<map_type, std::size_t, const hash_type&>) {
          made = ::new (at) map_type(header_.capacity, hash);
        } else {
          static_assert(!names_our_hash,
                        "the map has the judge's hash and no constructor (capacity, hash): give the "
                        "adapter a make()");
          if constexpr (std::is_constructible_v<map_type, std::size_t>) {
            made = ::new (at) map_type(header_.capacity);
          } else {
            made = ::new (at) map_type();
          }
        }
      }
    }
  }
  takes_functors_ = takes_functors_ && has_functors(*made, target);
  return made;
}

GAUNTLET_SUBJECT_TEMPLATE
bool GAUNTLET_SUBJECT_OF::has_functors([[maybe_unused]] const map_type& m, [[maybe_unused]] unsigned origin) const {
  const auto ours = [&](const auto& functor)
    requires requires { functor.state() == &functors_; }
  { return functor.state() == &functors_ && (origin == any_origin || functor.origin() == origin); };
  if constexpr (requires { ours(m.hash_function()); }) {
    if (!ours(m.hash_function())) return false;
  }
  if constexpr (requires { ours(m.key_eq()); }) {
    if (!ours(m.key_eq())) return false;
  }
  return true;
}

// Finds out whether the map has now what was made for the one or for the other. Where it has one functor of each, it is not
// asked for which map they were made any more.
GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::settle_origin(unsigned map, unsigned one, unsigned other) noexcept {
  origins_[map] = has_functors(*maps_[map], one) ? one : has_functors(*maps_[map], other) ? other : any_origin;
}

// After an operation on whole maps, for which map the functors of each were made. Copies take them along ([unord.req]),
// and swaps exchange them ([container.requirements]). A move assignment may take them along or keep its own, but not
// one of each; what a map keeps that was moved from, or whose assignment failed, is its business.
GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::settle_functors(const request& r) noexcept {
  switch (r.code) {
    case opcode::default_construct:
    case opcode::construct_range:
      origins_[r.target] = r.target;
      break;
    case opcode::copy_construct:
    case opcode::copy_assign:
      origins_[r.target] = origins_[r.other];
      break;
    case opcode::move_construct:
    case opcode::move_assign: {
      const unsigned here = origins_[r.target], there = origins_[r.other];
      const bool keeps_its_own = r.code == opcode::move_assign && has_functors(*maps_[r.target], here);
      if (!keeps_its_own) origins_[r.target] = there;
      settle_origin(r.other, here, there);
      break;
    }
    case opcode::swap:
      std::swap(origins_[r.target], origins_[r.other]);
      break;
    default:
      break;
  }
}

// The fresh map, which stands in the spare place, takes the place of map `target`.
GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::replace(unsigned target, map_type* fresh) noexcept {
  map_type* const old = maps_[target];
  if constexpr (requires { adapter::structural_events(*old); }) {
    events_of_replaced_ += adapter::structural_events(*old);
  }
  if constexpr (requires { adapter::work(*old); }) {
    work_of_replaced_ += adapter::work(*old);
  }
  maps_[target] = fresh;
  old->~map_type();
  spare_ = reinterpret_cast<std::byte*>(old);
}

GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::destroy_maps() noexcept {
  node_.reset();
  for (map_type*& m : maps_) {
    if (m != nullptr) {
      m->~map_type();
      m = nullptr;
    }
  }
}

// A moved-from map is valid and unspecified: where its adapter does not promise "empty", this makes it so.
GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::forget_contents(map_type& m) noexcept {
  if constexpr (!adapter::can().moved_from_is_empty) {
    m.clear();
  }
}

GAUNTLET_SUBJECT_TEMPLATE
bool GAUNTLET_SUBJECT_OF::same_allocator(unsigned a, unsigned b) const noexcept {
  if constexpr (has_allocator) {
    return expected_[a] == expected_[b];
  } else {
    return true;
  }
}

// After an operation on whole maps: which arena each of them uses now, by the standard's rules.
GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::settle_allocators(const request& r) noexcept {
  const bool own_arenas = header_.allocator != allocator_mode::equal;
  switch (r.code) {
    case opcode::default_construct:
    case opcode::construct_range:
      expected_[r.target] = home_index(r.target);
      break;
    case opcode::copy_construct:
    case opcode::move_construct:
      expected_[r.target] =
          own_arenas && !Propagates && (r.code == opcode::copy_construct ? copies_with_allocator : moves_with_allocator)
              ? home_index(r.target)
              : expected_[r.other];
      break;
    case opcode::copy_assign:
      if (Propagates) {
        expected_[r.target] = expected_[r.other];
      }
      break;
    case opcode::move_assign:
      if (Propagates) {
        // Nothing is said of the allocator of a map that was moved from: it may keep its own, or have the target's.
        const unsigned before = std::exchange(expected_[r.target], expected_[r.other]);
        if constexpr (has_allocator) {
          if (index_of(maps_[r.other]->get_allocator().from()) == before) {
            expected_[r.other] = before;
          }
        }
      }
      break;
    case opcode::swap:
      if (Propagates) {
        std::swap(expected_[r.target], expected_[r.other]);
      }
      break;
    default:
      break;
  }
}

// An assignment that throws may have taken over the functors and an allocator that propagates, or not: the standard
// leaves it open.
GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::settle_failed_assignment(const request& r) noexcept {
  if constexpr (has_allocator) {
    if (Propagates && index_of(maps_[r.target]->get_allocator().from()) == expected_[r.other]) {
      expected_[r.target] = expected_[r.other];
    }
  }
  const unsigned here = origins_[r.target], there = origins_[r.other];
  settle_origin(r.target, here, there);
  if (r.code == opcode::move_assign) settle_origin(r.other, there, here);
}

}  // namespace gauntlet::check
