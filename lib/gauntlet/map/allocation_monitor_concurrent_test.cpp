// What allocation_monitor flags and what it does not, by a clock that the test moves.
#include <gauntlet/map/allocation_monitor.h>
#include <gauntlet/map/bucket_map.h>
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gauntlet/map/snapshot_map.h>
#include <gauntlet/map/sync_map.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory_resource>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

using gauntlet::allocation_finding;
using gauntlet::allocation_monitor;
using gauntlet::allocation_site;
using namespace std::chrono_literals;
using testing::HasSubstr;

template <class Key, class T>
using element = std::pair<const Key, T>;
using watched = gauntlet::monitored_allocator<element<int, int>>;

// A monitor with a clock by hand.
struct world {
  explicit world(allocation_monitor::options with = {}) : monitor(with_clock(std::move(with))) {}
  allocation_monitor::options with_clock(allocation_monitor::options with) {
    with.clock = [this] { return std::chrono::nanoseconds(time.load()); };
    return with;
  }
  // The site gets so much in the next 200 ms, and a sample is taken.
  void sample(allocation_site& site, std::uint64_t bytes, std::chrono::nanoseconds after = 200ms) {
    site.allocated(bytes);
    time += after.count();
    monitor.poll();
  }
  std::atomic<std::int64_t> time{1'000'000};
  allocation_monitor monitor;
};

constexpr std::uint64_t fast = 101'000'000;  // in 200 ms: 505 MB/s
constexpr std::uint64_t slow = 100'000'000;  // 500 MB/s, which is not above the bound

TEST(allocation_monitor, three_fast_samples_are_flagged_and_name_the_line) {
  world w;
  const auto here = gauntlet::source_location::current();
  allocation_site& site = w.monitor.site();
  w.sample(site, fast);
  w.sample(site, fast);
  EXPECT_TRUE(w.monitor.findings().empty()) << "two samples are not enough";
  w.sample(site, fast);
  ASSERT_EQ(w.monitor.findings().size(), 1U);
  const allocation_finding found = w.monitor.findings()[0];
  EXPECT_THAT(found.site, HasSubstr("allocation_monitor_concurrent_test.cpp:" + std::to_string(here.line() + 1)));
  EXPECT_THAT(found.site, HasSubstr("three_fast_samples_are_flagged"));
  EXPECT_EQ(found.bytes_per_second, (std::vector<std::uint64_t>(3, 505'000'000)));
  EXPECT_EQ(found.allocated, 3 * fast);
  EXPECT_EQ(found.freed, 0U);
  EXPECT_EQ(found.time, 601ms);
  EXPECT_EQ(found.reserve, std::nullopt);
}

TEST(allocation_monitor, the_bound_itself_is_not_above_it) {
  world w;
  allocation_site& site = w.monitor.site();
  for (int i = 0; i < 20; ++i) w.sample(site, slow);
  EXPECT_TRUE(w.monitor.findings().empty());
}

TEST(allocation_monitor, one_slow_sample_begins_anew) {
  world w;
  allocation_site& site = w.monitor.site();
  for (int i = 0; i < 10; ++i) {
    w.sample(site, fast);
    w.sample(site, fast);
    w.sample(site, slow);
  }
  EXPECT_TRUE(w.monitor.findings().empty());
}

TEST(allocation_monitor, what_goes_on_is_told_once_and_again_when_it_begins_again) {
  world w;
  allocation_site& site = w.monitor.site();
  for (int i = 0; i < 10; ++i) w.sample(site, fast);
  EXPECT_EQ(w.monitor.findings().size(), 1U);
  w.sample(site, 0);
  for (int i = 0; i < 3; ++i) w.sample(site, fast);
  EXPECT_EQ(w.monitor.findings().size(), 2U);
}

TEST(allocation_monitor, a_sample_is_divided_by_the_time_it_took) {
  world w;
  allocation_site& site = w.monitor.site();
  for (int i = 0; i < 6; ++i) w.sample(site, 2 * fast, 450ms);
  EXPECT_TRUE(w.monitor.findings().empty()) << "449 MB/s";
  for (int i = 0; i < 6; ++i) w.sample(site, 2 * fast, 400ms);
  EXPECT_EQ(w.monitor.findings().size(), 1U);
}

TEST(allocation_monitor, no_sample_before_the_interval_is_over) {
  world w;
  allocation_site& site = w.monitor.site();
  for (int i = 0; i < 3; ++i) w.sample(site, fast, 60ms);
  EXPECT_TRUE(w.monitor.findings().empty()) << "fast, but one sample at most";
}

TEST(allocation_monitor, all_of_it_can_be_configured) {
  world w({.bytes_per_second_max = 1000, .samples = 1, .interval = 1s, .findings_kept = 2});
  allocation_site& site = w.monitor.site();
  w.sample(site, 1000, 1s);
  EXPECT_TRUE(w.monitor.findings().empty());
  for (int i = 0; i < 5; ++i) {
    w.sample(site, 1001, 1s);
    w.sample(site, 0, 1s);
  }
  EXPECT_EQ(w.monitor.findings().size(), 2U) << "the newest are kept";
  EXPECT_EQ(w.monitor.findings()[1].time, std::chrono::nanoseconds(w.time.load()) - 1s);
  EXPECT_THROW(world({.interval = 0ns}), std::invalid_argument);
  EXPECT_THROW(world({.samples = 0}), std::invalid_argument);
  EXPECT_THROW(allocation_monitor({.clock = {}}), std::invalid_argument);
}

TEST(allocation_monitor, a_line_is_one_site_and_a_tag_makes_another) {
  world w;
  std::vector<allocation_site*> sites;
  for (int i = 0; i < 3; ++i) sites.push_back(&w.monitor.site());
  EXPECT_EQ(sites[0], sites[2]);
  EXPECT_NE(sites[0], &w.monitor.site());
  for (const char* tag : {"index", "cache", "index"}) sites.push_back(&w.monitor.site(tag));
  EXPECT_EQ(sites[3], sites[5]);
  EXPECT_NE(sites[3], sites[4]);
  EXPECT_THAT(sites[4]->name(), testing::StartsWith("cache at "));
}

TEST(allocation_monitor, only_the_culprit_is_named) {
  world w;
  allocation_site& good = w.monitor.site("good");
  allocation_site& bad = w.monitor.site("bad");
  for (int i = 0; i < 4; ++i) {
    good.allocated(slow);
    w.sample(bad, fast);
  }
  ASSERT_EQ(w.monitor.findings().size(), 1U);
  EXPECT_THAT(w.monitor.findings()[0].site, testing::StartsWith("bad at "));
}

TEST(allocation_monitor, what_a_pool_gives_out_again_is_no_growth) {
  world w;
  allocation_site& site = w.monitor.site();
  for (int i = 0; i < 10; ++i) {
    site.reused(10 * fast);
    w.sample(site, slow);
  }
  EXPECT_TRUE(w.monitor.findings().empty());
  for (int i = 0; i < 3; ++i) {
    site.reused(7);
    w.sample(site, fast);
  }
  ASSERT_EQ(w.monitor.findings().size(), 1U);
  EXPECT_EQ(w.monitor.findings()[0].reused, 21U);
}

TEST(allocation_monitor, allocations_look_at_the_clock_themselves) {
  int told = 0;
  world w({.handler = [&told](const allocation_finding&) { ++told; }});
  allocation_site& site = w.monitor.site();
  for (int i = 0; i < 1000; ++i) {
    site.allocated(1'100'000);  // every two milliseconds: 550 MB/s
    w.time += std::chrono::nanoseconds(2ms).count();
  }
  EXPECT_EQ(told, 1) << "nobody has called poll";
}

TEST(allocation_monitor, a_handler_that_throws_does_no_harm_to_who_allocates) {
  world w({.samples = 1, .handler = [](const allocation_finding&) { throw 1; }});
  allocation_site& site = w.monitor.site();
  w.time += std::chrono::nanoseconds(200ms).count();
  site.allocated(fast);
  EXPECT_EQ(w.monitor.findings().size(), 1U);
}

// ---------------------------------------------------------------------------------------------------- with real maps

constexpr int elements = 5000;
template <class Map>
void fill(Map& map) {
  for (int i = 0; i < elements; ++i) map.insert({i, i});
}

TEST(allocation_monitor, a_map_for_each_request_is_flagged_and_its_size_is_advised) {
  world w({.bytes_per_second_max = 200'000});
  for (int request = 0; request < 4; ++request) {
    allocation_site& site = w.monitor.site("request");
    gauntlet::hash_map<int, int, gauntlet::hash<int>, std::equal_to<int>, watched> map{watched(site)};
    {
      const gauntlet::size_observation at_the_end(site, map);
      fill(map);
    }
    map = {};
    w.sample(site, 0);
  }
  ASSERT_EQ(w.monitor.findings().size(), 1U);
  const allocation_finding found = w.monitor.findings()[0];
  EXPECT_EQ(found.reserve, std::size_t{elements});
  EXPECT_EQ(found.maps_ended, 3U);
  std::ostringstream text;
  text << found;
  EXPECT_THAT(text.str(), HasSubstr("built and dropped"));
  EXPECT_THAT(text.str(), HasSubstr("reserve(5000)"));
}

TEST(allocation_monitor, the_same_map_kept_is_not_flagged) {
  world w({.bytes_per_second_max = 200'000});
  allocation_site& site = w.monitor.site();
  gauntlet::hash_map<int, int, gauntlet::hash<int>, std::equal_to<int>, watched> map{watched(site)};
  for (int request = 0; request < 10; ++request) {
    fill(map);
    w.sample(site, 0);
  }
  EXPECT_TRUE(w.monitor.findings().empty());
}

// The same requests over memory from one of std::pmr's pools, and without it.
std::size_t findings_of_requests(bool pooled) {
  world w({.bytes_per_second_max = 200'000});
  allocation_site& site = w.monitor.site();
  gauntlet::monitored_resource below(site);
  // Tables take more than the few KiB that such a pool keeps unless it is told otherwise.
  std::pmr::unsynchronized_pool_resource pool(std::pmr::pool_options{0, 1U << 20}, &below);
  for (int request = 0; request < 10; ++request) {
    gauntlet::pmr::hash_map<int, int, gauntlet::hash<int>, std::equal_to<int>, gauntlet::fixed_seed_policy> map(
        pooled ? static_cast<std::pmr::memory_resource*>(&pool) : &below);
    fill(map);
    w.sample(site, 0);
  }
  return w.monitor.findings().size();
}

TEST(allocation_monitor, a_map_for_each_request_over_a_pool_is_not_flagged) {
  EXPECT_EQ(findings_of_requests(true), 0U);
  EXPECT_EQ(findings_of_requests(false), 1U) << "without the pool it would be";
}

// What goes through the allocator of any map is counted, and given back.
template <class Map, class Insert>
void expect_balance(const char* name, Insert insert) {
  world w;
  allocation_site& site = w.monitor.site(name);
  {
    Map map{typename Map::allocator_type(site)};
    for (int i = 0; i < 1000; ++i) insert(map, i);
    EXPECT_GT(site.allocated_so_far(), 1000 * sizeof(int)) << name;
  }
  EXPECT_EQ(site.allocated_so_far(), site.freed_so_far()) << name;
}

TEST(allocation_monitor, any_map_reports_through_the_allocator) {
  using gauntlet::hash;
  const auto plain = [](auto& map, int i) { map.insert({i, i}); };
  const auto concurrent = [](auto& map, int i) { map.insert(i, i); };
  expect_balance<gauntlet::hash_map<int, int, hash<int>, std::equal_to<int>, watched>>("hash_map", plain);
  expect_balance<gauntlet::bucket_map<int, int, hash<int>, std::equal_to<int>, watched>>("bucket_map", plain);
  expect_balance<std::unordered_map<int, int, std::hash<int>, std::equal_to<int>, watched>>("unordered_map", plain);
  expect_balance<gauntlet::shared_mutex_map<int, int, hash<int>, std::equal_to<int>, watched>>("shared_mutex_map",
                                                                                               concurrent);
  expect_balance<gauntlet::sharded_map<int, int, hash<int>, std::equal_to<int>, watched>>("sharded_map", concurrent);
  expect_balance<gauntlet::sync_map<int, int, hash<int>, std::equal_to<int>, watched>>("sync_map", concurrent);
  expect_balance<gauntlet::snapshot_map<int, int, hash<int>, std::equal_to<int>, watched>>("snapshot_map", concurrent);
  expect_balance<gauntlet::rcu_map<int, int, hash<int>, std::equal_to<int>, watched>>("rcu_map", concurrent);
  expect_balance<gauntlet::concurrent_map<int, int, hash<int>, std::equal_to<int>, watched>>("concurrent_map",
                                                                                             concurrent);
}

TEST(allocation_monitor, moves_and_swaps_free_where_they_allocated) {
  world w;
  allocation_site &left = w.monitor.site("left"), &right = w.monitor.site("right");
  {
    using map_type = gauntlet::hash_map<int, int, gauntlet::hash<int>, std::equal_to<int>, watched>;
    map_type a{watched(left)}, b{watched(right)};
    fill(a);
    b[1] = 1;
    a.swap(b);
    map_type c = std::move(a);
    a = b;  // an allocator stays where it is when a copy is assigned
    EXPECT_EQ(a.size(), b.size());
    c = std::move(b);
    EXPECT_EQ(c.get_allocator().site(), &left);
    map_type d(c);
    EXPECT_EQ(d.get_allocator().site(), &left);
  }
  EXPECT_EQ(left.allocated_so_far(), left.freed_so_far());
  EXPECT_EQ(right.allocated_so_far(), right.freed_so_far());
  EXPECT_FALSE(watched(left) == watched(right));
  EXPECT_TRUE(watched(left) == gauntlet::monitored_allocator<long>(left));
}

// Makes and destroys elements itself, and has a bound of its own.
template <class T>
struct counting_allocator {
  using value_type = T;
  static inline long made = 0, gone = 0;
  counting_allocator() = default;
  template <class U>
  counting_allocator(const counting_allocator<U>&) {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* at, std::size_t count) { std::allocator<T>().deallocate(at, count); }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ++counting_allocator<char>::made;
    std::construct_at(at, std::forward<Arguments>(arguments)...);
  }
  template <class U>
  void destroy(U* at) {
    ++counting_allocator<char>::gone;
    std::destroy_at(at);
  }
  std::size_t max_size() const noexcept { return 1000; }
  bool operator==(const counting_allocator&) const = default;
};

TEST(allocation_monitor, everything_else_is_the_inner_allocators) {
  using inner = counting_allocator<element<int, std::string>>;
  using allocator = gauntlet::monitored_allocator<element<int, std::string>, inner>;
  world w;
  {
    gauntlet::hash_map<int, std::string, gauntlet::hash<int>, std::equal_to<int>, allocator> map{
        allocator(w.monitor.site())};
    for (int i = 0; i < 100; ++i) map.try_emplace(i, "a text");
    for (int i = 0; i < 100; i += 2) map.erase(i);
    EXPECT_EQ(std::allocator_traits<allocator>::max_size(map.get_allocator()), 1000U);
  }
  EXPECT_GE(counting_allocator<char>::made, 100);
  EXPECT_EQ(counting_allocator<char>::made, counting_allocator<char>::gone);
  using pooled = gauntlet::monitored_allocator<int, std::pmr::polymorphic_allocator<int>>;
  std::vector<int, pooled> numbers(3, pooled(w.monitor.site()));
  EXPECT_EQ(numbers.size(), 3U);
}

TEST(allocation_monitor, an_allocator_without_a_site_tells_nobody) {
  gauntlet::hash_map<int, int, gauntlet::hash<int>, std::equal_to<int>, watched> map;
  fill(map);
  EXPECT_EQ(map.size(), std::size_t{elements});
}

TEST(allocation_monitor, threads_share_a_site_and_one_of_them_takes_the_sample) {
  std::atomic<int> told{0};
  world w({.handler = [&told](const allocation_finding&) { ++told; }});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&w] {
      allocation_site& site = w.monitor.site("shared");
      for (int i = 0; i < 2000; ++i) {
        site.allocated(1'100'000);
        site.freed(1'100'000);
        w.time += 100'000;  // 11 GB/s, whatever the interleaving
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(told.load(), 1);
  EXPECT_EQ(w.monitor.site("other").allocated_so_far(), 0U);
}

}  // namespace
