// uthash (2.3.0), a table made of C macros around the caller's own structure, before the judge, by the minimal adapter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <uthash.h>

namespace gauntlet::adapters {

class uthash_table {
  struct element {
    std::uint64_t key;
    std::uint64_t value;
    UT_hash_handle hh;
  };

 public:
  uthash_table() = default;
  uthash_table(const uthash_table&) = delete;
  uthash_table& operator=(const uthash_table&) = delete;
  ~uthash_table() {
    for (element* e = first_; e != nullptr;) {
      element* const next = static_cast<element*>(e->hh.next);
      HASH_DEL(first_, e);
      delete e;
      e = next;
    }
  }
  bool insert(std::uint64_t key, std::uint64_t value) {
    if (at(key) != nullptr) return false;
    element* const fresh = new element{key, value, {}};
    HASH_ADD(hh, first_, key, sizeof fresh->key, fresh);
    return true;
  }
  std::optional<std::uint64_t> find(std::uint64_t key) const {
    const element* const found = at(key);
    return found == nullptr ? std::nullopt : std::optional<std::uint64_t>(found->value);
  }
  bool erase(std::uint64_t key) {
    element* const found = at(key);
    if (found == nullptr) return false;
    HASH_DEL(first_, found);
    delete found;
    return true;
  }
  std::size_t size() const { return HASH_COUNT(first_); }
  void for_each(auto show) const {
    for (const element* e = first_; e != nullptr; e = static_cast<const element*>(e->hh.next)) show(e->key, e->value);
  }

 private:
  element* at(std::uint64_t key) const {
    element* found = nullptr;
    HASH_FIND(hh, first_, &key, sizeof key, found);
    return found;
  }
  element* first_ = nullptr;
};

struct uthash_map {
  using map_type = uthash_table;
  static constexpr std::string_view name = "uthash_map";
  static constexpr check::iteration_order iterates = check::iteration_order::by_insertion;
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) { return m.insert(key, value); }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) { return m.find(key); }
  static bool erase(map_type& m, std::uint64_t key) { return m.erase(key); }
  static std::size_t size(const map_type& m) { return m.size(); }
  static void for_each(const map_type& m, auto show) { m.for_each(show); }
};

}  // namespace gauntlet::adapters
