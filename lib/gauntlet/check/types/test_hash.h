// The hash functor of maps under test: as good or as terrible as the program's header asks for, counted, able to throw,
// able to call back into the map that called it.
//
// It points to state that the subject owns, so a map that forgets to carry its hash functor along (in a copy, a move, a
// swap, an extended constructor) falls back to the default state, whose values are others, and is found out by the next
// lookup. Each knows which map it was made for, its *origin*: a map that keeps its own where it should take over another's
// is found out by asking it for it. Hashes of different origins answer differently, as those do that carry a seed, so that
// a map which takes elements from another and goes on with the hashes that it had there is found out by the next lookup;
// the difference is a constant, so that keys which collide in one map collide in all. It is always declared avalanching:
// the map must use its bits as they are; the quality `good` is well mixed by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/types/element_traits.h>
#include <gauntlet/check/types/faults.h>
#include <gauntlet/check/types/key_view.h>

namespace gauntlet::check {

// What hash and equality of one subject share. Owned by the subject, used by one thread.
struct functor_state {
  hash_quality quality = hash_quality::good;
  bool lost = false;  // the state of functors that nobody gave a state
  std::uint64_t hashes = 0;
  std::uint64_t equalities = 0;
  // Called once from inside hash or equality when set: the misuse that the map must diagnose.
  void (*in_hash)(void*) = nullptr;
  void (*in_equality)(void*) = nullptr;
  void* context = nullptr;
};

// Default-constructed functors point here: one state a thread, with values of its own.
inline thread_local functor_state lost_functor_state{hash_quality::good, true, 0, 0, nullptr, nullptr, nullptr};

template <class Key>
class test_hash : public transparency<Key> {
 public:
  using is_avalanching = void;

  test_hash() noexcept : state_(&lost_functor_state) {}
  explicit test_hash(functor_state& state, unsigned origin = 0) noexcept
      : state_(&state), seed_(origin * std::uint64_t{0x9e3779b97f4a7c15}), origin_(origin) {}

  std::size_t operator()(const Key& key) const { return hash(key); }
  std::size_t operator()(const key_view<Key>& key) const
    requires requires { typename transparency<Key>::is_transparent; }
  {
    return hash(key);
  }

  const functor_state* state() const noexcept { return state_; }
  unsigned origin() const noexcept { return origin_; }
  // The hash of no map in particular, for keys that carry their hash from map to map.
  test_hash of_all_maps() const noexcept { return test_hash(*state_); }

 private:
  template <class K>
  std::size_t hash(const K& key) const {
    ++state_->hashes;
    faults::event(fault_kind::hash);
    if (state_->in_hash != nullptr) [[unlikely]] {
      std::exchange(state_->in_hash, nullptr)(state_->context);
    }
    const std::uint64_t value = hash_of(state_->quality, id_of(key)) ^ seed_;
    return static_cast<std::size_t>(state_->lost ? ~value : value);
  }

  functor_state* state_;
  std::uint64_t seed_ = 0;
  unsigned origin_ = 0;
};

}  // namespace gauntlet::check
