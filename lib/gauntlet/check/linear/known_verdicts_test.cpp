// Every file of corpus/histories gets the verdict that its first line names; where the brute force can manage the
// history, it agrees. A folder without histories fails: it would guard nothing.
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include <gauntlet/check/history/text.h>
#include <gauntlet/check/linear/brute_force.h>
#include <gauntlet/check/linear/checker.h>

namespace gauntlet::check {
namespace {

std::filesystem::path corpus() {
  std::filesystem::path here = std::filesystem::path(__FILE__).parent_path();
  return here / ".." / ".." / ".." / ".." / "corpus" / "histories";
}

TEST(known_verdicts, every_history_of_the_corpus_gets_its_verdict) {
  std::map<judgement, unsigned> seen;
  for (const auto& file : std::filesystem::directory_iterator(corpus())) {
    if (file.path().extension() != ".history") continue;
    SCOPED_TRACE(file.path().filename().string());
    std::ifstream stream(file.path());
    std::stringstream text;
    text << stream.rdbuf();
    EXPECT_EQ(text.str().rfind("history ", 0), 0u) << "the verdict stands on the first line";
    auto parsed = parse_history(text.str());
    if (const auto* error = std::get_if<parse_error>(&parsed)) {
      ADD_FAILURE() << "line " << error->line << ": " << error->message;
      continue;
    }
    const auto& known = std::get<history_file>(parsed);
    check_options options;
    options.contracts = known.contracts;
    if (known.budget) options.budget = *known.budget;
    const history_verdict verdict = check_history(known.what, options);
    EXPECT_TRUE(verdict.well_formed) << verdict.text;
    EXPECT_EQ(to_string(verdict.says), to_string(known.expected)) << verdict.text;
    EXPECT_EQ(verdict.text.empty(), verdict.says == judgement::right);
    if (!known.budget) {
      EXPECT_EQ(brute_force(known.what, known.contracts), known.expected);
    }
    ++seen[verdict.says];
  }
  EXPECT_GE(seen[judgement::right], 4u);
  EXPECT_GE(seen[judgement::wrong], 6u);
  EXPECT_GE(seen[judgement::undecided], 1u);
}

}  // namespace
}  // namespace gauntlet::check
