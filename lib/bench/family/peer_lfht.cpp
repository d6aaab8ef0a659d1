// liburcu's lock-free hash table (cds_lfht), which grows by itself, under the library's usual flavour of RCU (memb).
//
// The table links nodes and leaves everything else to its user. So here a store makes a node, and nodes that were
// replaced or erased are freed by the library's own thread (call_rcu) after a grace period.
#define _LGPL_SOURCE  // the forms that are inlined: what the library is fastest with
#define URCU_API_MAP
#include <urcu/urcu-memb.h>

#include <urcu/rculfhash.h>

#include <bit>
#include <cstdlib>
#include <new>

#include "contestant.h"

namespace gauntlet::bench::family {
namespace {

struct element {
  cds_lfht_node link;
  rcu_head waiting;
  std::uint64_t key;
  std::uint64_t value;
};

element* element_of(cds_lfht_node* link) { return reinterpret_cast<element*>(link); }
static_assert(offsetof(element, link) == 0);

int has_key(cds_lfht_node* link, const void* key) {
  return element_of(link)->key == *static_cast<const std::uint64_t*>(key);
}

void free_later(cds_lfht_node* link) {
  call_rcu(&element_of(link)->waiting, [](rcu_head* waiting) {
    char* const begin = reinterpret_cast<char*>(waiting) - offsetof(element, waiting);
    delete reinterpret_cast<element*>(begin);
  });
}

class lfht {
 public:
  // It grows and shrinks by itself, but lets chains become eight links long before it does: half a million elements may
  // stand on 65,536 buckets. So it begins with one bucket for each element that is expected.
  explicit lfht(expected size)
      : table_(cds_lfht_new(std::bit_ceil(size.elements), 64, 0, CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING, nullptr)) {
    if (table_ == nullptr) throw std::bad_alloc();
  }
  ~lfht() {
    cds_lfht_iter at;
    rcu_read_lock();
    for (cds_lfht_first(table_, &at); cds_lfht_iter_get_node(&at) != nullptr; cds_lfht_next(table_, &at)) {
      cds_lfht_node* const link = cds_lfht_iter_get_node(&at);
      if (cds_lfht_del(table_, link) == 0) free_later(link);
    }
    rcu_read_unlock();
    rcu_barrier();
    if (cds_lfht_destroy(table_, nullptr) != 0) std::abort();  // not empty: another thread is still there
  }
  lfht(const lfht&) = delete;
  lfht& operator=(const lfht&) = delete;

  std::optional<std::uint64_t> find(std::uint64_t key) {
    cds_lfht_iter at;
    rcu_read_lock();
    cds_lfht_lookup(table_, hash_of(key), has_key, &key, &at);
    cds_lfht_node* const link = cds_lfht_iter_get_node(&at);
    const auto value = link == nullptr ? std::nullopt : std::optional(element_of(link)->value);
    rcu_read_unlock();
    return value;
  }
  void insert_or_assign(std::uint64_t key, std::uint64_t value) {
    auto* const fresh = new element{{}, {}, key, value};
    cds_lfht_node_init(&fresh->link);
    rcu_read_lock();
    cds_lfht_node* const old = cds_lfht_add_replace(table_, hash_of(key), has_key, &key, &fresh->link);
    rcu_read_unlock();
    if (old != nullptr) free_later(old);
  }
  void erase(std::uint64_t key) {
    cds_lfht_iter at;
    rcu_read_lock();
    cds_lfht_lookup(table_, hash_of(key), has_key, &key, &at);
    cds_lfht_node* const link = cds_lfht_iter_get_node(&at);
    const bool is_ours = link != nullptr && cds_lfht_del(table_, link) == 0;
    rcu_read_unlock();
    if (is_ours) free_later(link);
  }
  static void settle() { rcu_barrier(); }

 private:
  // The keys of this benchmark are scrambled numbers, so they are good hashes themselves.
  static unsigned long hash_of(std::uint64_t key) { return key; }

  cds_lfht* table_;
};

}  // namespace

contestant lfht_peer() {
  return make_contestant<lfht>("lfht", true, [] { rcu_register_thread(); }, [] { rcu_unregister_thread(); });
}

}  // namespace gauntlet::bench::family
