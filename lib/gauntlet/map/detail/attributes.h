// Hints to the compiler that the maps' hot paths need. Nothing here changes what a program means.
#pragma once

#define GAUNTLET_ALWAYS_INLINE __attribute__((always_inline)) inline
#define GAUNTLET_NOINLINE __attribute__((noinline))
#define GAUNTLET_COLD __attribute__((cold))
#define GAUNTLET_PURE __attribute__((pure))
#define GAUNTLET_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define GAUNTLET_RARE(condition) __builtin_expect(!!(condition), 0)
