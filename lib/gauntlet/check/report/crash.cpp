// The hard case is telling crashes apart: the same error met at another place is another failure. Sanitizers print the
// error's name behind their own and a stack of numbered frames; without symbols the name alone has to do.
#include <gauntlet/check/report/crash.h>

#include <string.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace gauntlet::check {
namespace {

std::string_view line_at(std::string_view text, std::size_t begin) {
  text.remove_prefix(begin);
  return text.substr(0, text.find('\n'));
}

// "std::pair<my::map<int>::iterator, bool> my::map<int>::put<int>(int&&) const /path/file.h:1" to "my::map::put". Of a function
// that was inlined there may be the name alone: "find /path/file.h:1".
std::string function_of(std::string_view frame) {
  std::string name;
  unsigned depth = 0;
  for (const char character : frame) {
    if (character == '<') ++depth;
    if (depth == 0 && character == '(') break;
    if (depth == 0 && character == ' ') {
      if (name.ends_with("operator") || frame.find('(') == frame.npos) break;
      name.clear();  // what it gives
    } else if (depth == 0) {
      name += character;
    }
    if (character == '>' && depth > 0) --depth;
  }
  return name;
}

// The first function of a stack in `text` that is neither a library's nor the judge's: the map's, wherever it comes from.
// Where there is none, the judge's first.
std::string first_own_frame(std::string_view text) {
  std::string of_judge;
  for (std::size_t at = text.find("    #"); at != text.npos; at = text.find("    #", at + 1)) {
    const std::string_view line = line_at(text, at);
    std::string_view frame = line.substr(std::min(line.size(), line.find(' ', 5) + 1));
    if (const std::size_t begin = frame.find(" in "); frame.starts_with("0x") && begin != frame.npos) {
      frame.remove_prefix(begin + 4);
    }
    // A frame without a source's line is a compiled library's.
    const std::size_t arguments = frame.find_last_of(')'), line_number = frame.find_last_of(':');
    const bool has_source = (line_number != frame.npos && (arguments == frame.npos || line_number > arguments)) ||
                            frame.find(") ") != frame.npos;
    bool of_library = !has_source || frame.find('(') == 0;
    for (const std::string_view folder : {" /usr/lib/", "/include/c++/", "/compiler-rt/"}) {
      of_library = of_library || frame.find(folder) != frame.npos;
    }
    // "": a library's that has no names, or the system's call of a handler.
    const std::string name = function_of(frame);
    if (of_library || name.empty() || name == "main" || name.starts_with("operator") ||
        name.starts_with("LLVMFuzzer") || name.starts_with("fuzzer::") || name.starts_with("std::") ||
        name.starts_with("__"))
      continue;
    const bool judges = name.starts_with("gauntlet::check") || name.starts_with("gauntlet::driver") ||
                        frame.find("/gauntlet/check/") != frame.npos || frame.find("/fuzz/driver/") != frame.npos;
    if (!judges) return name;
    if (of_judge.empty()) of_judge = name;
  }
  return of_judge;
}

// What differs between runs of the same failure goes.
std::string without_numbers(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < 120;) {
    if (text.substr(i).starts_with("0x") || (text[i] >= '0' && text[i] <= '9')) {
      out += '#';
      if (text.substr(i).starts_with("0x")) i += 2;
      while (i < text.size() && std::isxdigit(static_cast<unsigned char>(text[i])) != 0) ++i;
    } else {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace

std::string place_of_crash(std::string_view text, int signal_number, int exit_status) {
  std::string name;
  std::size_t stack = 0;
  for (const std::string_view sanitizer : {"AddressSanitizer", "ThreadSanitizer", "MemorySanitizer", "LeakSanitizer"}) {
    const std::size_t at = text.find(std::string(sanitizer) + ": ");
    if (at == text.npos) continue;
    std::string_view rest = line_at(text, at + sanitizer.size() + 2);
    rest = rest.substr(0, std::min({rest.find(" on "), rest.find(" ("), rest.find(':'), rest.size()}));
    name = std::string(sanitizer) + " " + without_numbers(rest);
    stack = at;
    break;
  }
  if (name.empty()) {
    if (const std::size_t at = text.find("runtime error: "); at != text.npos) {
      name = "UndefinedBehaviorSanitizer " + without_numbers(line_at(text, at + 15));
      stack = at;
    }
  }
  if (name.empty()) {
    for (const std::string_view sign : {"fatal error: ", "Assertion ", "assertion ", "terminate called"}) {
      if (const std::size_t at = text.find(sign); at != text.npos) {
        name = without_numbers(line_at(text, at));
        break;
      }
    }
  }
  if (name.empty() && signal_number != 0) {
    const char* const abbreviation = ::sigabbrev_np(signal_number);
    name = abbreviation != nullptr ? "SIG" + std::string(abbreviation) : "signal " + std::to_string(signal_number);
  }
  if (name.empty()) name = "exit status " + std::to_string(exit_status);
  const std::string frame = first_own_frame(text.substr(stack));
  return frame.empty() ? name : name + " in " + frame;
}

std::string function_of_stack(std::string_view output) { return first_own_frame(output); }

std::string without_the_judge(std::string_view text) {
  std::string out;
  bool judges = false;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const bool frame = line.starts_with("    #");
    const bool own = frame && (line.find(" in gauntlet::check::execution::") != line.npos ||
                               line.find(" in gauntlet::check::run(") != line.npos);
    if (!frame) {
      judges = false;
    } else if (judges || own) {
      if (!judges) out += "    (called by the judge)\n";
      judges = true;
      continue;
    }
    if (line.starts_with("SUMMARY: ") || line.starts_with("Shadow bytes")) break;
    constexpr std::size_t width = 400;
    (out += line.size() <= width ? line
                                 : std::string(line.substr(0, width / 2)) + " ... " +
                                       std::string(line.substr(line.size() - width / 2))) += '\n';
  }
  return out;
}

interval wilson(unsigned k, unsigned n) noexcept {
  if (n == 0) return {};
  constexpr double z = 1.959963984540054;
  const double p = static_cast<double>(k) / n;
  const double scale = 1 + z * z / n;
  const double middle = (p + z * z / (2 * n)) / scale;
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4.0 * n * n)) / scale;
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace gauntlet::check
