#include "go_operations.h"

#include <array>
#include <optional>
#include <thread>
#include <utility>

#include <gauntlet/adapters/sync_map.h>
#include <gauntlet/sched/run.h>

namespace props {
namespace {

using map_type =
    gauntlet::sync_map<int, int, gauntlet::hash<int>, std::equal_to<int>, std::allocator<std::pair<const int, int>>,
                       gauntlet::adapters::tiny_sync_map_policy>;

// The four states in which an operation can find key 1: only in the dirty part, in the read part, deleted there, and
// expunged. With a value, it is 10.
enum class start { dirty, clean, deleted, expunged };
constexpr std::array<start, 4> starts = {start::dirty, start::clean, start::deleted, start::expunged};

bool begin(map_type& map, start with) {
  map.store(1, 10);
  if (with == start::dirty) return true;
  (void)map.size();  // promotes
  if (with == start::clean) return true;
  map.erase(1);
  if (with == start::expunged) map.store(2, 20);  // a dirty part without 1
  return false;
}

// Promotes, begins dirty parts, expunges.
void restless(map_type& map) {
  map.store(3, 30);
  (void)map.load(4);
  map.erase(3);
  (void)map.size();
  map.store(5, 50);
}

template <class A, class B>
void at_once(A a, B b) {
  std::thread one(a);
  std::thread two(b);
  one.join();
  two.join();
}

void check_end(map_type& map, std::optional<int> wanted) {
  GAUNTLET_SCHED_CHECK(map.load(1) == wanted);
  GAUNTLET_SCHED_CHECK(map.self_check());
  (void)map.size();
  GAUNTLET_SCHED_CHECK(map.load(1) == wanted);
}

// Two swaps: each value is handed out once, or is what is left.
template <std::size_t With>
void swaps() {
  map_type map;
  const bool there = begin(map, starts[With]);
  std::optional<int> a;
  std::optional<int> b;
  std::thread others([&map] { restless(map); });
  at_once([&] { a = map.swap(1, 11); }, [&] { b = map.swap(1, 12); });
  others.join();
  const std::optional<int> first = there ? std::optional<int>(10) : std::nullopt;
  const std::optional<int> left = map.load(1);
  GAUNTLET_SCHED_CHECK((a == first && b == 11 && left == 12) || (b == first && a == 12 && left == 11));
  check_end(map, left);
}

// Two that load or store: they agree, and one of them stores if nothing is there.
template <std::size_t With>
void loads_or_stores() {
  map_type map;
  const bool there = begin(map, starts[With]);
  std::pair<int, bool> a;
  std::pair<int, bool> b;
  std::thread others([&map] { restless(map); });
  at_once([&] { a = map.load_or_store(1, 11); }, [&] { b = map.load_or_store(1, 12); });
  others.join();
  GAUNTLET_SCHED_CHECK(a.first == b.first);
  GAUNTLET_SCHED_CHECK((a.second ? 0 : 1) + (b.second ? 0 : 1) == (there ? 0 : 1));
  check_end(map, a.first);
}

// A delete that compares, beside a swap: it deletes the old value or nothing.
template <std::size_t With>
void deletes_that_compare() {
  map_type map;
  const bool there = begin(map, starts[With]);
  bool deleted = false;
  std::optional<int> before;
  std::thread others([&map] { restless(map); });
  at_once([&] { deleted = map.compare_and_delete(1, 10); }, [&] { before = map.swap(1, 11); });
  others.join();
  GAUNTLET_SCHED_CHECK(!deleted || there);
  GAUNTLET_SCHED_CHECK(before == (there && !deleted ? std::optional<int>(10) : std::nullopt));
  check_end(map, 11);
}

// Two that take: one gets it.
template <std::size_t With>
void takers() {
  map_type map;
  const bool there = begin(map, starts[With]);
  std::optional<int> a;
  bool b = false;
  std::thread others([&map] { restless(map); });
  at_once([&] { a = map.load_and_delete(1); }, [&] { b = map.compare_and_delete(1, 10); });
  others.join();
  GAUNTLET_SCHED_CHECK((a.has_value() ? 1 : 0) + (b ? 1 : 0) == (there ? 1 : 0));
  check_end(map, std::nullopt);
}

// A store that has returned is not undone by parts that come and go, nor is a delete.
template <std::size_t With>
void stores_and_deletes() {
  map_type map;
  begin(map, starts[With]);
  std::thread others([&map] { restless(map); });
  map.store(1, 11);
  GAUNTLET_SCHED_CHECK(map.load(1) == 11);
  GAUNTLET_SCHED_CHECK(map.load_and_delete(1) == 11);
  GAUNTLET_SCHED_CHECK(!map.load(1).has_value());
  GAUNTLET_SCHED_CHECK(!map.load_or_store(1, 12).second);
  others.join();
  check_end(map, 12);
}

}  // namespace

#define GAUNTLET_FROM_EVERY_START(body)                                          \
  {#body ", in the dirty part", body<0>}, {#body ", in the read part", body<1>}, \
      {#body ", deleted in the read part", body<2>}, {                           \
    #body ", expunged", body<3>                                                  \
  }

const std::vector<go_body>& go_bodies() {
  static const std::vector<go_body> all = {GAUNTLET_FROM_EVERY_START(swaps), GAUNTLET_FROM_EVERY_START(loads_or_stores),
                                           GAUNTLET_FROM_EVERY_START(deletes_that_compare),
                                           GAUNTLET_FROM_EVERY_START(takers),
                                           GAUNTLET_FROM_EVERY_START(stores_and_deletes)};
  return all;
}

}  // namespace props
