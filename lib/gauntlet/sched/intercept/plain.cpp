// Plain accesses and function entries: what clang's -fsanitize=thread inserts, but for atomics (atomics.cpp).
#include <cstring>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/memory/sync_object.h>

namespace gauntlet::sched::runtime {

void link_plain() noexcept {}

namespace {

// With plain_points, an access to what several threads are known to touch is an event.
[[gnu::noinline]] void plain_event(std::uintptr_t at, std::size_t size, access kind, std::uintptr_t code) {
  announce(kind == access::read ? event_kind::plain_read : event_kind::plain_write, at, static_cast<std::uint8_t>(size),
           code);
  done(sync_at(at).number);
}

[[noreturn, gnu::noinline, gnu::cold]] void raise_no_progress(std::uintptr_t code) {
  raise(finding::no_progress, "20,000,000 plain accesses and calls without an event", code, "runs");
}

// Everything about a plain access but judging it.
inline bool point(const volatile void* p, std::size_t size, access kind, std::uintptr_t code) {
  if (!is_controlled) return false;
  if (--the_run.calls_left < 0) [[unlikely]]
    raise_no_progress(code);
  ++the_run.plain_accesses;
  if (the_run.options.plain_points && size <= 8 && known_shared(address_of(p))) [[unlikely]]
    plain_event(address_of(p), size, kind, code);
  return true;
}
inline void plain(const volatile void* p, std::size_t size, access kind, std::uintptr_t code) {
  if (point(p, size, kind, code) && !concerns_nobody(address_of(p), size)) judge(address_of(p), size, kind, code);
}

}  // namespace

void plain_range(const volatile void* p, std::size_t size, access kind, std::uintptr_t code) {
  if (size != 0) plain(p, size, kind, code);
}

}  // namespace gauntlet::sched::runtime

using gauntlet::sched::runtime::access;
using gauntlet::sched::runtime::plain;
using gauntlet::sched::runtime::point;
using gauntlet::sched::runtime::the_run;

extern "C" {

void __tsan_init() {}

void __tsan_func_entry(void* caller) {
  if (!gauntlet::sched::runtime::is_controlled) return;
  auto& t = the_run.running();
  if (t.depth < gauntlet::sched::runtime::call_depth_max)
    t.calls[t.depth] = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(caller));
  ++t.depth;
  --the_run.calls_left;  // when none is left, the next plain access says so
}
void __tsan_func_exit() {
  if (gauntlet::sched::runtime::is_controlled) --the_run.running().depth;
}

#define GAUNTLET_SCHED_PLAIN(size)                                                                           \
  void __tsan_read##size(void* p) { plain(p, size, access::read, GAUNTLET_SCHED_RETURNS_TO()); }             \
  void __tsan_write##size(void* p) { plain(p, size, access::write, GAUNTLET_SCHED_RETURNS_TO()); }           \
  void __tsan_unaligned_read##size(void* p) { plain(p, size, access::read, GAUNTLET_SCHED_RETURNS_TO()); }   \
  void __tsan_unaligned_write##size(void* p) { plain(p, size, access::write, GAUNTLET_SCHED_RETURNS_TO()); } \
  void __tsan_read_write##size(void* p) { plain(p, size, access::write, GAUNTLET_SCHED_RETURNS_TO()); }      \
  void __tsan_unaligned_read_write##size(void* p) { plain(p, size, access::write, GAUNTLET_SCHED_RETURNS_TO()); }
GAUNTLET_SCHED_PLAIN(1)
GAUNTLET_SCHED_PLAIN(2)
GAUNTLET_SCHED_PLAIN(4)
GAUNTLET_SCHED_PLAIN(8)
GAUNTLET_SCHED_PLAIN(16)

void __tsan_vptr_read(void** p) { plain(p, sizeof *p, access::read, GAUNTLET_SCHED_RETURNS_TO()); }
// A destructor writes the vtable pointer of its own class again: no change, no race with a virtual call. Whether it is a
// choice must not depend on what was there: a constructor may find anything.
void __tsan_vptr_update(void** p, void* value) {
  if (*p != value)
    plain(p, sizeof *p, access::write, GAUNTLET_SCHED_RETURNS_TO());
  else
    point(p, sizeof *p, access::write, GAUNTLET_SCHED_RETURNS_TO());
}
void __tsan_read_range(void* p, std::size_t size) {
  gauntlet::sched::runtime::plain_range(p, size, access::read, GAUNTLET_SCHED_RETURNS_TO());
}
void __tsan_write_range(void* p, std::size_t size) {
  gauntlet::sched::runtime::plain_range(p, size, access::write, GAUNTLET_SCHED_RETURNS_TO());
}
void* __tsan_memcpy(void* to, const void* from, std::size_t size) {
  gauntlet::sched::runtime::plain_range(from, size, access::read, GAUNTLET_SCHED_RETURNS_TO());
  gauntlet::sched::runtime::plain_range(to, size, access::write, GAUNTLET_SCHED_RETURNS_TO());
  return std::memcpy(to, from, size);
}
void* __tsan_memmove(void* to, const void* from, std::size_t size) {
  gauntlet::sched::runtime::plain_range(from, size, access::read, GAUNTLET_SCHED_RETURNS_TO());
  gauntlet::sched::runtime::plain_range(to, size, access::write, GAUNTLET_SCHED_RETURNS_TO());
  return std::memmove(to, from, size);
}
void* __tsan_memset(void* to, int value, std::size_t size) {
  gauntlet::sched::runtime::plain_range(to, size, access::write, GAUNTLET_SCHED_RETURNS_TO());
  return std::memset(to, value, size);
}

}  // extern "C"
