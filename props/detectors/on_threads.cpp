// Runs a misuse, or its right twin, on real threads, again and again, until something stops the process or time is up.
//
//   detectors_on_threads NAME wrong|right SECONDS
//   detectors_on_threads --list
//
// Prints "held N runs"; a process that was stopped has printed "stopped in run N". Exit status: 0 held, 2 wrong use;
// what stops it (a sanitizer, hash_map's own alarm) chooses its own.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "misuses.h"

extern "C" {
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
}

namespace {

unsigned long runs = 0;

void tell() {
  const std::string line = "stopped in run " + std::to_string(runs + 1) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(1);
}
void die_telling(int) {
  tell();
  std::_Exit(1);
}

int refuse(const char* message) {
  std::fprintf(stderr, "detectors_on_threads: %s\n", message);
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::string_view(arguments[1]) == "--list") {
    for (const props::misuse& m : props::misuses()) {
      std::printf("%s\t%s\n", std::string(m.name).c_str(), std::string(m.what).c_str());
    }
    return 0;
  }
  if (count != 4) return refuse("takes NAME wrong|right SECONDS, or --list");
  const props::misuse* chosen = nullptr;
  for (const props::misuse& m : props::misuses()) {
    if (m.name == arguments[1]) chosen = &m;
  }
  if (chosen == nullptr) return refuse("no such misuse (see --list)");
  const bool wrong = std::string_view(arguments[2]) == "wrong";
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(std::strtod(arguments[3], nullptr));
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(tell);
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS}) {
    if (__sanitizer_set_death_callback != nullptr && number != SIGABRT) continue;  // the sanitizer's own
    ::signal(number, die_telling);
  }
  constexpr unsigned rounds = 64;
  for (; std::chrono::steady_clock::now() < end; ++runs) (wrong ? chosen->wrong : chosen->right)(rounds);
  std::printf("held %lu runs\n", runs);
  return 0;
}
