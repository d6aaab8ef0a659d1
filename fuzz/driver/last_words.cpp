// Handlers of signals call only what POSIX allows there: write, open, close, rename, _exit. All texts are made before.
#include "last_words.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <utility>

extern "C" {
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
}

namespace gauntlet::driver {
namespace {

const last_words* standing = nullptr;  // the one that would be told now

bool put(int file, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void tell_once(const char* how) noexcept {
  if (const last_words* const words = std::exchange(standing, nullptr)) words->tell(how);
}

// A crash is a failure like any other: exit status 1. A debugger sees the signal before this does.
void die_of_crash(int) {
  tell_once("crashed");
  ::_exit(1);
}

void die_of_time(int) {
  if (standing == nullptr) return;  // the answer came with the signal
  tell_once("no answer in time (--try-seconds): hung, or very slow,");
  ::_exit(1);
}

void listen() {
  static bool listening = false;
  if (std::exchange(listening, true)) return;
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback([] { tell_once("crashed"); });
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    struct sigaction old{};
    if (::sigaction(number, nullptr, &old) != 0 || old.sa_handler != SIG_DFL) continue;  // a sanitizer's own
    struct sigaction action{};
    action.sa_handler = die_of_crash;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(number, &action, nullptr);
  }
  struct sigaction action{};
  action.sa_handler = die_of_time;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &action, nullptr);
}

void ring_after(std::chrono::milliseconds time) noexcept {
  itimerval timer{};
  timer.it_value.tv_sec = time.count() / 1000;
  timer.it_value.tv_usec = time.count() % 1000 * 1000;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

last_words::last_words(std::string words, std::string input, const std::string& out, std::chrono::milliseconds limit)
    : words_(std::move(words)), input_(std::move(input)), out_(out), beside_(out.empty() ? "" : out + ".part") {
  listen();
  standing = this;
  if (limit.count() > 0) ring_after(limit);
}

last_words::~last_words() {
  standing = nullptr;
  ring_after({});
}

void last_words::tell(const char* how) const noexcept {
  put(STDERR_FILENO, "\n");
  put(STDERR_FILENO, how);
  put(STDERR_FILENO, words_);
  if (out_.empty()) return;
  const int file = ::open(beside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool kept = file >= 0 && put(file, input_);
  if (file >= 0) ::close(file);
  if (kept) ::rename(beside_.c_str(), out_.c_str());
}

}  // namespace gauntlet::driver
