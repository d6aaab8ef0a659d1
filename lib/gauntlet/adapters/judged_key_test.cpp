// A map that asks its keys for their hash, before the judge.
#include <gauntlet/adapters/judged_key.h>

#include <gtest/gtest.h>

#include <gauntlet/check/types/test_equal.h>
#include <gauntlet/check/types/test_hash.h>

namespace gauntlet::adapters {
namespace {

using hash = check::test_hash<std::uint64_t>;
using equal = check::test_equal<std::uint64_t>;
using key = judged_key<std::uint64_t, hash, equal>;

TEST(judged_key, hashes_as_it_did_after_another_map_was_made) {
  check::functor_state state;
  const hash of_one(state, 1), of_another(state, 2);
  ASSERT_NE(of_one(7), of_another(7));
  key::ask(of_one, equal(state, 1));
  const std::size_t before = key(7).hash_code();
  key::ask(of_another, equal(state, 2));
  EXPECT_EQ(key(7).hash_code(), before);
  EXPECT_NE(key(8).hash_code(), before);
}

}  // namespace
}  // namespace gauntlet::adapters
