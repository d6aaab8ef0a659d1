// open_slots_map: an array of slots that nobody locks.
//
// The idea: a slot is two words, a key that is written once and a value that says whether an element is there. A key claims
// the first free slot by one exchange and keeps it for good; everything else is one exchange or load of the value.
// (Preshing, "The world's simplest lock-free hash table", 2013, without the hash: what is not there yet ends the search.
// His orders are relaxed, and he says what that leaves to the user.)
//
// The hard case is what travels with a value. The answers are right in any memory order, for each is about one word. But
// who finds an element wants to see what its writer did before, so values are stored with release and loaded with acquire.
//
// Promises: operations on one key are linearizable where the threads have synchronised (happens-before); a thread that has
// met nobody may be told what was true before. Who sees a value has seen what was done before it was stored. A walk and a
// count read each element at some moment. At most 512 different keys, ever, and one number that is no key.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include <gauntlet/map/consistency.h>

namespace gauntlet::broken {

struct open_slots_map_policy {
  static constexpr std::memory_order load = std::memory_order_acquire;  // [value] pairs with [stored]
  // [stored] pairs with [value]: what came before the value was stored comes before what follows its load.
  static constexpr std::memory_order exchange = std::memory_order_acq_rel;
};

template <class Key, class T, class Policy = open_slots_map_policy>
class open_slots_map {
  static_assert(sizeof(Key) <= 8 && sizeof(T) <= 8, "a key and a value are one word each");

 public:
  static constexpr operation_contracts contracts{.size = consistency::weak, .for_each = consistency::weak};
  static constexpr bool ordered_by_happens_before = true;

  open_slots_map() = default;
  open_slots_map(const open_slots_map&) = delete;
  open_slots_map& operator=(const open_slots_map&) = delete;

  bool insert(const Key& key, const T& value) {
    std::uint64_t expected = absent;
    return claimed(key).compare_exchange_strong(expected, word_of(value), Policy::exchange, Policy::load);
  }
  bool insert_or_assign(const Key& key, const T& value) {
    return claimed(key).exchange(word_of(value), Policy::exchange) == absent;
  }
  std::optional<T> find(const Key& key) const {
    const std::size_t at = place_of(key);
    const std::uint64_t word = at == slot_count ? absent : slots_[at].value.load(Policy::load);
    return word == absent ? std::nullopt : std::optional<T>(static_cast<T>(word - 1));
  }
  bool erase(const Key& key) {
    const std::size_t at = place_of(key);
    return at != slot_count && slots_[at].value.exchange(absent, Policy::exchange) != absent;
  }
  std::size_t size() const {
    std::size_t count = 0;
    for_each([&count](const Key&, const T&) { ++count; });
    return count;
  }
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    for (const slot& s : slots_) {
      const std::uint64_t key = s.key.load(std::memory_order_acquire);  // [key] pairs with [claim]
      if (key == nobody) return;
      if (const std::uint64_t word = s.value.load(Policy::load); word != absent)
        visitor(static_cast<Key>(key), static_cast<T>(word - 1));
    }
  }

 private:
  static constexpr std::size_t slot_count = 512;
  static constexpr std::uint64_t nobody = 0x9E3779B97F4A7C15, absent = 0;
  struct slot {
    std::atomic<std::uint64_t> key{nobody};
    std::atomic<std::uint64_t> value{absent};  // the value and one
  };

  static std::uint64_t word_of(const T& value) { return static_cast<std::uint64_t>(value) + 1; }

  // slot_count: the key has no slot.
  std::size_t place_of(const Key& key) const {
    for (std::size_t i = 0; i < slot_count; ++i) {
      const std::uint64_t there = slots_[i].key.load(std::memory_order_acquire);  // [key]
      if (there == static_cast<std::uint64_t>(key)) return i;
      if (there == nobody) break;
    }
    return slot_count;
  }
  std::atomic<std::uint64_t>& claimed(const Key& key) {
    for (slot& s : slots_) {
      std::uint64_t there = nobody;
      // [claim] pairs with [key]: one thread claims the slot, the others see for which key, and those before it.
      if (s.key.compare_exchange_strong(there, static_cast<std::uint64_t>(key), std::memory_order_acq_rel))
        return s.value;
      if (there == static_cast<std::uint64_t>(key)) return s.value;
    }
    throw std::length_error("open_slots_map: more than 512 different keys");
  }

  std::array<slot, slot_count> slots_;
};

}  // namespace gauntlet::broken
