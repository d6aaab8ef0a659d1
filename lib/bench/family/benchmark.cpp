// The schedule of `ci/bench family`: which map is measured when.
//
// Words. A *row* is a mix on a universe of some size, under one law, with some threads; a *group* is the rows of all
// mixes, from reading only to writing only. A *round* measures a row once with every contestant.
//
// The idea: ratios survive a noisy machine only if the maps of a row run next to each other. So all maps of one size live
// at the same time, and a row goes round after round, each round beginning with another map. Before a group all maps
// are put into the same state.
//
// A map that answers wrongly has no speed: after filling, every map is asked for the whole universe.
//
// Usage: gauntlet_bench_family [--quick] [--part=resharding|threads]
// A part is measured alone and printed alone: `resharding`, or `threads`, which are rows with 1, 2, 4, ... threads as far as
// there are processors. Prints JSON. Exit: 0 measured, 1 a map answered wrongly, 2 wrong use.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <span>
#include <string>
#include <string_view>

#include "measure.h"
#include "resharding.h"

namespace gauntlet::bench::family {
namespace {

constexpr unsigned mixes[] = {100, 99, 95, 50, 0};
constexpr unsigned curve_mixes[] = {100, 95, 50, 0};
constexpr std::size_t crowd = 32;
constexpr std::size_t crowd_operations = 1'000'000;

// Slices are as short as the map's size allows: on a busy machine a long one is always disturbed.
struct settings {
  std::size_t rounds = 25;
  std::size_t crowd_rounds = 9;
  std::size_t resharding_rounds = 7;
  std::size_t curve_rounds = 15;
  unsigned attempts = 6;  // to get an undisturbed slice
  lengths small{milliseconds(1), milliseconds(3)};
  lengths large{milliseconds(3), milliseconds(6)};
  bool crowd_under_both_laws = true;
};

settings quick() {
  settings chosen;
  chosen.rounds = chosen.crowd_rounds = 5;
  chosen.attempts = 4;
  chosen.resharding_rounds = 3;
  chosen.curve_rounds = 5;
  chosen.crowd_under_both_laws = false;
  return chosen;
}

const char* name_of(id_source::law which) { return which == id_source::law::uniform ? "uniform" : "zipf"; }

std::vector<contestant> all_contestants() {
  std::vector<contestant> all = our_maps();
  all.push_back(mutex_peer());
  all.push_back(shared_mutex_peer());
#ifdef GAUNTLET_BENCH_TBB
  all.push_back(tbb_peer());
#else
  std::fprintf(stderr, "left out: tbb::concurrent_hash_map (Debian package libtbb-dev)\n");
#endif
#ifdef GAUNTLET_BENCH_LIBCUCKOO
  all.push_back(libcuckoo_peer());
#else
  std::fprintf(stderr, "left out: libcuckoo::cuckoohash_map (Debian package libcuckoo-dev)\n");
#endif
#ifdef GAUNTLET_BENCH_LFHT
  all.push_back(lfht_peer());
#else
  std::fprintf(stderr, "left out: lfht (Debian package liburcu-dev)\n");
#endif
  return all;
}

// ------------------------------------------------------------------------------------------------------------ JSON

// An array of objects, one a line.
class json_array {
 public:
  explicit json_array(const char* name) { std::printf(",\n\"%s\": [", name); }
  ~json_array() { std::printf("\n]"); }
  json_array(const json_array&) = delete;
  json_array& operator=(const json_array&) = delete;
  void begin_object() {
    std::printf("%s\n{", first_ ? "" : ",");
    first_ = false;
  }
  static void end_object() {
    std::printf("}");
    std::fflush(stdout);
  }

 private:
  bool first_ = true;
};

void print_rounds(const char* name, const std::vector<double>& values) {
  std::printf("\"%s\": [", name);
  for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%.6g", i == 0 ? "" : ", ", values[i]);
  std::printf("]");
}

// --------------------------------------------------------------------------------------------------------- schedule

class benchmark {
 public:
  benchmark(const settings& chosen, const std::vector<contestant>& contestants)
      : chosen_(chosen), contestants_(contestants) {
    for (const contestant& each : contestants_) {
      if (each.enter_thread != nullptr) enter_.emplace_back(each.enter_thread);
      if (each.leave_thread != nullptr) leave_.emplace_back(each.leave_thread);
    }
    for (const team::step& each : enter_) each();
  }
  ~benchmark() {
    for (const team::step& each : leave_) each();
  }
  benchmark(const benchmark&) = delete;
  benchmark& operator=(const benchmark&) = delete;

  void run() {
    {
      json_array rows("rows");
      for (const std::size_t size : {std::size_t{10'000}, std::size_t{1'000'000}}) {
        fill(size);
        for (const auto which : {id_source::law::uniform, id_source::law::zipf}) {
          const id_source ids(which, size);
          for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
            group(rows, size, which, ids, threads, mixes, chosen_.rounds);
          }
          if (size == 10'000 && (which == id_source::law::zipf || chosen_.crowd_under_both_laws)) {
            group(rows, size, which, ids, crowd, mixes, chosen_.crowd_rounds);
          }
        }
        maps_.clear();
      }
    }
    {
      json_array hits("hits");
      fill(10'000);
      all_present(hits, 10'000);
      maps_.clear();
    }
    resharding();
    json_array figures("memory");
    for (const contestant& each : contestants_) {
      std::fprintf(stderr, "measuring memory: %s\n", each.name);
      const memory found = measure_memory(each, 1'000'000);
      figures.begin_object();
      std::printf("\"map\": \"%s\", \"bytes_per_element\": %.2f, \"bytes_per_survivor\": %.2f", each.name,
                  found.bytes_per_element, found.bytes_per_survivor);
      if (found.bytes_after_shrinking >= 0) {
        std::printf(", \"bytes_per_survivor_after_shrinking\": %.2f", found.bytes_after_shrinking);
      }
      json_array::end_object();
    }
  }

  // Speed by threads, each with a processor of its own.
  void threads() {
    const std::size_t most = processors().size();
    json_array rows("curves");
    for (const std::size_t size : {std::size_t{10'000}, std::size_t{1'000'000}}) {
      fill(size);
      for (const auto which : {id_source::law::uniform, id_source::law::zipf}) {
        const id_source ids(which, size);
        for (std::size_t count = 1; count <= most; count *= 2) {
          group(rows, size, which, ids, count, curve_mixes, chosen_.curve_rounds);
        }
      }
      maps_.clear();
    }
  }

  // routed_map from 8 shards to 12, under two threads that work.
  void resharding() {
    json_array figures("resharding");
    const std::size_t size = 1'000'000;
    for (const unsigned mix : {95U, 50U}) {
      for (const bool by_writes : {false, true}) {
        std::fprintf(stderr, "measuring: resharding, %u %% reads, by %s\n", mix, by_writes ? "writes" : "a thread");
        std::vector<double> before, during, after, seconds, moved;
        for (const resharding_round& each : measure_resharding(size, mix, by_writes, chosen_.resharding_rounds)) {
          before.push_back(each.before);
          during.push_back(each.during);
          after.push_back(each.after);
          seconds.push_back(each.seconds);
          moved.push_back(each.moved);
        }
        figures.begin_object();
        std::printf("\"keys\": %zu, \"reads\": %u, \"by_writes\": %s, ", size, mix, by_writes ? "true" : "false");
        print_rounds("before", before);
        std::printf(", ");
        print_rounds("during", during);
        std::printf(", ");
        print_rounds("after", after);
        std::printf(", ");
        print_rounds("seconds", seconds);
        std::printf(", ");
        print_rounds("moved", moved);
        json_array::end_object();
      }
    }
  }

 private:
  void fill(std::size_t size) {
    std::fprintf(stderr, "filling: %zu keys\n", size);
    beginning_ = beginning(size);
    for (const contestant& each : contestants_) maps_.push_back(each.make({size / 2}));
    put_back();
    stream everything = beginning_;
    everything.kinds.assign(size, operation_kind::find);
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      const sighting seen = maps_[i]->run(everything.all());
      if (seen.found != size / 2) {
        std::fprintf(stderr, "%s holds %llu of %zu keys\n", contestants_[i].name,
                     static_cast<unsigned long long>(seen.found), size / 2);
        std::exit(1);
      }
    }
  }

  void put_back() {
    for (const auto& map : maps_) {
      use(map->run(beginning_.all()));
      map->settle();
    }
  }

  // measure(map, which, round) for every map in every round; what it returns, by map.
  template <class Measure>
  auto take_turns(std::size_t rounds, Measure measure) {
    std::vector<std::vector<decltype(measure(*maps_[0], std::size_t{}, std::size_t{}))>> results(maps_.size());
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t turn = 0; turn < maps_.size(); ++turn) {
        const std::size_t which = (round + turn) % maps_.size();
        results[which].push_back(measure(*maps_[which], which, round));
      }
    }
    return results;
  }

  // If no attempt is undisturbed, the fastest: what strangers do makes a map slower, not faster.
  slice undisturbed(team& threads, std::size_t round, measured_map& map, const std::vector<stream>& streams,
                    positions& at, lengths length) {
    slice best;
    for (unsigned attempt = 0; attempt < chosen_.attempts; ++attempt) {
      const slice next = measure_slice(threads, round, map, streams, at, length);
      if (!next.disturbed) return next;
      if (attempt == 0 || next.operations_per_second > best.operations_per_second) best = next;
    }
    return best;
  }

  void group(json_array& rows, std::size_t size, id_source::law which, const id_source& ids, std::size_t thread_count,
             std::span<const unsigned> shares, std::size_t rounds) {
    std::fprintf(stderr, "measuring: %zu thread%s, %zu keys, %s\n", thread_count, thread_count == 1 ? "" : "s", size,
                 name_of(which));
    const bool is_crowd = thread_count == crowd;
    const std::size_t length = is_crowd            ? crowd_operations / crowd
                               : size >= 1'000'000 ? std::size_t{1} << 20
                                                   : std::size_t{1} << 17;
    std::vector<stream> streams(thread_count);
    for (std::size_t i = 0; i < thread_count; ++i) streams[i].keys = draw_keys(ids, length, 100 + i);
    put_back();
    team threads(thread_count, enter_, leave_);
    for (const unsigned mix : shares) {
      for (std::size_t i = 0; i < thread_count; ++i) streams[i].kinds = draw_kinds(mix, length, 200 + i);
      std::vector<positions> at(maps_.size(), positions(thread_count, 0));
      const auto results = take_turns(rounds, [&](measured_map& map, std::size_t number, std::size_t round) {
        return is_crowd ? measure_work(threads, round, map, streams)
                        : undisturbed(threads, round, map, streams, at[number],
                                      size >= 1'000'000 ? chosen_.large : chosen_.small);
      });
      rows.begin_object();
      std::printf("\"threads\": %zu, \"keys\": %zu, \"law\": \"%s\", \"reads\": %u, \"maps\": {", thread_count, size,
                  name_of(which), mix);
      for (std::size_t i = 0; i < results.size(); ++i) {
        std::printf("%s\"%s\": {", i == 0 ? "" : ", ", contestants_[i].name);
        print_slices(results[i]);
        std::printf("}");
      }
      std::printf("}");
      json_array::end_object();
    }
  }

  static void print_slices(const std::vector<slice>& slices) {
    std::vector<double> speeds;
    std::size_t disturbed = 0;
    for (const slice& each : slices) {
      speeds.push_back(each.operations_per_second);
      disturbed += each.disturbed;
    }
    print_rounds("operations_per_second", speeds);
    std::printf(", \"disturbed\": %zu", disturbed);
  }

  // Two threads, all keys present throughout: lookups that all hit, then stores that all replace. Speeds and latencies.
  void all_present(json_array& hits, std::size_t size) {
    std::fprintf(stderr, "measuring: lookups that hit, stores that replace\n");
    stream everything = beginning_;
    everything.kinds.assign(size, operation_kind::insert);
    for (const auto& map : maps_) use(map->run(everything.all()));
    const std::size_t thread_count = 2, length = std::size_t{1} << 17;
    const id_source ids(id_source::law::uniform, size);
    std::vector<stream> streams(thread_count);
    for (std::size_t i = 0; i < thread_count; ++i) streams[i].keys = draw_keys(ids, length, 100 + i);
    team threads(thread_count, enter_, leave_);
    for (const operation_kind kind : {operation_kind::find, operation_kind::insert}) {
      for (stream& each : streams) each.kinds.assign(length, kind);
      std::vector<positions> at(maps_.size(), positions(thread_count, 0));
      const auto speeds = take_turns(chosen_.rounds, [&](measured_map& map, std::size_t number, std::size_t round) {
        return undisturbed(threads, round, map, streams, at[number], chosen_.small);
      });
      const auto delays = take_turns(chosen_.rounds, [&](measured_map& map, std::size_t number, std::size_t round) {
        return measure_latencies(threads, round, map, streams, at[number], chosen_.small);
      });
      for (std::size_t i = 0; i < maps_.size(); ++i) {
        std::vector<double> p50, p99;
        for (const latencies& each : delays[i]) {
          p50.push_back(each.p50_ns);
          p99.push_back(each.p99_ns);
        }
        hits.begin_object();
        std::printf("\"operation\": \"%s\", \"map\": \"%s\", ", kind == operation_kind::find ? "read" : "write",
                    contestants_[i].name);
        print_slices(speeds[i]);
        std::printf(", ");
        print_rounds("p50_ns", p50);
        std::printf(", ");
        print_rounds("p99_ns", p99);
        json_array::end_object();
      }
    }
  }

  settings chosen_;
  std::vector<contestant> contestants_;
  std::vector<team::step> enter_, leave_;
  stream beginning_;
  std::vector<std::unique_ptr<measured_map>> maps_;  // as contestants_
};

int main_program(int argc, char** argv) {
  settings chosen;
  std::string_view part = "all";
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--quick") {
      chosen = quick();
    } else if (option == "--part=resharding" || option == "--part=threads") {
      part = option.substr(option.find('=') + 1);
    } else {
      std::fprintf(stderr, "usage: gauntlet_bench_family [--quick] [--part=resharding|threads]\n");
      return 2;
    }
  }
#ifndef NDEBUG
  std::fprintf(stderr, "warning: assertions are on; these figures say nothing about a release build\n");
#endif
  const std::vector<contestant> contestants = all_contestants();
  char date[16] = "";
  const std::time_t now = std::time(nullptr);
  std::tm broken_down{};
  std::strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &broken_down));
  double load = 0;
  if (getloadavg(&load, 1) != 1) load = -1;
  std::printf(
      "{\"date\": \"%s\", \"processors\": %zu, \"load_before\": %.2f, \"compiler\": \"%s\", \"rounds\": %zu, "
      "\"crowd_rounds\": %zu, ",
      date, processors().size(), load, __VERSION__, chosen.rounds, chosen.crowd_rounds);
  std::printf("\"wall_clock_ns\": %.1f,\n\"contestants\": [", wall_clock_cost_ns());
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    std::printf("%s{\"name\": \"%s\", \"is_peer\": %s}", i == 0 ? "" : ", ", contestants[i].name,
                contestants[i].is_peer ? "true" : "false");
  }
  std::printf("]");
  if (part == "resharding") {
    benchmark(chosen, {}).resharding();
  } else if (part == "threads") {
    benchmark(chosen, contestants).threads();
  } else {
    benchmark(chosen, contestants).run();
  }
  if (getloadavg(&load, 1) != 1) load = -1;
  std::printf(",\n\"load_after\": %.2f}\n", load);
  return 0;
}

}  // namespace
}  // namespace gauntlet::bench::family

int main(int argc, char** argv) { return gauntlet::bench::family::main_program(argc, argv); }
