// A walk over a concurrent map that can be left and gone on with: some elements at a time, a lock never held for longer.
//
// `walkable<Map>` is Map with one more operation, walk_some. The place of a walk between two calls is a *position*; it
// holds no lock and no memory of the map, and the map may change in any way meanwhile. How that is done depends on what
// the map is made of:
//   shared_mutex_map   a cursor of the hash_map inside (promises (1) to (5) of hash_map.h)
//   sharded_map        the same, lock after lock
//   any other          its keys are gathered by for_each at the first call, and visited some at a time: that call costs
//                      O(n) and memory for all keys that are wanted
//
// Promises of a walk by one position, which one thread at a time uses:
//  (1) an element that is there from the first call to the end is visited exactly once; none is visited twice as long as
//      it is not erased and inserted again. A call that throws may have elements visited again;
//  (2) a visit is a read of the key that was there at some moment since the first call: it may have been erased since.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>

namespace gauntlet::detail {

// The walk over one hash_map whose lock the caller holds at each call.
template <class HashMap>
class cursor_position {
 public:
  // Visits up to `count` elements and takes them off it; true: the end has been reached.
  template <class Visitor>
  bool visit_some_locked(const HashMap& map, std::size_t& count, Visitor& visitor) {
    if (!begun_) {
      cursor_ = map.walk();
      begun_ = true;
    } else if (visited_) {
      cursor_.next();
      visited_ = false;
    }
    while (cursor_) {
      if (count == 0) return false;
      try {
        visitor(std::as_const(cursor_->first));
      } catch (...) {
        begun_ = false;  // the element has not been visited, and may be erased before the next call
        throw;
      }
      --count;
      visited_ = true;
      // The next element is looked for when it is wanted: this one may be erased before.
      if (count == 0) return false;
      cursor_.next();
      visited_ = false;
    }
    return true;
  }

 private:
  typename HashMap::const_cursor cursor_;
  bool begun_ = false;
  bool visited_ = false;  // what the cursor stands on
};

template <class Map>
class walkable : public Map {
 public:
  using Map::Map;
  using key_type = typename Map::key_type;

  class position {
    friend walkable;
    std::vector<key_type> keys_;
    std::size_t at_ = 0;
    bool begun_ = false;
  };

  // Calls visitor(const Key&) for at most `count` elements for which wanted(const Key&) holds; true: that was all. The
  // visitor must not use the map.
  template <class Wanted, class Visitor>
  bool walk_some(position& at, std::size_t count, Wanted wanted, Visitor visitor) const {
    if (!at.begun_) {
      std::vector<key_type> keys;
      this->for_each([&](const key_type& key, const auto&) {
        if (wanted(key)) keys.push_back(key);
      });
      at.keys_.swap(keys);
      at.begun_ = true;
    }
    for (; at.at_ < at.keys_.size() && count != 0; --count, ++at.at_) visitor(at.keys_[at.at_]);
    return at.at_ == at.keys_.size();
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
class walkable<shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, Policy>>
    : public shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, Policy> {
  using base = shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, Policy>;

 public:
  using base::base;
  using position = cursor_position<typename base::map_type>;

  // As above; counts the elements that are not wanted, too, and the visitor runs under the lock.
  template <class Wanted, class Visitor>
  bool walk_some(position& at, std::size_t count, Wanted wanted, Visitor visitor) const {
    const auto visit = [&](const Key& key) {
      if (wanted(key)) visitor(key);
    };
    const typename base::reading guard(this->lock_);
    return at.visit_some_locked(this->map_, count, visit);
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
class walkable<sharded_map<Key, T, Hash, KeyEqual, Allocator, Policy>>
    : public sharded_map<Key, T, Hash, KeyEqual, Allocator, Policy> {
  using base = sharded_map<Key, T, Hash, KeyEqual, Allocator, Policy>;

 public:
  using base::base;

  class position {
    friend walkable;
    std::size_t shard_ = 0;
    cursor_position<typename base::map_type> within_;
  };

  // As above; counts the elements that are not wanted, too, and the visitor runs under the lock of a shard.
  template <class Wanted, class Visitor>
  bool walk_some(position& at, std::size_t count, Wanted wanted, Visitor visitor) const {
    const auto visit = [&](const Key& key) {
      if (wanted(key)) visitor(key);
    };
    while (at.shard_ != base::shard_count) {
      const typename base::shard& each = this->shards_[at.shard_];
      {
        const typename base::locked guard(each.lock);
        if (!at.within_.visit_some_locked(each.map, count, visit)) return false;
      }
      ++at.shard_;
      at.within_ = {};
    }
    return true;
  }
};

}  // namespace gauntlet::detail
