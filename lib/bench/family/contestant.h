// A contestant of `ci/bench family`: a concurrent map from 64-bit numbers to 64-bit numbers with the type taken off, so
// that each map's code is compiled in a file of its own and the measurements can treat all of them as rows of a table.
//
// The loop over the operations is inside the map's own file: what is called through a pointer is some hundred
// operations, never one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "../material.h"

namespace gauntlet::bench::family {

// A piece of a stream.
struct piece {
  const operation_kind* kinds;  // find; insert: insert_or_assign; erase
  const std::uint64_t* keys;
  std::size_t count;
};

// What the loops have seen: returned, so that no compiler leaves a lookup out.
struct sighting {
  std::uint64_t found = 0;
  std::uint64_t sum = 0;
};

class measured_map {
 public:
  measured_map() = default;
  measured_map(const measured_map&) = delete;
  measured_map& operator=(const measured_map&) = delete;
  virtual ~measured_map() = default;

  // Does them one after another. The value that is stored is the key.
  virtual sighting run(const piece& todo) = 0;
  // The same, and how long each took, by the wall clock and the clock's own time included.
  virtual sighting run_timed(const piece& todo, std::uint32_t* nanoseconds) = 0;
  // Lets the map free what waits for readers that have left. Called by one thread, between measurements.
  virtual void settle() = 0;
  // Asks the map to give back memory; false if it can't be asked. Nobody else uses the map.
  virtual bool shrink() = 0;
};

// How many elements a map will hold at a time: for maps whose constructor wants to know.
struct expected {
  std::size_t elements;
};

struct contestant {
  const char* name;
  bool is_peer;
  std::unique_ptr<measured_map> (*make)(expected);
  void (*enter_thread)();  // each thread that will use such maps; null if nothing is to be done
  void (*leave_thread)();
};

// `Map` has find(key), which returns std::optional, insert_or_assign(key, value) and erase(key); it may have settle() or
// synchronize(), shrink() or shrink_to_fit(), and a constructor from `expected`.
template <class Map>
class measured final : public measured_map {
 public:
  explicit measured(expected)
    requires(!std::is_constructible_v<Map, expected>)
  {}
  explicit measured(expected size)
    requires std::is_constructible_v<Map, expected>
      : map_(size) {}

  sighting run(const piece& todo) override {
    sighting seen;
    for (std::size_t i = 0; i < todo.count; ++i) one(todo.kinds[i], todo.keys[i], seen);
    return seen;
  }

  sighting run_timed(const piece& todo, std::uint32_t* nanoseconds) override {
    sighting seen;
    for (std::size_t i = 0; i < todo.count; ++i) {
      const auto before = std::chrono::steady_clock::now();
      one(todo.kinds[i], todo.keys[i], seen);
      const auto taken = std::chrono::steady_clock::now() - before;
      nanoseconds[i] = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(taken).count());
    }
    return seen;
  }

  void settle() override {
    if constexpr (requires { map_.settle(); }) {
      map_.settle();
    } else if constexpr (requires { map_.synchronize(); }) {
      map_.synchronize();
    }
  }

  bool shrink() override {
    if constexpr (requires { map_.shrink(); }) {
      map_.shrink();
      return true;
    } else if constexpr (requires { map_.shrink_to_fit(); }) {
      map_.shrink_to_fit();
      return true;
    } else {
      return false;
    }
  }

 private:
  void one(operation_kind kind, std::uint64_t key, sighting& seen) {
    switch (kind) {
      case operation_kind::find: {
        const std::optional<std::uint64_t> value = map_.find(key);
        seen.found += value.has_value();
        seen.sum += value.value_or(0);
        break;
      }
      case operation_kind::insert:
        map_.insert_or_assign(key, key);
        break;
      case operation_kind::erase:
        map_.erase(key);
        break;
    }
  }

  alignas(128) Map map_;  // no line of it holds the pointer that calls of run() read
};

template <class Map>
contestant make_contestant(const char* name, bool is_peer, void (*enter_thread)() = nullptr,
                           void (*leave_thread)() = nullptr) {
  return {name, is_peer,
          [](expected size) -> std::unique_ptr<measured_map> { return std::make_unique<measured<Map>>(size); },
          enter_thread, leave_thread};
}

// One per peer_*.cpp. Those that need a package are there where the build has found it.
contestant mutex_peer();
contestant shared_mutex_peer();
contestant tbb_peer();
contestant libcuckoo_peer();
contestant lfht_peer();

std::vector<contestant> our_maps();

}  // namespace gauntlet::bench::family
