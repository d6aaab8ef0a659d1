#include <gauntlet/adapters/control/along_decisions.h>

#include <algorithm>

namespace gauntlet::adapters {

static_assert(static_cast<unsigned>(check::decision_kind::run) == static_cast<unsigned>(sched::choice_kind::thread));
static_assert(static_cast<unsigned>(check::decision_kind::read) == static_cast<unsigned>(sched::choice_kind::store));
static_assert(static_cast<unsigned>(check::decision_kind::fail) == static_cast<unsigned>(sched::choice_kind::spurious));
static_assert(static_cast<unsigned>(check::decision_kind::fire) == static_cast<unsigned>(sched::choice_kind::timeout));
static_assert(static_cast<unsigned>(check::decision_kind::wake) == static_cast<unsigned>(sched::choice_kind::waiter));
static_assert(check::decision_kind_count == sched::choice_kind_count);

void along_decisions::begin(const sched::run_start&) {
  counters_.begin();
  next_.fill(0);
  choice_ = 0;
  diverged_at_ = 0;
}

const check::decision* along_decisions::due(check::decision_kind kind) const noexcept {
  std::size_t i = next_[static_cast<std::size_t>(kind)];
  while (i < decisions_.size() && decisions_[i].kind != kind) ++i;
  return i < decisions_.size() && decisions_[i].at <= choice_ ? &decisions_[i] : nullptr;
}

void along_decisions::taken(check::decision_kind kind) noexcept {
  std::size_t& i = next_[static_cast<std::size_t>(kind)];
  while (decisions_[i].kind != kind) ++i;
  ++i;
}

void along_decisions::compare(const check::decision& d, std::size_t alternatives, std::uint8_t before) noexcept {
  if (diverged_at_ != 0 || d.of == 0) return;
  if (d.at == choice_ && d.of == alternatives && (d.before == 0 || d.before == before)) return;
  diverged_at_ = d.at;
  expected_ = d;
  seen_alternatives_ = d.at == choice_ ? alternatives : 0;
  seen_before_ = before;
}

std::string along_decisions::divergence() const {
  if (diverged_at_ == 0) return {};
  const auto word = [](std::uint8_t event) { return std::string(check::event_words()[event]); };
  std::string line = "choice " + std::to_string(diverged_at_) + " was one of " + std::to_string(expected_.of);
  if (expected_.before != 0) line += " before " + word(expected_.before);
  if (seen_alternatives_ == 0) return line + ", and now it offers no such alternative";
  return line + ", and now it is one of " + std::to_string(seen_alternatives_) + " before " + word(seen_before_);
}

// Default: whoever runs goes on, else the first that can.
std::size_t along_decisions::pick(const sched::thread_choice& choice) {
  ++choice_;
  const auto position_of = [&](unsigned thread) {
    return static_cast<std::size_t>(std::find(choice.runnable.begin(), choice.runnable.end(), thread) -
                                    choice.runnable.begin());
  };
  const std::size_t usual = choice.running_can_go_on ? position_of(choice.running) : 0;
  const check::decision* const d = due(check::decision_kind::run);
  if (d == nullptr) return usual;
  const std::size_t wanted = position_of(d->alternative);
  if (wanted == choice.runnable.size()) return usual;
  compare(*d, choice.runnable.size(), static_cast<std::uint8_t>(choice.pending[choice.running].kind));
  taken(check::decision_kind::run);
  return wanted;
}

std::size_t along_decisions::pick_alternative(sched::choice_kind kind, std::size_t alternatives) {
  ++choice_;
  const auto same = static_cast<check::decision_kind>(kind);
  const check::decision* const d = due(same);
  if (d == nullptr || d->alternative >= alternatives) return 0;
  compare(*d, alternatives, d->before);
  taken(same);
  return d->alternative;
}

}  // namespace gauntlet::adapters
