// The hooks that a fuzzing engine calls: judge an input, change one, cross two.
//
// Engine-neutral: only the three functions that libFuzzer introduced and that AFL++, Honggfuzz and Centipede's runner
// know as well; LLVMFuzzerMutate (the engine's own mutation of bytes) is used where the engine offers it. This file is
// compiled into binaries with an engine and is no part of the library.
//
// Inputs may be text: a seed corpus is written by hand. The mutator reads both forms and writes the binary one. Its first
// programs are fresh ones where there is one thread: an engine that starts from nothing would edit for long what it happened
// to begin with. Nineteen of twenty other mutations are on whole operations, the last one is the engine's, on the bytes; its
// result is decoded and encoded again, so that the corpus holds canonical programs. 39 defects of one thread, three seeds
// each, from nothing: 68 executions to each (the geometric mean of the medians) where a fifth of all mutations was the
// engine's, 50 where a twentieth is, 37 with 256 fresh programs before.
//
// A failing verdict is printed and then aborts the process: that is how an engine learns to keep the input. The last
// lines of every ending are `operations: N` and, of a target with schedules, `schedules: N`: the work done, for tables.
//
// A target with schedules judges what the mutator made along other schedules as well (run/schedule_search.h), and what
// was there before, as a corpus that is loaded or merged, along its own alone; so does an engine that lets another process
// mutate. The engine keeps the input as it was: that it may fail along another schedule only is known to the replay binary
// and to the reducer, which search the same ones. Reads-from counters hear of an input's own schedule alone; an edge that
// another one took is lost in the next merge.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include <gauntlet/check/fuzzing/lacking_operations.h>
#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/file.h>
#include <gauntlet/check/report/report.h>
#include <gauntlet/check/run/schedule_search.h>

extern "C" {
__attribute__((weak)) std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed);
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data_1, std::size_t size_1, const std::uint8_t* data_2,
                                      std::size_t size_2, std::uint8_t* out, std::size_t max_size, unsigned int seed);
}

namespace {

using namespace gauntlet::check;

constexpr std::size_t scheduled_operations_max = 24;
constexpr unsigned fresh_programs_first = 256;

// By all inputs of this process; inputs are judged one after another.
std::uint64_t operations_run = 0, schedules_run = 0;
bool made_by_the_mutator = false;  // the input that is judged next
unsigned fresh_programs = 0;       // so far
lacking_operations lacking;        // what no input was answered so far

void print_work_done() {
  std::fprintf(stderr, "operations: %llu\n", static_cast<unsigned long long>(operations_run));
  if (this_target().scheduled)
    std::fprintf(stderr, "schedules: %llu\n", static_cast<unsigned long long>(schedules_run));
  std::fflush(stderr);
}

// A race makes two threads abort at once. The engine keeps the input in the first one's handler and returns from the
// second one's, which ends the process before the input is written: so only one thread comes to the engine's handler.
struct sigaction engines_handler{};
std::atomic<bool> somebody_aborts{false};

void abort_alone(int number, siginfo_t* about, void* context) {
  // [abort] relaxed: it only chooses one; nothing is handed over.
  while (somebody_aborts.exchange(true, std::memory_order_relaxed)) pause();
  if ((engines_handler.sa_flags & SA_SIGINFO) != 0) {
    engines_handler.sa_sigaction(number, about, context);
  } else {
    engines_handler.sa_handler(number);
  }
}

bool let_one_thread_abort() {
  if (!this_target().concurrent || this_target().scheduled || sigaction(SIGABRT, nullptr, &engines_handler) != 0)
    return false;
  if ((engines_handler.sa_flags & SA_SIGINFO) == 0 &&
      (engines_handler.sa_handler == SIG_DFL || engines_handler.sa_handler == SIG_IGN)) {
    return false;
  }
  struct sigaction alone = engines_handler;
  alone.sa_flags |= SA_SIGINFO;
  alone.sa_sigaction = abort_alone;
  return sigaction(SIGABRT, &alone, nullptr) == 0;
}

[[noreturn]] void stop_with(program p, std::span<const std::uint8_t> bytes, const verdict& v) {
  if (!v.decisions.empty()) p.decisions = v.decisions;
  const target_description& target = this_target();
  const char* const chosen = std::getenv("GAUNTLET_SUBJECT");
  const std::string_view subject = chosen != nullptr && *chosen != '\0' ? chosen : target.default_subject;
  const std::string text =
      target.judge_program != nullptr ? report(p, v, subject, target.name, "") : report(bytes, v, target.name, "");
  std::fwrite(text.data(), 1, text.size(), stderr);
  if (target.must_fail) std::fputs("This target must fail: the alarm rings as it should.\n", stderr);
  print_work_done();
  std::abort();
}

// By whichever hook the engine calls first.
void read_environment() {
  [[maybe_unused]] static const bool done = [] {
    const char* const names = std::getenv("GAUNTLET_WITHOUT");
    const auto operations = operations_named(names != nullptr ? names : "");
    if (const auto* problem = std::get_if<std::string>(&operations)) {
      std::fprintf(stderr, "GAUNTLET_WITHOUT: %s\n", problem->c_str());
      std::exit(2);
    }
    without_of_this_process() = std::get<opcode_set>(operations);
    return true;
  }();
}

mutation_options options_for(std::size_t max_size, random_source& random) {
  read_environment();
  mutation_options options;
  options.operations_max = max_size < header_size ? 0 : (max_size - header_size) / operation_size;
  // What is interleaved is small: each operation more multiplies the schedules.
  const std::size_t most = this_target().scheduled ? scheduled_operations_max : operations_max;
  options.operations_max = std::min(options.operations_max, most);
  options.concurrent = this_target().concurrent;
  options.scheduled = this_target().scheduled;
  options.prefilled = true;
  options.without = without_of_this_process();
  if (random.below(programs_for_each_that_asks_for_all) != 0) options.without |= lacking.now();
  const auto names = target_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == this_target().name) options.target = static_cast<std::uint8_t>(i);
  }
  return options;
}

std::size_t store(const program& p, std::uint8_t* out, std::size_t max_size) {
  const std::vector<std::uint8_t> bytes = encode(p);
  const std::size_t size = bytes.size() < max_size ? bytes.size() : max_size;
  std::memcpy(out, bytes.data(), size);
  return size;
}

// Without help from the engine: one byte set, dropped or added.
std::size_t mutate_bytes(std::uint8_t* data, std::size_t size, std::size_t max_size, random_source& random) {
  if (LLVMFuzzerMutate != nullptr) return LLVMFuzzerMutate(data, size, max_size);
  const std::uint64_t kind = random.below(3);
  if (size == 0 || (kind == 0 && size < max_size)) {
    if (max_size == 0) return 0;
    data[size] = static_cast<std::uint8_t>(random());
    return size + 1;
  }
  if (kind == 1) return size - 1;
  data[random.below(size)] = static_cast<std::uint8_t>(random());
  return size;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  [[maybe_unused]] static const int registered = std::atexit(print_work_done);
  [[maybe_unused]] static const bool alone = let_one_thread_abort();
  const target_description& target = this_target();
  const std::span<const std::uint8_t> bytes(data, size);
  if (target.judge_program == nullptr) {
    const verdict v = target.judge_bytes(bytes);
    operations_run += v.operations_run;
    if (!v) stop_with({}, bytes, v);
    return 0;
  }
  read_environment();
  program p = read_input(bytes);
  leave_out(p, without_of_this_process());
  if (target.scheduled) {
    schedule_search_of_this_process().schedules = made_by_the_mutator ? schedules_of_an_input : 0;
    made_by_the_mutator = false;
  }
  const verdict v = target.judge_program(p);
  operations_run += v.operations_run;
  schedules_run += v.schedules_run;
  lacking.learn(coverage());
  if (!v) stop_with(p, bytes, v);
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  made_by_the_mutator = true;
  random_source random(seed);
  // A target that judges bytes is about what programs are not: it gets both.
  const bool judges_bytes = this_target().judge_program == nullptr;
  if (!judges_bytes && !this_target().concurrent && fresh_programs < fresh_programs_first) {
    ++fresh_programs;
    return store(generate_fresh(random, options_for(max_size, random)), data, max_size);
  }
  if (random.chance(judges_bytes ? 50 : 5)) {
    const std::size_t changed = mutate_bytes(data, size, max_size, random);
    return judges_bytes ? changed : store(read_input(std::span(data, changed)), data, max_size);
  }
  program p = read_input(std::span<const std::uint8_t>(data, size));
  mutate(p, random, options_for(max_size, random));
  return store(p, data, max_size);
}

std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data_1, std::size_t size_1, const std::uint8_t* data_2,
                                      std::size_t size_2, std::uint8_t* out, std::size_t max_size, unsigned int seed) {
  made_by_the_mutator = true;
  random_source random(seed);
  if (this_target().judge_program == nullptr && random.chance(50)) {  // a head of one, a tail of the other
    const std::size_t head = std::min<std::size_t>(random.below(size_1 + 1), max_size);
    const std::size_t tail = std::min<std::size_t>(random.below(size_2 + 1), max_size - head);
    std::copy_n(data_1, head, out);
    std::copy_n(data_2 + (size_2 - tail), tail, out + head);
    return head + tail;
  }
  const program a = read_input(std::span(data_1, size_1));
  const program b = read_input(std::span(data_2, size_2));
  return store(cross_over(a, b, random, options_for(max_size, random)), out, max_size);
}
