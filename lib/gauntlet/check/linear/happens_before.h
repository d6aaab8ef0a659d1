// A second look at a history that the order of time does not explain: does what happens before what explain it?
//
// A map that synchronises by acquire and release alone may answer from before it was asked: a thread that has met nobody
// need not see what others have done. C++ calls that right, and so does whoever reads "linearizable" as what the users of
// the map can tell. So an order of the operations on each key is looked for that keeps the order within each thread and
// what happens before what across threads, and in which every answer is a sequential map's. It is less than the order of
// time, and never against it. The orders of different keys need not agree with each other: that two threads each store a
// key and miss the other's is what acquire and release allow. Nor need those of two maps that no operation joins.
//
// The search: a place in the order is how far each thread has come, with what the key holds there. A step comes next when
// all that happens before it has come; one that changes nothing comes as soon as it fits. Every place is seen once, so the
// cost is the product of the threads' lengths for one key, up to the budget.
#pragma once

#include <gauntlet/check/linear/checker.h>
#include <gauntlet/check/linear/parts.h>

namespace gauntlet::check {

// `parts` are those of a well-formed history that is aware; `first` is why the order of time does not explain it. Operations
// on a whole map are one step on each key, whatever their contract; an answer that promises nothing beside others, and has
// others beside it, is not asked.
history_verdict judge_by_happens_before(history_parts& parts, const check_options& options,
                                        const history_verdict& first);

}  // namespace gauntlet::check
