// Misuse is noticed: each case hit exactly, by parking a thread inside a hash or an equality, or by using what is
// stale; and right use draws nothing.
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/plain_maps_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

struct diagnosed {
  misuse_kind kind;
  std::string operation, other_operation;
};
// While one lives, misuse is thrown instead of ending the process.
struct thrown_misuse {
  misuse_handler before = set_misuse_handler([](const misuse_report& report) {
    throw diagnosed{report.kind, report.operation, report.other_operation == nullptr ? "" : report.other_operation};
  });
  ~thrown_misuse() { set_misuse_handler(before); }
};

// A hash that calls back when it meets key 13.
struct meddling_hash {
  static inline std::function<void()> meddle;
  std::size_t operator()(u64 key) const {
    if (key == 13 && meddle) meddle();
    return key;
  }
};
template <class Family>
using meddled_map = typename Family::template with<u64, u64, typename Family::tiny, meddling_hash>;

template <class Family>
class PlainMapsDiagnose : public ::testing::Test {};
TYPED_TEST_SUITE(PlainMapsDiagnose, plain_families, plain_family_names);
template <class Family>
using PlainMapsDiagnoseDeathTest = PlainMapsDiagnose<Family>;
TYPED_TEST_SUITE(PlainMapsDiagnoseDeathTest, plain_families, plain_family_names);

template <class Use>
diagnosed diagnosis(Use use) {
  const thrown_misuse handler;
  try {
    use();
  } catch (const diagnosed& found) {
    return found;
  }
  ADD_FAILURE() << "nothing was diagnosed";
  return {};
}

TYPED_TEST(PlainMapsDiagnose, ReentryFromAHashIsDiagnosedAndTheMapStaysUsable) {
  meddled_map<TypeParam> m;
  for (u64 k = 0; k < 10; ++k) m[k] = k;
  meddling_hash::meddle = [&m] { m[99] = 1; };
  const auto found = diagnosis([&m] { m[13] = 1; });
  EXPECT_EQ(found.kind, misuse_kind::reentry);
  EXPECT_EQ(found.operation, "insert");
  EXPECT_EQ(found.other_operation, "insert");
  meddling_hash::meddle = [&m] { EXPECT_TRUE(m.contains(1)); };
  EXPECT_EQ(diagnosis([&m] { m.erase(13); }).operation, "find");
  meddling_hash::meddle = nullptr;
  EXPECT_EQ(m.size(), 10U);
  m[13] = 1;
  EXPECT_TRUE(healthy(m));
}

TYPED_TEST(PlainMapsDiagnose, ReentryFromAPredicateIsDiagnosed) {
  typename TypeParam::template with<u64, u64> m;
  for (u64 k = 0; k < 30; ++k) m[k] = k;
  EXPECT_EQ(diagnosis([&m] { erase_if(m, [&m](auto&) { return m.contains(3); }); }).kind, misuse_kind::reentry);
  EXPECT_EQ(m.size(), 30U);
  EXPECT_TRUE(healthy(m));
}

// A writer is parked inside its hash while another thread uses the map.
template <class Map, class Use>
diagnosed beside_a_parked_writer(Map& m, Use use) {
  std::atomic<bool> parked{false}, go{false};  // [parked] pairs with the load below, [go] with the store below
  meddling_hash::meddle = [&] {
    parked.store(true, std::memory_order_release);
    while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
  };
  std::thread writer([&m] { m[13] = 1; });
  while (!parked.load(std::memory_order_acquire)) std::this_thread::yield();
  const auto found = diagnosis(use);
  go.store(true, std::memory_order_release);
  writer.join();
  meddling_hash::meddle = nullptr;
  EXPECT_EQ(m.at(13), 1U);
  return found;
}

TYPED_TEST(PlainMapsDiagnose, WritingReadingAndWalkingBesideAWriterAreDiagnosed) {
  meddled_map<TypeParam> m;
  for (u64 k = 0; k < 10; ++k) m[k] = k;
  auto found = beside_a_parked_writer(m, [&m] { m.erase(1); });
  EXPECT_EQ(found.kind, misuse_kind::concurrent_writes);
  EXPECT_EQ(found.operation, "erase");
  EXPECT_EQ(found.other_operation, "insert");
  EXPECT_EQ(beside_a_parked_writer(m, [&m] { m.contains(1); }).kind, misuse_kind::concurrent_read_and_write);
  EXPECT_EQ(beside_a_parked_writer(m, [&m] { (void)m.begin(); }).kind, misuse_kind::concurrent_iteration_and_write);
  EXPECT_EQ(beside_a_parked_writer(m, [&m] { (void)m.walk(); }).kind, misuse_kind::concurrent_iteration_and_write);
  auto c = m.walk();
  EXPECT_EQ(beside_a_parked_writer(m, [&c] { c.next(); }).kind, misuse_kind::concurrent_iteration_and_write);
  EXPECT_EQ(beside_a_parked_writer(m, [&m] { meddled_map<TypeParam> copy(m); }).kind,
            misuse_kind::concurrent_read_and_write);
  EXPECT_TRUE(healthy(m));
}

TYPED_TEST(PlainMapsDiagnose, StaleIteratorsAreDiagnosed) {
  typename TypeParam::template with<u64, u64> m;
  for (u64 k = 0; k < 10; ++k) m[k] = k;
  auto it = m.find(3);
  m[100] = 1;
  EXPECT_EQ(diagnosis([&it] { (void)*it; }).kind, misuse_kind::stale_iterator);
  EXPECT_EQ(diagnosis([&it] { ++it; }).kind, misuse_kind::stale_iterator);
  EXPECT_EQ(diagnosis([&] { m.erase(it); }).kind, misuse_kind::stale_iterator);
  it = m.find(3);
  const auto same = it;
  m.erase(it);
  EXPECT_EQ(diagnosis([&same] { (void)same->second; }).kind, misuse_kind::stale_iterator);
  EXPECT_EQ(diagnosis([&m] { (void)*m.end(); }).kind, misuse_kind::stale_iterator);
  auto other = m.find(5);
  m.erase(m.find(6));
  EXPECT_EQ(other->second, 5U);  // promise (6)
}

TYPED_TEST(PlainMapsDiagnose, StaleCursorsAreDiagnosed) {
  typename TypeParam::template with<u64, u64> m, other;
  for (u64 k = 0; k < 30; ++k) m[k] = k;
  auto c = m.walk();
  const u64 key = c->first;
  m.erase(key);
  EXPECT_EQ(diagnosis([&c] { (void)*c; }).kind, misuse_kind::stale_cursor);
  c.next();
  EXPECT_NE(c->first, key);
  swap(m, other);
  EXPECT_EQ(diagnosis([&c] { c.next(); }).kind, misuse_kind::stale_cursor);
  c = other.walk();
  const typename TypeParam::template with<u64, u64> moved(std::move(other));
  EXPECT_EQ(diagnosis([&c] { (void)*c; }).kind, misuse_kind::stale_cursor);
  while (c) {
    diagnosis([&c] { c.next(); });
    break;
  }
}

TYPED_TEST(PlainMapsDiagnoseDeathTest, TheDefaultHandlerPrintsGosTextAndAborts) {
  EXPECT_DEATH(
      {
        meddled_map<TypeParam> m;
        beside_a_parked_writer(m, [&m] {
          set_misuse_handler(nullptr);
          m[1] = 1;
        });
      },
      "concurrent map writes");
}

TYPED_TEST(PlainMapsDiagnose, ManyReadersAndWalkersDrawNothing) {
  const thrown_misuse handler;
  typename TypeParam::template with<u64, u64> built;
  for (u64 k = 0; k < 300; ++k) built[k] = k;
  const auto& m = built;
  std::atomic<u64> total{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 4; ++t) {
    readers.emplace_back([&m, &total] {
      u64 sum = 0;
      for (int round = 0; round < 30; ++round) {
        for (u64 k = 0; k < 300; ++k) sum += m.at(k);
        for (auto c = m.walk(); c; c.next()) sum += c->second;
        for (const auto& [k, v] : m) sum += v;
      }
      total += sum;
    });
  }
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(total, 4U * 30 * 3 * (299 * 300 / 2));
}

}  // namespace
}  // namespace gauntlet
