#include <gauntlet/check/run/concurrent_runner.h>

#include <algorithm>
#include <array>
#include <exception>
#include <stdexcept>
#include <string>

#include <gauntlet/check/history/recorder.h>
#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/run/concurrent_disturbance.h>
#include <gauntlet/check/run/concurrent_workers.h>
#include <gauntlet/check/run/request.h>
#include <gauntlet/check/run/runner.h>

namespace gauntlet::check {

opcode concurrent_opcode(opcode code) noexcept {
  switch (code) {
    case opcode::insert_move:
    case opcode::insert_hint:
    case opcode::emplace:
    case opcode::emplace_hint:
    case opcode::insert_range:
    case opcode::insert_list:
      return opcode::insert_copy;
    case opcode::try_emplace_move:
    case opcode::try_emplace_hint:
      return opcode::try_emplace;
    case opcode::insert_or_assign_move:
    case opcode::insert_or_assign_hint:
    case opcode::subscript_assign:
      return opcode::insert_or_assign;
    case opcode::at:
    case opcode::equal_range:
      return opcode::find;
    case opcode::count:
      return opcode::contains;
    case opcode::erase_iterator:
      return opcode::erase_key;
    case opcode::extract_iterator:
      return opcode::extract_key;
    case opcode::iterate:
      return opcode::walk;
    default:
      return reach_of(code) == reach::foreign ? opcode::nothing : code;
  }
}

namespace {

constexpr unsigned lane_count = 8;
constexpr unsigned run_length_in_threads = 4;  // an operation with a count, in a thread: so many keys at most
constexpr unsigned run_length_alone = 64;

std::uint64_t repetitions_before = 0;

class concurrent_run {
 public:
  concurrent_run(const program& p, const concurrent_subject_factory& make, const concurrent_options& options)
      : program_(p), make_(make), options_(options) {}

  verdict run() {
    for (unsigned i = 0; i < options_.repetitions && verdict_.kind == failure_kind::none; ++i) repeat(i);
    return verdict_;
  }

 private:
  static bool is_thread(unsigned where) noexcept { return where != 0 && where != lane_count - 1; }

  void repeat(unsigned repetition) {
    subject_ = make_(program_.header);
    contracts_ = contracts_of(*subject_);
    prepare();
    stamps_.reset();
    do_lane(0, 0);
    if (!threads_.empty()) {
      const std::uint64_t rng_seed =
          options_.disturb ? 0x9E3779B97F4A7C15ull * (repetitions_before + repetition + 1) : 0;
      concurrent_workers::of_this_process().run(static_cast<unsigned>(threads_.size()), [this, rng_seed](unsigned i) {
        do_lane(threads_[i], rng_seed == 0 ? 0 : rng_seed + threads_[i] * 0xD1B54A32D192ED03ull);
      });
    }
    do_lane(lane_count - 1, 0);
    judge(repetition);
    subject_.reset();
  }

  // ------------------------------------------------------------------------------------------------ what will be asked

  void prepare() {
    for (unsigned where = 0; where < lane_count; ++where) {
      lanes_[where] = lane_recorder(where);
      trouble_[where].clear();
    }
    threads_.clear();
    std::size_t events = 0;
    for (std::size_t i = 0; i < program_.operations.size(); ++i) {
      const operation& o = program_.operations[i];
      const auto where = static_cast<unsigned>(o.where);
      request r;
      if (!request_of(o, r)) {
        left_out(o.code);
        continue;
      }
      const unsigned length = std::min<unsigned>(std::max<unsigned>(o.count, 1),
                                                 is_thread(where) ? run_length_in_threads : run_length_alone);
      const std::size_t room = where == 0 ? options_.events_max / 2 : options_.events_max;  // leave some to the threads
      for (unsigned n = 0; n < length && events < room; ++n, ++events) {
        lanes_[where].prepare(r, i);
        ++r.key;
        ++r.value;
      }
      if (is_thread(where) && std::find(threads_.begin(), threads_.end(), where) == threads_.end()) {
        threads_.push_back(where);
      }
    }
  }

  bool request_of(const operation& o, request& r) const {
    if ((program_.header.banned >> static_cast<unsigned>(o.code) & 1) != 0) return false;
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
        lane.record(stamps_, i, [this](event& e) {
          e.answer = reach_of(e.asked.code) == reach::elements ? subject_->collect(e.asked, e.shown)
                                                               : subject_->apply(e.asked);
        });
      }
    } catch (const std::exception& e) {
      trouble_[where] = e.what();
    } catch (...) {
      trouble_[where] = "something that is not a std::exception";
    }
    disturbance::disarm();
  }

  // -----------------------------------------------------------------------------------------------------------
  // judgement

  void judge(unsigned repetition) {
    history h;
    for (lane_recorder& lane : lanes_) {
      for (std::size_t i = 0; i < lane.size(); ++i) {
        if (lane[i].pending()) continue;
        ++coverage()
              .count[static_cast<std::size_t>(lane[i].asked.code)][static_cast<std::size_t>(lane[i].answer.status)];
        ++verdict_.operations_run;
      }
      lane.hand_over(h);
    }
    for (unsigned where = 0; where < lane_count; ++where) {
      if (trouble_[where].empty()) continue;
      const auto stopped = std::find_if(h.events.begin(), h.events.end(),
                                        [where](const event& e) { return e.where == where && e.pending(); });
      const bool known = stopped != h.events.end();
      return fail(repetition, failure_kind::unexpected_exception, known ? stopped->source : 0,
                  known ? std::string(info(stopped->asked.code).name) : std::string(),
                  "threw " + trouble_[where] + (known ? ":\n  " + print(*stopped) : ""));
    }
    judge_history(repetition, h);
    for (unsigned map = 0; map < history_map_count; ++map) {
      if (const std::string wrong = subject_->self_check(map); !wrong.empty()) {
        fail(repetition, failure_kind::self_check, program_.operations.size(), "",
             "map " + std::to_string(map) + ", when all was done: " + wrong);
      }
    }
    if (const std::string wrong = subject_->finish(); !wrong.empty()) {
      fail(repetition, failure_kind::allocator, program_.operations.size(), "", wrong);
    }
  }

  void judge_history(unsigned repetition, history& h) {
    check_options check;
    check.contracts = contracts_;
    check.budget = options_.budget;
    check.whole_map_events_max = options_.whole_map_events_max;
    if (check.contracts[opcode::snapshot] == contract::unsupported) {
      check.contracts[opcode::snapshot] = contract::linearizable;  // for the contents below: nothing runs beside them
    }
    for (unsigned map = 0; map < history_map_count; ++map) {
      event contents;
      contents.where = lane_count - 1;
      contents.asked.code = opcode::snapshot;
      contents.asked.target = map;
      contents.called = stamps_.next();
      subject_->contents(map, contents.shown);
      contents.returned = stamps_.next();
      contents.source = program_.operations.size();
      h.events.push_back(std::move(contents));
    }
    const history_verdict judged = check_history(h, check);
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
  contract_table contracts_;
  std::unique_ptr<concurrent_subject> subject_;
  stamp_counter stamps_;
  std::array<lane_recorder, lane_count> lanes_;
  std::array<std::string, lane_count> trouble_;  // what a lane threw
  std::vector<unsigned> threads_;                // lanes that run at once
};

}  // namespace

void count_repetitions_from(std::uint64_t first) noexcept { repetitions_before = first; }

verdict run_concurrent(const program& p, const concurrent_subject_factory& make, const concurrent_options& options) {
  return concurrent_run(p, make, options).run();
}

}  // namespace gauntlet::check
