// The bodies of snapshot_map, whose header tells the story. Included by it alone.
#pragma once

#include <gauntlet/map/snapshot_map.h>

namespace gauntlet {

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP snapshot_map<Key, T, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
template <class Change>
bool GAUNTLET_MAP::changed(const char* operation, Change change, const snapshot_type* base) {
  dead_nodes gone(versions_->nodes);  // the first to be made: freed when the lock is free and this thread outside
  const inside here(this, operation);
  const turn guard(*versions_);
  const version* const newest = versions_->newest();
  if (base != nullptr && base->version_ != newest) return false;
  edit changes(versions_->nodes, gone, newest->root, newest->size, newest->number + 1);
  batch b(*versions_, changes);
  const bool answer = change(b);
  if (changes.changed()) versions_->publish_locked(changes, gone);
  return answer;
}

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
bool GAUNTLET_MAP::batch::put(Key&& key, bool replaces, Arguments&&... arguments) {
  const std::uint64_t hash = detail::key_hash(chain_.hash, key, chain_.seed);
  return edit_.put(
      hash, [&](const Key& other) { return chain_.equal(other, key); }, replaces, [](const T&) {},
      [&](std::uint64_t born) {
        return chain_.nodes.make_leaf(born, hash, std::move(key), std::forward<Arguments>(arguments)...);
      });
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Wanted>
bool GAUNTLET_MAP::batch::erase_where(const K& key, Wanted&& wanted) {
  return edit_.erase(
      detail::key_hash(chain_.hash, key, chain_.seed), [&](const Key& other) { return chain_.equal(other, key); },
      wanted);
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::batch::update_as(const K& key, Visitor& visitor) {
  const leaf* const found = find_in(chain_, edit_.root(), key);
  if (found == nullptr) return false;
  // Copied before: a visitor that changes the batch may free the leaf.
  Key kept(found->element.first);
  T value(found->element.second);
  visitor(value);
  put(std::move(kept), true, std::move(value));
  return true;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_exchange(const Key& key, const T& expected, T desired) {
  return changed("compare_exchange", [&](batch& b) {
    const leaf* const found = find_in(*versions_, b.edit_.root(), key);
    if (found == nullptr || !(found->element.second == expected)) return false;
    b.put(Key(key), true, std::move(desired));
    return true;
  });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::find_as(const K& key) const {
  const reading guard;
  return copy_of(find_in(*versions_, versions_->newest()->root, key));
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::contains_as(const K& key) const {
  const reading guard;
  return find_in(*versions_, versions_->newest()->root, key) != nullptr;
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::visit_as(const K& key, Visitor& visitor) const {
  const reading guard;
  const T* const found = value_of(find_in(*versions_, versions_->newest()->root, key));
  if (found != nullptr) visitor(*found);
  return found != nullptr;
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::update_as(const K& key, Visitor& visitor) {
  return changed("update", [&](batch& b) { return b.update_as(key, visitor); });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_as(const K& key) {
  return changed("erase", [&](batch& b) { return b.erase_where(key, [](const T&) { return true; }); });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::extract_as(const K& key) {
  std::optional<T> value;
  changed("extract", [&](batch& b) {
    return b.erase_where(key, [&value](const T& there) {
      value.emplace(there);
      return true;
    });
  });
  return value;
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate&& predicate) -> size_type {
  size_type erased = 0;
  changed("erase_if", [&](batch& b) {
    // The walk goes over the newest version, which stays as it is.
    for (typename trie::iterator at(b.edit_.root()), end; at != end; ++at) {
      if (predicate(at->first, at->second) && b.erase(at->first)) ++erased;
    }
    return true;
  });
  return erased;
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::diff(const snapshot_type& from, const snapshot_type& to, Visitor&& visitor) {
  const auto show = [&visitor](const leaf* before, const leaf* after) {
    if constexpr (requires(const T& value) { static_cast<bool>(value == value); }) {
      if (before != nullptr && after != nullptr && before->element.second == after->element.second) return;
    }
    visitor((before != nullptr ? before : after)->element.first, before != nullptr ? &before->element.second : nullptr,
            after != nullptr ? &after->element.second : nullptr);
  };
  if (from.chain_ == to.chain_) {
    trie::difference(from.version_->root, to.version_->root, 0, from.chain_->equal, show);
    return;
  }
  for (auto at = from.begin(); at != from.end(); ++at) {
    show(at.where(), find_in(*to.chain_, to.version_->root, at->first));
  }
  for (auto at = to.begin(); at != to.end(); ++at) {
    if (!from.contains(at->first)) show(nullptr, at.where());
  }
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::stats() const -> statistics {
  const inside here(this, "stats");
  const turn guard(*versions_);
  const auto counted = versions_->count_locked();
  return {versions_->newest()->number, counted.living, counted.held};
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::release() {
  dead_nodes gone(versions_->nodes);
  const inside here(this, "release");
  const turn guard(*versions_);
  versions_->release_locked(gone);
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::check_tree(const versions& chain, const detail::trie_node* node, std::size_t level,
                              std::uint64_t way, size_type& leaves, std::ostream* dump) {
  const auto expect = [dump](bool holds, const char* what) {
    if (!holds && dump != nullptr) *dump << "snapshot_map: " << what << "\n";
    return holds;
  };
  if (node == nullptr) return true;
  if (node->is_leaf()) {
    ++leaves;
    const Key& key = trie::as_leaf(node)->element.first;
    const std::uint64_t hash = detail::key_hash(chain.hash, key, chain.seed);
    const unsigned shift = static_cast<unsigned>(trie::bits_per_level * level);
    return expect(hash == trie::as_leaf(node)->hash, "a leaf has not its key's hash") &&
           expect(shift >= 64 || (hash & ((std::uint64_t{1} << shift) - 1)) == way,
                  "a leaf is not where its hash leads");
  }
  const detail::trie_inner* const inner = trie::inner(node);
  bool healthy = true;
  if (!node->is_branch()) {
    healthy = expect(inner->count() > 1, "a bucket has less than two leaves");
    for (std::size_t i = 0; i < inner->count(); ++i) {
      healthy = expect(inner->children()[i]->is_leaf(), "a bucket has a child that is no leaf") && healthy;
      healthy = check_tree(chain, inner->children()[i], level, way, leaves, dump) && healthy;
      healthy =
          expect(trie::hash_of(inner->children()[i]) == trie::hash_of(node), "a bucket has two hashes") && healthy;
    }
    return healthy;
  }
  healthy =
      expect(node->bits != 0, "a branch has no child") &&
      expect(inner->count() > 1 || inner->children()[0]->is_branch(), "a branch has an only child that is no branch");
  for (std::uint64_t step = 0; step < 32 && healthy; ++step) {
    const std::uint32_t bit = std::uint32_t{1} << step;
    if ((node->bits & bit) == 0) continue;
    healthy = check_tree(chain, inner->children()[inner->place_of(bit)], level + 1,
                         way | step << (trie::bits_per_level * level), leaves, dump);
  }
  return healthy;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  const snapshot_type now = snapshot();
  size_type leaves = 0;
  if (!check_tree(*versions_, now.version_->root, 0, 0, leaves, dump)) return false;
  if (leaves == now.size()) return true;
  if (dump != nullptr) *dump << "snapshot_map: size " << now.size() << ", but " << leaves << " leaves\n";
  return false;
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
