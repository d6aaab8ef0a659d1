// Lock annotations: who guards what, in words that clang checks (`-Wthread-safety`) and every other compiler skips.
//
// Words. A *capability* is a lock as the checker sees it. A function *requires* one (the caller holds it), *acquires*
// or *releases* it, or *excludes* it (the caller must not hold it). A *scoped* capability holds one for a block. Shared
// means "together with other readers".
//
// The checker follows locks it can name within one function. Taking all locks of an array in a loop is beyond it: such
// functions are marked GAUNTLET_UNCHECKED_LOCKING, with the argument for their correctness beside the mark.
// Macros, because attributes that only one compiler knows cannot be had in another way.
#pragma once

#if defined(__clang__)
#define GAUNTLET_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define GAUNTLET_THREAD_ATTRIBUTE(x)
#endif

// On types.
#define GAUNTLET_CAPABILITY(name) GAUNTLET_THREAD_ATTRIBUTE(capability(name))
#define GAUNTLET_SCOPED_CAPABILITY GAUNTLET_THREAD_ATTRIBUTE(scoped_lockable)

// On data.
#define GAUNTLET_GUARDED_BY(lock) GAUNTLET_THREAD_ATTRIBUTE(guarded_by(lock))

// On functions.
#define GAUNTLET_ACQUIRE(...) GAUNTLET_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define GAUNTLET_ACQUIRE_SHARED(...) GAUNTLET_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define GAUNTLET_RELEASE(...) GAUNTLET_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define GAUNTLET_RELEASE_SHARED(...) GAUNTLET_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define GAUNTLET_TRY_ACQUIRE(...) GAUNTLET_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define GAUNTLET_TRY_ACQUIRE_SHARED(...) GAUNTLET_THREAD_ATTRIBUTE(try_acquire_shared_capability(__VA_ARGS__))
#define GAUNTLET_REQUIRES(...) GAUNTLET_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define GAUNTLET_REQUIRES_SHARED(...) GAUNTLET_THREAD_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
#define GAUNTLET_EXCLUDES(...) GAUNTLET_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define GAUNTLET_UNCHECKED_LOCKING GAUNTLET_THREAD_ATTRIBUTE(no_thread_safety_analysis)
