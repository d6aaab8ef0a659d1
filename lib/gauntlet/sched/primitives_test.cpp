// Every primitive that the runtime controls, used correctly: no finding in any of a few hundred schedules, and what the
// primitive promises is checked in each.
#include <pthread.h>
#include <semaphore.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <random>
#include <semaphore>
#include <set>
#include <shared_mutex>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gauntlet/sched/explore_for_tests.h>
#include <gtest/gtest.h>

namespace gauntlet::sched {
namespace {

using namespace std::chrono_literals;

void expect_nothing(const std::function<void()>& body, run_options options = {}, std::uint64_t runs = 300) {
  for (const reuse allocator : {reuse::at_once, reuse::quarantine}) {
    options.allocator = allocator;
    const explored result = explore(body, runs, options);
    EXPECT_EQ(result.first.found, finding::none) << "run " << result.runs << ": " << result.first.message;
    EXPECT_GT(result.first.events, 0U);
  }
}

template <class... Function>
void together(Function... function) {
  std::array<std::thread, sizeof...(function)> threads{std::thread(function)...};
  for (std::thread& t : threads) t.join();
}

TEST(primitives, a_mutex_excludes) {
  expect_nothing([] {
    std::mutex m;
    int n = 0;
    const auto add = [&] {
      const std::lock_guard lock(m);
      ++n;
    };
    together(add, add, add);
    GAUNTLET_SCHED_CHECK(n == 3);
  });
}

TEST(primitives, try_lock_of_a_held_mutex_fails_and_scoped_lock_avoids_deadlock) {
  expect_nothing([] {
    std::mutex a, b;
    int n = 0;
    const auto add = [&](std::mutex& x, std::mutex& y) {
      const std::scoped_lock lock(x, y);
      ++n;
    };
    together([&] { add(a, b); }, [&] { add(b, a); });
    a.lock();
    std::thread([&] { GAUNTLET_SCHED_CHECK(!a.try_lock()); }).join();
    a.unlock();
    GAUNTLET_SCHED_CHECK(a.try_lock());
    a.unlock();
    GAUNTLET_SCHED_CHECK(n == 2);
  });
}

TEST(primitives, a_recursive_mutex_is_locked_again_by_its_owner) {
  expect_nothing([] {
    std::recursive_mutex m;
    int n = 0;
    const auto add = [&] {
      const std::lock_guard one(m);
      const std::lock_guard two(m);
      ++n;
    };
    together(add, add);
    GAUNTLET_SCHED_CHECK(n == 2);
  });
}

TEST(primitives, a_timed_mutex_times_out_in_virtual_time) {
  expect_nothing([] {
    std::timed_mutex m;
    m.lock();
    const auto before = std::chrono::steady_clock::now();
    std::thread([&] { GAUNTLET_SCHED_CHECK(!m.try_lock_for(1h)); }).join();
    GAUNTLET_SCHED_CHECK(std::chrono::steady_clock::now() - before >= 0s);
    m.unlock();
    std::recursive_timed_mutex r;
    GAUNTLET_SCHED_CHECK(r.try_lock_until(std::chrono::system_clock::now() + 1s));
    r.unlock();
  });
}

TEST(primitives, a_shared_mutex_admits_readers_or_a_writer) {
  expect_nothing([] {
    std::shared_mutex m;
    std::atomic<int> inside{0};
    int n = 0;
    const auto read = [&] {
      const std::shared_lock lock(m);
      ++inside;
      GAUNTLET_SCHED_CHECK(n == 0 || n == 1);
      --inside;
    };
    together(read, read, [&] {
      const std::unique_lock lock(m);
      GAUNTLET_SCHED_CHECK(inside == 0);
      ++n;
    });
    std::shared_timed_mutex t;
    GAUNTLET_SCHED_CHECK(t.try_lock_shared_for(1s));
    std::thread([&] { GAUNTLET_SCHED_CHECK(!t.try_lock_for(1s)); }).join();
    t.unlock_shared();
  });
}

TEST(primitives, two_readers_are_inside_together_in_some_schedule) {
  std::atomic<int>* together_seen = new std::atomic<int>(0);
  expect_nothing([together_seen] {
    std::shared_mutex m;
    std::atomic<int> inside{0};
    const auto read = [&] {
      const std::shared_lock lock(m);
      if (++inside == 2) ++*together_seen;
      --inside;
    };
    together(read, read);
  });
  EXPECT_GT(*together_seen, 0);
  delete together_seen;
}

TEST(primitives, a_condition_variable_hands_over) {
  run_options spurious;
  spurious.spurious = true;
  for (const run_options& options : {run_options{}, spurious})
    expect_nothing(
        [] {
          std::mutex m;
          std::condition_variable c;
          std::vector<int> queue;
          int sum = 0;
          const auto take = [&] {
            std::unique_lock lock(m);
            c.wait(lock, [&] { return !queue.empty(); });
            sum += queue.back();
            queue.pop_back();
          };
          together(take, take, [&] {
            for (int i = 1; i <= 2; ++i) {
              const std::lock_guard lock(m);
              queue.push_back(i);
              c.notify_one();
            }
          });
          GAUNTLET_SCHED_CHECK(sum == 3);
        },
        options);
}

TEST(primitives, a_timed_wait_ends_by_itself_and_only_when_nothing_else_can_happen_by_default) {
  expect_nothing([] {
    std::mutex m;
    std::condition_variable_any c;
    std::unique_lock lock(m);
    const auto before = std::chrono::steady_clock::now();
    GAUNTLET_SCHED_CHECK(c.wait_for(lock, 24h) == std::cv_status::timeout);
    GAUNTLET_SCHED_CHECK(std::chrono::steady_clock::now() - before >= 23h);
  });
}

TEST(primitives, call_once_calls_once_and_again_after_an_exception) {
  expect_nothing([] {
    std::once_flag flag;
    int calls = 0, failures = 0;
    const auto once = [&] {
      try {
        std::call_once(flag, [&] {
          if (++calls == 1) throw 1;
        });
      } catch (int) {
        ++failures;
      }
    };
    once();
    together(once, once);
    GAUNTLET_SCHED_CHECK(calls == 2 && failures == 1);
  });
}

struct counted {
  explicit counted(std::atomic<int>* n) : made(n) { ++*made; }
  ~counted() { --*made; }
  std::atomic<int>* made;
};

TEST(primitives, a_static_is_made_once_in_each_run_and_destroyed_at_its_end) {
  std::atomic<int> alive{0};
  expect_nothing([&alive] {
    GAUNTLET_SCHED_CHECK(alive == 0);
    const auto use = [&] {
      static counted one(&alive);
      static std::string text(100, 'x');
      GAUNTLET_SCHED_CHECK(one.made == &alive && text.size() == 100);
    };
    together(use, use);
    GAUNTLET_SCHED_CHECK(alive == 1);
  });
  EXPECT_EQ(alive, 0);
}

int global_counter = 7;
std::vector<int> global_vector;

TEST(primitives, globals_start_each_run_as_the_caller_left_them) {
  expect_nothing([] {
    GAUNTLET_SCHED_CHECK(global_counter == 7 && global_vector.empty());
    global_counter = 8;
    global_vector.push_back(1);
  });
  EXPECT_EQ(global_counter, 8);  // what the last run wrote can be seen
  global_counter = 9;
  random_walk walk;
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(run([] { GAUNTLET_SCHED_CHECK(global_counter++ == 9); }, walk).found, finding::none);
}

thread_local std::vector<int> mine;
thread_local int own = 5;

TEST(primitives, thread_locals_are_each_thread_s_own_fresh_and_destroyed) {
  expect_nothing([] {
    const auto use = [] {
      GAUNTLET_SCHED_CHECK(mine.empty() && own == 5);
      mine.assign(10, 1);
      ++own;
      std::this_thread::yield();
      GAUNTLET_SCHED_CHECK(mine.size() == 10 && own == 6);
    };
    together(use, use);
    use();
  });
}

template <class T>
void atomics_of_one_size() {
  std::atomic<T> a{0};
  together([&] { a.fetch_add(1, std::memory_order_relaxed); }, [&] { a.fetch_add(2, std::memory_order_acq_rel); },
           [&] {
             T expected = 0;
             while (!a.compare_exchange_weak(expected, static_cast<T>(expected + 4))) continue;
           });
  GAUNTLET_SCHED_CHECK(a.load(std::memory_order_acquire) == 7);
  GAUNTLET_SCHED_CHECK(a.exchange(12) == 7);
  GAUNTLET_SCHED_CHECK(a.fetch_sub(2) == 12 && a.fetch_and(6) == 10 && a.fetch_or(1) == 2 && a.fetch_xor(2) == 3);
  a.store(9, std::memory_order_release);
  GAUNTLET_SCHED_CHECK(a == 1 + 8);
}

TEST(primitives, atomics_of_1_to_8_bytes) {
  expect_nothing(atomics_of_one_size<std::uint8_t>);
  expect_nothing(atomics_of_one_size<std::uint16_t>);
  expect_nothing(atomics_of_one_size<std::uint32_t>);
  expect_nothing(atomics_of_one_size<std::uint64_t>);
}

struct alignas(16) pair_of_words {
  std::uint64_t a = 0, b = 0;
  bool operator==(const pair_of_words&) const = default;
};
struct three_words {
  std::uint64_t a = 0, b = 0, c = 0;
};

TEST(primitives, atomics_of_16_bytes_and_of_sizes_without_an_instruction_are_indivisible_and_publish) {
  expect_nothing([] {
    std::atomic<pair_of_words> pair;
    std::atomic<three_words> three;
    int published = 0;
    together(
        [&] {
          published = 1;
          three.store({1, 1, 1});
          pair.store({1, 1});
        },
        [&] {
          pair_of_words expected{};
          pair.compare_exchange_strong(expected, {2, 2});
        },
        [&] {
          const pair_of_words seen = pair.load();
          GAUNTLET_SCHED_CHECK(seen.a == seen.b);
          const three_words all = three.load();
          GAUNTLET_SCHED_CHECK(all.a == all.b && all.b == all.c);
          if (all.a == 1) GAUNTLET_SCHED_CHECK(published == 1);
        });
  });
}

TEST(primitives, release_and_acquire_publish_directly_by_fences_and_through_a_release_sequence) {
  expect_nothing([] {
    int data = 0, more = 0, most = 0;
    std::atomic<int> flag{0}, fenced{0}, chain{0};
    together(
        [&] {
          data = 1;
          flag.store(1, std::memory_order_release);
          more = 1;
          std::atomic_thread_fence(std::memory_order_release);
          fenced.store(1, std::memory_order_relaxed);
          most = 1;
          chain.store(1, std::memory_order_release);
        },
        [&] { chain.fetch_add(1, std::memory_order_relaxed); },
        [&] {
          if (flag.load(std::memory_order_acquire) == 1) GAUNTLET_SCHED_CHECK(data == 1);
          if (fenced.load(std::memory_order_relaxed) == 1) {
            std::atomic_thread_fence(std::memory_order_acquire);
            GAUNTLET_SCHED_CHECK(more == 1);
          }
          if (chain.load(std::memory_order_acquire) == 2 && fenced.load() == 1) {
            std::atomic_thread_fence(std::memory_order_acquire);
            GAUNTLET_SCHED_CHECK(more == 1);
          }
        });
  });
}

TEST(primitives, atomic_wait_and_notify) {
  expect_nothing([] {
    std::atomic<int> word{0};
    std::atomic<bool> flag{false};
    int data = 0;
    together(
        [&] {
          word.wait(0);
          GAUNTLET_SCHED_CHECK(data == 1);
          flag.store(true);
          flag.notify_all();
        },
        [&] {
          data = 1;
          word.store(1);
          word.notify_one();
        },
        [&] { flag.wait(false); });
  });
}

TEST(primitives, latch_barrier_and_semaphores) {
  expect_nothing([] {
    std::latch latch(2);
    std::counting_semaphore<4> two(2);
    std::binary_semaphore one(0);
    std::atomic<int> inside{0};
    int phases = 0;
    std::barrier barrier(2, [&]() noexcept { ++phases; });
    const auto work = [&] {
      latch.arrive_and_wait();
      barrier.arrive_and_wait();
      two.acquire();
      GAUNTLET_SCHED_CHECK(++inside <= 2);
      --inside;
      two.release();
      barrier.arrive_and_wait();
      GAUNTLET_SCHED_CHECK(phases == 2);
    };
    together(work, work, [&] { one.release(); });
    one.acquire();
    GAUNTLET_SCHED_CHECK(!one.try_acquire());
    static_cast<void>(one.try_acquire_for(1s));
  });
}

TEST(primitives, jthread_stop_token_and_stop_callback) {
  expect_nothing([] {
    std::atomic<int> called{0};
    {
      std::jthread t([&](const std::stop_token& stop) {
        const std::stop_callback callback(stop, [&] { ++called; });
        while (!stop.stop_requested()) std::this_thread::yield();
      });
      std::mutex m;
      std::condition_variable_any c;
      std::jthread waits([&](const std::stop_token& stop) {
        std::unique_lock lock(m);
        c.wait(lock, stop, [] { return false; });
      });
      t.request_stop();
    }
    GAUNTLET_SCHED_CHECK(called == 1);
  });
}

TEST(primitives, futures_promises_and_exceptions_across_threads) {
  expect_nothing([] {
    std::promise<int> promise;
    std::shared_future<int> future = promise.get_future().share();
    const auto get = [future] {
      try {
        future.get();
        GAUNTLET_SCHED_CHECK(false);
      } catch (const std::runtime_error& e) {
        GAUNTLET_SCHED_CHECK(std::string(e.what()) == "across");
      }
    };
    together(get, get, [&promise] {
      try {
        throw std::runtime_error("across");
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    });
    std::packaged_task<int()> task([] { return 3; });
    auto result = task.get_future();
    std::thread(std::move(task)).join();
    GAUNTLET_SCHED_CHECK(result.get() == 3);
    GAUNTLET_SCHED_CHECK(std::async(std::launch::async, [] { return 4; }).get() == 4);
  });
}

TEST(primitives, thread_ids_are_distinct_and_hash) {
  expect_nothing([] {
    std::array<std::thread::id, 2> ids;
    together([&] { ids[0] = std::this_thread::get_id(); }, [&] { ids[1] = std::this_thread::get_id(); });
    GAUNTLET_SCHED_CHECK(ids[0] != ids[1] && ids[0] != std::this_thread::get_id());
    GAUNTLET_SCHED_CHECK(std::hash<std::thread::id>{}(ids[0]) != std::hash<std::thread::id>{}(ids[1]));
  });
}

TEST(primitives, a_detached_thread_runs_to_its_end) {
  expect_nothing([] {
    auto done = std::make_shared<std::atomic<bool>>(false);
    std::thread([done] { *done = true; }).detach();
  });
}

TEST(primitives, sleeps_take_no_time_and_end_in_the_order_of_their_deadlines) {
  expect_nothing([] {
    std::vector<int> order;
    std::mutex m;
    const auto sleep = [&](int hours) {
      std::this_thread::sleep_for(std::chrono::hours(hours));
      const std::lock_guard lock(m);
      order.push_back(hours);
    };
    together([&] { sleep(30); }, [&] { sleep(10); }, [&] { sleep(20); });
    GAUNTLET_SCHED_CHECK((order == std::vector{10, 20, 30}));
    const auto until = std::chrono::steady_clock::now() + 100ms;
    while (std::chrono::steady_clock::now() < until) continue;
  });
}

TEST(primitives, chance_is_the_same_in_each_run_of_one_seed) {
  unsigned first = 0, second = 0;
  random_walk walk;
  run([&] { first = std::random_device{}() ^ static_cast<unsigned>(std::rand()); }, walk);
  run([&] { second = std::random_device{}() ^ static_cast<unsigned>(std::rand()); }, walk);
  EXPECT_EQ(first, second);
}

TEST(primitives, memory_from_the_malloc_family) {
  expect_nothing([] {
    together(
        [] {
          auto* p = static_cast<int*>(std::malloc(40));
          p = static_cast<int*>(std::realloc(p, 4000));
          p[999] = 1;
          std::free(p);
        },
        [] {
          auto* p = static_cast<unsigned char*>(std::calloc(10, 10));
          for (int i = 0; i < 100; ++i) GAUNTLET_SCHED_CHECK(p[i] == 0);
          std::free(p);
          void* q = std::aligned_alloc(256, 512);
          GAUNTLET_SCHED_CHECK(reinterpret_cast<std::uintptr_t>(q) % 256 == 0);
          std::free(q);
          void* r = nullptr;
          GAUNTLET_SCHED_CHECK(::posix_memalign(&r, 64, 10) == 0);
          std::free(r);
          char* s = ::strdup("copy");
          GAUNTLET_SCHED_CHECK(std::strcmp(s, "copy") == 0);
          std::free(s);
          struct alignas(128) wide {
            char bytes[128];
          };
          const auto w = std::make_unique<wide>();
          GAUNTLET_SCHED_CHECK(reinterpret_cast<std::uintptr_t>(w.get()) % 128 == 0);
          void* volatile too_much = std::malloc(std::size_t{1} << 40);
          GAUNTLET_SCHED_CHECK(too_much == nullptr);
        });
  });
}

TEST(primitives, memory_of_a_run_is_resized_and_freed_after_it) {
  static char* kept[3];  // reachable: no leak
  random_walk walk;
  run(
      [] {
        for (char*& p : kept) {
          p = static_cast<char*>(std::malloc(40));
          std::strcpy(p, "kept");
        }
      },
      walk);
  kept[0] = static_cast<char*>(std::realloc(kept[0], 4000));
  ASSERT_NE(kept[0], nullptr);
  EXPECT_STREQ(kept[0], "kept");
  kept[0] = static_cast<char*>(std::realloc(kept[0], 3));
  EXPECT_EQ(std::memcmp(kept[0], "kep", 3), 0);
  std::free(kept[0]);
  kept[1] = static_cast<char*>(::reallocarray(kept[1], 1000, 4));
  ASSERT_NE(kept[1], nullptr);
  EXPECT_STREQ(kept[1], "kept");
  std::free(kept[1]);
  std::free(kept[2]);
}

TEST(primitives, pthread_barrier_spin_lock_semaphore_and_keys) {
  expect_nothing([] {
    pthread_barrier_t barrier;
    pthread_spinlock_t spin;
    sem_t semaphore;
    pthread_key_t key;
    pthread_barrier_init(&barrier, nullptr, 2);
    pthread_spin_init(&spin, 0);
    sem_init(&semaphore, 0, 0);
    pthread_key_create(&key, [](void* p) { delete static_cast<int*>(p); });
    int n = 0;
    std::atomic<int> last{0};
    const auto work = [&] {
      pthread_setspecific(key, new int(3));
      if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) ++last;
      pthread_spin_lock(&spin);
      ++n;
      pthread_spin_unlock(&spin);
      sem_post(&semaphore);
      GAUNTLET_SCHED_CHECK(*static_cast<int*>(pthread_getspecific(key)) == 3);
    };
    std::thread a(work), b(work);
    sem_wait(&semaphore);
    sem_wait(&semaphore);
    GAUNTLET_SCHED_CHECK(n == 2 && last == 1);
    a.join();
    b.join();
    pthread_key_delete(key);
    pthread_barrier_destroy(&barrier);
    pthread_spin_destroy(&spin);
    sem_destroy(&semaphore);
  });
}

TEST(primitives, streams_and_strings_work_inside_a_run) {
  expect_nothing(
      [] {
        std::ostringstream out;
        out << 1 << ' ' << 2.5 << ' ' << std::hex << 255;
        GAUNTLET_SCHED_CHECK(out.str() == "1 2.5 ff");
        GAUNTLET_SCHED_CHECK(std::to_string(12) + std::string(40, 'x') == "12" + std::string(40, 'x'));
      },
      {}, 20);
}

TEST(primitives, many_threads) {
  expect_nothing(
      [] {
        std::atomic<int> n{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 100; ++i) threads.emplace_back([&] { ++n; });
        for (std::thread& t : threads) t.join();
        GAUNTLET_SCHED_CHECK(n == 100);
      },
      {}, 5);
}

}  // namespace
}  // namespace gauntlet::sched
