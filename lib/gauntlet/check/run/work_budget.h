// The work budget: a slow map is a wrong map, and so is one that never gives memory back.
//
// Time. Each operation earns credit for calls of the hash, calls of the equality, and probes (groups probed and
// elements moved, where the map counts them); what the map spends is taken off. Growth is paid for by the insertions
// before it, so credit is saved up, but only to a ceiling that follows the number of live elements: a map whose costs
// follow its history instead of its contents runs dry. The constants are two to four times what correct maps of several
// designs need under a good hash. Under the other hashes, and in programs with many keys that were made to collide, a
// linear cost for each operation is inherent and is granted, and rebuilding a table costs the square of its elements, so
// that much may be saved up.
//
// Memory. Bytes held must stay within a multiple of the elements: live ones for a map that promises to shrink, the most
// there ever were for others; reserved room counts as filled. What is left of emptied maps: slack_when_empty.
#pragma once

#include <cstdint>

#include <gauntlet/check/model/world.h>
#include <gauntlet/check/run/effects.h>
#include <gauntlet/check/run/subject.h>

namespace gauntlet::check {

class work_budget {
 public:
  // Credit for one operation (single or of `count`), one visit of a walk, one element moved by a whole-map operation.
  struct price {
    std::int64_t hashes, equalities, probes;
  };
  static constexpr price looking{4, 4, 8};
  static constexpr std::size_t given_back_by_key = 4;  // elements' memory, for each that comes or goes by key
  static constexpr price inserting{12, 8, 32};
  static constexpr price erasing{8, 8, 32};
  static constexpr price visiting{8, 8, 16};
  static constexpr price each_element{8, 12, 32};
  static constexpr price each_in_linear_time{4, 4, 8};
  static constexpr std::int64_t ceiling_base = 1024;
  static constexpr std::int64_t ceiling_per_element = 32;
  // Bytes for each byte of element, under a good hash and under the others.
  static constexpr std::size_t memory_factor = 8;
  static constexpr std::size_t memory_factor_colliding = 64;
  // Insertions of keys made to collide, in all of a program, with which a good hash still copes.
  static constexpr unsigned colliding_keys_max = 32;

  void start(const program& p, const capabilities& can, const subject& s);

  // Before the operation changes the model: `elements` are those of the maps it concerns.
  void grant(const effects& what, unsigned count, std::size_t elements) noexcept;
  void grant_visit(std::size_t elements) noexcept;
  // A walk passes over empty places too.
  void grant_walk(const subject& s) noexcept;
  // The capacity that a program asked for, and gave up.
  void reserved(unsigned target, std::size_t amount) noexcept;
  void released(unsigned target) noexcept;
  // Memory, while there were so many elements: a map that could not be made smaller stays as it is.
  void refused(unsigned target, std::size_t elements) noexcept;
  void exchanged(unsigned a, unsigned b) noexcept;
  // By iterator, which moves no other element: of `elements` there were, the map may keep the memory until the last one
  // goes, or gives it back bit by bit as elements come and go by key. Who asks for a key that is not there gets nothing back.
  void erased_by_iterator(unsigned target, std::size_t elements) noexcept;
  void changed_by_key(unsigned target, std::size_t elements) noexcept;

  // nullptr when all is within the budget; otherwise what ran out ("hashes", "equalities", "probes").
  const char* spend(const subject& s, std::size_t live) noexcept;
  // All work there has been, the judge's own as well.
  std::uint64_t spent() const noexcept { return paid_.hashes + paid_.equalities + paid_.probes; }
  // Work done by the judge itself since the last spend() is nobody's fault.
  void forgive(const subject& s) noexcept { paid_ = s.work(); }
  // True when memory is within the budget; otherwise `allowed` tells what would have been.
  bool memory_fits(const subject& s, const world& w, std::size_t& allowed) noexcept;

 private:
  void add(const price& p, std::int64_t times) noexcept;

  bool colliding_ = false;  // hash or keys
  std::size_t memory_factor_ = memory_factor;
  bool shrinks_ = false;
  bool judges_equalities_ = true;
  bool erases_in_linear_time_ = false;
  std::size_t slack_ = 0, slack_when_empty_ = 0;
  std::size_t peak_ = 0;
  std::size_t hint_ = 0;
  std::size_t reserved_[map_count] = {};
  std::size_t kept_[map_count] = {};  // elements whose memory erasures by iterator may have left behind
  price credit_{};
  subject::work_count paid_;
};

}  // namespace gauntlet::check
