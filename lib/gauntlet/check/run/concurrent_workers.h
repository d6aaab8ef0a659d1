// Workers: threads that are made once per process and wait between runs, so that running a small concurrent program
// costs microseconds rather than the making of threads.
//
// A run does one body on the calling thread and hands the others to as many workers as it needs. Each thread first
// reports that it has arrived and waits for the others, so that all begin at the same moment; whoever waits spins a
// little, then gives its processor away, then sleeps.
//
// The hard case is the end of the process: a worker may be stuck in a map that deadlocked. So the workers are never
// joined; they are detached and their state is never freed (it stays reachable). A process that forks gets new ones.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace gauntlet::check {

class concurrent_workers {
 public:
  static constexpr unsigned count_max = 6;

  // The workers of this process. Only one thread at a time may use them.
  static concurrent_workers& of_this_process();

  // Runs body(0) ... body(count - 1) at once, body(0) on the calling thread, and returns when all have returned. What
  // came before happens before every body, and every body before the return. Bodies must not throw.
  void run(unsigned count, const std::function<void(unsigned)>& body);

 private:
  concurrent_workers();
  void work(unsigned index);
  void begin_together(unsigned index);

  struct alignas(128) bell {
    std::atomic<std::uint32_t> rings{0};  // [start] one more for each run that needs this worker
  };
  const std::function<void(unsigned)>* body_ = nullptr;  // written before [start], read after it
  unsigned count_ = 0;                                   // as body_
  bell bells_[count_max];
  alignas(128) std::atomic<std::uint32_t> arrived_{0};   // [gate] threads of this run that are ready
  alignas(128) std::atomic<std::uint32_t> finished_{0};  // [finish] workers that are done with this run
};

}  // namespace gauntlet::check
