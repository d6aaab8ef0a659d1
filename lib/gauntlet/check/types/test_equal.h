// The equality functor of maps under test: compares numbers, counts, throws and calls back as test_hash does.
#pragma once

#include <utility>

#include <gauntlet/check/types/test_hash.h>

namespace gauntlet::check {

template <class Key>
class test_equal : public transparency<Key> {
 public:
  test_equal() noexcept : state_(&lost_functor_state) {}
  explicit test_equal(functor_state& state, unsigned origin = 0) noexcept : state_(&state), origin_(origin) {}

  bool operator()(const Key& a, const Key& b) const { return equal(a, b); }
  bool operator()(const Key& a, const key_view<Key>& b) const
    requires requires { typename transparency<Key>::is_transparent; }
  {
    return equal(a, b);
  }
  bool operator()(const key_view<Key>& a, const Key& b) const
    requires requires { typename transparency<Key>::is_transparent; }
  {
    return equal(a, b);
  }

  const functor_state* state() const noexcept { return state_; }
  unsigned origin() const noexcept { return origin_; }

 private:
  template <class A, class B>
  bool equal(const A& a, const B& b) const {
    ++state_->equalities;
    faults::event(fault_kind::equality);
    if (state_->in_equality != nullptr) [[unlikely]] {
      std::exchange(state_->in_equality, nullptr)(state_->context);
    }
    return id_of(a) == id_of(b);
  }

  functor_state* state_;
  unsigned origin_ = 0;
};

}  // namespace gauntlet::check
