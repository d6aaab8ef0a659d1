// Operations on maps as wholes: ranges and lists, capacity, construction, assignment, swap, merge. What the standard
// leaves undefined (swapping and merging maps with unequal allocators) is left out.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

// A range that can be gone through once, like one that is read from a file: the copies of an iterator share their place,
// so who counts the elements first finds none to insert.
template <class Iterator>
class single_pass {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = typename std::iterator_traits<Iterator>::value_type;
  using difference_type = typename std::iterator_traits<Iterator>::difference_type;
  using pointer = typename std::iterator_traits<Iterator>::pointer;
  using reference = typename std::iterator_traits<Iterator>::reference;

  single_pass() = default;
  explicit single_pass(Iterator& place) : place_(&place) {}  // a place that the caller keeps
  explicit single_pass(const Iterator&& end) : end_(end) {}  // the end
  reference operator*() const { return **place_; }
  pointer operator->() const { return &**place_; }
  single_pass& operator++() {
    ++*place_;
    return *this;
  }
  void operator++(int) { ++*place_; }
  friend bool operator==(const single_pass& a, const single_pass& b) { return a.at() == b.at(); }

 private:
  Iterator at() const { return place_ != nullptr ? *place_ : end_; }
  Iterator* place_ = nullptr;
  Iterator end_{};
};

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::whole_map(const request& r) {
  map_type& m = *maps_[r.target];
  map_type& o = *maps_[r.other];
  [[maybe_unused]] const allocator_type allocator(home(r.target));
  const bool extended = header_.allocator != allocator_mode::equal && !Propagates;
  const auto capacity_request = [&](auto&& act) {
    std::size_t most = std::numeric_limits<std::ptrdiff_t>::max();
    if constexpr (requires { m.max_size(); }) most = m.max_size();
    const std::size_t amount = reserve_amount(r, m.size(), most);
    try {
      const faults::region region;
      act(amount);
    } catch (const injected_fault&) {
      throw;
    } catch (const std::length_error&) {
      return result{.status = outcome::length_error, .number = m.size()};
    } catch (const std::bad_alloc&) {
      return result{.status = outcome::length_error, .number = m.size()};
    }
    result answer = sizes(r.target);
    if constexpr (requires { m.bucket_count() * m.max_load_factor(); }) {
      const auto buckets = static_cast<double>(m.bucket_count());
      const double room =
          r.code == opcode::rehash ? buckets : buckets * static_cast<double>(m.max_load_factor()) * 1.001;
      const bool promised = r.code == opcode::rehash || adapter::can().reserve_prevents_rehash;
      answer.flag = promised && room < static_cast<double>(amount);
    }
    return answer;
  };
  const auto settled = [&](result answer) {
    settle_allocators(r);
    settle_functors(r);
    return answer;
  };
  switch (r.code) {
    case opcode::insert_range:
    case opcode::construct_range: {
      std::vector<std::pair<key_type, mapped_type>> list;
      list.reserve(r.count);
      for (unsigned i = 0; i < r.count; ++i) {
        const element e = range_element(r, i);
        list.emplace_back(make<key_type>(e.first), make<mapped_type>(e.second));
      }
      const auto with_range = [&](auto first, auto last) -> result {
        if (r.code == opcode::insert_range) {
          if constexpr (requires { m.insert(first, last); }) {
            const faults::region region;
            m.insert(first, last);
            return sizes(r.target);
          }
        } else {
          const hash_type hash(functors_, r.target);
          const equal_type equal(functors_, r.target);
          if constexpr (requires { map_type(first, last, std::size_t{}, hash, equal, allocator); }) {
            map_type* fresh = nullptr;
            {
              const faults::region region;
              fresh = ::new (spare_) map_type(first, last, header_.capacity, hash, equal, allocator);
            }
            replace(r.target, fresh);
            return settled(sizes(r.target));
          }
        }
        return unsupported();
      };
      if constexpr (copyable) {
        if (takes_second_way(r.key)) {
          auto at = list.cbegin();
          return with_range(single_pass(at), single_pass(list.cend()));
        }
        return with_range(list.cbegin(), list.cend());
      } else {
        return with_range(std::make_move_iterator(list.begin()), std::make_move_iterator(list.end()));
      }
    }
    case opcode::insert_list:
    case opcode::assign_list:
      if constexpr (copyable && requires(std::initializer_list<value_type> list) {
                      m.insert(list);
                      m = list;
                    } && std::is_assignable_v<map_type&, only_a_list>) {
        const auto e = [&r](unsigned i) {
          const element made = list_element(r, i);
          return value_type(make<key_type>(made.first), make<mapped_type>(made.second));
        };
        const auto with_list = [&](std::initializer_list<value_type> list) {
          const faults::region region;
          if (r.code == opcode::insert_list) {
            m.insert(list);
          } else {
            m = list;
          }
        };
        switch (list_size(r)) {
          case 1:
            with_list({e(0)});
            break;
          case 2:
            with_list({e(0), e(1)});
            break;
          case 3:
            with_list({e(0), e(1), e(2)});
            break;
          default:
            with_list({e(0), e(1), e(2), e(3)});
        }
        return sizes(r.target);
      } else {
        return unsupported();
      }
    case opcode::clear: {
      const faults::region region;
      m.clear();
      return sizes(r.target);
    }
    case opcode::reserve:
      if constexpr (requires { m.reserve(std::size_t{}); }) {
        return capacity_request([&m](std::size_t n) { m.reserve(n); });
      } else {
        return unsupported();
      }
    case opcode::rehash:
      if constexpr (requires { m.rehash(std::size_t{}); }) {
        return capacity_request([&m](std::size_t n) { m.rehash(n); });
      } else {
        return unsupported();
      }
    case opcode::max_load_factor:
      if constexpr (requires { m.max_load_factor(1.0f); }) {
        load_factor_changed_ = true;
        m.max_load_factor(load_factor(r));
        return {};
      } else {
        return unsupported();
      }
    case opcode::shrink_to_fit:
      if constexpr (requires { m.shrink_to_fit(); }) {
        const faults::region region;
        m.shrink_to_fit();
        return sizes(r.target);
      } else {
        return unsupported();
      }
    case opcode::default_construct:
      replace(r.target, construct(spare_, r.target));
      return settled(sizes(r.target));
    case opcode::copy_construct:
      if constexpr (copyable && std::is_copy_constructible_v<map_type>) {
        map_type* fresh = nullptr;
        {
          const faults::region region;
          if constexpr (copies_with_allocator) {
            fresh = extended ? ::new (spare_) map_type(std::as_const(o), allocator)
                             : ::new (spare_) map_type(std::as_const(o));
          } else {
            fresh = ::new (spare_) map_type(std::as_const(o));
          }
        }
        replace(r.target, fresh);
        return settled(sizes(r.target, r.other));
      } else {
        return unsupported();
      }
    case opcode::move_construct:
      if constexpr (std::is_move_constructible_v<map_type>) {
        map_type* fresh = nullptr;
        // Without faults: a construction that fails half way leaves a source that nobody specifies.
        if constexpr (moves_with_allocator) {
          fresh = extended ? ::new (spare_) map_type(std::move(o), allocator) : ::new (spare_) map_type(std::move(o));
        } else {
          fresh = ::new (spare_) map_type(std::move(o));
        }
        forget_contents(o);
        replace(r.target, fresh);
        return settled(sizes(r.target, r.other));
      } else {
        return unsupported();
      }
    case opcode::copy_assign:
    case opcode::self_copy_assign:
      if constexpr (copyable && std::is_copy_assignable_v<map_type>) {
        const map_type& from = r.code == opcode::self_copy_assign ? m : o;
        try {
          const faults::region region;
          m = from;
        } catch (...) {
          settle_failed_assignment(r);
          throw;
        }
        return settled(r.code == opcode::copy_assign ? sizes(r.target, r.other) : sizes(r.target));
      } else {
        return unsupported();
      }
    case opcode::move_assign:
    case opcode::self_move_assign:
      if constexpr (std::is_move_assignable_v<map_type>) {
        map_type& from = r.code == opcode::self_move_assign ? m : o;
        try {
          const faults::region region;
          m = std::move(from);
        } catch (...) {
          settle_failed_assignment(r);
          throw;
        }
        if (&from != &m) {
          forget_contents(from);
        } else if (!adapter::can().self_move_keeps) {
          m.clear();
        }
        return settled(r.code == opcode::move_assign ? sizes(r.target, r.other) : sizes(r.target));
      } else {
        return unsupported();
      }
    case opcode::swap:
      if constexpr (requires { m.swap(o); }) {
        if (!Propagates && !same_allocator(r.target, r.other)) {
          return left_out();  // undefined by the standard
        }
        const faults::region region;
        m.swap(o);
        return settled(sizes(r.target, r.other));
      } else {
        return unsupported();
      }
    case opcode::self_swap:
      if constexpr (requires { m.swap(m); }) {
        const faults::region region;
        m.swap(m);
        return sizes(r.target);
      } else {
        return unsupported();
      }
    case opcode::merge:
    case opcode::self_merge:
      if constexpr (requires { m.merge(o); }) {
        map_type& from = r.code == opcode::self_merge ? m : o;
        if (&from != &m && !same_allocator(r.target, r.other)) {
          return left_out();  // undefined by the standard
        }
        const faults::region region;
        if constexpr (requires { m.merge(std::move(from)); }) {
          if (r.code == opcode::merge && from.size() % 2 != 0) {  // what is not moved stays in it
            m.merge(std::move(from));
            return sizes(r.target, r.other);
          }
        }
        m.merge(from);
        return r.code == opcode::merge ? sizes(r.target, r.other) : sizes(r.target);
      } else {
        return unsupported();
      }
    default:
      return unsupported();
  }
}

}  // namespace gauntlet::check
