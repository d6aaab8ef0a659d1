// Which shard is responsible for a place of the ring, now and once a resharding under way has got past it.
//
// Words. A *place* is where a key's hash lies on the hash_ring. An *arc* is a run of neighbouring places with the same
// answer: it *stays* with its owner, or *moves* from its owner to a target. A *source* is a shard that gives arcs away.
// Sources have their turn one after another, and the *stage* of a resharding is the number that says how far that has got:
//
//   stage      ...  2u          2u + 1      2u + 2  ...
//   source u        waits       is copied   has been cut over
//
// Until its source is cut over an arc belongs to its owner; from then on to its target. While the source is copied, the
// target gets what the owner has.
//
// A table never changes. Finding an arc: the leading bits of the place give where to begin, and it is a step or two from
// there, whatever the number of arcs.
//
// A *handover* is what threads share while a resharding goes on: the stage, and locks by which whoever writes to a moving
// arc excludes its copying. A key's place says which lock, its *stripe*. Who holds a stripe sees a stage that stays; who
// changes the stage holds all of them.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <gauntlet/map/detail/annotations.h>

namespace gauntlet::detail {

using resharding_stage = std::uint32_t;

template <class Shard>
struct routing_arc {
  std::uint64_t last;    // the last place of the arc
  Shard* owner;          // responsible
  Shard* target;         // null: the arc stays
  std::uint32_t source;  // number of the owner among the sources

  bool moves() const noexcept { return target != nullptr; }
  bool is_copied_at(resharding_stage stage) const noexcept { return stage == 2 * source + 1; }
  bool is_cut_over_at(resharding_stage stage) const noexcept { return stage >= 2 * source + 2; }
  // Who is responsible; for arcs that stay the stage does not matter.
  Shard* owner_at(resharding_stage stage) const noexcept { return moves() && is_cut_over_at(stage) ? target : owner; }
};

template <class Lock, std::size_t Stripes>
class handover {
  static_assert(Stripes != 0);

 public:
  // Holds all stripes, taken in order of their numbers; nobody else takes a second one.
  class all_stripes_guard {
   public:
    explicit all_stripes_guard(handover& all) GAUNTLET_UNCHECKED_LOCKING : all_(all) {
      for (stripe& each : all_.stripes_) each.lock.lock();
    }
    ~all_stripes_guard() GAUNTLET_UNCHECKED_LOCKING {
      for (stripe& each : all_.stripes_) each.lock.unlock();
    }
    all_stripes_guard(const all_stripes_guard&) = delete;
    all_stripes_guard& operator=(const all_stripes_guard&) = delete;

   private:
    handover& all_;
  };

  // [stage] pairs with itself: who sees a source cut over finds in the targets what was copied there. seq_cst, so that
  // an operation that follows another one does not see an older stage.
  resharding_stage stage() const noexcept { return stage_.load(std::memory_order_seq_cst); }
  // Requires: all stripes are held.
  void set_stage_locked(resharding_stage stage) noexcept { stage_.store(stage, std::memory_order_seq_cst); }

  Lock& stripe_of(std::uint64_t place) noexcept { return stripes_[place % Stripes].lock; }

  // A write has reached an arc's owner and may not have reached the target: the copies are good for nothing, until they
  // have been thrown away. Requires: a stripe is held. [spoilt] pairs with nothing: the stripes' locks order it.
  void spoil_locked() noexcept { spoilt_.store(true, std::memory_order_relaxed); }
  // Requires: all stripes are held.
  bool is_spoilt_locked() const noexcept { return spoilt_.load(std::memory_order_relaxed); }
  void begin_again_locked() noexcept { spoilt_.store(false, std::memory_order_relaxed); }

 private:
  struct alignas(64) stripe {
    Lock lock;
  };
  alignas(64) std::atomic<resharding_stage> stage_{0};
  std::atomic<bool> spoilt_{false};
  std::array<stripe, Stripes> stripes_{};
};

template <class Shard, class Handover>
class routing_table {
 public:
  using arc = routing_arc<Shard>;

  // From one ring to the next; the same twice: nothing moves. shard_of(member) is the shard of a member of either.
  template <class Ring, class ShardOf>
  routing_table(const Ring& before, const Ring& after, ShardOf shard_of) {
    std::vector<std::pair<std::uint64_t, Shard*>> owners;  // where they end, and who
    before.visit_arcs([&](std::uint64_t last, const auto& member) { owners.emplace_back(last, shard_of(member)); });
    auto at = owners.begin();
    const auto stay = [&](std::uint64_t first, std::uint64_t last) {
      while (at->first < first) ++at;
      for (; at->first < last; ++at) append({at->first, at->second, nullptr, 0});
      append({last, at->second, nullptr, 0});
    };
    std::uint64_t next_place = 0;
    bool full = false;  // next_place would be behind the last place
    before.visit_changes(after, [&](std::uint64_t first, std::uint64_t last, const auto& old, const auto& young) {
      if (first != next_place) stay(next_place, first - 1);
      move(last, shard_of(old), shard_of(young));
      next_place = last + 1;
      full = last == ~std::uint64_t{0};
    });
    if (!full) stay(next_place, ~std::uint64_t{0});
    before.for_each([&](const auto& member, unsigned) { add_shard(shard_of(member)); });
    after.for_each([&](const auto& member, unsigned) { add_shard(shard_of(member)); });
    arcs_.shrink_to_fit();
    make_index();
    if (!sources_.empty()) moving_ = std::make_unique<Handover>();
  }

  const arc& at(std::uint64_t place) const noexcept {
    std::size_t i = index_[place >> shift_];
    while (arcs_[i].last < place) ++i;
    return arcs_[i];
  }
  const std::vector<arc>& arcs() const noexcept { return arcs_; }
  // All shards that hold elements or are going to.
  const std::vector<Shard*>& shards() const noexcept { return shards_; }
  const std::vector<Shard*>& sources() const noexcept { return sources_; }
  // Null: nothing moves.
  Handover* moving() const noexcept { return moving_.get(); }

 private:
  void move(std::uint64_t last, Shard* from, Shard* to) {
    const auto known = std::find(sources_.begin(), sources_.end(), from);
    const auto number = static_cast<std::uint32_t>(known - sources_.begin());
    if (known == sources_.end()) sources_.push_back(from);
    append({last, from, to, number});
  }
  void append(const arc& next) {
    if (!arcs_.empty() && arcs_.back().owner == next.owner && arcs_.back().target == next.target) {
      arcs_.back().last = next.last;
    } else {
      arcs_.push_back(next);
    }
  }
  void add_shard(Shard* shard) {
    if (std::find(shards_.begin(), shards_.end(), shard) == shards_.end()) shards_.push_back(shard);
  }
  void make_index() {
    const unsigned bits = static_cast<unsigned>(std::bit_width(arcs_.size())) + 1;
    shift_ = 64 - bits;
    index_.resize(std::size_t{1} << bits);
    std::size_t i = 0;
    for (std::size_t bucket = 0; bucket < index_.size(); ++bucket) {
      while (arcs_[i].last < std::uint64_t{bucket} << shift_) ++i;
      index_[bucket] = static_cast<std::uint32_t>(i);
    }
  }

  std::vector<arc> arcs_;             // in order; the last one ends at the last place
  std::vector<std::uint32_t> index_;  // by the leading bits of a place: the arc of the first place that has them
  unsigned shift_ = 63;
  std::vector<Shard*> shards_;
  std::vector<Shard*> sources_;
  std::unique_ptr<Handover> moving_;
};

}  // namespace gauntlet::detail
