// Agreement with the simplest model there is, std::map, by random sequences of commands (rc::state), under every
// quality of hash: after each command the result, the size and the map's own recount must be right.

#include <map>
#include <sstream>

#include "maps.h"

#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

namespace {

using namespace props;

using model = std::map<std::uint64_t, std::uint64_t>;

template <class Map>
struct system_under_test {
  Map map;
};

template <class Map>
using command = rc::state::Command<model, system_under_test<Map>>;

// A command draws its operands when it is made; `next` moves the model, `check` asks the map and compares.
template <class Map>
struct checked_command : command<Map> {
  virtual void next(model& m) const = 0;
  virtual void check(const model& before, const model& after, Map& map) const = 0;

  void apply(model& m) const final { next(m); }
  void run(const model& before, system_under_test<Map>& system) const final {
    model after = before;
    next(after);
    check(before, after, system.map);
    RC_ASSERT(system.map.size() == after.size());
    std::ostringstream dump;
    if (!system.map.self_check(&dump)) RC_FAIL(dump.str());
  }
};

template <class Map>
struct insert_command : checked_command<Map> {
  std::uint64_t key = *some_key();
  std::uint64_t value = *rc::gen::inRange<std::uint64_t>(0, 100);
  void next(model& m) const override { m.emplace(key, value); }
  void check(const model& before, const model& after, Map& map) const override {
    const auto [it, inserted] = map.emplace(key, value);
    RC_ASSERT(inserted == (before.count(key) == 0));
    RC_ASSERT(it->first == key);
    RC_ASSERT(it->second == after.at(key));
  }
  void show(std::ostream& out) const override { out << "insert(" << key << ", " << value << ')'; }
};

template <class Map>
struct assign_command : checked_command<Map> {
  std::uint64_t key = *some_key();
  std::uint64_t value = *rc::gen::inRange<std::uint64_t>(0, 100);
  void next(model& m) const override { m[key] = value; }
  void check(const model& before, const model&, Map& map) const override {
    RC_ASSERT(map.insert_or_assign(key, value).second == (before.count(key) == 0));
  }
  void show(std::ostream& out) const override { out << "insert_or_assign(" << key << ", " << value << ')'; }
};

template <class Map>
struct erase_command : checked_command<Map> {
  std::uint64_t key = *some_key();
  void next(model& m) const override { m.erase(key); }
  void check(const model& before, const model&, Map& map) const override {
    RC_ASSERT(map.erase(key) == before.count(key));
  }
  void show(std::ostream& out) const override { out << "erase(" << key << ')'; }
};

template <class Map>
struct find_command : checked_command<Map> {
  std::uint64_t key = *some_key();
  void next(model&) const override {}
  void check(const model& before, const model&, Map& map) const override {
    const auto it = map.find(key);
    RC_ASSERT((it != map.end()) == (before.count(key) == 1));
    if (it != map.end()) RC_ASSERT(it->second == before.at(key));
  }
  void show(std::ostream& out) const override { out << "find(" << key << ')'; }
};

template <class Map>
struct fill_command : checked_command<Map> {
  std::uint64_t first = *rc::gen::inRange<std::uint64_t>(0, 64);
  std::uint64_t count = *rc::gen::inRange<std::uint64_t>(1, 60);
  void next(model& m) const override {
    for (std::uint64_t k = first; k < first + count; ++k) m.emplace(k, k);
  }
  void check(const model&, const model& after, Map& map) const override {
    for (std::uint64_t k = first; k < first + count; ++k) map.try_emplace(k, k);
    for (const auto& [key, value] : after) RC_ASSERT(map.at(key) == value);
  }
  void show(std::ostream& out) const override { out << "fill(" << first << ", " << count << " keys)"; }
};

template <class Map>
struct drain_command : checked_command<Map> {
  std::uint64_t modulus = *rc::gen::inRange<std::uint64_t>(2, 6);
  void next(model& m) const override {
    for (auto it = m.begin(); it != m.end();) it = it->first % modulus ? m.erase(it) : std::next(it);
  }
  void check(const model& before, const model& after, Map& map) const override {
    for (const auto& [key, value] : before) {
      if (key % modulus) RC_ASSERT(map.erase(key) == 1U);
    }
    RC_ASSERT(sorted_contents(map) == (std::vector<element>(after.begin(), after.end())));
  }
  void show(std::ostream& out) const override { out << "erase all but multiples of " << modulus; }
};

template <class Map>
struct capacity_command : checked_command<Map> {
  int which = *rc::gen::inRange(0, 4);
  std::size_t amount = *rc::gen::inRange<std::size_t>(0, 150);
  void next(model& m) const override {
    if (which == 3) m.clear();
  }
  void check(const model&, const model& after, Map& map) const override {
    if (which == 0) map.reserve(amount);
    if (which == 1) map.rehash(amount);
    if (which == 2) map.shrink_to_fit();
    if (which == 3) map.clear();
    RC_ASSERT(sorted_contents(map) == (std::vector<element>(after.begin(), after.end())));
  }
  void show(std::ostream& out) const override {
    static constexpr const char* names[] = {"reserve", "rehash", "shrink_to_fit", "clear"};
    out << names[which] << '(' << amount << ')';
  }
};

template <class Map>
void agrees() {
  system_under_test<Map> system{map_of<Map>(*some_quality())};
  rc::state::check(
      model(), system,
      rc::state::gen::execOneOfWithArgs<insert_command<Map>, assign_command<Map>, erase_command<Map>, find_command<Map>,
                                        fill_command<Map>, drain_command<Map>, capacity_command<Map>>());
}

RC_GTEST_PROP(Commands, GiveWhatTheModelGives, ()) { agrees<tiny_map>(); }
RC_GTEST_PROP(Commands, GiveWhatTheModelGivesWithoutSimd, ()) { agrees<portable_map>(); }
RC_GTEST_PROP(Commands, OfABucketMapGiveWhatTheModelGives, ()) { agrees<tiny_bucket_map>(); }

}  // namespace
