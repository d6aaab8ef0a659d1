// StripedMap and CuckooMap of libcds (2.3.3) before the judge: locks only, nothing to reclaim.
//
// They can't be walked; the last look, when nobody else is there, goes through their buckets. Their own element types take no
// allocator and no equality of the judge's.
//
// CuckooMap ends in a deadlock, with both of its ways to lock: relocate() holds the two cells of one element when it takes the
// second cell of another one, in no order (corpus/concurrent_schedule/regression/relocations_that_wait_for_each_other.ops).
#pragma once

// Its spin lock reads its owner without order in an assertion, and tells ThreadSanitizer to look away.
#ifndef NDEBUG
#define NDEBUG
#endif
#include <cstddef>
#include <cstring>  // libcds forgets it
#include <functional>
#include <list>
#include <optional>
#include <string_view>
#include <utility>

#include <cds/container/cuckoo_map.h>
#include <cds/container/striped_map.h>
#include <cds/container/striped_map/std_list.h>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

struct cds_first_hash {
  template <class K>
  std::size_t operator()(const K& key) const {
    return std::hash<K>()(key);
  }
  template <class K, class T>
  std::size_t operator()(const std::pair<const K, T>& element) const {
    return std::hash<K>()(element.first);
  }
};
struct cds_second_hash {
  template <class K>
  std::size_t operator()(const K& key) const {
    return (std::hash<K>()(key) + 1) * 0x9e3779b97f4a7c15U >> 40;
  }
};

template <class Base>
class cds_table : public Base {
 public:
  using Key = typename Base::key_type;
  using T = typename Base::mapped_type;
  using Base::Base;
  std::optional<T> find(const Key& key) const {
    std::optional<T> found;
    const_cast<cds_table&>(*this).Base::find(key, [&found](auto& element) { found = element.second; });
    return found;
  }
  bool contains(const Key& key) const { return const_cast<cds_table&>(*this).Base::contains(key); }
  bool insert(const Key& key, const T& value) { return Base::insert(key, value); }
  bool try_emplace(const Key& key, const T& value) { return Base::emplace(key, value); }
  bool insert_or_assign(const Key& key, const T& value) {
    return Base::update(key, [&value](bool, auto& element) { element.second = value; }).second;
  }
  bool erase(const Key& key) { return Base::erase(key); }
  std::optional<T> extract(const Key& key) {
    std::optional<T> found;
    Base::erase(key, [&found](auto& element) { found = element.second; });
    return found;
  }
  template <class Change>
  bool update(const Key& key, Change change) {
    return Base::find(key, [&change](auto& element) { change(element.second); });
  }
};

template <class Base>
class cds_striped_table : public cds_table<Base> {
 public:
  cds_striped_table() : cds_table<Base>(16, typename Base::resizing_policy()) {}
  template <class Show>
  void for_each(Show show) const {
    for (std::size_t i = 0; i != this->bucket_count(); ++i) {
      for (auto& [key, value] : this->m_Buckets[i]) show(key, value);
    }
  }
};

template <class Base>
class cds_cuckoo_table : public cds_table<Base> {
 public:
  cds_cuckoo_table() : cds_table<Base>(2, 2, 1) {}
  template <class Show>
  void for_each(Show show) const {
    for (auto* const table : this->m_BucketTable) {
      for (std::size_t i = 0; i != this->bucket_count(); ++i) {
        for (auto at = table[i].begin(); at != table[i].end(); ++at) {
          const auto& element = static_cast<typename Base::node_type*>(&*at)->m_val;
          show(element.first, element.second);
        }
      }
    }
  }
};

struct cds_contracts {
  static constexpr check::contract contract_of(check::opcode code) {
    using check::opcode;
    switch (code) {
      case opcode::find:
      case opcode::contains:
      case opcode::insert_copy:
      case opcode::try_emplace:
      case opcode::insert_or_assign:
      case opcode::erase_key:
      case opcode::extract_key:
      case opcode::update:
      case opcode::fetch_update:
        return check::contract::linearizable;
      case opcode::size:
        return check::contract::quiescent;
      default:
        return check::contract::unsupported;
    }
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct cds_striped_map : cds_contracts {
  using map_type = cds_striped_table<cds::container::StripedMap<
      std::list<std::pair<const Key, T>>, cds::opt::hash<cds_first_hash>, cds::opt::less<std::less<Key>>,
      cds::opt::resizing_policy<cds::container::striped_set::rational_load_factor_resizing<1, 16>>,
      cds::opt::mutex_policy<cds::container::striped_set::striping<>>>>;
  static constexpr std::string_view name = "cds_striped_map";
};

template <class Key>
struct cds_cuckoo_traits : cds::container::cuckoo::traits {
  using hash = cds::opt::hash_tuple<cds_first_hash, cds_second_hash>;
  using equal_to = std::equal_to<Key>;
  using mutex_policy = cds::container::cuckoo::striping<>;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct cds_cuckoo_map : cds_contracts {
  using map_type = cds_cuckoo_table<cds::container::CuckooMap<Key, T, cds_cuckoo_traits<Key>>>;
  static constexpr std::string_view name = "cds_cuckoo_map";
};

}  // namespace gauntlet::adapters
