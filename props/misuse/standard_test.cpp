// What the standard guarantees about iterators, pointers and references into std::map and std::unordered_map, operation
// by operation, held against libstdc++; README.md beside this has it as a table.
//
// Every element has a *handle*: an iterator and an address from when it was inserted or from when the standard last
// ended the iterator's life. After each operation of a random sequence the handles that the standard keeps must still
// lead to their elements. libstdc++'s debug containers go through the same: they must not call such an iterator
// singular, and must call one singular whose element was erased.
#include <cstdint>
#include <debug/map>
#include <debug/unordered_map>
#include <iterator>
#include <map>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace {

template <class Map>
constexpr bool is_hashed = requires(Map& m) { m.bucket_count(); };

// Of a debug container, whose iterators say whether their life is over.
template <class Map>
constexpr bool is_debug = requires(typename Map::iterator it) { it._M_singular(); };

template <class Map>
struct handle {
  typename Map::iterator it;
  const typename Map::value_type* address;
  int value;
};

template <class Map>
struct world {
  Map map;
  std::map<int, handle<Map>> handles;  // of every element, by key

  void hold(typename Map::iterator it) { handles[it->first] = {it, &*it, it->second}; }

  // After an operation that ends the life of iterators, not of addresses. Every element is found where it was.
  void take_iterators_again() {
    for (auto& [key, h] : handles) {
      h.it = map.find(key);
      RC_ASSERT(h.it != map.end());
      RC_ASSERT(&*h.it == h.address);
    }
  }

  void drop(int key) {
    if constexpr (is_debug<Map>) RC_ASSERT(handles.at(key).it._M_singular());
    handles.erase(key);
  }

  void check() const {
    RC_ASSERT(map.size() == handles.size());
    for (const auto& [key, h] : handles) {
      if constexpr (is_debug<Map>) RC_ASSERT(!h.it._M_singular());
      RC_ASSERT(&*h.it == h.address);
      RC_ASSERT(h.address->first == key);
      RC_ASSERT(h.address->second == h.value);
      RC_ASSERT(map.find(key) == h.it);
    }
  }

  // The elements in order of iteration, `without` left out.
  std::vector<int> order(int without = -1) const {
    std::vector<int> keys;
    for (const auto& [key, value] : map) {
      if (key != without) keys.push_back(key);
    }
    return keys;
  }

  // Whether an insertion may rehash: if not, the standard keeps all iterators. N + n <= z * B, before the insertion.
  bool may_rehash(std::size_t inserted = 1) const {
    if constexpr (is_hashed<Map>) {
      const auto room = static_cast<double>(map.max_load_factor()) * static_cast<double>(map.bucket_count());
      return static_cast<double>(map.size() + inserted) > room;
    } else {
      return false;
    }
  }
};

enum class step : std::uint8_t {
  insert,
  emplace,
  try_emplace,
  insert_or_assign,
  subscript,  // of a key that may be there
  erase_key,
  erase_iterator,
  erase_range,
  erase_if,
  extract,
  extract_and_insert,
  merge,
  swap,
  move,
  copy_assign,
  clear,
  rehash,
  reserve,
};
constexpr unsigned step_count = 18;
using steps = std::vector<std::pair<unsigned, int>>;  // a step as a number, a key

template <class Map>
void insert(world<Map>& w, step how, int key, int value) {
  const bool was_there = w.handles.contains(key), may_rehash = !was_there && w.may_rehash();
  typename Map::iterator it;
  switch (how) {
    case step::insert:
      it = w.map.insert({key, value}).first;
      break;
    case step::emplace:
      it = w.map.emplace(key, value).first;
      break;
    case step::try_emplace:
      it = w.map.try_emplace(key, value).first;
      break;
    case step::insert_or_assign:
      it = w.map.insert_or_assign(key, value).first;
      break;
    default:
      w.map[key] = value;
      it = w.map.find(key);
  }
  if (may_rehash) w.take_iterators_again();
  if (!was_there) return w.hold(it);
  RC_ASSERT(it == w.handles.at(key).it);
  w.handles.at(key).value = it->second;
}

template <class Map>
void erase(world<Map>& w, step how, int key) {
  const std::vector<int> rest = w.order(key);
  const bool was_there = w.handles.contains(key);
  if (how == step::erase_key) RC_ASSERT(w.map.erase(key) == was_there);
  if (how == step::erase_if)
    RC_ASSERT(std::erase_if(w.map, [&](const auto& e) { return e.first == key; }) == was_there);
  if (how == step::erase_iterator && was_there) {
    const auto next = std::next(w.handles.at(key).it);
    RC_ASSERT(w.map.erase(w.handles.at(key).it) == next);
  }
  if (was_there) w.drop(key);
  RC_ASSERT(w.order() == rest);  // also of hashed maps: the others keep their order
}

template <class Map>
void erase_range(world<Map>& w, int key) {
  const auto from = w.handles.find(key);
  if (from == w.handles.end()) return;
  const auto first = from->second.it;
  auto last = first;
  std::vector<int> erased;
  for (int i = 0; i < 3 && last != w.map.end(); ++i, ++last) erased.push_back(last->first);
  RC_ASSERT(w.map.erase(first, last) == last);
  for (const int k : erased) w.drop(k);
}

// Takes the element out and, if asked, puts it back. The address stays; a new iterator comes with the insertion.
template <class Map>
void extract(world<Map>& w, int key, bool put_back) {
  auto node = w.map.extract(key);
  if (node.empty()) return;
  const auto* const address = w.handles.at(key).address;
  RC_ASSERT(&node.mapped() == &address->second);
  w.drop(key);
  if (!put_back) return;
  const bool may_rehash = w.may_rehash();
  const auto inserted = w.map.insert(std::move(node));
  if (may_rehash) w.take_iterators_again();
  RC_ASSERT(inserted.inserted);
  RC_ASSERT(&*inserted.position == address);
  w.hold(inserted.position);
}

// What moves keeps its address; in an ordered map its iterator, too. In a hashed map iterators to what moves, and all of
// the target, are over.
template <class Map>
void merge(world<Map>& to, world<Map>& from) {
  to.map.merge(from.map);
  for (auto it = from.handles.begin(); it != from.handles.end();) {
    it = to.handles.insert(*it).second ? from.handles.erase(it) : std::next(it);
  }
  if constexpr (is_hashed<Map>) to.take_iterators_again();
}

template <class Map>
void run(const steps& sequence) {
  world<Map> a, b;
  int value = 0;
  for (const auto& [what, key] : sequence) {
    const auto how = static_cast<step>(what < step_count ? what : what % 5);
    switch (how) {
      case step::erase_key:
      case step::erase_iterator:
      case step::erase_if:  // debug containers outside of debug mode do not hear of it
        erase(a, is_debug<Map> && how == step::erase_if ? step::erase_key : how, key);
        break;
      case step::erase_range:
        erase_range(a, key);
        break;
      case step::extract:
      case step::extract_and_insert:
        extract(a, key, how == step::extract_and_insert);
        break;
      case step::merge:
        if constexpr (!is_debug<Map>) merge(a, b);  // theirs leaves iterators with the map that they came from
        break;
      case step::swap:
        std::swap(a.handles, b.handles);
        a.map.swap(b.map);
        break;
      case step::move: {
        Map moved(std::move(a.map));
        for (const auto& [k, h] : a.handles) RC_ASSERT(&*h.it == h.address && moved.find(k) == h.it);
        a.map = std::move(moved);
        break;
      }
      case step::copy_assign: {  // what was in the target is over; the source is as before
        b.handles.clear();
        b.map = a.map;
        for (auto it = b.map.begin(); it != b.map.end(); ++it) b.hold(it);
        break;
      }
      case step::clear:
        a.map.clear();
        while (!a.handles.empty()) a.drop(a.handles.begin()->first);
        break;
      case step::rehash:
      case step::reserve:
        if constexpr (is_hashed<Map>) {
          const auto count = static_cast<std::size_t>(4 * key);
          how == step::rehash ? a.map.rehash(count) : a.map.reserve(count);
          a.take_iterators_again();
        }
        break;
      default:
        insert(a, how, key, ++value);
    }
    a.check();
    b.check();
  }
}

// One step in two inserts, so that the maps are filled; the first elements of a sequence come first when it is reduced.
steps random_steps() {
  return *rc::gen::resize(
      500, rc::gen::container<steps>(rc::gen::pair(rc::gen::inRange(0U, 2 * step_count), rc::gen::inRange(0, 48))));
}

RC_GTEST_PROP(std_map, keeps_every_iterator_and_reference_but_those_of_what_is_erased, ()) {
  run<std::map<int, int>>(random_steps());
}
RC_GTEST_PROP(std_unordered_map, keeps_every_reference_but_those_of_what_is_erased, ()) {
  run<std::unordered_map<int, int>>(random_steps());
}
RC_GTEST_PROP(debug_map, says_the_same, ()) { run<__gnu_debug::map<int, int>>(random_steps()); }
RC_GTEST_PROP(debug_unordered_map, says_the_same, ()) { run<__gnu_debug::unordered_map<int, int>>(random_steps()); }

// The alarm rings: a rehash does end the life of iterators, and the debug container says so.
TEST(debug_unordered_map, knows_that_a_rehash_ends_iterators_and_forgets_it_in_subscripts) {
  const auto after = [](auto insert) {
    __gnu_debug::unordered_map<int, int> m{{0, 0}};
    const auto it = m.begin();
    const int* const address = &it->second;
    const std::size_t buckets = m.bucket_count();
    for (int k = 1; m.bucket_count() == buckets; ++k) insert(m, k);
    EXPECT_EQ(address, &m.at(0));
    return it._M_singular();
  };
  EXPECT_TRUE(after([](auto& m, int k) { m.insert({k, k}); }));
  EXPECT_FALSE(after([](auto& m, int k) { m[k] = k; }));
}

}  // namespace
