// Together: runs each of the given functions in a thread of its own and waits for all.
#pragma once

#include <thread>
#include <vector>

namespace gauntlet::sched::programs_detail {

template <class... Functions>
void together(Functions&&... functions) {
  std::thread threads[] = {std::thread(functions)...};
  for (std::thread& t : threads) t.join();
}

// n threads that run f(0), f(1), ... f(n - 1), and one that runs g.
template <class Each, class Other>
void many_and_one(unsigned n, const Each& each, const Other& other) {
  std::vector<std::thread> threads;
  threads.reserve(n + 1U);
  for (unsigned i = 0; i < n; ++i) threads.emplace_back(each, i);
  threads.emplace_back(other);
  for (std::thread& t : threads) t.join();
}

}  // namespace gauntlet::sched::programs_detail
