// Operations come from two sides. The runner marked where each began and ended, in steps of the run; the history holds the
// answers. An operation of the program may be done several times (its count), in order: the n-th time it begins in its
// lane is its n-th event there.
#include <gauntlet/adapters/control/story.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gauntlet/check/program/text.h>
#include <gauntlet/check/report/report.h>
#include <gauntlet/check/run/result.h>
#include <gauntlet/sched/report/symbols.h>
#include <gauntlet/sched/report/trace.h>

namespace gauntlet::adapters {
namespace {

std::string in_words(const sched::event& e) {
  std::string words(to_string(e.kind));
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string in_words(const sched::traced_event& e) {
  std::string words = in_words(e.what);
  if (reads(e.what.kind) || writes(e.what.kind)) {
    words += " " + std::to_string(e.what.size) + (e.what.size == 1 ? " byte" : " bytes");
    if (e.what.size <= 8) words += ", " + sched::print_value(e.value);
  }
  return words;
}

std::string place_of(std::uintptr_t code) {
  if (code == 0) return "";
  const auto line = sched::report::line_of(code);
  return line.function.empty() ? line.where : line.where + " in " + line.function;
}

bool takes_a_lock(sched::event_kind kind) {
  return kind == sched::event_kind::lock || kind == sched::event_kind::try_lock ||
         kind == sched::event_kind::lock_shared;
}

// Who had taken what this step waited for: the unlock that let it go on tells the thread, and that thread's last taking of
// the same lock before it is where the waiting began to be necessary. 0: it waited for something else.
std::uint64_t holder_of(const std::vector<sched::traced_event>& trace, std::size_t waiting) {
  const sched::traced_event& step = trace[waiting];
  if (!step.blocked || !takes_a_lock(step.what.kind)) return 0;
  std::size_t i = waiting;
  while (i > 0 && trace[i - 1].step > step.seen_from) --i;
  if (i == 0 || trace[i - 1].step != step.seen_from || trace[i - 1].what.kind != sched::event_kind::unlock) return 0;
  const sched::thread_id holder = trace[i - 1].what.thread;
  while (i-- > 0) {
    const sched::event& e = trace[i].what;
    if (e.thread == holder && e.location == step.what.location && takes_a_lock(e.kind)) return trace[i].step;
  }
  return 0;
}

// The last step at which this thread took the lock at this location. 0: none.
std::uint64_t taken_at(const std::vector<sched::traced_event>& trace, int thread, std::uintptr_t location) {
  for (auto e = trace.rbegin(); e != trace.rend(); ++e) {
    if (e->what.thread == thread && e->what.location == location && takes_a_lock(e->what.kind)) return e->step;
  }
  return 0;
}

std::string answer_of(const check::history& all, unsigned where, std::size_t source, std::size_t time) {
  for (const check::event& e : all.events) {
    if (e.where != where || e.source != source || time-- != 0) continue;
    return e.pending() ? "" : to_string(e.answer);
  }
  return "";
}

}  // namespace

check::interleaving story_of(const check::program& p, const check::verdict& v, const controlled_executor& run) {
  const sched::outcome& outcome = run.outcome();
  check::interleaving story;
  story.title = std::string(to_string(v.kind)) + (v.place.empty() ? "" : ", " + v.place);
  story.happened = v.message;
  story.program = print(p);
  story.state = run.state();
  story.lanes.push_back("before and after");

  std::vector<std::uintptr_t> codes;  // looked up together: each look starts a process
  for (const sched::traced_event& e : outcome.trace) codes.push_back(e.what.code);
  for (const sched::waiting_thread& w : outcome.waiting) codes.push_back(w.what.code);
  sched::report::look_up(codes);
  unsigned lanes = 1;
  for (const sched::traced_event& e : outcome.trace) lanes = std::max(lanes, unsigned{e.what.thread} + 1);
  for (const sched::waiting_thread& w : outcome.waiting) lanes = std::max(lanes, unsigned{w.what.thread} + 1);
  for (unsigned lane = 1; lane < lanes; ++lane) story.lanes.push_back("thread " + std::to_string(lane));

  for (std::size_t i = 0; i < outcome.trace.size(); ++i) {
    const sched::traced_event& e = outcome.trace[i];
    check::interleaving::step s;
    s.number = e.step;
    s.lane = e.what.thread;
    s.what = in_words(e);
    s.where = place_of(e.what.code);
    s.switched = e.switched;
    s.blocked = e.blocked;
    s.from = e.seen_from;
    s.waits_for = holder_of(outcome.trace, i);
    s.decided = e.choice != 0 && std::any_of(p.decisions.begin(), p.decisions.end(),
                                             [&](const check::decision& d) { return d.at == e.choice; });
    story.steps.push_back(std::move(s));
  }

  // Of a deadlock, steps that never happened, after all others: where each thread waits, and since which step its holder
  // has the lock. (Where one thread ran alone, the others are only held back.)
  const bool for_ever = outcome.found == sched::finding::deadlock;
  for (const sched::waiting_thread& w : outcome.waiting) {
    if (!for_ever) break;
    check::interleaving::step s;
    s.number = (story.steps.empty() ? 0 : story.steps.back().number) + 1;
    s.lane = w.what.thread;
    s.what = in_words(w.what) + ", for ever";
    s.where = place_of(w.what.code);
    s.switched = !story.steps.empty() && story.steps.back().lane != s.lane;
    s.blocked = true;
    s.waits_for = taken_at(outcome.trace, w.holder, w.what.location);
    story.steps.push_back(std::move(s));
  }

  std::array<std::size_t, 8> open{};  // position in story.operations of the operation under way, plus one
  for (const controlled_executor::mark& m : run.marks()) {
    if (!m.begins) {
      if (open[m.where] != 0) story.operations[open[m.where] - 1].last = m.step;
      open[m.where] = 0;
      continue;
    }
    check::interleaving::operation o;
    o.lane = m.thread;
    o.source = m.source;
    o.first = m.step;
    o.asked = m.source < p.operations.size() ? print(p.operations[m.source]) : "";
    const auto times =
        std::count_if(story.operations.begin(), story.operations.end(),
                      [&](const check::interleaving::operation& earlier) { return earlier.source == m.source; });
    o.answer = answer_of(run.history(), m.where, m.source, static_cast<std::size_t>(times));
    if (m.source == v.step) story.culprits.push_back(story.operations.size());
    story.operations.push_back(std::move(o));
    open[m.where] = story.operations.size();
  }

  const bool in_the_middle = outcome.found != sched::finding::none;
  story.failed_at = in_the_middle && !story.steps.empty() ? story.steps.back().number : 0;
  story.failed_lane = for_ever && !outcome.waiting.empty() ? outcome.waiting.back().what.thread
                      : in_the_middle                      ? outcome.thread
                                                           : 0;
  return story;
}

}  // namespace gauntlet::adapters
