// Just-in-time search for an order of steps that explains all answers.
//
// Words. A *mark* is the call or the return of a step; marks come in the order of time. A step that has been called and
// not returned is *open*. A *configuration* is one way the world may be at a moment: a state, and which of the open
// steps have already taken effect. The search carries the set of all configurations that agree with every answer
// returned so far. No backtracking: one pass over the marks, memory is the largest set.
//
// The idea (Lowe, "Testing for linearizability", 2017): a step needs to take effect only by the time it returns, so the
// set is expanded only at a return, and only until the returning step has taken effect.
//
// The rule that keeps the set small: an open step that changes nothing takes effect in every configuration as soon as
// it fits there. That loses no explanation: one that places it later still works with it placed now, since nobody can
// tell.
//
// The rule that keeps it small where states have parts (keys): before a step returns, an open step on another part may as
// well take effect afterwards, for the two commute; unless a step on all parts is open too, which may come between them.
//
// The hard case: a step whose event never returned. It has a call mark and no return mark; it may be taken at any later
// return, or never, and stays open to the end.
//
// World is the sequential specification:
//   using state;  static uint64_t hash(const state&);  bool take(unsigned step, state&) const;
//   bool changes_nothing(unsigned step) const;
//   optional: size_t touches(unsigned step) const;   the part of the state that it reads and changes, or all_parts
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace gauntlet::check {

class mark {
 public:
  constexpr mark() = default;
  constexpr mark(std::uint32_t step, bool is_return) noexcept : bits_(step << 1 | (is_return ? 1u : 0u)) {}
  static constexpr mark of_bits(std::uint32_t bits) noexcept {
    mark m;
    m.bits_ = bits;
    return m;
  }
  constexpr std::uint32_t step() const noexcept { return bits_ >> 1; }
  constexpr bool is_return() const noexcept { return (bits_ & 1) != 0; }
  constexpr std::uint32_t bits() const noexcept { return bits_; }
  friend constexpr bool operator==(mark, mark) = default;

 private:
  std::uint32_t bits_ = 0;
};

enum class search_end : std::uint8_t {
  explained,   // at least one order explains every answer
  impossible,  // no order explains the answers up to and including marks[stopped_at]
  gave_up,     // the budget of configurations, or 64 steps open at once, was exceeded at marks[stopped_at]
};

template <class World>
class search {
 public:
  using state = typename World::state;
  struct configuration {
    state what;
    std::uint64_t done = 0;  // places of the open steps that have taken effect
  };

  // `budget` counts configurations made; it is used up across runs of one search object.
  search(const World& world, std::uint64_t& budget) : world_(world), budget_(budget) {}

  search_end run(std::span<const mark> marks, std::size_t step_count, const state& initial);

  std::size_t stopped_at() const noexcept { return stopped_at_; }
  // After `impossible`: the configurations just before the mark that no order explains.
  const std::vector<configuration>& configurations() const noexcept { return current_; }
  // The step that is open at a place, for reading `done`.
  bool open_at(unsigned place, std::uint32_t& step) const noexcept {
    step = open_[place];
    return (open_places_ >> place & 1) != 0;
  }

 private:
  // Configurations without duplicates, in order of discovery. A few are compared one by one; beyond that an
  // open-addressing index stands beside them, whose slots count only if they bear the present generation, so that
  // forgetting all of them costs nothing.
  class configuration_set {
   public:
    std::vector<configuration> all;
    void clear() noexcept {
      all.clear();
      indexed_ = false;
    }
    void insert(configuration c) {
      if (!indexed_) {
        for (const configuration& other : all) {
          if (other.done == c.done && other.what == c.what) return;
        }
        all.push_back(std::move(c));
        if (all.size() > compared_max) start_index();
        return;
      }
      slot& s = index_[find(c)];
      if (s.generation == generation_) return;
      all.push_back(std::move(c));
      s = {generation_, static_cast<std::uint32_t>(all.size() - 1)};
      if (all.size() * 2 > index_.size()) start_index();
    }

   private:
    static constexpr std::size_t compared_max = 12;
    struct slot {
      std::uint32_t generation = 0;
      std::uint32_t place = 0;
    };
    std::size_t find(const configuration& c) const {
      const std::size_t last = index_.size() - 1;
      std::uint64_t hash = (World::hash(c.what) ^ c.done) * 0xD6E8FEB86659FD93ull;
      std::size_t i = static_cast<std::size_t>(hash >> 32) & last;
      while (index_[i].generation == generation_ &&
             !(all[index_[i].place].done == c.done && all[index_[i].place].what == c.what)) {
        i = (i + 1) & last;
      }
      return i;
    }
    void start_index() {
      indexed_ = true;
      if (all.size() * 2 > index_.size()) index_.resize(std::bit_ceil(all.size() * 4));
      if (++generation_ == 0) {
        for (slot& s : index_) s = {};
        generation_ = 1;
      }
      for (std::size_t i = 0; i < all.size(); ++i) index_[find(all[i])] = {generation_, static_cast<std::uint32_t>(i)};
    }
    std::vector<slot> index_;  // its size is a power of two
    std::uint32_t generation_ = 0;
    bool indexed_ = false;
  };

  search_end run_alone(std::span<const mark> marks);
  bool call(std::uint32_t step);
  std::uint64_t worth_taking_before(std::uint32_t step, std::uint64_t open) const;
  search_end give_back(std::uint32_t step);
  bool fits(std::uint32_t step, const state& what) const;
  void take_what_changes_nothing(configuration& c) const;

  const World& world_;
  std::uint64_t& budget_;
  std::vector<configuration> current_;
  configuration_set expanding_, next_;
  std::vector<unsigned char> place_of_;
  std::uint32_t open_[64] = {};
  std::uint64_t open_places_ = 0;
  std::uint64_t harmless_places_ = 0;  // open steps that change nothing
  std::size_t stopped_at_ = 0;
};

// ----------------------------------------------------------------------------------------------------- the bodies

template <class World>
search_end search<World>::run(std::span<const mark> marks, std::size_t step_count, const state& initial) {
  if (place_of_.size() < step_count) place_of_.resize(step_count);
  open_places_ = harmless_places_ = 0;
  current_.assign(1, configuration{initial, 0});
  for (stopped_at_ = 0; stopped_at_ < marks.size(); ++stopped_at_) {
    if (open_places_ == 0 && current_.size() == 1) {
      if (const search_end end = run_alone(marks); end != search_end::explained) return end;
      if (stopped_at_ == marks.size()) break;
    }
    const mark m = marks[stopped_at_];
    if (!m.is_return()) {
      if (!call(m.step())) return search_end::gave_up;
    } else if (const search_end end = give_back(m.step()); end != search_end::explained) {
      return end;
    }
  }
  return search_end::explained;
}

// As long as one step after the other is called and returns with nothing else open, there is one configuration and no
// choice. Stops before the first mark that is otherwise. The state is changed in place; if an answer does not fit, the
// state before it is made again from the start.
template <class World>
search_end search<World>::run_alone(std::span<const mark> marks) {
  const std::size_t begin = stopped_at_;
  std::size_t at = begin;
  search_end end = search_end::explained;
  state now = current_[0].what;
  for (; at + 1 < marks.size(); at += 2) {
    const std::uint32_t step = marks[at].step();
    if (!marks[at + 1].is_return()) break;  // nothing else is open: it is this step's
    if (budget_ == 0) {
      end = search_end::gave_up;
      break;
    }
    --budget_;
    if (!world_.take(step, now)) {
      end = search_end::impossible;
      break;
    }
  }
  stopped_at_ = end == search_end::explained ? at : at + 1;
  if (end != search_end::impossible) {
    current_[0].what = std::move(now);
  } else {
    for (std::size_t i = begin; i < at; i += 2) world_.take(marks[i].step(), current_[0].what);
  }
  return end;
}

template <class World>
bool search<World>::call(std::uint32_t step) {
  if (open_places_ == ~std::uint64_t{0}) return false;
  const auto place = static_cast<unsigned>(std::countr_one(open_places_));
  place_of_[step] = static_cast<unsigned char>(place);
  open_[place] = step;
  open_places_ |= std::uint64_t{1} << place;
  if (world_.changes_nothing(step)) {
    harmless_places_ |= std::uint64_t{1} << place;
    for (configuration& c : current_) {
      if (fits(step, c.what)) c.done |= std::uint64_t{1} << place;
    }
  }
  return true;
}

// For a step that changes nothing.
template <class World>
bool search<World>::fits(std::uint32_t step, const state& what) const {
  state copy = what;
  return world_.take(step, copy);
}

template <class World>
void search<World>::take_what_changes_nothing(configuration& c) const {
  for (std::uint64_t rest = harmless_places_ & ~c.done; rest != 0; rest &= rest - 1) {
    const auto place = static_cast<unsigned>(std::countr_zero(rest));
    if (fits(open_[place], c.what)) c.done |= std::uint64_t{1} << place;
  }
}

// Of these open places, those whose steps may have to take effect before `step` does.
template <class World>
std::uint64_t search<World>::worth_taking_before(std::uint32_t step, std::uint64_t open) const {
  if constexpr (requires { world_.touches(step); }) {
    const auto part = world_.touches(step);
    if (part == World::all_parts) return open;
    std::uint64_t same = 0;
    for (std::uint64_t rest = open; rest != 0; rest &= rest - 1) {
      const auto place = static_cast<unsigned>(std::countr_zero(rest));
      const auto other = world_.touches(open_[place]);
      if (other == World::all_parts) return open;
      if (other == part) same |= std::uint64_t{1} << place;
    }
    return same;
  } else {
    return open;
  }
}

// The returning step must have taken effect. Invariant of the expansion: `expanding_` holds configurations in which it
// has not, each reached from the current set by open steps; `next_` those in which it has, with its place given back.
template <class World>
search_end search<World>::give_back(std::uint32_t step) {
  const std::uint64_t place = std::uint64_t{1} << place_of_[step];
  const auto close = [&] {
    open_places_ &= ~place;
    harmless_places_ &= ~place;
    return search_end::explained;
  };

  // Where it has taken effect already, in all configurations: they differ in something else.
  bool all_done = true;
  for (const configuration& c : current_) all_done = all_done && (c.done & place) != 0;
  if (all_done) {
    for (configuration& c : current_) c.done &= ~place;
    return close();
  }

  expanding_.clear();
  next_.clear();
  for (const configuration& c : current_) {
    if ((c.done & place) != 0) {
      next_.insert({c.what, c.done & ~place});
    } else {
      expanding_.insert(c);
    }
  }
  for (std::size_t i = 0; i < expanding_.all.size(); ++i) {
    const configuration from = expanding_.all[i];
    for (std::uint64_t rest = worth_taking_before(step, open_places_ & ~from.done); rest != 0; rest &= rest - 1) {
      const auto chosen = static_cast<unsigned>(std::countr_zero(rest));
      if (budget_ == 0) return search_end::gave_up;
      --budget_;
      configuration to = from;
      if (!world_.take(open_[chosen], to.what)) continue;
      to.done |= std::uint64_t{1} << chosen;
      take_what_changes_nothing(to);
      if ((to.done & place) != 0) {
        to.done &= ~place;
        next_.insert(std::move(to));
      } else {
        expanding_.insert(std::move(to));
      }
    }
  }
  if (next_.all.empty()) return search_end::impossible;
  current_.swap(next_.all);
  return close();
}

}  // namespace gauntlet::check
