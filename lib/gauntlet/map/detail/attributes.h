// Hints to the compiler that the maps' hot paths need. Nothing here changes what a program means.
#pragma once

#define GAUNTLET_ALWAYS_INLINE __attribute__((always_inline)) inline
#define GAUNTLET_NOINLINE __attribute__((noinline))
#define GAUNTLET_COLD __attribute__((cold))
#define GAUNTLET_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define GAUNTLET_RARE(condition) __builtin_expect(!!(condition), 0)

// ThreadSanitizer sees no accesses made in assembly.
#if defined(__SANITIZE_THREAD__)
#define GAUNTLET_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GAUNTLET_THREAD_SANITIZER 1
#endif
#endif
#ifndef GAUNTLET_THREAD_SANITIZER
#define GAUNTLET_THREAD_SANITIZER 0
#endif
