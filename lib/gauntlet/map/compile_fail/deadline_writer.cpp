// expect(NO_ABANDONING): a write to this map can't be abandoned while it waits
//
// What deadline_writer refuses: a map whose writes wait until they are let in.
#include <mutex>
#include <optional>
#include <utility>

#include <gauntlet/map/deadline_writer.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>

struct map_behind_a_mutex {
  using key_type = int;
  using mapped_type = int;
  bool insert_or_assign(int key, int value) {
    const std::lock_guard guard(lock);
    return map.insert_or_assign(key, value).second;
  }
  std::mutex lock;
  gauntlet::hash_map<int, int> map;
};

int main() {
  gauntlet::shared_mutex_map<int, int> shared;
  gauntlet::sharded_map<int, int> sharded;
  gauntlet::rcu_map<int, int> rcu;
  gauntlet::deadline_writer one(shared);
  gauntlet::deadline_writer two(sharded);
  gauntlet::deadline_writer three(rcu);
#ifdef NO_ABANDONING
  map_behind_a_mutex plain;
  gauntlet::deadline_writer wrong(plain);
#endif
}
