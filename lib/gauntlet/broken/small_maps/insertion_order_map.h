// insertion_order_map: a map of numbers that shows its elements in the order in which they were inserted.
//
// The elements are a list, and an index knows where in the list each key is. Not thread-safe; every operation is O(1) but
// for_each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <gauntlet/check/run/minimal_subject_of.h>

namespace gauntlet::broken {

struct insertion_order_map_policy {
  template <class List>
  static void erase(List& elements, typename List::iterator at) {
    elements.erase(at);
  }
};

template <class Policy = insertion_order_map_policy>
class insertion_order_map {
 public:
  insertion_order_map() = default;
  insertion_order_map(const insertion_order_map&) = delete;
  insertion_order_map& operator=(const insertion_order_map&) = delete;

  bool insert(std::uint64_t key, std::uint64_t value) {
    const auto [at, fresh] = index_.try_emplace(key);
    if (fresh) at->second = elements_.insert(elements_.end(), {key, value});
    return fresh;
  }
  bool assign(std::uint64_t key, std::uint64_t value) {
    if (insert(key, value)) return true;
    index_.find(key)->second->second = value;
    return false;
  }
  std::optional<std::uint64_t> find(std::uint64_t key) const {
    const auto at = index_.find(key);
    return at == index_.end() ? std::nullopt : std::optional(at->second->second);
  }
  bool erase(std::uint64_t key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return false;
    Policy::erase(elements_, at->second);
    index_.erase(at);
    return true;
  }
  void clear() {
    elements_.clear();
    index_.clear();
  }
  std::size_t size() const { return elements_.size(); }
  void for_each(auto show) const {
    for (const auto& [key, value] : elements_) show(key, value);
  }

 private:
  using list = std::list<std::pair<std::uint64_t, std::uint64_t>>;
  list elements_;
  std::unordered_map<std::uint64_t, list::iterator> index_;
};

template <class Map>
struct insertion_order_map_adapter {
  using map_type = Map;
  static constexpr std::string_view name = "insertion_order_map";
  static constexpr check::iteration_order iterates = check::iteration_order::by_insertion;
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) { return m.insert(key, value); }
  static bool assign(map_type& m, std::uint64_t key, std::uint64_t value) { return m.assign(key, value); }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) { return m.find(key); }
  static bool erase(map_type& m, std::uint64_t key) { return m.erase(key); }
  static void clear(map_type& m) { m.clear(); }
  static std::size_t size(const map_type& m) { return m.size(); }
  static void for_each(const map_type& m, auto show) { m.for_each(show); }
};

}  // namespace gauntlet::broken
