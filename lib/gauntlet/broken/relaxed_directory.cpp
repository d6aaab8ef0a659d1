// Tables and directories published with a relaxed store: who follows the pointer need not find what it leads to made.
//
// Two threads, a few operations, no preemption:
//   A: insert ...  makes a table and puts it into the directory
//   B: find        follows the entry and reads a table that was never handed over: a data race with its making
// ThreadSanitizer sees it as soon as a reader meets a new table. The answers of an x86-64 processor stay right.
#include <gauntlet/broken/concurrent_map_defect.h>

namespace gauntlet::broken {

struct publishes_tables_relaxed : detail::bucket_protocol {
  template <class Object>
  static void publish(std::atomic<Object*>& where, Object* what) {
    where.store(what, std::memory_order_relaxed);
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using relaxed_directory = tiny_map_under<publishes_tables_relaxed, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT(relaxed_directory, "concurrent_map", "who follows the directory finds tables that are made");

}  // namespace gauntlet::broken
