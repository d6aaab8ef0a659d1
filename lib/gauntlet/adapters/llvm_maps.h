// llvm::DenseMap, llvm::SmallDenseMap and llvm::MapVector (LLVM 19.1) before the judge: quadratic probing in one array, with
// the first few places inside the map, and a vector of pairs with an index of it.
//
// They are made for code without exceptions, and none is thrown. Hash, equality and the two keys that no program uses, which
// mark empty and erased places, are asked of a class without objects: so the judge's functors are those that were set last.
// Memory comes from operator new and is not judged.
//
// What they were found to do, and what is therefore not asked of them:
//
// - DenseMap::reserve looks at the number of places and not at how many of them erased elements have left behind: what is
//   inserted then can move everything to another array of the same size, although there was to be room. They do not say
//   moves_only_in_rehash.
// - MapVector::remove_if takes what the predicate wants out of the index at once and out of the vector in the end: when the
//   predicate throws, elements are shown that are not found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/MapVector.h>

#include <gauntlet/adapters/judged_key.h>
#include <gauntlet/adapters/predicate_asked_beforehand.h>
#include <gauntlet/adapters/standard.h>
#include <gauntlet/check/types/element_traits.h>

namespace gauntlet::adapters {

template <class Key, class Hash, class KeyEqual>
struct llvm_key_info {
  using functors = judged_key<Key, Hash, KeyEqual>;
  static Key getEmptyKey() { return check::make<Key>(0x5eed0f00d1e5e111); }
  static Key getTombstoneKey() { return check::make<Key>(0x5eed0f00d1e5e222); }
  static unsigned getHashValue(const Key& key) {
    const std::uint64_t h = functors::hash(key);
    return static_cast<unsigned>(h ^ h >> 32);
  }
  static bool isEqual(const Key& a, const Key& b) { return functors::equal(a, b); }
};

// Sizes are 32 bits wide, and more room than 2^30 elements is computed to be less than nothing.
template <class Map>
class llvm_of_limited_size : public Map {
 public:
  using Map::Map;
  void reserve(std::size_t elements) {
    if (elements >= std::size_t{1} << 30) throw std::length_error("more room than there can be");
    Map::reserve(static_cast<unsigned>(elements));
  }
};

// at() of a key that is not there is asserted against, or undefined: here it throws as the standard's does.
template <class Map>
class llvm_dense : public llvm_of_limited_size<Map> {
 public:
  using llvm_of_limited_size<Map>::llvm_of_limited_size;
  const auto& at(const typename Map::key_type& key) const {
    if (!this->contains(key)) throw std::out_of_range("no such key");
    return Map::at(key);
  }
  std::size_t bucket_count() const { return this->getMemorySize() / sizeof(typename Map::value_type); }
};

template <class Map>
class llvm_vector : public llvm_of_limited_size<Map> {
 public:
  using llvm_of_limited_size<Map>::llvm_of_limited_size;
  // Where one of the vectors is longer, its elements are copied: those that can only be moved do not compile.
  void swap(llvm_vector& other)
    requires std::is_copy_constructible_v<typename Map::value_type>
  {
    Map::swap(other);
  }
};

template <class Map, class Info>
struct llvm_map : standard_map<Map> {
  static Map make(const auto& hash, const auto& equal, const auto&, [[maybe_unused]] std::size_t capacity) {
    Info::functors::ask(hash, equal);
    if constexpr (std::is_constructible_v<Map, unsigned>) {
      return Map(static_cast<unsigned>(capacity));
    } else {
      return Map();
    }
  }
};

template <class Map, class Info>
struct llvm_dense_adapter : llvm_map<llvm_dense<Map>, Info> {
  static constexpr check::capabilities can() {
    return {.exception_safe = false,
            .compares_only_in_lookups = false,     // an empty place is one whose key equals the empty key
            .arguments_may_refer_inside = false};  // what grows has freed the old array when it makes the new element
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct llvm_dense_map : llvm_dense_adapter<llvm::DenseMap<Key, T, llvm_key_info<Key, Hash, KeyEqual>>,
                                           llvm_key_info<Key, Hash, KeyEqual>> {
  static constexpr std::string_view name = "llvm_dense_map";
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct llvm_small_dense_map : llvm_dense_adapter<llvm::SmallDenseMap<Key, T, 4, llvm_key_info<Key, Hash, KeyEqual>>,
                                                 llvm_key_info<Key, Hash, KeyEqual>> {
  static constexpr std::string_view name = "llvm_small_dense_map";
};

// Erasing moves the elements behind it up and corrects every place in the index.
template <class Map, class Info>
struct llvm_vector_adapter : llvm_map<predicate_asked_beforehand<llvm_vector<Map>>, Info> {
  static constexpr check::capabilities can() {
    return {.exception_safe = false,
            .iterates = check::iteration_order::by_insertion,
            .erase_keeps_iterators = false,
            .compares_only_in_lookups = false};
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct llvm_map_vector
    : llvm_vector_adapter<llvm::MapVector<Key, T, llvm::DenseMap<Key, unsigned, llvm_key_info<Key, Hash, KeyEqual>>>,
                          llvm_key_info<Key, Hash, KeyEqual>> {
  static constexpr std::string_view name = "llvm_map_vector";
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct llvm_small_map_vector
    : llvm_vector_adapter<
          llvm::MapVector<Key, T, llvm::SmallDenseMap<Key, unsigned, 4, llvm_key_info<Key, Hash, KeyEqual>>,
                          llvm::SmallVector<std::pair<Key, T>, 4>>,
          llvm_key_info<Key, Hash, KeyEqual>> {
  static constexpr std::string_view name = "llvm_small_map_vector";
};

}  // namespace gauntlet::adapters
