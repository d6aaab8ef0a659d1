#include <gauntlet/sched/heap/arena.h>

#include <bit>
#include <cstring>

#include <gauntlet/sched/report/finding.h>
#include <gauntlet/sched/runtime/globals.h>
#include <gauntlet/sched/runtime/layout.h>

namespace gauntlet::sched::runtime::arena {

namespace {

enum class block_state : std::uint16_t { none = 0, allocated = 0xA110, freed = 0xF4EE };

struct header {
  std::uint32_t size;   // asked for; classes above 4 GiB do not exist
  std::uint32_t code;   // that asked
  std::uint32_t span;   // bytes from this header to the next one
  std::uint8_t thread;  // that asked
  std::uint8_t size_class;
  block_state state;
  std::uint32_t calls[leaked::calls_max];  // on the way to `code`, the innermost first; 0: there is none
};
static_assert(sizeof(header) == 32);

// Four classes per doubling: 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, ...
constexpr unsigned class_count = 128;
constexpr unsigned class_of(std::size_t size) noexcept {
  const std::size_t units = size == 0 ? 1 : (size + 15) / 16;
  if (units <= 8) return static_cast<unsigned>(units - 1);
  const auto top = static_cast<unsigned>(std::bit_width(units - 1)) - 1;  // 2^top <= units - 1
  return static_cast<unsigned>(top * 4 + ((units - 1) >> (top - 2) & 3)) - 4;
}
constexpr std::size_t size_of_class(unsigned c) noexcept {
  if (c < 8) return (c + std::size_t{1}) * 16;
  const unsigned top = (c + 4) / 4, quarter = (c + 4) % 4;
  return ((std::size_t{1} << top) + ((quarter + std::size_t{1}) << (top - 2))) * 16;
}
constexpr bool classes_fit() {
  for (std::size_t size = 1; size < 100000; size += size < 2000 ? 1 : 97)
    if (size_of_class(class_of(size)) < size || (class_of(size) > 0 && size_of_class(class_of(size) - 1) >= size))
      return false;
  return true;
}
static_assert(classes_fit());

void* free_blocks[class_count];
std::uintptr_t top = layout::heap;  // first byte that no block has had
std::size_t live_blocks = 0;

header& header_of(const void* p) noexcept {
  return *reinterpret_cast<header*>(reinterpret_cast<std::uintptr_t>(p) - sizeof(header));
}

template <class Visit>
void for_each_block(Visit visit) {
  for (std::uintptr_t at = layout::heap; at < top;) {
    auto& h = *reinterpret_cast<header*>(at);
    visit(h, at + sizeof(header));
    at += h.span;
  }
}

}  // namespace

void begin() noexcept {
  for (void*& block : free_blocks) block = nullptr;
  top = layout::heap;
  live_blocks = 0;
}

void* allocate(std::size_t size, std::size_t alignment, std::uintptr_t code) noexcept {
  if (size > layout::heap_size / 2) return nullptr;
  const unsigned c = class_of(size);
  void* p = nullptr;
  if (alignment <= 16 && free_blocks[c] != nullptr) {
    p = free_blocks[c];
    std::memcpy(&free_blocks[c], p, sizeof(void*));
    forget(reinterpret_cast<std::uintptr_t>(p), size_of_class(c));
  } else {
    // A block that needs more than 16 bytes of alignment leaves a gap before it, which is a dead block of its own.
    std::uintptr_t at = top + sizeof(header);
    if (const std::uintptr_t aligned = (at + alignment - 1) & ~(alignment - 1); aligned != at) {
      *reinterpret_cast<header*>(top) = {0, 0, static_cast<std::uint32_t>(aligned - at), 0, 0, block_state::none, {}};
      at = aligned;
    }
    if (at + size_of_class(c) > layout::heap + layout::heap_size) return nullptr;
    p = reinterpret_cast<void*>(at);
    top = at + size_of_class(c);
  }
  header_of(p) = {static_cast<std::uint32_t>(size),
                  code <= UINT32_MAX ? static_cast<std::uint32_t>(code) : 0,
                  static_cast<std::uint32_t>(sizeof(header) + size_of_class(c)),
                  the_run.current,
                  static_cast<std::uint8_t>(c),
                  block_state::allocated,
                  {}};
  const thread& t = the_run.running();
  for (unsigned i = 0; i < leaked::calls_max && i < t.depth; ++i) {
    const unsigned at_depth = t.depth - 1 - i;
    if (at_depth < call_depth_max) header_of(p).calls[i] = static_cast<std::uint32_t>(t.calls[at_depth]);
  }
  ++live_blocks;
  // The same garbage each time, whatever earlier runs left: a program that reads it does so deterministically.
  std::memset(p, 0xA5, size);
  return p;
}

void release(void* p, std::uintptr_t code) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  const bool possible = at % 16 == 0 && at > layout::heap && at < top;
  if (!possible || header_of(p).state != block_state::allocated) {
    const bool twice = possible && header_of(p).state == block_state::freed;
    if (twice) raise_double_free(at, code, cell_at(at).records[0]);
    raise(finding::double_free, "frees what was not allocated", code, "frees");
  }
  header& h = header_of(p);
  judge(at, h.size, access::free, code);
  h.state = block_state::freed;
  --live_blocks;
  mark_freed(at, size_of_class(h.size_class), code);
  if (the_run.options.allocator == reuse::at_once) {
    std::memcpy(p, &free_blocks[h.size_class], sizeof(void*));
    free_blocks[h.size_class] = p;
  }
}

bool owns(const volatile void* p) noexcept {
  return reinterpret_cast<std::uintptr_t>(p) - layout::heap < layout::heap_size;
}

std::size_t size_of(const void* p) noexcept { return header_of(p).size; }

std::size_t live() noexcept { return live_blocks; }

leaked find_leaks() {
  // Blocks in ascending order; `reached` grows from the globals until nothing is added. Any word counts as a pointer.
  static list<std::uintptr_t> blocks, work;
  blocks.reserve(live_blocks + 1);
  work.reserve(live_blocks + 1);
  blocks.clear();
  work.clear();
  for_each_block([&](header& h, std::uintptr_t at) {
    if (h.state == block_state::allocated) blocks.push(at);
  });
  const auto look = [&](std::uintptr_t from, std::size_t size) {
    for (std::uintptr_t at = from; at + sizeof(std::uintptr_t) <= from + size; at += sizeof(std::uintptr_t)) {
      std::uintptr_t word;
      std::memcpy(&word, reinterpret_cast<const void*>(at), sizeof word);
      if (word - layout::heap >= layout::heap_size) continue;
      std::size_t low = 0, high = blocks.size();
      while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if ((blocks[middle] & ~std::uintptr_t{1}) <= word)
          low = middle + 1;
        else
          high = middle;
      }
      if (low == 0) continue;
      std::uintptr_t& block = blocks[low - 1];  // lowest bit: reached
      const std::uintptr_t begin = block & ~std::uintptr_t{1};
      if ((block & 1) != 0 || word > begin + size_of(reinterpret_cast<const void*>(begin))) continue;
      block |= 1;
      work.push(begin);
    }
  };
  for_each_global_range(look);
  while (!work.empty()) {
    const std::uintptr_t block = work.back();
    work.pop();
    look(block, size_of(reinterpret_cast<const void*>(block)));
  }
  leaked found;
  for (const std::uintptr_t block : blocks) {
    if ((block & 1) != 0) continue;
    const header& h = header_of(reinterpret_cast<const void*>(block));
    if (found.count++ == 0) {
      found.code = h.code;
      found.thread = h.thread;
      for (unsigned i = 0; i < leaked::calls_max; ++i) found.calls[i] = h.calls[i];
    }
    found.bytes += h.size;
  }
  return found;
}

}  // namespace gauntlet::sched::runtime::arena
