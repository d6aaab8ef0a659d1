#include <gauntlet/check/run/elements_before.h>

#include <algorithm>

namespace gauntlet::check {
namespace {

unsigned at_most_what_may_collide(unsigned count, const program_header& h) {
  constexpr unsigned colliding_max = 16;  // steps grow with the square
  const bool collide = h.hash != hash_quality::good && h.hash != hash_quality::identity;
  return collide ? std::min(count, colliding_max) : count;
}

}  // namespace

std::vector<element> elements_before(const program_header& h) {
  std::vector<element> all;
  const unsigned count = at_most_what_may_collide(h.capacity, h);
  constexpr std::uint64_t first_key = 0x6265666f'72650000;
  for (unsigned i = 0; i < count; ++i) all.emplace_back(first_key + i, i);
  return all;
}

std::vector<element> elements_erased_before(const program_header& h) {
  std::vector<element> all;
  const unsigned count = at_most_what_may_collide(h.erased_before, h);
  constexpr std::uint64_t first_key = 0x65726173'65640000;
  for (unsigned i = 0; i < count; ++i) all.emplace_back(i < h.hot_keys ? i : first_key + i, i);
  return all;
}

}  // namespace gauntlet::check
