// What can't be controlled is refused by name, and only inside a run.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csetjmp>
#include <string>
#include <vector>

#include <gauntlet/sched/explore_for_tests.h>
#include <gtest/gtest.h>

namespace gauntlet::sched {
namespace {

struct refused_call {
  const char* name;
  void (*call)();
};

char buffer[8];

const std::vector<refused_call> calls = {
    {"fork", [] { static_cast<void>(::fork()); }},
    {"execv",
     [] {
       char* const none[] = {nullptr};
       ::execv("/bin/true", none);
     }},
    {"system", [] { static_cast<void>(::system("true")); }},
    {"popen", [] { static_cast<void>(::popen("true", "r")); }},
    {"waitpid", [] { ::waitpid(-1, nullptr, 0); }},
    {"signal", [] { ::signal(SIGUSR1, SIG_IGN); }},
    {"raise", [] { ::raise(SIGUSR1); }},
    {"pthread_kill", [] { ::pthread_kill(::pthread_self(), 0); }},
    {"pthread_cancel", [] { ::pthread_cancel(::pthread_self()); }},
    {"alarm", [] { ::alarm(1); }},
    {"read", [] { static_cast<void>(::read(0, buffer, 1)); }},
    {"socket", [] { ::socket(AF_UNIX, SOCK_STREAM, 0); }},
    {"open", [] { static_cast<void>(::open("/dev/null", O_RDONLY)); }},
    {"fopen", [] { static_cast<void>(::fopen("/dev/null", "r")); }},
    {"mmap", [] { ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }},
    {"exit", [] { ::exit(0); }},
    {"_exit", [] { ::_exit(0); }},
};

TEST(refused, each_call_by_its_name) {
  for (const refused_call& c : calls) {
    const outcome result = explore([&] { c.call(); }, 1).first;
    EXPECT_EQ(static_cast<int>(result.found), static_cast<int>(finding::refused)) << c.name << ": " << result.message;
    const std::string expected = "refused: " + std::string(c.name) + "() can't be controlled";
    EXPECT_TRUE(result.message.starts_with(expected)) << result.message;
  }
}

TEST(refused, not_outside_a_run) {
  explore([] {}, 1);
  const int file = ::open("/dev/null", O_RDWR | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  EXPECT_EQ(::read(file, buffer, 1), 0);
  ::close(file);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(7);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(refused, more_threads_than_there_are_numbers) {
  const outcome result = explore(
                             [] {
                               for (int i = 0; i < 200; ++i) std::thread([] {}).join();
                             },
                             1)
                             .first;
  EXPECT_EQ(static_cast<int>(result.found), static_cast<int>(finding::refused));
  EXPECT_NE(result.message.find("160 threads"), std::string::npos);
}

TEST(refused, a_test_that_is_not_deterministic) {
  int runs = 0;
  random_walk walk;
  const outcome result = run_and_repeat(
      [&runs] {
        std::atomic<int> n{0};
        std::thread([&] { n = runs; }).join();
        ++runs;
      },
      walk, {}, 1);
  EXPECT_EQ(static_cast<int>(result.found), static_cast<int>(finding::refused));
  EXPECT_NE(result.message.find("not deterministic"), std::string::npos);
  EXPECT_NE(result.message.find("refused_test.cpp:"), std::string::npos) << result.message;
}

}  // namespace
}  // namespace gauntlet::sched
