// Iterators: a forward walk in order of memory. Any change that may move elements invalidates them; in checked builds
// they notice. Only erase(iterator) moves nothing and leaves all others valid.
//
// An iterator equals another when both are at the same element; the end is no element.
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>

#include <gauntlet/map/detail/table_set.h>

namespace gauntlet::detail {

template <class Tables, bool Checked>
struct iterator_witness {
  iterator_witness() = default;
  explicit iterator_witness(const Tables* tables) noexcept : version(static_cast<std::uint32_t>(tables->version())) {}
  std::uint32_t version = 0;
};
template <class Tables>
struct iterator_witness<Tables, false> {
  iterator_witness() = default;
  explicit iterator_witness(const Tables*) noexcept {}
};

template <class Types, bool Const>
class map_iterator {
  using tables_type = table_set<Types>;
  using position = typename tables_type::position;
  static constexpr bool checked = Types::policy::checked;

 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = typename Types::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = std::conditional_t<Const, const value_type&, value_type&>;
  using pointer = std::conditional_t<Const, const value_type*, value_type*>;

  map_iterator() = default;
  map_iterator(const tables_type* tables, const position& at, std::uint64_t ahead = 0) noexcept
      : tables_(tables), at_(at), ahead_(ahead), witness_(tables) {}
  template <bool Other>
    requires(Const && !Other)
  map_iterator(const map_iterator<Types, Other>& other) noexcept
      : tables_(other.tables_), at_(other.at_), ahead_(other.ahead_), witness_(other.witness_) {}

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
    tables_->read(operation::iterate);
    tables_->advance(at_, ahead_);
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
  std::uint64_t ahead() const noexcept { return ahead_; }

 private:
  template <class, bool>
  friend class map_iterator;

  GAUNTLET_ALWAYS_INLINE void verify() const {
    if constexpr (checked) {
      if (GAUNTLET_RARE(at_.element == nullptr || witness_.version != static_cast<std::uint32_t>(tables_->version()) ||
                        !tables_->occupied(at_)))
        report();
    }
  }
  [[noreturn]] GAUNTLET_NOINLINE void report() const {
    misuse_report found;
    found.kind = misuse_kind::stale_iterator;
    found.message = misuse_message(found.kind);
    found.operation = at_.element == nullptr ? "use of the end or of a singular iterator" : "use of an iterator";
    found.thread = this_thread();
    if (tables_ != nullptr) found.map_state = tables_->describe();
    report_misuse(found);
  }

  const tables_type* tables_ = nullptr;
  position at_;
  std::uint64_t ahead_ = 0;  // see table_set
  [[no_unique_address]] iterator_witness<tables_type, checked> witness_;
};

}  // namespace gauntlet::detail
