#include <gauntlet/sched/memory/store_history.h>

#include <gauntlet/sched/report/finding.h>
#include <gauntlet/sched/runtime/scheduler.h>

namespace gauntlet::sched::runtime::history {

namespace {

// Numbered from 1, all forgotten at once. Elements keep what an earlier run left in them.
template <class T>
class pool {
 public:
  void begin(std::size_t limit) {
    elements_.reserve(limit + 1);
    used_ = 0;
    limit_ = static_cast<std::uint32_t>(limit);
  }
  std::uint32_t take() {
    if (used_ == limit_) raise_refused("more old stores than a run of so many events can have");
    return ++used_;
  }
  std::uint32_t used() const noexcept { return used_; }
  T& operator[](std::uint32_t number) noexcept { return elements_[number]; }

 private:
  list<T> elements_;
  std::uint32_t used_ = 0, limit_ = 0;
};

// Of one location. Stores are counted from 0; store n lies at kept[n % kept_max].
struct location {
  std::uint32_t oldest, newest;  // counts
  std::uint32_t size;            // bytes of an access
  std::uint32_t kept[kept_max];
};

// A thread has seen a store: first at moment `when`.
struct sighting {
  std::uint32_t next;
  moment when;
  std::uint16_t thread;
  std::uint16_t stale_reads;  // how often, while there was a newer one
};

pool<location> locations;
pool<old_store> stores;
pool<sighting> sightings;

// For each seq_cst fence, by number: all that happens before it or one of those before it.
pool<vector_clock> fences;

old_store& store_of(location& l, std::uint32_t n) noexcept { return stores[l.kept[n % kept_max]]; }

old_store& push(location& l, std::uint64_t value) noexcept {
  if (++l.newest - l.oldest == kept_max)
    ++l.oldest;
  else
    l.kept[l.newest % kept_max] = stores.take();
  old_store& made = store_of(l, l.newest);
  made.value = value;
  made.in_s = made.seen = 0;
  made.thread = nobody;
  return made;
}

// Rule 8: a history that does not lead to what memory holds is about something else.
void begin_anew(location& l, in_memory now) noexcept {
  l.size = now.size;
  l.oldest = l.newest = 0;
  l.kept[0] = stores.take();
  old_store& first = stores[l.kept[0]];
  first.value = now.value;
  first.in_s = first.seen = 0;
  first.thread = nobody;
}

location& location_of(const sync_object& s, in_memory now) noexcept {
  location& l = locations[s.history];
  if (l.size != now.size || store_of(l, l.newest).value != now.value) [[unlikely]]
    begin_anew(l, now);
  return l;
}

sighting* sighting_of(const old_store& store, unsigned thread) noexcept {
  for (std::uint32_t n = store.seen; n != 0; n = sightings[n].next)
    if (sightings[n].thread == thread) return &sightings[n];
  return nullptr;
}

// Whether a clock has the store, or a load that has seen it.
bool knows(const vector_clock& clock, const old_store& store) noexcept {
  if (store.thread == nobody || clock.covers(static_cast<unsigned>(store.thread), store.when)) return true;
  for (std::uint32_t n = store.seen; n != 0; n = sightings[n].next)
    if (clock.covers(sightings[n].thread, sightings[n].when)) return true;
  return false;
}

// The oldest store in sight.
std::uint32_t oldest_in_sight(const thread& t, location& l, order o) noexcept {
  // Rule 5.
  if (the_run.rounds_without_progress != 0) return l.newest;
  const bool in_s = o == order::sequential;
  const std::uint32_t fence = in_s ? fences.used() : t.now.fence();
  for (std::uint32_t n = l.newest; n != l.oldest; --n) {
    const old_store& store = store_of(l, n);
    if (knows(t.now, store)) return n;                               // rules 1 and 2
    if (store.in_s != 0 && (in_s || store.in_s <= fence)) return n;  // rules 3 and 4: operations
    if (fence != 0 && knows(fences[fence], store)) return n;         // rules 3 and 4: fences
  }
  return l.oldest;
}

// The load sees store n.
void note_load(const thread& t, location& l, std::uint32_t n, order o) noexcept {
  old_store& store = store_of(l, n);
  if (o == order::sequential && store.in_s == 0) store.in_s = fences.used() + 1;
  const bool stale = n != l.newest;
  // Who has seen what is known to happen before it adds nothing to rule 2.
  if (!stale && knows(t.now, store)) return;
  sighting* mine = sighting_of(store, t.id);
  if (mine == nullptr) {
    const std::uint32_t number = sightings.take();
    mine = &sightings[number];
    *mine = {store.seen, t.now[t.id], t.id, 0};
    store.seen = number;
  }
  mine->stale_reads = static_cast<std::uint16_t>(mine->stale_reads + (stale ? 1 : 0));
}

// Rule 5: a store that the thread has seen often enough gives way to the newest.
bool worn_out(const old_store& store, const thread& t) noexcept {
  const sighting* mine = sighting_of(store, t.id);
  return mine != nullptr && mine->stale_reads >= stale_reads_max;
}

}  // namespace

const old_store* choose(thread& t, const sync_object& s, in_memory now, order o) noexcept {
  location& l = location_of(s, now);
  const std::uint32_t oldest = oldest_in_sight(t, l, o);
  std::uint32_t n = l.newest - static_cast<std::uint32_t>(runtime::choose(choice_kind::store, l.newest - oldest + 1));
  if (n != l.newest && worn_out(store_of(l, n), t)) n = l.newest;
  note_load(t, l, n, o);
  return n == l.newest ? nullptr : &store_of(l, n);
}

const old_store* choose_other(thread& t, const sync_object& s, in_memory now, std::uint64_t expected,
                              order o) noexcept {
  location& l = location_of(s, now);
  const std::uint32_t oldest = oldest_in_sight(t, l, o);
  std::uint32_t in_sight[kept_max] = {l.newest};
  std::uint32_t count = 1;
  for (std::uint32_t n = l.newest; n != oldest;) {
    --n;
    if (store_of(l, n).value != expected && !worn_out(store_of(l, n), t)) in_sight[count++] = n;
  }
  const std::uint32_t n = in_sight[runtime::choose(choice_kind::store, count)];
  // On the newest it may succeed, and is a store then, which is noted as such.
  if (n != l.newest || now.value != expected) note_load(t, l, n, o);
  return n == l.newest ? nullptr : &store_of(l, n);
}

void add(thread& t, sync_object& s, in_memory before, std::uint64_t value, order o) noexcept {
  if (s.history == 0) {
    s.history = locations.take();
    begin_anew(locations[s.history], before);
  }
  location& l = location_of(s, before);
  old_store& replaced = store_of(l, l.newest);
  replaced.published.assign(s.released);
  replaced.step = s.stored_at;
  old_store& made = push(l, value);
  made.thread = t.id;
  made.when = t.now[t.id];
  if (o == order::sequential) made.in_s = fences.used() + 1;
}

void add_fence(thread& t) noexcept {
  const std::uint32_t number = fences.take();
  vector_clock& known = fences[number];
  // What relaxed stores publish from here on is what happens before the fence.
  known.assign(t.released);
  if (number > 1) known.join(fences[number - 1]);
  t.now.set_fence(number);
  t.released.set_fence(number);
}

void begin() {
  if (the_run.options.memory != memory_model::weak) return;
  // An event makes at most two stores (the first one of a location finds an older one there), one sighting, one fence.
  const std::size_t events = std::size_t{the_run.options.events_max} + 1;
  locations.begin(events);
  stores.begin(2 * events);
  sightings.begin(events);
  fences.begin(events);
}

}  // namespace gauntlet::sched::runtime::history
