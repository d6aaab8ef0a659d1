#include <gauntlet/check/fuzzing/draw.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include <gauntlet/check/program/names.h>

namespace gauntlet::check {
namespace {

// How often an opcode is drawn for one thread and, second, among threads.
struct weight {
  std::uint8_t alone, among_threads;
};

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
  set(opcode::reserve, 3, 1);
  set(opcode::shrink_to_fit, 3, 1);
  set(opcode::upsert, 0, 4);
  set(opcode::compare_erase, 0, 4);
  return table;
}();

std::uint8_t draw_map(random_source& random, bool concurrent) {
  // Most operations meet in one map, some in a second one; among threads the last number names it.
  const std::uint64_t ticket = random.below(16);
  if (concurrent) return ticket < 14 ? std::uint8_t{0} : static_cast<std::uint8_t>(map_count - 1);
  if (ticket < 9) return 0;
  return static_cast<std::uint8_t>(ticket < 13 ? 1 : ticket < 15 ? 2 : 3);
}

bool is_left_out(opcode code, const program& p, const mutation_options& options) {
  return is_banned(p.header.banned, code) || options.without[static_cast<std::size_t>(code)];
}

}  // namespace

opcode draw_opcode(std::uint64_t banned, random_source& random, const mutation_options& options) {
  const auto weight_of = [&](std::size_t i) -> unsigned {
    if (is_banned(banned, static_cast<opcode>(i)) || options.without[i]) return 0;
    return options.concurrent ? weights[i].among_threads : weights[i].alone;
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

std::uint8_t draw_argument(opcode code, random_source& random, const mutation_options& options) {
  if (code == opcode::fill_reserved) return 0;
  if (code != opcode::fault) return static_cast<std::uint8_t>(random.below(argument_names(code).size()));
  constexpr fault_kind alone[] = {fault_kind::hash, fault_kind::equality,   fault_kind::copy,
                                  fault_kind::move, fault_kind::allocation, fault_kind::every_allocation};
  constexpr fault_kind among_threads[] = {fault_kind::allocation, fault_kind::allocation, fault_kind::every_allocation,
                                          fault_kind::function,   fault_kind::function,   fault_kind::copy,
                                          fault_kind::hash,       fault_kind::equality};
  return static_cast<std::uint8_t>(options.concurrent ? among_threads[random.below(std::size(among_threads))]
                                                      : alone[random.below(std::size(alone))]);
}

void draw_expected(operation& o, std::span<const operation> among, random_source& random) {
  if (o.code != opcode::compare_exchange && o.code != opcode::compare_erase) return;
  if (random.chance(20)) return;
  std::uint64_t met = 0;
  for (const operation& each : among) {
    const operands& takes = info(each.code).takes;
    if (!takes.key || !takes.value || each.key.choice != o.key.choice) continue;
    // Consecutive keys get consecutive values.
    const unsigned ahead = static_cast<std::uint16_t>(o.key.number - each.key.number);
    if (ahead >= std::max<unsigned>(each.count, 1) || random.below(++met) != 0) continue;
    o.value = static_cast<std::uint16_t>(each.value + ahead + (each.code == opcode::compare_exchange ? 1 : 0));
  }
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
  draw_expected(o, p.operations, random);
  if (o.code == opcode::erase_range && random.chance(50)) o.value = 0;  // from the front, as one drains a map
  if (takes.count) o.count = options.concurrent ? std::uint16_t{1} : draw_count(random);
  if (takes.argument) o.argument = draw_argument(o.code, random, options);
  if (takes.body) o.argument = 0;
}

operation draw_operation(const program& p, random_source& random, const mutation_options& options, bool inside) {
  operation o;
  o.code = draw_opcode(p.header.banned, random, options);
  draw_operands(o, p, random, options, inside);
  o.where = draw_lane(p.header, random);
  return o;
}

namespace {

// What nearly every loop over a map that changes it does.
operation erasure_of_the_current(const program& p, random_source& random, const mutation_options& options) {
  operation o;
  o.code = random.chance(50) ? opcode::erase_key : opcode::erase_iterator;
  if (is_left_out(o.code, p, options)) o.code = opcode::nothing;
  o.key.choice = key_class::current;
  o.where = draw_lane(p.header, random);
  return o;
}

}  // namespace

std::vector<operation> draw_walk(const program& p, random_source& random, const mutation_options& options,
                                 unsigned depth) {
  std::vector<operation> block(1);
  const bool iterates = !options.concurrent && (is_left_out(opcode::walk, p, options) || random.chance(35));
  block[0].code = iterates ? opcode::iterate : opcode::walk;
  block[0].target = draw_map(random, options.concurrent);
  block[0].where = draw_lane(p.header, random);
  if (options.concurrent) return block;
  const std::uint64_t length = 1 + random.below(4);
  const std::uint64_t erasure = random.chance(40) ? random.below(length) : length;  // none
  for (std::uint64_t i = 0; i < length; ++i) {
    if (i != erasure && depth + 1 < walk_depth_max && random.chance(8)) {
      const std::vector<operation> inner = draw_walk(p, random, options, depth + 1);
      block.insert(block.end(), inner.begin(), inner.end());
      continue;
    }
    operation o = draw_operation(p, random, options, true);
    if (i == erasure) o = erasure_of_the_current(p, random, options);
    if (info(o.code).takes.target && (i == erasure || random.chance(40))) o.target = block[0].target;
    block.push_back(o);
  }
  if (block.size() > body_size_max + 1) block.resize(body_size_max + 1);
  block[0].argument = static_cast<std::uint8_t>(block.size() - 1);
  return block;
}

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

operation draw_contents(random_source& random) {
  operation fill;
  fill.code = opcode::insert_copy;
  fill.where = lane::before;
  fill.target = draw_map(random, true);
  fill.key.number = static_cast<std::uint16_t>(random.below(3));
  fill.count = static_cast<std::uint16_t>(2 + random.below(random.chance(75) ? 7 : 24));
  return fill;
}

namespace {

// One comes, the oldest goes.
std::vector<operation> draw_sliding_window(const program& p, random_source& random, const mutation_options& options) {
  operation in = draw_operation(p, random, options, false);
  in.code = random.chance(50) ? opcode::insert_copy : opcode::try_emplace;
  draw_operands(in, p, random, options, false);
  in.count = 1;
  operation out;
  out.code = opcode::erase_key;
  out.target = in.target;
  out.where = in.where;
  out.key = in.key;
  const std::uint64_t width = 1 + random.below(random.chance(50) ? 4 : 32);
  std::vector<operation> block;
  for (std::uint64_t i = 0, moves = 4 + random.below(60); i < moves; ++i) {
    block.push_back(in);
    ++in.key.number;
    ++in.value;
    if (i < width) continue;
    block.push_back(out);
    ++out.key.number;
  }
  return block;
}

}  // namespace

std::vector<operation> draw_waves(const program& p, random_source& random, const mutation_options& options) {
  if (random.chance(50)) return draw_sliding_window(p, random, options);
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

std::vector<operation> draw_meeting(const program& p, random_source& random, const mutation_options& options) {
  constexpr opcode looks[] = {opcode::find, opcode::find, opcode::contains, opcode::size};
  constexpr opcode changes[] = {opcode::insert_copy,      opcode::insert_copy, opcode::try_emplace,
                                opcode::insert_or_assign, opcode::erase_key,   opcode::erase_key,
                                opcode::extract_key,      opcode::update,      opcode::compare_exchange,
                                opcode::fetch_update,     opcode::upsert,      opcode::compare_erase};
  constexpr std::size_t only_among_threads = 2;  // the last ones
  const std::size_t changes_there_are = std::size(changes) - (options.concurrent ? 0 : only_among_threads);
  operation first;
  first.target = draw_map(random, options.concurrent);
  first.key = draw_key(p.header, random, false, options.concurrent);
  std::vector<operation> block(3 + random.below(5));
  for (operation& o : block) {
    const std::uint64_t ticket = random.below(10);
    o.code = ticket < 5   ? looks[random.below(std::size(looks))]
             : ticket < 9 ? changes[random.below(changes_there_are)]
                          : opcode::nothing;
    if (o.code == opcode::nothing || is_left_out(o.code, p, options))
      o.code = draw_opcode(p.header.banned, random, options);
    draw_operands(o, p, random, options, false);
    if (info(o.code).takes.other && o.target != first.target) std::swap(o.target, o.other);
    o.target = first.target;
    if (info(o.code).takes.key) o.key = first.key;
    draw_expected(o, std::span(block.data(), &o), random);
    o.where = draw_lane(p.header, random);
  }
  return block;
}

namespace {

// Two different threads, where there are two.
struct two_lanes {
  lane one, other;
};
two_lanes draw_two_lanes(const program_header& h, random_source& random) {
  const std::uint64_t threads = std::max<std::uint64_t>(h.threads, 1), one = random.below(threads);
  const std::uint64_t other = (one + 1 + random.below(threads - 1)) % threads;
  return {static_cast<lane>(1 + one), static_cast<lane>(1 + other)};
}

}  // namespace

std::vector<operation> draw_turnover(const program& p, random_source& random, const mutation_options& options) {
  constexpr opcode insertions[] = {opcode::insert_copy, opcode::try_emplace, opcode::insert_or_assign};
  operation insertion;
  insertion.code = insertions[random.below(std::size(insertions))];
  if (is_left_out(insertion.code, p, options) || is_left_out(opcode::erase_key, p, options)) {
    return draw_meeting(p, random, options);
  }
  draw_operands(insertion, p, random, options, false);
  if (random.chance(70)) insertion.key = {key_class::wide, static_cast<std::uint16_t>(random.below(512))};
  const auto [one, other] = draw_two_lanes(p.header, random);
  std::vector<operation> block;
  const auto insert_next = [&](lane where) {
    insertion.where = where;
    block.push_back(insertion);
    ++insertion.key.number;
    ++insertion.value;
  };
  insert_next(one);
  insert_next(one);
  operation back = block.front();
  back.code = opcode::erase_key;
  back.value = 0;
  block.push_back(back);
  insert_next(other);
  insert_next(other);
  return block;
}

std::vector<operation> draw_bystanders(const program& p, random_source& random, const mutation_options& options) {
  constexpr opcode looks[] = {opcode::find, opcode::find, opcode::find, opcode::contains};
  constexpr opcode on_neighbours[] = {opcode::insert_copy, opcode::insert_copy, opcode::insert_or_assign,
                                      opcode::try_emplace, opcode::erase_key,   opcode::erase_key};
  constexpr opcode on_all[] = {opcode::clear, opcode::clear,       opcode::erase_if, opcode::merge,
                               opcode::swap,  opcode::copy_assign, opcode::reserve};
  if (is_left_out(opcode::insert_copy, p, options)) return draw_meeting(p, random, options);
  const auto one_of = [&](const auto& codes) {
    const opcode code = codes[random.below(std::size(codes))];
    return is_left_out(code, p, options) ? draw_opcode(p.header.banned, random, options) : code;
  };
  operation fill = draw_contents(random);
  fill.key = {key_class::wide, static_cast<std::uint16_t>(random.below(64))};
  std::vector<operation> block = {fill};
  const auto [one, other] = draw_two_lanes(p.header, random);
  const auto add = [&](opcode code, lane where, std::uint64_t behind_the_first) {
    operation o;
    o.code = code;
    draw_operands(o, p, random, options, false);
    if (info(code).takes.other && o.target != fill.target) std::swap(o.target, o.other);
    o.target = fill.target;
    o.where = where;
    if (info(code).takes.key) o.key = {fill.key.choice, static_cast<std::uint16_t>(fill.key.number + behind_the_first)};
    if (info(code).takes.count && info(code).takes.key) o.count = 1;
    block.push_back(o);
  };
  for (std::uint64_t looked = 2 + random.below(3), at = random.below(fill.count); looked > 0; --looked, ++at) {
    add(one_of(looks), one, at % fill.count);
  }
  for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
    if (random.chance(25)) {
      add(one_of(on_all), other, 0);
    } else {
      add(one_of(on_neighbours), other, random.chance(75) ? fill.count + random.below(8) : random.below(fill.count));
    }
  }
  return block;
}

namespace {

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

// Among threads: a fault of any kind, in an operation that is likely to meet it.
std::vector<operation> draw_faulty_among_threads(const program& p, random_source& random,
                                                 const mutation_options& options) {
  constexpr opcode grows[] = {opcode::insert_copy, opcode::insert_copy, opcode::try_emplace, opcode::insert_or_assign,
                              opcode::update,      opcode::copy_assign, opcode::merge,       opcode::erase_key,
                              opcode::erase_if,    opcode::clear,       opcode::upsert,      opcode::reserve};
  constexpr opcode copies[] = {opcode::insert_copy, opcode::try_emplace, opcode::insert_or_assign, opcode::find,
                               opcode::update,      opcode::snapshot,    opcode::copy_assign};
  constexpr opcode hashes[] = {opcode::insert_copy, opcode::try_emplace, opcode::insert_or_assign,
                               opcode::erase_key,   opcode::find,        opcode::update,
                               opcode::merge};
  constexpr opcode calls[] = {opcode::update, opcode::fetch_update, opcode::walk, opcode::erase_if, opcode::upsert};
  std::vector<operation> block(2);
  block[0].code = opcode::fault;
  block[0].argument = draw_argument(opcode::fault, random, options);
  block[0].value = static_cast<std::uint16_t>(random.below(3));
  const auto one_of = [&random](const auto& codes) { return codes[random.below(std::size(codes))]; };
  auto kind = static_cast<fault_kind>(block[0].argument);
  // Numbers never throw, and only objects report that they are copied.
  const bool numbers = p.header.types == element_types::u64_u64;
  if (kind == fault_kind::copy && p.header.types != element_types::tracked_tracked) kind = fault_kind::allocation;
  if ((kind == fault_kind::hash || kind == fault_kind::equality) && numbers) kind = fault_kind::function;
  block[0].argument = static_cast<std::uint8_t>(kind);
  switch (kind) {
    case fault_kind::allocation:
    case fault_kind::every_allocation:
      block[1].code = one_of(grows);
      break;
    case fault_kind::copy:
      block[1].code = one_of(copies);
      break;
    case fault_kind::function:
      block[1].code = one_of(calls);
      break;
    default:  // hash, equality: most operations have one
      block[1].code = one_of(hashes);
      if (random.chance(70)) block[0].value = 0;
  }
  draw_operands(block[1], p, random, options, false);
  block[0].where = block[1].where = draw_lane(p.header, random);
  return block;
}

}  // namespace

std::vector<operation> draw_faulty(const program& p, random_source& random, const mutation_options& options) {
  if (options.concurrent) return draw_faulty_among_threads(p, random, options);
  constexpr opcode met[] = {
      opcode::insert_copy,      opcode::insert_copy,  opcode::emplace,        opcode::emplace,     opcode::try_emplace,
      opcode::insert_or_assign, opcode::insert_range, opcode::copy_construct, opcode::copy_assign, opcode::merge};
  std::vector<operation> block(2);
  block[0].code = opcode::fault;
  block[0].argument =
      random.chance(40) ? static_cast<std::uint8_t>(fault_kind::copy) : draw_argument(opcode::fault, random, options);
  block[0].value = static_cast<std::uint16_t>(random.below(3));
  if (random.chance(25)) return draw_faulty_passage(block[0], p, random, options);
  block[1].code = met[random.below(std::size(met))];
  draw_operands(block[1], p, random, options, false);
  return block;
}

namespace {

// The same elements in two maps, in another order: a map that has an order, or one that lets it shine through, is equal all
// the same.
std::vector<operation> draw_reordered(const program& p, random_source& random, const mutation_options& options) {
  operation first;
  first.code = opcode::insert_copy;
  draw_operands(first, p, random, options, false);
  operation second = first;
  second.key.number = static_cast<std::uint16_t>(first.key.number + std::max<unsigned>(first.count, 1));
  second.value = static_cast<std::uint16_t>(random.below(4));
  const auto other = static_cast<std::uint8_t>((first.target + 1) % map_count);
  std::vector<operation> block = {first, first, first, second, second, first, first};
  block[0].code = block[1].code = opcode::clear;
  block[6].code = opcode::equal;
  block[6].other = other;
  for (operation* const o : {&block[1], &block[4], &block[5]}) o->target = other;
  return block;
}

}  // namespace

std::vector<operation> draw_twins(const program& p, random_source& random, const mutation_options& options) {
  if (random.chance(33)) return draw_reordered(p, random, options);
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

}  // namespace gauntlet::check
