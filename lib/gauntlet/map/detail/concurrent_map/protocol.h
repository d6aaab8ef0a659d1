// The protocol of a bucket: what the bits of its version mean, and every ordered access that readers and writers meet at.
//
// Words. A *version* is one 64-bit word: bit 0 says that the bucket is locked, bits 1..7 hold the depth of its table (how
// many bits of a hash lead there), the rest is a number that grows with every change. A *critical section* is what
// happens between locking and unlocking. To *look* is to read without locking.
//
// The idea is a sequence lock whose data are atomic words, without fences. A looker reads the version, then the contents,
// then the version again; equal and unlocked means that the contents were those of one moment. Contents are stored with
// release and loaded with acquire: a looker that has read one word of a critical section has its lock happen before its
// last look, which therefore sees another version. Versions never come back, because memory is never anything but
// buckets while the map lives.
//
// All operations on one key are ordered by the single order of the sequentially consistent accesses: a look by its first
// load, a change by the exchange that locks. With acquire and release alone, put(x); get(y) beside put(y); get(x) could
// both miss.
//
// What is not here: which bucket is the right one. A bucket found through the directory may have moved on before the
// version was read. Whoever misses, and whoever locks, compares the directory and its entry with what led him there,
// after his first look at the version and before his last (or under the lock). A bucket that gave elements away was
// unlocked after the directory had changed, so whoever sees that unlocking sees the change; and if they came back before
// the comparison, the last look sees another version. A hit needs no such look: a key lies in an unlocked bucket only
// where it belongs.
//
// The functions are a policy of the map, so that a test can replace one of them.
#pragma once

#include <atomic>
#include <cstdint>

#include <gauntlet/map/detail/attributes.h>

namespace gauntlet::detail {

// What the bits of a version mean.
struct bucket_version {
  static constexpr std::uint64_t locked_bit = 1;
  static constexpr unsigned depth_shift = 1;
  static constexpr std::uint64_t depth_mask = 127;
  static constexpr unsigned number_shift = 8;

  static constexpr bool locked(std::uint64_t version) { return (version & locked_bit) != 0; }
  static constexpr unsigned depth(std::uint64_t version) {
    return static_cast<unsigned>(version >> depth_shift & depth_mask);
  }
  static constexpr std::uint64_t number(std::uint64_t version) { return version >> number_shift; }
  // The version, unlocked, after one more change.
  static constexpr std::uint64_t after(std::uint64_t version) {
    return (version & ~locked_bit) + (std::uint64_t{1} << number_shift);
  }
  static constexpr std::uint64_t after(std::uint64_t version, unsigned depth) {
    return (number(version) + 1) << number_shift | std::uint64_t{depth} << depth_shift;
  }
};

struct bucket_protocol {
  using word = std::atomic<std::uint64_t>;

  // [first look] pairs with [lock] and [unlock]: with the former in the order of all sequentially consistent accesses,
  // with the latter by acquiring: whoever sees a bucket unlocked sees what was stored in it, and in the directory, before.
  static std::uint64_t first_look(const word& version) { return version.load(std::memory_order_seq_cst); }

  // Zero if the version is still the one that was seen. [last look] pairs with [lock]: relaxed suffices, because whoever
  // acquired a word that was stored under a later lock has that lock happen before this load.
  static std::uint64_t last_look(const word& version, std::uint64_t seen) {
    return version.load(std::memory_order_relaxed) ^ seen;
  }

  // Locks the bucket if its version is still the unlocked one that was seen: the one read-modify-write of a change.
  // [lock] pairs with [unlock], [first look] and [last look]: acquires what the holder before stored; the place of a
  // change in the single order. A failed exchange decides nothing.
  static bool lock(word& version, std::uint64_t seen) {
    return version.compare_exchange_strong(seen, seen | bucket_version::locked_bit, std::memory_order_seq_cst,
                                           std::memory_order_relaxed);
  }

  // Gives the bucket free as `next`. The same version as before the lock is right if nothing was changed: it still
  // describes the contents. [unlock] pairs with [lock] and [first look]: publishes the critical section.
  static void unlock(word& version, std::uint64_t next) { version.store(next, std::memory_order_release); }

  // The version of the buckets of a table that has no place in the directory yet: locked, so that whoever gets there as
  // soon as it has one waits for the elements to arrive.
  static std::uint64_t unborn() { return bucket_version::locked_bit; }

  // Contents of a bucket, under its lock and to lookers. [content] pairs with itself: see above.
  static void put(word& content, std::uint64_t value) { content.store(value, std::memory_order_release); }
  static std::uint64_t get(const word& content) { return content.load(std::memory_order_acquire); }

  // The directory, its entries, chains of cells. [publish] pairs with [follow] and [moved on]: who follows a pointer finds
  // what it leads to made, and who sees it in the place of another one sees what was done before.
  template <class Object>
  static void publish(std::atomic<Object*>& where, Object* what) {
    where.store(what, std::memory_order_release);
  }
  // [follow] pairs with [publish].
  template <class Object>
  static Object* follow(const std::atomic<Object*>& where) {
    return where.load(std::memory_order_acquire);
  }
  // The first directory of a map, before which there is nothing to look into: a miss there has its place in the single
  // order, too. [publish first] pairs with [follow first].
  template <class Object>
  static void publish_first(std::atomic<Object*>& where, Object* what) {
    where.store(what, std::memory_order_seq_cst);
  }
  // [follow first] pairs with [publish first] and, as follow does, [publish] with it.
  template <class Object>
  static Object* follow_first(const std::atomic<Object*>& where) {
    return where.load(std::memory_order_seq_cst);
  }
  // Zero if the pointer is still the one that was followed. [moved on] pairs with [publish], acquiring: the last look at
  // the version comes after it, and sees that a key was moved away and back in between.
  template <class Object>
  static std::uint64_t moved_on(const std::atomic<Object*>& where, const Object* seen) {
    return reinterpret_cast<std::uintptr_t>(where.load(std::memory_order_acquire)) ^
           reinterpret_cast<std::uintptr_t>(seen);
  }
};

}  // namespace gauntlet::detail
