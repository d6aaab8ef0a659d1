// A sync_map whose insert, once it has the lock, looks only into the dirty part: a key that has been promoted meanwhile
// gets a second entry, and a delete of the one brings back the other.
//
// Two threads, three operations, one preemption:
//   before: insert 1     into the dirty part
//   A: insert 1          not in the read part, which is amended; preempted before it has the lock
//   B: find 1            a miss, and promotion
//   A                    finds no dirty part, begins one and adds the key that is there: true
// Nothing for ThreadSanitizer to see: what is read is read under the lock.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class store_misses_promotion : public right_sync_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_sync_map<Key, T, Hash, KeyEqual, Allocator>;
  using typename right::entry;
  using typename right::inside;
  using typename right::locked;
  using typename right::reading;

 public:
  using right::right;

  bool insert(Key key, T value) {
    const std::uint64_t hash = this->hash_of(key);
    {
      const reading guard;
      if (this->find_in(right::table_of(this->load_read()), hash, key) != nullptr) {
        return right::insert(std::move(key), std::move(value));
      }
    }
    typename right::taken_out gone(*this);
    auto fresh = this->fresh_from([&] { return this->make_box(std::move(value)); });
    const inside here(this, "insert");
    const locked guard(this->lock_);
    if (this->dirty_ != nullptr && this->dirty_->full()) this->promote_locked(gone);
    entry* const found = this->find_in(this->dirty_, hash, key);
    if (found == nullptr) {
      this->add_locked(std::move(key), hash, fresh);
      return true;
    }
    auto see = [](const T&) {};
    return this->put_into(*found, fresh, false, see) == right::put::inserted;
  }
};

GAUNTLET_SCHEDULED_DEFECT(store_misses_promotion, "sync_map", "a key has one entry");

}  // namespace gauntlet::broken
