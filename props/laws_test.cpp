// Laws of maps: statements without a model, between a map and itself. Each runs under every quality of hash.

#include "maps.h"

#include <rapidcheck/gtest.h>

namespace {

using namespace props;

GAUNTLET_PROPERTY(Laws, InsertionsOfDistinctKeysCommute) {
  const auto quality = *some_quality();
  const auto elements = *some_elements();
  const auto first = *some_key();
  const auto second = *rc::gen::distinctFrom(some_key(), first);
  auto one = map_of<Map>(quality, elements);
  auto two = one;
  one.emplace(first, 1);
  one.emplace(second, 2);
  two.emplace(second, 2);
  two.emplace(first, 1);
  RC_ASSERT(one == two);
}

GAUNTLET_PROPERTY(Laws, InsertionAndErasureOfDistinctKeysCommute) {
  const auto quality = *some_quality();
  const auto elements = *some_elements();
  const auto inserted = *some_key();
  const auto erased = *rc::gen::distinctFrom(some_key(), inserted);
  auto one = map_of<Map>(quality, elements);
  auto two = one;
  one.emplace(inserted, 1);
  one.erase(erased);
  two.erase(erased);
  two.emplace(inserted, 1);
  RC_ASSERT(one == two);
  RC_ASSERT(sorted_contents(one) == sorted_contents(two));
}

GAUNTLET_PROPERTY(Laws, ErasingWhatWasJustInsertedRestoresTheMap) {
  const auto quality = *some_quality();
  const auto elements = *some_elements();
  const auto before = map_of<Map>(quality, elements);
  auto map = before;
  const auto key = *some_key();
  RC_PRE(!map.contains(key));
  map.emplace(key, 1);
  RC_ASSERT(map.erase(key) == 1U);
  RC_ASSERT(map == before);
  RC_ASSERT(map.self_check());
}

GAUNTLET_PROPERTY(Laws, TheOrderOfInsertionNeverShowsInEquality) {
  const auto quality = *some_quality();
  auto elements = *rc::gen::uniqueBy<std::vector<element>>(
      rc::gen::pair(some_key(), rc::gen::inRange<std::uint64_t>(0, 8)), [](const element& e) { return e.first; });
  const auto forwards = map_of<Map>(quality, elements);
  std::reverse(elements.begin(), elements.end());
  const auto backwards = map_of<Map>(quality, elements);
  RC_ASSERT(forwards == backwards);
  RC_ASSERT(!(forwards != backwards));
}

GAUNTLET_PROPERTY(Laws, EqualMapsHaveEqualContentsAndUnequalMapsDoNot) {
  const auto quality = *some_quality();
  const auto one = map_of<Map>(quality, *some_elements());
  const auto two = map_of<Map>(quality, *some_elements());
  RC_ASSERT((one == two) == (sorted_contents(one) == sorted_contents(two)));
  RC_ASSERT((one == two) == (two == one));
}

GAUNTLET_PROPERTY(Laws, ACopyIsEqualAndIndependent) {
  const auto quality = *some_quality();
  const auto original = map_of<Map>(quality, *some_elements());
  const auto contents = sorted_contents(original);
  auto copy = original;
  RC_ASSERT(copy == original);
  copy.insert_or_assign(*some_key(), std::uint64_t{99});
  RC_ASSERT(sorted_contents(original) == contents);
  copy.clear();
  RC_ASSERT(sorted_contents(original) == contents);
  RC_ASSERT(original.self_check());
}

GAUNTLET_PROPERTY(Laws, MergeIsUnionAndLeavesTheRest) {
  const auto quality = *some_quality();
  auto target = map_of<Map>(quality, *some_elements());
  auto source = map_of<Map>(quality, *some_elements());
  const auto target_before = target;
  const auto source_before = source;
  target.merge(source);
  for (const auto& [key, value] : target_before) RC_ASSERT(target.at(key) == value);
  for (const auto& [key, value] : source_before) {
    if (target_before.contains(key)) {
      RC_ASSERT(source.at(key) == value);
    } else {
      RC_ASSERT(target.at(key) == value);
      RC_ASSERT(!source.contains(key));
    }
  }
  RC_ASSERT(target.size() + source.size() == target_before.size() + source_before.size());
  RC_ASSERT(target.self_check() && source.self_check());
}

GAUNTLET_PROPERTY(Laws, EraseIfPartitions) {
  const auto quality = *some_quality();
  const auto original = map_of<Map>(quality, *some_elements());
  const auto divisor = *rc::gen::inRange<std::uint64_t>(1, 5);
  auto kept = original;
  const auto erased = erase_if(kept, [&](const auto& e) { return e.first % divisor == 0; });
  RC_ASSERT(kept.size() + erased == original.size());
  for (const auto& [key, value] : original) RC_ASSERT(kept.contains(key) == (key % divisor != 0));
  RC_ASSERT(kept.self_check());
}

GAUNTLET_PROPERTY(Laws, ExtractingAndInsertingTheNodeChangesNothing) {
  const auto quality = *some_quality();
  const auto original = map_of<Map>(quality, *some_elements());
  RC_PRE(!original.empty());
  auto map = original;
  const auto key = (*rc::gen::elementOf(sorted_contents(original))).first;
  auto node = map.extract(key);
  RC_ASSERT(!node.empty());
  RC_ASSERT(node.key() == key);
  RC_ASSERT(!map.contains(key));
  RC_ASSERT(map.insert(std::move(node)).inserted);
  RC_ASSERT(map == original);
}

GAUNTLET_PROPERTY(Laws, SwappingTwiceChangesNothing) {
  const auto quality = *some_quality();
  auto one = map_of<Map>(quality, *some_elements());
  auto two = map_of<Map>(quality, *some_elements());
  const auto one_before = one;
  const auto two_before = two;
  one.swap(two);
  RC_ASSERT(one == two_before && two == one_before);
  one.swap(two);
  RC_ASSERT(one == one_before && two == two_before);
}

GAUNTLET_PROPERTY(Laws, CapacityNeverShowsInResults) {
  const auto quality = *some_quality();
  const auto original = map_of<Map>(quality, *some_elements());
  auto map = original;
  map.reserve(*rc::gen::inRange<std::size_t>(0, 200));
  RC_ASSERT(map == original && map.self_check());
  map.rehash(*rc::gen::inRange<std::size_t>(0, 200));
  RC_ASSERT(map == original && map.self_check());
  map.shrink_to_fit();
  RC_ASSERT(map == original && map.self_check());
  RC_ASSERT(sorted_contents(map) == sorted_contents(original));
}

GAUNTLET_PROPERTY(Laws, MovingKeepsTheContentsAndLeavesAUsableEmptyMap) {
  const auto quality = *some_quality();
  auto source = map_of<Map>(quality, *some_elements());
  const auto before = source;
  auto target = std::move(source);
  RC_ASSERT(target == before);
  RC_ASSERT(source.empty());  // NOLINT(bugprone-use-after-move): promised
  source.emplace(1, 1);
  RC_ASSERT(source.size() == 1U && source.self_check());
  RC_ASSERT(target == before);
}

GAUNTLET_PROPERTY(Laws, WhatWasErasedIsGoneAndTheRestStays) {
  const auto quality = *some_quality();
  const auto original = map_of<Map>(quality, *some_elements());
  const auto keys = *rc::gen::container<std::vector<std::uint64_t>>(some_key());
  auto map = original;
  for (const auto key : keys) map.erase(key);
  for (const auto key : keys) RC_ASSERT(!map.contains(key));
  for (const auto& [key, value] : original) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) RC_ASSERT(map.at(key) == value);
  }
  RC_ASSERT(map.self_check());
}

}  // namespace
