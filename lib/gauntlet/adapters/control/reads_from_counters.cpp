#include <gauntlet/adapters/control/reads_from_counters.h>

namespace gauntlet::adapters {
namespace {

constexpr std::size_t counter_count = std::size_t{1} << 12;

[[gnu::section("__libfuzzer_extra_counters"), gnu::used]] std::uint8_t counters[counter_count];

constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 31)) * 0x7FB5D329728EA185ULL;
  x = (x ^ (x >> 27)) * 0x81DADEF4BC2DD44DULL;
  return x ^ (x >> 33);
}

}  // namespace

void reads_from_counters::happened(const sched::event& e) noexcept {
  if (e.location == 0) return;
  written& w = writers_[mix(e.location) % writer_slots];
  const bool takes = e.kind == sched::event_kind::lock || e.kind == sched::event_kind::try_lock;
  if (sched::reads(e.kind) || takes || e.kind == sched::event_kind::lock_shared) {
    const bool known = w.run == run_ && w.location == e.location;
    std::uint8_t& counter = counters[mix(mix(known ? w.code : 0) + e.code) % counter_count];
    if (counter < 255) ++counter;
  }
  if (sched::writes(e.kind) || takes) w = {e.location, e.code, run_};
}

}  // namespace gauntlet::adapters
