#include <gauntlet/sched/litmus/litmus_program.h>

#include <atomic>
#include <thread>

namespace gauntlet::sched {

namespace {

using variables = std::atomic<int>[litmus_variables];

// The order is a constant in each branch, as it is in the code that these tests stand for.
int load(const std::atomic<int>& v, litmus_order order) {
  switch (order) {
    case litmus_order::acquire:
    case litmus_order::acq_rel:
      return v.load(std::memory_order_acquire);
    case litmus_order::seq_cst:
      return v.load(std::memory_order_seq_cst);
    case litmus_order::relaxed:
    case litmus_order::release:
      break;
  }
  return v.load(std::memory_order_relaxed);
}
void store(std::atomic<int>& v, int value, litmus_order order) {
  switch (order) {
    case litmus_order::release:
    case litmus_order::acq_rel:
      return v.store(value, std::memory_order_release);
    case litmus_order::seq_cst:
      return v.store(value, std::memory_order_seq_cst);
    case litmus_order::relaxed:
    case litmus_order::acquire:
      break;
  }
  v.store(value, std::memory_order_relaxed);
}
int add(std::atomic<int>& v, int value, litmus_order order) {
  switch (order) {
    case litmus_order::relaxed:
      break;
    case litmus_order::acquire:
      return v.fetch_add(value, std::memory_order_acquire);
    case litmus_order::release:
      return v.fetch_add(value, std::memory_order_release);
    case litmus_order::acq_rel:
      return v.fetch_add(value, std::memory_order_acq_rel);
    case litmus_order::seq_cst:
      return v.fetch_add(value, std::memory_order_seq_cst);
  }
  return v.fetch_add(value, std::memory_order_relaxed);
}
void fence(litmus_order order) {
  switch (order) {
    case litmus_order::relaxed:
      break;
    case litmus_order::acquire:
      return std::atomic_thread_fence(std::memory_order_acquire);
    case litmus_order::release:
      return std::atomic_thread_fence(std::memory_order_release);
    case litmus_order::acq_rel:
      return std::atomic_thread_fence(std::memory_order_acq_rel);
    case litmus_order::seq_cst:
      return std::atomic_thread_fence(std::memory_order_seq_cst);
  }
}

void run_thread(const std::vector<litmus_operation>& operations, variables& v, char* seen) {
  for (const litmus_operation& o : operations) {
    switch (o.what) {
      case litmus_action::load:
        *seen++ = static_cast<char>('0' + load(v[o.variable], o.order));
        break;
      case litmus_action::add:
        *seen++ = static_cast<char>('0' + add(v[o.variable], o.value, o.order));
        break;
      case litmus_action::store:
        store(v[o.variable], o.value, o.order);
        break;
      case litmus_action::fence:
        fence(o.order);
        break;
    }
  }
}

}  // namespace

void litmus_body(const litmus_threads& threads, litmus_result& result) {
  constexpr std::size_t threads_in_a_test_max = 4;
  variables v = {};
  std::thread running[threads_in_a_test_max];
  std::size_t next = 0;
  for (std::size_t t = 0; t < threads.size(); ++t) {
    char* const mine = result.seen + next;
    running[t] = std::thread([&operations = threads[t], &v, mine] { run_thread(operations, v, mine); });
    for (const litmus_operation& o : threads[t]) {
      next += o.what == litmus_action::load || o.what == litmus_action::add ? 1 : 0;
    }
  }
  for (std::size_t t = 0; t < threads.size(); ++t) running[t].join();
  for (std::size_t i = 0; i < litmus_variables; ++i) {
    result.finals[i] = static_cast<char>('0' + v[i].load(std::memory_order_relaxed));
  }
}

}  // namespace gauntlet::sched
