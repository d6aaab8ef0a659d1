// How keys are chosen so that the interesting places of a hash table are reached.
//
// A swiss table with a directory looks at three parts of a hash: the highest bits choose the table, bits 4 upwards the
// group in it, bits 16..31 the tag that is compared before the key. The bits between (32..47) are never looked at, so
// keys whose hashes differ only there meet in one table, one group, with one tag: `collision(n)` is such a family.
//
// The one idea: the good hash is a bijection, so any wish about hashes turns into a key by running it backwards. The
// mixing function is the finaliser known as "mix13" (David Stafford, 2011) or SplitMix64 (Steele, Lea, Flood, 2014).
//
// The adversarial quality is the exception: its colliding keys are consecutive numbers, so that an operation on a run
// of consecutive keys collides with itself.
#include <gauntlet/check/program/keys.h>

namespace gauntlet::check {
namespace {

constexpr std::uint64_t increment = 0x9e3779b97f4a7c15;
constexpr std::uint64_t factor_1 = 0xbf58476d1ce4e5b9;
constexpr std::uint64_t factor_2 = 0x94d049bb133111eb;

constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += increment;
  x = (x ^ (x >> 30)) * factor_1;
  x = (x ^ (x >> 27)) * factor_2;
  return x ^ (x >> 31);
}

// The multiplicative inverse of an odd number modulo 2^64, by Newton's iteration: the number of right bits doubles from
// the three that x*x = 1 (mod 8) gives.
constexpr std::uint64_t inverse(std::uint64_t odd) noexcept {
  std::uint64_t x = odd;
  for (int i = 0; i < 5; ++i) x *= 2 - odd * x;
  return x;
}

constexpr std::uint64_t unmix(std::uint64_t h) noexcept {
  h = (h ^ (h >> 31) ^ (h >> 62)) * inverse(factor_2);
  h = (h ^ (h >> 27) ^ (h >> 54)) * inverse(factor_1);
  return (h ^ (h >> 30) ^ (h >> 60)) - increment;
}
static_assert(unmix(mix(0)) == 0 && unmix(mix(12345678901234567)) == 12345678901234567 && mix(unmix(42)) == 42);

// Hashes that agree in everything a table looks at.
constexpr std::uint64_t collision_pattern = 0x5a5a'0000'3131'0550;
constexpr std::uint64_t collision(std::uint64_t n) noexcept { return collision_pattern | (n & 0xffff) << 32; }

// Keys of the colliding class under the adversarial quality: this prefix, then 16 bits of number.
constexpr std::uint64_t adversarial_prefix = 0xc011'1de5'0000;

constexpr std::uint64_t adversarial(std::uint64_t key) noexcept {
  if (key >> 16 == adversarial_prefix) return collision(key);
  // Everything else: eight tables at most, four groups, two tags. The middle keeps whole hashes apart.
  const std::uint64_t h = mix(key);
  return (h & 0xe000'ffff'0001'0030) | 0x0000'0000'3130'0500;
}

constexpr std::uint64_t bit(std::uint64_t n) noexcept { return std::uint64_t{1} << (n % 64); }

// 0: zero, 1: all ones, then powers of two, their predecessors, and keys whose good hash is such a number or repeats
// one byte (so that each value that a table could reserve as a tag is met).
constexpr unsigned special_keys = 2 + 64 + 64 + 2 + 64 + 256;

constexpr std::uint64_t special(std::uint64_t n) noexcept {
  n %= special_keys;
  if (n < 2) return n == 0 ? 0 : ~std::uint64_t{0};
  if ((n -= 2) < 64) return bit(n);
  if ((n -= 64) < 64) return bit(n) - 1;
  if ((n -= 64) < 2) return unmix(n == 0 ? 0 : ~std::uint64_t{0});
  if ((n -= 2) < 64) return unmix(bit(n));
  return unmix((n - 64) * 0x0101'0101'0101'0101);
}

constexpr std::uint64_t colliding(hash_quality q, std::uint64_t n) noexcept {
  switch (q) {
    case hash_quality::adversarial:
      return adversarial_prefix << 16 | n;
    case hash_quality::identity:
      return collision(n);
    case hash_quality::good:
    case hash_quality::constant:
    case hash_quality::truncated:
    case hash_quality::top_only:
      break;
  }
  return unmix(collision(n));
}

}  // namespace

std::uint64_t key_of(const program_header& h, const key_operand& k) noexcept {
  switch (k.choice) {
    case key_class::colliding:
      return colliding(h.hash, k.number);
    case key_class::wide:
      return mix(k.number ^ 0x77696465'00000000);  // apart from mix(number), a hash of a hot key
    case key_class::special:
      return special(k.number);
    case key_class::hot:
    case key_class::present:
    case key_class::current:
    case key_class::earlier:
    case key_class::later:
      break;
  }
  return k.number % (h.hot_keys == 0 ? 1u : unsigned{h.hot_keys});
}

std::uint64_t hash_of(hash_quality q, std::uint64_t key) noexcept {
  switch (q) {
    case hash_quality::constant:
      return 0x0123'4567'89ab'cdef;
    case hash_quality::truncated:
      return (mix(key) >> 60) * 0x1111'1111'1111'1111;
    case hash_quality::identity:
      return key;
    case hash_quality::adversarial:
      return adversarial(key);
    case hash_quality::top_only:
      return (mix(key) & 0xffff'0000'0000'0000) | (collision_pattern & 0x0000'ffff'ffff'ffff);
    case hash_quality::good:
      break;
  }
  return mix(key);
}

}  // namespace gauntlet::check
