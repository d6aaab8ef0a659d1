// The alarm rings: every defective map is caught by random programs alone, without an engine, and the failure reduces
// to a few operations; the right map holds on every one of the same programs.
//
// The ladder: the fuzzers hunt the defects from coverage (ci/fuzz --prove); here only the generator and the mutator
// work, from one fixed rng_seed, so the test does the same each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/reduce/reduce.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/runner.h>

namespace gauntlet::check {
namespace {

constexpr std::uint64_t rng_seed = 20;
constexpr std::uint64_t programs_max = 60000;
constexpr std::size_t operations = 48;

std::filesystem::path project_folder() { return std::filesystem::path(__FILE__).parent_path() / "../../.."; }

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::vector<const registration*> single_defects() {
  std::vector<const registration*> found;
  for (const registration& r : registered_subjects()) {
    if (r.defective && r.single) found.push_back(&r);
  }
  return found;
}

std::uint8_t number_of_target(std::string_view name) {
  const auto names = target_names();
  return static_cast<std::uint8_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

failure_signature signature_of(const verdict& v) {
  return v ? failure_signature{} : failure_signature{std::string(to_string(v.kind)), v.place};
}

class defect : public testing::TestWithParam<const registration*> {};

TEST_P(defect, is_caught_by_random_programs_and_reduces_to_a_few_operations_on_which_the_right_map_holds) {
  const registration& broken = *GetParam();
  const registration* const right =
      find_subject(broken.defect.right_twin.empty() ? "hash_map" : broken.defect.right_twin);
  ASSERT_NE(right, nullptr);
  random_source random(rng_seed);
  mutation_options options;
  options.target = number_of_target(broken.defect.target);
  options.operations_max = 2 * operations;
  program p;
  verdict caught;
  for (std::uint64_t i = 0; i < programs_max && caught; ++i) {
    if (i % 4 == 0) {
      p = generate(random, operations, options);
    } else {
      mutate(p, random, options);
    }
    caught = run(p, broken.single);
    if (!caught || i % 64 == 0) {
      const verdict held = run(p, right->single);
      ASSERT_TRUE(static_cast<bool>(held)) << "the right map fails: " << held.message << "\n" << print(p);
    }
  }
  ASSERT_FALSE(static_cast<bool>(caught)) << "not noticed in " << programs_max << " programs";
  const auto judge = [&broken](const program& candidate) { return signature_of(run(candidate, broken.single)); };
  const reduction small = reduce(p, signature_of(caught), judge);
  EXPECT_LE(small.smallest.operations.size(), broken.defect.reduced_operations_max) << print(small.smallest);
  EXPECT_TRUE(static_cast<bool>(run(small.smallest, right->single))) << print(small.smallest);
}

INSTANTIATE_TEST_SUITE_P(every, defect, testing::ValuesIn(single_defects()),
                         [](const auto& instance) { return std::string(instance.param->name); });

TEST(seeds, hold_no_trigger_of_a_defect) {
  std::size_t seeds = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(project_folder() / "corpus")) {
    if (entry.path().extension() != ".ops" || entry.path().parent_path().filename() != "seed") continue;
    if (entry.path().string().find("/canary/") != std::string::npos) continue;
    const auto parsed = parse(content_of(entry.path()));
    ASSERT_TRUE(std::holds_alternative<program>(parsed)) << entry.path();
    const program& p = std::get<program>(parsed);
    if (p.header.threads != 0) continue;
    ++seeds;
    for (const registration* broken : single_defects()) {
      const verdict v = run(p, broken->single);
      EXPECT_TRUE(static_cast<bool>(v)) << entry.path() << " gives " << broken->name << " away: " << v.message;
    }
  }
  EXPECT_GE(seeds, 40u);
}

TEST(seeds, name_every_operation) {
  std::array<bool, opcode_count> named{};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(project_folder() / "corpus")) {
    if (entry.path().extension() != ".ops" || entry.path().parent_path().filename() != "seed") continue;
    const auto parsed = parse(content_of(entry.path()));
    if (!std::holds_alternative<program>(parsed)) continue;
    for (const operation& o : std::get<program>(parsed).operations) named[static_cast<std::size_t>(o.code)] = true;
  }
  for (std::size_t i = 0; i < opcode_count; ++i) {
    EXPECT_TRUE(named[i]) << "no seed shows " << info(static_cast<opcode>(i)).name;
  }
}

TEST(index_of_defects, lists_each_with_its_promise_and_its_target) {
  std::string table = "| map | breaks the promise | must be noticed by |\n|---|---|---|\n";
  for (const registration& r : registered_subjects()) {
    if (!r.defective) continue;
    table += "| [`" + std::string(r.name) + "`](" + std::string(r.name) + ".cpp) | " + std::string(r.defect.promise) +
             " | `" + std::string(r.defect.target) + "` |\n";
    EXPECT_LE(r.defect.budget_cpu_seconds, 60u);
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(__FILE__).parent_path() / (std::string(r.name) + ".cpp")))
        << r.name;
  }
  EXPECT_NE(content_of(std::filesystem::path(__FILE__).parent_path() / "README.md").find(table), std::string::npos)
      << "README.md must hold this table:\n"
      << table;
}

}  // namespace
}  // namespace gauntlet::check
