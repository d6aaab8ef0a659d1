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
// The hard case: a step whose event never returned. It has a call mark and no return mark; it may be taken at any later
// return, or never, and stays open to the end.
//
// World is the sequential specification:
//   using state;  static uint64_t hash(const state&);  bool take(unsigned step, state&) const;
//   bool changes_nothing(unsigned step) const;
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace gauntlet::check {

struct mark {
  std::uint32_t step = 0;
  bool is_return = false;
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

  search_end run(const std::vector<mark>& marks, std::size_t step_count, const state& initial);

  std::size_t stopped_at() const noexcept { return stopped_at_; }
  // After `impossible`: the configurations just before the mark that no order explains.
  const std::vector<configuration>& configurations() const noexcept { return current_; }
  // The step that is open at a place, for reading `done`.
  bool open_at(unsigned place, std::uint32_t& step) const noexcept {
    step = open_[place];
    return (open_places_ >> place & 1) != 0;
  }

 private:
  // Configurations without duplicates: a vector in order of discovery with an open-addressing index beside it.
  class configuration_set {
   public:
    std::vector<configuration> all;
    void clear() noexcept {
      all.clear();
      used_ = 0;
      for (std::uint32_t& slot : index_) slot = 0;
    }
    bool insert(configuration c) {
      if ((used_ + 1) * 2 > index_.size()) grow();
      std::uint32_t& slot = index_[find(c)];
      if (slot != 0) return false;
      all.push_back(std::move(c));
      slot = static_cast<std::uint32_t>(all.size());
      ++used_;
      return true;
    }

   private:
    std::size_t find(const configuration& c) const {
      const std::size_t last = index_.size() - 1;
      std::uint64_t hash = (World::hash(c.what) ^ c.done) * 0xD6E8FEB86659FD93ull;
      std::size_t i = static_cast<std::size_t>(hash >> 32) & last;
      while (index_[i] != 0 && !(all[index_[i] - 1].done == c.done && all[index_[i] - 1].what == c.what)) {
        i = (i + 1) & last;
      }
      return i;
    }
    void grow() {
      index_.assign(index_.empty() ? 16 : index_.size() * 4, 0);
      for (std::size_t i = 0; i < all.size(); ++i) index_[find(all[i])] = static_cast<std::uint32_t>(i + 1);
    }
    std::vector<std::uint32_t> index_;
    std::size_t used_ = 0;
  };

  bool call(std::uint32_t step);
  search_end give_back(std::uint32_t step);
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
search_end search<World>::run(const std::vector<mark>& marks, std::size_t step_count, const state& initial) {
  place_of_.assign(step_count, 0);
  open_places_ = harmless_places_ = 0;
  current_.assign(1, configuration{initial, 0});
  for (stopped_at_ = 0; stopped_at_ < marks.size(); ++stopped_at_) {
    const mark& m = marks[stopped_at_];
    if (!m.is_return) {
      if (!call(m.step)) return search_end::gave_up;
    } else if (const search_end end = give_back(m.step); end != search_end::explained) {
      return end;
    }
  }
  return search_end::explained;
}

template <class World>
bool search<World>::call(std::uint32_t step) {
  if (open_places_ == ~std::uint64_t{0}) return false;
  unsigned place = 0;
  while ((open_places_ >> place & 1) != 0) ++place;
  place_of_[step] = static_cast<unsigned char>(place);
  open_[place] = step;
  open_places_ |= std::uint64_t{1} << place;
  if (world_.changes_nothing(step)) {
    harmless_places_ |= std::uint64_t{1} << place;
    for (configuration& c : current_) {
      state copy = c.what;
      if (world_.take(step, copy)) c.done |= std::uint64_t{1} << place;
    }
  }
  return true;
}

template <class World>
void search<World>::take_what_changes_nothing(configuration& c) const {
  for (std::uint64_t rest = harmless_places_ & ~c.done; rest != 0; rest &= rest - 1) {
    const auto place = static_cast<unsigned>(__builtin_ctzll(rest));
    state copy = c.what;
    if (world_.take(open_[place], copy)) c.done |= std::uint64_t{1} << place;
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

  if (open_places_ == place && current_.size() == 1 && current_[0].done == 0) {  // nothing else is open: no choice
    if (budget_ == 0) return search_end::gave_up;
    --budget_;
    state after = current_[0].what;
    if (!world_.take(step, after)) return search_end::impossible;
    current_[0].what = std::move(after);
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
    for (std::uint64_t rest = open_places_ & ~from.done; rest != 0; rest &= rest - 1) {
      const auto chosen = static_cast<unsigned>(__builtin_ctzll(rest));
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
