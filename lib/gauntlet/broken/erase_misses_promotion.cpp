// A sync_map whose erase, once it has the lock, looks only into the dirty part: it does not look again at the read part.
//
// Two threads, three operations, one preemption:
//   before: insert 1     into the dirty part
//   A: erase 1           not in the read part, which is amended; preempted before it has the lock
//   B: find 1            a miss, and promotion: the dirty part is the read part now
//   A                    finds no dirty part: false, though the key has been there all the time
// Nothing for ThreadSanitizer to see: what is read is read under the lock.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class erase_misses_promotion : public right_sync_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_sync_map<Key, T, Hash, KeyEqual, Allocator>;
  using typename right::entry;
  using typename right::inside;
  using typename right::locked;
  using typename right::reading;

 public:
  using right::right;

  bool erase(const Key& key) {
    typename right::taken_out gone(*this);
    const inside here(this, "erase");
    const std::uint64_t hash = this->hash_of(key);
    {
      const reading guard;
      const auto read = this->load_read();
      entry* const found = this->find_in(right::table_of(read), hash, key);
      if (found != nullptr || !right::is_amended(read)) return found != nullptr && erased_from(*found);
    }
    const locked guard(this->lock_);
    entry* const found = this->find_in(this->dirty_, hash, key);
    const bool erased = found != nullptr && erased_from(*found);
    if (this->dirty_ != nullptr) this->note_miss_locked(gone);
    return erased;
  }

 private:
  bool erased_from(entry& e) {
    const auto had = this->delete_in(e, [](const T&) { return true; });
    if (had) this->retire(entry::box_of(*had));
    return had.has_value();
  }
};

GAUNTLET_SCHEDULED_DEFECT(erase_misses_promotion, "sync_map", "an operation looks at the part that is the map");

}  // namespace gauntlet::broken
