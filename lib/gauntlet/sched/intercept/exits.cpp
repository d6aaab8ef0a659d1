// Ends of the process, as the code under test would bring them about: they end the run instead.
#include <cxxabi.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <typeinfo>

#include <gauntlet/sched/intercept/instrumented.h>

namespace gauntlet::sched::runtime {

void link_exits() noexcept {}

// The terminate handler of a run: an exception that nobody catches, or a destructor that gave up.
void on_terminate() {
  if (!is_controlled) std::abort();
  is_controlled = false;
  static char text[400];
  text[0] = 0;
  const auto add = [](const char* part) { std::strncat(text, part, sizeof text - 1 - std::strlen(text)); };
  finding found = finding::failed_check;
  if (const std::type_info* type = abi::__cxa_current_exception_type()) {
    found = finding::escaped_exception;
    int status = 0;
    char* name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
    add("an exception escapes: ");
    add(status == 0 ? name : type->name());
    std::free(name);
    try {
      throw;
    } catch (const std::exception& e) {
      add(": ");
      add(e.what());
    } catch (...) {
    }
  } else {
    add("std::terminate was called: a thread destroyed before join, or a function that promised not to throw");
  }
  is_controlled = true;
  // Above this handler lie the library's frames, and above them whoever threw, or gave up.
  raise(found, text, GAUNTLET_SCHED_CALLER(), found == finding::escaped_exception ? "throws" : "gives up");
}

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

void abort() noexcept {
  if (!is_controlled) {
    GAUNTLET_SCHED_REAL(abort)();
    __builtin_unreachable();
  }
  raise(finding::failed_check, "abort was called", GAUNTLET_SCHED_CALLER(), "aborts");
}

void __assert_fail(const char* condition, const char* file, unsigned line, const char* function) noexcept {
  if (!is_controlled) {
    GAUNTLET_SCHED_REAL(__assert_fail)(condition, file, line, function);
    __builtin_unreachable();
  }
  static char text[400];
  text[0] = 0;
  std::strncat(text, "assertion failed: ", sizeof text - 1);
  std::strncat(text, condition, sizeof text - 32);
  raise(finding::failed_check, text, GAUNTLET_SCHED_CALLER(), "asserts");
}

void exit(int code) noexcept {
  if (!is_controlled) {
    GAUNTLET_SCHED_REAL(exit)(code);
    __builtin_unreachable();
  }
  raise_refused("exit() can't be controlled");
}
void _exit(int code) {
  if (!is_controlled) {
    GAUNTLET_SCHED_REAL(_exit)(code);
    __builtin_unreachable();
  }
  raise_refused("_exit() can't be controlled");
}
void quick_exit(int code) noexcept {
  if (!is_controlled) {
    GAUNTLET_SCHED_REAL(quick_exit)(code);
    __builtin_unreachable();
  }
  raise_refused("quick_exit() can't be controlled");
}

}  // extern "C"
