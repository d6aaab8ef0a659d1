// What an engine's hooks do with a target (check/fuzzing/libfuzzer.cpp): what maps lack is drawn no longer, and what somebody
// named is judged nowhere, wherever the bytes come from.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <gtest/gtest.h>

#include <gauntlet/check/fuzzing/lacking_operations.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/run/runner.h>

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed);
}

namespace gauntlet::driver {

void (*instead_of_judging)() = nullptr;  // for tests of what happens then

}  // namespace gauntlet::driver

namespace {

using namespace gauntlet::check;

unsigned judged = 0, with_merge = 0, with_walk = 0, with_find = 0;

bool has(const program& p, opcode code) {
  for (const operation& o : p.operations) {
    if (o.code == code) return true;
  }
  return false;
}

// A map that lacks merge alone.
verdict judge(const program& p) {
  if (gauntlet::driver::instead_of_judging != nullptr) gauntlet::driver::instead_of_judging();
  ++judged;
  with_merge += has(p, opcode::merge);
  with_walk += has(p, opcode::walk);
  with_find += has(p, opcode::find);
  for (const operation& o : p.operations) {
    const outcome given = o.code == opcode::merge ? outcome::unsupported : outcome::done;
    ++coverage().count[static_cast<std::size_t>(o.code)][static_cast<std::size_t>(given)];
  }
  return {};
}

TEST(engine, draws_what_maps_lack_seldom_and_judges_what_is_named_never) {
  ASSERT_EQ(setenv("GAUNTLET_WITHOUT", "walk", 1), 0);
  program seed;
  seed.operations.push_back({.code = opcode::walk, .argument = 1});
  seed.operations.push_back({.code = opcode::find});
  normalize(seed);
  const auto bytes = encode(seed);
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  EXPECT_EQ(judged, 1u);
  EXPECT_EQ(with_find, 1u);
  EXPECT_EQ(with_walk, 0u);

  std::array<std::uint8_t, 4096> input{};
  std::size_t size = 0;
  const auto run = [&](unsigned first, unsigned count) {
    judged = with_merge = with_walk = with_find = 0;
    for (unsigned i = first; i < first + count; ++i) {
      size = LLVMFuzzerCustomMutator(input.data(), size, input.size(), i);
      LLVMFuzzerTestOneInput(input.data(), size);
    }
  };
  run(0, 100);
  EXPECT_GT(with_merge, 10u);
  EXPECT_EQ(with_walk, 0u);
  run(100, 900);  // enough to learn it
  run(1000, 2000);
  EXPECT_EQ(judged, 2000u);
  EXPECT_LT(with_merge, 50u);
  EXPECT_GT(with_merge, 0u) << "now and then everything is asked";
  EXPECT_GT(with_find, 500u);
  EXPECT_EQ(with_walk, 0u);
}

}  // namespace

GAUNTLET_TARGET(.name = "hash_map_operations", .judge_program = judge);
