// Iterators of bucket_map: a forward walk in order of memory. Any change that may move elements invalidates them; in
// checked builds they notice. Only erase(iterator) moves nothing and leaves all others valid.
//
// An iterator equals another when both are at the same element; the end is no element.
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>

#include <gauntlet/map/detail/bucket_table.h>

namespace gauntlet::detail {

template <class Types, bool Const>
class bucket_iterator {
  using table_type = bucket_table<Types>;
  using position = typename table_type::position;
  static constexpr bool checked = Types::policy::checked;

 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = typename Types::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = std::conditional_t<Const, const value_type&, value_type&>;
  using pointer = std::conditional_t<Const, const value_type*, value_type*>;

  bucket_iterator() = default;
  bucket_iterator(const table_type* table, const position& at) noexcept
      : table_(table), at_(at), version_(static_cast<std::uint32_t>(table->version())) {}
  template <bool Other>
    requires(Const && !Other)
  bucket_iterator(const bucket_iterator<Types, Other>& other) noexcept
      : table_(other.table_), at_(other.at_), version_(other.version_) {}

  reference operator*() const {
    verify();
    return at_.element->value();
  }
  pointer operator->() const {
    verify();
    return &at_.element->value();
  }
  bucket_iterator& operator++() {
    verify();
    table_->read(operation::iterate);
    table_->advance(at_);
    return *this;
  }
  bucket_iterator operator++(int) {
    bucket_iterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const bucket_iterator& a, const bucket_iterator& b) noexcept {
    return a.at_.element == b.at_.element;
  }

  // For the map.
  const position& at() const {
    verify();
    return at_;
  }

 private:
  template <class, bool>
  friend class bucket_iterator;

  void verify() const {
    if constexpr (checked) {
      if (GAUNTLET_RARE(at_.element == nullptr || version_ != static_cast<std::uint32_t>(table_->version()) ||
                        !table_->occupied(at_)))
        report();
    }
  }
  [[noreturn]] GAUNTLET_NOINLINE void report() const {
    misuse_report found;
    found.kind = misuse_kind::stale_iterator;
    found.message = misuse_message(found.kind);
    found.operation = at_.element == nullptr ? "use of the end or of a singular iterator" : "use of an iterator";
    found.thread = this_thread();
    if (table_ != nullptr) found.map_state = table_->describe();
    report_misuse(found);
  }

  const table_type* table_ = nullptr;
  position at_;
  std::uint32_t version_ = 0;
};

}  // namespace gauntlet::detail
