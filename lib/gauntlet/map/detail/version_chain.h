// The versions of one snapshot_map, and when their nodes are freed.
//
// Words. The *newest* version is the map. A version is *superseded* when a newer one has been published, *held* while a
// snapshot handle counts on it, and *living* until it is released. A node *dies* in the version that first lacks it.
//
// The idea (that of ZFS's dead lists). A node is needed as long as a version lives that is at least as new as its birth
// and older than its death. So a node that dies is put into the list of the newest living version that has it, which is
// the one before. When a version is released, each node of its list goes to the list of the next older living version,
// if it was born by then, and is freed otherwise. Nobody counts references to nodes, an update touches only what it
// copies, and holding a version costs one counter.
//
// A superseded version is released when nobody holds it and every reader who may have found it before it was superseded
// is gone (epoch_domain.h): after that, nobody can begin to hold it. Whoever updates looks for versions to release now and
// then (Policy::versions_kept), and so does who lets go of a held one that is superseded, if nobody has the lock: neither
// another thread nor this one, in a function that it has handed to an update. Who has the lock has a *turn*. Nodes are
// freed when the turn is over: destructors of their elements may use the map.
//
// The chain belongs to the map and to its snapshots together: the last of them destroys it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/hash_trie.h>
#include <gauntlet/map/detail/hash_trie_edit.h>
#include <gauntlet/map/detail/mutex.h>

namespace gauntlet::detail {

struct map_version {
  map_version(std::uint64_t n, trie_node* r, std::size_t s) : number(n), root(r), size(s) {}

  const std::uint64_t number;
  trie_node* const root;
  const std::size_t size;
  std::atomic<std::size_t> holds{0};
  std::atomic<bool> superseded{false};  // [superseded] pairs with nothing: a hint that there is something to release

  // Guarded by the lock of the chain.
  map_version* older = nullptr;
  map_version* newer = nullptr;
  trie_node* dead = nullptr;
  bool tree_dies = false;           // every node of the tree dies in the next version
  std::uint64_t superseded_at = 0;  // by the clock of epochs; 0: not asked yet
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
class version_chain {
 public:
  using trie = hash_trie<Key, T>;
  using edit = trie_edit<Key, T, Allocator>;
  using memory = trie_memory<Key, T, Allocator>;
  using epochs = typename Policy::epochs;
  using lock_type = typename Policy::lock_type;

  // Made with one owner.
  static version_chain* make(const Hash& hash, const KeyEqual& equal, const Allocator& allocator) {
    chain_allocator from(allocator);
    version_chain* const at = std::allocator_traits<chain_allocator>::allocate(from, 1);
    try {
      return ::new (static_cast<void*>(at)) version_chain(hash, equal, allocator);
    } catch (...) {
      std::allocator_traits<chain_allocator>::deallocate(from, at, 1);
      throw;
    }
  }
  version_chain(const version_chain&) = delete;
  version_chain& operator=(const version_chain&) = delete;

  const Hash hash;
  const KeyEqual equal;
  const std::uint64_t seed;
  const memory nodes;
  lock_type lock;  // of whoever has the turn

  using dead_nodes = detail::dead_nodes<Key, T, Allocator>;

  // Has the lock from here to the end of the block, and leaves word of it.
  class GAUNTLET_SCOPED_CAPABILITY turn {
   public:
    explicit turn(version_chain& chain) GAUNTLET_ACQUIRE(chain.lock) : chain_(chain) {
      chain.lock.lock();
      chain.begin_turn();
    }
    ~turn() GAUNTLET_RELEASE() {
      chain_.end_turn();
      chain_.lock.unlock();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

   private:
    version_chain& chain_;
  };

  // The newest version. Under a guard of epochs it stays until the guard ends; under the lock it stays the newest.
  const map_version* newest() const noexcept {
    // [newest] pairs with [publish]: the version and its tree. Sequentially consistent: a reader sees what was published
    // before it began, and a version is superseded for every reader that begins later.
    return newest_.load(std::memory_order_seq_cst);
  }

  void publish_locked(edit& from, dead_nodes& gone) GAUNTLET_REQUIRES(lock) {
    map_version* const before = newest_.load(std::memory_order_relaxed);
    map_version* const next = make_version(before->number + 1, from.root(), from.size());
    next->older = before;
    before->newer = next;
    before->tree_dies = from.old_tree_dies();
    before->dead = from.take_dead();
    newest_.store(next, std::memory_order_seq_cst);  // [publish] pairs with [newest]
    before->superseded.store(true, std::memory_order_relaxed);
    if (++superseded_ >= look_at_) release_locked(gone);
  }

  // ---- owners and holders

  // A version that stays until it is let go. The caller is an owner of the chain.
  const map_version* hold_newest() {
    const typename epochs::guard guard;
    const map_version* const found = newest();
    hold(found);
    return found;
  }
  // Requires that somebody holds it.
  void hold(const map_version* version) noexcept {
    // Seen by who releases: through the guard's end, or through letting go, which comes later.
    const_cast<map_version*>(version)->holds.fetch_add(1, std::memory_order_relaxed);
    owners_.fetch_add(1, std::memory_order_relaxed);
  }
  void let_go(const map_version* held) noexcept {
    auto* const version = const_cast<map_version*>(held);
    const bool to_release = version->superseded.load(std::memory_order_relaxed);
    // [let go] pairs with [holds]: nothing is read in the version any more.
    const bool was_last = version->holds.fetch_sub(1, std::memory_order_acq_rel) == 1;
    if (was_last && to_release && !is_turn_of_this_thread() && lock.try_lock()) {
      dead_nodes gone(nodes);
      begin_turn();
      release_locked(gone);
      end_turn();
      lock.unlock();
    }
    disown();
  }
  // The map is going: what nobody holds is freed.
  void end_of_map() noexcept {
    {
      dead_nodes gone(nodes);
      const turn guard(*this);
      map_version* const last = newest_.load(std::memory_order_relaxed);
      last->tree_dies = true;
      last->superseded.store(true, std::memory_order_relaxed);
      map_is_gone_ = true;
      release_locked(gone);
    }
    disown();
  }

  struct counts {
    std::size_t living = 0;  // versions
    std::size_t held = 0;
  };
  counts count_locked() const GAUNTLET_REQUIRES(lock) {
    counts all;
    for (const map_version* each = oldest_; each != nullptr; each = each->newer) {
      ++all.living;
      if (each->holds.load(std::memory_order_relaxed) != 0) ++all.held;
    }
    return all;
  }

  // Releases every version that nobody needs any more; `gone` gets the nodes that only they had.
  void release_locked(dead_nodes& gone) GAUNTLET_REQUIRES(lock) {
    const map_version* const kept = map_is_gone_ ? nullptr : newest_.load(std::memory_order_relaxed);
    const std::uint64_t time = epochs::advance();
    const std::uint64_t oldest_reader = epochs::oldest_reader();
    std::size_t left = 0;
    for (map_version* each = oldest_; each != kept;) {
      map_version* const next = each->newer;
      if (each->superseded_at == 0) each->superseded_at = time;
      // [holds] pairs with [let go].
      if (each->superseded_at < oldest_reader && each->holds.load(std::memory_order_acquire) == 0) {
        release(each, gone);
      } else {
        ++left;
      }
      each = next;
    }
    superseded_ = left;
    look_at_ = 2 * left + Policy::versions_kept;
  }

 private:
  using chain_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<version_chain>;
  using version_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<map_version>;

  version_chain(const Hash& with_hash, const KeyEqual& with_equal, const Allocator& allocator)
      : hash(with_hash), equal(with_equal), seed(Policy::seed()), nodes(allocator) {
    oldest_ = make_version(1, nullptr, 0);
    newest_.store(oldest_, std::memory_order_relaxed);
  }
  ~version_chain() GAUNTLET_UNCHECKED_LOCKING {  // nobody else is here
    dead_nodes gone(nodes);
    while (oldest_ != nullptr) release(oldest_, gone);
  }

  // [turn] pairs with nothing: a thread finds its own mark there only if it has put it there itself.
  void begin_turn() noexcept { whose_turn_.store(&mark_of_this_thread, std::memory_order_relaxed); }
  void end_turn() noexcept { whose_turn_.store(nullptr, std::memory_order_relaxed); }
  bool is_turn_of_this_thread() const noexcept {
    return whose_turn_.load(std::memory_order_relaxed) == &mark_of_this_thread;
  }

  void disown() noexcept {
    // [disown] pairs with itself: the last owner sees what all others did.
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    chain_allocator from(nodes.allocator());
    this->~version_chain();
    std::allocator_traits<chain_allocator>::deallocate(from, this, 1);
  }

  map_version* make_version(std::uint64_t number, trie_node* root, std::size_t size) const {
    version_allocator from(nodes.allocator());
    return ::new (static_cast<void*>(std::allocator_traits<version_allocator>::allocate(from, 1)))
        map_version(number, root, size);
  }

  void release(map_version* version,
               dead_nodes& gone) noexcept GAUNTLET_UNCHECKED_LOCKING {  // the caller holds it, or nobody else is here
    while (version->dead != nullptr) {
      trie_node* const node = version->dead;
      version->dead = node->next_dead;
      bequeath(version, node, gone);
    }
    if (version->tree_dies) bequeath_tree(version, version->root, gone);
    (version->older != nullptr ? version->older->newer : oldest_) = version->newer;
    if (version->newer != nullptr) version->newer->older = version->older;
    version_allocator from(nodes.allocator());
    version->~map_version();
    std::allocator_traits<version_allocator>::deallocate(from, version, 1);
  }
  void bequeath(map_version* version, trie_node* node, dead_nodes& gone) noexcept {
    map_version* const heir = version->older;
    if (heir == nullptr || heir->number < node->born) {
      gone.add(node);
    } else {
      node->next_dead = heir->dead;
      heir->dead = node;
    }
  }
  void bequeath_tree(map_version* version, trie_node* node, dead_nodes& gone) noexcept {
    if (node == nullptr) return;
    if (!node->is_leaf()) {
      const trie_inner* const inner = trie::inner(node);
      for (std::size_t i = 0; i < inner->count(); ++i) bequeath_tree(version, inner->children()[i], gone);
    }
    bequeath(version, node, gone);
  }

  inline static thread_local constinit char mark_of_this_thread = 0;  // its address tells threads apart

  std::atomic<map_version*> newest_{nullptr};
  std::atomic<const char*> whose_turn_{nullptr};
  std::atomic<std::size_t> owners_{1};  // the map and every snapshot
  map_version* oldest_ GAUNTLET_GUARDED_BY(lock) = nullptr;
  std::size_t superseded_ GAUNTLET_GUARDED_BY(lock) = 0;                   // about how many
  std::size_t look_at_ GAUNTLET_GUARDED_BY(lock) = Policy::versions_kept;  // so many superseded ones: release
  bool map_is_gone_ GAUNTLET_GUARDED_BY(lock) = false;
};

}  // namespace gauntlet::detail
