// A simulated machine: threads that are lists of operations on a few variables and locks, run one event at a time under
// a strategy, by the same calls in the same order as the real runtime makes them. Strategies are tested on it: it knows
// every reachable final state by plain recursion (`all_final_states`), without a strategy and without a schedule.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gauntlet/sched/random.h>
#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::sched::simulated {

enum class action : std::uint8_t {
  load,        // the thread's register = variable
  stale_load,  // likewise, or any value that the variable had before
  store,       // variable = value
  store_sum,   // variable = register + value
  add,         // variable += value, register = what it was, in one event
  skip_if,     // where the register equals value, the next operation is left out; no event
  lock,        // waits while another thread holds it
  unlock,
};
struct operation {
  action what = action::load;
  unsigned where = 0;  // number of the variable, or of the lock
  int value = 0;
  friend bool operator==(const operation&, const operation&) = default;
};
using thread = std::vector<operation>;
using program = std::vector<thread>;

inline std::uintptr_t location_of(const operation& o) {
  const bool lock = o.what == action::lock || o.what == action::unlock;
  return (lock ? 0x2000U : 0x1000U) + o.where * 64U;
}

class machine {
 public:
  explicit machine(const program& p) : program_(&p), at_(p.size()), register_(p.size()), holder_(8, -1) {
    for (auto& h : history_) h.assign(1, 0);
    for (std::size_t t = 0; t < p.size(); ++t) {
      function_.push_back(static_cast<std::size_t>(std::find(p.begin(), p.end(), p[t]) - p.begin()));
      settle(t);
    }
  }
  bool ended(std::size_t t) const { return at_[t] == (*program_)[t].size(); }
  bool runnable(std::size_t t) const {
    return !ended(t) && !(next(t).what == action::lock && holder_[next(t).where] >= 0);
  }
  event pending(std::size_t t) const {
    event e;
    e.thread = static_cast<thread_id>(t);
    if (ended(t)) return e;
    const operation& o = next(t);
    switch (o.what) {
      case action::load:
      case action::stale_load:
        e.kind = event_kind::load;
        break;
      case action::store:
      case action::store_sum:
        e.kind = event_kind::store;
        break;
      case action::add:
        e.kind = event_kind::read_modify_write;
        break;
      case action::lock:
        e.kind = event_kind::lock;
        break;
      case action::unlock:
        e.kind = event_kind::unlock;
        break;
      case action::skip_if:
        break;
    }
    e.location = location_of(o);
    e.code = 0x400000 + function_[t] * 256 + at_[t];
    return e;
  }
  // Of the event that thread t is about to do: how many stores it may read from.
  std::size_t alternatives(std::size_t t) const {
    return next(t).what == action::stale_load ? history_[next(t).where].size() : 1;
  }
  void step(std::size_t t, std::size_t alternative) {
    const operation& o = next(t);
    auto& h = history_[o.where];
    switch (o.what) {
      case action::load:
      case action::stale_load:
        register_[t] = h[h.size() - 1 - alternative];
        break;
      case action::store:
        h.push_back(o.value);
        break;
      case action::store_sum:
        h.push_back(register_[t] + o.value);
        break;
      case action::add:
        register_[t] = h.back();
        h.push_back(h.back() + o.value);
        break;
      case action::lock:
        holder_[o.where] = static_cast<int>(t);
        break;
      case action::unlock:
        holder_[o.where] = -1;
        break;
      case action::skip_if:
        break;
    }
    ++at_[t];
    settle(t);
  }
  // Everything that can be seen in the end; "deadlock" where threads are left that can't run.
  std::string state() const {
    std::string s;
    for (const auto& h : history_) s += std::to_string(h.back()) + " ";
    s += "|";
    for (const int r : register_) s += " " + std::to_string(r);
    for (std::size_t t = 0; t < at_.size(); ++t) {
      if (!ended(t)) s += " deadlock";
    }
    return s;
  }

 private:
  const operation& next(std::size_t t) const { return (*program_)[t][at_[t]]; }
  // Past operations that are no events.
  void settle(std::size_t t) {
    while (!ended(t) && next(t).what == action::skip_if) {
      const bool skip = register_[t] == next(t).value;
      ++at_[t];
      if (skip && !ended(t)) ++at_[t];
    }
  }

  const program* program_;
  std::vector<std::size_t> at_, function_;  // threads that do the same run the same code
  std::vector<int> register_, holder_;
  std::vector<int> history_[4];
};

struct result {
  std::string state;
  std::vector<thread_id> order;  // thread of each event
  std::uint32_t preemptions = 0;
  schedule recorded;
};

// One run of the program under the strategy.
inline result simulate(const program& p, strategy& decides, std::uint64_t rng_seed, std::uint64_t number = 0) {
  machine m(p);
  result r;
  decides.begin_alternatives(rng_seed);
  decides.begin({rng_seed, number});
  for (std::size_t t = 0; t < p.size(); ++t) decides.created(static_cast<thread_id>(t));

  thread_id running = 0;
  std::uint32_t choices = 0;
  std::uint64_t step = 0;
  for (;;) {
    std::vector<thread_id> runnable;
    std::vector<event> pending;
    for (std::size_t t = 0; t < p.size(); ++t) {
      if (m.runnable(t)) runnable.push_back(static_cast<thread_id>(t));
      pending.push_back(m.pending(t));
    }
    if (runnable.empty()) break;
    ++step;
    std::size_t chosen = 0;
    if (runnable.size() > 1) {
      const thread_choice choice{runnable, running, m.runnable(running), pending, step};
      chosen = decides.pick(choice);
      ++choices;
      if (choice.running_can_go_on && runnable[chosen] != running) ++r.preemptions;
      if (chosen != default_of(choice)) {
        r.recorded.deviations.push_back({choices, choice_kind::thread, runnable[chosen],
                                         static_cast<std::uint8_t>(runnable.size()), pending[running].kind});
      }
    }
    running = runnable.at(chosen);
    std::size_t alternative = 0;
    if (const std::size_t n = m.alternatives(running); n > 1) {
      alternative = decides.pick_alternative(choice_kind::store, n);
      ++choices;
      if (alternative != 0) {
        r.recorded.deviations.push_back({choices, choice_kind::store, static_cast<std::uint8_t>(alternative),
                                         static_cast<std::uint8_t>(n), event_kind::load});
      }
    }
    const event done = pending[running];
    m.step(running, alternative);
    decides.happened(done);
    r.order.push_back(running);
  }
  r.state = m.state();
  r.recorded.events = step;
  r.recorded.choices = choices;
  decides.end(step, false);
  return r;
}

// By plain recursion: every final state, with the number of interleavings that lead to it.
inline void all_final_states(const machine& m, std::size_t threads, std::map<std::string, std::uint64_t>& found) {
  bool stuck = true;
  for (std::size_t t = 0; t < threads; ++t) {
    if (!m.runnable(t)) continue;
    stuck = false;
    for (std::size_t a = 0; a < m.alternatives(t); ++a) {
      machine after = m;
      after.step(t, a);
      all_final_states(after, threads, found);
    }
  }
  if (stuck) ++found[m.state()];
}
inline std::map<std::string, std::uint64_t> all_final_states(const program& p) {
  std::map<std::string, std::uint64_t> found;
  all_final_states(machine(p), p.size(), found);
  return found;
}

// A small random program: every kind of operation, locks taken and given back in any order.
inline program random_program(random& r, unsigned threads, unsigned operations) {
  program p(threads);
  for (thread& t : p) {
    int held = -1;
    const unsigned n = 1 + r.below(operations);
    for (unsigned i = 0; i < n; ++i) {
      operation o;
      o.where = r.below(2);
      o.value = 1 + static_cast<int>(r.below(2));
      switch (r.below(8)) {
        case 0:
          o.what = action::load;
          break;
        case 1:
          o.what = action::stale_load;
          break;
        case 2:
          o.what = action::store;
          break;
        case 3:
          o.what = action::store_sum;
          break;
        case 4:
          o.what = action::add;
          break;
        case 5:
          o.what = action::skip_if;
          o.value = static_cast<int>(r.below(2));
          break;
        default:
          o.what = held < 0 ? action::lock : action::unlock;
          if (held >= 0) o.where = static_cast<unsigned>(held);
          held = held < 0 ? static_cast<int>(o.where) : -1;
          break;
      }
      t.push_back(o);
      // What is behind a skip_if may be left out: it must not be half of a pair.
      if (o.what == action::skip_if) t.push_back({action::store, o.where, 5});
    }
    if (held >= 0) t.push_back({action::unlock, static_cast<unsigned>(held)});
  }
  return p;
}

}  // namespace gauntlet::sched::simulated
