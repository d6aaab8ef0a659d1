// The standard mutex and lock scopes, annotated once so that clang's thread-safety analysis can follow them.
//
// `GAUNTLET_GUARDED_BY(std::mutex)` means nothing to the checker where the standard library's own mutex carries no
// annotation, so it is wrapped here and used from here. The wrapper adds no state and no instruction.
//
// A *guard* holds a lock for a block: `exclusive_guard`, `shared_guard`. A *pair guard* holds the locks of two
// different objects; it takes them in order of their addresses, so that two threads that name the same two objects in
// opposite order cannot each wait for the other. The address decides who waits, never what the result is.
#pragma once

#include <functional>
#include <mutex>

#include <gauntlet/map/detail/annotations.h>

namespace gauntlet::detail {

class GAUNTLET_CAPABILITY("mutex") mutex {
 public:
  void lock() GAUNTLET_ACQUIRE() { mutex_.lock(); }
  bool try_lock() GAUNTLET_TRY_ACQUIRE(true) { return mutex_.try_lock(); }
  void unlock() GAUNTLET_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Holds a lock, alone, from here to the end of the block.
template <class Lock>
class GAUNTLET_SCOPED_CAPABILITY exclusive_guard {
 public:
  explicit exclusive_guard(Lock& lock) GAUNTLET_ACQUIRE(lock) : lock_(lock) { lock.lock(); }
  ~exclusive_guard() GAUNTLET_RELEASE() { lock_.unlock(); }
  exclusive_guard(const exclusive_guard&) = delete;
  exclusive_guard& operator=(const exclusive_guard&) = delete;

 private:
  Lock& lock_;
};

// Takes the lock, unless give_up() says so: it is asked each time that the lock is not to be had, and should pass some
// time before it says no. True: this thread holds the lock alone.
template <class Lock, class GiveUp>
bool lock_unless(Lock& lock, GiveUp& give_up) GAUNTLET_TRY_ACQUIRE(true, lock) {
  while (!lock.try_lock()) {
    if (give_up()) {
      return false;
    }
  }
  return true;
}

// Gives back, at the end of the block, a lock that this thread holds alone already.
template <class Lock>
class GAUNTLET_SCOPED_CAPABILITY adopting_guard {
 public:
  explicit adopting_guard(Lock& lock) GAUNTLET_REQUIRES(lock) : lock_(lock) {}
  ~adopting_guard() GAUNTLET_RELEASE() { lock_.unlock(); }
  adopting_guard(const adopting_guard&) = delete;
  adopting_guard& operator=(const adopting_guard&) = delete;

 private:
  Lock& lock_;
};

// Holds a lock, together with other readers, from here to the end of the block.
template <class Lock>
class GAUNTLET_SCOPED_CAPABILITY shared_guard {
 public:
  explicit shared_guard(Lock& lock) GAUNTLET_ACQUIRE_SHARED(lock) : lock_(lock) { lock.lock_shared(); }
  ~shared_guard() GAUNTLET_RELEASE() { lock_.unlock_shared(); }
  shared_guard(const shared_guard&) = delete;
  shared_guard& operator=(const shared_guard&) = delete;

 private:
  Lock& lock_;
};

// Holds two different locks alone. Requires: &first != &second.
template <class Lock>
class GAUNTLET_SCOPED_CAPABILITY exclusive_pair_guard {
 public:
  exclusive_pair_guard(Lock& first, Lock& second) GAUNTLET_ACQUIRE(first, second) : first_(first), second_(second) {
    if (std::less<>()(&first, &second)) {
      first.lock();
      second.lock();
    } else {
      second.lock();
      first.lock();
    }
  }
  ~exclusive_pair_guard() GAUNTLET_RELEASE() {
    first_.unlock();
    second_.unlock();
  }
  exclusive_pair_guard(const exclusive_pair_guard&) = delete;
  exclusive_pair_guard& operator=(const exclusive_pair_guard&) = delete;

 private:
  Lock& first_;
  Lock& second_;
};

// Holds two different locks together with other readers. Requires: &first != &second.
template <class Lock>
class GAUNTLET_SCOPED_CAPABILITY shared_pair_guard {
 public:
  shared_pair_guard(Lock& first, Lock& second) GAUNTLET_ACQUIRE_SHARED(first, second) : first_(first), second_(second) {
    if (std::less<>()(&first, &second)) {
      first.lock_shared();
      second.lock_shared();
    } else {
      second.lock_shared();
      first.lock_shared();
    }
  }
  ~shared_pair_guard() GAUNTLET_RELEASE() {
    first_.unlock_shared();
    second_.unlock_shared();
  }
  shared_pair_guard(const shared_pair_guard&) = delete;
  shared_pair_guard& operator=(const shared_pair_guard&) = delete;

 private:
  Lock& first_;
  Lock& second_;
};

// Holds one lock alone, to write what it guards, and a different one with other readers. Requires: &write != &read.
template <class Lock>
class GAUNTLET_SCOPED_CAPABILITY write_read_guard {
 public:
  write_read_guard(Lock& write, Lock& read) GAUNTLET_ACQUIRE(write) GAUNTLET_ACQUIRE_SHARED(read)
      : write_(write), read_(read) {
    if (std::less<>()(&write, &read)) {
      write.lock();
      read.lock_shared();
    } else {
      read.lock_shared();
      write.lock();
    }
  }
  ~write_read_guard() GAUNTLET_RELEASE() {
    write_.unlock();
    read_.unlock_shared();
  }
  write_read_guard(const write_read_guard&) = delete;
  write_read_guard& operator=(const write_read_guard&) = delete;

 private:
  Lock& write_;
  Lock& read_;
};

}  // namespace gauntlet::detail
