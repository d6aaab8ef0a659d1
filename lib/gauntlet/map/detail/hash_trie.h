// A hash trie whose nodes never change once they are published: how it is laid out, searched, walked and compared.
//
// A *leaf* is one element and its hash. A *branch* stands for five bits of the hash and has a child for each value of
// them that occurs: which ones, a bitmap says (Bagwell's hash array mapped trie). A *bucket* holds two or more leaves
// whose whole hashes are equal. The form is canonical: no branch has a leaf or a bucket as its only child, so equal
// contents with equal hashes have equal shapes. A tree that changes is another tree, which shares all nodes off the path
// to what changed (hash_trie_edit.h).
//
// Each node knows in which version it was *born*. When a newer version lacks it, it is linked into a list of the dead
// (version_chain.h); that link is the one thing written later, and no reader looks at it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <new>
#include <tuple>
#include <utility>

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/memory.h>

namespace gauntlet::detail {

enum class trie_kind : unsigned char { leaf, branch, bucket };

struct trie_node {
  std::uint64_t born;              // number of the version
  trie_node* next_dead = nullptr;  // guarded by the lock of the versions
  std::uint32_t bits;              // branch: the children there are; bucket: how many
  trie_kind kind;

  bool is_leaf() const noexcept { return kind == trie_kind::leaf; }
  bool is_branch() const noexcept { return kind == trie_kind::branch; }
};

template <class Key, class T>
struct trie_leaf : trie_node {
  std::uint64_t hash;
  std::pair<const Key, T> element;

  template <class... Arguments>
  trie_leaf(std::uint64_t birth, std::uint64_t of, Key&& key, Arguments&&... arguments)
      : trie_node{birth, nullptr, 0, trie_kind::leaf},
        hash(of),
        element(std::piecewise_construct, std::forward_as_tuple(std::move(key)),
                std::forward_as_tuple(std::forward<Arguments>(arguments)...)) {}
};

// A branch or a bucket, its children behind it.
struct trie_inner : trie_node {
  std::size_t count() const noexcept {
    return kind == trie_kind::bucket ? bits : static_cast<std::size_t>(std::popcount(bits));
  }
  trie_node** children() noexcept { return reinterpret_cast<trie_node**>(this + 1); }
  trie_node* const* children() const noexcept { return reinterpret_cast<trie_node* const*>(this + 1); }
  // Branches: where the child for this bit is, or would be.
  std::size_t place_of(std::uint32_t bit) const noexcept {
    return static_cast<std::size_t>(std::popcount(bits & (bit - 1)));
  }
  // Branches that have it: the child for this step, which is the number of its bit. Near the root most branches have all
  // children. Counting bits takes a dozen instructions on a plain x86-64, and the next load would wait for them; a branch
  // that is foreseen lets it begin at once.
  GAUNTLET_ALWAYS_INLINE const trie_node* child_at(std::uint32_t step) const noexcept {
    constexpr std::uint32_t all = ~std::uint32_t{0};
    return children()[bits == all ? step : place_of(std::uint32_t{1} << step)];
  }
};

template <class Key, class T>
struct hash_trie {
  using leaf = trie_leaf<Key, T>;
  static constexpr unsigned bits_per_level = 5;
  static constexpr std::size_t levels_max = (64 + bits_per_level - 1) / bits_per_level;

  static std::uint32_t bit_of(std::uint64_t hash, std::size_t level) noexcept {
    return std::uint32_t{1} << (hash >> (bits_per_level * level) & 31U);
  }
  static const trie_inner* inner(const trie_node* node) noexcept { return static_cast<const trie_inner*>(node); }
  static trie_inner* inner(trie_node* node) noexcept { return static_cast<trie_inner*>(node); }
  static const leaf* as_leaf(const trie_node* node) noexcept { return static_cast<const leaf*>(node); }
  // Of a leaf, or of all leaves of a bucket.
  static std::uint64_t hash_of(const trie_node* node) noexcept {
    return as_leaf(node->is_leaf() ? node : inner(node)->children()[0])->hash;
  }

  // The leaf with this hash for whose key is_key(key) holds, or null.
  template <class IsKey>
  GAUNTLET_ALWAYS_INLINE static const leaf* find(const trie_node* at, std::uint64_t hash, IsKey is_key) {
    for (std::uint64_t rest = hash; at != nullptr; rest >>= bits_per_level) {
      if (at->is_branch()) {
        const auto step = static_cast<std::uint32_t>(rest & 31U);
        if ((at->bits >> step & 1U) == 0) return nullptr;
        at = inner(at)->child_at(step);
      } else if (at->is_leaf()) {
        return as_leaf(at)->hash == hash && is_key(as_leaf(at)->element.first) ? as_leaf(at) : nullptr;
      } else {
        return find_in_bucket(inner(at), hash, is_key);
      }
    }
    return nullptr;
  }
  template <class IsKey>
  static const leaf* find_in_bucket(const trie_inner* bucket, std::uint64_t hash, IsKey is_key) {
    if (hash_of(bucket) != hash) return nullptr;
    for (std::size_t i = 0; i < bucket->count(); ++i) {
      const leaf* const each = as_leaf(bucket->children()[i]);
      if (is_key(each->element.first)) return each;
    }
    return nullptr;
  }

  // Leaves in the order of their hashes' bits. Valid as long as the tree is.
  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::pair<const Key, T>;
    using difference_type = std::ptrdiff_t;
    using reference = const value_type&;
    using pointer = const value_type*;

    iterator() = default;
    explicit iterator(const trie_node* root) { descend(root); }
    reference operator*() const { return at_->element; }
    pointer operator->() const { return &at_->element; }
    iterator& operator++() {
      at_ = nullptr;
      while (depth_ != 0 && at_ == nullptr) {
        auto& [node, next] = above_[depth_ - 1];
        if (next == node->count()) {
          --depth_;
        } else {
          descend(node->children()[next++]);
        }
      }
      return *this;
    }
    iterator operator++(int) {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) { return a.at_ == b.at_; }
    const leaf* where() const { return at_; }

   private:
    void descend(const trie_node* node) {
      while (node != nullptr && !node->is_leaf()) {
        above_[depth_++] = {inner(node), 1};
        node = inner(node)->children()[0];
      }
      at_ = as_leaf(node);
    }
    struct visit {
      const trie_inner* node;
      std::size_t next;
    };
    std::array<visit, levels_max + 1> above_{};
    std::size_t depth_ = 0;
    const leaf* at_ = nullptr;
  };

  // Calls each(const leaf* of_a, const leaf* of_b) for every key whose leaves differ, null where it is absent. Subtrees
  // that a and b share are not entered: O(what differs, times the height).
  template <class KeyEqual, class Each>
  static void difference(const trie_node* a, const trie_node* b, std::size_t level, const KeyEqual& equal, Each& each) {
    if (a == b) return;
    if ((a != nullptr && a->is_branch()) || (b != nullptr && b->is_branch())) {
      for (std::uint32_t left = bits_of(a, level) | bits_of(b, level); left != 0; left &= left - 1) {
        const std::uint32_t bit = left & (~left + 1);
        difference(child(a, bit, level), child(b, bit, level), level + 1, equal, each);
      }
    } else {
      for (iterator at(a); at != iterator(); ++at) {
        const leaf* const same = find(b, at.where()->hash, [&](const Key& key) { return equal(key, at->first); });
        if (same != at.where()) each(at.where(), same);
      }
      for (iterator at(b); at != iterator(); ++at) {
        const leaf* const same = find(a, at.where()->hash, [&](const Key& key) { return equal(key, at->first); });
        if (same == nullptr) each(nullptr, at.where());
      }
    }
  }

 private:
  // Leaves and buckets belong below one bit of a branch that they might have been under.
  static std::uint32_t bits_of(const trie_node* node, std::size_t level) noexcept {
    if (node == nullptr) return 0;
    return node->is_branch() ? node->bits : bit_of(hash_of(node), level);
  }
  static const trie_node* child(const trie_node* node, std::uint32_t bit, std::size_t level) noexcept {
    if ((bits_of(node, level) & bit) == 0) return nullptr;
    return node->is_branch() ? inner(node)->children()[inner(node)->place_of(bit)] : node;
  }
};

// Makes and frees nodes. A node does not own its children.
template <class Key, class T, class Allocator>
class trie_memory {
  using leaf = trie_leaf<Key, T>;
  using leaf_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<leaf>;
  using leaf_traits = std::allocator_traits<leaf_allocator>;
  using bytes = block_memory<Allocator, alignof(trie_inner)>;
  static_assert(sizeof(trie_inner) % alignof(trie_node*) == 0);

 public:
  explicit trie_memory(const Allocator& allocator) : allocator_(allocator) {}

  const Allocator& allocator() const noexcept { return allocator_; }

  template <class... Arguments>
  leaf* make_leaf(std::uint64_t born, std::uint64_t hash, Key&& key, Arguments&&... arguments) const {
    leaf_allocator from(allocator_);
    leaf* const at = leaf_traits::allocate(from, 1);
    try {
      return ::new (static_cast<void*>(at)) leaf(born, hash, std::move(key), std::forward<Arguments>(arguments)...);
    } catch (...) {
      leaf_traits::deallocate(from, at, 1);
      throw;
    }
  }
  // Its children are the caller's to set.
  trie_inner* make_inner(std::uint64_t born, trie_kind kind, std::uint32_t bits) const {
    const trie_inner like{{born, nullptr, bits, kind}};
    return ::new (bytes::take(allocator_, size_of(like))) trie_inner(like);
  }
  void free(trie_node* node) const noexcept {
    if (node->is_leaf()) {
      leaf_allocator from(allocator_);
      leaf* const old = static_cast<leaf*>(node);
      old->~leaf();
      leaf_traits::deallocate(from, old, 1);
    } else {
      auto* const old = static_cast<trie_inner*>(node);
      bytes::give(allocator_, old, size_of(*old));
    }
  }

 private:
  static std::size_t size_of(const trie_inner& node) noexcept {
    return sizeof(trie_inner) + node.count() * sizeof(trie_node*);
  }

  [[no_unique_address]] Allocator allocator_;
};

}  // namespace gauntlet::detail
