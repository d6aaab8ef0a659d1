#include "replay.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <gauntlet/check/fuzzing/lacking_operations.h>
#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/check/run/runner.h>
#include <gauntlet/check/run/schedule_search.h>

#include "input.h"
#include "last_words.h"

namespace gauntlet::driver {
namespace {

struct totals {
  std::size_t inputs = 0, failed = 0, undecided = 0, refused = 0;
  std::uint64_t operations = 0;
  std::string searched;  // of the last input, which of its schedules
  std::string picture;   // of the last failure
  input failing;         // the first one, with the decisions that lead to the failure where the target has schedules
};

// What threads do shows in some runs only: a file that is asked for by name is judged this often before it is said to
// hold. A corpus is there for its breadth: one judgement each.
std::uint64_t judgements_of_a_named_file() {
  return check::this_target().concurrent && !check::this_target().scheduled ? 200 : 1;
}

// An engine may have kept a file because of another schedule than its own.
std::uint32_t schedules_of_a_named_file() { return check::this_target().scheduled ? check::schedules_of_an_input : 0; }

// What a file of the input holds.
std::string content_of(const input& in) {
  return in.is_bytes ? std::string(in.bytes.begin(), in.bytes.end()) : check::print(in.program);
}

// Where all schedules with few preemptions are tried, nobody knows how many there are.
constexpr unsigned schedules_with_few_preemptions = 1000;

// What one judgement may take: so long along its own schedule, and along each other one that is searched.
std::chrono::milliseconds time_of_a_judgement(std::chrono::milliseconds limit) {
  const check::schedule_search& search = check::schedule_search_of_this_process();
  return limit * (1 + search.schedules + (search.preemptions != 0 ? schedules_with_few_preemptions : 0));
}

// `kept`: where a failure will be written; "": it is where it was. `lost`: where what ends the process will be.
void judge_one(const input& in, const std::string& file, totals& sum, std::chrono::milliseconds limit,
               std::uint64_t times = 1, const std::string& kept = "", const std::string& lost = "") {
  check::verdict v;
  const std::string words =
      " while judging " + file + " with target " + std::string(check::this_target().name) + ":\n" + text_of(in);
  const std::string content = lost.empty() ? "" : content_of(in);
  for (std::uint64_t time = 0; time < times && v; ++time) {
    check::count_repetitions_from(time * repetitions_of_a_judgement_max);
    const last_words standing(words, content, lost, time_of_a_judgement(limit));
    v = judge(in);
    sum.operations += v.operations_run;
  }
  ++sum.inputs;
  sum.undecided += v.undecided;
  sum.searched = v.searched;
  if (v) return;
  sum.picture = v.picture;
  // What was found along another schedule fails again along its decisions.
  input failing = along_what_failed(in, v);
  std::fputs(
      report_of(v.schedules_run > 1 || !kept.empty() ? failing : in, v, kept.empty() || sum.failed > 0 ? file : kept)
          .c_str(),
      stdout);
  if (sum.failed++ == 0) sum.failing = std::move(failing);
  std::fflush(stdout);
}

// Whether the failing input, if there is one, is where it should be.
bool keep_failing(const totals& sum, const std::string& out) {
  if (sum.failed == 0 || out.empty()) return true;
  const std::string problem = sum.failing.is_bytes
                                  ? check::write_file(out, std::span<const std::uint8_t>(sum.failing.bytes))
                                  : check::write_file(out, check::print(sum.failing.program));
  if (!problem.empty()) std::fprintf(stderr, "%s\n", problem.c_str());
  return problem.empty();
}

int sum_up(const totals& sum, std::string_view what) {
  if (sum.inputs == 0 && sum.refused > 0) return 2;  // the refusals say it all
  std::string line = std::string(check::this_target().name);
  if (!subject_name().empty()) line += " on " + subject_name();
  line += ": " + std::to_string(sum.inputs - sum.failed) + " of " + std::to_string(sum.inputs) + " " +
          std::string(what) + " held, " + std::to_string(sum.operations) + " operations";
  if (sum.undecided > 0) line += ", " + std::to_string(sum.undecided) + " undecided";
  if (sum.refused > 0) line += ", " + std::to_string(sum.refused) + " refused";
  std::printf("%s\n", line.c_str());
  return sum.refused > 0 ? 2 : sum.failed > 0 ? 1 : 0;
}

// The operations that were asked for and that the map never could answer. An adapter's mistake looks the same as a member
// that the map does not have: nobody would know what was never judged.
std::string operations_not_asked() {
  std::string names;
  for (std::size_t code = 0; code < check::opcode_count; ++code) {
    if (static_cast<check::opcode>(code) == check::opcode::snapshot && !check::this_target().concurrent) continue;
    if (!check::is_lacking(check::coverage().count[code])) continue;
    names += (names.empty() ? "" : ", ") + std::string(check::info(static_cast<check::opcode>(code)).name);
  }
  return names;
}

std::vector<std::string> files_in(const std::string& folder, std::string& problem) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with('.')) continue;
    if (entry->is_regular_file(error)) files.push_back(entry->path().string());
  }
  if (error) problem = folder + ": " + error.message();
  std::sort(files.begin(), files.end());
  return files;
}

// The files that a path of the command line stands for.
std::vector<std::string> files_behind(const std::string& path, std::string& problem) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files = files_in(path, problem);
  if (problem.empty() && files.empty()) problem = path + ": holds no files, a corpus without inputs guards nothing";
  return files;
}

}  // namespace

std::vector<std::string> files_of(const std::vector<std::string>& paths, std::string& problem) {
  std::vector<std::string> all;
  for (const std::string& path : paths) {
    std::string wrong;
    for (std::string& file : files_behind(path, wrong)) all.push_back(std::move(file));
    if (problem.empty()) problem = std::move(wrong);
  }
  return all;
}

int replay(const std::vector<std::string>& paths, bool raw, const std::string& picture, const std::string& out,
           const search& other, std::chrono::milliseconds limit) {
  totals sum;
  check::schedule_search& search = check::schedule_search_of_this_process();
  search.preemptions = other.preemptions;
  const auto refuse = [&](const std::string& message) {
    std::fprintf(stderr, "%s\n", message.c_str());
    ++sum.refused;
  };
  for (const std::string& path : paths) {
    std::string problem;
    const std::vector<std::string> files = files_behind(path, problem);
    if (!problem.empty()) refuse(problem);
    for (const std::string& file : files) {
      auto in = read_input_file(file, raw);
      if (const auto* wrong = std::get_if<check::file_error>(&in)) {
        refuse(wrong->message);
      } else {
        const bool named = file == path;
        search.schedules = other.asked_for() || !named ? other.schedules : schedules_of_a_named_file();
        judge_one(std::get<input>(in), file, sum, limit, named ? judgements_of_a_named_file() : 1, out,
                  sum.failed == 0 ? out : "");
        std::fputs(sum.searched.c_str(), stdout);
      }
    }
  }
  if (!picture.empty() && !sum.picture.empty()) {
    if (const std::string problem = check::write_file(picture, sum.picture); !problem.empty()) {
      refuse(problem);
    } else {
      std::printf("picture: %s\n", picture.c_str());
    }
  }
  if (!keep_failing(sum, out)) return 2;
  return sum_up(sum, "inputs");
}

check::program along_a_failing_schedule(const check::program& p) {
  if (!check::this_target().scheduled) return p;
  check::schedule_search_of_this_process() = {.schedules = schedules_of_a_named_file(), .explain = false};
  input in;
  in.program = p;
  return along_what_failed(in, judge(in)).program;
}

int generate_and_judge(const generation& options) {
  using clock = std::chrono::steady_clock;
  const check::target_description& target = check::this_target();
  const auto names = check::target_names();
  check::mutation_options shape;
  shape.concurrent = target.concurrent;
  shape.scheduled = target.scheduled;
  shape.prefilled = true;
  shape.operations_max = std::min(options.operations_max, check::operations_max);
  shape.target = static_cast<std::uint8_t>(std::find(names.begin(), names.end(), target.name) - names.begin());
  check::lacking_operations lacking;
  totals sum;
  if (options.other.asked_for()) {
    check::schedule_search_of_this_process() = {
        .schedules = options.other.schedules, .preemptions = options.other.preemptions, .explain = false};
  }
  const auto begin = clock::now();
  for (std::uint64_t i = 0; i < options.programs && sum.failed == 0; ++i) {
    if (options.time.count() > 0 && clock::now() - begin >= options.time) break;
    // A seed of its own for each program, so that the one that fails can be made again alone.
    check::random_source random(options.rng_seed + i);
    shape.without = check::without_of_this_process();
    if (i % check::programs_for_each_that_asks_for_all != 0) shape.without |= lacking.now();
    input in;
    in.is_bytes = target.judge_program == nullptr;
    in.program = check::generate(random, 1 + random.below(shape.operations_max), shape);
    if (in.is_bytes) {
      const std::string text = check::print(in.program);
      in.bytes = random.chance(50) ? check::encode(in.program) : std::vector<std::uint8_t>(text.begin(), text.end());
      for (std::uint64_t changes = random.below(8); changes > 0; --changes) {
        in.bytes[random.below(in.bytes.size())] = static_cast<std::uint8_t>(random());
      }
    }
    if (!options.memory.empty()) {
      in.program.header.memory =
          options.memory == "weak" ? check::memory_order_mode::weak : check::memory_order_mode::sequential;
    }
    std::string again = "--generate 1 --rng-seed " + std::to_string(options.rng_seed + i);
    if (shape.without.any()) again += " --without " + check::names_of(shape.without);
    if (options.only_crashes) {
      const last_words words(" at " + again + "\n", options.out.empty() ? "" : content_of(in), options.out,
                             time_of_a_judgement(options.time_of_one));
      sum.operations += judge(in).operations_run;
      ++sum.inputs;
      lacking.learn(check::coverage());
      continue;
    }
    judge_one(in, options.out.empty() ? again : options.out, sum, options.time_of_one, 1, "", options.out);
    lacking.learn(check::coverage());
  }
  if (!keep_failing(sum, options.out)) return 2;
  if (const std::string operations = operations_not_asked(); !operations.empty() && sum.failed == 0) {
    std::printf("not asked, for the map has no member that can be called so: %s\n", operations.c_str());
  }
  return sum_up(sum, "programs");
}

}  // namespace gauntlet::driver
