// chrome_trace: when maps grew and who waited for which lock, as a file that a trace viewer opens.
//
// Words. A *trace* is a list of events in memory, and a file when it is saved. It is *recording* from start to stop; one
// trace of a process records at a time. An event has a time, a thread and a *subject*: the map or the lock it is about.
//
// The idea: growth and contention are told where they happen, by types that a map's policy names, and a map whose policy
// does not name them pays nothing:
//
//   struct traced_policy : gauntlet::sharded_map_policy {
//     using lock_type = gauntlet::traced_lock<gauntlet::sharded_map_policy::lock_type>;
//     struct map_policy : gauntlet::hash_map_policy { using observer = gauntlet::trace_observer<>; };
//   };
//   gauntlet::chrome_trace trace;
//   trace.start();
//   ... use gauntlet::sharded_map<Key, T, Hash, KeyEqual, Allocator, traced_policy> ...
//   trace.stop();
//   trace.save("growth.json");     // open it in ui.perfetto.dev or chrome://tracing
//
// What is seen there: each wait for a lock as a bar on the waiting thread's track, as long as it lasted; growth, splits,
// merges, shrinks, evacuations and promotions as marks; and the capacity and number of tables of every map as curves.
// Locks and maps are numbered in the order in which they first show; an observer can be given a name.
//
// The format is the Trace Event Format's JSON object: events of phase X (a duration), i (a mark), C (a counter) and M
// (names of process and threads), with ts and dur in microseconds to three places, counted from the earliest event.
//
// Read so by two importers that are not ours: speedscope's (1.25) shows each wait as a bar on its named thread, and the trace
// engine of Chrome's developer tools has the same bars, threads and names. Neither draws marks and curves; Perfetto's own
// importer, which does, was not at hand.
//
// Promises:
//  (1) recording an event throws nothing and waits for nothing but other events being recorded or written: where memory, or room
//      (events_max), is lacking, the event is dropped and counted;
//  (2) start, stop and recording may be called by any threads; a trace that has been stopped, or destroyed, is not
//      touched again;
//  (3) what is written is valid JSON in UTF-8, whatever names are given;
//  (4) a saved file is there as a whole or not at all: it is written beside its place, then renamed.
//
// Costs: while nothing records, one load of a flag that nobody writes, and only where something happened. While recording, a
// lock that all events of the process share, some 100 ns, and 72 bytes an event; a thread that waits for a map's lock
// takes it after it has got that lock, so what others wait for becomes longer by that much.
//
// Times come from Clock, as for counted_lock (contention.h): tests name one that they move by hand.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>
#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/json_text.h>
#include <gauntlet/map/detail/mutex.h>

namespace gauntlet {

class chrome_trace {
 public:
  static constexpr std::size_t default_events_max = std::size_t{1} << 20;

  // A number to show with an event. The name must live as long as the trace: a literal.
  struct argument {
    const char* name = nullptr;  // null: none
    std::uint64_t value = 0;
  };
  enum class phase : char { complete = 'X', instant = 'i', counter = 'C' };
  // What is recorded. `name` and `category` must live as long as the trace.
  struct event {
    phase kind = phase::instant;
    const char* name = "";
    const char* category = "";
    std::chrono::nanoseconds begin{};
    std::chrono::nanoseconds duration{};  // of a complete one
    const void* subject = nullptr;        // what it is about, told apart by its address
    std::array<argument, 2> arguments{};  // of a counter: the curves
  };

  explicit chrome_trace(std::size_t events_max = default_events_max) : events_max_(events_max) {}
  ~chrome_trace() { stop(); }
  chrome_trace(const chrome_trace&) = delete;
  chrome_trace& operator=(const chrome_trace&) = delete;

  // From here on events are recorded here; the trace that recorded before, if any, is stopped. What was recorded stays.
  void start() {
    const detail::exclusive_guard<detail::mutex> guard(lock());
    recording() = this;
    // [trace on] pairs with nothing: a hint; who records looks again under the lock.
    on().store(true, std::memory_order_relaxed);
  }
  void stop() noexcept {
    const detail::exclusive_guard<detail::mutex> guard(lock());
    if (recording() != this) return;
    recording() = nullptr;
    on().store(false, std::memory_order_relaxed);  // [trace on]
  }

  // Whether some trace records: for who would otherwise read a clock in vain.
  static bool is_recording() noexcept { return on().load(std::memory_order_relaxed); }  // [trace on]
  // Adds an event of this thread to the trace that records, if one does. `label` names the subject from now on, unless it
  // is empty; `kind` is what subjects without a name are called, with a number.
  static void record(const event& what, const char* kind, std::string_view label = {}) noexcept {
    if (!is_recording()) return;
    const detail::exclusive_guard<detail::mutex> guard(lock());
    if (chrome_trace* const trace = recording()) trace->add_locked(what, kind, label);
  }
  // Forgets all events, names and numbers.
  void clear() {
    const detail::exclusive_guard<detail::mutex> guard(lock());
    events_.clear();
    subjects_.clear();
    threads_.clear();
    dropped_ = 0;
  }

  std::size_t size() const {
    const detail::exclusive_guard<detail::mutex> guard(lock());
    return events_.size();
  }
  std::size_t dropped() const {
    const detail::exclusive_guard<detail::mutex> guard(lock());
    return dropped_;
  }

  // Writes the whole as JSON. O(events), during which recording waits.
  void write(std::ostream& out) const;
  // The same to a file. Throws std::system_error; then what was there before still is.
  void save(const std::filesystem::path& file) const;

 private:
  struct recorded {
    event what;
    unsigned thread;
  };

  // One lock for all traces: who stops one knows that nobody is in it.
  static detail::mutex& lock() noexcept {
    static detail::mutex only;
    return only;
  }
  static chrome_trace*& recording() noexcept {
    static chrome_trace* now = nullptr;
    return now;
  }
  static std::atomic<bool>& on() noexcept {
    static constinit std::atomic<bool> yes{false};
    return yes;
  }
  static std::uint64_t process_number() {
#if __has_include(<unistd.h>)
    return static_cast<std::uint64_t>(::getpid());
#else
    return 1;
#endif
  }

  // Everything below is guarded by lock().
  void add_locked(const event& what, const char* kind, std::string_view label) noexcept;
  void write_locked(std::ostream& out) const;
  void write_event(std::ostream& out, const recorded& each, std::chrono::nanoseconds origin,
                   std::uint64_t process) const;

  const std::size_t events_max_;
  std::vector<recorded> events_;
  std::map<const void*, std::string, std::less<>> subjects_;  // their names
  std::map<std::thread::id, unsigned> threads_;
  std::size_t dropped_ = 0;
};

namespace detail {
template <class Clock>
std::chrono::nanoseconds time_of() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch());
}
}  // namespace detail

// An observer for the policies of hash_map, bucket_map and sync_map, and of the maps inside the others.
template <class Clock = std::chrono::steady_clock>
class trace_observer {
 public:
  // What the map is called in the trace: map.observer().name("words"). May throw std::bad_alloc.
  void name(std::string_view label) { label_ = label; }

  void on_growth(std::size_t before, std::size_t after) noexcept { resized("growth", before, after); }
  void on_shrink(std::size_t before, std::size_t after) noexcept { resized("shrink", before, after); }
  void on_split(std::size_t tables) noexcept { tables_changed("split", tables); }
  void on_merge(std::size_t tables) noexcept { tables_changed("merge", tables); }
  void on_growth_done(std::size_t buckets) noexcept { mark("growth done", {"buckets", buckets}, {}); }  // bucket_map
  void on_promotion(std::size_t keys) noexcept { mark("promotion", {"keys", keys}, {}); }               // sync_map
  void on_copy(std::size_t pointers) noexcept { mark("copy", {"pointers", pointers}, {}); }

 private:
  using phase = chrome_trace::phase;
  void mark(const char* what, chrome_trace::argument one, chrome_trace::argument two) noexcept {
    if (chrome_trace::is_recording()) put(phase::instant, what, one, two);
  }
  void resized(const char* what, std::size_t before, std::size_t after) noexcept {
    if (!chrome_trace::is_recording()) return;
    put(phase::instant, what, {"before", before}, {"after", after});
    put(phase::counter, "capacity", {"capacity", after}, {});
  }
  void tables_changed(const char* what, std::size_t tables) noexcept {
    if (!chrome_trace::is_recording()) return;
    put(phase::instant, what, {"tables", tables}, {});
    put(phase::counter, "tables", {"tables", tables}, {});
  }
  void put(phase kind, const char* what, chrome_trace::argument one, chrome_trace::argument two) noexcept {
    chrome_trace::record({kind, what, "growth", detail::time_of<Clock>(), {}, this, {one, two}}, "map", label_);
  }

  std::string label_;
};

// A lock for policies: what Lock offers, and each wait for it becomes an event. The first look is try_lock, as with
// counted_lock, with which it combines: counted_lock<traced_lock<Lock>> does both.
template <class Lock, class Clock = std::chrono::steady_clock>
class GAUNTLET_CAPABILITY("traced_lock") traced_lock {
 public:
  void lock() GAUNTLET_ACQUIRE() GAUNTLET_UNCHECKED_LOCKING {
    if (!lock_.try_lock()) waiting("waits for lock", [this]() GAUNTLET_UNCHECKED_LOCKING { lock_.lock(); });
  }
  bool try_lock() GAUNTLET_TRY_ACQUIRE(true) GAUNTLET_UNCHECKED_LOCKING { return lock_.try_lock(); }
  void unlock() GAUNTLET_RELEASE() GAUNTLET_UNCHECKED_LOCKING { lock_.unlock(); }
  void lock_shared() GAUNTLET_ACQUIRE_SHARED() GAUNTLET_UNCHECKED_LOCKING {
    if (!lock_.try_lock_shared())
      waiting("waits to read", [this]() GAUNTLET_UNCHECKED_LOCKING { lock_.lock_shared(); });
  }
  bool try_lock_shared() GAUNTLET_TRY_ACQUIRE_SHARED(true) GAUNTLET_UNCHECKED_LOCKING {
    return lock_.try_lock_shared();
  }
  void unlock_shared() GAUNTLET_RELEASE_SHARED() GAUNTLET_UNCHECKED_LOCKING { lock_.unlock_shared(); }

 private:
  template <class Take>
  void waiting(const char* what, Take take) {
    if (!chrome_trace::is_recording()) return take();
    const std::chrono::nanoseconds from = detail::time_of<Clock>();
    take();
    chrome_trace::record(
        {chrome_trace::phase::complete, what, "contention", from, detail::time_of<Clock>() - from, this, {}}, "lock");
  }

  Lock lock_;
};

// ------------------------------------------------------------------------------------------------------- bodies below

inline void chrome_trace::add_locked(const event& what, const char* kind, std::string_view label) noexcept {
  if (events_.size() >= events_max_) {
    ++dropped_;
    return;
  }
  try {
    const unsigned thread =
        threads_.try_emplace(std::this_thread::get_id(), static_cast<unsigned>(threads_.size() + 1)).first->second;
    // A name is made before its subject is put in: none is there without one.
    if (!label.empty()) {
      std::string name(label);
      subjects_[what.subject].swap(name);
    } else if (!subjects_.contains(what.subject)) {
      subjects_.try_emplace(what.subject, std::string(kind) + " " + std::to_string(subjects_.size() + 1));
    }
    events_.push_back({what, thread});
  } catch (...) {
    ++dropped_;
  }
}

inline void chrome_trace::write(std::ostream& out) const {
  const detail::exclusive_guard<detail::mutex> guard(lock());
  write_locked(out);
}

inline void chrome_trace::write_event(std::ostream& out, const recorded& each, std::chrono::nanoseconds origin,
                                      std::uint64_t process) const {
  using number = detail::json_number;
  const event& what = each.what;
  const auto found = subjects_.find(what.subject);
  const std::string_view about = found == subjects_.end() ? std::string_view() : found->second;
  out << "{\"ph\":\"" << static_cast<char>(what.kind) << "\",\"name\":";
  // A viewer draws one curve for each name of a counter.
  detail::write_json_string(
      out, what.kind == phase::counter ? std::string(about) + ": " + what.name : std::string(what.name));
  out << ",\"cat\":";
  detail::write_json_string(out, what.category);
  out << ",\"pid\":" << number(process) << ",\"tid\":" << number(each.thread) << ",\"ts\":";
  detail::write_json_microseconds(out, what.begin - origin);
  if (what.kind == phase::complete) {
    out << ",\"dur\":";
    detail::write_json_microseconds(out, what.duration);
  }
  if (what.kind == phase::instant) out << ",\"s\":\"t\"";
  out << ",\"args\":{";
  const char* between = "";
  if (what.kind != phase::counter) {
    out << "\"of\":";
    detail::write_json_string(out, about);
    between = ",";
  }
  for (const argument& shown : what.arguments) {
    if (shown.name == nullptr) continue;
    out << between;
    detail::write_json_string(out, shown.name);
    out << ':' << number(shown.value);
    between = ",";
  }
  out << "}}";
}

inline void chrome_trace::write_locked(std::ostream& out) const {
  using number = detail::json_number;
  const std::uint64_t process = process_number();
  out.width(0);
  std::chrono::nanoseconds origin = std::chrono::nanoseconds::max();
  for (const recorded& each : events_) origin = each.what.begin < origin ? each.what.begin : origin;
  out << "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped\":" << number(dropped_) << "},\"traceEvents\":[\n"
      << R"({"ph":"M","name":"process_name","pid":)" << number(process) << R"(,"tid":0,"args":{"name":"gauntlet"}})";
  for (const auto& [id, thread] : threads_) {
    out << ",\n"
        << R"({"ph":"M","name":"thread_name","pid":)" << number(process) << ",\"tid\":" << number(thread)
        << R"(,"args":{"name":"thread )" << number(thread) << "\"}}";
  }
  for (const recorded& each : events_) {
    out << ",\n";
    write_event(out, each, origin, process);
  }
  out << "\n]}\n";
}

inline void chrome_trace::save(const std::filesystem::path& file) const {
  std::filesystem::path beside = file;
  beside += ".part";
  try {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    write(out);
    out.close();
    if (!out) throw std::system_error(std::make_error_code(std::errc::io_error), "can't write " + beside.string());
    std::filesystem::rename(beside, file);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(beside, ignored);
    throw;
  }
}

}  // namespace gauntlet
