// What costs grow with: hash_map with its elements, the concurrent maps with threads, the checker with a history's size.
//
//   growth      hash_map counts its own work at powers of ten; a simulation goes on where memory ends (simulated_growth.h)
//   contention  concurrent_map and sharded_map with one thread and with as many as there are processors, and what a cache
//               line costs on its way from one processor to another: scaling.py makes a model for more of them
//   checker     time to judge histories of t threads with k operations each
//
// Usage: gauntlet_bench_scaling [--quick] [--part=contention]     that part alone
//        gauntlet_bench_scaling --fill ELEMENTS LOOKUPS     does that alone, for cachegrind: half of the lookups hit
// Prints JSON. Exit: 0 measured, 2 wrong use.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include <gauntlet/check/linear/checker.h>
#include <gauntlet/check/linear/random_history.h>
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/sharded_map.h>

#include "../clock.h"
#include "../family/measure.h"
#include "../json.h"
#include "simulated_growth.h"

namespace gauntlet::bench {
namespace {

using namespace family;

struct settings {
  std::uint64_t elements_max = 100'000'000;     // in memory: about three gigabytes
  std::uint64_t simulated_max = 1'000'000'000;  // without memory for elements
  std::size_t rounds = 25;
  std::size_t histories = 2'000;
};

settings quick() { return {1'000'000, 10'000'000, 5, 200}; }

template <class Key>
using map_of_numbers = hash_map<Key, std::uint64_t, gauntlet::hash<Key>, std::equal_to<Key>,
                                std::allocator<std::pair<const Key, std::uint64_t>>, fixed_seed_policy>;

struct counting_policy : fixed_seed_policy {
  static constexpr bool count_work = true;
};
using counting_map = hash_map<std::uint64_t, std::uint64_t, gauntlet::hash<std::uint64_t>, std::equal_to<std::uint64_t>,
                              std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, counting_policy>;

// -------------------------------------------------------------------------------------------------------------- growth

// Counted by the map: groups looked at and elements moved are one number there, so a lookup of every element beside it
// tells what of it was looking.
void measure_growth(json& out, const settings& s) {
  out.open("measured", '[');
  counting_map counted;
  map_of_numbers<std::uint64_t> timed;
  std::uint64_t n = 0;
  double nanoseconds = 0;
  for (std::uint64_t next = 1000; next <= s.elements_max; next *= 10) {
    const std::uint64_t work_before = counted.work(), before = n;
    for (std::uint64_t id = n; id < next; ++id) counted.try_emplace(scramble(id), id);
    const std::uint64_t work = counted.work() - work_before;
    const std::int64_t began = thread_cpu_nanoseconds();
    for (std::uint64_t id = n; id < next; ++id) timed.try_emplace(scramble(id), id);
    nanoseconds += static_cast<double>(thread_cpu_nanoseconds() - began);
    n = next;

    const std::uint64_t lookups = std::min<std::uint64_t>(n, 1'000'000);
    number_source numbers(n);
    const std::uint64_t work_of_lookups = counted.work();
    std::uint64_t found = 0;
    for (std::uint64_t i = 0; i < lookups; ++i) found += counted.contains(scramble(numbers.below(n)));
    const std::uint64_t looked = counted.work() - work_of_lookups;
    const std::int64_t lookups_began = thread_cpu_nanoseconds();
    std::uint64_t at = 0;  // each lookup needs what the last one found
    for (std::uint64_t i = 0; i < lookups; ++i) at = timed.find(scramble((numbers.below(n) + (at & 1)) % n))->second;
    const double lookup_ns =
        static_cast<double>(thread_cpu_nanoseconds() - lookups_began) / static_cast<double>(lookups);

    const hash_map_stats now = counted.stats();
    out.open("", '{');
    out.number("elements", static_cast<double>(n));
    out.number("tables", static_cast<double>(now.tables));
    out.number("directory_entries", static_cast<double>(now.directory_entries));
    out.number("splits", static_cast<double>(now.splits));
    out.number("work_per_insertion", static_cast<double>(work) / static_cast<double>(n - before));
    out.number("groups_per_lookup", static_cast<double>(looked) / static_cast<double>(found));
    out.number("longest_probe", static_cast<double>(now.longest_probe));
    out.number("bytes_per_element", static_cast<double>(now.bytes) / static_cast<double>(n));
    out.number("ns_per_insertion", nanoseconds / static_cast<double>(n));
    out.number("ns_per_lookup", lookup_ns + static_cast<double>(at & 1) * 1e-9);
    out.close('}');
  }
  out.close(']');
}

void simulate_growth(json& out, const settings& s) {
  const auto table_limit = static_cast<std::uint32_t>(fixed_seed_policy::table_groups_max * detail::group_slots *
                                                      fixed_seed_policy::max_load_per_mille / 1000);
  out.number("table_limit", table_limit);
  out.open("simulated", '[');
  simulated_growth map(table_limit, 1);
  for (std::uint64_t next = 1000; next <= s.simulated_max; next *= 10) {
    while (map.size() < next) map.insert();
    const auto n = static_cast<double>(map.size());
    out.open("", '{');
    out.number("elements", n);
    out.number("tables", static_cast<double>(map.tables()));
    out.number("directory_entries", static_cast<double>(map.directory_entries()));
    out.number("splits", static_cast<double>(map.splits()));
    out.number("moved_per_insertion", static_cast<double>(map.moved()) / n);
    out.number("entries_copied_per_insertion", static_cast<double>(map.entries_copied()) / n);
    out.close('}');
  }
  out.close(']');
}

// ---------------------------------------------------------------------------------------------------------- contention

// A number that two threads change in turns: half a round is one journey of its cache line.
double journey_nanoseconds(team& threads) {
  constexpr std::uint32_t journeys = 2'000;  // short, so that some are undisturbed
  std::vector<double> nanoseconds;
  for (std::size_t round = 0; round < 400; ++round) {
    // [turn] acquire and release as a lock would: whoever sees its turn has seen what the other did.
    alignas(64) std::atomic<std::uint32_t> turn{0};
    std::vector<double> own(2);
    threads.run(round, [&](std::size_t number) {
      const auto began = wall_clock::now();
      for (auto mine = static_cast<std::uint32_t>(number); mine < journeys; mine += 2) {
        while (turn.load(std::memory_order_acquire) != mine) {
        }
        turn.store(mine + 1, std::memory_order_release);
      }
      own[number] = seconds(wall_clock::now() - began) * 1e9 / journeys;
    });
    nanoseconds.push_back(std::max(own[0], own[1]));
  }
  return *std::min_element(nanoseconds.begin(), nanoseconds.end());  // a stranger makes it longer, never shorter
}

struct mix {
  id_source::law law;
  unsigned reads;
};

void measure_mix(json& out, const settings& s, const mix& what, const id_source& ids, std::size_t keys,
                 const std::vector<contestant>& maps, std::vector<std::unique_ptr<measured_map>>& live,
                 std::vector<std::unique_ptr<team>>& teams) {
  constexpr std::size_t length = std::size_t{1} << 17;
  for (const auto& threads : teams) {
    std::vector<stream> streams(threads->size());
    for (std::size_t i = 0; i < streams.size(); ++i) {
      streams[i].keys = draw_keys(ids, length, 100 + i);
      streams[i].kinds = draw_kinds(what.reads, length, 200 + i);
    }
    std::vector<std::vector<double>> speeds(live.size());
    std::vector<positions> at(live.size(), positions(streams.size(), 0));
    for (std::size_t round = 0; round < s.rounds; ++round) {
      for (std::size_t turn = 0; turn < live.size(); ++turn) {
        const std::size_t i = (turn + round) % live.size();
        slice best;
        for (int attempt = 0; attempt < 4; ++attempt) {
          const slice next =
              measure_slice(*threads, round, *live[i], streams, at[i], {milliseconds(1), milliseconds(3)});
          best = next.operations_per_second > best.operations_per_second || !next.disturbed ? next : best;
          if (!next.disturbed) break;
        }
        speeds[i].push_back(best.operations_per_second);
      }
    }
    for (std::size_t i = 0; i < live.size(); ++i) {
      std::nth_element(speeds[i].begin(), speeds[i].begin() + static_cast<std::ptrdiff_t>(s.rounds / 2),
                       speeds[i].end());
      out.open("", '{');
      out.text("map", maps[i].name);
      out.text("law", what.law == id_source::law::uniform ? "uniform" : "zipf");
      out.number("keys", static_cast<double>(keys));
      out.number("reads", what.reads);
      out.number("threads", static_cast<double>(threads->size()));
      out.number("operations_per_second", speeds[i][s.rounds / 2]);
      out.close('}');
    }
  }
}

void measure_contention(json& out, const settings& s) {
  constexpr std::size_t keys = 10'000;
  std::vector<contestant> maps = our_maps();
  std::erase_if(maps, [](const contestant& each) {
    const std::string_view name = each.name;
    return name != "concurrent_map" && name != "sharded_map";
  });
  std::vector<std::unique_ptr<measured_map>> live;
  const stream first = beginning(keys);
  for (const contestant& each : maps) {
    live.push_back(each.make({keys}));
    live.back()->run(first.all());
  }
  std::vector<std::unique_ptr<team>> teams;
  const std::size_t most = std::min<std::size_t>(processors().size(), 256);
  for (std::size_t threads = 1; threads <= most; threads *= 2) {
    teams.push_back(std::make_unique<team>(threads, std::vector<team::step>{}, std::vector<team::step>{}));
  }

  concurrent_map<std::uint64_t, std::uint64_t> example;
  for (std::uint64_t id = 0; id < keys; id += 2) example.insert_or_assign(key_of(id), id);
  out.open("contention", '{');
  out.open("locks", '{');
  out.number("sharded_map", static_cast<double>(sharded_map_policy::shard_count));
  out.number("concurrent_map", static_cast<double>(example.stats().tables * concurrent_map_policy::buckets_per_table));
  out.close('}');
  out.number("processors", static_cast<double>(most));
  if (most >= 2) {
    team two(2, {}, {});
    out.number("journey_ns", journey_nanoseconds(two));
  }
  out.open("speeds", '[');
  for (const id_source::law law : {id_source::law::uniform, id_source::law::zipf}) {
    const id_source ids(law, keys);
    for (const unsigned reads : {100U, 95U, 50U, 0U}) measure_mix(out, s, {law, reads}, ids, keys, maps, live, teams);
  }
  out.close(']');
  out.close('}');
}

// ------------------------------------------------------------------------------------------------------------- checker

void measure_checker(json& out, const settings& s) {
  using namespace check;
  out.open("checker", '[');
  for (const std::size_t keys : {1U, 4U}) {
    for (const std::size_t threads : {1U, 2U, 4U, 8U, 16U}) {
      for (const std::size_t each : {1U, 4U, 16U, 64U}) {
        const history_shape shape{.lanes = static_cast<unsigned>(threads), .keys = keys, .events = threads * each};
        random_source random(7);
        std::vector<history> all(std::max<std::size_t>(s.histories / (threads * each), 20));
        for (history& h : all) h = random_history(random, shape);
        check_options options;
        options.budget = 100'000'000;
        std::size_t undecided = 0;
        double best = 0;
        for (int repetition = 0; repetition < 3; ++repetition) {
          undecided = 0;
          const std::int64_t began = thread_cpu_nanoseconds();
          for (const history& h : all) undecided += check_history(h, options).says == judgement::undecided;
          const auto taken = static_cast<double>(thread_cpu_nanoseconds() - began);
          best = repetition == 0 ? taken : std::min(best, taken);
        }
        out.open("", '{');
        out.number("keys", static_cast<double>(keys));
        out.number("threads", static_cast<double>(threads));
        out.number("operations_each", static_cast<double>(each));
        out.number("ns_per_operation", best / static_cast<double>(all.size() * threads * each));
        out.number("undecided", static_cast<double>(undecided));
        out.close('}');
      }
    }
  }
  out.close(']');
}

void measure(const settings& s, bool only_contention) {
  json out;
  out.open("", '{');
  out.text("compiler", __VERSION__);
  if (!only_contention) {
    std::fprintf(stderr, "measuring: growth\n");
    measure_growth(out, s);
    simulate_growth(out, s);
  }
  std::fprintf(stderr, "measuring: contention\n");
  measure_contention(out, s);
  if (!only_contention) {
    std::fprintf(stderr, "measuring: checker\n");
    measure_checker(out, s);
  }
  out.close('}');
  std::printf("\n");
}

void fill(std::uint64_t elements, std::uint64_t lookups) {
  map_of_numbers<std::uint64_t> map;
  for (std::uint64_t id = 0; id < elements; ++id) map.try_emplace(scramble(id), id);
  number_source numbers(1);
  std::uint64_t found = 0;
  for (std::uint64_t i = 0; i < lookups; ++i) found += map.contains(scramble(numbers.below(2 * elements)));
  std::printf("{\"found\": %llu}\n", static_cast<unsigned long long>(found));
}

}  // namespace
}  // namespace gauntlet::bench

int main(int count, char** arguments) {
  if (count == 4 && std::string_view(arguments[1]) == "--fill") {
    const std::uint64_t elements = std::strtoull(arguments[2], nullptr, 10);
    if (elements != 0) {
      gauntlet::bench::fill(elements, std::strtoull(arguments[3], nullptr, 10));
      return 0;
    }
  }
  gauntlet::bench::settings chosen;
  bool only_contention = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view option = arguments[i];
    if (option == "--quick") {
      chosen = gauntlet::bench::quick();
    } else if (option == "--part=contention") {
      only_contention = true;
    } else {
      std::fprintf(stderr, "usage: %s [--quick] [--part=contention]\n       %s --fill ELEMENTS LOOKUPS\n", arguments[0],
                   arguments[0]);
      return 2;
    }
  }
  gauntlet::bench::measure(chosen, only_contention);
  return 0;
}
