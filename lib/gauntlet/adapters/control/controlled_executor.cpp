#include <gauntlet/adapters/control/controlled_executor.h>

#include <algorithm>
#include <array>
#include <thread>

namespace gauntlet::adapters {
namespace {

constexpr std::size_t marks_max = 2048;

check::failure_kind kind_of(sched::finding found) {
  switch (found) {
    case sched::finding::none:
      return check::failure_kind::none;
    case sched::finding::data_race:
      return check::failure_kind::data_race;
    case sched::finding::use_after_free:
    case sched::finding::double_free:
    case sched::finding::leak:
      return check::failure_kind::memory_misuse;
    case sched::finding::deadlock:
      return check::failure_kind::deadlock;
    case sched::finding::livelock:
    case sched::finding::no_progress:
      return check::failure_kind::no_progress;
    case sched::finding::failed_check:
    case sched::finding::escaped_exception:
    case sched::finding::misused_lock:
      return check::failure_kind::aborted;
    case sched::finding::refused:
      return check::failure_kind::uncontrollable;
  }
  return check::failure_kind::uncontrollable;
}

}  // namespace

controlled_executor::controlled_executor(sched::strategy& decides, const sched::run_options& options)
    : decides_(decides), options_(options) {
  if (tells()) marks_.reserve(marks_max);
}

controlled_executor::controlled_executor(sched::strategy& decides, const sched::run_options& options, places& at)
    : controlled_executor(decides, options) {
  at_ = &at;
}

check::verdict controlled_executor::run(const std::function<void()>& body, bool& completed) {
  marks_.clear();
  begun_.fill(not_begun);
  called_.fill({});
  got_on_ = 0;
  threads_.fill(-1);
  threads_[0] = 0;
  if (at_ != nullptr) at_->begin();
  outcome_ = sched::run(
      [&] {
        body();
        completed = true;
      },
      decides_, options_);
  for (called& operation : called_) {  // the run was given up before their first event
    operation.begins.step = outcome_.events;
    if (operation.starts != nullptr) note(operation.begins);
    operation = {};
  }
  return was_only_long() ? check::verdict{} : verdict_of(outcome_);
}

bool controlled_executor::was_only_long() const {
  if (outcome_.found != sched::finding::livelock || outcome_.events < options_.events_max) return false;
  if (outcome_.events - got_on_ < options_.events_max / 4) return true;
  return std::all_of(begun_.begin(), begun_.end(), [this](std::uint64_t begun) {
    return begun == not_begun || outcome_.events - begun < options_.events_max / 4 * 3;
  });
}

void controlled_executor::at_once(unsigned count, const std::function<void(unsigned)>& lane) {
  std::array<std::thread, check::thread_count_max> threads;
  for (unsigned i = 0; i < count; ++i) {
    threads[i] = std::thread([this, &lane, i] {
      threads_[1 + i] = static_cast<int>(sched::this_thread());
      lane(i);
    });
  }
  for (unsigned i = 0; i < count; ++i) threads[i].join();
}

// An operation is called at the last event of the one before it, and a thread may stand between the two for long. What it
// does before its first event nobody notices, so it may as well be called then: what others finish before that is over
// when it begins, and it must know of it. Not so where races are let pass: what it read in a race before was no event.
void controlled_executor::begins(unsigned where, std::size_t source, start& starts) {
  if (at_ != nullptr) at_->begins(sched::this_thread(), source);
  called_[where] = {this, &starts, {sched::now(), sched::this_thread(), where, source, true}};
  if (options_.judge_races) {
    sched::at_next_event(&does_its_first_event, &called_[where]);
  } else {
    has_begun(called_[where]);
  }
}

void controlled_executor::does_its_first_event(void* of) {
  called& operation = *static_cast<called*>(of);
  operation.starts->again();
  operation.begins.step = sched::now();
  operation.executor->has_begun(operation);
}

void controlled_executor::has_begun(called& operation) {
  begun_[operation.begins.where] = operation.begins.step;
  note(operation.begins);
  operation.starts = nullptr;
}

void controlled_executor::ends(unsigned where, std::size_t source) {
  if (called_[where].starts != nullptr) {
    sched::at_next_event(nullptr, nullptr);
    has_begun(called_[where]);
  }
  if (at_ != nullptr) at_->ends(sched::this_thread());
  begun_[where] = not_begun;
  got_on_ = sched::now();
  note({sched::now(), sched::this_thread(), where, source, false});
}

void controlled_executor::shows(const std::vector<check::element>& shown) {
  const auto first = std::find_if(shown.begin(), shown.end(),
                                  [&](const check::element& one) { return one.first == shown.back().first; });
  if (first == std::prev(shown.end())) got_on_ = sched::now();
}

check::moments controlled_executor::seen() const {
  check::moments all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (threads_[i] >= 0) all[i] = sched::seen_of(static_cast<sched::thread_id>(threads_[i]));
  }
  return all;
}

void controlled_executor::recorded(const check::history& all, std::string_view state) {
  history_ = all;
  state_ = state;
}

check::concurrent_options once_with(controlled_executor& executor) {
  check::concurrent_options options;
  options.repetitions = 1;
  options.events_max = 96;  // of keys that collide each is compared with all: steps grow with the square
  options.run_length_alone = 8;
  options.disturb = false;
  options.judge_memory = false;  // hardly ever a matter of the schedule, and it takes as many events as ten of them
  options.executor = &executor;
  return options;
}

std::vector<check::decision> decisions_of(const sched::schedule& s) {
  std::vector<check::decision> all;
  for (const sched::deviation& d : s.deviations) {
    all.push_back({d.at, static_cast<check::decision_kind>(d.kind), d.alternative, d.alternatives,
                   static_cast<std::uint8_t>(d.before)});
  }
  return all;
}

check::verdict verdict_of(const sched::outcome& o) {
  check::verdict v;
  v.kind = kind_of(o.found);
  if (!v) {
    v.place = o.place;
    v.message = o.message;
  }
  return v;
}

}  // namespace gauntlet::adapters
