// A child writes its verdict into a file in memory (no pipe can fill up) and its stderr into another. The parent waits
// at a pipe whose writing end only the child holds: it reports the end of the child without polling, and the limit is
// poll's.
//
// The hard case is telling crashes apart: the same error met at another place is another failure. The place is the
// error's name and the first frame of the stack inside gauntlet, and without symbols the error's name alone. Addresses,
// sizes and thread numbers differ from run to run and are left out.
#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

extern "C" {
__attribute__((weak)) int __lsan_do_recoverable_leak_check();
// Where the runtime of a sanitizer asks for it: a place needs a stack. UBSAN_OPTIONS takes precedence.
const char* __ubsan_default_options();
const char* __ubsan_default_options() { return "print_stacktrace=1"; }
}

namespace gauntlet::driver {
namespace {

using clock = std::chrono::steady_clock;

std::runtime_error failed(const char* what) {
  return std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { close(); }
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

std::string content_of(int file) {
  constexpr std::size_t most = 1 << 20;
  std::string content;
  std::array<char, 4096> buffer;
  off_t at = 0;
  while (content.size() < most) {
    const ssize_t got = ::pread(file, buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(got));
    at += got;
  }
  return content;
}

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(file, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

// kind, step, undecided, operations, length of place, place, message; the parent reads it back.
std::string packed(const check::verdict& v) {
  return std::to_string(static_cast<unsigned>(v.kind)) + ' ' + std::to_string(v.step) + ' ' +
         std::to_string(static_cast<unsigned>(v.undecided)) + ' ' + std::to_string(v.operations_run) + ' ' +
         std::to_string(v.place.size()) + ' ' + v.place + v.message;
}

bool unpacked(const std::string& text, check::verdict& v) {
  unsigned kind = 0, undecided = 0;
  unsigned long long step = 0, operations = 0, place = 0;
  int begin = 0;
  if (std::sscanf(text.c_str(), "%u %llu %u %llu %llu%n", &kind, &step, &undecided, &operations, &place, &begin) != 5) {
    return false;
  }
  const std::size_t at = static_cast<std::size_t>(begin) + 1;
  if (text.size() < at + place) return false;
  v.kind = static_cast<check::failure_kind>(kind);
  v.step = step;
  v.undecided = undecided != 0;
  v.operations_run = operations;
  v.place = text.substr(at, place);
  v.message = text.substr(at + place);
  return true;
}

[[noreturn]] void be_child(const input& in, int verdict_file, int error_file) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGINT, SIG_IGN);  // the parent decides when to stop
  ::dup2(error_file, STDERR_FILENO);
  ::dup2(error_file, STDOUT_FILENO);
  const check::verdict v = judge(in);
  if (v && __lsan_do_recoverable_leak_check != nullptr && __lsan_do_recoverable_leak_check() != 0) ::_exit(23);
  write_all(verdict_file, packed(v));
  std::fflush(nullptr);
  ::_exit(0);
}

std::string_view line_at(std::string_view text, std::size_t begin) {
  text.remove_prefix(begin);
  return text.substr(0, text.find('\n'));
}

// "gauntlet::hash_map<int, std::less<int> >::find(int const&) /path/file.h:1" to "gauntlet::hash_map::find".
std::string function_of(std::string_view frame) {
  std::string name;
  unsigned depth = 0;
  for (const char character : frame) {
    if (character == '<') ++depth;
    if (depth == 0 && (character == '(' || character == ' ')) break;
    if (depth == 0) name += character;
    if (character == '>' && depth > 0) --depth;
  }
  return name;
}

// The first function of a stack in `text` that is gauntlet's, preferably not the judge's.
std::string first_own_frame(std::string_view text) {
  std::string of_judge;
  for (std::size_t at = text.find("    #"); at != text.npos; at = text.find("    #", at + 1)) {
    const std::string_view line = line_at(text, at);
    const std::size_t begin = line.find("gauntlet::");
    if (begin == line.npos) continue;
    // A function of another library that only names gauntlet among its template arguments is not ours.
    const std::size_t bracket = line.find('<');
    if (bracket < begin) continue;
    const std::string name = function_of(line.substr(begin));
    if (!name.starts_with("gauntlet::check")) return name;
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

try_result try_in_child(const input& in, std::chrono::milliseconds limit) {
  const descriptor verdict_file(::memfd_create("verdict", MFD_CLOEXEC));
  const descriptor error_file(::memfd_create("errors", MFD_CLOEXEC));
  if (verdict_file.get() < 0 || error_file.get() < 0) throw failed("memfd_create");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw failed("pipe");
  const descriptor reading(ends[0]);
  descriptor writing(ends[1]);
  std::fflush(nullptr);
  const auto begin = clock::now();
  const pid_t child = ::fork();
  if (child < 0) throw failed("fork");
  if (child == 0) be_child(in, verdict_file.get(), error_file.get());
  writing.close();

  bool timed_out = false;
  while (true) {
    const auto left = limit - std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin);
    pollfd wait{reading.get(), POLLIN, 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&wait, 1, static_cast<int>(left.count()));
    if (ready > 0) break;
    if (ready < 0 && errno == EINTR) continue;
    timed_out = true;
    ::kill(child, SIGKILL);
    break;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }

  try_result result;
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin);
  const std::string errors = content_of(error_file.get());
  const bool has_verdict = unpacked(content_of(verdict_file.get()), result.verdict);
  const bool sanitizer_spoke = errors.find("Sanitizer: ") != errors.npos;
  if (!timed_out && has_verdict && WIFEXITED(status) && (!sanitizer_spoke || !result.verdict)) {
    if (!result.verdict) result.signature = {std::string(to_string(result.verdict.kind)), result.verdict.place};
    if (WEXITSTATUS(status) == 0) return result;
  }
  if (!timed_out && WIFEXITED(status) && WEXITSTATUS(status) == 2 && !has_verdict) {
    throw std::runtime_error(std::string(line_at(errors, 0)));  // a wrong use that only the judge notices
  }
  const int signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result.verdict = {};
  result.verdict.kind = check::failure_kind::crash;
  result.verdict.step = in.program.operations.size();
  result.verdict.place = timed_out ? "time-out" : place_of_crash(errors, signal_number, WEXITSTATUS(status));
  constexpr std::size_t shown_max = 6000;
  result.verdict.message = timed_out ? "no answer within " + std::to_string(limit.count()) + " ms"
                                     : errors.substr(0, shown_max) + (errors.size() > shown_max ? "\n..." : "");
  result.signature = {"crash", result.verdict.place};
  return result;
}

}  // namespace gauntlet::driver
