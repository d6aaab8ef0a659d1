// How programs are made and changed.
//
// A new operation is drawn by three questions: which opcode (weights: what fills and empties maps comes most often),
// which key (half of the time one that the program already uses, because bugs need the same key twice), which numbers
// (small and extreme ones). A mutation is a few small edits in a row, each on whole operations; every edit leaves a
// program that is normal again after normalize().
//
// Alone, every other mutation is a fresh program and changes nothing that there is. Edits stay close to an engine's
// favourites, and most of what can be wrong lies closer to a random program: with one fresh program in twelve, a search
// from nothing took nearly twenty times the executions to the defects of one thread, and reached fewer branches of the
// right map in the same time. Edits are for what random programs do not reach.
//
// The hard case is edits around walks: a body is a number in the walk's operation, so blocks are taken and put through
// edit.h, which keeps the numbers of the enclosing walks right, and a body grows or shrinks with what happens inside
// it.
#include <gauntlet/check/fuzzing/mutate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

#include <gauntlet/check/fuzzing/mutate_decisions.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/edit.h>
#include <gauntlet/check/program/names.h>

namespace gauntlet::check {
namespace {

// How often an opcode is drawn for one thread and, second, among threads.
struct weight {
  std::uint8_t alone, among_threads;
};

// How many fresh programs there are for each that begins with a large run.
constexpr std::uint64_t one_large_run_in = 2048;

constexpr std::array<weight, opcode_count> weights = [] {
  std::array<weight, opcode_count> table{};
  for (weight& w : table) w = {3, 0};
  const auto set = [&](opcode code, unsigned alone, unsigned among_threads) {
    table[static_cast<std::size_t>(code)] = {static_cast<std::uint8_t>(alone),
                                             static_cast<std::uint8_t>(among_threads)};
  };
  set(opcode::nothing, 1, 0);
  set(opcode::stop, 1, 1);
  set(opcode::find, 6, 12);
  set(opcode::contains, 3, 5);
  set(opcode::size, 2, 4);
  set(opcode::equal, 8, 1);
  set(opcode::insert_copy, 10, 10);
  set(opcode::try_emplace, 6, 5);
  set(opcode::insert_or_assign, 6, 8);
  set(opcode::subscript_assign, 6, 0);
  set(opcode::update, 4, 6);
  set(opcode::insert_range, 8, 0);
  set(opcode::erase_key, 12, 12);
  set(opcode::erase_iterator, 6, 0);
  set(opcode::erase_range, 5, 0);
  set(opcode::erase_if, 4, 2);
  set(opcode::clear, 4, 3);
  set(opcode::fault, 6, 0);
  set(opcode::extract_key, 4, 5);
  set(opcode::walk, 10, 3);
  set(opcode::iterate, 4, 0);
  set(opcode::copy_construct, 5, 2);
  set(opcode::copy_assign, 4, 1);
  set(opcode::swap, 3, 2);
  set(opcode::merge, 3, 2);
  set(opcode::misuse, 1, 0);
  set(opcode::compare_exchange, 1, 6);
  set(opcode::fetch_update, 1, 6);
  set(opcode::snapshot, 1, 2);
  set(opcode::look_by_view, 4, 0);
  set(opcode::change_by_view, 4, 0);
  set(opcode::find_many, 2, 0);
  set(opcode::change_node_key, 4, 0);
  return table;
}();

opcode draw_opcode(std::uint64_t banned, random_source& random, bool concurrent) {
  const auto weight_of = [&](std::size_t i) -> unsigned {
    if ((banned >> i & 1) != 0) return 0;
    return concurrent ? weights[i].among_threads : weights[i].alone;
  };
  unsigned total = 0;
  for (std::size_t i = 0; i < opcode_count; ++i) total += weight_of(i);
  if (total == 0) return opcode::nothing;
  auto ticket = static_cast<unsigned>(random.below(total));
  std::size_t i = 0;
  while (ticket >= weight_of(i)) ticket -= weight_of(i++);
  return static_cast<opcode>(i);
}

std::uint16_t draw_value(random_source& random) {
  switch (random.below(8)) {
    case 0:
      return 0;
    case 1:
      return 0xffff;
    case 2:
      return static_cast<std::uint16_t>(1u << random.below(16));
    case 3:
      return static_cast<std::uint16_t>(random());
    default:
      return static_cast<std::uint16_t>(random.below(16));
  }
}

// Mostly one; otherwise sizes around groups (8, 16), small tables and the largest.
std::uint16_t draw_count(random_source& random) {
  if (random.chance(70)) return 1;
  switch (random.below(6)) {
    case 0:
      return random.chance(20) ? std::uint16_t{256} : static_cast<std::uint16_t>(1 + random.below(256));
    case 1:
      return static_cast<std::uint16_t>(1 + random.below(64));
    default:
      return static_cast<std::uint16_t>(1 + random.below(16));
  }
}

key_operand draw_key(const program_header& h, random_source& random, bool inside, bool concurrent) {
  key_operand key;
  const std::uint64_t ticket = random.below(100);
  if (inside && ticket >= 40) {
    key.choice = ticket < 65   ? key_class::current
                 : ticket < 75 ? key_class::earlier
                 : ticket < 90 ? key_class::later
                               : key_class::present;
  } else {
    const std::uint64_t cut = random.below(100);
    key.choice = concurrent ? (cut < 85   ? key_class::hot
                               : cut < 95 ? key_class::colliding
                                          : key_class::wide)
                            : (cut < 45   ? key_class::hot
                               : cut < 65 ? key_class::colliding
                               : cut < 75 ? key_class::wide
                               : cut < 85 ? key_class::special
                               : cut < 97 ? key_class::present
                                          : static_cast<key_class>(random.below(key_class_count)));
  }
  if (key.choice == key_class::hot) {
    key.number = static_cast<std::uint16_t>(random.below(h.hot_keys));
  } else if (key.choice != key_class::current) {
    const std::uint64_t bound = random.chance(60) ? 16 : random.chance(70) ? 512 : 8192;
    key.number = static_cast<std::uint16_t>(random.below(bound));
  }
  return key;
}

// A key that some operation of the program uses, or a fresh one.
key_operand draw_used_key(const program& p, random_source& random, bool inside, bool concurrent) {
  for (int attempt = 0; attempt < 4 && !p.operations.empty(); ++attempt) {
    const operation& o = p.operations[random.below(p.operations.size())];
    if (info(o.code).takes.key) return o.key;
  }
  return draw_key(p.header, random, inside, concurrent);
}

lane draw_lane(const program_header& h, random_source& random) {
  if (h.threads == 0) return lane::before;
  const std::uint64_t ticket = random.below(16);
  if (ticket == 0) return lane::before;
  if (ticket == 1) return lane::after;
  return static_cast<lane>(1 + random.below(h.threads));
}

std::uint8_t draw_map(random_source& random, bool concurrent) {
  // Most operations meet in one map, some in a second one; among threads the last number names it.
  const std::uint64_t ticket = random.below(16);
  if (concurrent) return ticket < 14 ? std::uint8_t{0} : static_cast<std::uint8_t>(map_count - 1);
  if (ticket < 9) return 0;
  return static_cast<std::uint8_t>(ticket < 13 ? 1 : ticket < 15 ? 2 : 3);
}

// A selector. The large run, which takes as long as hundreds of programs, is drawn by generate() alone.
std::uint8_t draw_argument(opcode code, random_source& random, const mutation_options& options) {
  if (code == opcode::fill_reserved) return 0;
  if (code != opcode::fault) return static_cast<std::uint8_t>(random.below(argument_names(code).size()));
  if (!options.concurrent) return static_cast<std::uint8_t>(random.below(fault_kinds_of_one_thread));
  return static_cast<std::uint8_t>(random.chance(50) ? fault_kind::allocation : fault_kind::function);
}

void draw_operands(operation& o, const program& p, random_source& random, const mutation_options& options,
                   bool inside) {
  const operands& takes = info(o.code).takes;
  if (takes.target) o.target = draw_map(random, options.concurrent);
  if (takes.other) {
    // Two different maps, mostly: what a map does with itself has opcodes of its own.
    o.other =
        options.concurrent ? static_cast<std::uint8_t>(o.target == 0 ? map_count - 1 : 0) : draw_map(random, false);
    if (!options.concurrent && o.other == o.target && random.chance(75)) o.other = o.target == 0 ? 1 : 0;
  }
  if (takes.key) {
    o.key = random.chance(50) ? draw_used_key(p, random, inside, options.concurrent)
                              : draw_key(p.header, random, inside, options.concurrent);
  }
  if (takes.value) o.value = o.code == opcode::fault ? static_cast<std::uint16_t>(random.below(6)) : draw_value(random);
  if (takes.value && takes.key && !options.concurrent && !p.operations.empty() && random.chance(20)) {
    // A value that is there already: arguments that refer to elements need it twice.
    o.value = p.operations[random.below(p.operations.size())].value;
  }
  if (o.code == opcode::erase_range && random.chance(50)) o.value = 0;  // from the front, as one drains a map
  if (takes.count) o.count = options.concurrent ? std::uint16_t{1} : draw_count(random);
  if (takes.argument) o.argument = draw_argument(o.code, random, options);
  if (takes.body) o.argument = 0;
}

operation draw_operation(const program& p, random_source& random, const mutation_options& options, bool inside) {
  operation o;
  o.code = draw_opcode(p.header.banned, random, options.concurrent);
  draw_operands(o, p, random, options, inside);
  o.where = draw_lane(p.header, random);
  return o;
}

// A walk with one to four operations in its body, now and then a walk among them.
std::vector<operation> draw_walk(const program& p, random_source& random, const mutation_options& options,
                                 unsigned depth = 0) {
  std::vector<operation> block(1);
  block[0].code = options.concurrent || random.chance(75) ? opcode::walk : opcode::iterate;
  block[0].target = draw_map(random, options.concurrent);
  block[0].where = draw_lane(p.header, random);
  if (options.concurrent) return block;
  const std::uint64_t length = 1 + random.below(4);
  for (std::uint64_t i = 0; i < length; ++i) {
    if (depth + 1 < walk_depth_max && random.chance(8)) {
      const std::vector<operation> inner = draw_walk(p, random, options, depth + 1);
      block.insert(block.end(), inner.begin(), inner.end());
    } else {
      block.push_back(draw_operation(p, random, options, true));
    }
  }
  if (block.size() > body_size_max + 1) block.resize(body_size_max + 1);
  block[0].argument = static_cast<std::uint8_t>(block.size() - 1);
  return block;
}

// The same operation on consecutive keys: fills, empties or searches a stretch of the key space one by one.
std::vector<operation> draw_run(const program& p, random_source& random, const mutation_options& options, bool inside) {
  operation o = draw_operation(p, random, options, inside);
  std::vector<operation> block;
  const std::uint64_t length = 2 + random.below(12);
  for (std::uint64_t i = 0; i < length; ++i) {
    block.push_back(o);
    o.key.number = static_cast<std::uint16_t>(o.key.number + 1);
    o.value = static_cast<std::uint16_t>(o.value + 1);
  }
  return block;
}

// Fill and empty, several times over with keys that move on: what a map must not remember of elements long gone.
std::vector<operation> draw_waves(const program& p, random_source& random, const mutation_options& options) {
  operation fill = draw_operation(p, random, options, false);
  fill.code = random.chance(50) ? opcode::insert_copy : opcode::insert_range;
  draw_operands(fill, p, random, options, false);
  fill.count = static_cast<std::uint16_t>(1 + random.below(64));
  operation drain;
  drain.code = random.chance(70) ? opcode::erase_range : opcode::erase_key;
  drain.target = fill.target;
  drain.where = fill.where;
  drain.key = fill.key;
  drain.count = fill.count;
  std::vector<operation> block;
  for (std::uint64_t wave = 2 + random.below(8); wave > 0; --wave) {
    block.push_back(fill);
    block.push_back(drain);
    fill.key.number = drain.key.number = static_cast<std::uint16_t>(fill.key.number + fill.count);
  }
  return block;
}

// An element that leaves its map, and mostly comes to another one, with a fault on one of the two ways.
std::vector<operation> draw_faulty_passage(const operation& fault, const program& p, random_source& random,
                                           const mutation_options& options) {
  std::vector<operation> block(4);
  block[0].code = opcode::insert_move;
  draw_operands(block[0], p, random, options, false);
  block[2].code = random.chance(50) ? opcode::extract_key : opcode::extract_iterator;
  block[2].target = block[0].target;
  block[2].key = block[0].key;
  block[3].code = random.chance(70) ? opcode::insert_node : opcode::insert_node_hint;
  block[3].target = static_cast<std::uint8_t>(random.below(map_count));
  block[1] = fault;
  if (random.chance(50)) std::swap(block[1], block[2]);
  return block;
}

// Among threads: an allocation that fails, mostly in what inserts, or a function that throws in what calls one.
std::vector<operation> draw_faulty_among_threads(const program& p, random_source& random,
                                                 const mutation_options& options) {
  constexpr opcode grows[] = {opcode::insert_copy, opcode::insert_copy, opcode::try_emplace, opcode::insert_or_assign,
                              opcode::update,      opcode::copy_assign, opcode::merge};
  constexpr opcode calls[] = {opcode::update, opcode::fetch_update, opcode::walk, opcode::erase_if};
  std::vector<operation> block(2);
  block[0].code = opcode::fault;
  block[0].argument = draw_argument(opcode::fault, random, options);
  block[0].value = static_cast<std::uint16_t>(random.below(3));
  const bool memory = block[0].argument == static_cast<std::uint8_t>(fault_kind::allocation);
  block[1].code = memory ? grows[random.below(std::size(grows))] : calls[random.below(std::size(calls))];
  draw_operands(block[1], p, random, options, false);
  block[0].where = block[1].where = draw_lane(p.header, random);
  return block;
}

// An injected fault and an operation that meets it: an early event of an insertion or of a whole map, mostly a copy.
// A fault that comes alone mostly waits for an operation that has no such event.
std::vector<operation> draw_faulty(const program& p, random_source& random, const mutation_options& options) {
  if (options.concurrent) return draw_faulty_among_threads(p, random, options);
  constexpr opcode met[] = {
      opcode::insert_copy,      opcode::insert_copy,  opcode::emplace,        opcode::emplace,     opcode::try_emplace,
      opcode::insert_or_assign, opcode::insert_range, opcode::copy_construct, opcode::copy_assign, opcode::merge};
  std::vector<operation> block(2);
  block[0].code = opcode::fault;
  block[0].argument = static_cast<std::uint8_t>(
      random.chance(40) ? fault_kind::copy : static_cast<fault_kind>(random.below(fault_kinds_of_one_thread)));
  block[0].value = static_cast<std::uint16_t>(random.below(3));
  if (random.chance(25)) return draw_faulty_passage(block[0], p, random, options);
  block[1].code = met[random.below(std::size(met))];
  draw_operands(block[1], p, random, options, false);
  return block;
}

// Two maps that are nearly alike, compared: a copy, one difference, the comparison. Maps that grew apart differ in size.
std::vector<operation> draw_twins(const program& p, random_source& random, const mutation_options& options) {
  constexpr opcode differences[] = {opcode::insert_or_assign, opcode::subscript_assign, opcode::update,
                                    opcode::erase_key, opcode::insert_copy};
  std::vector<operation> block(3);
  block[0].code = random.chance(50) ? opcode::copy_construct : opcode::copy_assign;
  draw_operands(block[0], p, random, options, false);
  block[1].code = differences[random.below(std::size(differences))];
  draw_operands(block[1], p, random, options, false);
  block[1].target = random.chance(50) ? block[0].target : block[0].other;
  block[2].code = opcode::equal;
  block[2].target = block[0].target;
  block[2].other = block[0].other;
  return block;
}

void change_header(program_header& h, random_source& random, const mutation_options& options) {
  if (options.scheduled && random.chance(40)) {
    if (random.chance(20)) {
      h.spins = static_cast<spin_mode>(random.below(spin_mode_count));
    } else if (random.chance(50)) {
      h.heap = static_cast<heap_reuse>(random.below(heap_reuse_count));
    } else {
      h.memory = static_cast<memory_order_mode>(random.below(memory_order_mode_count));
    }
    return;
  }
  switch (random.below(7)) {
    case 0:
      h.hot_keys = static_cast<std::uint8_t>(random.chance(50) ? 1 + random.below(8) : 1 + random.below(64));
      break;
    case 1:
      h.hash = static_cast<hash_quality>(random.below(hash_quality_count));
      break;
    case 2:
      h.types = static_cast<element_types>(random.below(element_types_count));
      break;
    case 3:
      h.allocator = static_cast<allocator_mode>(random.below(allocator_mode_count));
      break;
    case 4:
      h.capacity = static_cast<std::uint8_t>(random.chance(50) ? 0 : random.below(256));
      break;
    case 5:
      if (options.concurrent) h.threads = static_cast<std::uint8_t>(2 + random.below(thread_count_max - 1));
      break;
    default:
      // Leaving operations out is what makes the others meet more often; mostly it is undone again.
      h.banned = random.chance(60) ? 0 : h.banned ^ std::uint64_t{1} << random.below(opcode_count);
  }
}

// A stretch of whole units, at most `length_max` operations.
struct stretch {
  std::size_t first = 0, count = 0;
};
stretch draw_stretch(const program& p, random_source& random, std::size_t length_max) {
  if (p.operations.empty()) return {};
  const std::size_t first = random.below(p.operations.size());
  const std::size_t wanted = 1 + random.below(random.chance(70) ? 4 : length_max);
  std::size_t last = first;
  while (last < p.operations.size() && last - first < wanted) last += unit_size(p, last);
  return {first, std::min(last, p.operations.size()) - first};
}

std::vector<operation> copied(const program& p, const stretch& s) {
  const auto begin = p.operations.begin() + static_cast<std::ptrdiff_t>(s.first);
  return {begin, begin + static_cast<std::ptrdiff_t>(s.count)};
}

void put(program& p, random_source& random, std::span<const operation> block) {
  insert_operations(p, random.below(p.operations.size() + 1), block, random.chance(30));
}

void mutate_once(program& p, random_source& random, const mutation_options& options) {
  if (options.scheduled && random.chance(45)) return mutate_decisions(p, random);
  if (random.chance(3)) return change_header(p.header, random, options);
  if (p.operations.empty() || random.chance(25)) {  // grow
    const std::size_t index = random.below(p.operations.size() + 1);
    const bool inside = in_body(p, index);
    std::vector<operation> block;
    const std::uint64_t ticket = random.below(20);
    if (ticket < 12) {
      block.push_back(draw_operation(p, random, options, inside));
    } else {
      block = ticket < 15                          ? draw_walk(p, random, options)
              : ticket < 16 && !options.concurrent ? draw_twins(p, random, options)
              : ticket < 17                        ? draw_faulty(p, random, options)
              : ticket < 18 && !options.concurrent ? draw_waves(p, random, options)
                                                   : draw_run(p, random, options, inside);
    }
    return insert_operations(p, index, block, random.chance(50));
  }
  const std::size_t index = random.below(p.operations.size());
  operation& o = p.operations[index];
  const operands& takes = info(o.code).takes;
  switch (random.below(15)) {
    case 0:
    case 1: {  // remove
      const stretch s = draw_stretch(p, random, p.operations.size());
      return erase_operations(p, s.first, s.count);
    }
    case 2: {  // repeat elsewhere
      const std::vector<operation> block = copied(p, draw_stretch(p, random, 32));
      return put(p, random, block);
    }
    case 3: {  // move
      const stretch s = draw_stretch(p, random, 32);
      const std::vector<operation> block = copied(p, s);
      erase_operations(p, s.first, s.count);
      return put(p, random, block);
    }
    case 4:
      return std::swap(o, p.operations[random.below(p.operations.size())]);
    case 5:
    case 6: {  // another opcode with the operands that it shares with the old one
      const operation old = o;
      o.code = draw_opcode(p.header.banned, random, options.concurrent);
      draw_operands(o, p, random, options, in_body(p, index));
      const operands& now = info(o.code).takes;
      if (takes.target && now.target) o.target = old.target;
      if (takes.key && now.key) o.key = old.key;
      if (takes.value && now.value) o.value = old.value;
      if (takes.count && now.count) o.count = old.count;
      if (takes.body && now.body) o.argument = old.argument;
      return;
    }
    case 7:
      if (takes.key) o.key = draw_key(p.header, random, in_body(p, index), options.concurrent);
      return;
    case 8:
      if (takes.key) o.key = draw_used_key(p, random, in_body(p, index), options.concurrent);
      return;
    case 9:
      if (takes.key) o.key.number = static_cast<std::uint16_t>(o.key.number + (random.chance(50) ? 1 : 8191));
      return;
    case 10:
      if (takes.value) o.value = draw_value(random);
      return;
    case 11:
      if (takes.count) o.count = draw_count(random);
      return;
    case 12:
      if (takes.argument) o.argument = draw_argument(o.code, random, options);
      if (takes.body) o.argument = static_cast<std::uint8_t>(random.below(body_size_max + 1));
      return;
    case 13:
      if (takes.target) o.target = static_cast<std::uint8_t>(random.below(map_count));
      if (takes.other) o.other = static_cast<std::uint8_t>(random.below(map_count));
      return;
    default:
      o.where = draw_lane(p.header, random);
  }
}

// How long a fresh program is. Among threads short; alone mostly long enough to be worth an execution, which costs an
// engine as much as dozens of operations. Some are short all the same: in long programs no two maps stay alike.
std::size_t draw_fresh_length(random_source& random, bool concurrent) {
  return 2 + random.below(concurrent || random.chance(25) ? 14 : 192);
}

// More elements than 16 bits count, at the beginning of a program that goes on as it likes.
void begin_with_large_run(program& p, random_source& random) {
  p.header.hash = hash_quality::good;
  p.header.banned &= ~(std::uint64_t{1} << static_cast<unsigned>(opcode::fill_reserved));
  operation& o = p.operations.front();
  o = {.code = opcode::fill_reserved, .argument = 1};
  o.key.number = static_cast<std::uint16_t>(random.below(8));
  o.count = static_cast<std::uint16_t>(129 + random.below(16));
}

void make_fit(program& p, const mutation_options& options) {
  const std::size_t most = std::min(options.operations_max, operations_max);
  if (p.operations.size() > most) p.operations.resize(most);
  p.header.target = options.target;
  if (!options.concurrent) p.header.threads = 0;
  if (options.concurrent && p.header.threads == 0) p.header.threads = 2;
  if (!options.scheduled) {
    p.decisions.clear();
    p.header.heap = heap_reuse::at_once;
    p.header.memory = memory_order_mode::sequential;
    p.header.spins = spin_mode::brief;
  }
  normalize(p);
}

}  // namespace

// xoshiro256** (Blackman, Vigna, 2018), its state filled by SplitMix64 as its authors advise.
random_source::random_source(std::uint64_t rng_seed) noexcept {
  for (std::uint64_t& word : state_) {
    rng_seed += 0x9e3779b97f4a7c15;
    std::uint64_t x = rng_seed;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    word = x ^ (x >> 31);
  }
}

std::uint64_t random_source::operator()() noexcept {
  const std::uint64_t drawn = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return drawn;
}

// The bias of a remainder of 64 bits is below bound / 2^64: nothing that a search could notice.
std::uint64_t random_source::below(std::uint64_t bound) noexcept { return bound == 0 ? 0 : (*this)() % bound; }

operation generate_operation(const program& context, random_source& random, const mutation_options& options) {
  program one;
  one.header = context.header;
  one.operations.push_back(draw_operation(context, random, options, false));
  normalize(one);
  return one.operations.front();
}

program generate(random_source& random, std::size_t operations, const mutation_options& options) {
  program p;
  for (int i = 0; i < 6; ++i) {
    if (random.chance(40)) change_header(p.header, random, options);
  }
  // Swarm testing (Groce et al., 2012): a random half of the operations left out, in one of four programs.
  if (random.chance(25)) p.header.banned = random() & random();
  if (options.concurrent && p.header.threads < 2) {
    p.header.threads = static_cast<std::uint8_t>(2 + random.below(thread_count_max - 1));
  }
  normalize(p);
  const std::size_t wanted = std::min({operations, options.operations_max, operations_max});
  while (p.operations.size() < wanted) {
    const std::uint64_t ticket = random.below(100);
    std::vector<operation> block;
    if (ticket < 81) {
      block.push_back(draw_operation(p, random, options, false));
    } else {
      block = ticket < 90                          ? draw_walk(p, random, options)
              : ticket < 91 && !options.concurrent ? draw_twins(p, random, options)
              : ticket < 93                        ? draw_faulty(p, random, options)
              : ticket < 95 && !options.concurrent ? draw_waves(p, random, options)
                                                   : draw_run(p, random, options, false);
    }
    p.operations.insert(p.operations.end(), block.begin(), block.end());
  }
  p.operations.resize(wanted);
  if (options.scheduled) {
    if (random.chance(50)) p.header.heap = heap_reuse::quarantine;
    if (random.chance(50)) p.header.memory = memory_order_mode::weak;
    if (random.chance(25)) p.header.spins = spin_mode::lasting;
    for (std::uint64_t more = random.below(6); more > 0; --more) p.decisions.push_back(draw_decision(p.header, random));
  }
  if (!options.concurrent && !p.operations.empty() && random.below(one_large_run_in) == 0) {
    begin_with_large_run(p, random);
  }
  make_fit(p, options);
  return p;
}

void mutate(program& p, random_source& random, const mutation_options& options) {
  if (random.chance(options.concurrent ? 8 : 50)) {
    p = generate(random, draw_fresh_length(random, options.concurrent), options);
    return;
  }
  normalize(p);
  if (!random.chance(5)) {  // what costs so much is seldom repeated
    for (operation& o : p.operations) {
      if (o.code == opcode::fill_reserved) o.argument = 0;
    }
  }
  do {
    mutate_once(p, random, options);
    make_fit(p, options);
  } while (random.chance(options.concurrent ? 50 : 80));  // the more edits, the more an execution tries
}

program cross_over(const program& a, const program& b, random_source& random, const mutation_options& options) {
  program child;
  child.header = random.chance(75) ? a.header : b.header;
  if (random.chance(50)) {
    // A head of one and a tail of the other.
    const stretch head{0, random.below(a.operations.size() + 1)};
    const std::size_t cut = random.below(b.operations.size() + 1);
    child.operations = copied(a, head);
    const std::vector<operation> tail = copied(b, {cut, b.operations.size() - cut});
    child.operations.insert(child.operations.end(), tail.begin(), tail.end());
  } else {
    // Stretches of one put into the other.
    child.operations = a.operations;
    do {
      put(child, random, copied(b, draw_stretch(b, random, 64)));
    } while (random.chance(40));
  }
  child.decisions = random.chance(75) ? a.decisions : b.decisions;
  make_fit(child, options);
  return child;
}

}  // namespace gauntlet::check
