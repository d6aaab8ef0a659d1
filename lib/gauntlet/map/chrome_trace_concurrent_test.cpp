// What chrome_trace records and writes: read back by a JSON parser that is not ours, with a clock that the test moves.
#include <gauntlet/map/bucket_map.h>
#include <gauntlet/map/chrome_trace.h>
#include <gauntlet/map/contention.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gauntlet/map/sync_map.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <locale>
#include <nlohmann/json.hpp>
#include <set>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using gauntlet::chrome_trace;
using gauntlet::traced_lock;
using json = nlohmann::json;

struct clock_by_hand {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<clock_by_hand>;
  static inline std::atomic<rep> time{0};
  static time_point now() { return time_point(duration(time.load())); }
};

template <class Base>
struct traced : Base {
  using observer = gauntlet::trace_observer<clock_by_hand>;
};
template <class Key, class T>
using elements_of = std::allocator<std::pair<const Key, T>>;

json written(const chrome_trace& trace) {
  std::ostringstream out;
  trace.write(out);
  return json::parse(out.str());
}

// The events of one phase, each of which has the fields that the Trace Event Format asks for.
std::vector<json> events(const json& file, const std::string& phase) {
  std::vector<json> found;
  for (const json& each : file.at("traceEvents")) {
    EXPECT_TRUE(each.at("name").is_string()) << each;
    EXPECT_TRUE(each.at("pid").is_number_unsigned()) << each;
    EXPECT_TRUE(each.at("tid").is_number_unsigned()) << each;
    EXPECT_TRUE(each.at("args").is_object()) << each;
    const std::string kind = each.at("ph");
    EXPECT_TRUE((std::set<std::string>{"X", "i", "C", "M"}.contains(kind))) << each;
    if (kind != "M") {
      EXPECT_TRUE(each.at("ts").is_number()) << each;
      EXPECT_GE(each.at("ts").get<double>(), 0) << each;
      EXPECT_TRUE(each.at("cat").is_string()) << each;
    }
    EXPECT_EQ(each.contains("dur"), kind == "X") << each;
    EXPECT_EQ(each.contains("s"), kind == "i") << each;
    if (kind == "C") {
      for (const json& value : each.at("args")) EXPECT_TRUE(value.is_number()) << each;
    }
    if (kind == phase) found.push_back(each);
  }
  return found;
}

struct fresh_trace : chrome_trace {
  using chrome_trace::chrome_trace;
  fresh_trace() {
    clock_by_hand::time = 5'000'000;
    start();
  }
};

TEST(chrome_trace, nothing_is_recorded_before_start_and_after_stop) {
  gauntlet::hash_map<int, int, gauntlet::hash<int>, std::equal_to<int>, elements_of<int, int>,
                     traced<gauntlet::tiny_policy>>
      map;
  chrome_trace trace;
  for (int i = 0; i < 50; ++i) map[i] = i;
  EXPECT_EQ(trace.size(), 0U);
  trace.start();
  for (int i = 50; i < 100; ++i) map[i] = i;
  trace.stop();
  const std::size_t size = trace.size();
  EXPECT_GT(size, 0U);
  for (int i = 100; i < 200; ++i) map[i] = i;
  EXPECT_EQ(trace.size(), size);
  EXPECT_EQ(events(written(trace), "i").size() + events(written(trace), "C").size(), size);
  trace.clear();
  EXPECT_EQ(trace.size(), 0U);
  EXPECT_EQ(written(trace).at("traceEvents").size(), 1U) << "the name of the process";
}

TEST(chrome_trace, a_trace_that_starts_takes_over_and_one_that_is_gone_is_not_touched) {
  chrome_trace first;
  first.start();
  {
    chrome_trace second;
    second.start();
    chrome_trace::record({}, "map");
    first.stop();  // does not record any more: no effect
    EXPECT_TRUE(chrome_trace::is_recording());
    EXPECT_EQ(second.size(), 1U);
  }
  EXPECT_FALSE(chrome_trace::is_recording());
  chrome_trace::record({}, "map");
  EXPECT_EQ(first.size(), 0U);
}

struct grouped_digits : std::numpunct<char> {
  char do_thousands_sep() const override { return ','; }
  std::string do_grouping() const override { return "\3"; }
};

TEST(chrome_trace, numbers_do_not_depend_on_the_stream) {
  fresh_trace trace;
  chrome_trace::record({chrome_trace::phase::instant, "first", "c", {}}, "map");
  chrome_trace::record({chrome_trace::phase::instant,
                        "second",
                        "c",
                        std::chrono::nanoseconds(1'234'567'890),
                        {},
                        nullptr,
                        {{{"n", ~std::uint64_t{0}}, {"m", 1'234'567}}}},
                       "map");
  trace.stop();
  std::ostringstream plain, odd;
  trace.write(plain);
  odd.imbue(std::locale(std::locale::classic(), new grouped_digits));
  odd << std::hex << std::showbase << std::showpos << std::setfill('*') << std::setw(40);
  trace.write(odd);
  EXPECT_EQ(odd.str(), plain.str());
  const json second = events(written(trace), "i").at(1);
  EXPECT_EQ(second.at("ts").get<double>(), 1'234'567.89);
  EXPECT_EQ(second.at("args").at("n").get<std::uint64_t>(), ~std::uint64_t{0});
}

TEST(chrome_trace, splits_and_growth_of_a_hash_map_are_marks_and_curves) {
  fresh_trace trace;
  gauntlet::hash_map<int, int, gauntlet::hash<int>, std::equal_to<int>, elements_of<int, int>,
                     traced<gauntlet::tiny_policy>>
      map;
  map.observer().name("words");
  for (int i = 0; i < 40; ++i) {
    map[i] = i;
    clock_by_hand::time += 1'500;
  }
  const auto stats = map.stats();
  map.clear();
  trace.stop();
  const json file = written(trace);
  std::size_t splits = 0, growths = 0, shrinks = 0;
  for (const json& mark : events(file, "i")) {
    EXPECT_EQ(mark.at("args").at("of"), "words");
    EXPECT_EQ(mark.at("cat"), "growth");
    splits += mark.at("name") == "split";
    growths += mark.at("name") == "growth";
    shrinks += mark.at("name") == "shrink";
  }
  EXPECT_EQ(splits, stats.splits);
  EXPECT_GE(growths, 1U);
  EXPECT_EQ(shrinks, 1U);
  std::uint64_t most = 0;
  for (const json& curve : events(file, "C")) {
    if (curve.at("name") == "words: tables") most = std::max(most, curve.at("args").at("tables").get<std::uint64_t>());
  }
  EXPECT_EQ(most, stats.tables);
  EXPECT_EQ(events(file, "i").front().at("ts"), 0.0) << "times count from the earliest event";
  const json last = events(file, "i").back();
  EXPECT_EQ(last.at("name"), "shrink");
  EXPECT_EQ(last.at("ts"), 60.0) << "40 times 1.5 microseconds";
}

TEST(chrome_trace, bucket_map_and_sync_map_tell_what_they_do) {
  fresh_trace trace;
  gauntlet::bucket_map<int, int, gauntlet::hash<int>, std::equal_to<int>, elements_of<int, int>,
                       traced<gauntlet::tiny_bucket_policy>>
      buckets;
  gauntlet::sync_map<int, int, gauntlet::hash<int>, std::equal_to<int>, elements_of<int, int>,
                     traced<gauntlet::sync_map_policy>>
      sync;
  for (int i = 0; i < 100; ++i) {
    buckets[i] = i;
    sync.store(i, i);
    (void)sync.load(1000);
  }
  trace.stop();
  std::set<std::string> names;
  std::set<std::string> subjects;
  for (const json& mark : events(written(trace), "i")) {
    names.insert(mark.at("name"));
    subjects.insert(mark.at("args").at("of"));
  }
  EXPECT_EQ(names, (std::set<std::string>{"growth", "growth done", "promotion", "copy"}));
  EXPECT_EQ(subjects, (std::set<std::string>{"map 1", "map 2"}));
}

// A lock that tells when somebody has looked in vain, and when somebody is about to sleep.
struct telling_lock {
  static inline std::atomic<int> failed{0}, sleeping{0};
  bool try_lock() {
    const bool got = lock_.try_lock();
    if (!got) ++failed;
    return got;
  }
  void lock() {
    ++sleeping;
    lock_.lock();
    --sleeping;
  }
  void unlock() { lock_.unlock(); }
  bool try_lock_shared() {
    const bool got = lock_.try_lock_shared();
    if (!got) ++failed;
    return got;
  }
  void lock_shared() {
    ++sleeping;
    lock_.lock_shared();
    --sleeping;
  }
  void unlock_shared() { lock_.unlock_shared(); }

 private:
  std::shared_mutex lock_;
};
// Lets another thread meet the lock, which is held for `held` by the test's clock.
template <class Lock, class Take, class Give>
void meet(Lock& lock, std::chrono::nanoseconds held, Take take, Give give) GAUNTLET_UNCHECKED_LOCKING {
  lock.lock();
  const std::int64_t looks = telling_lock::failed.load();
  std::thread other([&]() GAUNTLET_UNCHECKED_LOCKING {
    take(lock);
    give(lock);
  });
  while (telling_lock::failed.load() == looks) std::this_thread::yield();
  // The other has failed to get it, and reads the clock now or has read it: the clock stands still until it sleeps.
  while (telling_lock::sleeping.load() == 0) std::this_thread::yield();
  clock_by_hand::time += held.count();
  lock.unlock();
  other.join();
}

TEST(chrome_trace, a_wait_for_a_lock_is_a_bar_as_long_as_the_wait) {
  fresh_trace trace;
  traced_lock<telling_lock, clock_by_hand> lock;
  lock.lock();
  lock.unlock();
  EXPECT_EQ(trace.size(), 0U) << "who need not wait leaves no event";
  meet(
      lock, std::chrono::nanoseconds(2'345), [](auto& l) GAUNTLET_UNCHECKED_LOCKING { l.lock(); },
      [](auto& l) GAUNTLET_UNCHECKED_LOCKING { l.unlock(); });
  meet(
      lock, std::chrono::nanoseconds(7), [](auto& l) GAUNTLET_UNCHECKED_LOCKING { l.lock_shared(); },
      [](auto& l) GAUNTLET_UNCHECKED_LOCKING { l.unlock_shared(); });
  trace.stop();
  const std::vector<json> bars = events(written(trace), "X");
  ASSERT_EQ(bars.size(), 2U);
  EXPECT_EQ(bars[0].at("name"), "waits for lock");
  EXPECT_EQ(bars[0].at("cat"), "contention");
  EXPECT_EQ(bars[0].at("ts"), 0.0);
  EXPECT_EQ(bars[0].at("dur"), 2.345);
  EXPECT_EQ(bars[0].at("args").at("of"), "lock 1");
  EXPECT_EQ(bars[1].at("name"), "waits to read");
  EXPECT_EQ(bars[1].at("ts"), 2.345);
  EXPECT_EQ(bars[1].at("dur"), 0.007);
}

TEST(chrome_trace, a_counted_lock_can_be_traced_as_well) {
  fresh_trace trace;
  gauntlet::counted_lock<traced_lock<telling_lock, clock_by_hand>, clock_by_hand> lock;
  meet(
      lock, std::chrono::nanoseconds(50), [](auto& l) GAUNTLET_UNCHECKED_LOCKING { l.lock(); },
      [](auto& l) GAUNTLET_UNCHECKED_LOCKING { l.unlock(); });
  EXPECT_EQ(lock.stats().waits, 1U);
  EXPECT_EQ(lock.stats().wait_time.count(), 50);
  EXPECT_EQ(events(written(trace), "X").size(), 1U);
}

TEST(chrome_trace, any_name_becomes_valid_json) {
  for (const std::string name :
       {"plain", "\"quoted\\\" \b\n\t\x01", "grün ≤ 東京 😀", "\xff\xfe broken \xc3", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xc0\xaf", "\xe0\x80\xaf", "ends in \xe6\x9d", "</script>"}) {
    fresh_trace trace;
    gauntlet::trace_observer<clock_by_hand> observer;
    observer.name(name);
    observer.on_split(2);
    trace.stop();
    const json file = written(trace);  // throws where it is no JSON, or no UTF-8
    const std::string shown = events(file, "i").at(0).at("args").at("of");
    if (name.find_first_of("\xff\xed\xf4\xc0\xe0") == std::string::npos && name != "ends in \xe6\x9d") {
      EXPECT_EQ(shown, name);
    } else {
      EXPECT_NE(shown.find("\xef\xbf\xbd"), std::string::npos) << name;
    }
    EXPECT_EQ(events(file, "C").at(0).at("name"), shown + ": tables");
  }
}

TEST(chrome_trace, events_beyond_the_bound_are_counted) {
  chrome_trace trace(3);
  trace.start();
  for (int i = 0; i < 10; ++i) chrome_trace::record({}, "map");
  EXPECT_EQ(trace.size(), 3U);
  EXPECT_EQ(trace.dropped(), 7U);
  EXPECT_EQ(written(trace).at("otherData").at("dropped"), 7);
}

struct folder {
  folder() : path(std::filesystem::path(testing::TempDir()) / "gauntlet_chrome_trace") {
    std::filesystem::remove_all(path);
    std::filesystem::create_directory(path);
  }
  ~folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

TEST(chrome_trace, a_file_is_replaced_as_a_whole_or_stays) {
  const folder place;
  fresh_trace trace;
  chrome_trace::record({}, "map");
  const std::filesystem::path file = place.path / "trace.json";
  trace.save(file);
  trace.save(file);
  std::ifstream in(file);
  EXPECT_EQ(events(json::parse(in), "i").size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(place.path / "trace.json.part"));

  // A folder in its place: the rename fails, and nothing is left beside it.
  std::filesystem::create_directories(place.path / "taken" / "inside");
  EXPECT_THROW(trace.save(place.path / "taken"), std::system_error);
  EXPECT_FALSE(std::filesystem::exists(place.path / "taken.part"));
  EXPECT_THROW(trace.save(place.path / "absent" / "trace.json"), std::system_error);
  if (std::filesystem::exists("/dev/full")) {
    std::filesystem::create_symlink("/dev/full", place.path / "full.json.part");
    EXPECT_THROW(trace.save(place.path / "full.json"), std::system_error);
    EXPECT_FALSE(std::filesystem::exists(place.path / "full.json"));
  }
}

// The example: several threads fill a map, and the file shows its splits and their waits. GAUNTLET_TRACE names a file to
// keep it in, for a look in a viewer.
struct traced_shards : gauntlet::sharded_map_policy {
  static constexpr std::size_t shard_count = 2;
  using lock_type = traced_lock<telling_lock>;
  struct map_policy : gauntlet::tiny_policy {
    using observer = gauntlet::trace_observer<>;
  };
};

TEST(chrome_trace, a_busy_map_leaves_a_file_with_splits_and_waits) {
  const folder place;
  chrome_trace trace;
  trace.start();
  gauntlet::sharded_map<int, int, gauntlet::hash<int>, std::equal_to<int>, elements_of<int, int>, traced_shards> map;
  std::vector<std::thread> threads;
  // One visitor keeps its shard until the others wait for it: that they meet is no matter of luck.
  map.insert(0, 0);
  const int before = telling_lock::sleeping.load();
  std::atomic<bool> is_inside{false};
  threads.emplace_back([&] {
    map.update(0, [&](int&) {
      is_inside = true;
      while (telling_lock::sleeping.load() == before) std::this_thread::yield();
    });
  });
  while (!is_inside.load()) std::this_thread::yield();
  for (int t = 1; t < 4; ++t) {
    threads.emplace_back([&map, t] {
      for (int i = 0; i < 200; ++i) {
        map.update(0, [](int& value) { ++value; });
        map.insert_or_assign(1000 * t + i, i);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  trace.stop();
  const char* const kept = std::getenv("GAUNTLET_TRACE");
  const std::filesystem::path file = kept != nullptr ? std::filesystem::path(kept) : place.path / "busy.json";
  trace.save(file);
  std::ifstream in(file);
  const json whole = json::parse(in);
  EXPECT_GE(events(whole, "X").size(), 1U);
  EXPECT_GE(events(whole, "i").size(), 20U);
  std::set<unsigned> tracks;
  for (const json& each : events(whole, "M")) tracks.insert(each.at("tid").get<unsigned>());
  for (const json& each : whole.at("traceEvents")) EXPECT_TRUE(tracks.contains(each.at("tid").get<unsigned>()));
  EXPECT_GE(tracks.size(), 3U);
}

}  // namespace
