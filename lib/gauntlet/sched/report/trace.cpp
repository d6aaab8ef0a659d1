#include <gauntlet/sched/report/trace.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <vector>

#include <gauntlet/sched/report/symbols.h>

namespace gauntlet::sched {

namespace {

bool shows_value(event_kind kind) { return reads(kind) || writes(kind); }

std::string describe(const traced_event& e) {
  std::string text = "thread " + std::to_string(e.what.thread) + ": " + std::to_string(e.step) + ' ';
  text += to_string(e.what.kind);
  const bool plain = e.what.kind == event_kind::plain_read || e.what.kind == event_kind::plain_write;
  if (shows_value(e.what.kind) && !plain) text += " = " + print_value(e.value);
  if (e.seen_from != 0) text += " from " + std::to_string(e.seen_from);
  if (e.blocked) text += " after waiting";
  if (e.what.code != 0) {
    report::source_line line = report::line_of(e.what.code);
    if (line.of_the_system && e.caller != 0) line = report::line_of(e.caller);
    text += ' ' + line.where;
    if (!line.function.empty()) text += " (" + line.function + ")";
  }
  return text;
}

void look_up_all(const std::vector<traced_event>& trace) {
  std::vector<std::uintptr_t> codes;
  for (const traced_event& e : trace) codes.insert(codes.end(), {e.what.code, e.caller});
  report::look_up(codes);
}

constexpr const char* no_trace = "no trace: record it with run_options::record_trace\n";

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

std::string print_switches(const outcome& result) {
  if (result.trace.empty()) return no_trace;
  look_up_all(result.trace);
  struct row {
    std::string choice, left, right;
  };
  std::vector<row> rows = {{"choice", "stops", "goes on"}};
  std::size_t width = 0;
  for (std::size_t i = 1; i < result.trace.size(); ++i) {
    const traced_event &before = result.trace[i - 1], &after = result.trace[i];
    if (before.what.thread == after.what.thread) continue;
    rows.push_back({after.choice == 0 ? "" : std::to_string(after.choice), describe(before), describe(after)});
  }
  for (const row& r : rows) width = std::max(width, r.left.size());
  std::string text;
  for (const row& r : rows)
    text += std::string(6 - std::min<std::size_t>(6, r.choice.size()), ' ') + r.choice + "  " + padded(r.left, width) +
            "  " + r.right + "\n";
  return text;
}

std::string print_events(const outcome& result) {
  if (result.trace.empty()) return no_trace;
  look_up_all(result.trace);
  constexpr std::size_t lane = 12;
  std::string text;
  for (const traced_event& e : result.trace)
    text += std::string(lane * std::min<std::size_t>(e.what.thread, 3), ' ') + describe(e) + "\n";
  return text;
}

std::string print_value(std::uint64_t value) {
  if (value < 1U << 16) return std::to_string(value);
  char text[24];
  std::snprintf(text, sizeof text, "0x%" PRIx64, value);
  return text;
}

}  // namespace gauntlet::sched
