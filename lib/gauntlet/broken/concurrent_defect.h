// What defective concurrent maps have in common: locks that can be told to do the wrong thing, and registration.
//
// A defective map of the product's kind uses the right map's code with a lock of its own type; the operation that is
// defective tells the lock, for this thread and for as long as a `while_` lives, what to do instead. Others have one
// operation or one part of their policy replaced, and are one of the small maps (small_maps/) or of the product's.
#pragma once

#include <gauntlet/adapters/sharded_map.h>
#include <gauntlet/adapters/shared_mutex_map.h>
#include <gauntlet/adapters/snapshot_map.h>
#include <gauntlet/adapters/sync_map.h>
#include <gauntlet/check/run/concurrent_subject_of.h>
#include <gauntlet/check/run/registry.h>

namespace gauntlet::broken {

enum class locking : unsigned char { rightly, not_at_all, shared_only };

inline thread_local locking this_thread_locks = locking::rightly;

class while_ {
 public:
  explicit while_(locking how) { this_thread_locks = how; }
  ~while_() { this_thread_locks = locking::rightly; }
  while_(const while_&) = delete;
  while_& operator=(const while_&) = delete;
};

// A lock that does as this thread has been told. A thread is told nothing new while it holds one.
template <class Lock>
class GAUNTLET_CAPABILITY("misled_lock") misled_lock {
 public:
  void lock() GAUNTLET_ACQUIRE() GAUNTLET_UNCHECKED_LOCKING {
    if (this_thread_locks == locking::rightly) lock_.lock();
    if constexpr (requires { lock_.lock_shared(); }) {
      if (this_thread_locks == locking::shared_only) lock_.lock_shared();
    }
  }
  void unlock() GAUNTLET_RELEASE() GAUNTLET_UNCHECKED_LOCKING {
    if (this_thread_locks == locking::rightly) lock_.unlock();
    if constexpr (requires { lock_.unlock_shared(); }) {
      if (this_thread_locks == locking::shared_only) lock_.unlock_shared();
    }
  }
  void lock_shared() GAUNTLET_ACQUIRE_SHARED() GAUNTLET_UNCHECKED_LOCKING { lock_.lock_shared(); }
  void unlock_shared() GAUNTLET_RELEASE_SHARED() GAUNTLET_UNCHECKED_LOCKING { lock_.unlock_shared(); }

 private:
  Lock lock_;
};

struct misled_sharded_policy : adapters::tiny_sharded_map_policy {
  using lock_type = misled_lock<adapters::tiny_sharded_map_policy::lock_type>;
};
struct misled_shared_mutex_policy : adapters::tiny_shared_mutex_map_policy {
  using lock_type = misled_lock<adapters::tiny_shared_mutex_map_policy::lock_type>;
};

// The maps whose operations a defective one replaces.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using right_sync_map = sync_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sync_map_policy>;
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using right_snapshot_map = snapshot_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_snapshot_map_policy>;

struct concurrent_registrar {
  concurrent_registrar(std::string_view name, check::concurrent_subject_factory concurrent, check::defect_info defect) {
    check::registration r;
    r.name = name;
    r.concurrent = std::move(concurrent);
    r.defective = true;
    r.defect = defect;
    check::register_subject(std::move(r));
  }
};

}  // namespace gauntlet::broken

#define GAUNTLET_CONCURRENT_DEFECT(map, promise_text) \
  GAUNTLET_REGISTERED_CONCURRENT_DEFECT(map, .promise = promise_text, .target = "concurrent_stress")

// One of the small maps, or a map of the product, with a detail replaced. What it takes is one moment at which another
// thread goes on, and real threads may never find it: it is for whoever decides the interleaving. (Some take one thread and
// an operation that fails, or a snapshot that is held.)
#define GAUNTLET_SCHEDULED_DEFECT(map, twin, promise_text)                                             \
  GAUNTLET_REGISTERED_CONCURRENT_DEFECT(map, .promise = promise_text, .target = "concurrent_schedule", \
                                        .reduced_operations_max = 6, .right_twin = twin)

// The same where numbers are treated rightly and objects are not, or nothing of numbers throws.
#define GAUNTLET_SCHEDULED_DEFECT_OF_OBJECTS(map, twin, promise_text)                                           \
  GAUNTLET_CONCURRENT_DEFECT_OF(tracked_tracked, map, .promise = promise_text, .target = "concurrent_schedule", \
                                .reduced_operations_max = 6, .right_twin = twin)

#define GAUNTLET_REGISTERED_CONCURRENT_DEFECT(map, ...) GAUNTLET_CONCURRENT_DEFECT_OF(u64_u64, map, __VA_ARGS__)

#define GAUNTLET_CONCURRENT_DEFECT_OF(types, map, ...)                                      \
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>                \
  struct map##_adapter : adapters::concurrent_map<map<Key, T, Hash, KeyEqual, Allocator>> { \
    static constexpr std::string_view name = #map;                                          \
  };                                                                                        \
  static const concurrent_registrar map##_registrar(                                        \
      #map, check::make_concurrent_subject<map##_adapter, check::element_types::types>(), {__VA_ARGS__})
