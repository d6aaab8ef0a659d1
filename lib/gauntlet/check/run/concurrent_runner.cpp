// One repetition as the executor runs it: the maps are made, each lane asks what was planned, and everything is looked at
// once more. What is decided before and judged after is in concurrent_execution_plan.cpp and _judgement.cpp.
#include <gauntlet/check/run/concurrent_runner.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>

#include <gauntlet/check/run/concurrent_disturbance.h>
#include <gauntlet/check/run/concurrent_execution.h>
#include <gauntlet/check/run/concurrent_workers.h>
#include <gauntlet/check/run/elements_before.h>
#include <gauntlet/check/run/memory_when_empty.h>
#include <gauntlet/check/run/wording.h>
#include <gauntlet/check/types/faults.h>
#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {

namespace {

constexpr opcode insertions[] = {opcode::insert_copy, opcode::try_emplace, opcode::insert_or_assign};

std::uint64_t repetitions_before = 0;

// The threads of the machine.
class workers_of_the_machine final : public concurrent_executor {
 public:
  verdict run(const std::function<void()>& body, bool& completed) override {
    body();
    completed = true;
    return {};
  }
  void at_once(unsigned count, const std::function<void(unsigned)>& lane) override {
    concurrent_workers::of_this_process().run(count, lane);
  }
};

}  // namespace

verdict concurrent_execution::run() {
  promises_ = make_(program_.header);
  contracts_ = contracts_of(*promises_);
  order_ = promises_->order();
  on_failure_ = promises_->on_failure();
  const auto can = [this](opcode code) { return contracts_[code] != contract::unsupported; };
  const auto fills = std::ranges::find_if(insertions, can);
  if (fills != std::end(insertions)) fills_with_ = *fills;
  before_ = elements_before(program_.header);
  erased_ = elements_erased_before(program_.header);
  for (unsigned i = 0; i < options_.repetitions && verdict_.kind == failure_kind::none; ++i) repeat(i);
  return verdict_;
}

void concurrent_execution::repeat(unsigned repetition) {
  prepare();
  bool completed = false;
  const verdict noticed = executor_.run([&] { carry_out(repetition); }, completed);
  judge(repetition, completed, noticed);
}

void concurrent_execution::carry_out(unsigned repetition) {
  lifetimes.clear_error();
  const std::int64_t live_before = lifetimes.live();
  std::unique_ptr<concurrent_subject> subject = make_(program_.header);
  subject->begin();
  subject_ = subject.get();
  stamps_.reset();
  make_what_was_before();
  do_lane(0, 0);
  if (!threads_.empty()) {
    const std::uint64_t rng_seed = options_.disturb ? 0x9E3779B97F4A7C15ull * (repetitions_before + repetition + 1) : 0;
    executor_.at_once(static_cast<unsigned>(threads_.size()), [this, rng_seed](unsigned i) {
      do_lane(threads_[i], rng_seed == 0 ? 0 : rng_seed + threads_[i] * 0xD1B54A32D192ED03ull);
    });
  }
  do_lane(lane_count - 1, 0);
  for (unsigned map = 0; map < history_map_count; ++map) {
    event& contents = contents_[map];
    contents.called = stamps_.next();
    if (is_aware_) begins(contents_aware_);
    subject_->contents(map, contents.shown);
    if (is_aware_) ends(contents_aware_);
    contents.returned = stamps_.next();
    look_again(map);
    say(said_.self_check[map], subject_->self_check(map));
    if (tells_) describe(map);
  }
  if (repetition == 0 && options_.judge_memory) look_at_memory();
  say(said_.snapshot, subject_->destroy());
  say(said_.memory, subject_->finish());
  say(said_.lifetime, lifetimes.error() != nullptr ? std::string("an object was ") + lifetimes.error()
                                                   : objects_out_of_balance(lifetimes.live() - live_before));
}

void concurrent_execution::make_what_was_before() {
  insert_each(before_);
  if (erased_.empty() || !applied(opcode::erase_key, erased_.front())) return;
  insert_each(erased_);
  for (const element& e : erased_) applied(opcode::erase_key, e);
}
void concurrent_execution::insert_each(std::vector<element>& all) {
  std::erase_if(all, [this](const element& e) {
    return std::ranges::none_of(insertions, [&](opcode code) { return applied(code, e); });
  });
}
bool concurrent_execution::applied(opcode code, const element& e) {
  request r;
  r.code = code;
  r.key = e.first;
  r.value = e.second;
  return contracts_[code] != contract::unsupported && subject_->apply(r).status != outcome::unsupported;
}

void concurrent_execution::look_again(unsigned map) {
  if (map != 0 && !second_map_is_used_) return;
  const std::vector<element>& shown = contents_[map].shown;
  const auto differs = [&](const std::string& what) {
    if (said_.last_looks.empty()) {
      say(said_.last_looks, "map " + std::to_string(map) + ", when all was done: " + what);
    }
  };
  request r;
  r.target = map;
  r.code = opcode::size;
  const bool asks_size = contracts_[r.code] != contract::unsupported;
  if (const result size = asks_size ? subject_->apply(r) : result{.status = outcome::unsupported};
      size.status == outcome::done && (size.number != shown.size() || size.flag != shown.empty())) {
    differs("size() is " + std::to_string(size.number) + (size.flag ? ", empty() is true" : ", empty() is false") +
            ", for_each shows " + std::to_string(shown.size()) + " elements");
  }
  r.code = contracts_[opcode::find] != contract::unsupported ? opcode::find : opcode::contains;
  if (contracts_[r.code] == contract::unsupported) return;
  for (const std::uint64_t key : keys_) {
    r.key = key;
    const result found = subject_->apply(r);
    if (found.status != outcome::done) return;
    const auto at = std::find_if(shown.begin(), shown.end(), [key](const element& e) { return e.first == key; });
    const bool there = at != shown.end();
    if (found.flag == there && (!found.has_value || found.value == at->second)) continue;
    differs(std::string(info(r.code).name) + "(" + std::to_string(key) + ") gives " +
            (!found.flag       ? "nothing"
             : found.has_value ? std::to_string(found.value)
                               : "true") +
            ", for_each shows " + (there ? "value " + std::to_string(at->second) : "no such key"));
  }
}

void concurrent_execution::look_at_memory() {
  const std::optional<std::size_t> slack = promises_->slack_when_empty();
  const bool can_empty = fills_with_ != opcode::nothing && contracts_[opcode::erase_key] != contract::unsupported;
  if (!slack || !can_empty || was_asked(opcode::snapshot) || was_asked(opcode::reserve)) return;
  const std::unique_ptr<concurrent_subject> fresh = make_(program_.header);
  fresh->begin();
  const std::array<const std::vector<element>*, history_map_count> shown{&contents_[0].shown, &contents_[1].shown};
  say(said_.room, kept_when_empty(*subject_, *fresh, shown, fills_with_, *slack));
}

bool concurrent_execution::was_asked(opcode code) {
  for (lane_recorder& lane : lanes_) {
    for (std::size_t i = 0; i < lane.size(); ++i) {
      if (lane[i].asked.code == code) return true;
    }
  }
  return false;
}

void concurrent_execution::describe(unsigned map) {
  say(said_.state, "map " + std::to_string(map) + ": " + subject_->state(map) + "\n");
}

void concurrent_execution::say(std::string& words, std::string_view text) {
  words.append(text.substr(0, words.capacity() - words.size()));
}

class concurrent_execution::under_way final : concurrent_executor::start {
 public:
  under_way(concurrent_execution& run, unsigned where, event& e, awareness* aware)
      : run_(run), where_(where), event_(e), aware_(aware) {
    if (aware_ != nullptr) run_.begins(*aware_);
    run_.executor_.begins(where_, event_.source, *this);
  }
  ~under_way() {
    run_.executor_.ends(where_, event_.source);
    if (aware_ != nullptr) run_.ends(*aware_);
  }
  under_way(const under_way&) = delete;
  under_way& operator=(const under_way&) = delete;

 private:
  void again() override {
    event_.called = run_.stamps_.next();
    if (aware_ != nullptr) run_.begins(*aware_);
  }
  concurrent_execution& run_;
  const unsigned where_;
  event& event_;
  awareness* const aware_;
};

void concurrent_execution::do_lane(unsigned where, std::uint64_t rng_seed) {
  if (rng_seed != 0) disturbance::arm(rng_seed);
  lane_recorder& lane = lanes_[where];
  try {
    for (std::size_t i = 0; i < lane.size(); ++i) {
      disturbance::point();
      lane.record(stamps_, i, [&](event& e) {
        const under_way operation(*this, where, e, is_aware_ ? &lane.aware(i) : nullptr);
        ask_with(faults_[where][i], e);
      });
      const event& e = lane[i];
      if (e.asked.code == opcode::snapshot && e.answer.status == outcome::done) subject_->hold(where, e.shown);
    }
  } catch (const std::exception& e) {
    say(said_.trouble[where], e.what());
  } catch (...) {
    say(said_.trouble[where], "something that is not a std::exception");
  }
  disturbance::disarm();
}

void concurrent_execution::ask_with(const fault& f, event& e) {
  if (f.is_armed) faults::arm(f.kind, f.before, refusals_max);
  bool threw = false;
  try {
    const faults::region region;
    e.answer = reach_of(e.asked.code) == reach::elements ? subject_->collect(e.asked, e.where, e.shown, &executor_)
                                                         : subject_->apply(e.asked);
  } catch (const injected_fault&) {
    threw = true;
  } catch (...) {
    if (faults::state.so_far == faults::fate::unmet) {
      faults::disarm();
      throw;
    }
    threw = true;
  }
  if (faults::disarm() == faults::fate::worn_out) never_ends_[e.where] = &e;
  if (!threw) return;
  e.answer = {};
  e.answer.status = outcome::injected;
}

void concurrent_execution::begins(awareness& a) const {
  a.called = executor_.seen();
  a.steps = executor_.steps();
}
void concurrent_execution::ends(awareness& a) const {
  a.returned = executor_.seen();
  a.steps = executor_.steps() - a.steps;
}

void count_repetitions_from(std::uint64_t first) noexcept { repetitions_before = first; }

verdict run_concurrent(const program& p, const concurrent_subject_factory& make, const concurrent_options& options) {
  workers_of_the_machine workers;
  return concurrent_execution(p, make, options, options.executor != nullptr ? *options.executor : workers).run();
}

}  // namespace gauntlet::check
