#include "last_words.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace gauntlet::driver {
namespace {

using std::chrono_literals::operator""ms;

class last_words_of : public testing::Test {
 protected:
  last_words_of() : folder_(testing::TempDir() + "last_words." + std::to_string(::getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~last_words_of() override { std::filesystem::remove_all(folder_); }
  std::string out() const { return folder_ + "/kept.ops"; }
  std::string kept() const {
    std::ifstream file(out(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool half_written() const { return std::filesystem::exists(out() + ".part"); }

 private:
  std::string folder_;
};

TEST_F(last_words_of, a_crash_say_what_it_was_and_keep_it) {
  const auto crash = [&] {
    const last_words words(" while judging x\nthe program", std::string("in\0put", 6), out(), 0ms);
    std::abort();
  };
  EXPECT_DEATH(crash(), "crashed while judging x\nthe program");
  EXPECT_EQ(kept(), std::string("in\0put", 6));
  EXPECT_FALSE(half_written());
}

TEST_F(last_words_of, a_judgement_without_end_say_so_and_keep_it) {
  const auto hang = [&] {
    const last_words words(" while judging x", "input", out(), 20ms);
    for (volatile bool forever = true; forever;) {
    }
  };
  EXPECT_EXIT(hang(), testing::ExitedWithCode(1), "no answer in time.* while judging x");
  EXPECT_EQ(kept(), "input");
}

TEST_F(last_words_of, a_judgement_that_sleeps_too_long_come_as_well) {
  const auto sleep = [&] {
    const last_words words(" while judging x", "input", "", 20ms);
    for (;;) ::pause();
  };
  EXPECT_EXIT(sleep(), testing::ExitedWithCode(1), "no answer in time");
}

TEST_F(last_words_of, what_came_to_its_end_are_not_said) {
  const auto end = [&] {
    {
      const last_words words(" while judging x", "input", out(), 20ms);
    }
    ::usleep(60'000);
    {
      const last_words words(" while judging y", "other", "", 10'000ms);
    }
    std::abort();
  };
  EXPECT_EXIT(end(), testing::ExitedWithCode(1), "^$");
  EXPECT_EQ(kept(), "");
}

}  // namespace
}  // namespace gauntlet::driver
