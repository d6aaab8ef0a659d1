// Memory and string functions of the C library that read or write the memory of the code under test: what they touch is
// judged like accesses of its own, then the real function does the work. (memcpy, memmove and memset reach the runtime
// through the instrumentation, see plain.cpp.)
//
// A function that stops early touches only what it had to look at: memcmp up to the first difference, strcmp up to the
// end of the shorter string. The whole range of memcmp must be readable, but its tail counts as not read.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/memory/shadow.h>

namespace gauntlet::sched::runtime {

void link_strings() noexcept {}

namespace {

void reads(const void* p, std::size_t size, std::uintptr_t code) {
  if (size != 0) judge(address_of(p), size, access::read, code);
}
void writes(const void* p, std::size_t size, std::uintptr_t code) {
  if (size != 0) judge(address_of(p), size, access::write, code);
}

// Own loops: the functions replaced here must not be called to find out how long things are.
std::size_t length(const char* s, std::size_t at_most = SIZE_MAX) noexcept {
  std::size_t n = 0;
  while (n < at_most && *const_cast<const volatile char*>(s + n) != 0) ++n;
  return n;
}
// Bytes up to and including the zero, or at_most.
std::size_t extent(const char* s, std::size_t at_most = SIZE_MAX) noexcept {
  const std::size_t n = length(s, at_most);
  return n < at_most ? n + 1 : at_most;
}
std::size_t common(const void* a, const void* b, std::size_t size, bool stops_at_zero) noexcept {
  const auto *x = static_cast<const volatile unsigned char*>(a), *y = static_cast<const volatile unsigned char*>(b);
  for (std::size_t n = 0; n < size; ++n)
    if (x[n] != y[n] || (stops_at_zero && x[n] == 0)) return n + 1;
  return size;
}

void both_read(const void* a, const void* b, std::size_t size, bool stops_at_zero, std::uintptr_t code) {
  const std::size_t n = common(a, b, size, stops_at_zero);
  reads(a, n, code);
  reads(b, n, code);
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

int memcmp(const void* a, const void* b, std::size_t size) noexcept {
  if (is_controlled) both_read(a, b, size, false, GAUNTLET_SCHED_CALLER());
  return GAUNTLET_SCHED_REAL(memcmp)(a, b, size);
}
int bcmp(const void* a, const void* b, std::size_t size) noexcept {
  if (is_controlled) both_read(a, b, size, false, GAUNTLET_SCHED_CALLER());
  return GAUNTLET_SCHED_REAL(memcmp)(a, b, size);
}
int strcmp(const char* a, const char* b) noexcept {
  if (is_controlled) both_read(a, b, SIZE_MAX, true, GAUNTLET_SCHED_CALLER());
  return GAUNTLET_SCHED_REAL(strcmp)(a, b);
}
int strncmp(const char* a, const char* b, std::size_t size) noexcept {
  if (is_controlled) both_read(a, b, size, true, GAUNTLET_SCHED_CALLER());
  return GAUNTLET_SCHED_REAL(strncmp)(a, b, size);
}
int strcasecmp(const char* a, const char* b) noexcept {
  if (is_controlled) {
    reads(a, extent(a), GAUNTLET_SCHED_CALLER());
    reads(b, extent(b), GAUNTLET_SCHED_CALLER());
  }
  return GAUNTLET_SCHED_REAL(strcasecmp)(a, b);
}
std::size_t strlen(const char* s) noexcept {
  const std::size_t n = length(s);
  if (is_controlled) reads(s, n + 1, GAUNTLET_SCHED_CALLER());
  return n;
}
std::size_t strnlen(const char* s, std::size_t at_most) noexcept {
  const std::size_t n = length(s, at_most);
  if (is_controlled) reads(s, extent(s, at_most), GAUNTLET_SCHED_CALLER());
  return n;
}
char* strcpy(char* to, const char* from) noexcept {
  const std::size_t size = extent(from);
  if (is_controlled) {
    reads(from, size, GAUNTLET_SCHED_CALLER());
    writes(to, size, GAUNTLET_SCHED_CALLER());
  }
  return static_cast<char*>(__builtin_memcpy(to, from, size));
}
char* stpcpy(char* to, const char* from) noexcept {
  const std::size_t size = extent(from);
  if (is_controlled) {
    reads(from, size, GAUNTLET_SCHED_CALLER());
    writes(to, size, GAUNTLET_SCHED_CALLER());
  }
  __builtin_memcpy(to, from, size);
  return to + size - 1;
}
char* strncpy(char* to, const char* from, std::size_t size) noexcept {
  if (is_controlled) {
    reads(from, extent(from, size), GAUNTLET_SCHED_CALLER());
    writes(to, size, GAUNTLET_SCHED_CALLER());
  }
  return GAUNTLET_SCHED_REAL(strncpy)(to, from, size);
}
char* strcat(char* to, const char* from) noexcept {
  const std::size_t before = length(to), size = extent(from);
  if (is_controlled) {
    reads(to, before + 1, GAUNTLET_SCHED_CALLER());
    reads(from, size, GAUNTLET_SCHED_CALLER());
    writes(to + before, size, GAUNTLET_SCHED_CALLER());
  }
  __builtin_memcpy(to + before, from, size);
  return to;
}

// Two overloads of each in C++, one function in C.
void* gauntlet_sched_memchr(const void* p, int byte, std::size_t size) asm("memchr");
void* gauntlet_sched_memchr(const void* p, int byte, std::size_t size) {
  using real = void* (*)(const void*, int, std::size_t);
  static real cached;
  void* found = real_function(cached, "memchr")(p, byte, size);
  if (is_controlled) {
    const std::size_t looked_at =
        found == nullptr ? size : static_cast<std::size_t>(static_cast<char*>(found) - static_cast<const char*>(p)) + 1;
    reads(p, looked_at, GAUNTLET_SCHED_CALLER());
  }
  return found;
}
char* gauntlet_sched_strchr(const char* s, int byte) asm("strchr");
char* gauntlet_sched_strchr(const char* s, int byte) {
  using real = char* (*)(const char*, int);
  static real cached;
  char* found = real_function(cached, "strchr")(s, byte);
  if (is_controlled)
    reads(s, found == nullptr ? extent(s) : static_cast<std::size_t>(found - s) + 1, GAUNTLET_SCHED_CALLER());
  return found;
}
char* gauntlet_sched_strrchr(const char* s, int byte) asm("strrchr");
char* gauntlet_sched_strrchr(const char* s, int byte) {
  using real = char* (*)(const char*, int);
  static real cached;
  if (is_controlled) reads(s, extent(s), GAUNTLET_SCHED_CALLER());
  return real_function(cached, "strrchr")(s, byte);
}
char* gauntlet_sched_strstr(const char* s, const char* part) asm("strstr");
char* gauntlet_sched_strstr(const char* s, const char* part) {
  using real = char* (*)(const char*, const char*);
  static real cached;
  if (is_controlled) {
    reads(s, extent(s), GAUNTLET_SCHED_CALLER());
    reads(part, extent(part), GAUNTLET_SCHED_CALLER());
  }
  return real_function(cached, "strstr")(s, part);
}

// Copies made by the C library would come from its own heap and not be watched.
char* strdup(const char* s) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(strdup)(s);
  const std::size_t size = extent(s);
  reads(s, size, GAUNTLET_SCHED_CALLER());
  auto* copy = static_cast<char*>(malloc(size));
  return copy == nullptr ? nullptr : static_cast<char*>(__builtin_memcpy(copy, s, size));
}
char* strndup(const char* s, std::size_t at_most) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(strndup)(s, at_most);
  const std::size_t size = length(s, at_most);
  reads(s, extent(s, at_most), GAUNTLET_SCHED_CALLER());
  auto* copy = static_cast<char*>(malloc(size + 1));
  if (copy == nullptr) return nullptr;
  __builtin_memcpy(copy, s, size);
  copy[size] = 0;
  return copy;
}

}  // extern "C"
