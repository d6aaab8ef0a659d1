// Any map behind the subject interface: four maps of one type, made by an adapter, asked by the names of the standard.
//
// An adapter is a class template that names a map type:
//
//   template <class Key, class T, class Hash, class KeyEqual, class Allocator>
//   struct my_map_adapter {
//     using map_type = my::map<Key, T, Hash, KeyEqual, Allocator>;
//     static constexpr std::string_view name = "my_map";
//     static constexpr gauntlet::check::capabilities can() { return {.nodes = true}; }
//   };
//
// That is all a map with the standard's interface needs; an operation whose member is missing answers `unsupported` and
// is left out on both sides (begin, end, find, erase of a key, size and clear must be there). Optional static members of
// the adapter:
//
//   map_type make(const Hash&, const KeyEqual&, const Allocator&, std::size_t capacity)
//                                    when none of the constructors (capacity, hash, equal, allocator), (capacity,
//                                    hash, equal), ... () is there
//   bool self_check(const map_type&, std::ostream& dump)
//   std::uint64_t work(const map_type&)               groups probed and elements moved since the map was made
//   std::uint64_t structural_events(const map_type&)  growth, splits, merges, shrinks since the map was made
//   bool leaves_out(const circumstances&)             true: the map is known to go wrong here, don't ask it; left out on
//                                                     both sides. Say beside it what goes wrong, and in which version
//   struct misuse_guard                               while one lives, a diagnosed misuse throws diagnosed_misuse
//
// A map without the standard's interface has a *minimal* adapter: see minimal_subject_of.h.
//
// How requests are done is in the headers below, one for each idea; the class itself is in subject_of_class.h.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/subject_of_buckets.h>
#include <gauntlet/check/run/subject_of_class.h>
#include <gauntlet/check/run/subject_of_insertions.h>
#include <gauntlet/check/run/subject_of_inspection.h>
#include <gauntlet/check/run/subject_of_lookups.h>
#include <gauntlet/check/run/subject_of_misuse.h>
#include <gauntlet/check/run/subject_of_nodes.h>
#include <gauntlet/check/run/subject_of_places.h>
#include <gauntlet/check/run/subject_of_views.h>
#include <gauntlet/check/run/subject_of_walks.h>
#include <gauntlet/check/run/subject_of_whole_maps.h>

#undef GAUNTLET_SUBJECT_TEMPLATE
#undef GAUNTLET_SUBJECT_OF

namespace gauntlet::check {

// A factory for the listed element types; programs that ask for another one get the first. Propagating allocators are
// instantiated for tracked_tracked (all programs of another type run with `unequal` instead).
template <template <class, class, class, class, class> class Adapter, element_types First, element_types... Rest>
subject_factory make_subject();

template <template <class, class, class, class, class> class Adapter, element_types First, element_types... Rest>
subject_factory make_subject() {
  return [](const program_header& wanted) -> std::unique_ptr<subject> {
    program_header header = wanted;
    std::unique_ptr<subject> made;
    const auto try_type = [&]<element_types Types>(std::integral_constant<element_types, Types>) {
      if (made != nullptr || header.types != Types) {
        return;
      }
      if constexpr (Types == element_types::tracked_tracked) {
        if (header.allocator == allocator_mode::propagating) {
          made = std::make_unique<subject_of<Adapter, Types, true>>(header);
          return;
        }
      } else if (header.allocator == allocator_mode::propagating) {
        header.allocator = allocator_mode::unequal;
      }
      made = std::make_unique<subject_of<Adapter, Types, false>>(header);
    };
    try_type(std::integral_constant<element_types, First>{});
    (try_type(std::integral_constant<element_types, Rest>{}), ...);
    if (made == nullptr) {
      header.types = First;
      try_type(std::integral_constant<element_types, First>{});
    }
    return made;
  };
}

}  // namespace gauntlet::check

// GAUNTLET_SUBJECT(name, adapter, element types...): registers the map under `name` before main. Use it in a source
// file that is linked as an object (an object library keeps it; from a static library nobody would ask for it).
#define GAUNTLET_SUBJECT(subject_name, ...)                    \
  static const bool gauntlet_registered_##subject_name = [] {  \
    ::gauntlet::check::registration r;                         \
    r.name = #subject_name;                                    \
    r.single = ::gauntlet::check::make_subject<__VA_ARGS__>(); \
    ::gauntlet::check::register_subject(std::move(r));         \
    return true;                                               \
  }()
