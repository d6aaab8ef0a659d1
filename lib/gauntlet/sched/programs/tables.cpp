// Hash tables that get it nearly right: what goes wrong while they grow, and where somebody forgot the lock.
#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <gauntlet/sched/programs/bodies.h>
#include <gauntlet/sched/programs/together.h>

namespace gauntlet::sched::programs_detail {

namespace {

// A map under a reader-writer lock. Bug: one of its ways to erase does not lock.
template <bool always_locked>
void erase_from_map() {
  std::unordered_map<int, std::string> map;
  std::shared_mutex m;
  for (int k = 0; k < 4; ++k) map[k] = "a value too long to be kept inside the string itself " + std::to_string(k);
  const auto size_of = [&](int k) {
    const std::shared_lock guard(m);
    const auto it = map.find(k);
    return it == map.end() ? 0 : it->second.size();
  };
  const auto erase_if_there = [&](int k) {
    std::unique_lock guard(m, std::defer_lock);
    if (always_locked) guard.lock();
    map.erase(k);
  };
  together(
      [&] {
        // Looked at, so that the compiler doesn't drop the look-up.
        GAUNTLET_SCHED_CHECK(size_of(1) != 1);
        GAUNTLET_SCHED_CHECK(size_of(2) != 1);
      },
      [&] {
        {
          const std::unique_lock guard(m);
          map.erase(0);
        }
        erase_if_there(2);
      });
}

// Open addressing without locks for inserting; growing copies into a table twice as large. Bug: what is inserted into the
// old table after its slot was copied is gone. Right: copying closes each empty slot, and who finds it closed helps itself
// in the new table.
template <bool closes_slots>
class growing_set {
 public:
  growing_set() {
    tables_.push_back(std::make_unique<table>(4));
    now_.store(tables_.back().get());
  }

  void insert(int key) {
    for (;;) {
      table& t = *now_.load();
      if (t.used.load() * 2 >= static_cast<int>(t.slots.size())) {
        grow(t);
        continue;
      }
      const put outcome = put_into(t, key);
      if (outcome == put::there) return;
      if (outcome == put::done) {
        t.used.fetch_add(1);
        return;
      }
    }
  }
  bool contains(int key) const {
    const table& t = *now_.load();
    for (std::size_t i = 0; i < t.slots.size(); ++i) {
      const int k = t.slots[(static_cast<std::size_t>(key) + i) % t.slots.size()].load();
      if (k == key) return true;
      if (k == empty || k == closed) return false;
    }
    return false;
  }

 private:
  static constexpr int empty = 0, closed = -1;
  struct table {
    explicit table(std::size_t n) : slots(n) {}
    std::vector<std::atomic<int>> slots;
    std::atomic<int> used{0};
  };
  enum class put { done, there, elsewhere };

  static put put_into(table& t, int key) {
    for (std::size_t i = 0; i < t.slots.size(); ++i) {
      auto& slot = t.slots[(static_cast<std::size_t>(key) + i) % t.slots.size()];
      int k = slot.load();
      if (k == empty && slot.compare_exchange_strong(k, key)) return put::done;
      if (k == key) return put::there;
      if (k == closed) return put::elsewhere;
    }
    return put::elsewhere;
  }
  void grow(table& old) {
    const std::lock_guard guard(growing_);
    if (now_.load() != &old) return;
    tables_.push_back(std::make_unique<table>(old.slots.size() * 2));
    table& fresh = *tables_.back();
    for (auto& slot : old.slots) {
      int k = slot.load();
      if (closes_slots && k == empty && slot.compare_exchange_strong(k, closed)) continue;
      if (k == empty) continue;
      put_into(fresh, k);
      fresh.used.fetch_add(1);
    }
    now_.store(&fresh);
  }

  std::atomic<table*> now_{nullptr};
  std::mutex growing_;
  std::vector<std::unique_ptr<table>> tables_;  // old ones are kept: somebody may still look at them
};
template <bool closes_slots>
void insert_while_growing() {
  growing_set<closes_slots> set;
  together(
      [&] {
        set.insert(1);
        set.insert(2);
      },
      [&] {
        set.insert(3);
        set.insert(4);
      });
  for (int key = 1; key < 5; ++key) GAUNTLET_SCHED_CHECK(set.contains(key));
}

// Buckets under striped locks. A reader computes the bucket, then takes its lock. Bug: the table may have doubled between,
// and the key has moved. Right: with the lock held, look whether the bucket is still the one.
template <bool looks_again>
class doubling_table {
 public:
  void insert(unsigned key) {
    const std::lock_guard guard(lock_of(bucket_of(key)));
    buckets_[bucket_of(key)].push_back(key);
  }
  bool contains(unsigned key) {
    for (;;) {
      const unsigned bucket = bucket_of(key);
      const std::lock_guard guard(lock_of(bucket));
      if (looks_again && bucket != bucket_of(key)) continue;
      for (const unsigned k : buckets_[bucket]) {
        if (k == key) return true;
      }
      return false;
    }
  }
  void grow() {
    const std::lock_guard first(locks_[0]), second(locks_[1]);
    const unsigned before = size_.load(), after = before * 2;
    for (unsigned b = 0; b < before; ++b) {
      std::vector<unsigned> stays;
      for (const unsigned k : buckets_[b]) (k % after == b ? stays : buckets_[k % after]).push_back(k);
      buckets_[b] = stays;
    }
    size_.store(after);
  }

 private:
  unsigned bucket_of(unsigned key) const { return key % size_.load(); }
  std::mutex& lock_of(unsigned bucket) { return locks_[bucket % 2]; }
  std::atomic<unsigned> size_{2};
  std::mutex locks_[2];
  std::vector<unsigned> buckets_[8];
};
template <bool looks_again>
void read_while_doubling() {
  doubling_table<looks_again> table;
  table.insert(0);
  table.insert(6);
  together([&] { table.grow(); },
           [&] {
             GAUNTLET_SCHED_CHECK(table.contains(0));
             GAUNTLET_SCHED_CHECK(table.contains(6));
           });
}

}  // namespace

void map_erase_unlocked() { erase_from_map<false>(); }
void map_erase_locked() { erase_from_map<true>(); }
void insert_lost_in_growth() { insert_while_growing<false>(); }
void sound_growth() { insert_while_growing<true>(); }
void read_missed_in_doubling() { read_while_doubling<false>(); }
void sound_doubling() { read_while_doubling<true>(); }

}  // namespace gauntlet::sched::programs_detail
