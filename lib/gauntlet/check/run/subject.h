// The maps under test as the runner sees them: four maps of one type behind a virtual interface, so that runner,
// model, oracles, reducer and report are compiled once. subject_of.h implements it for any map with an adapter.
//
// Keys and values cross this seam as numbers; the subject turns them into the element types of the program's header.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/result.h>

namespace gauntlet::check {

// An operation whose key has been chosen.
struct request {
  opcode code = opcode::nothing;
  unsigned target = 0;
  unsigned other = 0;
  std::uint64_t key = 0;    // with count > 1: the first of consecutive keys
  std::uint64_t value = 0;  // with count > 1: the first of consecutive values
  unsigned count = 1;
  unsigned argument = 0;
};

using element = std::pair<std::uint64_t, std::uint64_t>;

// What the body of a walk answers to a visit.
enum class visit_answer : std::uint8_t { go_on, erase_current, stop };
using visitor = std::function<visit_answer(std::uint64_t key, std::uint64_t value)>;

// In which order a map shows its elements.
enum class iteration_order : std::uint8_t {
  unspecified,
  by_key,  // ascending, of the numbers that keys stand for
  // Oldest first. A new value leaves an element where it is, and what is erased and inserted again comes last; copies have
  // the order of what they were made from, and what is merged follows in the order that it had.
  by_insertion,
};

// What the map promises; the oracles judge by it.
struct capabilities {
  bool exception_safe = true;         // strong guarantee of single operations, basic of the others, whatever throws
  bool strong_guarantee = true;       // false: of single operations, too, only the basic one
  bool throwing_hash_is_safe = true;  // likewise where it is the hash that throws: of that the standard promises little
  bool throwing_hash_keeps_elements = true;  // false: of that only the basic guarantee; any elements may be lost
  bool moves_keep_elements = true;           // false: an element whose move throws may be lost
  iteration_order iterates = iteration_order::unspecified;
  bool cursor = false;                 // walk() survives any mutation, promises (1)-(5)
  bool checks_itself = false;          // has a self-check
  bool counts_work = false;            // has a work counter (groups probed and elements moved)
  bool diagnoses_misuse = false;       // stale iterators and cursors, re-entry
  bool stable_references = false;      // references survive insertion and rehash (node maps)
  bool erase_keeps_iterators = true;   // erase(iterator), extract(iterator) leave those to others valid
  bool erase_gives_the_next = true;    // false: what erase(iterator) and erase(first, last) give is not looked at, and
                                       // nothing is erased while iterating, unless
  bool erase_gives_an_unseen = false;  // erase(iterator) gives, if not the next, one that an iteration has still to see
  bool moves_only_in_rehash = false;   // references survive insertion unless the map is rehashed
  bool reserve_prevents_rehash = true;  // reserve makes the room asked for; until it is used up, no rehash
  bool bounds_load_factor = false;      // load_factor() <= max_load_factor(), while nobody changes the latter
  bool inserts_by_view = false;         // try_emplace, insert_or_assign and [] take keys of other types
  bool emplaces_pairs = false;          // emplace(pair), emplace(std::piecewise_construct, ...)
  bool finds_many = false;  // find_many(first, last, visit) calls visit(key, iterator) for each key, in order
  bool nodes = false;
  bool failed_hint_keeps_node = true;      // insert(hint, node) that inserts nothing leaves the node where it was
  bool failed_merge_loses_nothing = true;  // what a merge that throws took out of one map is in the other
  bool self_move_keeps = false;            // self-move-assignment leaves the map unchanged
  bool moved_from_is_empty = true;
  bool erases_in_linear_time = false;    // erasing an element may look at every other one
  bool compares_only_in_lookups = true;  // false: keys are compared to tell empty places, too; then it is not counted
  // m.try_emplace(a, m.at(b)), m.erase(m.find(a)->first): as in the standard's maps.
  bool arguments_may_refer_inside = true;
  bool shrinks = false;  // memory in use follows the number of elements down
  bool empty_allocates_nothing = false;
  std::size_t slack_elements = 512;    // memory budget: room for so many elements is free of charge, for each map
  std::size_t slack_when_empty = 512;  // and, if it shrinks, for each that has become empty
};

// What an adapter's `leaves_out` is asked about an operation before it is done.
struct circumstances {
  opcode code = opcode::nothing;
  bool one_map = false;               // target and other are the same map
  bool allocators_differ = false;     // target's and other's
  bool allocators_propagate = false;  // on copy, move and swap
  bool hashes_differ = false;         // target's and other's: their hash functions answer differently
  bool absurd = false;                // reserve, rehash: more than there can be
  bool fault_armed = false;           // something will throw: what, see `fault`
  fault_kind fault = fault_kind::hash;
};

// Thrown out of a map by the handler that an adapter's `misuse_guard` installs: the map diagnosed what was done to it.
struct diagnosed_misuse {};

class subject {
 public:
  virtual ~subject() = default;

  virtual std::string_view name() const = 0;
  virtual capabilities can() const = 0;

  // Does one operation and tells what it gave. `erased`/`visited` style answers come through the out parameters of the
  // specific functions below; exceptions that the program asked for are results, any other one leaves this function.
  virtual result apply(const request& r) = 0;

  // Whether an argument of the last operation referred to an element of the map.
  virtual bool referred_inside() const { return false; }

  // erase_range: erases `count` elements from the range_begin()-th on; tells which.
  virtual result erase_range(const request& r, std::vector<element>& erased) = 0;

  // walk (cursor) and iterate (iterators): calls `visit` for each element shown. In a walk the visitor may call
  // everything of this subject that does not replace the walked map; in iterate only what leaves iterators of the map
  // valid: looking, updating in place, and anything with other maps. It answers erase_current only to iterate, which
  // erases with erase(iterator) and goes on from what that gives back.
  virtual result walk(unsigned target, const visitor& visit) = 0;
  virtual result iterate(unsigned target, const visitor& visit) = 0;

  // The contents of a map, by iteration, in the map's order.
  virtual void contents(unsigned target, std::vector<element>& out) const = 0;
  virtual std::size_t size(unsigned target) const = 0;
  // What find() says, without side effects on counters that the oracles read.
  virtual result look(unsigned target, std::uint64_t key) const = 0;
  // The held node's element, if any.
  virtual bool node(element& out) const = 0;

  // Empty string when the map is in order; otherwise what is wrong, with a dump.
  virtual std::string self_check(unsigned target) const = 0;
  // Empty string when the load factor, the buckets and what they say of themselves agree with the contents; otherwise
  // what does not. Goes through all buckets if there are few, or `all` of them are to be looked at.
  virtual std::string bucket_check(unsigned target, bool all) const;
  // Number of structural events so far (growth, split, merge, shrink), 0 where unknown: tells when to look closer.
  virtual std::uint64_t structural_events() const = 0;

  // Totals since the subject was made, for the work budget.
  struct work_count {
    std::uint64_t hashes = 0, equalities = 0, probes = 0, moves = 0;
  };
  virtual work_count work() const = 0;
  // Bytes that the maps of this subject hold from their allocators, and the size of one element.
  virtual std::size_t bytes() const = 0;
  virtual std::size_t element_bytes() const = 0;
  // Empty string when every block came back to its owner as it was and each map has the allocator it should have, and
  // the hash and the equality that it was made with.
  virtual std::string allocator_check() const = 0;

  // Destroys the maps and the node; afterwards lifetimes and allocators must balance. Empty string when they do.
  virtual std::string finish() = 0;
};

inline std::string subject::bucket_check(unsigned, bool) const { return {}; }

using subject_factory = std::function<std::unique_ptr<subject>(const program_header&)>;

}  // namespace gauntlet::check
