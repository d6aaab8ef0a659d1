// A snapshot that is put into the buffer of the one before, whether or not somebody still holds that.
//
// Nobody needs a second thread to see it: take a snapshot, change the map, take another one, and look at the first.
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class snapshot_buffer_used_again
    : public sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy> {
  using right = sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy>;
  using buffer = std::vector<std::pair<Key, T>>;

 public:
  using right::right;

  class snapshot_type {
   public:
    explicit snapshot_type(std::shared_ptr<const buffer> elements) : elements_(std::move(elements)) {}
    auto begin() const { return elements_->begin(); }
    auto end() const { return elements_->end(); }

   private:
    std::shared_ptr<const buffer> elements_;
  };

  snapshot_type snapshot() const {
    const auto now = right::snapshot();
    const std::lock_guard lock(turn_);
    buffer_->assign(now.begin(), now.end());
    return snapshot_type(buffer_);
  }

 private:
  mutable std::mutex turn_;
  std::shared_ptr<buffer> buffer_ = std::make_shared<buffer>();
};

GAUNTLET_SCHEDULED_DEFECT(snapshot_buffer_used_again, "sharded_map", "a snapshot never changes");

}  // namespace gauntlet::broken
