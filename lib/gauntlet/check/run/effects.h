// What each opcode does to its maps, as far as walks, fault injection and the work budget need to know.
#pragma once

#include <gauntlet/check/program/opcode.h>

namespace gauntlet::check {

// In ascending order of what it breaks: `update` changes values in place, `mutate` inserts, erases or moves elements
// (cursors survive, iterators do not), `replace` gives the map other contents or another identity (cursors do not
// survive either).
enum class effect : unsigned char { none, update, mutate, replace };

// What an exception in the middle leaves behind.
enum class guarantee : unsigned char {
  strong,  // the state before
  basic,   // some elements of before and after, nothing else
};

struct effects {
  effect on_target = effect::none;
  effect on_other = effect::none;
  guarantee promises = guarantee::strong;
  bool inserts = false;      // single elements, by key
  bool erases = false;       // single elements, by key
  bool touches_all = false;  // may look at every element
};

effects effects_of(opcode code) noexcept;

}  // namespace gauntlet::check
