#include <gauntlet/sched/report/describe.h>

#include <algorithm>
#include <vector>

#include <gauntlet/sched/report/symbols.h>

namespace gauntlet::sched::report {

namespace {

using namespace gauntlet::sched::runtime;

std::string thread_word(unsigned id) { return "thread " + std::to_string(id); }

// The innermost place in the program's own sources: the code itself or a call; a system header's where there is none.
std::uintptr_t best_code(const place_fact& place) {
  const source_line line = line_of(place.code);
  if (line.where != "(library)" && !line.of_the_system) return place.code;
  for (unsigned i = 0; i < place.call_count; ++i)
    if (const source_line call = line_of(place.calls[i]); call.where != "(library)" && !call.of_the_system)
      return place.calls[i];
  return place.code;
}

std::string at(std::uintptr_t code) {
  const source_line line = line_of(code);
  std::string text = " at " + line.where;
  if (!line.function.empty()) text += " (" + line.function + ")";
  return text;
}

// The calls that led to a place, from the inside, each on a line of its own.
std::string calls_to(const place_fact& place) {
  std::string text, before = line_of(best_code(place)).where;
  for (unsigned i = 0; i < place.call_count; ++i) {
    const source_line line = line_of(place.calls[i]);
    if (line.where == "(library)" || line.of_the_system || line.where == before || line.function == "runtime::run_body")
      continue;
    before = line.where;
    text += "\n      called" + at(place.calls[i]);
  }
  return text;
}

std::string describe(const place_fact& place) {
  return "  " + thread_word(place.thread) + " " + place.does + at(best_code(place)) + calls_to(place);
}

std::string_view thing(wait_reason reason) {
  switch (reason) {
    case wait_reason::none:
      return "nothing";
    case wait_reason::mutex:
      return "mutex";
    case wait_reason::shared_mutex:
      return "reader-writer lock";
    case wait_reason::join:
      return "thread";
    case wait_reason::condition:
      return "condition variable";
    case wait_reason::futex:
      return "futex";
    case wait_reason::once:
      return "once flag";
    case wait_reason::guard:
      return "static";
    case wait_reason::barrier:
      return "barrier";
    case wait_reason::semaphore:
      return "semaphore";
    case wait_reason::sleep:
      return "time";
    case wait_reason::others:
      return "all other threads";
  }
  return "";
}

std::string what_is_awaited(const waiting_fact& w) {
  if (w.waits_for == wait_reason::join) return thread_word(static_cast<unsigned>(w.holder)) + " to end";
  std::string text(thing(w.waits_for));
  if (w.waits_for == wait_reason::others) return text + " to end";
  text += " " + std::to_string(w.object);
  if (w.holder < 0) return text + ", held by nobody";
  text += ", held by " + thread_word(static_cast<unsigned>(w.holder));
  if (w.holder_code != 0) text += " since it locked" + at(w.holder_code);
  return text;
}

std::string describe(const waiting_fact& w) {
  std::string text = "  " + thread_word(w.place.thread);
  if (w.place.code != 0) text += at(best_code(w.place));
  return text + " waits for " + what_is_awaited(w) + calls_to(w.place);
}

}  // namespace

std::string_view word_of(finding found) {
  switch (found) {
    case finding::none:
      return "none";
    case finding::failed_check:
      return "failed check";
    case finding::data_race:
      return "data race";
    case finding::use_after_free:
      return "use after free";
    case finding::double_free:
      return "double free";
    case finding::leak:
      return "leak";
    case finding::deadlock:
      return "deadlock";
    case finding::livelock:
      return "livelock";
    case finding::no_progress:
      return "no progress";
    case finding::escaped_exception:
      return "escaped exception";
    case finding::misused_lock:
      return "misused lock";
    case finding::refused:
      return "refused";
  }
  return "";
}

std::string message_of(const raised_finding& facts) {
  std::vector<std::uintptr_t> codes;
  const auto add = [&codes](const place_fact& place) {
    codes.push_back(place.code);
    codes.insert(codes.end(), place.calls, place.calls + place.call_count);
  };
  add(facts.here);
  add(facts.there);
  for (unsigned i = 0; i < facts.waiting_count; ++i) {
    add(facts.waiting[i].place);
    codes.push_back(facts.waiting[i].holder_code);
  }
  look_up(codes);
  std::string text(word_of(facts.found));
  if (facts.text[0] != 0) text += std::string(": ") + facts.text;
  if (facts.found == finding::data_race)
    text += " on " + std::to_string(facts.bytes) + (facts.bytes == 1 ? " byte" : " bytes");
  if (facts.has_here) text += "\n" + describe(facts.here);
  if (facts.has_there) text += "\n" + describe(facts.there);
  for (unsigned i = 0; i < facts.waiting_count; ++i) text += "\n" + describe(facts.waiting[i]);
  return text;
}

std::string place_of(const raised_finding& facts) {
  std::string text(word_of(facts.found));
  std::vector<std::string> lines;
  if (facts.has_here) lines.push_back(line_of(best_code(facts.here)).where);
  if (facts.has_there) lines.push_back(line_of(best_code(facts.there)).where);
  for (unsigned i = 0; i < facts.waiting_count; ++i) lines.push_back(line_of(best_code(facts.waiting[i].place)).where);
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) text += " | " + line;
  return text;
}

}  // namespace gauntlet::sched::report
