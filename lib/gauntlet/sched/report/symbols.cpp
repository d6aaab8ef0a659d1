#include <gauntlet/sched/report/symbols.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>
#include <vector>

extern "C" char __executable_start[], etext[];
extern char** environ;

namespace gauntlet::sched::report {

namespace {

std::unordered_map<std::uintptr_t, source_line>& known() {
  static std::unordered_map<std::uintptr_t, source_line> lines;
  return lines;
}

std::string hexadecimal(std::uintptr_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%zx", static_cast<std::size_t>(number));
  return text;
}

bool in_executable(std::uintptr_t code) {
  return code > reinterpret_cast<std::uintptr_t>(__executable_start) && code <= reinterpret_cast<std::uintptr_t>(etext);
}

// Output of a command, empty where it can't be run.
std::string output_of(const std::vector<std::string>& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  if (failed == 0) {
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) text.clear();
  }
  ::close(ends[0]);
  return text;
}

std::vector<std::vector<std::string>> tools() {
  const std::vector<std::string> gnu = {"-f", "-C", "-i", "-a"};
  const auto llvm = [&](const std::string& name) {
    std::vector<std::string> tool = {name, "--output-style=GNU"};
    tool.insert(tool.end(), gnu.begin(), gnu.end());
    return tool;
  };
  std::vector<std::vector<std::string>> all;
  if (const char* name = std::getenv("GAUNTLET_SCHED_SYMBOLIZER")) all.push_back(llvm(name));
  for (const char* name : {"llvm-symbolizer", "llvm-symbolizer-19", "llvm-symbolizer-18", "llvm-symbolizer-14"})
    all.push_back(llvm(name));
  std::vector<std::string> addr2line = {"addr2line"};
  addr2line.insert(addr2line.end(), gnu.begin(), gnu.end());
  all.push_back(addr2line);
  return all;
}

// The tool that answered last time is asked first.
std::string ask(const std::vector<std::uintptr_t>& codes) {
  static std::vector<std::vector<std::string>> left = tools();
  char executable[4096];
  const ssize_t length = ::readlink("/proc/self/exe", executable, sizeof executable - 1);
  if (length <= 0) return {};
  executable[length] = 0;
  while (!left.empty()) {
    std::vector<std::string> command = left.front();
    command.insert(command.end(), {"-e", executable});
    for (const std::uintptr_t code : codes) command.push_back(hexadecimal(code - 1));  // within the call instruction
    if (std::string text = output_of(command); !text.empty()) return text;
    left.erase(left.begin());
  }
  return {};
}

// Without arguments and template arguments: outer::function.
std::string short_name(std::string function) {
  for (const std::string_view hidden : {"(anonymous namespace)::", "operator()"})
    for (std::size_t at; (at = function.find(hidden)) != std::string::npos;)
      function.replace(at, hidden.size(), hidden == "operator()" ? "lambda" : "");
  std::string name;
  int depth = 0;
  for (const char c : function) {
    if (c == '<') ++depth;
    if (c == '(' && depth == 0) break;
    if (depth == 0) name += c;
    if (c == '>' && depth > 0) --depth;
  }
  if (const std::size_t space = name.rfind(' '); space != std::string::npos) name.erase(0, space + 1);
  // scope::function; a lambda has the function that it stands in for a scope.
  if (std::size_t scope = name.rfind("::"); scope != std::string::npos && scope != 0)
    if (scope = name.rfind("::", scope - 1); scope != std::string::npos) name.erase(0, scope + 2);
  return name;
}

source_line made_from(const std::string& function, const std::string& file) {
  source_line line;
  const std::size_t slash = file.rfind('/');
  line.where = slash == std::string::npos ? file : file.substr(slash + 1);
  if (const std::size_t end = line.where.find_first_of(" ("); end != std::string::npos) line.where.resize(end);
  line.function = short_name(function);
  return line;
}

// The answer: for each address a line 0x..., then pairs of lines, function and file:line, innermost first.
void understand(const std::string& text, const std::vector<std::uintptr_t>& codes) {
  std::size_t next = 0, at = 0;
  std::string function;
  bool chosen = false, expects_function = true;
  const auto take = [&](const std::string& line) {
    if (line.starts_with("0x") && expects_function) {
      ++next;
      chosen = false;
      return;
    }
    if (expects_function) {
      function = line;
    } else if (next != 0 && next <= codes.size() && !line.starts_with("??")) {
      source_line& known_line = known()[codes[next - 1]];
      if (known_line.where.empty() || (!chosen && !is_system_header(line))) {
        known_line = made_from(function, line);
        known_line.of_the_system = is_system_header(line);
        chosen = !is_system_header(line);
      }
    }
    expects_function = !expects_function;
  };
  while (at < text.size()) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    take(text.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

bool is_system_header(const std::string& file) {
  for (const std::string_view folder : {"??", "/usr/lib/", "/usr/include/x86_64-linux-gnu/bits/"})
    if (file.starts_with(folder)) return true;
  // The judge's allocator, hash and equality stand in for a library's: what asks them is what is looked for.
  for (const std::string_view folder : {"/include/c++/", "-linux-gnu/c++/", "/gauntlet/check/run/concurrent_types.h"})
    if (file.find(folder) != std::string::npos) return true;
  return false;
}

void look_up(std::span<const std::uintptr_t> codes) {
  std::vector<std::uintptr_t> unknown;
  for (const std::uintptr_t code : codes)
    if (code != 0 && in_executable(code) && known().emplace(code, source_line{}).second) unknown.push_back(code);
  constexpr std::size_t at_once = 1000;
  for (std::size_t from = 0; from < unknown.size(); from += at_once) {
    const std::vector<std::uintptr_t> some(
        unknown.begin() + static_cast<std::ptrdiff_t>(from),
        unknown.begin() + static_cast<std::ptrdiff_t>(std::min(from + at_once, unknown.size())));
    understand(ask(some), some);
  }
  for (const std::uintptr_t code : unknown)
    if (source_line& line = known()[code]; line.where.empty())
      line.where = "code+" + hexadecimal(code - reinterpret_cast<std::uintptr_t>(__executable_start));
}

source_line line_of(std::uintptr_t code) {
  if (code == 0 || !in_executable(code)) return {"(library)", ""};
  look_up({&code, 1});
  return known()[code];
}

}  // namespace gauntlet::sched::report
