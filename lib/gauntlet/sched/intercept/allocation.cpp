// new, delete and the malloc family.
//
// A request from the executable or the C++ library, made inside a run, is served from the run's arena; all else is the C
// library's: what that allocates for itself (stream buffers, say) must outlive the run. Memory from outside may be freed
// inside; the shadow forgets it, because the next request may get it again.
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <new>

#include <gauntlet/sched/heap/arena.h>
#include <gauntlet/sched/intercept/instrumented.h>

// The C library's own names for its allocator: dlsym would need malloc before it could find it.
extern "C" {
void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void* __libc_memalign(std::size_t, std::size_t) noexcept;
void __libc_free(void*) noexcept;
extern char __executable_start[], etext[];
}

namespace gauntlet::sched::runtime {

void link_allocation() noexcept {}

namespace {

struct text_range {
  std::uintptr_t begin = 0, end = 0;
};
text_range cxx_library;

int find_cxx_library(dl_phdr_info* info, std::size_t, void*) {
  if (info->dlpi_name == nullptr || std::strstr(info->dlpi_name, "libstdc++") == nullptr) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    cxx_library.begin = info->dlpi_addr + header.p_vaddr;
    cxx_library.end = cxx_library.begin + header.p_memsz;
  }
  return 1;
}

// Whether a call that returns to `caller` asks for memory of the run.
bool of_the_run(std::uintptr_t caller) noexcept {
  return (caller >= address_of(__executable_start) && caller < address_of(etext)) ||
         (caller >= cxx_library.begin && caller < cxx_library.end);
}

void* allocate(std::size_t size, std::size_t alignment, std::uintptr_t caller) noexcept {
  void* p = arena::allocate(size, alignment, caller);
  if (p == nullptr) errno = ENOMEM;
  return p;
}

void release(void* p, std::uintptr_t caller) noexcept {
  if (p == nullptr) return;
  if (arena::owns(p)) {
    if (is_controlled) arena::release(p, caller);
    return;  // from outside: the whole arena is gone already
  }
  if (is_controlled) {
    judge(address_of(p), malloc_usable_size(p), access::free, caller);
    forget(address_of(p), malloc_usable_size(p));
  }
  __libc_free(p);
}

// `returns_to` is where the call itself came from, `caller` the place in the program.
void* resize(void* old, std::size_t size, std::uintptr_t returns_to, std::uintptr_t caller) noexcept {
  if (!is_controlled && arena::owns(old)) {  // from outside: gone already, and can be read until the next run
    void* p = size == 0 ? nullptr : __libc_malloc(size);
    if (p != nullptr) std::memcpy(p, old, std::min(arena::size_of(old), size));
    return p;
  }
  if (!is_controlled || !(arena::owns(old) || of_the_run(returns_to))) return __libc_realloc(old, size);
  if (old != nullptr && size == 0) {
    release(old, caller);
    return nullptr;
  }
  void* p = allocate(size, 16, caller);
  if (p == nullptr || old == nullptr) return p;
  const std::size_t before = arena::owns(old) ? arena::size_of(old) : malloc_usable_size(old);
  judge(address_of(old), before, access::read, caller);
  std::memcpy(p, old, std::min(before, size));
  release(old, caller);
  return p;
}

void* allocate_new(std::size_t size, std::size_t alignment, std::uintptr_t caller) {
  void* p;
  if (is_controlled)
    p = arena::allocate(size, alignment, caller);
  else
    p = alignment <= 16 ? __libc_malloc(size) : __libc_memalign(alignment, size);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

}  // namespace

void start_allocation() { ::dl_iterate_phdr(find_cxx_library, nullptr); }

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

void* malloc(std::size_t size) noexcept {
  if (!is_controlled || !of_the_run(GAUNTLET_SCHED_RETURNS_TO())) return __libc_malloc(size);
  return allocate(size, 16, GAUNTLET_SCHED_CALLER());
}
void free(void* p) noexcept { release(p, GAUNTLET_SCHED_CALLER()); }

void* calloc(std::size_t count, std::size_t size) noexcept {
  if (!is_controlled || !of_the_run(GAUNTLET_SCHED_RETURNS_TO())) return __libc_calloc(count, size);
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
  void* p = allocate(bytes, 16, GAUNTLET_SCHED_CALLER());
  return p == nullptr ? nullptr : std::memset(p, 0, bytes);
}
void* realloc(void* old, std::size_t size) noexcept {
  return resize(old, size, GAUNTLET_SCHED_RETURNS_TO(), GAUNTLET_SCHED_CALLER());
}
void* reallocarray(void* old, std::size_t count, std::size_t size) noexcept {
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
  return resize(old, bytes, GAUNTLET_SCHED_RETURNS_TO(), GAUNTLET_SCHED_CALLER());
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  if (!is_controlled || !of_the_run(GAUNTLET_SCHED_RETURNS_TO())) return __libc_memalign(alignment, size);
  return allocate(size, alignment, GAUNTLET_SCHED_CALLER());
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  if (!is_controlled || !of_the_run(GAUNTLET_SCHED_RETURNS_TO())) return __libc_memalign(alignment, size);
  return allocate(size, alignment, GAUNTLET_SCHED_CALLER());
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
  void* p = is_controlled && of_the_run(GAUNTLET_SCHED_RETURNS_TO())
                ? arena::allocate(size, alignment, GAUNTLET_SCHED_CALLER())
                : __libc_memalign(alignment, size);
  if (p == nullptr) return ENOMEM;
  *out = p;
  return 0;
}

std::size_t malloc_usable_size(void* p) noexcept {
  if (arena::owns(p)) return arena::size_of(p);
  return p == nullptr ? 0 : GAUNTLET_SCHED_REAL(malloc_usable_size)(p);
}

}  // extern "C"

void* operator new(std::size_t size) { return allocate_new(size, 16, GAUNTLET_SCHED_CALLER()); }
void* operator new[](std::size_t size) { return allocate_new(size, 16, GAUNTLET_SCHED_CALLER()); }
void* operator new(std::size_t size, std::align_val_t a) {
  return allocate_new(size, static_cast<std::size_t>(a), GAUNTLET_SCHED_CALLER());
}
void* operator new[](std::size_t size, std::align_val_t a) {
  return allocate_new(size, static_cast<std::size_t>(a), GAUNTLET_SCHED_CALLER());
}
void operator delete(void* p) noexcept { release(p, GAUNTLET_SCHED_CALLER()); }
void operator delete[](void* p) noexcept { release(p, GAUNTLET_SCHED_CALLER()); }
void operator delete(void* p, std::size_t) noexcept { release(p, GAUNTLET_SCHED_CALLER()); }
void operator delete[](void* p, std::size_t) noexcept { release(p, GAUNTLET_SCHED_CALLER()); }
void operator delete(void* p, std::align_val_t) noexcept { release(p, GAUNTLET_SCHED_CALLER()); }
void operator delete[](void* p, std::align_val_t) noexcept { release(p, GAUNTLET_SCHED_CALLER()); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { release(p, GAUNTLET_SCHED_CALLER()); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { release(p, GAUNTLET_SCHED_CALLER()); }
