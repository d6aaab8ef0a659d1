#include <gauntlet/sched/runtime/layout.h>

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>

namespace gauntlet::sched::runtime::layout {

namespace {
[[noreturn]] void no_memory(const char* what) {
  std::fprintf(stderr, "gauntlet::sched: the system gives no address space for %s\n", what);
  std::abort();
}
}  // namespace

void map() {
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void* at = reinterpret_cast<void*>(base);
  if (::mmap(at, size, PROT_READ | PROT_WRITE, flags, -1, 0) != at) no_memory("the code under test");
  // A thread that runs out of stack must not run on into its neighbour's.
  for (unsigned i = 0; i < threads_max; ++i)
    if (::mprotect(reinterpret_cast<void*>(stack_of(i)), 4096, PROT_NONE) != 0) no_memory("guard pages");
}

void* own_pages(std::size_t bytes) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) no_memory("the runtime's tables");
  return at;
}

}  // namespace gauntlet::sched::runtime::layout
