// small_vector agrees with std::vector: any sequence of operations, with elements of three kinds and rooms of three sizes.
#include <gauntlet/map/small_vector.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using gauntlet::small_vector;

// An operation: what, and two numbers that it reduces to what there is.
enum class act : unsigned char {
  push_back,
  push_back_own,
  pop_back,
  insert,
  insert_range,
  erase,
  erase_range,
  resize,
  resize_with,
  reserve,
  shrink_to_fit,
  clear,
  assign,
  copy,
  move,
  swap,
};
constexpr unsigned act_count = 16;
using step = std::tuple<unsigned, unsigned, unsigned>;

template <class T>
T made(unsigned number);
template <>
int made<int>(unsigned number) {
  return static_cast<int>(number);
}
template <>
std::string made<std::string>(unsigned number) {
  return std::string(number % 30, 'x') + std::to_string(number);
}
template <>
std::shared_ptr<int> made<std::shared_ptr<int>>(unsigned number) {
  static const auto all = [] {
    std::vector<std::shared_ptr<int>> pointers;
    for (int i = 0; i < 100; ++i) pointers.push_back(std::make_shared<int>(i));
    return pointers;
  }();
  return all[number % 100];
}

template <class Vector>
void apply(Vector& v, Vector& other, const step& s) {
  using T = typename Vector::value_type;
  const auto [what, a, b] = s;
  const auto size = static_cast<unsigned>(v.size());
  const auto place = [&v](unsigned at) { return v.begin() + static_cast<std::ptrdiff_t>(at); };
  const unsigned from = size == 0 ? 0 : a % size, to = from + (size == 0 ? 0 : b % (size - from + 1));
  switch (static_cast<act>(what)) {
    case act::push_back:
      v.push_back(made<T>(a));
      break;
    case act::push_back_own:
      if (size != 0) v.push_back(v[from]);
      break;
    case act::pop_back:
      if (size != 0) v.pop_back();
      break;
    case act::insert:
      v.insert(place(a % (size + 1)), made<T>(b));
      break;
    case act::insert_range: {
      std::vector<T> more;
      for (unsigned i = 0; i < b % 6; ++i) more.push_back(made<T>(a + i));
      v.insert(place(a % (size + 1)), more.begin(), more.end());
      break;
    }
    case act::erase:
      if (size != 0) v.erase(place(from));
      break;
    case act::erase_range:
      v.erase(place(from), place(to));
      break;
    case act::resize:
      v.resize(a % 20);
      break;
    case act::resize_with:
      v.resize(a % 20, size != 0 ? v[b % size] : made<T>(b));
      break;
    case act::reserve:
      v.reserve(a % 40);
      break;
    case act::shrink_to_fit:
      v.shrink_to_fit();
      break;
    case act::clear:
      v.clear();
      break;
    case act::assign: {
      std::vector<T> more;
      for (unsigned i = 0; i < b % 9; ++i) more.push_back(made<T>(a + i));
      v.assign(more.begin(), more.end());
      break;
    }
    case act::copy:
      other = v;
      break;
    case act::move:
      other = std::move(v);
      v.clear();
      break;
    case act::swap:
      v.swap(other);
      break;
  }
}

template <class T, std::size_t N>
void agrees(const std::vector<step>& steps) {
  small_vector<T, N> ours, our_other;
  std::vector<T> model, other_model;
  for (const step& each : steps) {
    apply(ours, our_other, each);
    apply(model, other_model, each);
    RC_ASSERT(std::vector<T>(ours.begin(), ours.end()) == model);
    RC_ASSERT(std::vector<T>(our_other.begin(), our_other.end()) == other_model);
    RC_ASSERT(ours.size() == model.size() && ours.size() <= ours.capacity() && ours.capacity() >= N);
    RC_ASSERT((ours == our_other) == (model == other_model));
    if (!model.empty()) RC_ASSERT(ours.front() == model.front() && ours.back() == model.back());
  }
}

rc::Gen<std::vector<step>> some_steps() {
  return rc::gen::container<std::vector<step>>(
      rc::gen::tuple(rc::gen::inRange(0U, act_count), rc::gen::inRange(0U, 100U), rc::gen::inRange(0U, 100U)));
}

RC_GTEST_PROP(SmallVectors, OfNumbersAgreeWithVector, ()) {
  const auto steps = *some_steps();
  agrees<int, 1>(steps);
  agrees<int, 4>(steps);
  agrees<int, 8>(steps);
}
RC_GTEST_PROP(SmallVectors, OfTextsAgreeWithVector, ()) {
  const auto steps = *some_steps();
  agrees<std::string, 1>(steps);
  agrees<std::string, 4>(steps);
}
RC_GTEST_PROP(SmallVectors, OfSharedPointersAgreeWithVector, ()) {
  const auto steps = *some_steps();
  agrees<std::shared_ptr<int>, 4>(steps);
  for (unsigned i = 0; i < 100; ++i) RC_ASSERT(made<std::shared_ptr<int>>(i).use_count() == 2);
}

RC_GTEST_PROP(SmallVectors, EqualContentsHashAlikeWhereverTheyLie,
              (const std::vector<int>& numbers, std::uint64_t seed)) {
  const small_vector<int, 4> some(numbers.begin(), numbers.end());
  small_vector<int, 16> others(numbers.begin(), numbers.end());
  others.reserve(numbers.size() + 20);
  RC_ASSERT(
      (gauntlet::hash<small_vector<int, 4>>()(some, seed) == gauntlet::hash<small_vector<int, 16>>()(others, seed)));
  RC_ASSERT((gauntlet::hash<std::vector<int>>()(numbers, seed) == gauntlet::hash<small_vector<int, 4>>()(some, seed)));
}

}  // namespace
