#include <gauntlet/adapters/control/course.h>

#include <algorithm>
#include <limits>

#include <gauntlet/sched/run.h>
#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::adapters {
namespace {

// A longer run is noted in part: nobody would follow it.
constexpr std::size_t stretches_noted_max = 4096;
constexpr std::size_t alternatives_noted_max = 4096;

// What each thread of a program does, as indices of its operations in the order in which it does them. Thread 0 is the lane
// before and after; a lane without operations is no thread.
std::vector<std::vector<std::size_t>> threads_of(const check::program& p) {
  std::array<std::vector<std::size_t>, check::lane_count_max> lanes;
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    lanes[static_cast<std::size_t>(p.operations[i].where)].push_back(i);
  }
  std::vector<std::vector<std::size_t>> threads{lanes.front()};
  threads[0].insert(threads[0].end(), lanes.back().begin(), lanes.back().end());
  for (std::size_t lane = 1; lane + 1 < lanes.size(); ++lane) {
    if (!lanes[lane].empty()) threads.push_back(lanes[lane]);
  }
  return threads;
}

bool ask_the_same(const check::operation& a, check::operation b) {
  b.where = a.where;
  return a == b;
}

// Pairs of operations of one thread before and after a change.
struct alignment {
  std::size_t same = 0;
  std::vector<std::size_t> to;  // by operation of the thread before: which one it is now; `gone`
};
constexpr std::size_t gone = std::numeric_limits<std::size_t>::max();

// As many operations as there were: each is the one in its place, even if it has become another. Fewer or more: the
// longest common subsequence.
alignment aligned(const check::program& from, const std::vector<std::size_t>& was, const check::program& to,
                  const std::vector<std::size_t>& is) {
  alignment found;
  found.to.assign(was.size(), gone);
  const auto same = [&](std::size_t i, std::size_t j) {
    return ask_the_same(from.operations[was[i]], to.operations[is[j]]);
  };
  if (was.size() == is.size()) {
    for (std::size_t i = 0; i < was.size(); ++i) {
      found.to[i] = i;
      found.same += same(i, i) ? 1U : 0U;
    }
    return found;
  }
  std::vector<std::vector<std::size_t>> longest(was.size() + 1, std::vector<std::size_t>(is.size() + 1, 0));
  for (std::size_t i = was.size(); i-- > 0;) {
    for (std::size_t j = is.size(); j-- > 0;) {
      longest[i][j] = same(i, j) ? longest[i + 1][j + 1] + 1 : std::max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  for (std::size_t i = 0, j = 0; i < was.size() && j < is.size();) {
    if (same(i, j)) {
      found.to[i++] = j++;
      ++found.same;
    } else if (longest[i + 1][j] >= longest[i][j + 1]) {
      ++i;
    } else {
      ++j;
    }
  }
  return found;
}

// Which thread of `to` each thread of `from` has become, in order, so that most operations are the same; `gone`.
std::vector<std::size_t> threads_kept(const std::vector<std::vector<alignment>>& each) {
  const std::size_t were = each.size(), are = each[0].size();
  std::vector<std::vector<std::size_t>> most(were + 1, std::vector<std::size_t>(are + 1, 0));
  const auto paired = [&](std::size_t i, std::size_t j) { return most[i + 1][j + 1] + each[i][j].same + 1; };
  for (std::size_t i = were; i-- > 1;) {
    for (std::size_t j = are; j-- > 1;) most[i][j] = std::max({paired(i, j), most[i + 1][j], most[i][j + 1]});
  }
  std::vector<std::size_t> kept(were, gone);
  kept[0] = 0;
  for (std::size_t i = 1, j = 1; i < were && j < are;) {
    if (most[i][j] == paired(i, j)) {
      kept[i++] = j++;
    } else if (most[i][j] == most[i + 1][j]) {
      ++i;
    } else {
      ++j;
    }
  }
  return kept;
}

// A place of a thread, now that its operations are others; 0: in one that is gone.
place translated(place was, const alignment& operations) {
  for (place nth = was / 2; nth != 0; --nth) {
    const std::size_t now = operations.to[nth - 1];
    if (now != gone) return static_cast<place>(2 * (now + 1)) | (was & 1U);
    if ((was & 1U) == 0) return 0;
  }
  return before_all;
}

}  // namespace

places::places(const check::program& p) : nth_(p.operations.size(), 0) {
  for (const std::vector<std::size_t>& thread : threads_of(p)) {
    for (std::size_t i = 0; i < thread.size(); ++i) nth_[thread[i]] = static_cast<place>(i + 1);
  }
  begin();
}

course translated(const course& c, const check::program& from, const check::program& to) {
  const auto were = threads_of(from), are = threads_of(to);
  std::vector<std::vector<alignment>> each(were.size());
  for (std::size_t i = 0; i < were.size(); ++i) {
    for (const auto& is : are) each[i].push_back(aligned(from, were[i], to, is));
  }
  const std::vector<std::size_t> kept = threads_kept(each);
  // What is no thread of the program is one that the map has made.
  const auto follow = [&](sched::thread_id& thread, place& where) {
    if (thread >= kept.size()) return true;
    const std::size_t now = kept[thread];
    if (now == gone) return false;
    where = translated(where, each[thread][now]);
    thread = static_cast<sched::thread_id>(now);
    return where != 0;
  };
  course result;
  for (stretch s : c.stretches) {
    if (follow(s.thread, s.where)) result.stretches.push_back(s);
  }
  for (given g : c.alternatives) {
    if (follow(g.thread, g.where)) result.alternatives.push_back(g);
  }
  return result;
}

void notes_course::begin(const sched::run_start& start) {
  noted_ = {};
  observing::begin(start);
}

std::size_t notes_course::pick(const sched::thread_choice& choice) {
  const std::size_t picked = observing::pick(choice);
  auto& all = noted_.stretches;
  if (choice.running_can_go_on && choice.runnable[picked] != choice.running && !all.empty() &&
      all.back().thread == choice.running) {
    all.back().preempted = true;
  }
  return picked;
}

std::size_t notes_course::pick_alternative(sched::choice_kind kind, std::size_t alternatives) {
  const std::size_t picked = observing::pick_alternative(kind, alternatives);
  const sched::thread_id thread = sched::this_thread();
  if (noted_.alternatives.size() < alternatives_noted_max) {
    noted_.alternatives.push_back({thread, at_.of(thread), static_cast<std::uint8_t>(picked)});
  }
  return picked;
}

void notes_course::happened(const sched::event& e) {
  auto& all = noted_.stretches;
  if (all.size() < stretches_noted_max) {
    const place where = at_.of(e.thread);
    if (all.empty() || all.back().thread != e.thread || all.back().where != where) all.push_back({e.thread, where, 0});
    ++all.back().events;
    all.back().preempted = false;
  }
  observing::happened(e);
}

void along_course::begin(const sched::run_start&) {
  left_ = wanted_.stretches;
  alternatives_taken_.assign(wanted_.alternatives.size(), 0);
  first_left_ = last_ = 0;
}

bool along_course::goes_on(sched::thread_id running) const noexcept {
  if (last_ >= left_.size() || left_[last_].thread != running) return false;
  const stretch& now = left_[last_];
  if (now.events != 0 || !now.preempted) return true;
  const auto next = std::find_if(left_.begin() + static_cast<std::ptrdiff_t>(last_) + 1, left_.end(),
                                 [running](const stretch& s) { return s.thread == running; });
  const bool was_the_last_of_its_place = next != left_.end() && next->where != now.where;
  return was_the_last_of_its_place && at_.of(running) == now.where;
}

std::size_t along_course::pick(const sched::thread_choice& choice) {
  if (choice.running_can_go_on && goes_on(choice.running)) return sched::position_of(choice.runnable, choice.running);
  while (first_left_ < left_.size() && !is_left(left_[first_left_])) ++first_left_;
  for (std::size_t i = first_left_; i < left_.size(); ++i) {
    if (!is_left(left_[i])) continue;
    const std::size_t at = sched::position_of(choice.runnable, left_[i].thread);
    if (at != choice.runnable.size()) return at;
  }
  return sched::default_of(choice);
}

std::size_t along_course::pick_alternative(sched::choice_kind, std::size_t alternatives) {
  const sched::thread_id thread = sched::this_thread();
  const place where = at_.of(thread);
  for (std::size_t i = 0; i < wanted_.alternatives.size(); ++i) {
    const given& g = wanted_.alternatives[i];
    if (g.thread != thread || g.where != where || alternatives_taken_[i] != 0) continue;
    alternatives_taken_[i] = 1;
    return g.alternative < alternatives ? g.alternative : 0;
  }
  return 0;
}

void along_course::happened(const sched::event& e) {
  const place where = at_.of(e.thread);
  for (std::size_t i = first_left_; i < left_.size(); ++i) {
    if (left_[i].thread != e.thread || !is_left(left_[i])) continue;
    if (left_[i].where != where) return;  // it takes more events here than it did
    --left_[i].events;
    last_ = i;
    return;
  }
}

}  // namespace gauntlet::adapters
