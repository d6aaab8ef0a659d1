#include <gauntlet/sched/memory/shadow.h>

#include <gauntlet/sched/memory/store_history.h>
#include <gauntlet/sched/memory/sync_object.h>
#include <gauntlet/sched/report/finding.h>

extern "C" char __data_start[], _end[];

namespace gauntlet::sched::runtime {

shadow_regions shadow;

namespace {

// Open addressing over 8-byte granules; entries of older runs are free.
struct far_entry {
  std::uintptr_t granule;
  std::uint32_t generation;
};
constexpr std::uint32_t far_count = 1U << 18;
far_entry* far_entries = nullptr;
shadow_cell* far_cells = nullptr;
std::uint32_t far_used = 0;
std::uint32_t replaced = 0;

constexpr std::uint32_t sync_count = 1U << 16;
sync_object* syncs = nullptr;
std::uint32_t sync_used = 0;

shadow_cell& far_cell(std::uintptr_t granule) noexcept {
  auto i = static_cast<std::uint32_t>((granule * 0x9E3779B97F4A7C15ULL) >> 40) & (far_count - 1);
  for (;; i = (i + 1) & (far_count - 1)) {
    far_entry& entry = far_entries[i];
    if (entry.generation != the_run.generation) {
      if (++far_used > far_count / 4 * 3)
        raise_refused("more than 1.5 MB of memory from outside the run: allocate it in the body");
      entry = {granule, the_run.generation};
      far_cells[i].generation = 0;
      far_cells[i].is_shared = false;
      return far_cells[i];
    }
    if (entry.granule == granule) return far_cells[i];
  }
}

[[gnu::noinline, gnu::cold]] void report_freed(const shadow_cell& cell, std::uintptr_t address, access kind,
                                               std::uintptr_t code) {
  report_use_after_free(address, kind, code, cell.records[0]);
}

// With judge_frees, a race with `free` is told where races are not judged, too.
bool is_told(access kind) noexcept {
  return the_run.options.judge_races || (kind == access::free && the_run.options.judge_frees);
}

inline void compare(shadow_cell& cell, std::uintptr_t granule, std::uint8_t bytes, access kind, std::uintptr_t code) {
  thread& t = the_run.running();
  const moment now = t.now[t.id];
  access_record* mine = nullptr;
  for (unsigned i = 0; i < cell.count;) {
    access_record& r = cell.records[i];
    if (r.thread == t.id) {
      if (r.kind == kind && r.bytes == bytes) {
        if (r.when == now) return;
        mine = &r;
      }
    } else if ((r.bytes & bytes) != 0) {
      if (!t.now.covers(r.thread, r.when)) {
        if ((is_write(r.kind) || is_write(kind)) && !(is_atomic(r.kind) && is_atomic(kind)) && is_told(kind))
          return report_race(granule, bytes, kind, code, r);
      } else if (kind == access::write && (r.bytes & ~bytes) == 0) {
        // Everything that races with it and comes later races with this write as well.
        r = cell.records[--cell.count];
        if (mine == &cell.records[cell.count]) mine = &r;
        continue;
      }
    }
    ++i;
  }
  if (mine == nullptr) mine = &cell.records[cell.count < 4 ? cell.count++ : replaced++ & 3U];
  *mine = {now, code <= UINT32_MAX ? static_cast<std::uint32_t>(code) : 0, t.id, kind, bytes, 0};
}

// A plain write to an atomic or a lock starts it anew: constructors write plainly.
[[gnu::noinline]] void forget_syncs(shadow_cell& cell, std::uintptr_t granule, unsigned bytes) {
  for (std::uint32_t n = cell.sync; n != 0; n = syncs[n].next)
    if ((bytes >> (syncs[n].address - granule) & 1U) != 0) {
      const std::uint32_t next = syncs[n].next;
      syncs[n].reset(syncs[n].address, n);
      syncs[n].next = next;
    }
}

// Of the 8 bytes at `granule`, the `size` ones from `first` on.
inline void judge_within(std::uintptr_t granule, unsigned first, std::size_t size, access kind, std::uintptr_t code) {
  if (concerns_nobody(granule + first, size)) return;
  const auto bytes = static_cast<std::uint8_t>(((1U << size) - 1) << first);
  shadow_cell& cell = cell_at(granule);
  if (cell.freed) [[unlikely]]
    report_freed(cell, granule + first, kind, code);
  if (kind == access::write && cell.sync != 0) [[unlikely]]
    forget_syncs(cell, granule, bytes);
  if (the_run.unjoined != 0) compare(cell, granule, bytes, kind, code);
}

}  // namespace

void start_shadow() {
  shadow.reserved = static_cast<shadow_cell*>(layout::own_pages(layout::size / 8 * sizeof(shadow_cell)));
  shadow.notes = static_cast<std::uint32_t*>(layout::own_pages(layout::size / 8 * sizeof(std::uint32_t)));
  shadow.globals_begin = reinterpret_cast<std::uintptr_t>(__data_start) & ~std::uintptr_t{7};
  shadow.globals_size = (reinterpret_cast<std::uintptr_t>(_end) - shadow.globals_begin + 7) & ~std::size_t{7};
  shadow.globals = static_cast<shadow_cell*>(layout::own_pages(shadow.globals_size / 8 * sizeof(shadow_cell)));
  far_entries = static_cast<far_entry*>(layout::own_pages(far_count * sizeof(far_entry)));
  far_cells = static_cast<shadow_cell*>(layout::own_pages(far_count * sizeof(shadow_cell)));
  syncs = static_cast<sync_object*>(layout::own_pages(sync_count * sizeof(sync_object)));
}

void begin_shadow() {
  far_used = 0;
  replaced = 0;
  sync_used = 0;
  history::begin();
}

shadow_cell& cell_elsewhere(std::uintptr_t address) noexcept {
  const std::uintptr_t global = address - shadow.globals_begin;
  shadow_cell& cell =
      global < shadow.globals_size ? shadow.globals[global >> 3] : far_cell(address & ~std::uintptr_t{7});
  if (cell.generation != the_run.generation) [[unlikely]] {
    cell.generation = the_run.generation;
    start_anew(cell);
  }
  return cell;
}

void judge(std::uintptr_t address, std::size_t size, access kind, std::uintptr_t code) noexcept {
  auto first = static_cast<unsigned>(address & 7);
  std::uintptr_t granule = address - first;
  for (; first + size > 8; granule += 8, first = 0) {
    judge_within(granule, first, 8 - first, kind, code);
    size -= 8 - first;
  }
  if (size != 0) judge_within(granule, first, size, kind, code);
}

bool known_shared(std::uintptr_t address) noexcept {
  const std::uintptr_t granule = address & ~std::uintptr_t{7};
  shadow_cell& cell = cell_at(granule);
  const auto me = static_cast<std::uint8_t>(the_run.current + 1);
  if (cell.is_shared) {
    if (cell.met != the_run.generation && !shared_used.full()) shared_used.push(granule);
    cell.met = the_run.generation;
  } else if (cell.first_thread == 0) {
    cell.first_thread = me;
  } else if (cell.first_thread != me) {
    cell.is_shared = true;
    cell.met = the_run.generation;
    const bool kept = granule - layout::base < layout::size || granule - shadow.globals_begin < shadow.globals_size;
    if (kept && !shared_granules.full()) shared_granules.push(granule);
  }
  return cell.is_shared;
}

void mark_freed(std::uintptr_t address, std::size_t size, std::uintptr_t code) noexcept {
  const thread& t = the_run.running();
  const auto where = code <= UINT32_MAX ? static_cast<std::uint32_t>(code) : 0;
  const access_record by{t.now[t.id], where, t.id, access::write, 0xFF, 0};
  for (std::uintptr_t at = address & ~std::uintptr_t{7}; at < address + size; at += 8) {
    shadow_cell& cell = cell_at(at);
    cell.freed = true;
    cell.count = 1;
    cell.sync = 0;
    cell.records[0] = by;
    always_look_at(at);
  }
}

void forget(std::uintptr_t address, std::size_t size) noexcept {
  for (std::uintptr_t at = address & ~std::uintptr_t{7}; at < address + size; at += 8) {
    const std::uintptr_t offset = at - layout::base;
    const bool used = offset >= layout::size || shadow.notes[offset >> 3] >> 1 == (the_run.generation << 1) >> 1;
    if (!used) continue;
    start_anew(cell_at(at));
    if (offset < layout::size) shadow.notes[offset >> 3] = the_run.generation << 1;
  }
}

void sync_object::reset(std::uintptr_t at, std::uint32_t with_number) noexcept {
  address = at;
  number = with_number;
  next = 0;
  released.clear();
  stored_at = 0;
  store_code = 0;
  store_thread = nobody;
  history = 0;
  released_by_readers.clear();
  owner = nobody;
  depth = 0;
  readers = 0;
  lock_code = 0;
  locked_before = false;
  count = 0;
  phase = limit = 0;
  if (readers_used) std::memset(reads_held, 0, sizeof reads_held);
  readers_used = false;
}

sync_object* find_sync(std::uintptr_t address) noexcept {
  for (std::uint32_t n = cell_at(address).sync; n != 0; n = syncs[n].next)
    if (syncs[n].address == address) return &syncs[n];
  return nullptr;
}

sync_object& sync_at(std::uintptr_t address) noexcept {
  shadow_cell& cell = cell_at(address);
  for (std::uint32_t n = cell.sync; n != 0; n = syncs[n].next)
    if (syncs[n].address == address) return syncs[n];
  if (sync_used + 1 >= sync_count) raise_refused("more than 65,534 atomics and locks in one run");
  sync_object& made = syncs[++sync_used];
  made.reset(address, sync_used);
  made.next = cell.sync;
  cell.sync = sync_used;
  always_look_at(address);
  return made;
}

}  // namespace gauntlet::sched::runtime
