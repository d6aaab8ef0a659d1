#include <gauntlet/check/run/memory_when_empty.h>

#include <cstdint>

namespace gauntlet::check {
namespace {

void ask(concurrent_subject& s, opcode code, unsigned map, std::uint64_t key) {
  request r;
  r.code = code;
  r.target = map;
  r.key = key;
  s.apply(r);
}

// Elements that no program names, one after the other, and so often again: what is put off until somebody writes gets done.
void let_come_and_go(concurrent_subject& s, unsigned map, opcode inserts, unsigned times) {
  constexpr unsigned keys = 8;
  constexpr std::uint64_t first_key = 0x61667465'72000000;
  for (unsigned i = 0; i < times * keys; ++i) {
    for (const opcode code : {inserts, opcode::find, opcode::erase_key, opcode::find}) {
      ask(s, code, map, first_key + i % keys);
    }
  }
  s.shrink(map);
}

}  // namespace

std::string kept_when_empty(concurrent_subject& used, concurrent_subject& fresh,
                            std::span<const std::vector<element>* const> contents, opcode inserts, std::size_t slack) {
  for (unsigned map = 0; map < contents.size(); ++map) {
    for (const element& e : *contents[map]) ask(used, opcode::erase_key, map, e.first);
    let_come_and_go(used, map, inserts, 16);
    let_come_and_go(fresh, map, inserts, 1);
  }
  if (used.bytes() <= fresh.bytes() + slack) return {};
  return "emptied, the maps hold " + std::to_string(used.bytes()) + " bytes; fresh ones " +
         std::to_string(fresh.bytes()) + ", and " + std::to_string(slack) + " more are allowed";
}

}  // namespace gauntlet::check
