// The hash maps of stb_ds.h (0.67), macros around an array of the caller's own structures and an index of it, before the
// judge, by the minimal adapter: one of numbers (hmput, hmgeti, hmdel), and one of strings that it copies (shput). An
// erasure moves the last element into the gap.
//
// A lookup writes to the map (the place that was found): `hmgeti_ts` does not, and is asked of keys that are numbers. A
// map that was never asked to insert is a null pointer, which is no map of strings: that one is made at once.
//
// hmput(map, key, value) asks for `value` when the map has grown: it must not refer to an element.
//
// Two things are known to be wrong, and not asked (corpus/hash_map_operations/regression):
//
// - shputs of a string that is there, found before the place where the search in its bucket began, gives the element the
//   copy of the key that was put last (strings_assigned_twice.ops).
// - hmdel of a null pointer, which is an empty map, asks where the key lies in the structure at that address
//   (erasure_in_what_never_held_one.ops).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <stb/stb_ds.h>

namespace gauntlet::adapters {

class stb_ds_numbers {
 public:
  stb_ds_numbers() = default;
  stb_ds_numbers(const stb_ds_numbers&) = delete;
  stb_ds_numbers& operator=(const stb_ds_numbers&) = delete;
  ~stb_ds_numbers() { clear(); }
  bool insert(std::uint64_t key, std::uint64_t value) {
    if (hmgetp_null(map_, key) != nullptr) return false;
    hmput(map_, key, value);
    return true;
  }
  bool assign(std::uint64_t key, std::uint64_t value) {
    const auto before = hmlen(map_);
    hmput(map_, key, value);
    return hmlen(map_) != before;
  }
  std::optional<std::uint64_t> find(std::uint64_t key) const {
    if (map_ == nullptr) return std::nullopt;
    element* map = map_;
    std::ptrdiff_t at = 0;
    if (hmgeti_ts(map, key, at) < 0) return std::nullopt;
    return map_[at].value;
  }
  bool erase(std::uint64_t key) { return map_ != nullptr && hmdel(map_, key) != 0; }
  std::size_t size() const { return hmlenu(map_); }
  void clear() { hmfree(map_); }
  void for_each(auto show) const {
    for (std::ptrdiff_t i = 0; i < hmlen(map_); ++i) show(map_[i].key, map_[i].value);
  }

 private:
  struct element {
    std::uint64_t key;
    std::uint64_t value;
  };
  element* map_ = nullptr;
};

class stb_ds_strings {
 public:
  stb_ds_strings() { sh_new_strdup(map_); }
  stb_ds_strings(const stb_ds_strings&) = delete;
  stb_ds_strings& operator=(const stb_ds_strings&) = delete;
  ~stb_ds_strings() { shfree(map_); }
  bool insert(std::uint64_t number, std::uint64_t value) {
    std::string key = std::to_string(number);
    if (shgetp_null(map_, key.data()) != nullptr) return false;
    shput(map_, key.data(), value);
    return true;
  }
  // A whole structure is put in: its key becomes the map's copy.
  bool assign(std::uint64_t number, std::uint64_t value) {
    std::string key = std::to_string(number);
    const auto before = shlen(map_);
    shput(map_, key.data(), value);
    return shlen(map_) != before;
  }
  std::optional<std::uint64_t> find(std::uint64_t number) const {
    std::string key = std::to_string(number);
    element* map = map_;
    const std::ptrdiff_t at = shgeti(map, key.data());
    return at < 0 ? std::nullopt : std::optional<std::uint64_t>(map_[at].value);
  }
  bool erase(std::uint64_t number) {
    std::string key = std::to_string(number);
    return shdel(map_, key.data()) != 0;
  }
  std::size_t size() const { return shlenu(map_); }
  void for_each(auto show) const {
    for (std::ptrdiff_t i = 0; i < shlen(map_); ++i) show(std::stoull(map_[i].key), map_[i].value);
  }

 private:
  struct element {
    char* key;
    std::uint64_t value;
  };
  element* map_ = nullptr;
};

template <class Map>
struct stb_ds_adapter {
  using map_type = Map;
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) { return m.insert(key, value); }
  static bool assign(map_type& m, std::uint64_t key, std::uint64_t value) { return m.assign(key, value); }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) { return m.find(key); }
  static bool erase(map_type& m, std::uint64_t key) { return m.erase(key); }
  static std::size_t size(const map_type& m) { return m.size(); }
  static void for_each(const map_type& m, auto show) { m.for_each(show); }
};
struct stb_ds_hm : stb_ds_adapter<stb_ds_numbers> {
  static constexpr std::string_view name = "stb_ds_hm";
  static void clear(map_type& m) { m.clear(); }
};
struct stb_ds_sh : stb_ds_adapter<stb_ds_strings> {
  static constexpr std::string_view name = "stb_ds_sh";
};

}  // namespace gauntlet::adapters
