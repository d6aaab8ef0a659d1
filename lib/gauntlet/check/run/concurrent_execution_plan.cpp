// What each lane will ask, and room for all that will be recorded of it.
#include <algorithm>
#include <utility>

#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/run/concurrent_execution.h>
#include <gauntlet/check/run/concurrent_opcode.h>
#include <gauntlet/check/run/request.h>
#include <gauntlet/check/run/runner.h>

namespace gauntlet::check {
namespace {

constexpr unsigned run_length_in_threads = 4;  // an operation with a count, in a thread: so many keys at most
constexpr std::size_t keys_looked_up_max = 16;

void left_out(opcode code) noexcept {
  ++coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(outcome::left_out)];
}

}  // namespace

void concurrent_execution::prepare() {
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

bool concurrent_execution::is_fault(const operation& o) const {
  return o.code == opcode::fault && on_failure_ != failure_promise::none && o.argument < fault_kind_count &&
         !is_banned(program_.header.banned, o.code);
}

bool concurrent_execution::request_of(const operation& o, request& r) const {
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

}  // namespace gauntlet::check
