// Objects that were unlinked, until their grace period is over (epoch_domain.h). Whoever calls holds the lock that guards
// the list.
//
// There are two lots: the *open* one, to which objects are added, and the *waiting* one, whose epoch has been ended and
// whose grace period is awaited. When that is over its objects are disposed of and the open lot becomes the waiting
// one: one end of an epoch and one look at the readers serve a whole lot. Lots are never put together: an object that
// waits would wait for the readers of a later epoch, too. Nothing is allocated: an object has a pointer `next_retired`
// that nobody else uses.
//
// `Dispose` is called with one object at a time, which the list has forgotten by then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <gauntlet/map/detail/epoch_domain.h>

namespace gauntlet::detail {

// When is a lot looked at that has just begun to wait? A look proves nothing about it that an earlier one has proved, and
// so costs a process barrier; a later look at any list of the domain may have proved it for nothing.
enum class look : unsigned char { later, at_once };

template <class Object, class Domain = epoch_domain>
class retire_list {
 public:
  void add(Object* unlinked) noexcept {
    unlinked->next_retired = open_;
    open_ = unlinked;
    ++open_count_;
  }
  std::size_t size() const noexcept { return open_count_ + waiting_count_; }
  std::size_t open_size() const noexcept { return open_count_; }
  // The epoch that must be over before more can be disposed of. Requires: collect has left something.
  std::uint64_t waiting_epoch() const noexcept { return epoch_; }

  // Disposes of what may be freed now. Never waits.
  template <class Dispose>
  void collect(Domain& domain, Dispose dispose, look when) noexcept {
    if (waiting_ != nullptr && domain.is_over(epoch_)) dispose_of_waiting(dispose);
    if (waiting_ != nullptr || open_ == nullptr) return;
    waiting_ = std::exchange(open_, nullptr);
    waiting_count_ = std::exchange(open_count_, 0);
    epoch_ = domain.advance();
    if (when == look::at_once && domain.is_over(epoch_)) dispose_of_waiting(dispose);
  }

  // Disposes of everything: nobody reads, or Dispose puts aside what readers may be looking at.
  template <class Dispose>
  void drain(Dispose dispose) noexcept {
    dispose_of_waiting(dispose);
    std::swap(waiting_, open_);
    std::swap(waiting_count_, open_count_);
    dispose_of_waiting(dispose);
  }

 private:
  template <class Dispose>
  void dispose_of_waiting(Dispose& dispose) noexcept {
    Object* at = std::exchange(waiting_, nullptr);
    waiting_count_ = 0;
    while (at != nullptr) {
      Object* const next = at->next_retired;
      dispose(at);
      at = next;
    }
  }

  Object* open_ = nullptr;
  Object* waiting_ = nullptr;
  std::size_t open_count_ = 0;
  std::size_t waiting_count_ = 0;
  std::uint64_t epoch_ = 0;  // of the waiting lot
};

}  // namespace gauntlet::detail
