// The function that one of ours stands in for: what is called outside controlled runs.
//
// The executable defines pthread_create, sched_yield and so on, so the dynamic linker binds its own and the libraries'
// calls to them; the next definition in search order is the C library's.
#pragma once

#include <dlfcn.h>

namespace gauntlet::sched::runtime {

template <class Function>
Function real_function(Function& cached, const char* name) {
  if (cached == nullptr) cached = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
  return cached;
}

}  // namespace gauntlet::sched::runtime

// GAUNTLET_SCHED_REAL(pthread_create)(...): one pointer for each place, looked up at its first use. Two threads that
// look it up at once store the same address.
#define GAUNTLET_SCHED_REAL(name)                                    \
  ([]() -> decltype(&::name) {                                       \
    static decltype(&::name) cached;                                 \
    return ::gauntlet::sched::runtime::real_function(cached, #name); \
  }())
