#include <gauntlet/check/history/unsynchronized.h>

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <gauntlet/check/history/text.h>

namespace gauntlet::check {
namespace {

// The value that a finished event has left under its key; nothing where it has changed nothing.
std::optional<std::uint64_t> written_by(const event& e) {
  if (e.pending()) return std::nullopt;
  switch (e.asked.code) {
    case opcode::insert_or_assign:
      return e.asked.value;
    case opcode::insert_copy:
    case opcode::try_emplace:
    case opcode::update:
      return e.answer.flag ? std::optional(e.asked.value) : std::nullopt;
    case opcode::compare_exchange:
      return e.answer.flag ? std::optional(e.asked.value + 1) : std::nullopt;
    case opcode::fetch_update:
      return e.answer.flag ? std::optional(e.answer.value + e.asked.value) : std::nullopt;
    case opcode::upsert:
      return e.answer.has_value ? std::optional(e.answer.value) : std::nullopt;
    default:
      return std::nullopt;
  }
}

// The elements of others that a finished event has seen.
std::vector<element> seen_by(const event& e) {
  if (e.pending()) return {};
  switch (e.asked.code) {
    case opcode::find:
    case opcode::erase_key:
    case opcode::extract_key:
    case opcode::fetch_update:
      if (!e.answer.flag || !e.answer.has_value) return {};
      return {{e.asked.key, e.answer.value}};
    case opcode::insert_copy:
    case opcode::try_emplace:
      if (e.answer.flag || !e.answer.has_value) return {};
      return {{e.asked.key, e.answer.value}};
    case opcode::upsert:
      if (e.answer.flag || !e.answer.has_value) return {};
      return {{e.asked.key, e.answer.value - e.asked.value}};
    default:
      return e.shown;
  }
}

// A map in a compiled library does all it does in no step at all, and may well have synchronised.
bool is_seen(const history& h, std::size_t event) { return h.aware[event].steps != 0; }

}  // namespace

std::optional<unsynchronized> look_for_unsynchronized(const history& h, const contract_table& contracts,
                                                      const history& failed) {
  if (h.aware.empty()) return std::nullopt;
  std::set<std::uint64_t> doubtful;
  for (const event& e : failed.events) {
    if (reach_of(e.asked.code) == reach::one_key && !only_reads(e.asked.code)) doubtful.insert(e.asked.key);
  }
  std::map<element, std::vector<std::size_t>> writers;
  for (std::size_t i = 0; i < h.events.size(); ++i) {
    if (const auto value = written_by(h.events[i]); value && is_seen(h, i))
      writers[{h.events[i].asked.key, *value}].push_back(i);
  }
  for (std::size_t reader = 0; reader < h.events.size(); ++reader) {
    const event& e = h.events[reader];
    if (contracts[e.asked.code] == contract::quiescent || !is_seen(h, reader)) continue;
    for (const element& seen : seen_by(e)) {
      const auto found = doubtful.contains(seen.first) ? writers.end() : writers.find(seen);
      if (found == writers.end()) continue;  // wrong altogether, or a sum that nobody has written by itself
      std::optional<std::size_t> unseen;     // a writer, and no other one is before the reader
      for (const std::size_t writer : found->second) {
        if (writer == reader) continue;  // it has left the value as it was
        if (call_happens_before(h, writer, reader)) {
          unseen.reset();
          break;
        }
        unseen = writer;
      }
      if (unseen) return unsynchronized{reader, *unseen, seen};
    }
  }
  return std::nullopt;
}

std::string explain(const history& h, const unsynchronized& what) {
  return "  " + print(h.events[what.reader]) + "\nshows key " + std::to_string(what.seen.first) + " with value " +
         std::to_string(what.seen.second) + ", which was written by\n  " + print(h.events[what.writer]) +
         "\nbut nothing that lane " + std::to_string(h.events[what.writer].where) +
         " released before or in that operation was acquired by lane " + std::to_string(h.events[what.reader].where) +
         ": what it did before, it need not see (memory_order_relaxed where release and acquire are due?)\n";
}

}  // namespace gauntlet::check
