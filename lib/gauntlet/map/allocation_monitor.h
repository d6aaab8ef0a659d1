// allocation_monitor: finds large maps that are built, filled and dropped again and again, and says where.
//
// The story. A function makes a map, fills it with a hundred megabytes and returns; it is called for every request. No test
// fails, no single map is too large, and nothing leaks: what it costs shows as page faults, as time in the allocator, and
// as other people's cache misses. This monitor watches how fast a *site* - the place that makes such maps - gets memory,
// and names the site when that goes on.
//
//   gauntlet::allocation_monitor monitor({.handler = [](const auto& finding) { std::clog << finding << '\n'; }});
//
//   void handle(const request& r) {
//     static gauntlet::allocation_site& site = monitor.site();             // this very line is its name
//     using allocator = gauntlet::monitored_allocator<std::pair<const Key, T>>;
//     gauntlet::hash_map<Key, T, Hash, KeyEqual, allocator> map{allocator(site)};
//     const gauntlet::size_observation at_the_end(site, map);              // for the advice on reserve
//     ...
//   }
//
// Words. *Growth* is memory that a site got from its allocator, whether or not it has been given back since: a map that
// lives for a millisecond counts in full. A *sample* is the growth since the one before, divided by the time since; one is
// taken when `interval` is over. A site is *flagged* when its last `samples` samples were all above
// `bytes_per_second_max`, once for each time that this begins.
//
// What is no growth: memory that a pool takes back and gives out again. The pool decides what is new, so the monitor
// belongs between the pool and what the pool takes from (monitored_resource is made for std::pmr's pools); a pool that hands
// out memory above a monitored allocator can say so itself (allocation_site::reused). Mind that std::pmr's pools keep blocks
// of at most some KiB unless pool_options::largest_required_pool_block says more: a map's tables are larger.
//
// Nobody has to run a thread: every mebibyte that a site gets looks at the clock. A program that allocates nothing takes no
// samples; whoever wants them at fixed times calls poll().
//
// Promises:
//  (1) a site is flagged if and only if `samples` samples in a row were above the bound, and a finding says which
//      samples, how much of their memory was freed again, and the largest size that a map of the site ended with;
//  (2) with the same calls and the same clock the findings are the same;
//  (3) any number of threads may use sites, allocators and poll() at once; allocating waits for nobody;
//  (4) the monitor never makes an allocation fail: where it lacks memory itself, or the handler throws, a finding is lost;
//  (5) a handler is called without a lock held, perhaps in the middle of a map's allocation: it must not use that map.
//
// Requires: the monitor lives longer than the allocators, resources and observations of its sites.
//
// Costs: two relaxed additions an allocation and one a release; a look at the clock for each mebibyte of a site; a sample
// takes O(sites) under a lock, which who finds it taken leaves to the other. A monitored allocator is a pointer larger than
// the one it wraps.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/source_location.h>

namespace gauntlet {

// What the monitor found at one site.
struct allocation_finding {
  std::string site;                             // "file:line in function", and the tag if it has one
  std::chrono::nanoseconds time{};              // by the monitor's clock
  std::vector<std::uint64_t> bytes_per_second;  // the samples, oldest first
  std::uint64_t allocated = 0;                  // in the time of these samples
  std::uint64_t freed = 0;                      // in the same time
  std::uint64_t reused = 0;                     // what pools have said to be no growth, in the same time
  std::uint64_t maps_ended = 0;                 // with a size that was observed, so far
  std::optional<std::size_t> reserve;           // the largest of these sizes: what reserve() should be told

  friend std::ostream& operator<<(std::ostream& out, const allocation_finding& found);
};

class allocation_monitor;

// A place that makes maps. Made by a monitor; every function may be called by any thread.
class allocation_site {
 public:
  allocation_site(const allocation_site&) = delete;
  allocation_site& operator=(const allocation_site&) = delete;

  // Memory that is new, is given back, or has been given out again by a pool. Allocators call these.
  void allocated(std::size_t bytes) noexcept;
  void freed(std::size_t bytes) noexcept { freed_.fetch_add(bytes, std::memory_order_relaxed); }
  void reused(std::size_t bytes) noexcept { reused_.fetch_add(bytes, std::memory_order_relaxed); }
  // A map of this site has come to its end with so many elements.
  void ended_with(std::size_t elements) noexcept {
    std::size_t largest = largest_.load(std::memory_order_relaxed);
    while (largest < elements && !largest_.compare_exchange_weak(largest, elements, std::memory_order_relaxed)) {
    }
    ended_.fetch_add(1, std::memory_order_relaxed);
  }

  const std::string& name() const noexcept { return name_; }
  std::uint64_t allocated_so_far() const noexcept { return allocated_.load(std::memory_order_relaxed); }
  std::uint64_t freed_so_far() const noexcept { return freed_.load(std::memory_order_relaxed); }

 private:
  friend allocation_monitor;
  struct sample {
    std::uint64_t bytes_per_second = 0, allocated = 0, freed = 0, reused = 0;
  };
  allocation_site(allocation_monitor& monitor, std::string name, std::chrono::nanoseconds now)
      : monitor_(monitor), name_(std::move(name)), sampled_(now) {}

  allocation_monitor& monitor_;
  const std::string name_;
  // [site] pairs with nothing: sums that are read at leisure.
  std::atomic<std::uint64_t> allocated_{0}, freed_{0}, reused_{0}, ended_{0};
  std::atomic<std::size_t> largest_{0};

  // Guarded by the monitor's lock: when the last sample was taken, what the sums were then, and the last samples. Each
  // site has a time of its own: where memory is lacking, some sites get their sample and others wait for the next one.
  std::chrono::nanoseconds sampled_;
  std::uint64_t allocated_then_ = 0, freed_then_ = 0, reused_then_ = 0;
  std::deque<sample> samples_;
  bool is_flagged_ = false;
};

class allocation_monitor {
 public:
  struct options {
    std::uint64_t bytes_per_second_max = 500'000'000;
    std::size_t samples = 3;
    std::chrono::nanoseconds interval = std::chrono::milliseconds(200);
    std::size_t findings_kept = 64;  // by findings(): the newest
    std::function<void(const allocation_finding&)> handler{};
    std::function<std::chrono::nanoseconds()> clock = [] {
      return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch());
    };
  };

  allocation_monitor() : allocation_monitor(options{}) {}
  // Throws std::invalid_argument for an interval that is not positive, no samples, or no clock.
  explicit allocation_monitor(options with);
  allocation_monitor(const allocation_monitor&) = delete;
  allocation_monitor& operator=(const allocation_monitor&) = delete;

  // The site of the call, the same one each time that the same line calls. O(log sites).
  allocation_site& site(source_location where = source_location::current()) { return site("", where); }
  // With a tag, for several maps of one line or a name that says more: another tag is another site.
  allocation_site& site(std::string_view tag, source_location where = source_location::current());

  // Takes a sample if the interval is over.
  void poll();
  // The newest findings, oldest first.
  std::vector<allocation_finding> findings() const {
    const detail::exclusive_guard<detail::mutex> guard(lock_);
    return {findings_.begin(), findings_.end()};
  }

 private:
  friend allocation_site;
  using place =
      std::tuple<std::string, std::uint_least32_t, std::uint_least32_t, std::string>;  // file, line, column, tag

  void poll_quietly() noexcept {
    try {
      poll();
    } catch (...) {
    }
  }
  std::optional<allocation_finding> sample_locked(allocation_site& of, std::chrono::nanoseconds now)
      GAUNTLET_REQUIRES(lock_);

  const options options_;
  // When the next sample is due. [next sample] pairs with nothing: a hint; what counts is looked up under the lock.
  std::atomic<std::int64_t> next_;
  mutable detail::mutex lock_;
  std::chrono::nanoseconds last_ GAUNTLET_GUARDED_BY(lock_);
  std::map<place, std::unique_ptr<allocation_site>> sites_ GAUNTLET_GUARDED_BY(lock_);
  std::deque<allocation_finding> findings_ GAUNTLET_GUARDED_BY(lock_);
};

// An allocator that tells a site what passes through it; everything else is Inner's. Two are equal if both Inners and sites
// are, so that what is freed is freed where it was counted; it moves and swaps with its container. Without a site it
// tells nobody.
template <class T, class Inner = std::allocator<T>>
class monitored_allocator {
  using traits = std::allocator_traits<Inner>;
  static_assert(std::is_same_v<typename traits::value_type, T>, "monitored_allocator: Inner allocates something else");

 public:
  using value_type = T;
  using pointer = typename traits::pointer;
  using const_pointer = typename traits::const_pointer;
  using void_pointer = typename traits::void_pointer;
  using const_void_pointer = typename traits::const_void_pointer;
  using size_type = typename traits::size_type;
  using difference_type = typename traits::difference_type;
  using propagate_on_container_copy_assignment = std::false_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using is_always_equal = std::false_type;
  template <class U>
  struct rebind {
    using other = monitored_allocator<U, typename traits::template rebind_alloc<U>>;
  };

  monitored_allocator() = default;
  explicit monitored_allocator(allocation_site& site, const Inner& inner = Inner()) : site_(&site), inner_(inner) {}
  template <class U, class OtherInner>
  monitored_allocator(const monitored_allocator<U, OtherInner>& other) noexcept
      : site_(other.site()), inner_(other.inner()) {}

  pointer allocate(size_type count) {
    const pointer at = traits::allocate(inner_, count);
    if (site_ != nullptr) site_->allocated(count * sizeof(T));
    return at;
  }
  void deallocate(pointer at, size_type count) noexcept {
    if (site_ != nullptr) site_->freed(count * sizeof(T));
    traits::deallocate(inner_, at, count);
  }
  template <class U, class... Arguments>
    requires requires(Inner& inner, U* at, Arguments&&... arguments) {
      inner.construct(at, std::forward<Arguments>(arguments)...);
    }
  void construct(U* at, Arguments&&... arguments) {
    inner_.construct(at, std::forward<Arguments>(arguments)...);
  }
  template <class U>
    requires requires(Inner& inner, U* at) { inner.destroy(at); }
  void destroy(U* at) {
    traits::destroy(inner_, at);
  }
  size_type max_size() const noexcept { return traits::max_size(inner_); }
  monitored_allocator select_on_container_copy_construction() const {
    monitored_allocator copy(*this);
    copy.inner_ = traits::select_on_container_copy_construction(inner_);
    return copy;
  }

  allocation_site* site() const noexcept { return site_; }
  const Inner& inner() const noexcept { return inner_; }
  template <class U, class OtherInner>
  friend bool operator==(const monitored_allocator& a, const monitored_allocator<U, OtherInner>& b) noexcept {
    return a.site() == b.site() && a.inner() == Inner(b.inner());
  }

 private:
  allocation_site* site_ = nullptr;
  [[no_unique_address]] Inner inner_;
};

// The same as a memory resource: between a pool and what the pool takes from, only what the pool lacks is growth.
class monitored_resource final : public std::pmr::memory_resource {
 public:
  explicit monitored_resource(allocation_site& site,
                              std::pmr::memory_resource* upstream = std::pmr::get_default_resource())
      : site_(site), upstream_(upstream) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const at = upstream_->allocate(bytes, alignment);
    site_.allocated(bytes);
    return at;
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    site_.freed(bytes);
    upstream_->deallocate(at, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  allocation_site& site_;
  std::pmr::memory_resource* const upstream_;
};

// Tells a site how large a map was at the end of the block. Declared after the map, so that it goes first.
template <class Map>
class size_observation {
 public:
  size_observation(allocation_site& site, const Map& map) : site_(site), map_(map) {}
  ~size_observation() { site_.ended_with(map_.size()); }
  size_observation(const size_observation&) = delete;
  size_observation& operator=(const size_observation&) = delete;

 private:
  allocation_site& site_;
  const Map& map_;
};

// ------------------------------------------------------------------------------------------------------- bodies below

inline void allocation_site::allocated(std::size_t bytes) noexcept {
  constexpr unsigned mebibyte_bits = 20;
  const std::uint64_t before = allocated_.fetch_add(bytes, std::memory_order_relaxed);
  if (before >> mebibyte_bits != (before + bytes) >> mebibyte_bits) monitor_.poll_quietly();
}

inline allocation_monitor::allocation_monitor(options with) : options_(std::move(with)), next_(0), last_{} {
  if (options_.interval.count() <= 0) throw std::invalid_argument("allocation_monitor: the interval must be positive");
  if (options_.samples == 0) throw std::invalid_argument("allocation_monitor: no samples, no finding");
  if (!options_.clock) throw std::invalid_argument("allocation_monitor: there is no clock");
  last_ = options_.clock();
  next_.store((last_ + options_.interval).count(), std::memory_order_relaxed);
}

inline allocation_site& allocation_monitor::site(std::string_view tag, source_location where) {
  place key(where.file_name(), where.line(), where.column(), tag);
  const detail::exclusive_guard<detail::mutex> guard(lock_);
  if (const auto known = sites_.find(key); known != sites_.end()) return *known->second;
  std::string name =
      std::string(where.file_name()) + ":" + std::to_string(where.line()) + " in " + where.function_name();
  if (!tag.empty()) name = std::string(tag) + " at " + name;
  std::unique_ptr<allocation_site> made(new allocation_site(*this, std::move(name), last_));
  return *sites_.emplace(std::move(key), std::move(made)).first->second;
}

inline std::optional<allocation_finding> allocation_monitor::sample_locked(allocation_site& of,
                                                                           std::chrono::nanoseconds now) {
  const auto since = [](const std::atomic<std::uint64_t>& sum, std::uint64_t& then) {
    const std::uint64_t all = sum.load(std::memory_order_relaxed);
    return all - std::exchange(then, all);
  };
  allocation_site::sample& s = of.samples_.emplace_back();  // first, for nothing else of the sample may throw
  const std::chrono::nanoseconds elapsed = now - std::exchange(of.sampled_, now);
  s.allocated = since(of.allocated_, of.allocated_then_);
  s.freed = since(of.freed_, of.freed_then_);
  s.reused = since(of.reused_, of.reused_then_);
  s.bytes_per_second =
      static_cast<std::uint64_t>(static_cast<double>(s.allocated) * 1e9 / static_cast<double>(elapsed.count()));
  if (of.samples_.size() > options_.samples) of.samples_.pop_front();

  bool is_above = of.samples_.size() == options_.samples;
  for (const allocation_site::sample& each : of.samples_) {
    is_above = is_above && each.bytes_per_second > options_.bytes_per_second_max;
  }
  if (std::exchange(of.is_flagged_, is_above) || !is_above) return std::nullopt;

  allocation_finding found;
  found.site = of.name_;
  found.time = now;
  for (const allocation_site::sample& each : of.samples_) {
    found.bytes_per_second.push_back(each.bytes_per_second);
    found.allocated += each.allocated;
    found.freed += each.freed;
    found.reused += each.reused;
  }
  found.maps_ended = of.ended_.load(std::memory_order_relaxed);
  if (found.maps_ended != 0) found.reserve = of.largest_.load(std::memory_order_relaxed);
  return found;
}

inline void allocation_monitor::poll() GAUNTLET_UNCHECKED_LOCKING {
  const std::chrono::nanoseconds now = options_.clock();
  if (now.count() < next_.load(std::memory_order_relaxed)) return;  // [next sample]
  std::vector<allocation_finding> found;
  if (!lock_.try_lock()) return;  // somebody else is at it
  {
    const detail::adopting_guard<detail::mutex> guard(lock_);
    if (now - last_ < options_.interval) return;
    last_ = now;
    next_.store((now + options_.interval).count(), std::memory_order_relaxed);  // [next sample]
    for (auto& [where, site] : sites_) {
      if (std::optional<allocation_finding> one = sample_locked(*site, now)) found.push_back(std::move(*one));
    }
    for (const allocation_finding& each : found) {
      findings_.push_back(each);
      if (findings_.size() > options_.findings_kept) findings_.pop_front();
    }
  }
  if (!options_.handler) return;
  for (const allocation_finding& each : found) options_.handler(each);
}

inline std::ostream& operator<<(std::ostream& out, const allocation_finding& found) {
  const auto megabytes = [](std::uint64_t bytes) { return bytes / 1'000'000; };
  out << found.site << ": allocates";
  const char* between = " ";
  for (const std::uint64_t rate : found.bytes_per_second) {
    out << between << megabytes(rate);
    between = ", ";
  }
  const std::uint64_t freed_per_cent = found.allocated == 0 ? 0 : found.freed * 100 / found.allocated;
  out << " MB/s, and freed " << freed_per_cent << " % as much in the same time: "
      << (freed_per_cent >= 50 ? "large maps are built and dropped. Keep one, or take its memory from a pool"
                               : "a large map grows");
  if (found.reserve) {
    out << ". " << found.maps_ended << " ended with at most " << *found.reserve << " elements: reserve("
        << *found.reserve << ") spares the growing";
  }
  return out;
}

}  // namespace gauntlet
