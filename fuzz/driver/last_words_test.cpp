#include "last_words.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

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

// The file is a pipe that nobody reads yet, so that the first thread is still telling when the second one crashes.
TEST_F(last_words_of, threads_that_crash_at_once_are_said_once) {
  const auto crash = [&] {
    const std::string part = out() + ".part";
    ASSERT_EQ(::mkfifo(part.c_str(), 0600), 0);
    const last_words words(" while judging x", "input", out(), 0ms);
    const auto abort_soon = [] {
      ::usleep(20'000);
      std::raise(SIGABRT);
    };
    std::thread(abort_soon).detach();
    ::usleep(20'000);
    std::thread(abort_soon).detach();
    ::usleep(60'000);
    const int file = ::open(part.c_str(), O_RDONLY);
    char read[16];
    while (::read(file, read, sizeof read) > 0) {
    }
    ::pause();
  };
  EXPECT_EXIT(crash(), testing::ExitedWithCode(1), "^\ncrashed while judging x$");
}

TEST_F(last_words_of, what_cannot_be_kept_say_so) {
  const auto crash = [&] {
    const last_words words(" while judging x\n", "input", out() + "/no/folder", 0ms);
    std::abort();
  };
  EXPECT_DEATH(crash(), "while judging x\nnot kept: .*/no/folder cannot be written");
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
    {
      const last_words words(" while judging y", "other", out(), 0ms);
      ::usleep(60'000);  // no alarm comes late
    }
    std::abort();
  };
  EXPECT_EXIT(end(), testing::ExitedWithCode(1), "^$");
  EXPECT_EQ(kept(), "");
}

}  // namespace
}  // namespace gauntlet::driver
