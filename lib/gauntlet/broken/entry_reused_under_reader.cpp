// An rcu_map that keeps erased entries for its next insertions: memory that goes round without a grace period.
//
// Two threads, four operations, one preemption:
//   A: insert 1
//   B: find 1      stands on the entry; preempted
//   A: erase 1     keeps the entry aside
//   A: insert 2    writes key and value into it and links it somewhere else
//   B              reads another element's value as that of 1, or goes on from there and misses what it looks for
// No memory is freed: a sanitizer of addresses has nothing to see.
#include <mutex>
#include <vector>

#include <gauntlet/adapters/rcu_map.h>
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class entry_reused_under_reader : public rcu_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_rcu_map_policy> {
  using right = rcu_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_rcu_map_policy>;
  using entry = typename right::entry;

 public:
  using right::right;
  ~entry_reused_under_reader() {
    for (entry* spare : spare_) this->deallocate_entry(spare);
  }

  bool erase(const Key& key) {
    const std::lock_guard one_writer(writing_);
    const std::uint64_t hash = this->hash_of(key);
    auto& home = this->shard_of(hash);
    const typename right::locked guard(home.lock);
    const auto at = this->place_locked(home, key, hash);
    if (!at) return false;
    spare_.reserve(spare_.size() + 1);
    spare_.push_back(this->unlink_locked(home, at));
    return true;
  }

  bool insert(const Key& key, const T& value) {
    const std::lock_guard one_writer(writing_);
    const std::uint64_t hash = this->hash_of(key);
    const bool has_table = this->table_of(this->number_of(hash)) != right::table_type::none;
    if (spare_.empty() || !has_table) return right::insert(key, value);
    auto& home = this->shard_of(hash);
    const typename right::locked guard(home.lock);
    if (this->place_locked(home, key, hash)) return false;
    entry* const again = spare_.back();
    spare_.pop_back();
    ::new (static_cast<void*>(&again->element)) typename right::value_type(key, value);
    again->hash_in_table = hash;
    using table = typename right::table_type;
    table::put(table::room_for(this->allocator_, this->table_locked(home), hash), again, hash);
    ++home.size;
    return true;
  }

 private:
  std::mutex writing_;
  std::vector<entry*> spare_;  // guarded by writing_
};

GAUNTLET_SCHEDULED_DEFECT(entry_reused_under_reader, "rcu_map", "what a reader has met stays as it is while it reads");

}  // namespace gauntlet::broken
