// A clear that keeps a copy of what was there, for an undo that nobody asks for, until the end of the map. No answer is wrong,
// and nothing leaks: a map that is cleared again and again holds all that it ever held.
#include <memory>
#include <mutex>
#include <vector>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class clear_keeps_a_copy
    : public shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_shared_mutex_map_policy> {
  using right = shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_shared_mutex_map_policy>;

 public:
  using right::right;

  void clear() {
    auto copy = std::make_unique<const right>(*this);
    right::clear();
    const std::lock_guard<std::mutex> lock(mutex_);
    kept_.push_back(std::move(copy));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<const right>> kept_;
};

GAUNTLET_CONCURRENT_DEFECT(clear_keeps_a_copy, "an emptied map gives memory back");

}  // namespace gauntlet::broken
