// small_vector: a vector that keeps up to N small elements inside itself, eight unless told otherwise.
//
// The story. Keys and values of maps are often short sequences: the parts of a path, the ports of a host, the few readings
// that came in. A std::vector of four ints is 24 bytes in the map and an allocation of its own far away; a map of such
// spends most of its time in the allocator and on cache misses. A small_vector of up to N elements is all in its place,
// and becomes an ordinary vector where it has more.
//
//   gauntlet::hash_map<gauntlet::small_vector<std::uint16_t>, int> routes;
//   routes[{80, 443}] = 1;                                                     // no allocation but the map's own
//
// Words. It is *inline* while the elements lie in itself, and *spilled* while they lie in memory of the allocator. It spills
// when more than N elements are asked for, and comes back through shrink_to_fit, assignment or swap; not by erasing.
//
// What it does is what std::vector does, its names and its promises, with these differences:
//  (1) up to N elements need no allocation;
//  (2) moving and swapping an inline one moves the elements, O(N), and ends iterators and references; it throws what moving
//      an element throws. A spilled one is moved and swapped in O(1);
//  (3) growing moves elements that can be moved without throwing and copies others, so that a failure changes nothing
//      (push_back, emplace_back, reserve, and what appends); an element that can only be moved, and throws, may be lost;
//  (4) what is inserted in the middle is appended, then rotated to its place: if that throws, all elements are there, some
//      perhaps in another order or moved from; assignments are all or nothing as long as moving does not throw;
//  (5) at most 2^32 - 1 elements; beyond that, std::length_error.
//
// Hash and equality are by content: gauntlet::hash, std::span and content_hash (composite_key.h) agree with each other.
//
// Costs: 8 bytes beside the elements, and a branch for each access, which finds out where the elements are.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <memory_resource>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/hash.h>

namespace gauntlet {

template <class T, std::size_t N = 8, class Allocator = std::allocator<T>>
class small_vector {
  using traits = std::allocator_traits<Allocator>;
  static_assert(N >= 1 && N <= 0xffff, "small_vector: room for 1 to 65,535 elements inside");
  static_assert(std::is_same_v<typename traits::value_type, T>, "small_vector: the allocator's value_type must be T");
  static_assert(std::is_same_v<typename traits::pointer, T*>, "small_vector: the allocator's pointer must be plain");

 public:
  using value_type = T;
  using allocator_type = Allocator;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using const_reference = const T&;
  using pointer = T*;
  using const_pointer = const T*;
  using iterator = T*;
  using const_iterator = const T*;
  using reverse_iterator = std::reverse_iterator<iterator>;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;
  static constexpr size_type inline_capacity = N;

  small_vector() noexcept(std::is_nothrow_default_constructible_v<Allocator>) : small_vector(Allocator()) {}
  explicit small_vector(const Allocator& allocator) noexcept : allocator_(allocator) {}
  explicit small_vector(size_type count, const Allocator& allocator = Allocator()) : small_vector(allocator) {
    resize(count);
  }
  small_vector(size_type count, const T& value, const Allocator& allocator = Allocator()) : small_vector(allocator) {
    resize(count, value);
  }
  template <std::input_iterator Input>
  small_vector(Input first, Input last, const Allocator& allocator = Allocator()) : small_vector(allocator) {
    append(first, last);
  }
  small_vector(std::initializer_list<T> values, const Allocator& allocator = Allocator())
      : small_vector(values.begin(), values.end(), allocator) {}
  explicit small_vector(std::span<const T> values, const Allocator& allocator = Allocator())
      : small_vector(values.begin(), values.end(), allocator) {}
  small_vector(const small_vector& other)
      : small_vector(other, traits::select_on_container_copy_construction(other.allocator_)) {}
  small_vector(const small_vector& other, const std::type_identity_t<Allocator>& allocator)
      : small_vector(other.begin(), other.end(), allocator) {}
  // The other is empty afterwards.
  small_vector(small_vector&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
      : small_vector(std::as_const(other.allocator_)) {
    take(other);
  }
  small_vector(small_vector&& other, const std::type_identity_t<Allocator>& allocator) : small_vector(allocator) {
    take_or_move(other);
  }
  ~small_vector() { forget_all(); }

  small_vector& operator=(const small_vector& other) {
    if (this == &other) return *this;
    constexpr bool propagates = traits::propagate_on_container_copy_assignment::value;
    small_vector copy(other, propagates ? other.allocator_ : allocator_);
    forget_all();
    if constexpr (propagates) allocator_ = other.allocator_;
    take(copy);
    return *this;
  }
  small_vector& operator=(small_vector&& other) noexcept(std::is_nothrow_move_constructible_v<T> &&
                                                         (traits::propagate_on_container_move_assignment::value ||
                                                          traits::is_always_equal::value)) {
    if (this == &other) return *this;
    if constexpr (traits::propagate_on_container_move_assignment::value) {
      forget_all();
      allocator_ = other.allocator_;
      take(other);
    } else {
      small_vector moved(std::move(other), allocator_);
      forget_all();
      take(moved);
    }
    return *this;
  }
  small_vector& operator=(std::initializer_list<T> values) {
    assign(values.begin(), values.end());
    return *this;
  }
  template <std::input_iterator Input>
  void assign(Input first, Input last) {
    small_vector values(first, last, allocator_);
    forget_all();
    take(values);
  }
  void assign(std::initializer_list<T> values) { assign(values.begin(), values.end()); }
  // Allocators that do not propagate must be equal.
  void swap(small_vector& other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    if (this == &other) return;
    small_vector mine(std::move(*this)), theirs(std::move(other));
    if constexpr (traits::propagate_on_container_swap::value) {
      using std::swap;
      swap(allocator_, other.allocator_);
    }
    take(theirs);
    other.take(mine);
  }
  friend void swap(small_vector& a, small_vector& b) noexcept(noexcept(a.swap(b))) { a.swap(b); }

  allocator_type get_allocator() const noexcept { return allocator_; }
  size_type size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  size_type capacity() const noexcept { return capacity_; }
  static constexpr size_type max_size() noexcept { return std::numeric_limits<std::uint32_t>::max(); }
  bool is_inline() const noexcept { return capacity_ == N; }

  T* data() noexcept { return is_inline() ? reinterpret_cast<T*>(storage_.bytes) : storage_.heap; }
  const T* data() const noexcept { return is_inline() ? reinterpret_cast<const T*>(storage_.bytes) : storage_.heap; }
  T& operator[](size_type i) noexcept { return data()[i]; }
  const T& operator[](size_type i) const noexcept { return data()[i]; }
  // Throws std::out_of_range.
  T& at(size_type i) { return data()[checked(i)]; }
  const T& at(size_type i) const { return data()[checked(i)]; }
  T& front() noexcept { return data()[0]; }
  const T& front() const noexcept { return data()[0]; }
  T& back() noexcept { return data()[size_ - 1]; }
  const T& back() const noexcept { return data()[size_ - 1]; }

  iterator begin() noexcept { return data(); }
  const_iterator begin() const noexcept { return data(); }
  const_iterator cbegin() const noexcept { return data(); }
  iterator end() noexcept { return data() + size_; }
  const_iterator end() const noexcept { return data() + size_; }
  const_iterator cend() const noexcept { return data() + size_; }
  reverse_iterator rbegin() noexcept { return reverse_iterator(end()); }
  const_reverse_iterator rbegin() const noexcept { return const_reverse_iterator(end()); }
  reverse_iterator rend() noexcept { return reverse_iterator(begin()); }
  const_reverse_iterator rend() const noexcept { return const_reverse_iterator(begin()); }

  void push_back(const T& value) { emplace_back(value); }
  void push_back(T&& value) { emplace_back(std::move(value)); }
  // The arguments may refer to elements.
  template <class... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    if (GAUNTLET_LIKELY(size_ < capacity_)) {
      traits::construct(allocator_, data() + size_, std::forward<Arguments>(arguments)...);
    } else {
      block bigger(*this, larger());
      traits::construct(allocator_, bigger.at + size_, std::forward<Arguments>(arguments)...);
      try {
        bigger.receive();
      } catch (...) {
        traits::destroy(allocator_, bigger.at + size_);
        throw;
      }
    }
    ++size_;
    return back();
  }
  void pop_back() noexcept { destroy_from(size_ - 1); }
  template <std::input_iterator Input>
  void append(Input first, Input last) {
    const size_type before = size_;
    if constexpr (std::forward_iterator<Input>) {
      // At least as much again as there is, for there may be many such calls.
      const size_type needed = before + allowed(static_cast<size_type>(std::distance(first, last)));
      if (needed > capacity_) reserve(before == 0 ? needed : std::max(needed, std::min(2 * before, max_size())));
    }
    try {
      for (; first != last; ++first) emplace_back(*first);
    } catch (...) {
      destroy_from(before);
      throw;
    }
  }
  template <class... Arguments>
  iterator emplace(const_iterator at, Arguments&&... arguments) {
    const auto place = at - begin();
    emplace_back(std::forward<Arguments>(arguments)...);
    std::rotate(begin() + place, end() - 1, end());
    return begin() + place;
  }
  iterator insert(const_iterator at, const T& value) { return emplace(at, value); }
  iterator insert(const_iterator at, T&& value) { return emplace(at, std::move(value)); }
  template <std::input_iterator Input>
  iterator insert(const_iterator at, Input first, Input last) {
    const auto place = at - begin(), old_size = static_cast<difference_type>(size_);
    append(first, last);
    std::rotate(begin() + place, begin() + old_size, end());
    return begin() + place;
  }
  iterator insert(const_iterator at, std::initializer_list<T> values) {
    return insert(at, values.begin(), values.end());
  }
  iterator erase(const_iterator at) { return erase(at, at + 1); }
  iterator erase(const_iterator first, const_iterator last) {
    const iterator from = begin() + (first - begin());
    if (first != last) {
      const iterator rest = std::move(begin() + (last - begin()), end(), from);
      destroy_from(static_cast<size_type>(rest - begin()));
    }
    return from;
  }
  void clear() noexcept { destroy_from(0); }
  void resize(size_type count) {
    resize_with(count, [this] { emplace_back(); });
  }
  void resize(size_type count, const T& value) {
    if (count <= size_) return destroy_from(count);
    const T copy(value);  // it may be an element
    resize_with(count, [&] { emplace_back(copy); });
  }
  void reserve(size_type count) {
    if (count > capacity_) block(*this, allowed(count)).receive();
  }
  // Back inside where the elements fit; if memory for a smaller block is lacking it throws, and all stays.
  void shrink_to_fit() {
    if (is_inline() || size_ == capacity_) return;
    if (size_ > N) return block(*this, size_).receive();
    small_vector inside(allocator_);
    for (T& each : *this) inside.emplace_back(std::move_if_noexcept(each));
    forget_all();
    take(inside);
  }

  friend bool operator==(const small_vector& a, const small_vector& b) {
    return a.size_ == b.size_ && std::equal(a.begin(), a.end(), b.begin());
  }
  friend auto operator<=>(const small_vector& a, const small_vector& b)
    requires std::three_way_comparable<T>
  {
    return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  // Memory that is to become the place of the elements.
  struct block {
    block(small_vector& owner, size_type count)
        : of(owner), at(traits::allocate(owner.allocator_, count)), capacity(count) {}
    ~block() {
      if (at != nullptr) traits::deallocate(of.allocator_, at, capacity);
    }
    block(const block&) = delete;
    block& operator=(const block&) = delete;
    // Promise (3): copies where moving may throw, and the originals are there until all are across.
    void receive() {
      size_type made = 0;
      try {
        for (T& each : of) {
          traits::construct(of.allocator_, at + made, std::move_if_noexcept(each));
          ++made;
        }
      } catch (...) {
        while (made != 0) traits::destroy(of.allocator_, at + --made);
        throw;
      }
      const std::uint32_t size = of.size_;
      of.forget_all();
      of.storage_.heap = std::exchange(at, nullptr);
      of.capacity_ = static_cast<std::uint32_t>(capacity);
      of.size_ = size;
    }
    small_vector& of;
    T* at;
    const size_type capacity;
  };
  union storage {
    storage() noexcept {}
    T* heap;
    alignas(T) unsigned char bytes[N * sizeof(T)];
  };

  size_type checked(size_type i) const {
    if (i >= size_) throw std::out_of_range("small_vector::at");
    return i;
  }
  static size_type allowed(size_type count) {
    if (count > max_size()) throw std::length_error("small_vector: too many elements");
    return count;
  }
  size_type larger() const {
    return allowed(std::min(size_type{capacity_} * 2, std::max(max_size(), capacity_ + size_type{1})));
  }
  void destroy_from(size_type count) noexcept {
    T* const first = data();
    while (size_ > count) traits::destroy(allocator_, first + --size_);
  }
  // Empty and inline.
  void forget_all() noexcept {
    clear();
    if (!is_inline()) traits::deallocate(allocator_, storage_.heap, capacity_);
    capacity_ = N;
  }
  // Precondition: this one is empty and inline, and the allocators are equal.
  void take(small_vector& other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    if (other.is_inline()) {
      append_moved(other);
      other.clear();
    } else {
      storage_.heap = other.storage_.heap;
      capacity_ = std::exchange(other.capacity_, static_cast<std::uint32_t>(N));
      size_ = std::exchange(other.size_, 0U);
    }
  }
  void take_or_move(small_vector& other) {
    if (allocator_ == other.allocator_) return take(other);
    reserve(other.size_);
    append_moved(other);
    other.clear();
  }
  // Precondition: there is room.
  void append_moved(small_vector& other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    T* const to = data();
    for (T& each : other) {
      traits::construct(allocator_, to + size_, std::move(each));
      ++size_;
    }
  }
  template <class AddOne>
  void resize_with(size_type count, AddOne add_one) {
    if (count <= size_) return destroy_from(count);
    const size_type before = size_;
    reserve(count);
    try {
      while (size_ < count) add_one();
    } catch (...) {
      destroy_from(before);
      throw;
    }
  }

  [[no_unique_address]] Allocator allocator_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = N;  // N: inline
  storage storage_;
};

template <class T, std::size_t N, class Allocator>
  requires detail::has_hash<T>
struct hash<small_vector<T, N, Allocator>> : sequence_hash<small_vector<T, N, Allocator>> {};

namespace pmr {
template <class T, std::size_t N = 8>
using small_vector = gauntlet::small_vector<T, N, std::pmr::polymorphic_allocator<T>>;
}  // namespace pmr

}  // namespace gauntlet
