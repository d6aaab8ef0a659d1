// What all interceptions share: who called, and being linked at all.
//
// One call to each file of interceptions: what nothing else names, a linker leaves in its archive.
#include <gauntlet/sched/intercept/instrumented.h>

#include <gauntlet/sched/runtime/layout.h>

extern "C" char __executable_start[], etext[];

namespace gauntlet::sched::runtime {

void link_allocation() noexcept;
void link_atomics() noexcept;
void link_barriers() noexcept;
void link_chance() noexcept;
void link_clocks() noexcept;
void link_conditions() noexcept;
void link_exceptions() noexcept;
void link_exits() noexcept;
void link_futex() noexcept;
void link_keys() noexcept;
void link_large_atomics() noexcept;
void link_mutexes() noexcept;
void link_once() noexcept;
void link_plain() noexcept;
void link_refused() noexcept;
void link_shared_mutexes() noexcept;
void link_strings() noexcept;
void link_threads() noexcept;

namespace {

bool follows_a_call(std::uintptr_t code) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(code);
  const auto indirect = [at](int back) { return at[-back] == 0xFF && (at[-back + 1] >> 3 & 7) == 2; };
  return at[-5] == 0xE8 || indirect(2) || indirect(3) || indirect(6);
}

}  // namespace

std::uintptr_t program_code_above(const std::uintptr_t* frame) noexcept {
  if (!is_controlled) return 0;
  constexpr int words = 96;
  const std::uintptr_t end = layout::stack_of(the_run.current) + layout::stack_size - 64;
  for (int i = 2; i < words && address_of(frame + i) < end; ++i) {
    const std::uintptr_t word = frame[i];
    if (word > address_of(__executable_start) + 8 && word < address_of(etext) && follows_a_call(word)) return word;
  }
  return 0;
}

void link_interceptions() noexcept {
  link_allocation();
  link_atomics();
  link_barriers();
  link_chance();
  link_clocks();
  link_conditions();
  link_exceptions();
  link_exits();
  link_futex();
  link_keys();
  link_large_atomics();
  link_mutexes();
  link_once();
  link_plain();
  link_refused();
  link_shared_mutexes();
  link_strings();
  link_threads();
}

}  // namespace gauntlet::sched::runtime
