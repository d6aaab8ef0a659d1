#include <gauntlet/sched/runtime/globals.h>

#include <cstring>

#include <gauntlet/sched/report/finding.h>
#include <gauntlet/sched/runtime/layout.h>
#include <gauntlet/sched/runtime/list.h>

// Given by the linker for sections whose names are identifiers; absent where no code is compiled for control.
extern "C" {
extern char __start_gauntlet_sched_bss[] __attribute__((weak));
extern char __stop_gauntlet_sched_bss[] __attribute__((weak));
extern char __start_gauntlet_sched_data[] __attribute__((weak));
extern char __stop_gauntlet_sched_data[] __attribute__((weak));
}

namespace gauntlet::sched::runtime {

namespace {

// For each section: what the next run shall start from, and what the last one left.
struct kept {
  char* base = nullptr;
  char* left = nullptr;
};
kept sections[global_range_count];
list<void*> guards;

}  // namespace

global_range global_range_at(unsigned i) noexcept {
  if (i == 0)
    return {__start_gauntlet_sched_bss,
            static_cast<std::size_t>(__stop_gauntlet_sched_bss - __start_gauntlet_sched_bss)};
  return {__start_gauntlet_sched_data,
          static_cast<std::size_t>(__stop_gauntlet_sched_data - __start_gauntlet_sched_data)};
}

void reset_globals() {
  for (unsigned i = 0; i < global_range_count; ++i) {
    const global_range range = global_range_at(i);
    if (range.size == 0) continue;
    kept& k = sections[i];
    if (k.base == nullptr) {
      k.base = static_cast<char*>(layout::own_pages(range.size));
      k.left = static_cast<char*>(layout::own_pages(range.size));
      std::memcpy(k.base, range.begin, range.size);
      continue;
    }
    // What differs from what the last run left is the caller's doing.
    if (std::memcmp(range.begin, k.left, range.size) != 0)
      for (std::size_t b = 0; b < range.size; ++b)
        if (range.begin[b] != k.left[b]) k.base[b] = range.begin[b];
    std::memcpy(range.begin, k.base, range.size);
  }
  guards.reserve(4096);
}

void keep_globals() {
  for (unsigned i = 0; i < global_range_count; ++i) {
    const global_range range = global_range_at(i);
    if (range.size != 0) std::memcpy(sections[i].left, range.begin, range.size);
  }
  for (void* guard : guards) std::memset(guard, 0, 8);
  guards.clear();
}

void note_guard(void* guard) noexcept {
  if (guards.full()) raise_refused("more than 4,096 function-local statics in one run");
  guards.push(guard);
}

}  // namespace gauntlet::sched::runtime
