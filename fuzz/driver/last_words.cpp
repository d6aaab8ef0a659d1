// Handlers of signals call only what POSIX allows there, and all texts are made before. The functions are libc's own:
// under control the usual names lead to the clockmaker, which refuses them to code under test, and the alarm may come in
// the middle of that.
#include "last_words.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string_view>
#include <utility>

extern "C" {
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
}

namespace gauntlet::driver {
namespace {

struct libc {
  decltype(&::open) open = find(&::open, "open");
  decltype(&::write) write = find(&::write, "write");
  decltype(&::close) close = find(&::close, "close");
  decltype(&::rename) rename = find(&::rename, "rename");
  decltype(&::unlink) unlink = find(&::unlink, "unlink");
  decltype(&::pause) pause = find(&::pause, "pause");
  decltype(&::_exit) exit = find(&::_exit, "_exit");

  template <class Function>
  static Function* find(Function* usual, const char* name) {
    void* const found = ::dlsym(RTLD_NEXT, name);
    return found != nullptr ? reinterpret_cast<Function*>(found) : usual;
  }
};
const libc& real() {
  static const libc functions;
  return functions;
}

// [last words] The one that would be told now. Relaxed: set and reset by the thread that judges, before and after all
// others that a judgement has; a handler that interrupts it sees what it wrote.
std::atomic<const last_words*> standing{nullptr};
// [last words] Set by the first thread that tells; others that die as well wait for its end. Relaxed: nothing else is
// handed over.
std::atomic<bool> somebody_tells{false};

bool put(int file, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = real().write(file, text.data(), text.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void tell_once(const char* how) noexcept {
  const last_words* const words = standing.load(std::memory_order_relaxed);
  if (words == nullptr) return;
  while (somebody_tells.exchange(true, std::memory_order_relaxed)) real().pause();
  words->tell(how);
}

// A crash is a failure like any other: exit status 1. A debugger sees the signal before this does.
void die_of_crash(int) {
  tell_once("crashed");
  real().exit(1);
}

void die_of_time(int) {
  // The answer came with the signal, or a crash did, and this may be the thread that tells.
  if (standing.load(std::memory_order_relaxed) == nullptr || somebody_tells.load(std::memory_order_relaxed)) return;
  tell_once("no answer in time (--try-seconds): hung, or very slow,");
  real().exit(1);
}

void listen() {
  static bool listening = false;
  if (std::exchange(listening, true)) return;
  real();
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback([] { tell_once("crashed"); });
  struct sigaction action{};
  action.sa_handler = die_of_crash;
  ::sigfillset(&action.sa_mask);  // who crashes again while telling is ended by the system
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    struct sigaction old{};
    if (::sigaction(number, nullptr, &old) != 0 || old.sa_handler != SIG_DFL) continue;  // a sanitizer's own
    ::sigaction(number, &action, nullptr);
  }
  action.sa_handler = die_of_time;
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
  standing.store(this, std::memory_order_relaxed);
  if (limit.count() > 0) ring_after(limit);
}

last_words::~last_words() {
  standing.store(nullptr, std::memory_order_relaxed);
  ring_after({});
}

void last_words::tell(const char* how) const noexcept {
  put(STDERR_FILENO, "\n");
  put(STDERR_FILENO, how);
  put(STDERR_FILENO, words_);
  if (out_.empty()) return;
  const int file = real().open(beside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = file >= 0 && put(file, input_);
  if (file >= 0) real().close(file);
  if (written && real().rename(beside_.c_str(), out_.c_str()) == 0) return;
  real().unlink(beside_.c_str());
  put(STDERR_FILENO, "not kept: ");
  put(STDERR_FILENO, out_);
  put(STDERR_FILENO, " cannot be written\n");
}

}  // namespace gauntlet::driver
