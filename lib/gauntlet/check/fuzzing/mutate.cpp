// How programs are made and changed.
//
// A mutation is a few small edits in a row, each on whole operations (draw.h makes them); every edit leaves a program
// that is normal again after normalize().
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
#include <bit>

#include <gauntlet/check/fuzzing/draw.h>
#include <gauntlet/check/fuzzing/mutate_decisions.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/edit.h>

namespace gauntlet::check {
namespace {

// How many fresh programs there are for each that begins with a large run.
constexpr std::uint64_t one_large_run_in = 2048;

// What concurrent maps are judged with; for other types they take the first. The last of all is theirs alone.
constexpr element_types types_among_threads[] = {element_types::u64_u64, element_types::u64_two_words,
                                                 element_types::string_string, element_types::tracked_tracked,
                                                 element_types::tracked_tracked};
constexpr unsigned types_alone = element_types_count - 1;

// Among threads: how many elements are there before. Tables grow at a power of two, or at three quarters or seven eighths
// of it.
std::uint8_t draw_elements_before(random_source& random) {
  if (random.chance(70)) return 0;
  const std::uint64_t size = std::uint64_t{8} << random.below(6);
  const std::uint64_t filled = random.chance(40) ? size : random.chance(60) ? size / 4 * 3 : size / 8 * 7;
  return static_cast<std::uint8_t>(filled - 1 - random.below(4));
}

// Likewise: how many were erased. A free list needs two to hand out the wrong one.
std::uint8_t draw_erased_before(random_source& random) {
  return static_cast<std::uint8_t>(1 + random.below(random.chance(80) ? 4 : 24));
}

element_types draw_types(random_source& random, const mutation_options& options) {
  return options.concurrent ? types_among_threads[random.below(std::size(types_among_threads))]
                            : static_cast<element_types>(random.below(types_alone));
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
      h.types = draw_types(random, options);
      break;
    case 3:
      h.allocator = static_cast<allocator_mode>(random.below(allocator_mode_count));
      break;
    case 4:
      if (!options.concurrent) {
        h.capacity = random.chance(50) ? std::uint8_t{0} : static_cast<std::uint8_t>(random.below(256));
      } else if (random.chance(70)) {
        h.capacity = draw_elements_before(random);
      } else {
        h.erased_before = random.chance(50) ? std::uint8_t{0} : draw_erased_before(random);
      }
      break;
    case 5:
      if (options.concurrent) h.threads = static_cast<std::uint8_t>(2 + random.below(thread_count_max - 1));
      break;
    default:
      // Leaving operations out is what makes the others meet more often; mostly it is undone again.
      h.banned = random.chance(60) ? 0 : h.banned ^ std::uint64_t{1} << random.below(bans);
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
      block = ticket < 15                         ? draw_walk(p, random, options)
              : ticket < 16                       ? draw_faulty(p, random, options)
              : ticket < 17 && options.concurrent ? draw_meeting(p, random, options)
              : ticket < 18 && options.concurrent ? draw_turnover(p, random, options)
              : ticket < 17                       ? draw_twins(p, random, options)
              : ticket < 18                       ? draw_waves(p, random, options)
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
      o.code = draw_opcode(p.header.banned, random, options);
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
  p.header.banned &= ~(std::uint64_t{1} << ban_of(opcode::fill_reserved));
  operation& o = p.operations.front();
  o = {.code = opcode::fill_reserved, .argument = 1};
  o.key.number = static_cast<std::uint16_t>(random.below(8));
  o.count = static_cast<std::uint16_t>(129 + random.below(16));
}

void make_fit(program& p, const mutation_options& options) {
  leave_out(p, options.without);
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

void leave_out(program& p, const opcode_set& operations) {
  if (operations.none()) return;
  for (std::size_t i = p.operations.size(); i-- > 0;) {
    if (operations[static_cast<std::size_t>(p.operations[i].code)]) erase_operations(p, i, 1);
  }
  normalize(p);
}

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
  if (options.concurrent && random.chance(25)) p.header.erased_before = draw_erased_before(random);
  // Only objects meet every fault, only text has prefixes in common, and a hash that collides has to come with either.
  if (random.chance(40)) p.header.types = draw_types(random, options);
  if (!options.concurrent && random.chance(30)) {
    p.header.hash = static_cast<hash_quality>(random.below(hash_quality_count));
  }
  normalize(p);
  const std::size_t wanted = std::min({operations, options.operations_max, operations_max});
  if (options.concurrent && options.prefilled && wanted >= 3 && random.chance(40)) {
    p.operations.push_back(draw_contents(random));
  }
  while (p.operations.size() < wanted) {
    const std::uint64_t ticket = random.below(100);
    std::vector<operation> block;
    if (ticket < (options.concurrent ? 68 : 81)) {
      block.push_back(draw_operation(p, random, options, false));
    } else if (ticket < 81) {
      block = ticket < 76   ? draw_meeting(p, random, options)
              : ticket < 79 ? draw_turnover(p, random, options)
                            : draw_bystanders(p, random, options);
    } else {
      block = ticket < 90                               ? draw_walk(p, random, options)
              : ticket < 91 && !options.concurrent      ? draw_twins(p, random, options)
              : ticket < (options.concurrent ? 94 : 93) ? draw_faulty(p, random, options)
              : ticket < 95 && !options.concurrent      ? draw_waves(p, random, options)
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

program generate_fresh(random_source& random, const mutation_options& options) {
  return generate(random, draw_fresh_length(random, options.concurrent), options);
}

void mutate(program& p, random_source& random, const mutation_options& options) {
  if (random.chance(options.concurrent ? 8 : 50)) {
    p = generate_fresh(random, options);
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
