// Iterators: a forward walk in order of memory. Any change that may move elements invalidates them; in checked builds
// they notice. Only erase(iterator) moves nothing and leaves all others valid.
//
// An iterator equals another when both are at the same element; the end is no element.
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>

#include <gauntlet/map/detail/activity.h>
#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/misuse.h>

namespace gauntlet::detail {

template <class Works, bool Checked>
struct iterator_witness {
  iterator_witness() = default;
  explicit iterator_witness(const Works* works) noexcept : version(static_cast<std::uint32_t>(works->version())) {}
  std::uint32_t version = 0;
};
template <class Works>
struct iterator_witness<Works, false> {
  iterator_witness() = default;
  explicit iterator_witness(const Works*) noexcept {}
};

template <class Works, bool Const>
class map_iterator {
  using position = typename Works::position;
  using look_ahead = typename Works::look_ahead;
  static constexpr bool checked = Works::policy::checked;

 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = typename Works::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = std::conditional_t<Const, const value_type&, value_type&>;
  using pointer = std::conditional_t<Const, const value_type*, value_type*>;

  map_iterator() = default;
  map_iterator(const Works* works, const position& at, look_ahead ahead = {}) noexcept
      : works_(works), at_(at), ahead_(ahead), witness_(works) {}
  template <bool Other>
    requires(Const && !Other)
  map_iterator(const map_iterator<Works, Other>& other) noexcept
      : works_(other.works_), at_(other.at_), ahead_(other.ahead_), witness_(other.witness_) {}

  reference operator*() const {
    verify();
    return at_.element->value();
  }
  pointer operator->() const {
    verify();
    return &at_.element->value();
  }
  GAUNTLET_ALWAYS_INLINE map_iterator& operator++() {
    verify();
    works_->read(operation::iterate);
    works_->advance(at_, ahead_);
    return *this;
  }
  map_iterator operator++(int) {
    map_iterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const map_iterator& a, const map_iterator& b) noexcept {
    return a.at_.element == b.at_.element;
  }

  // For the map.
  const position& at() const {
    verify();
    return at_;
  }
  const look_ahead& ahead() const noexcept { return ahead_; }

 private:
  template <class, bool>
  friend class map_iterator;

  GAUNTLET_ALWAYS_INLINE void verify() const {
    if constexpr (checked) {
      if (GAUNTLET_RARE(at_.element == nullptr || witness_.version != static_cast<std::uint32_t>(works_->version()) ||
                        !works_->occupied(at_)))
        report();
    }
  }
  [[noreturn]] GAUNTLET_NOINLINE void report() const {
    misuse_report found;
    found.kind = misuse_kind::stale_iterator;
    found.message = misuse_message(found.kind);
    found.operation = at_.element == nullptr ? "use of the end or of a singular iterator" : "use of an iterator";
    found.thread = this_thread();
    if (works_ != nullptr) found.map_state = works_->describe();
    report_misuse(found);
  }

  const Works* works_ = nullptr;
  position at_;
  [[no_unique_address]] look_ahead ahead_{};  // what the works know of the way on
  [[no_unique_address]] iterator_witness<Works, checked> witness_;
};

}  // namespace gauntlet::detail
