// The routing of routed_map: the shards, the table that says who is responsible, and the moving of elements when that
// changes.
//
// Words are those of routing_table.h. A resharding goes through *phases*; a *step* does a bounded piece of the phase it is
// in, or finds that it must wait for readers to leave. *Readers* here are all operations: each holds a `reading` from
// before it looks at the table to its end.
//
//   phase        what a step does                                       then
//   announced    nothing but wait: until nobody uses the former table   copying, of the first source
//   copying      copies some elements of the moving arcs                settling: the source is cut over
//   settling     waits: until nobody reads what the source still holds  cleaning
//   cleaning     erases some of that from the source                    copying, of the next; after the last: retiring
//   sweeping     erases spoilt copies from the targets                  copying, once more
//   retiring     waits: until nobody uses the table with the arcs       idle: tables and removed shards are freed
//
// Why nothing is lost. While a source is copied, every write to a moving arc holds its stripe, goes to the owner first
// and then again to the target. Copying takes the same stripe for each element and looks at the owner under it: it copies
// what is there now, or nothing if it has been erased meanwhile. So for each key the walk has passed, owner and target
// agree whenever the stripe is free; cutting over holds all stripes. Two things make "every write" true: writers that use
// the former table have left before copying begins, and others look at the stage under their stripe.
//
// Why readers need no lock. Until the cut-over the owner is right, and nobody but writers of this key change it there.
// A reader that has looked at the stage before, and at the owner after the cut-over, sees what it held at the cut-over:
// the owner is left alone until such readers have gone. That moment lies within the reader's operation.
//
// When a write to the target fails (memory), the operation has happened all the same, in the owner; the copies are
// *spoilt*: the source goes back to waiting, the targets are swept, and copying begins again.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/routing_table.h>
#include <gauntlet/map/hash_ring.h>

namespace gauntlet::detail {

// How elements get from one shard to another. A policy of the map, so that a test can replace one of them.
struct resharding_protocol {
  // Whether nobody is left who began in this epoch or before, and may write without a stripe.
  template <class Domain>
  static bool writers_have_left(const Domain& domain, std::uint64_t epoch) {
    return domain.is_over(epoch);
  }
  // Whether nobody is left who began in this epoch or before, and may read what the source has given away.
  template <class Domain>
  static bool readers_have_left(const Domain& domain, std::uint64_t epoch) {
    return domain.is_over(epoch);
  }
  // Whether the source may be cut over.
  static bool is_copied(bool walk_has_ended) { return walk_has_ended; }
  // Copies an element, if it is there. `stripe` is the lock of the key's stripe.
  template <class Lock, class Shard, class Key>
  static void copy(Lock& stripe, const Shard& owner, Shard& target, const Key& key) {
    const exclusive_guard<Lock> guard(stripe);
    if (auto value = owner.find(key)) target.insert(Key(key), std::move(*value));
  }
  // Makes the target agree with the owner. The caller holds the key's stripe.
  template <class Shard, class K>
  static void write_again(const Shard& owner, Shard& target, const K& key) {
    auto value = owner.find(key);
    if (!value) {
      target.erase(key);
    } else if constexpr (std::is_same_v<K, typename Shard::key_type>) {
      target.insert_or_assign(K(key), std::move(*value));
    } else {
      // A key of another type comes with operations that insert nothing: what the target lacks has not been copied yet.
      target.update(key, [&value](auto& copy) { copy = std::move(*value); });
    }
  }
};

enum class step_result : unsigned char { went_on, must_wait, nothing_to_do };

// Types has: key_type, shard_type (a walkable), lock_type, epoch_domain, protocol, stripes, and place_of_key, a function
// object that gives the place of a key.
template <class Types>
class router {
  using key_type = typename Types::key_type;
  using shard_type = typename Types::shard_type;
  using lock_type = typename Types::lock_type;
  using epoch_domain = typename Types::epoch_domain;
  using protocol = typename Types::protocol;
  using place_of_key = typename Types::place_of_key;
  using locked = exclusive_guard<lock_type>;

 public:
  using shard_id = std::uint32_t;
  using ring_type = hash_ring<shard_id>;
  using handover_type = handover<lock_type, Types::stripes>;
  using table_type = routing_table<shard_type, handover_type>;
  using reading = typename epoch_domain::guard;

  // make_shard() returns a new shard. The ring has members.
  template <class MakeShard>
  router(const ring_type& ring, const place_of_key& place_of, MakeShard make_shard) : place_of_(place_of), ring_(ring) {
    ring.for_each([&](shard_id id, unsigned) GAUNTLET_UNCHECKED_LOCKING { shards_.push_back({id, make_shard()}); });
    current_ = make_table(ring_, ring_, shards_);
    table_.store(current_.get(), std::memory_order_seq_cst);
  }
  router(const router&) = delete;
  router& operator=(const router&) = delete;

  const epoch_domain& domain() const noexcept { return domain_; }
  // Requires: this thread is reading, and uses the table no longer than that.
  const table_type& table() const noexcept {
    // [table] pairs with itself, in publish: who finds a table finds it made; seq_cst as epoch_domain asks.
    return *table_.load(std::memory_order_seq_cst);
  }
  std::uint64_t place_of(const auto& key) const { return place_of_(key); }

  // Whether a resharding is under way, as far as this thread knows. [under way] pairs with nothing: a hint.
  bool may_be_under_way() const noexcept { return under_way_.load(std::memory_order_relaxed); }

  // Begins to move from the present ring to the one that change(ring) makes of it; change returns whether it has done
  // anything. Nothing without effect: change has not, or would leave no members. Requires: this thread is not reading.
  template <class Change, class MakeShard>
  bool start(Change change, MakeShard make_shard) GAUNTLET_EXCLUDES(mover_) {
    for (;;) {
      {
        const locked guard(mover_);
        if (phase_ == phase::idle) return start_locked(change, make_shard);
      }
      finish();
    }
  }

  // One step, of `count` elements; false: nothing is under way.
  step_result step(std::size_t count) GAUNTLET_EXCLUDES(mover_) {
    const locked guard(mover_);
    return step_locked(count);
  }
  // The same, unless another thread is at it.
  void step_if_free(std::size_t count) GAUNTLET_EXCLUDES(mover_) {
    if (!mover_.try_lock()) return;
    const adopting_guard<lock_type> guard(mover_);
    step_locked(count);
  }
  // Returns when the resharding that was under way at the call is over.
  void finish() GAUNTLET_EXCLUDES(mover_) {
    const std::uint64_t number = number_of_resharding();
    for (;;) {
      const step_result result = step(elements_at_once);
      if (result == step_result::nothing_to_do || number_of_resharding() != number) return;
      if (result == step_result::must_wait) std::this_thread::yield();
    }
  }

  bool is_under_way() const GAUNTLET_EXCLUDES(mover_) {
    const locked guard(mover_);
    return phase_ != phase::idle;
  }
  ring_type ring() const GAUNTLET_EXCLUDES(mover_) {
    const locked guard(mover_);
    return ring_;
  }

  // What a write has to do that found its key in an arc that is copied, once it has gone to the owner. The caller holds
  // the key's stripe.
  template <class K>
  static void write_again_locked(handover_type& handover, const routing_arc<shard_type>& arc, const K& key) noexcept {
    try {
      protocol::write_again(*arc.owner, *arc.target, key);
    } catch (...) {
      handover.spoil_locked();
    }
  }

 private:
  enum class phase : unsigned char { idle, announced, copying, settling, cleaning, sweeping, retiring };
  struct shard_entry {
    shard_id id;
    std::unique_ptr<shard_type> shard;
  };
  static constexpr std::size_t elements_at_once = 256;

  static std::unique_ptr<table_type> make_table(const ring_type& before, const ring_type& after,
                                                const std::vector<shard_entry>& shards) {
    return std::make_unique<table_type>(before, after, [&shards](shard_id id) -> shard_type* {
      for (const shard_entry& each : shards) {
        if (each.id == id) return each.shard.get();
      }
      return nullptr;
    });
  }

  std::uint64_t number_of_resharding() const GAUNTLET_EXCLUDES(mover_) {
    const locked guard(mover_);
    return number_;
  }

  template <class Change, class MakeShard>
  bool start_locked(Change& change, MakeShard& make_shard) GAUNTLET_REQUIRES(mover_) {
    ring_type target = ring_;
    if (!change(target) || target.empty()) return false;
    std::size_t fresh = 0;
    target.for_each([&](shard_id id, unsigned) GAUNTLET_UNCHECKED_LOCKING { fresh += !ring_.contains(id); });
    shards_.reserve(shards_.size() + fresh);
    const std::size_t before = shards_.size();
    try {
      target.for_each([&](shard_id id, unsigned) GAUNTLET_UNCHECKED_LOCKING {
        if (!ring_.contains(id)) shards_.push_back({id, make_shard()});
      });
      auto moving = make_table(ring_, target, shards_);
      // Both are here before anything is seen of them, so that nothing can go wrong later.
      auto afterwards = make_table(target, target, shards_);
      former_ = publish(std::move(moving));
      afterwards_ = std::move(afterwards);
    } catch (...) {
      shards_.erase(shards_.begin() + static_cast<std::ptrdiff_t>(before), shards_.end());
      throw;
    }
    ring_ = std::move(target);
    turn_ = 0;
    phase_ = phase::announced;
    epoch_ = domain_.advance();
    under_way_.store(true, std::memory_order_relaxed);
    return true;
  }

  // Returns the table that was there.
  std::unique_ptr<table_type> publish(std::unique_ptr<table_type> next) GAUNTLET_REQUIRES(mover_) {
    current_.swap(next);
    table_.store(current_.get(), std::memory_order_seq_cst);  // [table] pairs with itself
    return next;
  }

  // Of one step: it has memory for the keys it may meet.
  static constexpr std::size_t count_max = 4096;

  step_result step_locked(std::size_t count) GAUNTLET_REQUIRES(mover_) {
    count = std::min(count, count_max);
    switch (phase_) {
      case phase::idle:
        return step_result::nothing_to_do;
      case phase::announced:
        if (!protocol::writers_have_left(domain_, epoch_)) return step_result::must_wait;
        begin_turn();
        return step_result::went_on;
      case phase::copying:
        copy_some(count);
        return step_result::went_on;
      case phase::settling:
        if (!protocol::readers_have_left(domain_, epoch_)) return step_result::must_wait;
        phase_ = phase::cleaning;
        walk_ = {};
        return step_result::went_on;
      case phase::cleaning:
        if (clean_some(source(), count)) end_turn();
        return step_result::went_on;
      case phase::sweeping:
        sweep_some(count);
        return step_result::went_on;
      case phase::retiring:
        if (!domain_.is_over(epoch_)) return step_result::must_wait;
        retire();
        return step_result::went_on;
    }
    return step_result::nothing_to_do;
  }

  shard_type& source() const GAUNTLET_REQUIRES(mover_) { return *current_->sources()[turn_]; }
  handover_type& moving() const GAUNTLET_REQUIRES(mover_) { return *current_->moving(); }

  void begin_turn() GAUNTLET_REQUIRES(mover_) {
    if (turn_ == current_->sources().size()) return end_resharding();
    phase_ = phase::copying;
    walk_ = {};
    walk_has_ended_ = false;
    const typename handover_type::all_stripes_guard guard(moving());
    moving().begin_again_locked();
    moving().set_stage_locked(2 * turn_ + 1);
  }
  void end_turn() GAUNTLET_REQUIRES(mover_) {
    ++turn_;
    begin_turn();
  }

  // Gathers under the walk's lock, then copies, each under its stripe. What has been gathered and not copied, because
  // that threw, is copied first in the next step.
  void copy_some(std::size_t count) GAUNTLET_REQUIRES(mover_) {
    if (keys_.empty() && !walk_has_ended_) {
      keys_.reserve(count);
      walk_has_ended_ = source().walk_some(
          walk_, count, [this](const key_type& key) { return moves(key); },
          [this](const key_type& key) GAUNTLET_UNCHECKED_LOCKING { keys_.push_back(key); });
    }
    for (; !keys_.empty(); keys_.pop_back()) {
      const std::uint64_t place = place_of_(keys_.back());
      const auto& arc = current_->at(place);
      protocol::copy(moving().stripe_of(place), *arc.owner, *arc.target, keys_.back());
    }
    if (protocol::is_copied(walk_has_ended_)) cut_over();
  }
  bool moves(const key_type& key) const GAUNTLET_UNCHECKED_LOCKING {  // called in copy_some only
    const auto& arc = current_->at(place_of_(key));
    return arc.moves() && arc.source == turn_;
  }

  void cut_over() GAUNTLET_REQUIRES(mover_) {
    const typename handover_type::all_stripes_guard guard(moving());
    if (moving().is_spoilt_locked()) {
      moving().set_stage_locked(2 * turn_);
      phase_ = phase::sweeping;
      swept_ = 0;
      walk_ = {};
      return;
    }
    moving().set_stage_locked(2 * turn_ + 2);
    phase_ = phase::settling;
    epoch_ = domain_.advance();
  }

  void sweep_some(std::size_t count) GAUNTLET_REQUIRES(mover_) {
    if (!clean_some(*current_->shards()[swept_], count)) return;
    walk_ = {};
    if (++swept_ == current_->shards().size()) begin_turn();
  }

  // Erases from a shard what it is not responsible for; true: that was all. Nobody reads or writes those elements.
  bool clean_some(shard_type& shard, std::size_t count) GAUNTLET_REQUIRES(mover_) {
    keys_.reserve(count);
    const resharding_stage stage = moving().stage();
    const bool end = shard.walk_some(
        walk_, count,
        [this, stage, &shard](const key_type& key)
            GAUNTLET_UNCHECKED_LOCKING { return current_->at(place_of_(key)).owner_at(stage) != &shard; },
        [this](const key_type& key) GAUNTLET_UNCHECKED_LOCKING { keys_.push_back(key); });
    for (; !keys_.empty(); keys_.pop_back()) shard.erase(keys_.back());
    return end;
  }

  void end_resharding() GAUNTLET_REQUIRES(mover_) {
    passed_ = publish(std::move(afterwards_));
    phase_ = phase::retiring;
    epoch_ = domain_.advance();
  }
  void retire() GAUNTLET_REQUIRES(mover_) {
    former_.reset();
    passed_.reset();
    std::erase_if(shards_,
                  [this](const shard_entry& each) GAUNTLET_UNCHECKED_LOCKING { return !ring_.contains(each.id); });
    keys_ = {};
    walk_ = {};
    phase_ = phase::idle;
    ++number_;
    under_way_.store(false, std::memory_order_relaxed);
  }

  alignas(64) std::atomic<const table_type*> table_{nullptr};
  std::atomic<bool> under_way_{false};
  place_of_key place_of_;  // constant
  epoch_domain domain_;

  mutable lock_type mover_;
  ring_type ring_ GAUNTLET_GUARDED_BY(mover_);  // the present one, or the one that is moved to
  std::vector<shard_entry> shards_ GAUNTLET_GUARDED_BY(mover_);
  std::unique_ptr<table_type> current_ GAUNTLET_GUARDED_BY(mover_);     // what table_ points to
  std::unique_ptr<table_type> former_ GAUNTLET_GUARDED_BY(mover_);      // before the resharding; may be in use
  std::unique_ptr<table_type> passed_ GAUNTLET_GUARDED_BY(mover_);      // with the arcs, of what is over; may be in use
  std::unique_ptr<table_type> afterwards_ GAUNTLET_GUARDED_BY(mover_);  // for when all is moved
  phase phase_ GAUNTLET_GUARDED_BY(mover_) = phase::idle;
  std::uint64_t epoch_ GAUNTLET_GUARDED_BY(mover_) = 0;   // that must be over
  std::uint64_t number_ GAUNTLET_GUARDED_BY(mover_) = 0;  // of reshardings ended
  std::uint32_t turn_ GAUNTLET_GUARDED_BY(mover_) = 0;    // source
  std::size_t swept_ GAUNTLET_GUARDED_BY(mover_) = 0;     // shards
  bool walk_has_ended_ GAUNTLET_GUARDED_BY(mover_) = false;
  typename shard_type::position walk_ GAUNTLET_GUARDED_BY(mover_);
  std::vector<key_type> keys_ GAUNTLET_GUARDED_BY(mover_);  // met by the walk, not yet copied or erased
};

}  // namespace gauntlet::detail
