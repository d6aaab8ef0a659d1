// The binary form of programs, byte by byte. All numbers are little endian.
//
//   header   0..2 "GNT"   3 version   4 target   5 hot_keys   6 hash   7 types   8 allocator   9 capacity  10 threads
//            11 heap  12 memory  13 spins  14 erased_before  15 zero  16..23 banned
//   record   0 opcode
//            1 target (2 bits) | other << 2 (2 bits) | lane << 4 (3 bits) | zero (1 bit)
//            2..3 key: number (13 bits) | class << 13 (3 bits)
//            4..5 value
//            6 count - 1 (zero when the opcode takes no count)
//            7 argument, or the number of operations in the body of a walk
//   decision 0 decision_mark   1 kind   2..4 at   5 alternative   6 of   7 before
//
// Decisions follow the operations; a record is one or the other by its first byte, wherever it stands, so that the bytes
// of both can be cut anywhere.
//
// The idea: no field says how long another one is, and each byte decides one thing, so that changing, inserting or
// dropping a record changes that operation and no other. Decoding reads fields and leaves all judgement to normalize(),
// which is also what parse() and the mutator end with: there is one place that knows what a normal program is.
//
// The hard case is bodies. A body is a count, and counts written by a fuzzer overlap the end of the program, the end of
// an outer body, or nest too deep. normalize() keeps a stack of the ends of open bodies: an inner body is cut at its
// outer body's end, and a walk that would be open inside walk_depth_max others becomes `nothing`.
#include <gauntlet/check/program/codec.h>

#include <algorithm>
#include <array>

#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/names.h>

namespace gauntlet::check {
namespace {

constexpr unsigned key_numbers = 1u << 13;
constexpr std::uint8_t decision_mark = 0xf1;  // no opcode
static_assert(opcode_count <= decision_mark);

std::uint8_t byte_of(std::uint64_t number, unsigned index) noexcept {
  return static_cast<std::uint8_t>(number >> (8 * index));
}

void normalize_header(program_header& h) noexcept {
  h.version = format_version;
  if (h.target >= target_names().size()) h.target = 0;
  h.hot_keys = h.hot_keys == 0 ? program_header{}.hot_keys : static_cast<std::uint8_t>((h.hot_keys - 1u) % 64 + 1);
  h.hash = static_cast<hash_quality>(static_cast<unsigned>(h.hash) % hash_quality_count);
  // A number that names no types means what it meant when there were seven: inputs in the corpus keep their meaning.
  if (static_cast<unsigned>(h.types) >= element_types_count)
    h.types = static_cast<element_types>(static_cast<unsigned>(h.types) % 7);
  h.allocator = static_cast<allocator_mode>(static_cast<unsigned>(h.allocator) % allocator_mode_count);
  h.threads = static_cast<std::uint8_t>(h.threads % (thread_count_max + 1));
  h.heap = static_cast<heap_reuse>(static_cast<unsigned>(h.heap) % heap_reuse_count);
  h.memory = static_cast<memory_order_mode>(static_cast<unsigned>(h.memory) % memory_order_mode_count);
  h.spins = static_cast<spin_mode>(static_cast<unsigned>(h.spins) % spin_mode_count);
  if (h.threads == 0) {
    h.erased_before = 0;
    h.spins = spin_mode::brief;
    h.heap = heap_reuse::at_once;
    h.memory = memory_order_mode::sequential;
  }
}

lane normal_lane(lane where, unsigned threads) noexcept {
  const unsigned number = static_cast<unsigned>(where) % 8;
  if (threads == 0) return lane::before;
  if (number == 0 || number == 7) return static_cast<lane>(number);
  return static_cast<lane>((number - 1) % threads + 1);
}

void normalize_operation(operation& o, unsigned threads) noexcept {
  o.code = static_cast<opcode>(static_cast<std::size_t>(o.code) % opcode_count);
  const operands& takes = info(o.code).takes;
  o.target = takes.target ? o.target % map_count : 0;
  o.other = takes.other ? o.other % map_count : 0;
  o.where = normal_lane(o.where, threads);
  if (takes.key) {
    o.key.choice = static_cast<key_class>(static_cast<unsigned>(o.key.choice) % key_class_count);
    o.key.number =
        o.key.choice == key_class::current ? std::uint16_t{0} : static_cast<std::uint16_t>(o.key.number % key_numbers);
  } else {
    o.key = {};
  }
  if (!takes.value) o.value = 0;
  o.count = takes.count ? static_cast<std::uint16_t>((std::max<unsigned>(o.count, 1) - 1) % 256 + 1) : std::uint16_t{0};
  if (takes.body) {
    o.argument = static_cast<std::uint8_t>(o.argument % (body_size_max + 1));
  } else if (takes.argument) {
    o.argument = static_cast<std::uint8_t>(o.argument % argument_names(o.code).size());
  } else {
    o.argument = 0;
  }
}

// In order of time, one for each choice (the first given), and only among threads.
void normalize_decisions(program& p) {
  if (p.header.threads == 0) p.decisions.clear();
  if (p.decisions.empty()) return;
  for (decision& d : p.decisions) {
    d.at = std::clamp(d.at, std::uint32_t{1}, choice_max);
    d.kind = static_cast<decision_kind>(static_cast<unsigned>(d.kind) % decision_kind_count);
    if (d.before >= event_words().size()) d.before = 0;
  }
  const auto earlier = [](const decision& a, const decision& b) { return a.at < b.at; };
  const auto same = [](const decision& a, const decision& b) { return a.at == b.at; };
  std::stable_sort(p.decisions.begin(), p.decisions.end(), earlier);
  p.decisions.erase(std::unique(p.decisions.begin(), p.decisions.end(), same), p.decisions.end());
  if (p.decisions.size() > decisions_max) p.decisions.resize(decisions_max);
}

}  // namespace

void normalize(program& p) {
  normalize_header(p.header);
  normalize_decisions(p);
  if (p.operations.size() > operations_max) p.operations.resize(operations_max);

  struct open_body {
    std::size_t end;  // index of the first operation behind the body
    lane where;       // a body runs in the lane of its walk
  };
  std::array<open_body, walk_depth_max> open{};
  std::size_t depth = 0;
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    operation& o = p.operations[i];
    normalize_operation(o, p.header.threads);
    while (depth > 0 && open[depth - 1].end <= i) --depth;
    const std::size_t end = depth > 0 ? open[depth - 1].end : p.operations.size();
    if (depth > 0) o.where = open[depth - 1].where;
    if (!info(o.code).takes.body) continue;
    if (depth == walk_depth_max) {
      o = operation{.code = opcode::nothing, .where = o.where};
      continue;
    }
    o.argument = static_cast<std::uint8_t>(std::min<std::size_t>(o.argument, end - i - 1));
    open[depth++] = {i + 1 + o.argument, o.where};
  }
}

std::size_t body_size(const program& p, std::size_t index) noexcept {
  if (index >= p.operations.size() || !info(p.operations[index].code).takes.body) return 0;
  return std::min<std::size_t>(p.operations[index].argument, p.operations.size() - index - 1);
}

program decode(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, header_size> head{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), header_size), head.begin());
  program p;
  p.header.target = head[4];
  p.header.hot_keys = head[5];
  p.header.hash = static_cast<hash_quality>(head[6]);
  p.header.types = static_cast<element_types>(head[7]);
  p.header.allocator = static_cast<allocator_mode>(head[8]);
  p.header.capacity = head[9];
  p.header.threads = head[10];
  p.header.heap = static_cast<heap_reuse>(head[11]);
  p.header.memory = static_cast<memory_order_mode>(head[12]);
  p.header.spins = static_cast<spin_mode>(head[13]);
  p.header.erased_before = head[14];
  for (unsigned i = 0; i < 8; ++i) p.header.banned |= std::uint64_t{head[16 + i]} << (8 * i);

  std::span<const std::uint8_t> rest = bytes.subspan(std::min(bytes.size(), header_size));
  p.operations.reserve(std::min((rest.size() + operation_size - 1) / operation_size, operations_max));
  while (!rest.empty() && p.operations.size() + p.decisions.size() < operations_max + decisions_max) {
    std::array<std::uint8_t, operation_size> record{};
    const std::size_t length = std::min(rest.size(), operation_size);
    std::copy_n(rest.begin(), length, record.begin());
    rest = rest.subspan(length);
    if (record[0] == decision_mark) {
      decision d;
      d.kind = static_cast<decision_kind>(record[1]);
      d.at = record[2] | std::uint32_t{record[3]} << 8 | std::uint32_t{record[4]} << 16;
      d.alternative = record[5];
      d.of = record[6];
      d.before = record[7];
      p.decisions.push_back(d);
      continue;
    }
    operation o;
    o.code = static_cast<opcode>(record[0]);
    o.target = record[1] & 3u;
    o.other = (record[1] >> 2) & 3u;
    o.where = static_cast<lane>((record[1] >> 4) & 7u);
    const unsigned key = record[2] | unsigned{record[3]} << 8;
    o.key.number = static_cast<std::uint16_t>(key % key_numbers);
    o.key.choice = static_cast<key_class>(key / key_numbers);
    o.value = static_cast<std::uint16_t>(record[4] | unsigned{record[5]} << 8);
    o.count = static_cast<std::uint16_t>(record[6] + 1u);
    o.argument = record[7];
    p.operations.push_back(o);
  }
  normalize(p);
  return p;
}

std::vector<std::uint8_t> encode(const program& p) {
  const program_header& h = p.header;
  std::vector<std::uint8_t> bytes(header_size + (p.operations.size() + p.decisions.size()) * operation_size);
  bytes[0] = 'G';
  bytes[1] = 'N';
  bytes[2] = 'T';
  bytes[3] = h.version;
  bytes[4] = h.target;
  bytes[5] = h.hot_keys;
  bytes[6] = static_cast<std::uint8_t>(h.hash);
  bytes[7] = static_cast<std::uint8_t>(h.types);
  bytes[8] = static_cast<std::uint8_t>(h.allocator);
  bytes[9] = h.capacity;
  bytes[10] = h.threads;
  bytes[11] = static_cast<std::uint8_t>(h.heap);
  bytes[12] = static_cast<std::uint8_t>(h.memory);
  bytes[13] = static_cast<std::uint8_t>(h.spins);
  bytes[14] = h.erased_before;
  for (unsigned i = 0; i < 8; ++i) bytes[16 + i] = byte_of(h.banned, i);
  std::uint8_t* record = bytes.data() + header_size;
  for (const operation& o : p.operations) {
    const unsigned key = o.key.number % key_numbers + static_cast<unsigned>(o.key.choice) * key_numbers;
    record[0] = static_cast<std::uint8_t>(o.code);
    record[1] = static_cast<std::uint8_t>((o.target & 3u) | (o.other & 3u) << 2 | static_cast<unsigned>(o.where) << 4);
    record[2] = byte_of(key, 0);
    record[3] = byte_of(key, 1);
    record[4] = byte_of(o.value, 0);
    record[5] = byte_of(o.value, 1);
    record[6] = o.count == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(o.count - 1u);
    record[7] = o.argument;
    record += operation_size;
  }
  for (const decision& d : p.decisions) {
    record[0] = decision_mark;
    record[1] = static_cast<std::uint8_t>(d.kind);
    for (unsigned i = 0; i < 3; ++i) record[2 + i] = byte_of(d.at, i);
    record[5] = d.alternative;
    record[6] = d.of;
    record[7] = d.before;
    record += operation_size;
  }
  return bytes;
}

bool has_magic(std::span<const std::uint8_t> bytes) noexcept {
  return bytes.size() >= 4 && bytes[0] == 'G' && bytes[1] == 'N' && bytes[2] == 'T' && bytes[3] == format_version;
}

}  // namespace gauntlet::check
