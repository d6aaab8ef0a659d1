// How far a concurrent map lets one thread depend on the others: what happens to an operation while every other thread
// is stopped wherever it happens to be.
//
// Four words, from weakest to strongest. A map that promises more than `blocking` has a table, `progress`, that gives one
// to each operation; a probe that stops all threads but one can hold the map to it.
#pragma once

namespace gauntlet {

enum class progress_guarantee : unsigned char {
  blocking,          // may wait for another thread: a lock, a turn, a flag that another one clears
  obstruction_free,  // ends if it runs alone for long enough
  lock_free,         // and whoever makes it go on longer has itself got something done
  wait_free,         // ends within a number of its own steps, whatever others do
};

// The declaration of one map, for the operations of which more may be promised.
struct operation_progress {
  // one key
  progress_guarantee insert = progress_guarantee::blocking;
  progress_guarantee insert_or_assign = progress_guarantee::blocking;
  progress_guarantee try_emplace = progress_guarantee::blocking;
  progress_guarantee erase = progress_guarantee::blocking;
  progress_guarantee find = progress_guarantee::blocking;
  progress_guarantee contains = progress_guarantee::blocking;
  progress_guarantee update = progress_guarantee::blocking;
  progress_guarantee compare_exchange = progress_guarantee::blocking;
  progress_guarantee extract = progress_guarantee::blocking;
  // the whole map
  progress_guarantee size = progress_guarantee::blocking;
  progress_guarantee for_each = progress_guarantee::blocking;
  progress_guarantee snapshot = progress_guarantee::blocking;
};

}  // namespace gauntlet
