// What everybody writes first: std::unordered_map behind std::mutex, and behind std::shared_mutex.
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "contestant.h"

namespace gauntlet::bench::family {
namespace {

template <class Lock, class ReadGuard>
class locked_unordered_map {
 public:
  std::optional<std::uint64_t> find(std::uint64_t key) {
    const ReadGuard guard(lock_);
    const auto at = map_.find(key);
    return at == map_.end() ? std::nullopt : std::optional(at->second);
  }
  void insert_or_assign(std::uint64_t key, std::uint64_t value) {
    const std::unique_lock guard(lock_);
    map_.insert_or_assign(key, value);
  }
  void erase(std::uint64_t key) {
    const std::unique_lock guard(lock_);
    map_.erase(key);
  }
  void shrink() { map_.rehash(0); }

 private:
  Lock lock_;
  std::unordered_map<std::uint64_t, std::uint64_t> map_;
};

}  // namespace

contestant mutex_peer() {
  return make_contestant<locked_unordered_map<std::mutex, std::unique_lock<std::mutex>>>("mutex", true);
}

contestant shared_mutex_peer() {
  return make_contestant<locked_unordered_map<std::shared_mutex, std::shared_lock<std::shared_mutex>>>("shared_mutex",
                                                                                                       true);
}

}  // namespace gauntlet::bench::family
