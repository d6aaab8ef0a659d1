// libcuckoo::cuckoohash_map: cuckoo hashing with buckets of four under striped spin locks.
#include <libcuckoo/cuckoohash_map.hh>

#include "contestant.h"

namespace gauntlet::bench::family {
namespace {

class cuckoo_map {
 public:
  std::optional<std::uint64_t> find(std::uint64_t key) {
    std::uint64_t value = 0;
    return map_.find(key, value) ? std::optional(value) : std::nullopt;
  }
  void insert_or_assign(std::uint64_t key, std::uint64_t value) { map_.insert_or_assign(key, value); }
  void erase(std::uint64_t key) { map_.erase(key); }
  void shrink() { map_.rehash(0); }

 private:
  // By default it begins with room for 262,144 elements, which would be wrong for 10,000; like the others it grows.
  libcuckoo::cuckoohash_map<std::uint64_t, std::uint64_t> map_{1024};
};

}  // namespace

contestant libcuckoo_peer() { return make_contestant<cuckoo_map>("libcuckoo", true); }

}  // namespace gauntlet::bench::family
