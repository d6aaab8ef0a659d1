// The report and the emitted test.
//
// A report is read by somebody who has never seen the program: first what was asked and what came back, then the
// promise in words, then the whole program with the step marked, then the commands to go on with.
#include <gauntlet/check/report/report.h>

#include <algorithm>
#include <vector>

#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/report/describe.h>

namespace gauntlet::check {
namespace {

constexpr std::size_t lines_max = 200;  // of a program in a report; the file holds all of it

std::string heading(const verdict& v) {
  std::string line = "== gauntlet: ";
  line += v.undecided ? std::string_view("undecided") : to_string(v.kind);
  line += ' ';
  line.resize(std::max<std::size_t>(line.size(), 80), '=');
  return line + "\n";
}

// Every line of `text` behind a column; the first behind `label`.
void row(std::string& out, std::string_view label, std::string_view text) {
  constexpr std::size_t width = 11;
  std::string first{label};
  first.resize(width, ' ');
  bool begun = false;
  do {
    const std::size_t length = std::min(text.find('\n'), text.size());
    out += begun ? std::string(width, ' ') : first;
    out += text.substr(0, length);
    out += '\n';
    text.remove_prefix(std::min(length + 1, text.size()));
    begun = true;
  } while (!text.empty());
}

// The program as text, the line of operation `step` marked. print() writes one line for each operation in order, `end`
// lines between them, header lines first and decisions last, so lines and operations are matched by counting.
std::string marked(const program& p, std::size_t step) {
  const std::string text = print(p);
  program head;  // its text is the header lines
  head.header = p.header;
  const std::string head_text = print(head);
  const auto header_lines = static_cast<std::size_t>(std::count(head_text.begin(), head_text.end(), '\n'));
  std::vector<std::string> lines;
  std::size_t marked_line = 0;
  std::size_t operation_number = 0;
  std::string_view rest = text;
  for (std::size_t number = 0; !rest.empty(); ++number) {
    const std::size_t length = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, length);
    rest.remove_prefix(std::min(length + 1, rest.size()));
    const std::size_t begin = line.find_first_not_of(' ');
    const std::string_view words = line.substr(std::min(begin, line.size()));
    const bool is_operation = number >= header_lines && words != "end" && !words.starts_with("choice ");
    const bool is_step = is_operation && operation_number == step;
    if (is_operation) ++operation_number;
    if (is_step) marked_line = lines.size();
    lines.push_back((is_step ? "  > " : "    ") + std::string(line));
  }
  std::size_t first = 0;
  if (lines.size() > lines_max && marked_line > lines_max - 20) first = marked_line - (lines_max - 20);
  const std::size_t last = std::min(lines.size(), first + lines_max);
  std::string out;
  if (first > 0) out += "    ... (" + std::to_string(first) + " lines before)\n";
  for (std::size_t i = first; i < last; ++i) (out += lines[i]) += '\n';
  if (last < lines.size()) out += "    ... (" + std::to_string(lines.size() - last) + " lines behind)\n";
  return out;
}

// `target` is named where the file's header does not.
void next_commands(std::string& out, std::string_view subject, std::string_view target, std::string_view file) {
  std::string rest;
  if (!target.empty()) rest += " --target " + std::string(target);
  rest += " " + (file.empty() ? std::string("FILE") : std::string(file));
  const std::string variable = subject.empty() ? "" : "GAUNTLET_SUBJECT=" + std::string(subject) + " ";
  row(out, "replay", variable + "ci/reproduce" + rest);
  row(out, "shrink", variable + "ci/minimize" + rest);
  if (file.empty()) row(out, "", "(FILE is where the engine keeps this input)");
}

bool is_word(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == text.npos;
}

std::string as_identifier(std::string_view text) {
  std::string out;
  for (const char character : text) out += is_word({&character, 1}) ? character : '_';
  return out.empty() || (out[0] >= '0' && out[0] <= '9') ? "_" + out : out;
}

}  // namespace

std::string_view promise_of(failure_kind k) noexcept {
  switch (k) {
    case failure_kind::none:
      return "nothing broke";
    case failure_kind::wrong_result:
      return "every operation gives what the model gives";
    case failure_kind::wrong_contents:
      return "the map shows exactly the elements that the model holds, in the order that it promises";
    case failure_kind::broken_promise:
      return "a walk shows what the numbered promises of iteration say";
    case failure_kind::self_check:
      return "the map's own recount agrees with its books";
    case failure_kind::lifetime:
      return "every object is destroyed once, and none is used after its end";
    case failure_kind::allocator:
      return "memory goes back to the allocator it came from, and a map has the functions and the allocator it should "
             "have";
    case failure_kind::work_budget:
      return "no operation costs more probes, moves or memory than its complexity allows";
    case failure_kind::exception_guarantee:
      return "an operation that throws leaves the promised state";
    case failure_kind::unexpected_exception:
      return "nothing throws unless the program asked for it";
    case failure_kind::undiagnosed_misuse:
      return "this misuse is diagnosed";
    case failure_kind::not_linearizable:
      return "each operation takes effect at one moment between call and return";
    case failure_kind::weak_contract:
      return "an operation on the whole map keeps its declared contract beside others";
    case failure_kind::unsynchronized:
      return "what was done before an element was written happens before what follows the operation that sees it";
    case failure_kind::data_race:
      return "two accesses to the same memory, one of them a write, are ordered";
    case failure_kind::memory_misuse:
      return "memory is used between its allocation and its one deallocation";
    case failure_kind::deadlock:
      return "somebody can always go on";
    case failure_kind::no_progress:
      return "threads that run get on";
    case failure_kind::aborted:
      return "no assertion, abort, escaped exception or misused lock";
    case failure_kind::uncontrollable:
      return "everything that the map does can be controlled and replayed";
    case failure_kind::crash:
      return "no crash, no sanitizer report, no hang";
  }
  return "unknown";
}

std::string report(const program& p, const verdict& v, std::string_view subject_name, std::string_view target_name,
                   std::string_view file) {
  std::string out = heading(v);
  std::string asked;
  const bool known = v.step < p.operations.size();
  if (known) {
    asked = print(p.operations[v.step]) + "\n" + describe(p.header, p.operations[v.step]) + "\n";
    asked += "step " + std::to_string(v.step + 1) + " of " + std::to_string(p.operations.size());
  } else {
    asked = "after all " + std::to_string(p.operations.size()) + " operations";
  }
  if (!subject_name.empty()) asked += ", map " + std::string(subject_name);
  if (!target_name.empty()) asked += ", target " + std::string(target_name);
  row(out, "asked", asked);
  row(out, "happened", v.message.empty() ? std::string_view("(the oracle gave no details)") : v.message);
  row(out, v.undecided ? "judged" : "broken", promise_of(v.kind));
  if (!v.place.empty()) row(out, "place", v.place);
  out += "\nprogram, " + std::to_string(p.operations.size()) + " operations" +
         (known ? ", '>' marks the step at which it showed:\n" : ":\n");
  out += marked(p, v.step);
  out += '\n';
  if (!v.interleaving.empty()) out += v.interleaving + "\n";
  constexpr std::size_t picture_max = 60;  // operations that still fit on a screen
  if (p.header.threads > 0 && p.operations.size() <= picture_max && v.interleaving.empty())
    out += picture_of_lanes(p) + "\n";
  const bool named = p.header.target < target_names().size() && target_names()[p.header.target] == target_name;
  next_commands(out, subject_name, named ? std::string_view() : target_name, file);
  out += std::string(80, '=') + "\n";
  return out;
}

std::string report(std::span<const std::uint8_t> bytes, const verdict& v, std::string_view target_name,
                   std::string_view file) {
  std::string out = heading(v);
  row(out, "asked",
      std::to_string(bytes.size()) + " bytes" + (target_name.empty() ? "" : ", target " + std::string(target_name)));
  row(out, "happened", v.message.empty() ? std::string_view("(the oracle gave no details)") : v.message);
  row(out, "broken", promise_of(v.kind));
  if (!v.place.empty()) row(out, "place", v.place);
  out += "\nbytes:\n";
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::size_t shown_max = 1024;
  for (std::size_t i = 0; i < std::min(bytes.size(), shown_max); i += 16) {
    std::string hexadecimal, characters;
    for (std::size_t j = i; j < std::min({i + 16, bytes.size(), shown_max}); ++j) {
      ((hexadecimal += digits[bytes[j] >> 4]) += digits[bytes[j] & 15]) += ' ';
      characters += bytes[j] >= ' ' && bytes[j] <= '~' ? static_cast<char>(bytes[j]) : '.';
    }
    hexadecimal.resize(16 * 3, ' ');
    out += "    " + hexadecimal + " " + characters + "\n";
  }
  if (bytes.size() > shown_max) out += "    ... (" + std::to_string(bytes.size() - shown_max) + " bytes behind)\n";
  out += '\n';
  next_commands(out, "", target_name, file);
  out += std::string(80, '=') + "\n";
  return out;
}

std::string emit_test(const program& p, std::string_view subject_name, std::string_view target_name) {
  const std::string subject{subject_name};
  const bool scheduled = target_name == "concurrent_schedule" || !p.decisions.empty();
  std::string out =
      "// Fails as long as the map '" + subject + "' does not do what is asked of it here" +
      (target_name.empty() ? "" : " (found by the fuzz target " + std::string(target_name) + ")") +
      ".\n"
      "// Compile it with GoogleTest and link gauntlet::check with the objects that register the map" +
      (scheduled ? ",\n"
                   "// compiled for control, and gauntlet::control: the schedule is part of the program, and the "
                   "test fails every time.\n"
                 : ".\n") +
      "//\n"
      "// In C++, with maps[0] to maps[3] alive:\n"
      "//\n";
  out += describe(p, "//   ");
  out += "#include <gtest/gtest.h>\n\n";
  const bool concurrent = p.header.threads > 0;
  out += "#include <variant>\n\n" +
         std::string(scheduled ? "#include <gauntlet/adapters/control/controlled_run.h>\n" : "") +
         "#include <gauntlet/check/program/text.h>\n"
         "#include <gauntlet/check/report/report.h>\n";
  out += concurrent && !scheduled ? "#include <gauntlet/check/run/concurrent_runner.h>\n" : "";
  out += "#include <gauntlet/check/run/registry.h>\n";
  out += concurrent ? "" : "#include <gauntlet/check/run/runner.h>\n";
  out += "\nTEST(" + as_identifier(target_name.empty() ? "regression" : target_name) + ", " + as_identifier(subject) +
         "_keeps_its_promises) {\n"
         "  using namespace gauntlet::check;\n"
         "  const auto text = parse(R\"(" +
         print(p) +
         ")\");\n"
         "  ASSERT_TRUE(std::holds_alternative<program>(text));\n"
         "  const program& p = std::get<program>(text);\n"
         "  const registration* const map = find_subject(\"" +
         subject +
         "\");\n"
         "  ASSERT_NE(map, nullptr) << \"the objects that register this map are not linked\";\n";
  out += scheduled ? "  const verdict v = gauntlet::adapters::run_controlled(p, map->concurrent);\n"
                     "  EXPECT_TRUE(v) << report(p, v, map->name, \"" +
                         std::string(target_name) + "\", \"\");\n"
         : concurrent ? "  for (int repetition = 0; repetition < 1000; ++repetition) {\n"
                        "    const verdict v = run_concurrent(p, map->concurrent);\n"
                        "    ASSERT_TRUE(v) << report(p, v, map->name, \"" +
                            std::string(target_name) +
                            "\", \"\");\n"
                            "  }\n"
                      : "  const verdict v = run(p, map->single);\n"
                        "  EXPECT_TRUE(v) << report(p, v, map->name, \"" +
                            std::string(target_name) + "\", \"\");\n";
  out += "}\n";
  return out;
}

}  // namespace gauntlet::check
