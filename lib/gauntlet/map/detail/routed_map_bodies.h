// The bodies of routed_map.h: find the shard, and do there what the operation's name says. Whoever looks at the table
// reads, from before that to the end.
#pragma once

#include <stdexcept>

#include <gauntlet/map/routed_map.h>

namespace gauntlet {

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP routed_map<Key, T, Hash, KeyEqual, Allocator, Policy>

// ------------------------------------------------------------------------------------------------------- construction

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::first_ring() -> ring_type {
  ring_type ring(Policy::virtual_nodes, Policy::seed());
  for (shard_id id = 0; id < Policy::first_shards; ++id) ring.add(id);
  return ring;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::with_members(const ring_type& ring) -> const ring_type& {
  if (ring.empty()) throw std::invalid_argument("gauntlet::routed_map: a ring without members");
  return ring;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::shard_maker() const {
  return [this] { return std::make_unique<shard>(hash_, equal_, allocator_); };
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::routed_map(const ring_type& ring, const Hash& hash, const KeyEqual& equal, const Allocator& allocator)
    : hash_(hash),
      equal_(equal),
      allocator_(allocator),
      router_(with_members(ring), place_of_key{hash, ring_type(ring.virtual_nodes(), ring.seed())}, shard_maker()) {}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::routed_map(std::initializer_list<value_type> elements) : routed_map() {
  for (const value_type& element : elements) insert(element.first, element.second);
}

// ------------------------------------------------------------------------------------------------------------ one key

GAUNTLET_MAP_TEMPLATE
template <class K, class Operation>
auto GAUNTLET_MAP::read(const K& key, Operation operation) const {
  const std::uint64_t place = router_.place_of(key);
  const reading here(router_.domain());
  const auto& table = router_.table();
  const auto& arc = table.at(place);
  return operation(std::as_const(*(arc.moves() ? arc.owner_at(table.moving()->stage()) : arc.owner)));
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Operation>
auto GAUNTLET_MAP::write(const K& key, Operation operation) {
  struct owed_step {
    routed_map& map;
    ~owed_step() { map.step_after_a_write(); }
  };
  const owed_step afterwards{*this};
  const std::uint64_t place = router_.place_of(key);
  const reading here(router_.domain());
  const auto& table = router_.table();
  const auto& arc = table.at(place);
  if constexpr (can_be_resharded) {
    if (arc.moves()) return write_to_moving(key, place, arc, *table.moving(), operation);
  }
  return operation(*arc.owner, std::false_type());
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Operation>
auto GAUNTLET_MAP::write_to_moving(const K& key, std::uint64_t place, const detail::routing_arc<shard>& arc,
                                   handover_type& handover, Operation& operation) {
  if (arc.is_cut_over_at(handover.stage())) return operation(*arc.target, std::false_type());
  const stripe_guard guard(handover.stripe_of(place));
  // Nobody changes the stage while a stripe is held.
  const detail::resharding_stage stage = handover.stage();
  if (!arc.is_copied_at(stage)) return operation(*arc.owner_at(stage), std::false_type());
  // Whatever the operation has done when it returns or throws, the target gets.
  struct second_write {
    handover_type& handover;
    const detail::routing_arc<shard>& arc;
    const K& key;
    ~second_write() { router_type::write_again_locked(handover, arc, key); }
  };
  const second_write afterwards{handover, arc, key};
  return operation(*arc.owner, std::true_type());
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::step_after_a_write() noexcept {
  if constexpr (can_be_resharded && Policy::elements_per_write != 0) {
    if (!router_.may_be_under_way()) return;
    try {
      router_.step_if_free(Policy::elements_per_write);
    } catch (...) {
      // The write has happened; what has not been moved is moved by a later step, which may say why it can't.
      return;
    }
  }
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert(Key key, T value) {
  const inside here(this, "insert");
  return write(key, [&key, &value](shard& home, auto key_is_needed) {
    if constexpr (key_is_needed) {
      return home.insert(Key(key), std::move(value));
    } else {
      return home.insert(std::move(key), std::move(value));
    }
  });
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign(Key key, T value) {
  const inside here(this, "insert_or_assign");
  return write(key, [&key, &value](shard& home, auto key_is_needed) {
    if constexpr (key_is_needed) {
      return home.insert_or_assign(Key(key), std::move(value));
    } else {
      return home.insert_or_assign(std::move(key), std::move(value));
    }
  });
}

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
bool GAUNTLET_MAP::try_emplace(Key key, Arguments&&... arguments) {
  const inside here(this, "try_emplace");
  return write(key, [&](shard& home, auto key_is_needed) {
    if constexpr (key_is_needed) {
      return home.try_emplace(Key(key), std::forward<Arguments>(arguments)...);
    } else {
      return home.try_emplace(std::move(key), std::forward<Arguments>(arguments)...);
    }
  });
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_exchange(const Key& key, const T& expected, T desired) {
  const inside here(this, "compare_exchange");
  return write(key, [&](shard& home, auto) { return home.compare_exchange(key, expected, std::move(desired)); });
}

// Between two attempts at a key that moves nothing is held, neither the lock of its part of the ring nor a place among
// those who read the table: that is what give_up() passes its time with. So the arguments must outlive an attempt.
GAUNTLET_MAP_TEMPLATE
template <class GiveUp, class Attempt>
std::optional<bool> GAUNTLET_MAP::write_unless(GiveUp& give_up, const Key& key, Attempt attempt) {
  const std::uint64_t place = router_.place_of(key);
  for (;;) {
    {
      const reading here(router_.domain());
      const auto& table = router_.table();
      const auto& arc = table.at(place);
      if constexpr (can_be_resharded) {
        if (arc.moves()) {
          handover_type& moving = *table.moving();
          if (arc.is_cut_over_at(moving.stage())) return attempt(*arc.target, give_up, std::false_type());
          if (auto done = write_to_moving_at_once(key, place, arc, moving, attempt)) return done;
        } else {
          return attempt(*arc.owner, give_up, std::false_type());
        }
      } else {
        return attempt(*arc.owner, give_up, std::false_type());
      }
    }
    if (give_up()) return std::nullopt;
  }
}

GAUNTLET_MAP_TEMPLATE
template <class Attempt>
std::optional<bool> GAUNTLET_MAP::write_to_moving_at_once(const Key& key, std::uint64_t place,
                                                          const detail::routing_arc<shard>& arc,
                                                          handover_type& handover, Attempt& attempt) {
  auto& stripe = handover.stripe_of(place);
  if (!stripe.try_lock()) return std::nullopt;
  const detail::adopting_guard<typename Policy::lock_type> guard(stripe);
  auto at_once = [] { return true; };
  const detail::resharding_stage stage = handover.stage();
  if (!arc.is_copied_at(stage)) return attempt(*arc.owner_at(stage), at_once, std::true_type());
  // As in write_to_moving, but for an attempt that came to nothing: the second write might wait.
  struct second_write {
    handover_type& handover;
    const detail::routing_arc<shard>& arc;
    const Key& key;
    bool is_due = true;
    ~second_write() {
      if (is_due) router_type::write_again_locked(handover, arc, key);
    }
  };
  second_write afterwards{handover, arc, key};
  const std::optional<bool> done = attempt(*arc.owner, at_once, std::true_type());
  afterwards.is_due = done.has_value();
  return done;
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::insert_or_assign_unless(GiveUp&& give_up, Key key, T value)
  requires shards_can_be_abandoned
{
  const inside here(this, "insert_or_assign_unless");
  return write_unless(give_up, key, [&key, &value](shard& home, auto& gives_up, auto arguments_are_needed) {
    if constexpr (arguments_are_needed) {
      return home.insert_or_assign_unless(gives_up, Key(key), T(value));
    } else {
      return home.insert_or_assign_unless(gives_up, std::move(key), std::move(value));
    }
  });
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::erase_unless(GiveUp&& give_up, const Key& key)
  requires shards_can_be_abandoned
{
  const inside here(this, "erase_unless");
  return write_unless(give_up, key,
                      [&key](shard& home, auto& gives_up, auto) { return home.erase_unless(gives_up, key); });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::find_as(const K& key) const {
  const inside here(this, "find");
  return read(key, [&key](const shard& home) { return home.find(key); });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::contains_as(const K& key) const {
  const inside here(this, "contains");
  return read(key, [&key](const shard& home) { return home.contains(key); });
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::visit_as(const K& key, Visitor& visitor) const {
  const inside here(this, "visit");
  return read(key, [&](const shard& home) { return home.visit(key, visitor); });
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::update_as(const K& key, Visitor& visitor) {
  const inside here(this, "update");
  return write(key, [&](shard& home, auto) { return home.update(key, visitor); });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_as(const K& key) {
  const inside here(this, "erase");
  return write(key, [&key](shard& home, auto) { return home.erase(key); });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::extract_as(const K& key) {
  const inside here(this, "extract");
  return write(key, [&key](shard& home, auto) { return home.extract(key); });
}

// ------------------------------------------------------------------------------------------------------ the whole map
// Who reads and finds a table in which nothing moves keeps it so: no element is copied until he has left, and what an
// earlier resharding left behind was erased before the table was published. In a table with moving arcs one stage, the
// first that was seen, says for the whole operation which copy of an element counts: a source that is cut over meanwhile
// is left alone, too, until this reader has left.

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(Visitor&& visitor) const {
  const inside here(this, "for_each");
  const reading now(router_.domain());
  const auto& table = router_.table();
  if (table.moving() == nullptr) {
    for (const shard* each : table.shards()) each->for_each(visitor);
    return;
  }
  const detail::resharding_stage stage = table.moving()->stage();
  for (const shard* each : table.shards()) {
    each->for_each([&](const Key& key, const T& value) {
      if (table.at(router_.place_of(key)).owner_at(stage) == each) visitor(key, value);
    });
  }
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::size() const -> size_type {
  const inside here(this, "size");
  const reading now(router_.domain());
  const auto& table = router_.table();
  size_type sum = 0;
  if (table.moving() == nullptr) {
    for (const shard* each : table.shards()) sum += each->size();
    return sum;
  }
  const detail::resharding_stage stage = table.moving()->stage();
  for (const shard* each : table.shards()) {
    each->for_each(
        [&](const Key& key, const T&) { sum += table.at(router_.place_of(key)).owner_at(stage) == each ? 1U : 0U; });
  }
  return sum;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::reserve(size_type elements) {
  const inside here(this, "reserve");
  const reading now(router_.domain());
  const auto& shards = router_.table().shards();
  const size_type each_gets = elements / shards.size() + (elements % shards.size() != 0 ? 1 : 0);
  for (shard* each : shards) {
    if constexpr (requires { each->reserve(each_gets); }) each->reserve(each_gets);
  }
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate&& predicate) -> size_type {
  const inside here(this, "erase_if");
  const reading now(router_.domain());
  const auto& table = router_.table();
  if constexpr (can_be_resharded) {
    if (table.moving() != nullptr) return erase_if_while_moving(table, predicate);
  }
  size_type erased = 0;
  for (shard* each : table.shards()) erased += each->erase_if(predicate);
  return erased;
}

// All stripes are held: the stage stays, and nobody else writes to keys that move.
GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if_while_moving(const typename router_type::table_type& table, Predicate& predicate)
    -> size_type {
  handover_type& moving = *table.moving();
  const all_stripes guard(moving);
  const detail::resharding_stage stage = moving.stage();
  size_type erased = 0;
  for (shard* each : table.shards()) {
    // Brings the copies of what has been chosen, and perhaps erased, in line, however the shard's operation ends.
    struct second_writes {
      const typename router_type::table_type& table;
      const router_type& router;
      std::vector<Key> keys;
      ~second_writes() {
        for (const Key& key : keys)
          router_type::write_again_locked(*table.moving(), table.at(router.place_of(key)), key);
      }
    };
    second_writes copied{table, router_, {}};
    erased += each->erase_if([&](const Key& key, const T& value) {
      const auto& arc = table.at(router_.place_of(key));
      if (arc.owner_at(stage) != each || !predicate(key, value)) return false;
      if (arc.moves() && arc.is_copied_at(stage)) copied.keys.push_back(key);
      return true;
    });
  }
  return erased;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::clear() {
  const inside here(this, "clear");
  const reading now(router_.domain());
  const auto& table = router_.table();
  if constexpr (can_be_resharded) {
    if (table.moving() != nullptr) {
      const auto all = [](const Key&, const T&) { return true; };
      erase_if_while_moving(table, all);
      return;
    }
  }
  for (shard* each : table.shards()) each->clear();
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::snapshot() const -> map_type {
  map_type all(0, hash_, equal_, std::allocator_traits<Allocator>::select_on_container_copy_construction(allocator_));
  for_each([&all](const Key& key, const T& value) { all.try_emplace(key, value); });
  return all;
}

// --------------------------------------------------------------------------------------------------------- the shards

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::add_shard(shard_id id, unsigned weight) {
  static_assert(can_be_resharded, "routed_map: resharding copies elements: Key and T must be copyable, T assignable");
  const inside here(this, "add_shard");
  return router_.start([id, weight](ring_type& ring) { return ring.add(id, weight); }, shard_maker());
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::remove_shard(shard_id id) {
  static_assert(can_be_resharded, "routed_map: resharding copies elements: Key and T must be copyable, T assignable");
  const inside here(this, "remove_shard");
  return router_.start([id](ring_type& ring) { return ring.remove(id); }, shard_maker());
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::set_weight(shard_id id, unsigned weight) {
  static_assert(can_be_resharded, "routed_map: resharding copies elements: Key and T must be copyable, T assignable");
  const inside here(this, "set_weight");
  return router_.start([id, weight](ring_type& ring) { return ring.set_weight(id, weight); }, shard_maker());
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::reshard(const ring_type& target) {
  static_assert(can_be_resharded, "routed_map: resharding copies elements: Key and T must be copyable, T assignable");
  const inside here(this, "reshard");
  return router_.start(
      [&target](ring_type& ring) {
        if (ring.seed() != target.seed() || ring.virtual_nodes() != target.virtual_nodes())
          throw std::invalid_argument("gauntlet::routed_map::reshard: a ring with another seed or number of nodes");
        ring = target;
        return true;
      },
      shard_maker());
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::migrate_some(size_type elements) {
  const inside here(this, "migrate_some");
  if constexpr (can_be_resharded) {
    return router_.step(elements == 0 ? 1 : elements) != detail::step_result::nothing_to_do;
  } else {
    return false;
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::migrate() {
  const inside here(this, "migrate");
  if constexpr (can_be_resharded) router_.finish();
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::resharding() const {
  const inside here(this, "resharding");
  return router_.is_under_way();
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::stats() const -> statistics {
  const inside here(this, "stats");
  const reading now(router_.domain());
  const auto& table = router_.table();
  statistics all;
  all.shards = table.shards().size();
  all.arcs = table.arcs().size();
  all.sources = table.sources().size();
  all.sources_done = table.moving() != nullptr ? table.moving()->stage() / 2 : 0;
  return all;
}

GAUNTLET_MAP_TEMPLATE
std::string GAUNTLET_MAP::describe() const {
  std::ostringstream out;
  out << "size " << size();
  const statistics now = stats();
  out << ", " << now.shards << " shards, " << now.arcs << " arcs";
  if (now.sources != 0) out << ", resharding: " << now.sources_done << " of " << now.sources << " sources cut over";
  return out.str();
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  const inside here(this, "self_check");
  const reading now(router_.domain());
  const auto& table = router_.table();
  handover_type* const moving = table.moving();
  std::optional<all_stripes> guard;
  if (moving != nullptr) guard.emplace(*moving);
  const detail::resharding_stage stage = moving != nullptr ? moving->stage() : 0;
  const bool spoilt = moving != nullptr && moving->is_spoilt_locked();
  size_type strangers = 0, orphans = 0;
  bool healthy = true;
  for (const shard* each : table.shards()) {
    healthy = each->self_check(dump) && healthy;
    std::vector<Key> copies;
    each->for_each([&](const Key& key, const T&) {
      const auto& arc = table.at(router_.place_of(key));
      if (arc.owner_at(stage) == each) return;
      // What a source still holds after it was cut over, copies, and those that were spoilt and will be swept.
      const bool is_left = arc.moves() && arc.owner == each && arc.is_cut_over_at(stage);
      const bool is_copy = arc.moves() && arc.target == each && (arc.is_copied_at(stage) || spoilt);
      strangers += !is_left && !is_copy;
      if constexpr (std::copy_constructible<Key>) {
        if (is_copy && !spoilt) copies.push_back(key);
      }
    });
    for (const Key& key : copies) orphans += !table.at(router_.place_of(key)).owner->contains(key);
  }
  if (dump != nullptr && strangers != 0)
    *dump << "routed_map: " << strangers << " elements in shards that are not theirs\n";
  if (dump != nullptr && orphans != 0) *dump << "routed_map: " << orphans << " copies of elements that are not there\n";
  return healthy && strangers == 0 && orphans == 0;
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
