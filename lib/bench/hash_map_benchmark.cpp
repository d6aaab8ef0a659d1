// The schedule: which map is measured when, on top of Google Benchmark.
//
// Words. A *row* is one workload on one kind of key at one size; a *contestant* is a map. A *repetition* measures a row
// once with every contestant.
//
// The idea: ratios survive a noisy machine only if the maps of a row run next to each other. Google Benchmark runs what
// is registered in the order of registration, one iteration each, so the registration order is the schedule: row by
// row, inside a row repetition by repetition, inside a repetition every contestant once, starting with another one each
// time. The same name is registered once per repetition; report.py takes the median over equal names. The time of an
// iteration is handed over per operation.
//
// The hard case is memory: material for 10^7 elements is hundreds of megabytes, so only the current (key kind, size) is
// kept, and rows of one kind and size stand together.
//
// Usage: gauntlet_bench_hash_map [--quick] [--part=rows|pauses|all] [Google Benchmark's own options]
// Exit: 0 measured, 2 wrong use.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "contestant.h"

namespace gauntlet::bench {
namespace {

struct plan {
  bool quick = false;
  bool rows = true;
  bool pauses = true;
};

// The material of the row being measured; asking for another one drops it.
template <class Key>
material<Key>& material_of(key_kind kind, std::size_t size) {
  struct slot {
    key_kind kind;
    std::size_t size;
    std::unique_ptr<material<Key>> held;
  };
  static slot current{kind, 0, nullptr};
  if (!current.held || current.kind != kind || current.size != size) {
    current.held.reset();
    current = {kind, size, std::make_unique<material<Key>>(kind, size)};
  }
  return *current.held;
}

std::string row_name(key_kind kind, std::size_t size, const char* what, const contestant& map) {
  return std::string(name_of(kind)) + '/' + std::to_string(size) + '/' + what + '/' + map.name;
}

void measure_row(benchmark::State& state, key_kind kind, std::size_t size, workload which, const contestant& map) {
  try {
    for (auto _ : state) {
      const measurement result = is_number(kind) ? map.run_numbers(which, material_of<std::uint64_t>(kind, size))
                                                 : map.run_strings(which, material_of<std::string>(kind, size));
      state.SetIterationTime(result.nanoseconds / result.operations * 1e-9);
      state.counters["operations"] = result.operations;
    }
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s ran out of memory: left out\n", row_name(kind, size, name_of(which), map).c_str());
    state.SkipWithError("out of memory");
  }
}

// One run of `measure`, which hands its time over itself.
template <class Measure>
void register_once(const std::string& name, Measure measure) {
  benchmark::RegisterBenchmark(name.c_str(), measure)->Iterations(1)->UseManualTime()->Unit(benchmark::kNanosecond);
}

// How often a row is measured: five times, three where a repetition takes seconds.
std::size_t repetitions_of(key_kind kind, std::size_t size, bool quick) {
  const bool slow = size > 1'000'000 || (size == 1'000'000 && !is_number(kind));
  return quick || slow ? 3 : 5;
}

// std::unordered_map takes ten times the others' time at 10^7, where it is never the best peer: once is enough there.
// tsl::robin_map with the standard library's hash, which is the number itself, grows until memory is gone when many keys
// agree in their low bits.
bool takes_part(const contestant& map, key_kind kind, std::size_t size, std::size_t repetition) {
  const std::string_view name = map.name;
  const bool low_bits_agree = kind == key_kind::high_bits || (kind == key_kind::sparse_bits && size >= 1'000'000);
  if (low_bits_agree && name == "tsl") return false;
  return size <= 1'000'000 || repetition == 0 || name != "std";
}

void register_rows(key_kind kind, std::size_t size, bool quick, const std::vector<contestant>& maps,
                   std::span<const workload> workloads = all_workloads) {
  for (const workload which : workloads) {
    for (std::size_t repetition = 0; repetition < repetitions_of(kind, size, quick); ++repetition) {
      for (std::size_t turn = 0; turn < maps.size(); ++turn) {
        const contestant& map = maps[(repetition + turn) % maps.size()];
        if (!takes_part(map, kind, size, repetition)) continue;
        register_once(row_name(kind, size, name_of(which), map),
                      [=, &map](benchmark::State& state) { measure_row(state, kind, size, which, map); });
      }
    }
  }
}

void register_pauses_and_memory(std::size_t size, const std::vector<contestant>& maps) {
  for (const contestant& map : maps) {
    register_once(row_name(key_kind::u64, size, "worst_insert", map), [=, &map](benchmark::State& state) {
      for (auto _ : state) {
        const pause_figures figures = map.pauses(material_of<std::uint64_t>(key_kind::u64, size));
        state.SetIterationTime(figures.worst_ns * 1e-9);
        state.counters["worst_ns"] = figures.worst_ns;
        state.counters["p999999_ns"] = figures.p999999_ns;
        state.counters["raw_worst_ns_1"] = figures.raw_worst_ns[0];
        state.counters["raw_worst_ns_2"] = figures.raw_worst_ns[1];
        state.counters["raw_worst_ns_3"] = figures.raw_worst_ns[2];
      }
    });
  }
  for (const contestant& map : maps) {
    register_once(row_name(key_kind::u64, size, "memory", map), [=, &map](benchmark::State& state) {
      for (auto _ : state) {
        const memory_figures figures = map.memory(material_of<std::uint64_t>(key_kind::u64, size));
        state.SetIterationTime(0);
        state.counters["bytes_per_element"] = figures.bytes_per_element;
        state.counters["peak_bytes_per_element"] = figures.peak_bytes_per_element;
        state.counters["bytes_per_survivor"] = figures.bytes_per_survivor;
      }
    });
  }
}

void register_growth_events(std::size_t size, const std::vector<contestant>& maps) {
  for (const contestant& map : maps) {
    if (map.growth_events == nullptr) continue;
    register_once(row_name(key_kind::u64, size, "growth_after_reserve", map), [=, &map](benchmark::State& state) {
      for (auto _ : state) {
        state.SetIterationTime(0);
        state.counters["events"] = map.growth_events(material_of<std::uint64_t>(key_kind::u64, size));
      }
    });
  }
}

void register_all(const plan& chosen, const std::vector<contestant>& maps) {
  const std::vector<std::size_t> sizes =
      chosen.quick ? std::vector<std::size_t>{1'000, 100'000} : std::vector<std::size_t>{1'000, 100'000, 1'000'000};
  if (chosen.rows) {
    for (const key_kind kind : {key_kind::u64, key_kind::string16, key_kind::string40}) {
      register_rows(kind, 8, chosen.quick, maps, small_workloads);
      for (const std::size_t size : sizes) register_rows(kind, size, chosen.quick, maps);
      if (kind == key_kind::u64 && !chosen.quick) register_rows(kind, 10'000'000, chosen.quick, maps);
    }
    for (const key_kind kind : {key_kind::sequential, key_kind::high_bits, key_kind::sparse_bits}) {
      for (const std::size_t size : sizes) register_rows(kind, size, chosen.quick, maps, pattern_workloads);
    }
  }
  if (chosen.pauses) {
    for (const std::size_t size : sizes) register_growth_events(size, maps);
    if (!chosen.quick) register_growth_events(10'000'000, maps);
    register_pauses_and_memory(chosen.quick ? 1'000'000 : 10'000'000, maps);
  }
}

// Shows one line per kind and size; the figures go to the file that --benchmark_out names.
class progress_reporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const std::string name = run.benchmark_name();
      const std::string section = name.substr(0, name.find('/', name.find('/') + 1));
      if (section != section_) std::fprintf(stderr, "measuring %s\n", section.c_str());
      section_ = section;
    }
  }

 private:
  std::string section_;
};

int run(int argc, char** argv) {
  plan chosen;
  std::vector<char*> left{argv[0]};
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--quick") {
      chosen.quick = true;
    } else if (argument == "--part=rows") {
      chosen.pauses = false;
    } else if (argument == "--part=pauses") {
      chosen.rows = false;
    } else if (argument != "--part=all") {
      left.push_back(argv[i]);
    }
  }
  int left_count = static_cast<int>(left.size());
  left.push_back(nullptr);
  benchmark::Initialize(&left_count, left.data());
  if (benchmark::ReportUnrecognizedArguments(left_count, left.data())) return 2;
#ifndef NDEBUG
  std::fprintf(stderr, "warning: assertions are on; these figures say nothing about a release build\n");
#endif
#ifdef __clang__
  benchmark::AddCustomContext("compiler", __VERSION__);
#else
  benchmark::AddCustomContext("compiler", "g++ " __VERSION__);
#endif

  std::vector<contestant> maps = {contestant_gauntlet(), contestant_absl(), contestant_boost(), contestant_std()};
#ifdef GAUNTLET_BENCH_TSL
  maps.push_back(contestant_tsl());
#endif
  maps.insert(maps.end(), extra_contestants().begin(), extra_contestants().end());
  register_all(chosen, maps);
  progress_reporter progress;
  benchmark::RunSpecifiedBenchmarks(&progress);
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace gauntlet::bench

int main(int argc, char** argv) { return gauntlet::bench::run(argc, argv); }
