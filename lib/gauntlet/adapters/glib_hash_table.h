// GHashTable of GLib (2.74) before the judge, by the minimal adapter: open addressing with tombstones, whose array of values
// is left out as long as keys and values are the same. Once with numbers in its pointers (g_direct_hash), and once with
// keys that it owns (g_int64_hash), which it frees.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <glib.h>

namespace gauntlet::adapters {

template <bool OwnsKeys>
class glib_table {
 public:
  glib_table()
      : table_(OwnsKeys ? g_hash_table_new_full(&g_int64_hash, &g_int64_equal, &g_free, nullptr)
                        : g_hash_table_new(&g_direct_hash, &g_direct_equal)) {}
  glib_table(const glib_table&) = delete;
  glib_table& operator=(const glib_table&) = delete;
  ~glib_table() { g_hash_table_destroy(table_); }

  bool insert(std::uint64_t key, std::uint64_t value) {
    if (g_hash_table_contains(table_, wanted(key))) return false;
    return g_hash_table_insert(table_, owned(key), word(value)) != 0;
  }
  // Every other key with the key given taking the old one's place.
  bool assign(std::uint64_t key, std::uint64_t value) {
    return (key % 2 == 0 ? g_hash_table_insert(table_, owned(key), word(value))
                         : g_hash_table_replace(table_, owned(key), word(value))) != 0;
  }
  std::optional<std::uint64_t> find(std::uint64_t key) const {
    void* value = nullptr;
    if (!g_hash_table_lookup_extended(table_, wanted(key), nullptr, &value)) return std::nullopt;
    return reinterpret_cast<std::uintptr_t>(value);
  }
  // By the key, by taking it out, and by an iterator.
  bool erase(std::uint64_t key) {
    if (key % 3 == 0) return g_hash_table_remove(table_, wanted(key)) != 0;
    if (key % 3 == 1) {
      void* taken = nullptr;
      if (!g_hash_table_steal_extended(table_, wanted(key), &taken, nullptr)) return false;
      if (OwnsKeys) g_free(taken);
      return true;
    }
    GHashTableIter at;
    void* shown = nullptr;
    g_hash_table_iter_init(&at, table_);
    while (g_hash_table_iter_next(&at, &shown, nullptr)) {
      if (number(shown) != key) continue;
      g_hash_table_iter_remove(&at);
      return true;
    }
    return false;
  }
  std::size_t size() const { return g_hash_table_size(table_); }
  void clear() { g_hash_table_remove_all(table_); }
  void for_each(auto show) const {
    GHashTableIter at;
    void *key = nullptr, *value = nullptr;
    g_hash_table_iter_init(&at, table_);
    while (g_hash_table_iter_next(&at, &key, &value)) show(number(key), reinterpret_cast<std::uintptr_t>(value));
  }

 private:
  static void* word(std::uint64_t number) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(number)); }
  static const void* wanted(const std::uint64_t& key) { return OwnsKeys ? &key : word(key); }
  static void* owned(const std::uint64_t& key) { return OwnsKeys ? g_memdup2(&key, sizeof key) : word(key); }
  static std::uint64_t number(const void* key) {
    return OwnsKeys ? *static_cast<const std::uint64_t*>(key) : reinterpret_cast<std::uintptr_t>(key);
  }
  GHashTable* table_;
};

template <bool OwnsKeys>
struct glib_hash_table {
  using map_type = glib_table<OwnsKeys>;
  static constexpr std::string_view name = OwnsKeys ? "glib_hash_table_of_int64" : "glib_hash_table";
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) { return m.insert(key, value); }
  static bool assign(map_type& m, std::uint64_t key, std::uint64_t value) { return m.assign(key, value); }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) { return m.find(key); }
  static bool erase(map_type& m, std::uint64_t key) { return m.erase(key); }
  static std::size_t size(const map_type& m) { return m.size(); }
  static void clear(map_type& m) { m.clear(); }
  static void for_each(const map_type& m, auto show) { m.for_each(show); }
};

}  // namespace gauntlet::adapters
