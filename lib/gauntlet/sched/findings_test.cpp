// Each kind of finding: a small program that has it, found within a few thousand schedules, replayed to the last bit;
// and the correct twin, in which nothing is found.
#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gauntlet/sched/explore_for_tests.h>
#include <gauntlet/sched/report/trace.h>
#include <gtest/gtest.h>

namespace gauntlet::sched {
namespace {

// Finds `kind` in `bug`, with `words` in the message and this file in the place; replays it; finds nothing in `twin`.
void expect_found(finding kind, const std::function<void()>& bug, const std::function<void()>& twin,
                  const std::vector<std::string>& words, const run_options& options = {}) {
  const explored found = explore(bug, 5000, options);
  ASSERT_EQ(static_cast<int>(found.first.found), static_cast<int>(kind)) << found.first.message;
  for (const std::string& word : words)
    EXPECT_NE(found.first.message.find(word), std::string::npos) << "no '" << word << "' in: " << found.first.message;
  EXPECT_NE(found.first.message.find("findings_test.cpp:"), std::string::npos) << found.first.message;
  EXPECT_EQ(found.first.message.find("0x"), std::string::npos) << found.first.message;

  schedule read_back;
  std::string error;
  ASSERT_TRUE(parse(print(found.first.schedule), read_back, error)) << error;
  run_options same = options;
  const outcome again = replay(bug, read_back, same);
  EXPECT_EQ(again.hash, found.first.hash);
  EXPECT_EQ(again.message, found.first.message);
  EXPECT_EQ(again.place, found.first.place);
  EXPECT_EQ(again.diverged_at, 0U) << again.divergence;

  const explored nothing = explore(twin, 1000, options);
  EXPECT_EQ(static_cast<int>(nothing.first.found), 0) << nothing.first.message;
}

void two(const std::function<void()>& a, const std::function<void()>& b) {
  std::thread x(a), y(b);
  x.join();
  y.join();
}

TEST(finding, a_failed_check) {
  const auto body = [](bool indivisible) {
    std::atomic<int> n{0};
    const auto add = [&] {
      if (indivisible)
        ++n;
      else
        n.store(n.load() + 1);
    };
    two(add, add);
    GAUNTLET_SCHED_CHECK(n == 2);
  };
  expect_found(finding::failed_check, [&] { body(false); }, [&] { body(true); }, {"n == 2"});
}

TEST(finding, assert_and_abort_and_terminate) {
  const auto nothing = [] {};
  expect_found(finding::failed_check, [] { std::abort(); }, nothing, {"abort"});
  expect_found(finding::failed_check, [] { std::thread t([] {}); }, nothing, {"std::terminate"});
}

TEST(finding, a_data_race) {
  const auto body = [](std::memory_order publish) {
    int data = 0;
    std::atomic<bool> ready{false};
    two(
        [&] {
          data = 1;
          ready.store(true, publish);
        },
        [&] {
          if (ready.load(std::memory_order_acquire)) GAUNTLET_SCHED_CHECK(data == 1);
        });
  };
  expect_found(
      finding::data_race, [&] { body(std::memory_order_relaxed); }, [&] { body(std::memory_order_release); },
      {"4 bytes", "thread 2 reads", "thread 1 wrote"});
}

TEST(finding, a_data_race_through_memory_functions_and_between_plain_and_atomic) {
  const auto copies = [](bool locked) {
    char from[32] = "text", to[32] = {};
    std::mutex m;
    const auto with = [&](auto function) {
      std::unique_lock lock(m, std::defer_lock);
      if (locked) lock.lock();
      function();
    };
    volatile std::size_t size = 16, length = 0;
    two([&] { with([&] { std::memcpy(to, from, size); }); }, [&] { with([&] { length = std::strlen(to); }); });
  };
  expect_found(finding::data_race, [&] { copies(false); }, [&] { copies(true); }, {"data race"});

  const auto mixed = [](bool plain) {
    int n = 0;
    two([&] { std::atomic_ref(n).store(1); },
        [&] {
          if (plain)
            n = 2;
          else
            std::atomic_ref(n).store(2);
        });
  };
  expect_found(finding::data_race, [&] { mixed(true); }, [&] { mixed(false); }, {"atomically"});
}

TEST(finding, a_free_that_nothing_orders_also_where_races_are_not_judged) {
  // The reader says by a relaxed store that it is done, or by a release; the race on `unguarded` is known.
  const auto body = [](std::memory_order done) {
    auto* shared = new int(1);
    std::atomic<bool> left{false};
    int unguarded = 0;
    two(
        [&] {
          unguarded += *shared;
          left.store(true, done);
        },
        [&] {
          ++unguarded;
          while (!left.load(std::memory_order_acquire)) std::this_thread::yield();
          delete shared;
        });
  };
  run_options options;
  options.judge_races = false;
  expect_found(
      finding::data_race, [&] { body(std::memory_order_relaxed); }, [&] { body(std::memory_order_release); },
      {"thread 2 frees", "thread 1 read before"}, options);
}

TEST(finding, a_use_after_free) {
  const auto body = [](bool owned) {
    auto p = std::make_shared<std::atomic<int>>(1);
    std::atomic<int>* raw = p.get();
    std::shared_ptr<std::atomic<int>> kept = owned ? p : nullptr;
    std::atomic<bool> gone{false};
    std::thread reads([&] {
      while (!gone.load(std::memory_order_acquire)) std::this_thread::yield();
      raw->load();
    });
    p.reset();
    gone.store(true, std::memory_order_release);
    reads.join();
  };
  // A free that nothing orders before or after the use is told as a race where the use came first.
  expect_found(
      finding::use_after_free, [&] { body(false); }, [&] { body(true); }, {"reads atomically", "freed it before"});
}

TEST(finding, a_double_free_and_a_free_of_what_was_not_allocated) {
  const auto body = [](bool twice) {
    std::atomic<int*> p{new int(1)};
    const auto give_up = [&] {
      int* mine = twice ? p.load() : p.exchange(nullptr);
      if (twice) p.store(nullptr);
      delete mine;
    };
    two(give_up, give_up);
  };
  run_options quarantine;
  quarantine.allocator = reuse::quarantine;
  expect_found(
      finding::double_free, [&] { body(true); }, [&] { body(false); }, {"freed already", "freed it before"},
      quarantine);
  expect_found(
      finding::double_free,
      [] {
        char* volatile p = new char[64];
        std::free(p + 16);
      },
      [] { std::free(std::malloc(64)); }, {"not allocated"});
}

TEST(finding, a_leak_but_not_of_what_a_global_leads_to) {
  static std::vector<std::unique_ptr<int>> kept;
  const auto body = [](bool keeps) {
    std::atomic<int*> last{nullptr};
    two([&] { last.store(new int(1)); }, [&] { last.store(new int(2)); });
    if (keeps)
      kept.emplace_back(last.load());
    else
      delete last.load();
  };
  expect_found(
      finding::leak, [&] { body(false); }, [] { kept.emplace_back(new int(3)); }, {"1 block, 4 bytes", "allocated"});
}

[[gnu::noinline]] int* made() { return new int(1); }
[[gnu::noinline]] int* made_for_it() { return made(); }

TEST(finding, a_leak_says_by_which_calls_it_came_about) {
  const auto body = [](bool right) {
    std::atomic<int*> last{nullptr};
    two([&] { last.store(made_for_it()); }, [] {});
    if (right) delete last.load();
  };
  expect_found(finding::leak, [&] { body(false); }, [&] { body(true); }, {"made)", "called at", "made_for_it)"});
}

TEST(finding, a_deadlock_says_who_waits_for_what_held_by_whom) {
  const auto body = [](bool same_order) {
    std::mutex a, b;
    const auto both = [](std::mutex& x, std::mutex& y) {
      const std::lock_guard one(x);
      const std::lock_guard other(y);
    };
    two([&] { both(a, b); }, [&] { same_order ? both(a, b) : both(b, a); });
  };
  expect_found(
      finding::deadlock, [&] { body(false); }, [&] { body(true); },
      {"waits for mutex", "held by thread 1", "held by thread 2", "waits for thread 1 to end"});
}

[[gnu::noinline]] void take_both(std::mutex& x, std::mutex& y) {
  const std::lock_guard one(x);
  const std::lock_guard other(y);
}
[[gnu::noinline]] void a_to_b(std::mutex& a, std::mutex& b) { take_both(a, b); }
[[gnu::noinline]] void b_to_a(std::mutex& a, std::mutex& b) { take_both(b, a); }

TEST(finding, a_deadlock_says_by_which_calls_each_came_to_wait) {
  const auto body = [](bool right) {
    std::mutex a, b;
    two([&] { a_to_b(a, b); }, [&] { right ? a_to_b(a, b) : b_to_a(a, b); });
  };
  expect_found(
      finding::deadlock, [&] { body(false); }, [&] { body(true); },
      {"take_both) waits", "called at", "a_to_b)", "b_to_a)"});
}

TEST(finding, a_livelock) {
  const auto body = [](bool polite) {
    std::atomic<bool> a{false}, b{false};
    two(
        [&] {
          while (!a) std::this_thread::yield();
          b = true;
        },
        [&] {
          if (polite) a = true;
          while (!b) std::this_thread::yield();
          a = true;
        });
  };
  expect_found(finding::livelock, [&] { body(false); }, [&] { body(true); }, {"only spin"});
}

TEST(finding, a_null_pointer_that_is_followed) {
  const auto body = [](bool right) {
    std::atomic<int*> shared{nullptr};
    int value = 7;
    two([&] { shared = &value; },
        [&] {
          int* const seen = shared;
          if (seen != nullptr || !right) GAUNTLET_SCHED_CHECK(*seen == 7);
        });
  };
  expect_found(finding::failed_check, [&] { body(false); }, [&] { body(true); }, {"SIGSEGV"});
}

TEST(finding, what_the_processor_refuses) {
  const auto nothing = [] {};
  volatile int zero = 0;
  expect_found(finding::failed_check, [&] { zero = 7 / zero; }, nothing, {"SIGFPE"});
  expect_found(finding::failed_check, [] { __builtin_trap(); }, nothing, {"SIGILL"});
  // A page of a file that ends before it.
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  void* const page = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, ::fileno(file), 0);
  ASSERT_NE(page, MAP_FAILED);
  expect_found(finding::failed_check, [&] { zero = *static_cast<volatile char*>(page); }, nothing, {"SIGBUS"});
  ::munmap(page, 4096);
  std::fclose(file);
}

TEST(finding, a_deadlock_behind_a_spin_where_spins_are_lasting) {
  const auto body = [](bool right) {
    std::atomic<int> taken{0};
    const auto operation = [&] {
      for (bool mine = false; !mine;) {
        for (int looks = 0; looks < 100 && !mine; ++looks) mine = taken.exchange(1) == 0;
        if (!mine) taken.wait(1);
      }
      if (!right) taken.notify_one();
      taken = 0;
      if (right) taken.notify_one();
    };
    two(operation, operation);
  };
  run_options lasting;
  lasting.lasting_spins = true;
  expect_found(finding::deadlock, [&] { body(false); }, [&] { body(true); }, {"waits"}, lasting);
}

// Two that look under a lock for what a third has yet to do, and never yield: who had its turn is not the one to go on
// with when the next one has had its own.
TEST(finding, no_livelock_of_two_that_keep_looking_for_what_a_third_does) {
  const auto body = [] {
    std::mutex lock;
    bool done = false;
    const auto look = [&] {
      for (bool seen = false; !seen;) {
        const std::lock_guard hold(lock);
        seen = done;
      }
    };
    std::thread x(look), y(look), z([&] {
      for (int steps = 0; steps < 200; ++steps) const std::lock_guard hold(lock);
      const std::lock_guard hold(lock);
      done = true;
    });
    x.join();
    y.join();
    z.join();
  };
  // Along a schedule without decisions whoever runs goes on, and otherwise the first that can: the third comes last.
  const outcome first_come = replay(body, {});
  EXPECT_EQ(static_cast<int>(first_come.found), 0) << first_come.message;
  const explored nothing = explore(body, 300, {});
  EXPECT_EQ(static_cast<int>(nothing.first.found), 0) << nothing.first.message;
}

// Whoever comes while the third holds the lock takes the count up, sees it, takes it down and yields: two of them call
// each other back, and the third has to get its turn all the same.
TEST(finding, no_livelock_of_two_that_wait_in_turns_for_a_third) {
  const auto body = [] {
    std::atomic<int> count{0};
    const auto lock = [&count] {
      while (count.fetch_add(1) != 0) {
        count.fetch_sub(1);
        std::this_thread::yield();
      }
      count.fetch_sub(1);
    };
    std::thread x(lock), y(lock), z(lock);
    x.join();
    y.join();
    z.join();
  };
  const explored nothing = explore(body, 1000, {});
  EXPECT_EQ(static_cast<int>(nothing.first.found), 0) << nothing.first.message;
}

// Who waits for a sleeper and counts how often changes something all the while: time has to pass for all that.
TEST(finding, no_livelock_of_one_that_counts_while_it_waits_for_a_sleeper) {
  const auto body = [] {
    std::atomic<int> looks{0};
    std::atomic<bool> done{false};
    std::thread sleeper([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      done = true;
    });
    std::thread waiter([&] {
      while (!done) {
        ++looks;
        std::this_thread::yield();
      }
    });
    sleeper.join();
    waiter.join();
  };
  const explored nothing = explore(body, 1000, {});
  EXPECT_EQ(static_cast<int>(nothing.first.found), 0) << nothing.first.message;
}

TEST(finding, more_events_than_allowed) {
  run_options few;
  few.events_max = 500;
  const auto body = [](int times) {
    std::atomic<int> n{0};
    for (int i = 0; i < times; ++i) ++n;
  };
  expect_found(finding::livelock, [&] { body(1000); }, [&] { body(100); }, {"more events than allowed"}, few);
}

int opaque(int n) { return n; }

TEST(finding, a_thread_that_gets_nowhere) {
  // With calls or accesses these are counted; without any, the watchdog's timer ends the run.
  volatile int unused = 0;
  expect_found(
      finding::no_progress,
      [&] {
        for (volatile int i = 0; i < 1;) unused = opaque(0);
      },
      [&] {
        for (int i = 0; i < 1000; ++i) unused = opaque(0);
      },
      {"without an event"});
  const outcome spun = explore(
                           [] {
                             for (;;) asm volatile("");
                           },
                           1)
                           .first;
  EXPECT_EQ(static_cast<int>(spun.found), static_cast<int>(finding::no_progress)) << spun.message;
  // What counts is how many there are in a row.
  const outcome works = explore(
                            [] {
                              std::atomic<int> n{0};
                              volatile int unused = 0;
                              while (n++ < 5) {
                                for (int i = 0; i < 5'000'000; ++i) unused = opaque(unused);
                              }
                            },
                            1)
                            .first;
  EXPECT_EQ(static_cast<int>(works.found), 0) << works.message;
  EXPECT_GT(works.plain_accesses, 20'000'000u);
}

TEST(finding, an_obstructed_thread) {
  const auto body = [](bool spins) {
    std::atomic<int> turn{0}, n{0};
    two(
        [&] {
          turn = 1;
          ++n;
          turn = 0;
        },
        [&] {
          while (spins && turn == 1) continue;
          ++n;
        });
  };
  run_options alone;
  alone.alone_events_max = 100;
  finding found = finding::none;
  for (alone.alone_after = 1; alone.alone_after < 14 && found == finding::none; ++alone.alone_after)
    found = explore([&] { body(true); }, 300, alone).first.found;
  EXPECT_EQ(static_cast<int>(found), static_cast<int>(finding::no_progress));
  for (alone.alone_after = 1; alone.alone_after < 14; ++alone.alone_after) {
    const outcome twin = explore([&] { body(false); }, 300, alone).first;
    EXPECT_EQ(static_cast<int>(twin.found), 0) << twin.message;
  }
}

TEST(finding, an_exception_that_escapes) {
  const auto body = [](bool caught) {
    two([] {},
        [=] {
          try {
            throw std::runtime_error("out of a thread");
          } catch (const std::runtime_error&) {
            if (!caught) throw;
          }
        });
  };
  expect_found(
      finding::escaped_exception, [&] { body(false); }, [&] { body(true); }, {"std::runtime_error", "out of a thread"});
}

TEST(finding, misused_locks) {
  const auto nothing = [] {};
  expect_found(finding::misused_lock,
               [] {
                 std::mutex m;
                 m.unlock();
               },
               nothing, {"does not hold"});
  expect_found(finding::misused_lock,
               [] {
                 std::mutex m;
                 m.lock();
                 m.lock();
               },
               nothing, {"locks a mutex again"});
  expect_found(finding::misused_lock,
               [] {
                 std::shared_mutex m;
                 m.lock_shared();
                 m.lock();
               },
               nothing, {"holds for reading"});
  expect_found(finding::misused_lock,
               [] {
                 pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
                 pthread_mutex_lock(&m);
                 pthread_mutex_destroy(&m);
               },
               nothing, {"destroys a lock that is held"});
}

TEST(finding, is_shown_as_a_table_of_switches_with_source_lines) {
  run_options options;
  options.record_trace = true;
  const explored found = explore(
      [] {
        std::atomic<int> n{0};
        const auto add = [&] { n.store(n.load() + 1); };
        two(add, add);
        GAUNTLET_SCHED_CHECK(n == 2);
      },
      1000, options);
  ASSERT_EQ(static_cast<int>(found.first.found), static_cast<int>(finding::failed_check));
  const std::string table = print_switches(found.first);
  for (const char* part :
       {"choice  stops", "goes on", "load = 0", "store = 1", "thread 1: ", "thread 2: ", "findings_test.cpp:"})
    EXPECT_NE(table.find(part), std::string::npos) << "no '" << part << "' in:\n" << table;
  EXPECT_EQ(print_switches(replay([] {}, {})), "no trace: record it with run_options::record_trace\n");
  EXPECT_NE(print_events(found.first).find("thread 0: 1 begin"), std::string::npos) << print_events(found.first);
}

TEST(finding, shows_addresses_and_words_of_bits_in_hexadecimal) {
  EXPECT_EQ(print_value(0), "0");
  EXPECT_EQ(print_value(65535), "65535");
  EXPECT_EQ(print_value(65536), "0x10000");
  EXPECT_EQ(print_value(UINT64_MAX), "0xffffffffffffffff");
  run_options options;
  options.record_trace = true;
  const auto body = [] {
    std::atomic<std::uint64_t> word{0};
    const auto write = [&] { word.store(0x600000001000); };
    two(write, write);
  };
  const outcome held = replay(body, {}, options);
  EXPECT_NE(print_events(held).find("store = 0x600000001000"), std::string::npos) << print_events(held);
}

}  // namespace
}  // namespace gauntlet::sched
