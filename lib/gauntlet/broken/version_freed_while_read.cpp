// A snapshot_map that asks whether somebody holds a superseded version, and not whether somebody reads it.
//
// Two threads, three operations, one preemption:
//   before: insert 1
//   A: find 1      loads the version; preempted
//   B: erase 1     supersedes the version, which nobody holds, and frees it
//   A              reads freed memory
// Sanitizers see the use after free, but only when a thread stops at this place for the whole of an operation.
#include <limits>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

struct epochs_without_readers : detail::process_epochs {
  static std::uint64_t oldest_reader() noexcept { return std::numeric_limits<std::uint64_t>::max(); }
};

struct unseen_readers_policy : adapters::tiny_snapshot_map_policy {
  using epochs = epochs_without_readers;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using version_freed_while_read = snapshot_map<Key, T, Hash, KeyEqual, Allocator, unseen_readers_policy>;

GAUNTLET_SCHEDULED_DEFECT(version_freed_while_read, "snapshot_map", "a version is kept while somebody reads it");

}  // namespace gauntlet::broken
