// tbb::concurrent_hash_map: chained buckets, each behind a reader-writer spin lock, and one such lock in every element.
#include <tbb/concurrent_hash_map.h>

#include "contestant.h"

namespace gauntlet::bench::family {
namespace {

class tbb_map {
  // With the standard's allocator, so that malloc's figures show its memory.
  using map_type = tbb::concurrent_hash_map<std::uint64_t, std::uint64_t, tbb::tbb_hash_compare<std::uint64_t>,
                                            std::allocator<std::pair<const std::uint64_t, std::uint64_t>>>;

 public:
  std::optional<std::uint64_t> find(std::uint64_t key) {
    map_type::const_accessor at;
    return map_.find(at, key) ? std::optional(at->second) : std::nullopt;
  }
  void insert_or_assign(std::uint64_t key, std::uint64_t value) {
    map_type::accessor at;
    map_.insert(at, key);
    at->second = value;
  }
  void erase(std::uint64_t key) { map_.erase(key); }
  void shrink() { map_.rehash(0); }

 private:
  map_type map_;
};

}  // namespace

contestant tbb_peer() { return make_contestant<tbb_map>("tbb", true); }

}  // namespace gauntlet::bench::family
