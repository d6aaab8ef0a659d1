// A concurrent map under test as the stress runner sees it: one shared map (and a second one for swap, copy and
// equality), operations callable from any thread at once. concurrent_subject_of.h implements it for any map with an
// adapter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gauntlet/check/run/subject.h>

namespace gauntlet::check {

// What a map promises about one operation that runs beside others.
enum class contract : std::uint8_t {
  linearizable,  // takes effect at one moment between call and return
  weak,          // for each key as a read (or erase) of its own at some moment between call and return; no key twice;
                 // sizes lie between what was certainly and what was possibly there
  quiescent,     // exact only when nothing else runs
  unsupported,
};

// What a map promises about one operation while every other thread is stopped wherever it happens to be.
enum class progress : std::uint8_t {
  blocking,          // may wait for another thread
  obstruction_free,  // ends if it runs alone for long enough
  lock_free,         // and whoever makes it go on longer has itself got something done
  wait_free,         // ends within a number of its own steps
};

// When a map promises that one operation comes before another.
enum class precedence : std::uint8_t {
  happens_before,  // where C++ says so: the threads have synchronised in between. The promise of acquire and release
  real_time,       // where the one has returned when the other is called, even if nobody could know
};

// What a map promises about an operation that ends with an exception: memory that was missing, or what was thrown by a
// hash, an equality, a copy or a function that it was handed (a visitor, an update, a predicate). The words are the
// standard's.
enum class failure_promise : std::uint8_t {
  none,    // nothing: the process may end. Nothing throws in its programs
  basic,   // the map can be used, nothing leaks and nothing else is lost; the operation has had its effect or none
  strong,  // and, if it is one on one key, it has had none
};

class concurrent_executor;

class concurrent_subject {
 public:
  virtual ~concurrent_subject() = default;
  virtual std::string_view name() const = 0;
  virtual contract contract_of(opcode code) const = 0;
  virtual progress progress_of(opcode) const { return progress::blocking; }
  virtual precedence order() const { return precedence::happens_before; }
  // Of whatever shows elements, also while others run.
  virtual iteration_order iterates() const { return iteration_order::unspecified; }
  virtual failure_promise on_failure() const { return failure_promise::basic; }
  // Whether this operation is made to fail so. Not if the map is known to break its promise then, so that what is new
  // shows.
  virtual bool fails_as_promised(opcode, fault_kind) const { return true; }
  // Whether data races are reported. A map is known to have one that would end every hunt: what else is wrong may show.
  virtual bool races_are_judged() const { return true; }

  // How many bytes more than fresh maps emptied ones may keep, both together, once elements have come and gone for a while.
  // Without a promise they may keep what they like.
  virtual std::optional<std::size_t> slack_when_empty() const { return std::nullopt; }

  // Makes the maps. Before that the subject tells what they promise, and none of their code has run.
  virtual void begin() = 0;

  // Any thread. Point operations: find, contains, insert_copy, try_emplace, insert_or_assign, erase_key, extract_key,
  // compare_exchange, fetch_update, update. Whole-map: size, clear, equal, erase_if, swap, copy_assign, merge.
  virtual result apply(const request& r) = 0;
  // Any thread: walk (for_each), snapshot, copy_construct: the elements shown. `lane` is the caller's own. `told`, if there
  // is one, hears of each element that a walk shows.
  virtual result collect(const request& r, unsigned lane, std::vector<element>& shown, concurrent_executor* told) = 0;
  // Any thread, after collect has taken a snapshot that showed `shown`: if it is a handle it is held, until the lane's next
  // one or until the maps are gone, and the one before is let go.
  virtual void hold(unsigned lane, const std::vector<element>& shown) = 0;

  // Only while nothing else runs. Maps: 0 is the shared one, 1 the second one.
  virtual void contents(unsigned target, std::vector<element>& out) const = 0;
  virtual std::string self_check(unsigned target) const = 0;
  virtual std::string state(unsigned target) const = 0;  // size, growth, flags: whatever the map says of itself
  virtual void shrink(unsigned /*target*/) {}            // asks for memory back, if that is what it takes
  virtual std::size_t bytes() const { return 0; }        // that the maps have from their allocator
  // Destroys the maps, and reads what is still held of them once more. The first snapshot that showed something else than
  // when it was taken, in words; empty when none did.
  virtual std::string destroy() = 0;
  // Afterwards memory must balance. Empty string when it does.
  virtual std::string finish() = 0;
};

using concurrent_subject_factory = std::function<std::unique_ptr<concurrent_subject>(const program_header&)>;

}  // namespace gauntlet::check
