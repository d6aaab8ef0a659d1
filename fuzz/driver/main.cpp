// The replay command of a fuzz target: what a failing input does, without a fuzzing engine.
//
//   TARGET_replay [FILE|FOLDER]...          judge each; report failures, one line of summary. A file of threads is
//                                           judged up to 200 times, one in a folder once; a file with a
//                                           schedule along it and then along the few others that the engine tries, one in a
//                                           folder along its own
//   TARGET_replay --schedules K FILE...     and so many other interleavings of each that holds along its own
//   TARGET_replay --picture OUT FILE        and the interleaving as an HTML page
//   TARGET_replay --times K FILE            k/K with its interval, for failures that do not always show
//   TARGET_replay --reduce FILE --out OUT   the smallest input that fails in the same way
//   TARGET_replay --print FILE | --emit-test FILE | --target-of FILE
//   TARGET_replay --to-text IN OUT | --to-binary IN OUT
//   TARGET_replay --generate N --rng-seed S random programs; --schedules K; --out FILE keeps what fails, crashes or hangs;
//                                           --memory M, --only-crashes for measuring
//   TARGET_replay --throughput N FILE|FOLDER...  what judging costs beside the bare map, in N rounds, as JSON
//   TARGET_replay --list-defects | --list-twins | --list-subjects | --list-judged
//
// --without OPERATIONS (GAUNTLET_WITHOUT) takes these out of every program, to look past a mistake that is known.
// A judgement that takes longer than --try-seconds of the wall clock for each schedule hangs, and ends the process.
// GAUNTLET_SUBJECT picks the map. Exit status: 0 held (or done), 1 a failure, 2 wrong use or bad input, told in one
// line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include <gauntlet/check/fuzzing/lacking_operations.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/report/report.h>
#include <gauntlet/check/run/registry.h>

#include "input.h"
#include "replay.h"
#include "shrink.h"
#include "throughput.h"

namespace {

using namespace gauntlet;

int refuse(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 2;
}

// Runs `use` on what the file holds.
template <class Use>
int with_input(const std::string& file, bool raw, Use use) {
  auto in = driver::read_input_file(file, raw);
  if (const auto* error = std::get_if<check::file_error>(&in)) return refuse(error->message);
  return use(std::get<driver::input>(in));
}

template <class Use>
int with_program(const std::string& file, bool raw, Use use) {
  auto p = check::read_program_file(file, raw ? check::foreign_bytes::accepted : check::foreign_bytes::refused);
  if (const auto* error = std::get_if<check::file_error>(&p)) return refuse(error->message);
  return use(std::get<check::program>(p));
}

int print_text(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : refuse("stdout: cannot be written");
}

int written(const std::string& problem) { return problem.empty() ? 0 : refuse(problem); }

int list_defects() {
  std::string out;
  for (const check::registration& r : check::registered_subjects()) {
    if (!r.defective) continue;
    out += std::string(r.name) + '\t' + std::string(r.defect.target) + '\t' + std::string(r.defect.promise) + '\t' +
           std::to_string(r.defect.budget_cpu_seconds) + '\t' + std::to_string(r.defect.reduced_operations_max) + '\n';
  }
  return print_text(out);
}

int list_twins() {
  std::string out;
  for (const check::registration& r : check::registered_subjects()) {
    if (r.defective && !r.defect.right_twin.empty()) {
      out += std::string(r.name) + '\t' + std::string(r.defect.right_twin) + '\n';
    }
  }
  return print_text(out);
}

int list_subjects() {
  std::string out;
  for (const check::registration& r : check::registered_subjects()) out += std::string(r.name) + '\n';
  return print_text(out);
}

// An unknown name is told before anything else happens, once, in one line.
std::string unknown_subject() {
  const char* const chosen = std::getenv("GAUNTLET_SUBJECT");
  if (chosen == nullptr || *chosen == '\0' || check::find_subject(chosen) != nullptr) return "";
  std::string line = "GAUNTLET_SUBJECT: unknown map '" + std::string(chosen) + "'; there are:";
  for (const check::registration& r : check::registered_subjects()) line += " " + std::string(r.name);
  return line +
         (check::this_target().concurrent
              ? " (others than concurrent maps: hash_map_operations, hash_map_types, hash_map_iteration, maps_agree)"
              : " (concurrent maps: concurrent_stress, concurrent_schedule)");
}

// What the target judges: all that it is for, or the map that is named.
int list_judged() {
  const check::target_description& target = check::this_target();
  if (target.judge_program == nullptr) return 0;
  if (const std::string problem = unknown_subject(); !problem.empty()) return refuse(problem);
  if (const std::string one = driver::subject_name(); !one.empty()) return print_text(one + '\n');
  std::string out;
  for (const check::registration* r : check::subjects_to_judge(target.concurrent)) out += std::string(r->name) + '\n';
  return print_text(out);
}

int command(int argument_count, char** arguments) {
  const check::target_description& target = check::this_target();
  CLI::App app{"Replays, reduces and prints inputs of the fuzz target " + std::string(target.name) +
               ". GAUNTLET_SUBJECT picks the map.\nExit status: 0 held, 1 a failure, 2 wrong use or bad input."};
  std::vector<std::string> paths, to_binary, to_text;
  std::string print, emit, reduce, out, target_of, picture, without;
  unsigned seconds = 0, times = 0, rounds = 0;
  double try_seconds = 20;
  bool raw = false, defects = false, subjects = false, judged = false, twins = false;
  driver::generation generation;
  app.add_option("paths", paths, "files or folders to judge")->type_name("FILE|FOLDER");
  auto* const modes = app.add_option_group("instead of judging files");
  modes->add_option("--print", print, "print the input as text")->type_name("FILE");
  modes->add_option("--emit-test", emit, "print a C++ test that holds the program")->type_name("FILE");
  modes->add_option("--target-of", target_of, "print the target that the file's header names")->type_name("FILE");
  auto* const reduce_option =
      modes->add_option("--reduce", reduce, "find the smallest input that fails like this one")->type_name("FILE");
  auto* const times_option =
      modes->add_option("--times", times, "judge one file so often and count")->check(CLI::Range(1u, 1000000u));
  auto* const throughput_option =
      modes->add_option("--throughput", rounds, "time the judge beside the bare map, so often")
          ->check(CLI::Range(1u, 1000u));
  modes->add_option("--to-binary", to_binary, "write a program in the binary form")->expected(2)->type_name("IN OUT");
  modes->add_option("--to-text", to_text, "write a program in the text form")->expected(2)->type_name("IN OUT");
  auto* const generate_option =
      modes->add_option("--generate", generation.programs, "judge so many random programs")->check(CLI::PositiveNumber);
  modes->add_flag("--list-defects", defects, "name, target, promise, CPU seconds, operations of each defective map");
  modes->add_flag("--list-twins", twins, "name and right twin of each defective map that has one");
  modes->add_flag("--list-subjects", subjects, "the maps that GAUNTLET_SUBJECT can name");
  modes->add_flag("--list-judged", judged, "the maps that are judged: all that the target is for, or GAUNTLET_SUBJECT");
  modes->require_option(0, 1);
  app.add_option("--out", out,
                 "where to write the result of --reduce, or the failure that --generate or a search found");
  app.add_option("--picture", picture,
                 "write the interleaving of a failure as an HTML page, where the target draws one");
  app.add_option("--seconds", seconds, "time for --reduce (default 120) or --generate (default: no limit)")
      ->check(CLI::Range(1u, 1000000u));
  app.add_option("--try-seconds", try_seconds,
                 "a single judgement, along one schedule, that takes longer hangs (default 20)")
      ->check(CLI::Range(0.01, 3600.0));
  app.add_option("--rng-seed", generation.rng_seed,
                 "of the first program of --generate; those after it count on, so take seeds far apart")
      ->needs(generate_option);
  app.add_option("--operations", generation.operations_max, "most operations of a program of --generate")
      ->check(CLI::Range(std::size_t{1}, check::operations_max))
      ->needs(generate_option);
  app.add_option("--schedules", generation.other.schedules,
                 "of each program that holds along its own schedule, search so many other interleavings (default of "
                 "--generate: " +
                     std::to_string(driver::schedules_of_a_random_program) + ")")
      ->check(CLI::Range(1u, 1000000u));
  app.add_option("--preemptions", generation.other.preemptions,
                 "and before those all interleavings with at most so many preemptions")
      ->check(CLI::Range(1u, 8u));
  app.add_option("--memory", generation.memory, "of the programs of --generate, instead of what each draws")
      ->check(CLI::IsMember({"sequential", "weak"}))
      ->needs(generate_option);
  app.add_option("--without", without,
                 "operations that programs do without, those of files as well; commas between them")
      ->envname("GAUNTLET_WITHOUT");
  app.add_flag("--only-crashes", generation.only_crashes, "what the judge notices does not end --generate")
      ->needs(generate_option);
  app.add_flag("--raw", raw, "take any bytes as a program, as a fuzzing engine does");

  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::string line = error.what();
    line = line.substr(0, line.find('\n'));
    return refuse(std::string(target.name) + "_replay: " + line + " (try --help)");
  }
  const auto wrong_use = [&](const std::string& message) {
    return refuse(std::string(target.name) + "_replay: " + message + " (try --help)");
  };
  const auto named = check::operations_named(without);
  if (const auto* problem = std::get_if<std::string>(&named)) return wrong_use("--without: " + *problem);
  check::without_of_this_process() = std::get<check::opcode_set>(named);
  const bool counts = times_option->count() > 0;
  const bool reduces = reduce_option->count() > 0;
  const bool generates = generate_option->count() > 0;
  const bool searches = generation.other.asked_for();
  const std::string search_option = generation.other.preemptions > 0 ? "--preemptions" : "--schedules";
  if (searches && !target.scheduled) return wrong_use(search_option + ": this target has no schedules");
  if (generates && target.scheduled && !searches) generation.other.schedules = driver::schedules_of_a_random_program;
  const auto try_limit = std::chrono::milliseconds(static_cast<long>(try_seconds * 1000));
  const bool measures = throughput_option->count() > 0;
  const bool judges_paths = modes->count_all() == 0 || counts || measures;
  if (!judges_paths && !paths.empty()) return wrong_use("'" + paths.front() + "' is one file too many");
  if (searches && !generates && modes->count_all() != 0) {
    return wrong_use(search_option + " goes with files to judge or with --generate");
  }
  if (seconds > 0 && !reduces && !generates) return wrong_use("--seconds goes with --reduce or --generate");
  if (!out.empty() && !reduces && !generates && !(target.scheduled && modes->count_all() == 0)) {
    return wrong_use("--out goes with --reduce, --generate or files whose schedules are searched");
  }

  if (defects) return list_defects();
  if (subjects) return list_subjects();
  if (judged) return list_judged();
  if (twins) return list_twins();
  if (!target_of.empty()) {
    return with_program(target_of, false, [&](const check::program& p) {
      if (p.header.target == 0) return refuse(target_of + ": names no target");
      return print_text(std::string(check::target_names()[p.header.target]) + "\n");
    });
  }
  if (!print.empty()) {
    return with_input(print, raw, [](const driver::input& in) { return print_text(driver::text_of(in)); });
  }
  if (!to_binary.empty()) {
    return with_program(to_binary[0], raw, [&](const check::program& p) {
      return written(check::write_file(to_binary[1], std::span<const std::uint8_t>(check::encode(p))));
    });
  }
  if (!to_text.empty()) {
    return with_program(to_text[0], raw, [&](const check::program& p) {
      return written(check::write_file(to_text[1], check::print(p)));
    });
  }
  if (const std::string problem = unknown_subject(); !problem.empty()) return refuse(problem);
  if (!emit.empty()) {
    return with_program(emit, raw, [&](const check::program& p) {
      if (driver::subject_name().empty())
        return refuse("this target picks its own map; name one with GAUNTLET_SUBJECT");
      return print_text(check::emit_test(driver::along_a_failing_schedule(p), driver::subject_name(), target.name));
    });
  }
  if (reduces) {
    if (out.empty()) return wrong_use("--reduce needs --out OUT");
    return with_input(reduce, raw, [&](const driver::input& in) {
      return driver::shrink(in, {reduce, out, std::chrono::seconds(seconds > 0 ? seconds : 120), try_limit});
    });
  }
  if (counts) {
    if (paths.size() != 1) return wrong_use("--times takes one file");
    return with_input(paths[0], raw,
                      [&](const driver::input& in) { return driver::repeat(in, paths[0], times, try_limit); });
  }
  if (generates) {
    generation.time = std::chrono::seconds(seconds);
    generation.time_of_one = try_limit;
    generation.out = out;
    return driver::generate_and_judge(generation);
  }
  if (paths.empty()) return wrong_use("which file or folder?");
  if (measures) return driver::measure_throughput(paths, rounds, raw);
  return driver::replay(paths, raw, picture, out, generation.other, try_limit);
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    return command(argument_count, arguments);
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}
