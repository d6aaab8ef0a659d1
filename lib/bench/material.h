// Material: the keys and streams of keys that every map of one row is fed, made once, before any clock runs.
//
// Words. An *id* is a number; `key_of(id)` turns it into a key, different ids into different keys. The *keys* are what
// a map is filled with, in order. A *stream* is a long sequence of keys to look up; an *operation stream* also says
// what to do with each. All of them are laid out as the loop reads them, one after another, so that the machine's
// prefetcher hides the harness and the caches are left to the map: a stream of pointers to scattered strings would cost
// every map the same extra miss and draw all ratios towards one.
//
// Streams have at least 131,072 lookups, more than a branch predictor learns. Everything follows from one constant
// seed.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

namespace gauntlet::bench {

// Numbers: scrambled, 0 1 2 ..., only the high bits in use, every third bit in use. Strings behind a common prefix.
enum class key_kind { u64, sequential, high_bits, sparse_bits, string16, string40 };

inline const char* name_of(key_kind kind) noexcept {
  static constexpr const char* names[] = {"u64", "sequential", "high_bits", "sparse_bits", "string16", "string40"};
  return names[static_cast<std::size_t>(kind)];
}
constexpr bool is_number(key_kind kind) noexcept { return kind < key_kind::string16; }

// A bijection of the 64-bit numbers (the finaliser of SplitMix64, Steele, Lea and Flood 2014).
constexpr std::uint64_t scramble(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Uniform numbers below a bound, from a constant seed.
class number_source {
 public:
  explicit number_source(std::uint64_t seed) noexcept : state_(scramble(seed)) {}
  // A number below `bound`: the high half of a product (Lemire 2019), with a bias too small to matter here.
  std::uint64_t below(std::uint64_t bound) noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    return static_cast<std::uint64_t>((static_cast<wide>(scramble(state_)) * bound) >> 64);
  }

 private:
  __extension__ typedef unsigned __int128 wide;
  std::uint64_t state_;
};

// Bit i of `id` becomes bit 3 * i; a high bit of an id that is in no map (bit 40) becomes bit 1.
constexpr std::uint64_t every_third_bit(std::uint64_t id) noexcept {
  std::uint64_t key = (id >> 40 & 1) << 1;
  for (unsigned i = 0; i < 21; ++i) key |= (id >> i & 1) << 3 * i;
  return key;
}

// A key of `kind` for `id`: a number, or a string whose last 11 characters spell it (six bits each) behind
// a prefix that all keys share. Sixteen characters is the shortest length that libstdc++ keeps on the heap.
template <class Key>
Key key_of(key_kind kind, std::uint64_t id) {
  if constexpr (std::is_same_v<Key, std::string>) {
    static constexpr char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    static constexpr char prefix[] = "tenant/europe/customers/42/orders/2026/";
    const std::size_t length = kind == key_kind::string16 ? 16 : 40;
    std::string key(prefix, length - 11);
    for (std::uint64_t rest = scramble(id), digit = 0; digit < 11; ++digit, rest >>= 6)
      key.push_back(digits[rest & 63]);
    return key;
  } else {
    switch (kind) {
      case key_kind::sequential:
        return id;
      case key_kind::high_bits:
        return std::rotl(id, 44);
      case key_kind::sparse_bits:
        return every_third_bit(id);
      default:
        return scramble(id);
    }
  }
}

enum class operation_kind : unsigned char { find, insert, erase };

template <class Key>
struct operation_stream {
  std::vector<operation_kind> kinds;
  std::vector<Key> keys;
  std::size_t warm_up = 0;  // that many operations run before the clock
};

// All material of one (key kind, size), made when first asked for. Not for several threads.
template <class Key>
class material {
 public:
  material(key_kind kind, std::size_t size) : kind_(kind), size_(size) {}

  std::size_t size() const noexcept { return size_; }
  bool large() const noexcept { return size_ >= 1'000'000; }

  // `size` different keys, in the order they are inserted.
  const std::vector<Key>& keys();
  // 2^13 different keys, however many a map is filled with.
  const std::vector<Key>& many();
  // Lookups that all succeed / all fail: 2^17 of them, or 2^20 where the map is larger than the caches.
  const std::vector<Key>& hits();
  const std::vector<Key>& misses();
  // The keys in another order, in which they are erased.
  const std::vector<Key>& erase_order();
  // Half finds (half of those succeed), a quarter inserts of a key never seen, a quarter erases of a random live key.
  const operation_stream<Key>& churn();

 private:
  static constexpr std::uint64_t never_inserted = std::uint64_t{1} << 40;  // ids from here on are in no map, ever
  std::size_t stream_length() const noexcept { return large() ? std::size_t{1} << 20 : std::size_t{1} << 17; }
  Key key(std::uint64_t id) const { return key_of<Key>(kind_, id); }

  key_kind kind_;
  std::size_t size_;
  std::vector<Key> keys_, many_, hits_, misses_, erase_order_;
  operation_stream<Key> churn_;
};

// ---------------------------------------------------------------------------------------------------------- bodies

template <class Key>
const std::vector<Key>& material<Key>::keys() {
  if (keys_.empty()) {
    keys_.reserve(size_);
    for (std::uint64_t id = 0; id < size_; ++id) keys_.push_back(key(id));
  }
  return keys_;
}

template <class Key>
const std::vector<Key>& material<Key>::many() {
  for (std::uint64_t id = many_.size(); id < 1u << 13; ++id) many_.push_back(key(id));
  return many_;
}

template <class Key>
const std::vector<Key>& material<Key>::hits() {
  if (hits_.empty()) {
    number_source numbers(1);
    hits_.reserve(stream_length());
    for (std::size_t i = 0; i < stream_length(); ++i) hits_.push_back(key(numbers.below(size_)));
  }
  return hits_;
}

template <class Key>
const std::vector<Key>& material<Key>::misses() {
  if (misses_.empty()) {
    number_source numbers(2);
    misses_.reserve(stream_length());
    for (std::size_t i = 0; i < stream_length(); ++i) misses_.push_back(key(never_inserted + numbers.below(size_)));
  }
  return misses_;
}

template <class Key>
const std::vector<Key>& material<Key>::erase_order() {
  if (erase_order_.empty()) {
    std::vector<std::uint32_t> ids(size_);
    std::iota(ids.begin(), ids.end(), std::uint32_t{0});
    number_source numbers(3);
    for (std::size_t left = size_; left > 1; --left) std::swap(ids[left - 1], ids[numbers.below(left)]);
    erase_order_.reserve(size_);
    for (const std::uint32_t id : ids) erase_order_.push_back(key(id));
  }
  return erase_order_;
}

template <class Key>
const operation_stream<Key>& material<Key>::churn() {
  if (churn_.kinds.empty()) {
    // Two rounds of churn per element settle what erasing leaves behind; above 10^6 one round has to do.
    churn_.warm_up = size_ > 1'000'000 ? size_ : 2 * size_;
    const std::size_t total = churn_.warm_up + (large() ? std::size_t{1} << 20 : std::size_t{1} << 18);
    churn_.kinds.reserve(total);
    churn_.keys.reserve(total);
    std::vector<std::uint64_t> live(size_);
    std::iota(live.begin(), live.end(), std::uint64_t{0});
    std::uint64_t next_id = size_;
    number_source numbers(4);
    for (std::size_t i = 0; i < total; ++i) {
      const std::uint64_t choice = numbers.below(4);
      const std::size_t place = live.empty() ? 0 : numbers.below(live.size());
      if (choice == 0 || live.empty()) {
        churn_.kinds.push_back(operation_kind::find);
        churn_.keys.push_back(key(never_inserted + numbers.below(size_)));
      } else if (choice == 1) {
        churn_.kinds.push_back(operation_kind::find);
        churn_.keys.push_back(key(live[place]));
      } else if (choice == 2) {
        churn_.kinds.push_back(operation_kind::insert);
        churn_.keys.push_back(key(next_id));
        live.push_back(next_id++);
      } else {
        churn_.kinds.push_back(operation_kind::erase);
        churn_.keys.push_back(key(live[place]));
        live[place] = live.back();
        live.pop_back();
      }
    }
  }
  return churn_;
}

}  // namespace gauntlet::bench
