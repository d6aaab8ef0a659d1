// Atomic operations as clang's -fsanitize=thread calls them, 1 to 16 bytes, all orders. Outside a run they are the
// machine's own, sequentially consistent: as strong as any order that was asked for.
#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/memory/atomic.h>

namespace gauntlet::sched::runtime {
void link_atomics() noexcept {}
}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;
__extension__ using uint128 = unsigned __int128;

namespace {

// Outside a run. The processor exchanges 16 bytes only by comparison, hence the loops for all of it.
template <class T>
T outside_compare_exchange(volatile T* a, T expected, T desired) {
  return __sync_val_compare_and_swap(a, expected, desired);
}
template <class T>
T outside_load(const volatile T* a) {
  if constexpr (sizeof(T) == 16)
    return outside_compare_exchange(const_cast<volatile T*>(a), T{0}, T{0});
  else
    return __atomic_load_n(a, __ATOMIC_SEQ_CST);
}
template <class T, class Make>
T outside_change(volatile T* a, Make make) {
  T before = *a;
  for (;;) {
    const T found = outside_compare_exchange(a, before, static_cast<T>(make(before)));
    if (found == before) return before;
    before = found;
  }
}

template <class T, class Make>
T change(volatile T* a, int o, std::uintptr_t code, Make make) {
  if (!is_controlled) return outside_change(a, make);
  return atomic_read_modify_write<T>(a, static_cast<order>(o), code, make);
}
template <class T>
T compare_exchange(volatile T* a, T expected, T desired, int success, int failure, std::uintptr_t code) {
  if (!is_controlled) return outside_compare_exchange(a, expected, desired);
  return atomic_compare_exchange<T>(a, expected, desired, static_cast<order>(success), static_cast<order>(failure),
                                    code);
}

}  // namespace

extern "C" {

#define GAUNTLET_SCHED_CHANGE(bits, T, name, expression)                       \
  T __tsan_atomic##bits##_##name(volatile T* a, T operand, int o) {            \
    return change(a, o, GAUNTLET_SCHED_RETURNS_TO(), [operand](T value) -> T { \
      static_cast<void>(value);                                                \
      return static_cast<T>(expression);                                       \
    });                                                                        \
  }
#define GAUNTLET_SCHED_COMPARE_EXCHANGE(bits, T, name)                                                                 \
  int __tsan_atomic##bits##_compare_exchange_##name(volatile T* a, T* expected, T desired, int success, int failure) { \
    const T found = compare_exchange(a, *expected, desired, success, failure, GAUNTLET_SCHED_RETURNS_TO());            \
    if (found == *expected) return 1;                                                                                  \
    *expected = found;                                                                                                 \
    return 0;                                                                                                          \
  }
#define GAUNTLET_SCHED_ATOMIC(bits, T)                                                                           \
  T __tsan_atomic##bits##_load(const volatile T* a, int o) {                                                     \
    if (!is_controlled) return outside_load(a);                                                                  \
    return atomic_load<T>(a, static_cast<order>(o), GAUNTLET_SCHED_RETURNS_TO());                                \
  }                                                                                                              \
  void __tsan_atomic##bits##_store(volatile T* a, T value, int o) {                                              \
    if (!is_controlled)                                                                                          \
      outside_change(a, [value](T) { return value; });                                                           \
    else                                                                                                         \
      atomic_store<T>(a, value, static_cast<order>(o), GAUNTLET_SCHED_RETURNS_TO());                             \
  }                                                                                                              \
  GAUNTLET_SCHED_CHANGE(bits, T, exchange, operand)                                                              \
  GAUNTLET_SCHED_CHANGE(bits, T, fetch_add, value + operand)                                                     \
  GAUNTLET_SCHED_CHANGE(bits, T, fetch_sub, value - operand)                                                     \
  GAUNTLET_SCHED_CHANGE(bits, T, fetch_and, value& operand)                                                      \
  GAUNTLET_SCHED_CHANGE(bits, T, fetch_or, value | operand)                                                      \
  GAUNTLET_SCHED_CHANGE(bits, T, fetch_xor, value ^ operand)                                                     \
  GAUNTLET_SCHED_CHANGE(bits, T, fetch_nand, ~(value & operand))                                                 \
  T __tsan_atomic##bits##_compare_exchange_val(volatile T* a, T expected, T desired, int success, int failure) { \
    return compare_exchange(a, expected, desired, success, failure, GAUNTLET_SCHED_RETURNS_TO());                \
  }                                                                                                              \
  GAUNTLET_SCHED_COMPARE_EXCHANGE(bits, T, strong)                                                               \
  GAUNTLET_SCHED_COMPARE_EXCHANGE(bits, T, weak)

GAUNTLET_SCHED_ATOMIC(8, std::uint8_t)
GAUNTLET_SCHED_ATOMIC(16, std::uint16_t)
GAUNTLET_SCHED_ATOMIC(32, std::uint32_t)
GAUNTLET_SCHED_ATOMIC(64, std::uint64_t)
GAUNTLET_SCHED_ATOMIC(128, uint128)

void __tsan_atomic_thread_fence(int o) {
  if (is_controlled)
    atomic_fence(static_cast<order>(o), GAUNTLET_SCHED_RETURNS_TO());
  else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
