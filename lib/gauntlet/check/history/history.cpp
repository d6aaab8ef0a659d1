#include <gauntlet/check/history/history.h>

#include <algorithm>
#include <map>
#include <set>

#include <gauntlet/check/history/text.h>

namespace gauntlet::check {

contract_table contracts_of(const concurrent_subject& map) {
  contract_table table;
  for (std::size_t i = 0; i < opcode_count; ++i) table.of[i] = map.contract_of(static_cast<opcode>(i));
  return table;
}

bool happens_before(const history& h, std::size_t a, std::size_t b) noexcept {
  if (h.events[a].returned >= h.events[b].called || h.aware.empty()) return false;
  const awareness &first = h.aware[a], &then = h.aware[b];
  return first.thread == then.thread || first.returned[first.thread] <= then.called[first.thread];
}

bool call_happens_before(const history& h, std::size_t a, std::size_t b) noexcept {
  if (h.events[a].called >= h.events[b].returned || h.aware.empty()) return false;
  const awareness &first = h.aware[a], &then = h.aware[b];
  return first.thread == then.thread || first.called[first.thread] <= then.returned[first.thread];
}

namespace {

// The answer must say what the judge reads: a find that found something shows it.
std::string incomplete(const event& e) {
  if (e.answer.status != outcome::done) return "its answer is not `done`";
  if ((e.asked.code == opcode::find || e.asked.code == opcode::extract_key || e.asked.code == opcode::fetch_update) &&
      e.answer.flag != e.answer.has_value) {
    return "it must show a value exactly when it says yes";
  }
  if (e.asked.code == opcode::erase_if && e.asked.argument + 1 >= predicate_count) return "its predicate throws";
  return {};
}

}  // namespace

std::string ill_formed(const history& h) {
  for (const auto& elements : h.initial) {
    std::set<std::uint64_t> keys;
    for (const element& e : elements) {
      if (!keys.insert(e.first).second) return "the initial contents hold key " + std::to_string(e.first) + " twice";
    }
  }
  std::vector<stamp> stamps;
  std::map<unsigned, std::vector<const event*>> lanes;
  for (const event& e : h.events) {
    const auto complain = [&e](const std::string& what) { return print(e) + ": " + what; };
    if (reach_of(e.asked.code) == reach::foreign) return complain("not an operation of a history");
    if (e.asked.target >= history_map_count || e.asked.other >= history_map_count) return complain("no such map");
    if (reach_of(e.asked.code) == reach::two_maps && e.asked.target == e.asked.other) {
      return complain("needs two different maps");
    }
    if (e.called == never || e.called >= e.returned) return complain("returns before it is called");
    if (!e.pending()) {
      if (std::string what = incomplete(e); !what.empty()) return complain(what);
      stamps.push_back(e.returned);
    }
    stamps.push_back(e.called);
    lanes[e.where].push_back(&e);
  }
  std::sort(stamps.begin(), stamps.end());
  if (const auto twice = std::adjacent_find(stamps.begin(), stamps.end()); twice != stamps.end()) {
    return "stamp " + std::to_string(*twice) + " is used twice";
  }
  for (auto& [number, events] : lanes) {
    std::sort(events.begin(), events.end(), [](const event* a, const event* b) { return a->called < b->called; });
    for (std::size_t i = 1; i < events.size(); ++i) {
      if (events[i]->called < events[i - 1]->returned) {
        return print(*events[i]) + ": called while its lane was busy with " + print(*events[i - 1]);
      }
    }
  }
  return {};
}

std::string_view to_string(contract c) noexcept {
  switch (c) {
    case contract::linearizable:
      return "linearizable";
    case contract::weak:
      return "weak";
    case contract::quiescent:
      return "quiescent";
    case contract::unsupported:
      return "unsupported";
  }
  return "unknown";
}

}  // namespace gauntlet::check
