// A node handle owns an element outside any map. In a flat map an element has no node of its own: the handle holds the
// key and the mapped value, moved out of the map; addresses change.
#pragma once

#include <optional>
#include <utility>

namespace gauntlet::detail {

template <class Types>
class node_handle {
 public:
  using key_type = typename Types::key_type;
  using mapped_type = typename Types::mapped_type;
  using allocator_type = typename Types::allocator_type;

  node_handle() = default;
  node_handle(key_type&& key, mapped_type&& mapped, const allocator_type& allocator)
      : element_(std::in_place, std::move(key), std::move(mapped)), allocator_(allocator) {}
  node_handle(node_handle&& other) noexcept(Types::moves_in_place())
      : element_(std::move(other.element_)), allocator_(std::move(other.allocator_)) {
    other.reset();
  }
  node_handle& operator=(node_handle&& other) noexcept(Types::moves_in_place()) {
    if (this == &other) return *this;
    element_.reset();
    if (other.element_) element_.emplace(std::move(other.element_->first), std::move(other.element_->second));
    allocator_.reset();
    if (other.allocator_) allocator_.emplace(*other.allocator_);
    other.reset();
    return *this;
  }

  bool empty() const noexcept { return !element_.has_value(); }
  explicit operator bool() const noexcept { return element_.has_value(); }
  allocator_type get_allocator() const { return *allocator_; }
  key_type& key() const { return element_->first; }
  mapped_type& mapped() const { return element_->second; }
  void swap(node_handle& other) noexcept(Types::moves_in_place()) {
    node_handle kept(std::move(*this));
    *this = std::move(other);
    other = std::move(kept);
  }
  friend void swap(node_handle& a, node_handle& b) noexcept(Types::moves_in_place()) { a.swap(b); }

  // For the map.
  void refill(key_type&& key, mapped_type&& mapped) { element_.emplace(std::move(key), std::move(mapped)); }
  void reset() noexcept {
    element_.reset();
    allocator_.reset();
  }

 private:
  mutable std::optional<std::pair<key_type, mapped_type>> element_;
  std::optional<allocator_type> allocator_;
};

template <class Iterator, class Node>
struct node_insert_result {
  Iterator position;
  bool inserted;
  Node node;
};

}  // namespace gauntlet::detail
