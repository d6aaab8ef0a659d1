// A run is its schedule: replayed in this process, in another one, and on the other kind of carrier, it is the same to
// the last bit. And a replay on changed code says where it parted.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include <gauntlet/sched/explore_for_tests.h>
#include <gtest/gtest.h>

extern char** environ;

namespace gauntlet::sched {
namespace {

thread_local int own = 0;

// A little of everything, with heap addresses among the values.
void body() {
  std::mutex m;
  std::condition_variable c;
  std::shared_mutex s;
  std::once_flag once;
  std::atomic<int*> published{nullptr};
  std::atomic<int> flag{0};
  std::unordered_map<int, int> map;
  bool ready = false;
  std::thread a([&] {
    for (int i = 0; i < 3; ++i) {
      const std::unique_lock lock(s);
      map[i] = ++own;
    }
    published.store(new int(42), std::memory_order_release);
    const std::lock_guard lock(m);
    ready = true;
    c.notify_all();
  });
  std::thread b([&] {
    std::unique_lock lock(m);
    c.wait(lock, [&] { return ready; });
    std::call_once(once, [&] { flag = 1; });
    flag.notify_all();
    try {
      throw std::runtime_error("x");
    } catch (const std::exception&) {
      const std::shared_lock shared(s);
      GAUNTLET_SCHED_CHECK(map.size() == 3);
    }
  });
  std::thread d([&] {
    flag.wait(0);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    GAUNTLET_SCHED_CHECK(*published.load(std::memory_order_acquire) == 42);
  });
  a.join();
  b.join();
  d.join();
  delete published.load();
}

constexpr int runs = 200;

std::uint64_t hash_of_all() {
  std::uint64_t all = 0;
  for (int i = 0; i < runs; ++i) {
    run_options options;
    options.rng_seed = static_cast<std::uint64_t>(i) + 1;
    options.plain_points = i % 2 == 1;
    random_walk walk;
    const outcome result = run(body, walk, options);
    EXPECT_EQ(static_cast<int>(result.found), 0) << result.message;
    all = all * 31 + result.hash;
  }
  return all;
}

// What this test prints in another process, started with more in its environment.
std::string other_process(const std::string& setting) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  char program[4096] = {};
  EXPECT_GT(::readlink("/proc/self/exe", program, sizeof program - 1), 0);
  std::string filter = "--gtest_filter=replay.prints_its_hash";
  std::vector<std::string> environment = {"GAUNTLET_SCHED_PRINT_HASH=1", setting};
  std::vector<char*> arguments = {program, filter.data(), nullptr}, settings;
  for (std::string& e : environment) settings.push_back(e.data());
  for (char** e = environ; *e != nullptr; ++e) settings.push_back(*e);
  settings.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  pid_t child = 0;
  EXPECT_EQ(::posix_spawn(&child, program, &actions, nullptr, arguments.data(), settings.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  const std::size_t at = text.find("hash: ");
  return at == std::string::npos ? text : text.substr(at, text.find('\n', at) - at);
}

TEST(replay, prints_its_hash) {
  if (std::getenv("GAUNTLET_SCHED_PRINT_HASH") == nullptr) GTEST_SKIP() << "for the tests below";
  std::printf("hash: %llx\n", static_cast<unsigned long long>(hash_of_all()));
}

TEST(replay, another_process_and_the_other_carrier_see_the_same_runs) {
  const std::string first = other_process("GAUNTLET_SCHED_NOTHING=1");
  ASSERT_TRUE(first.starts_with("hash: ")) << first;
  EXPECT_EQ(other_process("GAUNTLET_SCHED_NOTHING=2"), first);
  EXPECT_EQ(other_process("GAUNTLET_SCHED_CARRIER=threads"), first);
}

TEST(replay, every_run_is_replayed_from_its_text) {
  for (int i = 0; i < runs; ++i) {
    run_options options;
    options.rng_seed = static_cast<std::uint64_t>(i) + 1;
    options.plain_points = i % 2 == 1;
    options.spurious = i % 3 == 1;
    options.allocator = i % 5 == 1 ? reuse::quarantine : reuse::at_once;
    options.memory = i % 4 == 1 ? memory_model::weak : memory_model::sequential;
    options.record_trace = true;
    pos by_event;
    const outcome first = run(body, by_event, options);
    schedule read_back;
    std::string error;
    ASSERT_TRUE(parse(print(first.schedule), read_back, error)) << error;
    const outcome second = replay(body, read_back, {.record_trace = true});
    ASSERT_EQ(second.hash, first.hash) << second.divergence;
    ASSERT_EQ(second.diverged_at, 0U);
    ASSERT_EQ(second.trace.size(), first.trace.size());
    EXPECT_EQ(second.schedule.deviations, first.schedule.deviations);
  }
}

TEST(replay, one_run_in_so_many_is_repeated) {
  for (int i = 0; i < 50; ++i) {
    run_options options;
    options.rng_seed = static_cast<std::uint64_t>(i);
    pos by_event;
    EXPECT_EQ(static_cast<int>(run_and_repeat(body, by_event, options, 2).found), 0);
  }
}

TEST(replay, changed_code_is_noticed_at_the_first_choice_that_looks_different) {
  const auto changed = [](bool more) {
    std::atomic<int> n{0};
    std::thread a([&] {
      ++n;
      ++n;
    });
    std::thread b([&] {
      if (more) n.load();
      ++n;
    });
    a.join();
    b.join();
  };
  bool noticed = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    random_walk walk;
    run_options options;
    options.rng_seed = seed;
    const outcome first = run([&] { changed(false); }, walk, options);
    EXPECT_EQ(replay([&] { changed(false); }, first.schedule).diverged_at, 0U);
    const outcome other = replay([&] { changed(true); }, first.schedule);
    EXPECT_EQ(other.diverged_at != 0, !other.divergence.empty());
    noticed = noticed || other.diverged_at != 0;
  }
  EXPECT_TRUE(noticed);
}

}  // namespace
}  // namespace gauntlet::sched
