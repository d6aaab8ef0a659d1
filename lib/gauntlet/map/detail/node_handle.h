// A node handle owns an element outside any map. In a flat map an element has no node of its own: the handle holds the
// key and the mapped value, moved out of the map; addresses change.
//
// Moving a handle never throws, as in the standard: elements that may throw when they move are kept in memory of the
// map's allocator (so that extracting them allocates, before anything else happens), all others in the handle itself.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace gauntlet::detail {

// The element of a handle, kept in place. An allocator comes with each element.
template <class Element, class Allocator>
class element_in_place {
 public:
  element_in_place() = default;
  element_in_place(element_in_place&& other) noexcept : element_(std::move(other.element_)) { other.element_.reset(); }
  element_in_place& operator=(element_in_place&& other) noexcept {
    if (this == &other) return *this;
    element_.reset();
    if (other.element_) element_.emplace(std::move(other.element_->first), std::move(other.element_->second));
    other.element_.reset();
    return *this;
  }
  template <class K, class M>
  void emplace(const Allocator&, K&& key, M&& mapped, bool& /*begun*/) {
    element_.emplace(std::forward<K>(key), std::forward<M>(mapped));
  }
  void reset() noexcept { element_.reset(); }
  Element* get() const noexcept { return element_ ? std::addressof(*element_) : nullptr; }

 private:
  mutable std::optional<Element> element_;
};

// The same in memory of its own: only a pointer moves.
template <class Element, class Allocator>
class element_on_heap {
  using cell_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<Element>;
  using traits = std::allocator_traits<cell_allocator>;
  struct free_cell {
    cell_allocator allocator;
    void operator()(Element* cell) noexcept {
      std::destroy_at(cell);
      traits::deallocate(allocator, cell, 1);
    }
  };

 public:
  // `begun` when there is memory, and the parts are asked.
  template <class K, class M>
  void emplace(const Allocator& allocator, K&& key, M&& mapped, bool& begun) {
    reset();
    cell_allocator cells(allocator);
    Element* const cell = traits::allocate(cells, 1);
    begun = true;
    try {
      std::construct_at(cell, std::forward<K>(key), std::forward<M>(mapped));
    } catch (...) {
      traits::deallocate(cells, cell, 1);
      throw;
    }
    cell_.emplace(cell, free_cell{cells});
  }
  void reset() noexcept { cell_.reset(); }
  Element* get() const noexcept { return cell_ ? cell_->get() : nullptr; }

  element_on_heap() = default;
  element_on_heap(element_on_heap&& other) noexcept : cell_(std::move(other.cell_)) { other.cell_.reset(); }
  element_on_heap& operator=(element_on_heap&& other) noexcept {
    if (this == &other) return *this;
    cell_.reset();
    if (other.cell_) cell_.emplace(std::move(*other.cell_));
    other.cell_.reset();
    return *this;
  }

 private:
  std::optional<std::unique_ptr<Element, free_cell>> cell_;  // optional: a deleter needs an allocator
};

template <class Types>
class node_handle {
  using element = std::pair<typename Types::key_type, typename Types::mapped_type>;

 public:
  using key_type = typename Types::key_type;
  using mapped_type = typename Types::mapped_type;
  using allocator_type = typename Types::allocator_type;

  node_handle() = default;
  node_handle(node_handle&& other) noexcept
      : element_(std::move(other.element_)), allocator_(std::move(other.allocator_)) {
    other.reset();
  }
  node_handle& operator=(node_handle&& other) noexcept {
    if (this == &other) return *this;
    element_ = std::move(other.element_);
    allocator_.reset();
    if (other.allocator_) allocator_.emplace(*other.allocator_);
    other.reset();
    return *this;
  }

  bool empty() const noexcept { return element_.get() == nullptr; }
  explicit operator bool() const noexcept { return !empty(); }
  allocator_type get_allocator() const { return *allocator_; }
  key_type& key() const { return element_.get()->first; }
  mapped_type& mapped() const { return element_.get()->second; }
  void swap(node_handle& other) noexcept {
    node_handle kept(std::move(*this));
    *this = std::move(other);
    other = std::move(kept);
  }
  friend void swap(node_handle& a, node_handle& b) noexcept { a.swap(b); }

  // For the map. If constructing the element throws, the handle is empty and what it was to be made of is untouched,
  // unless it is moved and `begun`.
  template <class K, class M>
  void fill(const allocator_type& allocator, K&& key, M&& mapped, bool& begun) {
    element_.emplace(allocator, std::forward<K>(key), std::forward<M>(mapped), begun);
    allocator_.emplace(allocator);
  }
  template <class K, class M>
  void fill(const allocator_type& allocator, K&& key, M&& mapped) {
    bool begun = false;
    fill(allocator, std::forward<K>(key), std::forward<M>(mapped), begun);
  }
  // Precondition: not empty.
  const allocator_type& allocator() const noexcept { return *allocator_; }
  void reset() noexcept {
    element_.reset();
    allocator_.reset();
  }

 private:
  std::conditional_t<Types::moves_in_place(), element_in_place<element, allocator_type>,
                     element_on_heap<element, allocator_type>>
      element_;
  std::optional<allocator_type> allocator_;
};

template <class Iterator, class Node>
struct node_insert_result {
  Iterator position;
  bool inserted;
  Node node;
};

}  // namespace gauntlet::detail
