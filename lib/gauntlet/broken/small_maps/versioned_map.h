// versioned_map: versions that never change, one for each half of the keys; readers are never held up.
//
// Words. A *version* is all elements of one half at one moment. It is *current* while the half's pointer points to it,
// and *retired* afterwards. A reader is *announced* while the counter of readers counts it.
//
// The idea: a writer, alone under a mutex, copies the version of the key's half, changes the copy and publishes it. A
// reader loads a pointer and reads what it points to.
//
// The hard cases, each a function of the policy:
//   - publishing: whoever sees the pointer must see the version behind it;
//   - holding: a retired version may still be read. The writer frees what has retired when it sees no reader announced
//     afterwards; a reader that is announced later loads a later pointer. While readers follow each other without a gap
//     nothing is freed; what is left goes with the map;
//   - reading both halves: the pointers are loaded one after the other, and between the two anything may happen.
//
// Promises: every operation is linearizable; for an operation on both halves, at the moment when the second pointer is
// loaded. The accesses that decide this are sequentially consistent: a reader sees what was done before it began.
// Progress: a reader waits for nobody. find is wait-free; who reads both halves goes round again only when a writer has
// published. Writers block each other.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <gauntlet/broken/small_maps/elements.h>
#include <gauntlet/map/consistency.h>
#include <gauntlet/map/progress.h>

namespace gauntlet::broken {

struct versioned_map_policy {
  template <class Version>
  static void publish(std::atomic<const Version*>& half, const Version* next) {
    half.store(next);  // [publish] pairs with [load]: the elements of the version
  }

  // Announces a reader and loads, with `load`, what it is going to read.
  template <class Load>
  static auto announce(std::atomic<unsigned>& readers, Load load) {
    // [announce] pairs with [nobody]: either the writer sees this reader, or this reader sees what the writer
    // published before it looked.
    readers.fetch_add(1);
    return load();
  }

  // The versions of both halves that were current at one moment.
  template <class Version>
  static auto both(const std::array<std::atomic<const Version*>, 2>& halves) {
    for (;;) {
      const Version* const first = halves[0].load();   // [load] pairs with [publish]
      const Version* const second = halves[1].load();  // [load]
      // The same pointer is the same version: while a reader is announced no version's memory is used again.
      if (halves[0].load() == first) return std::pair(first, second);
    }
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Policy = versioned_map_policy>
class versioned_map {
 public:
  static constexpr operation_contracts contracts{};
  static constexpr operation_progress progress{.find = progress_guarantee::wait_free,
                                               .size = progress_guarantee::lock_free,
                                               .for_each = progress_guarantee::lock_free,
                                               .snapshot = progress_guarantee::lock_free};

  template <class Allocator>
  versioned_map(const Hash& hash, const KeyEqual&, const Allocator&) : hash_(hash) {
    for (auto& half : halves_) half.store(new version());
  }
  ~versioned_map() {
    for (auto& half : halves_) delete half.load();
  }
  versioned_map(const versioned_map&) = delete;
  versioned_map& operator=(const versioned_map&) = delete;

  bool insert(const Key& key, const T& value) {
    const std::lock_guard guard(writing_);
    if (current_locked(key).contains(key)) return false;
    change_locked(key, [&](version& next) { next.add(key, value); });
    return true;
  }
  bool insert_or_assign(const Key& key, const T& value) {
    const std::lock_guard guard(writing_);
    bool inserted = false;
    change_locked(key, [&](version& next) { inserted = next.insert_or_assign(key, value); });
    return inserted;
  }
  bool erase(const Key& key) {
    const std::lock_guard guard(writing_);
    if (!current_locked(key).contains(key)) return false;
    change_locked(key, [&](version& next) { next.erase(key); });
    return true;
  }
  std::optional<T> find(const Key& key) const {
    const auto& half = halves_[half_of(key)];
    const version* const seen = Policy::announce(readers_, [&half] { return half.load(); });  // [load]
    const until_return reader(readers_);
    const T* const value = seen->find(key);
    return value != nullptr ? std::optional<T>(*value) : std::nullopt;
  }
  std::size_t size() const {
    const auto seen = Policy::announce(readers_, [this] { return Policy::both(halves_); });
    const until_return reader(readers_);
    return seen.first->size() + seen.second->size();
  }
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    const auto seen = Policy::announce(readers_, [this] { return Policy::both(halves_); });
    const until_return reader(readers_);
    for (const version* half : {seen.first, seen.second}) {
      for (const auto& [key, value] : *half) visitor(key, value);
    }
  }
  std::vector<std::pair<Key, T>> snapshot() const {
    std::vector<std::pair<Key, T>> copy;
    for_each([&copy](const Key& key, const T& value) { copy.emplace_back(key, value); });
    return copy;
  }

 private:
  using version = elements<Key, T, KeyEqual>;

  class until_return {
   public:
    explicit until_return(std::atomic<unsigned>& readers) : readers_(readers) {}
    ~until_return() { readers_.fetch_sub(1); }  // [gone] pairs with [nobody]: the reading is over
    until_return(const until_return&) = delete;
    until_return& operator=(const until_return&) = delete;

   private:
    std::atomic<unsigned>& readers_;
  };

  std::size_t half_of(const Key& key) const { return hash_(key) & 1; }
  const version& current_locked(const Key& key) const { return *halves_[half_of(key)].load(); }

  template <class Change>
  void change_locked(const Key& key, Change change) {
    auto& half = halves_[half_of(key)];
    const version* const old = half.load();
    auto next = std::make_unique<version>(*old);
    change(*next);
    retired_.reserve(retired_.size() + 1);
    Policy::publish(half, static_cast<const version*>(next.release()));
    retired_.emplace_back(old);
    // [nobody] pairs with [announce] and [gone].
    if (readers_.load() == 0) retired_.clear();
  }

  Hash hash_;  // constant
  std::array<std::atomic<const version*>, 2> halves_{};
  mutable std::atomic<unsigned> readers_{0};
  std::mutex writing_;
  std::vector<std::unique_ptr<const version>> retired_;  // guarded by writing_
};

}  // namespace gauntlet::broken
