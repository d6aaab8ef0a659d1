// Publication: who sees an element of a map has seen all that was done before it was put there.
//
// That is what makes a map a place to hand things over: what the writer prepared, and only then inserted, must be whole for
// whoever finds it. java.util.concurrent.ConcurrentMap states it under "memory consistency effects", Go's sync.Map as "a
// write synchronizes before any read that observes it", and C++ programmers assume it of every map with a lock. A map whose
// slots are stored and loaded with relaxed order gives right answers, and breaks it.
//
// Judged where the history knows what happens before what: an event that shows a value needs one event that wrote this
// value to this key and whose call happens before its return.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <gauntlet/check/history/history.h>

namespace gauntlet::check {

struct unsynchronized {
  std::size_t reader = 0, writer = 0;  // events
  element seen;
};

// The first event that shows what it may not have seen whole, if there is one. What promises nothing beside others
// (quiescent) is not asked, and what the map did in no step that was seen (code of a compiled library) not judged; nor are
// keys under which an operation of `failed` may have written before it threw. O(n log n) for n events and elements shown;
// nothing where the history is not aware.
std::optional<unsynchronized> look_for_unsynchronized(const history& h, const contract_table& contracts,
                                                      const history& failed = {});

std::string explain(const history& h, const unsynchronized& what);

}  // namespace gauntlet::check
