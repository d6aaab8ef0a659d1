// Exhaustive: every interleaving of a small program, one run after another, and the word "all" at the end.
//
//   exhaustive every;
//   while (!every.done()) run(body, every);      "all 20 interleavings of this program explored"
//
// The runs of a program form a tree: a node is a choice of any kind, an edge one alternative. A run goes along the path
// that is kept in `path_` and, below its end, takes first alternatives, which it adds to the path. After the run the
// path is cut back to its last node with an alternative left, and that one is taken next. That is depth-first search
// with nothing kept but the path: the program is run again from its start instead of going back in it.
//
// Two things make the tree smaller; they exclude each other:
//
// 1. Sleep sets (Godefroid, "Partial-order methods for the verification of concurrent systems", 1996, chapter 5), used
//    unless switched off. Two events are *independent* (see `independent` below) if doing them in either order leads to
//    the same state, neither letting the other happen nor preventing it. After the subtree of thread t at a node has
//    been explored, t is asleep in the subtrees of its siblings: there, running t first would only repeat, with
//    independent events swapped, what was explored. Precisely:
//      - the root has nobody asleep;
//      - at a node with the sleeping threads Z, threads are explored from runnable \ Z, one after another: t1, t2, ...;
//      - below t_i, asleep are those u of Z + {t1 .. t_(i-1)} whose pending event is independent of the event of t_i;
//        an event that happens without a choice removes threads in the same way;
//      - if all that is runnable is asleep, everything below was explored; the run is finished anyhow, branches no
//        further, and counts as repeated. (A sleeping thread's pending event stays what it is until it runs, so a set of
//        numbers will do.)
//    Sleep sets alone remove runs and no state: every state that some interleaving reaches is reached by one that is
//    explored. The tests hold this against the unpruned search and against plain recursion on a simulated machine.
//    What is no event is not seen: where it matters in which order threads allocate, or read the clock of the run
//    (`now`, intervals of a history), switch sleep sets off.
// 2. A bound on preemptions (Musuvathi and Qadeer, "Iterative context bounding", PLDI 2007): at most so many deviations
//    at which the running thread could have gone on. "All" then means within the bound. The bound counts what sleep
//    sets take to be the same, so under a bound there are none (Coons, Musuvathi and McKinley, "Bounded partial-order
//    reduction", OOPSLA 2013, is what it would take). Choices of other kinds are many, a load that may see an old store
//    foremost: where they count as preemptions, a bound holds for both together.
//
// Not complete, in any case, for threads that spin: they are made to wait until somebody makes progress.
//
// Guarantee: a program with finitely many interleavings is explored completely. The number of runs grows exponentially
// with the number of events; with sleep sets, only with those that depend on each other. O(runnable) per choice. A run
// with more than `depth_max` choices is cut: nothing below is explored, and `complete` says no.
#pragma once

#include <bitset>
#include <cstdint>
#include <limits>
#include <vector>

#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::sched {

// Whether two events of different threads commute, and neither enables nor disables the other. Of what is not known to,
// it is not assumed. Under weak memory, two loads of one location need not: what a seq_cst load has seen, no later one in
// S may overlook.
constexpr bool independent(const event& a, const event& b, memory_model memory = memory_model::sequential) noexcept {
  const auto is = [&](event_kind kind) { return a.kind == kind || b.kind == kind; };
  if (is(event_kind::none) || is(event_kind::yield) || is(event_kind::sleep)) return false;
  if (is(event_kind::begin)) return true;  // shows what the thread does next, and nothing else
  if (is(event_kind::wait) || is(event_kind::notify) || is(event_kind::fence)) return false;  // more than one location
  if (is(event_kind::create)) return a.kind != b.kind;  // two creations: the numbers of the threads depend on the order
  if (is(event_kind::join)) return !is(event_kind::end);
  if (is(event_kind::end)) return true;
  if (a.location == 0 || b.location == 0) return false;
  return memory == memory_model::weak ? a.location != b.location : !conflicts(a, b);
}

struct exhaustive_options {
  static constexpr std::uint32_t unbounded = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t preemptions_max = unbounded;
  bool alternatives_count = false;  // as preemptions, wherever a choice of another kind is not given its default
  bool sleep_sets = true;           // ignored under a bound
};

class exhaustive final : public strategy {
 public:
  static constexpr std::size_t depth_max = std::size_t{1} << 15;

  explicit exhaustive(exhaustive_options options = {}) : options_(options) {
    path_.reserve(depth_max);
    if (options_.preemptions_max != exhaustive_options::unbounded) options_.sleep_sets = false;
  }

  std::string name() const override {
    if (options_.preemptions_max == exhaustive_options::unbounded) return "exhaustive";
    return "exhaustive " + std::to_string(options_.preemptions_max);
  }

  // Whether there is nothing left to run; whether all was run that should be.
  bool done() const noexcept { return done_; }
  bool complete() const noexcept { return done_ && !cut_; }
  // Interleavings explored; runs that only repeated what was explored, in another order of independent events.
  std::uint64_t explored() const noexcept { return explored_; }
  std::uint64_t repeated() const noexcept { return repeated_; }
  // Events of all runs.
  std::uint64_t events() const noexcept { return events_; }

  // One line for the reader.
  std::string summary() const {
    const std::string bound = options_.preemptions_max == exhaustive_options::unbounded
                                  ? std::string()
                                  : " with at most " + std::to_string(options_.preemptions_max) + " preemptions";
    const std::string number = std::to_string(explored_);
    const std::string once = options_.sleep_sets ? " (orders of independent events counted once)" : "";
    if (complete()) return "all " + number + " interleavings of this program" + bound + " explored" + once;
    return number + " interleavings of this program" + bound + " explored, not all";
  }

  void begin(const run_start& run) override {
    memory_ = run.memory;
    depth_ = 0;
    preemptions_ = 0;
    repeats_ = false;
    asleep_.reset();
  }

  std::size_t pick(const thread_choice& choice) override {
    if (repeats_) return default_of(choice);
    if (depth_ == path_.size() && !add_node(choice)) return default_of(choice);
    node& here = path_[depth_++];
    const thread_id chosen = static_cast<thread_id>(here.chosen);
    if (choice.running_can_go_on && chosen != choice.running) ++preemptions_;

    asleep_ = here.asleep;
    for (const thread_id u : choice.runnable) {
      if (asleep_[u]) pending_[u] = pending_of(choice, u);
    }
    wake(pending_of(choice, chosen));  // now: an attempt that ends in waiting is not told by `happened`
    const std::size_t position = position_of(choice.runnable, chosen);
    if (position < choice.runnable.size()) return position;
    cut_ = true;  // the program does not do the same on the same path: nothing can be promised
    return default_of(choice);
  }

  std::size_t pick_alternative(choice_kind kind, std::size_t alternatives) override {
    // Which store a load sees is part of its event. The others change who can run.
    if (kind != choice_kind::store) asleep_.reset();
    if (repeats_) return 0;
    if (depth_ == path_.size()) {
      if (!room()) return 0;
      const bool stay = options_.alternatives_count && preemptions_ >= options_.preemptions_max;
      path_.push_back({});
      path_.back().alternatives = static_cast<std::uint16_t>(stay ? 1 : alternatives);
    }
    const std::uint16_t chosen = path_[depth_++].chosen;
    if (options_.alternatives_count && chosen != 0) ++preemptions_;
    return chosen;
  }

  void happened(const event& e) override {
    if (asleep_[e.thread]) repeats_ = true;
    wake(e);
  }

  void end(std::uint64_t events, bool) override {
    ++(repeats_ ? repeated_ : explored_);
    events_ += events;
    while (!path_.empty() && !advance(path_.back())) path_.pop_back();
    done_ = path_.empty();
  }

 private:
  using threads = std::bitset<threads_max>;

  struct node {
    threads left, asleep;            // choices between threads: to be explored; asleep here, or explored
    std::uint16_t alternatives = 0;  // other choices: how many; 0: a choice between threads
    std::uint16_t chosen = 0;        // thread, or alternative
  };

  bool room() noexcept {
    if (path_.size() < depth_max) return true;
    cut_ = repeats_ = true;
    return false;
  }

  // False where nothing is to be explored from here.
  bool add_node(const thread_choice& choice) noexcept {
    node fresh;
    fresh.asleep = asleep_;
    const bool stay = choice.running_can_go_on && preemptions_ >= options_.preemptions_max;
    for (const thread_id t : choice.runnable) {
      if (!asleep_[t] && (!stay || t == choice.running)) fresh.left.set(t);
    }
    if (fresh.left.none()) {
      repeats_ = true;
      return false;
    }
    if (!room()) return false;
    // The default first, if it may be: short schedules come early.
    fresh.chosen = choice.runnable[default_of(choice)];
    if (!fresh.left[fresh.chosen]) fresh.chosen = first_of(fresh.left);
    fresh.left.reset(fresh.chosen);
    path_.push_back(fresh);
    return true;
  }

  // To the node's next alternative; false where there is none.
  bool advance(node& n) const noexcept {
    if (n.alternatives != 0) return ++n.chosen < n.alternatives;
    if (n.left.none()) return false;
    if (options_.sleep_sets) n.asleep.set(n.chosen);
    n.chosen = first_of(n.left);
    n.left.reset(n.chosen);
    return true;
  }
  static std::uint16_t first_of(const threads& set) noexcept {
    std::uint16_t t = 0;
    while (!set[t]) ++t;
    return t;
  }

  // Removes from the sleeping threads those whose pending event depends on this one.
  void wake(const event& by) noexcept {
    if (asleep_.none()) return;
    for (std::size_t u = 0; u < threads_max; ++u) {
      if (asleep_[u] && (u == by.thread || !independent(pending_[u], by, memory_))) asleep_.reset(u);
    }
  }

  exhaustive_options options_;
  memory_model memory_ = memory_model::sequential;
  std::vector<node> path_;
  std::size_t depth_ = 0;
  std::uint32_t preemptions_ = 0;
  bool repeats_ = false, done_ = false, cut_ = false;
  threads asleep_;                            // at this moment of the run
  std::array<event, threads_max> pending_{};  // of those asleep
  std::uint64_t explored_ = 0, repeated_ = 0, events_ = 0;
};

}  // namespace gauntlet::sched
