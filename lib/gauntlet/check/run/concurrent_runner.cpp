#include <gauntlet/check/run/concurrent_runner.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gauntlet/check/history/recorder.h>
#include <gauntlet/check/history/unsynchronized.h>
#include <gauntlet/check/linear/failures.h>
#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/run/concurrent_disturbance.h>
#include <gauntlet/check/run/concurrent_opcode.h>
#include <gauntlet/check/run/concurrent_workers.h>
#include <gauntlet/check/run/elements_before.h>
#include <gauntlet/check/run/memory_when_empty.h>
#include <gauntlet/check/run/request.h>
#include <gauntlet/check/run/runner.h>
#include <gauntlet/check/run/wording.h>
#include <gauntlet/check/types/faults.h>
#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {

namespace {

constexpr unsigned lane_count = lane_count_max;
constexpr unsigned run_length_in_threads = 4;  // an operation with a count, in a thread: so many keys at most
constexpr std::size_t text_size_max = 512, state_size_max = 4096;  // of what is said in words
constexpr std::size_t keys_looked_up_max = 16;

constexpr opcode insertions[] = {opcode::insert_copy, opcode::try_emplace, opcode::insert_or_assign};

// What is to throw in one operation.
struct fault {
  bool is_armed = false;
  fault_kind kind = fault_kind::allocation;
  std::uint32_t before = 0;  // so many events of that kind don't
};

// How often an operation may ask for memory when there is none any more.
constexpr std::uint32_t refusals_max = 10'000;

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

class concurrent_run {
 public:
  concurrent_run(const program& p, const concurrent_subject_factory& make, const concurrent_options& options)
      : program_(p),
        make_(make),
        options_(options),
        executor_(options.executor != nullptr ? *options.executor : workers_) {}

  verdict run() {
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

 private:
  static bool is_thread(unsigned where) noexcept { return where != 0 && where != lane_count - 1; }

  void repeat(unsigned repetition) {
    prepare();
    bool completed = false;
    const verdict noticed = executor_.run([&] { carry_out(repetition); }, completed);
    judge(repetition, completed, noticed);
  }

  // One repetition as the executor runs it. It keeps no memory but what prepare() has made room for: the executor's heap
  // may be gone when the judging begins, and what is allocated inside and never given back is a leak.
  void carry_out(unsigned repetition) {
    lifetimes.clear_error();
    const std::int64_t live_before = lifetimes.live();
    std::unique_ptr<concurrent_subject> subject = make_(program_.header);
    subject->begin();
    subject_ = subject.get();
    stamps_.reset();
    make_what_was_before();
    do_lane(0, 0);
    if (!threads_.empty()) {
      const std::uint64_t rng_seed =
          options_.disturb ? 0x9E3779B97F4A7C15ull * (repetitions_before + repetition + 1) : 0;
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

  // A contract says what an operation would be, not that the map has it: what was not done has not been.
  void make_what_was_before() {
    insert_each(before_);
    if (erased_.empty() || !applied(opcode::erase_key, erased_.front())) return;
    insert_each(erased_);
    for (const element& e : erased_) applied(opcode::erase_key, e);
  }
  void insert_each(std::vector<element>& all) {
    std::erase_if(all, [this](const element& e) {
      return std::ranges::none_of(insertions, [&](opcode code) { return applied(code, e); });
    });
  }
  bool applied(opcode code, const element& e) {
    request r;
    r.code = code;
    r.key = e.first;
    r.value = e.second;
    return contracts_[code] != contract::unsupported && subject_->apply(r).status != outcome::unsupported;
  }

  // When all was done, sizes and lookups must say what for_each shows.
  void look_again(unsigned map) {
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

  // A snapshot that somebody holds may keep as much as it shows, and room that was asked for need not be given back.
  void look_at_memory() {
    const std::optional<std::size_t> slack = promises_->slack_when_empty();
    const bool can_empty = fills_with_ != opcode::nothing && contracts_[opcode::erase_key] != contract::unsupported;
    if (!slack || !can_empty || was_asked(opcode::snapshot) || was_asked(opcode::reserve)) return;
    const std::unique_ptr<concurrent_subject> fresh = make_(program_.header);
    fresh->begin();
    const std::array<const std::vector<element>*, history_map_count> shown{&contents_[0].shown, &contents_[1].shown};
    say(said_.room, kept_when_empty(*subject_, *fresh, shown, fills_with_, *slack));
  }

  bool was_asked(opcode code) {
    for (lane_recorder& lane : lanes_) {
      for (std::size_t i = 0; i < lane.size(); ++i) {
        if (lane[i].asked.code == code) return true;
      }
    }
    return false;
  }

  void describe(unsigned map) { say(said_.state, "map " + std::to_string(map) + ": " + subject_->state(map) + "\n"); }

  // Adds to words that prepare() has made room for.
  static void say(std::string& words, std::string_view text) {
    words.append(text.substr(0, words.capacity() - words.size()));
  }

  // ------------------------------------------------------------------------------------------------ what will be asked

  void prepare() {
    for (unsigned where = 0; where < lane_count; ++where) {
      lanes_[where] = lane_recorder(where);
      faults_[where].clear();
    }
    threads_.clear();
    keys_.clear();
    second_map_is_used_ = false;
    contents_ = {};
    said_.clear();
    never_ends_ = {};
    std::size_t events = 0;
    std::array<fault, lane_count> armed{};  // by lane, for its next operation
    for (std::size_t i = 0; i < program_.operations.size(); ++i) {
      const operation& o = program_.operations[i];
      const auto where = static_cast<unsigned>(o.where);
      request r;
      if (is_fault(o)) {
        armed[where] = {true, static_cast<fault_kind>(o.argument), o.value};
        continue;
      }
      if (!request_of(o, r)) {
        left_out(o.code);
        continue;
      }
      const unsigned length = std::min<unsigned>(std::max<unsigned>(o.count, 1),
                                                 is_thread(where) ? run_length_in_threads : options_.run_length_alone);
      const std::size_t room = where == 0 ? options_.events_max / 2 : options_.events_max;  // leave some to the threads
      for (unsigned n = 0; n < length && events < room; ++n, ++events) {
        lanes_[where].prepare(r, i, is_aware_);
        fault next = std::exchange(armed[where], {});
        next.is_armed = next.is_armed && promises_->fails_as_promised(r.code, event_of(next.kind));
        faults_[where].push_back(next);
        if (reach_of(r.code) == reach::one_key) keys_.push_back(r.key);
        second_map_is_used_ = second_map_is_used_ || r.target == 1 || r.other == 1;
        ++r.key;
        ++r.value;
      }
      if (is_thread(where) && std::find(threads_.begin(), threads_.end(), where) == threads_.end()) {
        threads_.push_back(where);
      }
    }
    std::sort(threads_.begin(), threads_.end());
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    if (keys_.size() > keys_looked_up_max) keys_.resize(keys_looked_up_max);
    for (std::size_t t = 0; is_aware_ && t < threads_.size(); ++t) {
      lane_recorder& lane = lanes_[threads_[t]];
      for (std::size_t i = 0; i < lane.size(); ++i) lane.aware(i).thread = static_cast<unsigned>(1 + t);
    }
    // A map holds at most as many elements as operations insert.
    for (lane_recorder& lane : lanes_) {
      for (std::size_t i = 0; i < lane.size(); ++i) {
        if (reach_of(lane[i].asked.code) == reach::elements) lane[i].shown.reserve(events + before_.size());
      }
    }
    for (unsigned map = 0; map < history_map_count; ++map) {
      event& contents = contents_[map];
      contents.where = lane_count - 1;
      contents.asked.code = opcode::snapshot;
      contents.asked.target = map;
      contents.source = program_.operations.size();
      contents.shown.reserve(events + before_.size());
    }
  }

  bool is_fault(const operation& o) const {
    return o.code == opcode::fault && on_failure_ != failure_promise::none && o.argument < fault_kind_count &&
           !is_banned(program_.header.banned, o.code);
  }

  bool request_of(const operation& o, request& r) const {
    if (is_banned(program_.header.banned, o.code)) return false;
    r.code = concurrent_opcode(o.code);
    if (r.code == opcode::nothing) return false;
    const contract promised = contracts_[r.code];
    if (promised == contract::unsupported) return false;
    const bool two_maps = reach_of(r.code) == reach::two_maps;
    const bool unjudgeable =
        !only_reads(r.code) && (promised == contract::quiescent || (promised == contract::weak && two_maps));
    if (unjudgeable && is_thread(static_cast<unsigned>(o.where))) return false;
    r.target = o.target == map_count - 1 ? 1 : 0;  // three of four name the shared map
    r.other = two_maps ? 1 - r.target : 0;
    const operands& takes = info(o.code).takes;
    r.key = takes.key ? key_of(program_.header, o.key) : 0;
    r.value = takes.value ? o.value : 0;
    r.argument = r.code == opcode::erase_if ? o.argument : 0;
    return r.code != opcode::erase_if || !predicate_throws(r);
  }

  // -------------------------------------------------------------------------------------------------------- what
  // happens

  void do_lane(unsigned where, std::uint64_t rng_seed) {
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

  // An operation between its beginning, which the executor may put off, and its end.
  class under_way final : concurrent_executor::start {
   public:
    under_way(concurrent_run& run, unsigned where, event& e, awareness* aware)
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
    concurrent_run& run_;
    const unsigned where_;
    event& event_;
    awareness* const aware_;
  };

  // Whatever the map makes of the exception, another one or an answer, is its answer to the fault. And a map may have the
  // work of one thread done by another: then the exception comes to whom it was not armed for.
  void ask_with(const fault& f, event& e) {
    if (f.is_armed) faults::arm(f.kind, f.before, refusals_max);
    bool threw = false;
    try {
      const faults::region region;
      e.answer = reach_of(e.asked.code) == reach::elements ? subject_->collect(e.asked, e.where, e.shown)
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

  void begins(awareness& a) const {
    a.called = executor_.seen();
    a.steps = executor_.steps();
  }
  void ends(awareness& a) const {
    a.returned = executor_.seen();
    a.steps = executor_.steps() - a.steps;
  }

  // ------------------------------------------------------------------------------------------------------- judgement

  void judge(unsigned repetition, bool completed, const verdict& noticed) {
    history h, failed;
    h.initial[0] = before_;
    for (lane_recorder& lane : lanes_) {
      for (std::size_t i = 0; i < lane.size(); ++i) {
        if (lane[i].pending()) continue;
        ++coverage()
              .count[static_cast<std::size_t>(lane[i].asked.code)][static_cast<std::size_t>(lane[i].answer.status)];
        ++verdict_.operations_run;
      }
      lane.hand_over(h, failed);
    }
    if (tells_) executor_.recorded(together(h, failed), said_.state);
    // What was lost from a map is a leak, too, and the answers say which element it was: they come first.
    const bool lost_something = noticed.kind == failure_kind::memory_misuse && completed;
    if (!noticed && !lost_something) return take_over(repetition, h, noticed);
    if (!completed) {
      verdict_.undecided = true;
      verdict_.message = "stopped before all was done";
      return;
    }
    for (unsigned where = 0; where < lane_count; ++where) {
      const std::string& trouble = said_.trouble[where];
      if (trouble.empty()) continue;
      const auto stopped = std::find_if(h.events.begin(), h.events.end(),
                                        [where](const event& e) { return e.where == where && e.pending(); });
      const bool known = stopped != h.events.end();
      return fail(repetition, failure_kind::unexpected_exception, known ? stopped->source : 0,
                  known ? std::string(info(stopped->asked.code).name) : std::string(),
                  "threw " + trouble + (known ? ":\n  " + print(*stopped) : ""));
    }
    for (const event* const e : never_ends_) {
      if (e == nullptr) continue;
      return fail(repetition, failure_kind::work_budget, e->source, "refusals",
                  "there was no memory any more, and it was asked for more than " + std::to_string(refusals_max) +
                      " times; had none come, this would never end:\n  " + print(*e));
    }
    judge_history(repetition, h, failed);
    judge_order(repetition, h);
    if (!said_.last_looks.empty()) {
      fail(repetition, failure_kind::wrong_contents, program_.operations.size(), "", said_.last_looks);
    }
    if (!said_.snapshot.empty()) {
      fail(repetition, failure_kind::wrong_contents, program_.operations.size(), "snapshot", said_.snapshot);
    }
    for (unsigned map = 0; map < history_map_count; ++map) {
      if (const std::string& wrong = said_.self_check[map]; !wrong.empty()) {
        fail(repetition, failure_kind::self_check, program_.operations.size(), "",
             "map " + std::to_string(map) + ", when all was done: " + wrong);
      }
    }
    if (lost_something) take_over(repetition, h, noticed);
    if (!said_.lifetime.empty()) {
      fail(repetition, failure_kind::lifetime, program_.operations.size(),
           lifetimes.error() != nullptr ? lifetimes.error() : said_.lifetime.substr(0, said_.lifetime.find(':')),
           said_.lifetime);
    }
    if (!said_.memory.empty()) {
      fail(repetition, failure_kind::allocator, program_.operations.size(), "", said_.memory);
    }
    if (!said_.room.empty()) {
      fail(repetition, failure_kind::work_budget, program_.operations.size(), "memory", said_.room);
    }
  }

  // What the executor noticed, at the first operation of the program that was under way.
  void take_over(unsigned repetition, const history& h, const verdict& noticed) {
    std::size_t step = program_.operations.size();
    for (const event& e : h.events) {
      if (e.pending()) step = std::min(step, e.source);
    }
    fail(repetition, noticed.kind, step, noticed.place, noticed.message);
  }

  static history together(history h, const history& failed) {
    h.events.insert(h.events.end(), failed.events.begin(), failed.events.end());
    h.aware.insert(h.aware.end(), failed.aware.begin(), failed.aware.end());
    return h;
  }

  void judge_history(unsigned repetition, history& h, const history& failed) {
    check_options check;
    check.contracts = contracts_;
    check.budget = options_.budget;
    check.whole_map_events_max = options_.whole_map_events_max;
    if (check.contracts[opcode::snapshot] == contract::unsupported) {
      check.contracts[opcode::snapshot] = contract::linearizable;  // for the contents below: nothing runs beside them
    }
    // Where memory may be weak, an answer can be older than time allows, and right.
    if (program_.header.memory == memory_order_mode::weak) check.order = order_;
    for (event& contents : contents_) {
      if (contents.pending()) continue;
      h.events.push_back(std::move(contents));
      if (is_aware_) h.aware.push_back(contents_aware_);
    }
    const history_verdict judged = check_history_with_failures(h, failed, on_failure_, check);
    if (!judged.well_formed) return judge_answers(repetition, h, judged.text);
    if (judged.says == judgement::undecided) {
      verdict_.undecided = true;
      verdict_.message = judged.text;
    } else if (judged.says == judgement::wrong) {
      const bool weak = judged.broken == contract::weak;
      const event& culprit = h.events[judged.event];
      fail(repetition, weak ? failure_kind::weak_contract : failure_kind::not_linearizable, culprit.source,
           weak ? std::string(info(culprit.asked.code).name) : std::string(),
           judged.text + "(judged by " + std::string(to_string(judged.used)) + "; the last events of lane " +
               std::to_string(lane_count - 1) + " are the contents when all was done)\n");
    }
    const history without_effect;
    const history& may_have_written = on_failure_ == failure_promise::strong ? without_effect : failed;
    if (const std::optional<unsynchronized> seen = look_for_unsynchronized(h, check.contracts, may_have_written)) {
      const event& reader = h.events[seen->reader];
      fail(repetition, failure_kind::unsynchronized, reader.source, std::string(info(reader.asked.code).name),
           explain(h, *seen));
    }
  }

  // Beside others the order of insertion is not known; that of keys is.
  void judge_order(unsigned repetition, const history& h) {
    if (promises_->iterates() != iteration_order::by_key) return;
    for (const event& e : h.events) {
      const auto wrong = std::adjacent_find(e.shown.begin(), e.shown.end(),
                                            [](const element& a, const element& b) { return a.first > b.first; });
      if (wrong == e.shown.end()) continue;
      return fail(repetition, failure_kind::wrong_contents, e.source, "order",
                  "key " + std::to_string(wrong[1].first) + " is shown after key " + std::to_string(wrong->first) +
                      ", which is larger:\n  " + print(e));
    }
  }

  // No history to judge: a map that gave an answer which no map gives (a find that says yes and shows nothing) has
  // failed; anything else that is wrong with a history is the recorder's fault.
  void judge_answers(unsigned repetition, const history& h, const std::string& problem) {
    for (const event& e : h.events) {
      history alone;
      alone.events.push_back(e);
      if (ill_formed(alone).empty()) continue;
      return fail(repetition, failure_kind::wrong_result, e.source, std::string(info(e.asked.code).name), problem);
    }
    throw std::logic_error(problem);
  }

  void left_out(opcode code) noexcept {
    ++coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(outcome::left_out)];
  }

  void fail(unsigned repetition, failure_kind kind, std::size_t step, std::string place, const std::string& message) {
    if (verdict_.kind != failure_kind::none) return;
    verdict_.kind = kind;
    verdict_.step = step;
    verdict_.place = std::move(place);
    verdict_.undecided = false;
    verdict_.message = "in repetition " + std::to_string(repetition + 1) + ": " + message;
  }

  const program& program_;
  const concurrent_subject_factory& make_;
  const concurrent_options& options_;
  verdict verdict_;
  std::unique_ptr<concurrent_subject> promises_;  // whose maps are never made
  contract_table contracts_;
  precedence order_ = precedence::real_time;
  failure_promise on_failure_ = failure_promise::none;
  opcode fills_with_ = opcode::nothing;
  std::vector<element> before_;  // in the shared map before anything is recorded
  std::vector<element> erased_;  // before that
  // What is said in words, empty where all is well.
  struct words {
    words() {
      for (std::string& text : trouble) text.reserve(text_size_max);
      for (std::string& text : self_check) text.reserve(state_size_max);
      for (std::string* text : {&last_looks, &snapshot, &room, &lifetime, &memory}) text->reserve(text_size_max);
      state.reserve(state_size_max);
    }
    void clear() noexcept {
      for (std::string& text : trouble) text.clear();
      for (std::string& text : self_check) text.clear();
      for (std::string* text : {&last_looks, &snapshot, &room, &lifetime, &memory, &state}) text->clear();
    }

    std::array<std::string, lane_count> trouble;  // what a lane threw
    std::array<std::string, history_map_count> self_check;
    std::string last_looks;
    std::string snapshot;
    std::string room;
    std::string lifetime;
    std::string memory;
    std::string state;
  };

  workers_of_the_machine workers_;
  concurrent_executor& executor_;
  const bool tells_ = executor_.tells();
  const bool is_aware_ = executor_.knows_what_happens_before();
  concurrent_subject* subject_ = nullptr;
  std::array<event, history_map_count> contents_;  // when all was done
  awareness contents_aware_;
  words said_;
  std::array<const event*, lane_count> never_ends_{};  // by lane, who asked for memory again and again
  stamp_counter stamps_;
  std::array<lane_recorder, lane_count> lanes_;
  std::array<std::vector<fault>, lane_count> faults_;  // by lane and event
  std::vector<unsigned> threads_;                      // lanes that run at once
  std::vector<std::uint64_t> keys_;                    // that the program names, ascending
  bool second_map_is_used_ = false;
};

}  // namespace

void count_repetitions_from(std::uint64_t first) noexcept { repetitions_before = first; }

verdict run_concurrent(const program& p, const concurrent_subject_factory& make, const concurrent_options& options) {
  return concurrent_run(p, make, options).run();
}

}  // namespace gauntlet::check
