// An edit: a tree on its way from one version to the next.
//
// Each change copies the nodes on the path to what changes and shares all others; it happens or, if something throws,
// leaves the tree as it was. What the edit made and replaces again is freed at once; what it replaces of the old version
// goes to a list of the dead, for the old version's readers. An edit that is not taken over (take) frees what it made.
//
// Precondition of everything: the caller is the only one who edits, and holds the lock of the versions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <gauntlet/map/detail/hash_trie.h>

namespace gauntlet::detail {

// Nodes that nobody can reach, freed at its end: when the lock is free, for destructors of their elements may use the map.
template <class Key, class T, class Allocator>
class dead_nodes {
  using memory = trie_memory<Key, T, Allocator>;

 public:
  explicit dead_nodes(const memory& of) noexcept : memory_(of) {}
  ~dead_nodes() {
    while (first_ != nullptr) {
      trie_node* const node = first_;
      first_ = node->next_dead;
      memory_.free(node);
    }
  }
  dead_nodes(const dead_nodes&) = delete;
  dead_nodes& operator=(const dead_nodes&) = delete;

  void add(trie_node* node) noexcept {
    node->next_dead = first_;
    first_ = node;
  }

 private:
  const memory& memory_;
  trie_node* first_ = nullptr;
};

template <class Key, class T, class Allocator>
class trie_edit {
 public:
  using trie = hash_trie<Key, T>;
  using leaf = typename trie::leaf;
  using memory = trie_memory<Key, T, Allocator>;

  // What it makes and throws away again goes to `gone`.
  trie_edit(const memory& from, dead_nodes<Key, T, Allocator>& gone, trie_node* root, std::size_t size,
            std::uint64_t version)
      : memory_(from), gone_(gone), version_(version), root_(root), size_(size) {}
  ~trie_edit() { free_what_was_made(root_); }
  trie_edit(const trie_edit&) = delete;
  trie_edit& operator=(const trie_edit&) = delete;

  trie_node* root() const noexcept { return root_; }
  std::size_t size() const noexcept { return size_; }
  bool changed() const noexcept { return changed_; }
  bool old_tree_dies() const noexcept { return old_tree_dies_; }
  // The tree is another one's now; so are the dead of the old version.
  trie_node* take_dead() noexcept {
    root_ = nullptr;
    return std::exchange(dead_, nullptr);
  }

  // Puts the leaf that make(version) makes in the key's place: if the key is absent, or in any case if `replaces`. Before
  // that, the value that is there is shown to see. True if the key was absent.
  template <class IsKey, class See, class Make>
  bool put(std::uint64_t hash, IsKey is_key, bool replaces, See&& see, Make&& make) {
    const place at = place_of(hash, is_key);
    if (at.found != nullptr) {
      see(at.found->element.second);
      if (!replaces) return false;
    }
    step now(*this);
    trie_node* const fresh = now.made(make(version_));
    trie_node* changed = fresh;
    if (at.found != nullptr) {
      now.replaced(at.found);
      if (at.end != at.found) {
        changed = now.copy(trie::inner(at.end));
        *child_of(trie::inner(changed), at.found) = fresh;
      }
    } else if (at.end != nullptr && trie::hash_of(at.end) != hash) {
      changed = now.join(at.end, trie::hash_of(at.end), fresh, hash, at.depth);
    } else if (at.end != nullptr) {
      changed = now.bucket_of(at.end, fresh);
    }
    for (std::size_t level = at.depth; level-- != 0;) {
      const std::uint32_t bit = trie::bit_of(hash, level);
      trie_inner* const old = at.path[level];
      trie_inner* copied = nullptr;
      if ((old->bits & bit) == 0) {
        copied = now.copy_with(old, bit, changed);
      } else {
        copied = now.copy(old);
        copied->children()[copied->place_of(bit)] = changed;
      }
      changed = copied;
    }
    now.commit(changed);
    if (at.found == nullptr) ++size_;
    return at.found == nullptr;
  }

  // Erases the key; before that, its value is shown to see. True if it was there and see did not refuse.
  template <class IsKey, class See>
  bool erase(std::uint64_t hash, IsKey is_key, See&& see) {
    const place at = place_of(hash, is_key);
    if (at.found == nullptr || !see(at.found->element.second)) return false;
    step now(*this);
    trie_node* changed = nullptr;
    if (at.end != at.found) changed = now.bucket_without(trie::inner(at.end), at.found);
    now.replaced(at.found);
    for (std::size_t level = at.depth; level-- != 0;) {
      const std::uint32_t bit = trie::bit_of(hash, level);
      trie_inner* const old = at.path[level];
      const std::size_t others = old->count() - 1;
      trie_node* const other = others == 1 ? old->children()[1 - old->place_of(bit)] : nullptr;
      if (changed == nullptr && other != nullptr && !other->is_branch()) {
        now.replaced(old);
        changed = other;  // an only child that is no branch takes its parent's place
      } else if (others == 0 && (changed == nullptr || !changed->is_branch())) {
        now.replaced(old);
      } else if (changed == nullptr) {
        changed = now.copy_without(old, bit);
      } else {
        trie_inner* const copied = now.copy(old);
        copied->children()[copied->place_of(bit)] = changed;
        changed = copied;
      }
    }
    now.commit(changed);
    --size_;
    return true;
  }

  // O(1) for what is not of this edit.
  void clear() {
    if (root_ == nullptr) return;
    free_what_was_made(root_);
    // Everything that the old version has dies with it, what has been listed before too.
    root_ = nullptr;
    dead_ = nullptr;
    size_ = 0;
    changed_ = old_tree_dies_ = true;
  }

 private:
  // The way to a key: branches, and what is in the place where they end.
  struct place {
    std::array<trie_inner*, trie::levels_max> path;
    std::size_t depth = 0;
    trie_node* end = nullptr;
    leaf* found = nullptr;
  };

  // One change: what it makes is freed unless it is committed.
  class step {
   public:
    explicit step(trie_edit& edit) : edit_(edit) {}
    ~step() {
      for (std::size_t i = 0; i < made_count_; ++i) edit_.gone_.add(made_[i]);
    }
    step(const step&) = delete;
    step& operator=(const step&) = delete;

    trie_node* made(trie_node* node) noexcept { return made_[made_count_++] = node; }
    void replaced(trie_node* node) noexcept { replaced_[replaced_count_++] = node; }
    void commit(trie_node* root) noexcept {
      made_count_ = 0;
      edit_.root_ = root;
      edit_.changed_ = true;
      for (std::size_t i = 0; i < replaced_count_; ++i) edit_.bury(replaced_[i]);
    }

    trie_inner* make(trie_kind kind, std::uint32_t bits) {
      return trie::inner(made(edit_.memory_.make_inner(edit_.version_, kind, bits)));
    }
    trie_inner* copy(trie_inner* old) {
      trie_inner* const copied = make(old->kind, old->bits);
      for (std::size_t i = 0; i < old->count(); ++i) copied->children()[i] = old->children()[i];
      replaced(old);
      return copied;
    }
    trie_inner* copy_with(trie_inner* old, std::uint32_t bit, trie_node* child) {
      trie_inner* const copied = make(old->kind, old->bits | bit);
      const std::size_t place = old->place_of(bit);
      for (std::size_t i = 0; i < place; ++i) copied->children()[i] = old->children()[i];
      copied->children()[place] = child;
      for (std::size_t i = place; i < old->count(); ++i) copied->children()[i + 1] = old->children()[i];
      replaced(old);
      return copied;
    }
    trie_inner* copy_without(trie_inner* old, std::uint32_t bit) {
      trie_inner* const copied = make(old->kind, old->bits & ~bit);
      const std::size_t place = old->place_of(bit);
      for (std::size_t i = 0; i < place; ++i) copied->children()[i] = old->children()[i];
      for (std::size_t i = place + 1; i < old->count(); ++i) copied->children()[i - 1] = old->children()[i];
      replaced(old);
      return copied;
    }
    // A leaf, or a bucket, and one more leaf with the same hash.
    trie_inner* bucket_of(trie_node* there, trie_node* fresh) {
      if (there->is_leaf()) {
        trie_inner* const bucket = make(trie_kind::bucket, 2);
        bucket->children()[0] = there;
        bucket->children()[1] = fresh;
        return bucket;
      }
      trie_inner* const old = trie::inner(there);
      trie_inner* const bucket = make(trie_kind::bucket, old->bits + 1);
      for (std::size_t i = 0; i < old->count(); ++i) bucket->children()[i] = old->children()[i];
      bucket->children()[old->count()] = fresh;
      replaced(old);
      return bucket;
    }
    trie_node* bucket_without(trie_inner* old, const trie_node* gone) {
      replaced(old);
      if (old->count() == 2) return old->children()[old->children()[0] == gone ? 1 : 0];
      trie_inner* const bucket = make(trie_kind::bucket, old->bits - 1);
      std::size_t to = 0;
      for (std::size_t i = 0; i < old->count(); ++i) {
        if (old->children()[i] != gone) bucket->children()[to++] = old->children()[i];
      }
      return bucket;
    }
    // The branches from `level` on that lead to both; their hashes differ.
    trie_node* join(trie_node* a, std::uint64_t hash_a, trie_node* b, std::uint64_t hash_b, std::size_t level) {
      const std::uint32_t bit_a = trie::bit_of(hash_a, level);
      const std::uint32_t bit_b = trie::bit_of(hash_b, level);
      if (bit_a == bit_b) {
        trie_node* const below = join(a, hash_a, b, hash_b, level + 1);
        trie_inner* const branch = make(trie_kind::branch, bit_a);
        branch->children()[0] = below;
        return branch;
      }
      trie_inner* const branch = make(trie_kind::branch, bit_a | bit_b);
      branch->children()[0] = bit_a < bit_b ? a : b;
      branch->children()[1] = bit_a < bit_b ? b : a;
      return branch;
    }

   private:
    // A path, one leaf, one bucket.
    std::array<trie_node*, trie::levels_max + 2> made_{};
    std::array<trie_node*, trie::levels_max + 2> replaced_{};
    std::size_t made_count_ = 0, replaced_count_ = 0;
    trie_edit& edit_;
  };

  template <class IsKey>
  place place_of(std::uint64_t hash, IsKey is_key) const {
    place at;
    at.end = root_;
    while (at.end != nullptr && at.end->is_branch()) {
      trie_inner* const branch = trie::inner(at.end);
      const std::uint32_t bit = trie::bit_of(hash, at.depth);
      at.path[at.depth++] = branch;
      at.end = (branch->bits & bit) != 0 ? branch->children()[branch->place_of(bit)] : nullptr;
    }
    if (at.end != nullptr) at.found = const_cast<leaf*>(trie::find(at.end, hash, is_key));
    return at;
  }
  static trie_node** child_of(trie_inner* node, const trie_node* child) noexcept {
    trie_node** at = node->children();
    while (*at != child) ++at;
    return at;
  }

  void bury(trie_node* node) noexcept {
    if (node->born == version_) {
      gone_.add(node);
    } else if (!old_tree_dies_) {
      node->next_dead = dead_;
      dead_ = node;
    }
  }
  // Older nodes have no younger children.
  void free_what_was_made(trie_node* node) noexcept {
    if (node == nullptr || node->born != version_) return;
    if (!node->is_leaf()) {
      for (std::size_t i = 0; i < trie::inner(node)->count(); ++i) free_what_was_made(trie::inner(node)->children()[i]);
    }
    gone_.add(node);
  }

  const memory& memory_;
  dead_nodes<Key, T, Allocator>& gone_;
  const std::uint64_t version_;
  trie_node* root_;
  std::size_t size_;
  trie_node* dead_ = nullptr;
  bool changed_ = false;
  bool old_tree_dies_ = false;
};

}  // namespace gauntlet::detail
