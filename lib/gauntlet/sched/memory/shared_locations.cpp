#include <gauntlet/sched/memory/shared_locations.h>

#include <gauntlet/sched/memory/shadow.h>

namespace gauntlet::sched::runtime {

namespace {
void mark(std::uintptr_t granule, bool shared) { cell_at(granule).is_shared = shared; }
}  // namespace

known_locations::known_locations(const std::vector<std::uintptr_t>& only)
    : before_(shared_granules.size()), only_(only) {
  for (const std::uintptr_t granule : shared_granules) mark(granule, false);
  for (const std::uintptr_t granule : only_) mark(granule, true);
}

known_locations::~known_locations() {
  for (const std::uintptr_t granule : only_) mark(granule, false);
  while (shared_granules.size() > before_) {
    mark(shared_granules.back(), false);
    shared_granules.pop();
  }
  for (const std::uintptr_t granule : shared_granules) mark(granule, true);
}

void forget_shared_locations() {
  for (const std::uintptr_t granule : shared_granules) mark(granule, false);
  shared_granules.clear();
}

}  // namespace gauntlet::sched::runtime
