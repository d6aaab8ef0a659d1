// What the tests of the concurrent runner judge: a map that is right (one mutex around std::unordered_map), and the same
// map with one defect each. No defect is undefined behaviour: each holds the lock wherever it touches the map, only not
// for long enough.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/concurrent_subject_of.h>

#if defined(__SANITIZE_ADDRESS__)
#define GAUNTLET_TEST_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GAUNTLET_TEST_UNDER_ASAN 1
#endif
#endif
#ifdef GAUNTLET_TEST_UNDER_ASAN
#include <sanitizer/lsan_interface.h>
#endif
namespace gauntlet::check {

// The leak is for the allocator's own books; LeakSanitizer need not hear of it.
inline void leak_on_purpose([[maybe_unused]] const void* block) {
#ifdef GAUNTLET_TEST_UNDER_ASAN
  __lsan_ignore_object(block);
#endif
}

enum class defect : std::uint8_t {
  none,
  erase_in_two_steps,  // looks whether the key is there, lets go of the lock, erases
  lost_update,         // reads, lets go of the lock, writes
  torn_snapshot,       // copies the smaller half of the keys, lets go of the lock, copies the rest
  late_size,           // counts after letting go of the lock
  shows_twice,         // a walk that starts again when something was inserted meanwhile
  keeps_memory,        // allocates a block that it never gives back
  fails_self_check,    // the self-check says no after an erase
  throws_on_clear,
  forgets_to_count,        // a size that is never told of an erase_if
  hides_in_the_end,        // a lookup that no longer finds what was assigned
  counts_what_failed,      // an insertion that ran out of memory is in the size
  retries_for_ever,        // an insertion that tries again as long as there is no memory
  loses_another,           // an insertion that ran out of memory empties the map
  says_yes_shows_nothing,  // an update that says that the key was there and never calls back
  copies_bytes,            // a lookup that copies the bytes of a value
  keeps_an_object,         // a clear that makes a value and never destroys it
  holds_sixty,             // an insertion that is not kept where there are sixty elements
  wears_out,               // an insertion that is not kept where three elements have been erased
  hoards,                  // an erasure that keeps what it has erased until the end
  tears_numbers,           // a lookup that gives the lower half of a number with nothing above it
  tears_words,             // a lookup that gives the first word of two with that of another value behind it
};

template <defect Defect, class Key, class T, class Hash, class KeyEqual, class Allocator>
class locked_map {
  using guard = std::lock_guard<std::mutex>;
  using plain_map = std::unordered_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  locked_map(const Hash& hash, const KeyEqual& equal, const Allocator& allocator) : map_(0, hash, equal, allocator) {}
  locked_map(const locked_map& other) : locked_map(other, guard(other.mutex_)) {}

  std::optional<T> find(const Key& k) const {
    const guard lock(mutex_);
    const auto found = map_.find(k);
    if constexpr (Defect == defect::hides_in_the_end) {
      if (assigned_) return std::nullopt;
    }
    if constexpr (Defect == defect::copies_bytes) {
      if (found == map_.end()) return std::nullopt;
      std::optional<T> copy(std::in_place);
      std::memcpy(static_cast<void*>(&*copy), &found->second, sizeof(T));
      return copy;
    }
    if constexpr (Defect == defect::tears_numbers && std::is_same_v<T, std::uint64_t>) {
      if (found != map_.end()) return found->second & 0xFFFF'FFFF;
    }
    if constexpr (Defect == defect::tears_words && sizeof(T) == 2 * sizeof(std::uint64_t)) {
      if (found == map_.end()) return std::nullopt;
      std::optional<T> copy(std::in_place);
      std::memcpy(static_cast<void*>(&*copy), &found->second, sizeof(std::uint64_t));
      return copy;
    }
    return found == map_.end() ? std::nullopt : std::optional<T>(found->second);
  }
  bool contains(const Key& k) const { return find(k).has_value(); }
  bool insert(const Key& k, T v) {
    bool inserted = false;
    {
      const guard lock(mutex_);
      try {
        inserted = map_.emplace(k, std::move(v)).second;
        if (Defect == defect::holds_sixty && map_.size() > 60) map_.erase(k);
        if (Defect == defect::wears_out && erased_ >= 3) map_.erase(k);
      } catch (...) {
        if constexpr (Defect == defect::counts_what_failed) ++size_;
        if constexpr (Defect == defect::loses_another) map_.clear();
        if constexpr (Defect == defect::retries_for_ever) {
          while (!inserted) {
            try {
              inserted = map_.emplace(k, v).second;
            } catch (const std::bad_alloc&) {
              continue;
            }
          }
        } else {
          throw;
        }
      }
      inserted_ += inserted;
      if constexpr (Defect == defect::keeps_memory) leak_on_purpose(map_.get_allocator().allocate(1));
    }
    disturbance::point();
    size_ += inserted;
    return inserted;
  }
  bool try_emplace(const Key& k, T v) { return insert(k, std::move(v)); }
  bool insert_or_assign(const Key& k, T v) {
    const guard lock(mutex_);
    const bool inserted = map_.insert_or_assign(k, std::move(v)).second;
    assigned_ = true;
    size_ += inserted;
    return inserted;
  }
  bool erase(const Key& k) {
    if constexpr (Defect == defect::erase_in_two_steps) {
      const bool there = contains(k);
      disturbance::point();
      if (there) extract(k);
      return there;
    }
    return extract(k).has_value();
  }
  std::optional<T> extract(const Key& k) {
    const guard lock(mutex_);
    const auto found = map_.find(k);
    if (found == map_.end()) return std::nullopt;
    std::optional<T> value(std::move(found->second));
    if constexpr (Defect == defect::hoards) {
      hoard_.push_back(map_.extract(found));
    } else {
      map_.erase(found);
    }
    if (map_.empty()) map_.rehash(0);
    --size_;
    ++erased_;
    return value;
  }
  bool compare_exchange(const Key& k, const T& expected, T desired) {
    const guard lock(mutex_);
    const auto found = map_.find(k);
    if (found == map_.end() || found->second != expected) return false;
    found->second = std::move(desired);
    return true;
  }
  template <class Change>
  bool update(const Key& k, Change change) {
    if constexpr (Defect == defect::says_yes_shows_nothing) return true;
    if constexpr (Defect == defect::lost_update) {
      std::optional<T> value = find(k);
      if (!value) return false;
      change(*value);
      const guard lock(mutex_);
      const auto found = map_.find(k);
      if (found != map_.end()) found->second = *value;
      return true;
    }
    const guard lock(mutex_);
    const auto found = map_.find(k);
    if (found == map_.end()) return false;
    change(found->second);
    return true;
  }
  template <class Change>
  bool upsert(const Key& k, Change change, const T& v) {
    const guard lock(mutex_);
    const auto [at, inserted] = map_.try_emplace(k, v);
    if (!inserted) change(at->second);
    inserted_ += inserted;
    size_ += inserted;
    return inserted;
  }
  bool compare_and_delete(const Key& k, const T& expected) {
    const guard lock(mutex_);
    const auto found = map_.find(k);
    if (found == map_.end() || found->second != expected) return false;
    map_.erase(found);
    --size_;
    return true;
  }
  std::size_t size() const {
    if constexpr (Defect == defect::late_size || Defect == defect::counts_what_failed ||
                  Defect == defect::forgets_to_count)
      return static_cast<std::size_t>(size_.load());
    const guard lock(mutex_);
    return map_.size();
  }
  bool empty() const { return size() == 0; }
  void clear() {
    if constexpr (Defect == defect::throws_on_clear) throw std::runtime_error("cannot clear");
    if constexpr (Defect == defect::keeps_an_object) {
      alignas(T) static std::byte place[sizeof(T)];
      ::new (place) T();
    }
    const guard lock(mutex_);
    size_ -= static_cast<std::int64_t>(map_.size());
    map_.clear();
  }
  template <class Predicate>
  std::size_t erase_if(Predicate predicate) {
    const guard lock(mutex_);
    const std::size_t erased = std::erase_if(map_, [&](const auto& e) { return predicate(e.first, e.second); });
    if constexpr (Defect != defect::forgets_to_count) size_ -= static_cast<std::int64_t>(erased);
    return erased;
  }
  template <class Visit>
  void for_each(Visit visit) const {
    if constexpr (Defect == defect::shows_twice) {
      std::uint64_t before = 0;
      {
        const guard lock(mutex_);
        before = inserted_;
        for (const auto& [k, v] : map_) visit(k, v);
      }
      disturbance::point();
      const guard lock(mutex_);
      if (inserted_ == before) return;
      for (const auto& [k, v] : map_) visit(k, v);
      return;
    }
    const guard lock(mutex_);
    for (const auto& [k, v] : map_) visit(k, v);
  }
  std::vector<std::pair<Key, T>> snapshot() const {
    std::vector<std::pair<Key, T>> copy;
    if constexpr (Defect == defect::torn_snapshot) {
      for (const std::uint64_t half : {0u, 1u}) {
        disturbance::point();
        const guard lock(mutex_);
        for (const auto& [k, v] : map_) {
          if (id_of(k) % 2 == half) copy.emplace_back(k, v);
        }
      }
      return copy;
    }
    const guard lock(mutex_);
    copy.assign(map_.begin(), map_.end());
    return copy;
  }
  void swap(locked_map& other) {
    const std::scoped_lock both(mutex_, other.mutex_);
    map_.swap(other.map_);
    const std::int64_t mine = size_.load();
    size_ = other.size_.load();
    other.size_ = mine;
  }
  friend bool operator==(const locked_map& a, const locked_map& b) {
    const std::scoped_lock both(a.mutex_, b.mutex_);
    return a.map_ == b.map_;
  }
  bool self_check(std::ostream*) const { return Defect != defect::fails_self_check || erased_ == 0; }

 private:
  locked_map(const locked_map& other, const guard&) : map_(other.map_) {}

  mutable std::mutex mutex_;
  plain_map map_;
  std::vector<typename plain_map::node_type> hoard_;
  std::atomic<std::int64_t> size_{0};  // what size() would be without its lock
  std::uint64_t inserted_ = 0;
  std::size_t erased_ = 0;
  bool assigned_ = false;
};

template <defect Defect>
struct with {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  struct adapter {
    using map_type = locked_map<Defect, Key, T, Hash, KeyEqual, Allocator>;
    static constexpr std::string_view name = "locked_map";
    static constexpr std::size_t slack_when_empty = 512;
    static constexpr contract contract_of(opcode code) {
      return code == opcode::walk ? contract::weak : contract::linearizable;
    }
  };
};

// The map with one defect, for elements of the named types.
template <defect Defect, element_types First = element_types::u64_u64, element_types... Rest>
concurrent_subject_factory subject_with() {
  return make_concurrent_subject<with<Defect>::template adapter, First, Rest...>();
}

inline concurrent_subject_factory right_map() {
  return subject_with<defect::none, element_types::u64_u64, element_types::string_string,
                      element_types::tracked_tracked, element_types::u64_two_words>();
}

// A program of two threads from its lines.
inline program read_program(std::string_view body) {
  auto read = parse("gauntlet 1\ntarget concurrent_stress\nthreads 2\n" + std::string(body));
  if (auto* p = std::get_if<program>(&read)) return std::move(*p);
  ADD_FAILURE() << std::get<parse_error>(read).message;
  return {};
}

}  // namespace gauntlet::check
