// A stack of free nodes whose head carries no tag: a head that went away and came back is taken for one that stayed.
//
// The node that lay under it then is the head now, although it is in use: two elements share one node.
// Two threads, five operations, one preemption:
//   A: insert 1    reads the head, node 0, and that node 1 follows; preempted
//   B: insert 2    takes node 0
//   B: insert 3    takes node 1
//   B: erase 2     gives node 0 back
//   A              exchanges node 0 for node 1: the head is the node of 3
//   B: insert 4    takes the node of 3, and 3 is gone
// Nothing for ThreadSanitizer to see: the stack is made of atomics, and what nodes hold is touched under the mutex.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/pooled_map.h>

namespace gauntlet::broken {

struct heads_without_tags : pooled_map_policy {
  static std::uint32_t tag_after(std::uint32_t tag) { return tag; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using aba_in_free_list = pooled_map<Key, T, KeyEqual, heads_without_tags>;

GAUNTLET_SCHEDULED_DEFECT(aba_in_free_list, "pooled_map", "two elements never share a node");

}  // namespace gauntlet::broken
