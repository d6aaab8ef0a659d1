// The five promises of a walk, each as a property of its own, while the body inserts, erases, clears, grows and
// shrinks.
//
// An element's value is the number of its insertion, so that an element erased and inserted again is another element:
// promise (4) is then just (3) over insertion numbers. What the body does at each visit is drawn beforehand, so a
// counterexample shrinks to the visits that matter.

#include <map>
#include <set>

#include "maps.h"

#include <rapidcheck/gtest.h>

namespace {

using namespace props;

struct action {
  enum class kind { insert, erase, erase_current, erase_visited, grow, clear, shrink, reserve };
  kind what;
  std::uint64_t key;
};

void showValue(const action& a, std::ostream& out) {
  static constexpr const char* names[] = {"insert", "erase", "erase_current", "erase_visited",
                                          "grow",   "clear", "shrink",        "reserve"};
  out << names[static_cast<int>(a.what)] << '(' << a.key << ')';
}

rc::Gen<std::vector<action>> some_actions() {
  using kind = action::kind;
  const auto what = rc::gen::weightedElement<kind>({{8, kind::insert},
                                                    {8, kind::erase},
                                                    {4, kind::erase_current},
                                                    {4, kind::erase_visited},
                                                    {2, kind::grow},
                                                    {1, kind::clear},
                                                    {1, kind::shrink},
                                                    {1, kind::reserve}});
  return rc::gen::container<std::vector<action>>(
      rc::gen::construct<action>(what, rc::gen::inRange<std::uint64_t>(0, 64)));
}

// What a walk showed and what the map held meanwhile.
struct record {
  std::map<std::uint64_t, std::uint64_t> present;  // key -> insertion number
  std::set<std::uint64_t> at_start;                // insertion numbers
  std::set<std::uint64_t> ever_erased;
  std::vector<std::uint64_t> shown;  // insertion numbers, in order
  std::vector<bool> shown_was_present;
  std::uint64_t insertions = 0;
};

template <class Map>
record walk_with(gauntlet::check::hash_quality quality, const std::vector<element>& elements,
                 const std::vector<action>& actions) {
  auto map = map_of<Map>(quality);
  record r;
  const auto insert = [&](std::uint64_t key) {
    if (map.emplace(key, r.insertions).second) r.present[key] = r.insertions;
    ++r.insertions;
  };
  const auto erase = [&](std::uint64_t key) {
    if (map.erase(key) == 0) return;
    r.ever_erased.insert(r.present.at(key));
    r.present.erase(key);
  };
  for (const auto& e : elements) insert(e.first);
  for (const auto& [key, number] : r.present) r.at_start.insert(number);

  std::vector<std::uint64_t> visited_keys;
  std::size_t next = 0;
  for (auto cursor = map.walk(); cursor; cursor.next()) {
    const auto [key, number] = *cursor;
    const auto found = r.present.find(key);
    r.shown.push_back(number);
    r.shown_was_present.push_back(found != r.present.end() && found->second == number);
    visited_keys.push_back(key);
    // Two actions a visit, until there are none left: a walk over a map that stops growing ends.
    for (int i = 0; i < 2 && next < actions.size(); ++i, ++next) {
      const auto& a = actions[next];
      switch (a.what) {
        case action::kind::insert:
          insert(a.key);
          break;
        case action::kind::erase:
          erase(a.key);
          break;
        case action::kind::erase_current:
          erase(key);
          break;
        case action::kind::erase_visited:
          erase(visited_keys[a.key % visited_keys.size()]);
          break;
        case action::kind::grow:
          for (std::uint64_t k = 0; k < 40; ++k) insert(1000 + a.key * 40 + k);
          break;
        case action::kind::clear:
          while (!r.present.empty()) {
            r.ever_erased.insert(r.present.begin()->second);
            r.present.erase(r.present.begin());
          }
          map.clear();
          break;
        case action::kind::shrink:
          map.shrink_to_fit();
          break;
        case action::kind::reserve:
          map.reserve(a.key * 4);
          break;
      }
    }
  }
  RC_ASSERT(map.self_check());
  return r;
}

GAUNTLET_PROPERTY(Walk, Promise1PresentThroughoutIsVisitedExactlyOnce) {
  const auto r = walk_with<Map>(*some_quality(), *some_elements(), *some_actions());
  for (const auto number : r.at_start) {
    if (r.ever_erased.count(number)) continue;
    RC_ASSERT(std::count(r.shown.begin(), r.shown.end(), number) == 1);
  }
}

GAUNTLET_PROPERTY(Walk, Promise2ErasedBeforeItWasReachedIsNotVisited) {
  const auto r = walk_with<Map>(*some_quality(), *some_elements(), *some_actions());
  RC_ASSERT(std::find(r.shown_was_present.begin(), r.shown_was_present.end(), false) == r.shown_was_present.end());
}

GAUNTLET_PROPERTY(Walk, Promises3And4EachInsertionIsVisitedAtMostOnce) {
  const auto r = walk_with<Map>(*some_quality(), *some_elements(), *some_actions());
  const std::set<std::uint64_t> once(r.shown.begin(), r.shown.end());
  RC_ASSERT(once.size() == r.shown.size());
}

GAUNTLET_PROPERTY(Walk, Promise5AVisitShowsTheCurrentValue) {
  auto map = map_of<Map>(*some_quality(), *some_elements());
  std::map<std::uint64_t, std::uint64_t> model(map.begin(), map.end());
  const auto stride = *rc::gen::inRange<std::uint64_t>(1, 7);
  std::uint64_t turn = 0;
  for (auto cursor = map.walk(); cursor; cursor.next()) {
    RC_ASSERT(cursor->second == model.at(cursor->first));
    // Assign to elements before and after this one, and make the map move them.
    for (auto& [key, value] : model) {
      if ((key + turn) % stride != 0) continue;
      value = 1000 + turn;
      map.insert_or_assign(key, value);
    }
    if (++turn % 5 == 0) map.reserve(turn * 8);
    RC_ASSERT(cursor->second == model.at(cursor->first));
  }
}

GAUNTLET_PROPERTY(Walk, AWalkInsideAWalkDisturbsNeither) {
  auto map = map_of<Map>(*some_quality(), *some_elements());
  const auto contents = sorted_contents(map);
  std::vector<element> outer;
  for (auto cursor = map.walk(); cursor; cursor.next()) {
    std::vector<element> inner;
    for (auto nested = map.walk(); nested; nested.next()) inner.push_back(*nested);
    std::sort(inner.begin(), inner.end());
    RC_ASSERT(inner == contents);
    outer.push_back(*cursor);
  }
  std::sort(outer.begin(), outer.end());
  RC_ASSERT(outer == contents);
}

GAUNTLET_PROPERTY(Walk, ErasingByIteratorWhileIteratingVisitsEachElementOnce) {
  auto map = map_of<Map>(*some_quality(), *some_elements());
  const auto contents = sorted_contents(map);
  const auto modulus = *rc::gen::inRange<std::uint64_t>(1, 4);
  std::vector<element> visited;
  for (auto it = map.begin(); it != map.end();) {
    visited.push_back(*it);
    if (it->first % modulus == 0) {
      it = map.erase(it);
    } else {
      ++it;
    }
  }
  std::sort(visited.begin(), visited.end());
  RC_ASSERT(visited == contents);
  for (const auto& e : contents) RC_ASSERT(map.contains(e.first) == (e.first % modulus != 0));
  RC_ASSERT(map.self_check());
}

}  // namespace
