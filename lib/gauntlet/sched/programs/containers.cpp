// Containers without, or with too little of, a lock: a stack of nodes that come back, an array stack, a ring, a queue
// from which others steal.
#include <atomic>
#include <mutex>

#include <gauntlet/sched/programs/bodies.h>
#include <gauntlet/sched/programs/together.h>

namespace gauntlet::sched::programs_detail {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

// A stack of nodes from a pool, without locks. The head is compared as it is, so a node that was taken and came back
// looks as if it had never gone, while its successor has (ABA): a node is handed out twice. Right: the head also counts.
struct node {
  std::atomic<unsigned> next{0};  // number of a node, from 1
  std::atomic<int> owners{0};
};
template <bool counted>
class node_stack {
 public:
  explicit node_stack(node* pool) : pool_(pool) {}
  void push(unsigned n) {
    std::uint64_t head = head_.load();
    do {
      pool_[n].next.store(number(head));
    } while (!head_.compare_exchange_strong(head, after(head, n)));
  }
  unsigned pop() {
    std::uint64_t head = head_.load();
    while (number(head) != 0) {
      const unsigned next = pool_[number(head)].next.load();
      if (head_.compare_exchange_strong(head, after(head, next))) return number(head);
    }
    return 0;
  }

 private:
  static unsigned number(std::uint64_t head) { return static_cast<unsigned>(head & 0xFF); }
  static std::uint64_t after(std::uint64_t head, unsigned n) { return counted ? ((head >> 8) + 1) << 8 | n : n; }
  node* pool_;
  std::atomic<std::uint64_t> head_{0};
};
template <bool counted>
void take_nodes_and_give_back() {
  node pool[4];
  node_stack<counted> stack(pool);
  for (unsigned n = 1; n < 4; ++n) stack.push(n);
  const auto take = [&] {
    const unsigned n = stack.pop();
    if (n != 0) GAUNTLET_SCHED_CHECK(pool[n].owners.fetch_add(1) == 0);
    return n;
  };
  const auto give = [&](unsigned n) {
    if (n == 0) return;
    pool[n].owners.fetch_sub(1);
    stack.push(n);
  };
  together([&] { give(take()); },
           [&] {
             const unsigned first = take();
             take();  // kept
             give(first);
           });
  // Two are left; three are taken if one of them is handed out again.
  for (unsigned i = 0; i < 3; ++i) take();
}

// An array under a lock. Bug: whether there is something to take is asked outside.
template <bool asked_inside>
void pop_what_is_there() {
  std::mutex m;
  std::atomic<int> size{0};
  const auto push = [&] {
    for (int i = 0; i < 2; ++i) {
      const std::lock_guard guard(m);
      size.store(size.load(relaxed) + 1, relaxed);
    }
  };
  const auto pop = [&] {
    for (int i = 0; i < 2; ++i) {
      if (!asked_inside && size.load() == 0) continue;
      const std::lock_guard guard(m);
      if (asked_inside && size.load(relaxed) == 0) continue;
      GAUNTLET_SCHED_CHECK(size.load(relaxed) > 0);
      size.store(size.load(relaxed) - 1, relaxed);
    }
  };
  together(push, pop, pop);
}

// A ring of two slots for one producer and one consumer. Bug: the producer announces an element before it is there.
template <bool filled_first>
void fill_ring() {
  std::atomic<int> slot[2] = {};
  std::atomic<unsigned> head{0}, tail{0};
  together(
      [&] {
        for (unsigned i = 0; i < 3; ++i) {
          const unsigned at = tail.load();
          if (at - head.load() == 2) return;  // full; what was put in is enough
          if (filled_first) slot[at % 2].store(static_cast<int>(i) + 1);
          tail.store(at + 1);
          if (!filled_first) slot[at % 2].store(static_cast<int>(i) + 1);
        }
      },
      [&] {
        for (int expected = 1; expected < 3; ++expected) {
          const unsigned at = head.load();
          if (at == tail.load()) return;
          GAUNTLET_SCHED_CHECK(slot[at % 2].load() == expected);
          head.store(at + 1);
        }
      });
}

// The owner takes from the bottom, a thief from the top. Bug: the owner does not compete for the last element.
template <bool competes>
void steal_work() {
  constexpr int tasks = 3;
  std::atomic<int> top{0}, bottom{tasks};
  std::atomic<int> done[tasks] = {};
  const auto work = [&](int task) { GAUNTLET_SCHED_CHECK(done[task].fetch_add(1) == 0); };
  together(
      [&] {
        for (int i = 0; i < tasks; ++i) {
          const int last = bottom.load() - 1;
          bottom.store(last);
          int first = top.load();
          if (last < first) {
            bottom.store(first);
            return;
          }
          if (competes && last == first) {
            const bool mine = top.compare_exchange_strong(first, first + 1);
            bottom.store(last + 1);
            if (mine) work(last);
            return;
          }
          work(last);
        }
      },
      [&] {
        for (int i = 0; i < 2; ++i) {
          int first = top.load();
          if (first >= bottom.load()) return;
          if (top.compare_exchange_strong(first, first + 1)) work(first);
        }
      });
}

}  // namespace

void aba() { take_nodes_and_give_back<false>(); }
void no_aba() { take_nodes_and_give_back<true>(); }
void stack() { pop_what_is_there<false>(); }
void sound_stack() { pop_what_is_there<true>(); }
void circular_buffer() { fill_ring<false>(); }
void sound_circular_buffer() { fill_ring<true>(); }
void work_stealing_queue() { steal_work<false>(); }
void sound_work_stealing_queue() { steal_work<true>(); }

}  // namespace gauntlet::sched::programs_detail
