// A key of another type, as std::string_view is to std::string: what a map is asked with whose hash and equality are
// transparent. It hashes and compares as its key does and need not be made one to look anything up: it counts how often
// it was.
//
// Numbers and strings as keys have transparent functors, all other keys have not, so that maps are met in both forms.
#pragma once

#include <cstdint>
#include <string>

#include <gauntlet/check/types/element_traits.h>

namespace gauntlet::check {

template <class Key>
class key_view {
 public:
  // Counts in `made`, which must outlive the view and its copies.
  key_view(std::uint64_t id, std::uint64_t& made) noexcept : id_(id), made_(&made) {}

  explicit operator Key() const {
    ++*made_;
    return make<Key>(id_);
  }
  std::uint64_t id() const noexcept { return id_; }

 private:
  std::uint64_t id_;
  std::uint64_t* made_;
};

template <class Key>
std::uint64_t id_of(const key_view<Key>& view) noexcept {
  return view.id();
}

// What hash and equality of a key derive from.
template <class Key>
struct transparency {};
template <>
struct transparency<std::uint64_t> {
  using is_transparent = void;
};
template <>
struct transparency<std::string> {
  using is_transparent = void;
};

}  // namespace gauntlet::check
