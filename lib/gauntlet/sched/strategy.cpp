#include <gauntlet/sched/strategy.h>

namespace gauntlet::sched {

namespace {
constexpr std::uint32_t old_store_once_in = 4;
constexpr std::uint32_t spurious_once_in = 16;
constexpr std::uint32_t timeout_once_in = 8;
constexpr std::uint32_t stale_run_once_in = 4;
}  // namespace

void strategy::begin_alternatives(std::uint64_t rng_seed) noexcept {
  alternatives_random_ = random(rng_seed ^ 0x5DEECE66DULL);
  stale_run_ = alternatives_random_.below(stale_run_once_in) == 0;
}

std::size_t strategy::pick_alternative(choice_kind kind, std::size_t alternatives) {
  if (alternatives < 2) return 0;
  const auto n = static_cast<std::uint32_t>(alternatives);
  const auto once_in = [this](std::uint32_t times) { return alternatives_random_.below(times) == 0; };
  switch (kind) {
    case choice_kind::store:
      if (stale_run_) return once_in(2) ? n - 1 : alternatives_random_.below(n);
      return once_in(old_store_once_in) ? alternatives_random_.below(n) : 0;
    case choice_kind::spurious:
      return once_in(spurious_once_in) ? 1 : 0;
    case choice_kind::timeout:
      return once_in(timeout_once_in) ? 1 : 0;
    case choice_kind::waiter:
    case choice_kind::thread:
      break;
  }
  return alternatives_random_.below(n);
}

}  // namespace gauntlet::sched
