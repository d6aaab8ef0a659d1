// What a concurrent map promises about one operation while others run.
//
// Three words, from strongest to weakest; each map has a table that gives one to every operation, so that a checker can
// hold the map to exactly what it declares and a reader can look it up.
#pragma once

namespace gauntlet {

enum class consistency : unsigned char {
  // The operation takes effect, on all keys it concerns, at one moment between its call and its return.
  linearizable,
  // For each key the operation is a read (or an erase) of its own, at some moment between call and return; no key is
  // met twice. A size lies between the number of elements that were there throughout and the number that may have been.
  weak,
  // Exact only when no other operation runs.
  quiescent,
};

// The declaration of one map: every operation of the family and its word.
struct operation_contracts {
  // one key
  consistency insert = consistency::linearizable;
  consistency insert_or_assign = consistency::linearizable;
  consistency try_emplace = consistency::linearizable;
  consistency erase = consistency::linearizable;
  consistency find = consistency::linearizable;
  consistency contains = consistency::linearizable;
  consistency visit = consistency::linearizable;
  consistency update = consistency::linearizable;
  consistency compare_exchange = consistency::linearizable;
  consistency extract = consistency::linearizable;
  // the whole map
  consistency size = consistency::linearizable;
  consistency empty = consistency::linearizable;
  consistency clear = consistency::linearizable;
  consistency for_each = consistency::linearizable;
  consistency erase_if = consistency::linearizable;
  consistency snapshot = consistency::linearizable;
  // two maps
  consistency copy = consistency::linearizable;
  consistency assign = consistency::linearizable;
  consistency swap = consistency::linearizable;
  consistency equal = consistency::linearizable;
  consistency merge = consistency::linearizable;
};

constexpr const char* to_string(consistency word) noexcept {
  switch (word) {
    case consistency::linearizable:
      return "linearizable";
    case consistency::weak:
      return "weak";
    case consistency::quiescent:
      return "quiescent";
  }
  return "unknown";
}

}  // namespace gauntlet
