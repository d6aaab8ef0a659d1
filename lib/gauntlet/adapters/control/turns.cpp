#include <gauntlet/adapters/control/turns.h>

#include <algorithm>

#include <gauntlet/sched/run.h>
#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::adapters {
namespace {

// A longer run is noted in part: nobody would follow it.
constexpr std::size_t turns_noted_max = 4096;
constexpr std::size_t alternatives_noted_max = 1024;  // of each thread

}  // namespace

std::size_t turns_of_run::deviations() const noexcept {
  std::size_t n = 0;
  for (const auto& of_thread : alternatives) {
    for (const std::uint8_t given : of_thread) n += given != 0;
  }
  return n;
}

void notes_turns::begin(const sched::run_start& start) {
  noted_.turns.clear();
  for (auto& of_thread : noted_.alternatives) of_thread.clear();
  noted_.preemptions = 0;
  observing::begin(start);
}

std::size_t notes_turns::pick(const sched::thread_choice& choice) {
  const std::size_t picked = observing::pick(choice);
  if (choice.running_can_go_on && choice.runnable[picked] != choice.running) {
    ++noted_.preemptions;
    auto& turns = noted_.turns;
    if (!turns.empty() && turns.back().thread == choice.running) turns.back().preempted = true;
  }
  return picked;
}

std::size_t notes_turns::pick_alternative(sched::choice_kind kind, std::size_t alternatives) {
  const std::size_t picked = observing::pick_alternative(kind, alternatives);
  auto& of_thread = noted_.alternatives[sched::this_thread()];
  if (of_thread.size() < alternatives_noted_max) of_thread.push_back(static_cast<std::uint8_t>(picked));
  return picked;
}

void notes_turns::happened(const sched::event& e) {
  auto& turns = noted_.turns;
  if (turns.size() < turns_noted_max) {
    if (turns.empty() || turns.back().thread != e.thread) turns.push_back({e.thread, 0, false});
    ++turns.back().events;
    turns.back().preempted = false;
  }
  observing::happened(e);
}

void along_turns::begin(const sched::run_start&) {
  left_ = wanted_.turns;
  first_left_ = last_ = 0;
  alternatives_taken_.fill(0);
}

std::size_t along_turns::pick(const sched::thread_choice& choice) {
  if (choice.running_can_go_on && last_ < left_.size() && left_[last_].thread == choice.running &&
      !(left_[last_].events == 0 && left_[last_].preempted)) {
    return sched::position_of(choice.runnable, choice.running);
  }
  for (std::size_t i = first_left_; i < left_.size(); ++i) {
    if (left_[i].events == 0) continue;
    const std::size_t at = sched::position_of(choice.runnable, left_[i].thread);
    if (at != choice.runnable.size()) return at;
  }
  return sched::default_of(choice);
}

std::size_t along_turns::pick_alternative(sched::choice_kind, std::size_t alternatives) {
  const auto& of_thread = wanted_.alternatives[sched::this_thread()];
  const std::size_t i = alternatives_taken_[sched::this_thread()]++;
  return i < of_thread.size() && of_thread[i] < alternatives ? of_thread[i] : 0;
}

void along_turns::happened(const sched::event& e) {
  const auto mine = std::find_if(left_.begin() + static_cast<std::ptrdiff_t>(first_left_), left_.end(),
                                 [&](const turn& t) { return t.thread == e.thread && t.events != 0; });
  last_ = static_cast<std::size_t>(mine - left_.begin());
  if (mine != left_.end()) --mine->events;
  while (first_left_ < left_.size() && left_[first_left_].events == 0) ++first_left_;
}

}  // namespace gauntlet::adapters
