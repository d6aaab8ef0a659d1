// A child writes its verdict into a file in memory (no pipe can fill up) and its stderr into another; how many judgements
// it has begun stands in memory that both share, so that a crash tells it as well. The parent waits at a pipe whose writing end only the child holds: it reports the end of the child without polling, and the limit is
// poll's.
#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include <gauntlet/check/report/crash.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/check/run/runner.h>

extern "C" {
__attribute__((weak)) int __lsan_do_recoverable_leak_check();
__attribute__((weak)) void __sanitizer_print_stack_trace();
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
  constexpr std::size_t most = 1 << 24;
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

// A verdict as text between a child and its parent: numbers and texts, each text behind its length.
class packing {
 public:
  void put(std::uint64_t number) { (text_ += std::to_string(number)) += ' '; }
  void put(std::string_view text) {
    put(text.size());
    text_ += text;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class unpacking {
 public:
  explicit unpacking(std::string_view text) : left_(text) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + left_.size(), value);
    const auto length = static_cast<std::size_t>(end - left_.data());
    if (error != std::errc() || length == left_.size()) {
      whole_ = false;
      return 0;
    }
    left_.remove_prefix(length + 1);
    return value;
  }
  std::string text() {
    const std::uint64_t length = number();
    if (length > left_.size()) {
      whole_ = false;
      return {};
    }
    std::string value(left_.substr(0, length));
    left_.remove_prefix(length);
    return value;
  }
  bool whole() const { return whole_; }

 private:
  std::string_view left_;
  bool whole_ = true;
};

std::string packed(const check::verdict& v) {
  packing out;
  out.put(static_cast<std::uint64_t>(v.kind));
  out.put(v.step);
  out.put(std::uint64_t{v.undecided});
  out.put(v.operations_run);
  out.put(v.place);
  out.put(v.message);
  out.put(v.interleaving);
  out.put(v.picture);
  out.put(v.decisions.size());
  for (const check::decision& d : v.decisions) {
    for (const std::uint64_t number : {std::uint64_t{d.at}, static_cast<std::uint64_t>(d.kind),
                                       std::uint64_t{d.alternative}, std::uint64_t{d.of}, std::uint64_t{d.before}}) {
      out.put(number);
    }
  }
  return out.text();
}

bool unpacked(std::string_view text, check::verdict& v) {
  unpacking in(text);
  v.kind = static_cast<check::failure_kind>(in.number());
  v.step = in.number();
  v.undecided = in.number() != 0;
  v.operations_run = in.number();
  v.place = in.text();
  v.message = in.text();
  v.interleaving = in.text();
  v.picture = in.text();
  for (std::uint64_t left = in.number(); left > 0 && in.whole(); --left) {
    check::decision d;
    d.at = static_cast<std::uint32_t>(in.number());
    d.kind = static_cast<check::decision_kind>(in.number());
    d.alternative = static_cast<std::uint8_t>(in.number());
    d.of = static_cast<std::uint8_t>(in.number());
    d.before = static_cast<std::uint8_t>(in.number());
    v.decisions.push_back(d);
  }
  return in.whole();
}

// A number that a child and its parent share.
class shared_count {
 public:
  shared_count() : memory_(::mmap(nullptr, sizeof(number), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw failed("mmap");
    number_ = new (memory_) number(0);
  }
  shared_count(const shared_count&) = delete;
  shared_count& operator=(const shared_count&) = delete;
  ~shared_count() { ::munmap(memory_, sizeof(number)); }
  // [judgements] relaxed: the parent reads after the child's end.
  void add() noexcept { number_->fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return number_->load(std::memory_order_relaxed); }

  using number = std::atomic<std::uint64_t>;
  number* place() const noexcept { return number_; }

 private:
  void* memory_;
  number* number_;
};

// Judges until a judgement fails, at most `times`, and as long as it takes less than `limit`.
check::verdict judge_again_and_again(const input& in, std::uint64_t times, clock::duration limit, shared_count& done) {
  const auto begin = clock::now();
  check::verdict v;
  for (std::uint64_t time = 0; time < times && v && (time == 0 || clock::now() - begin < limit); ++time) {
    check::count_repetitions_from(time * repetitions_of_a_judgement_max);
    done.add();
    v = judge(in);
  }
  return v;
}

// In a child that hangs, on its only thread. What it interrupts may hold the lock of an allocator, and then this hangs, too:
// the parent does not wait for long.
void say_where(int) {
  __sanitizer_print_stack_trace();
  ::_exit(1);
}

// Of such a stack what was interrupted: behind the function above and the system's call of it.
std::string_view interrupted_in(std::string_view stack) {
  std::size_t at = stack.find("say_where");
  for (unsigned frames = 0; at != stack.npos && frames < 2; ++frames) at = stack.find("    #", at + 1);
  return at == stack.npos ? std::string_view() : stack.substr(at);
}

bool listens_for_hangs() { return __sanitizer_print_stack_trace != nullptr && !check::this_target().concurrent; }

// Lets a child that hangs say where it is, for a while; then it ends, in any case.
void end_what_hangs(pid_t child, int closed_at_its_end, hang_answer asked) {
  constexpr int patience = 5000;  // ms: to find the names in a large binary
  if (asked == hang_answer::where_it_is && listens_for_hangs() && ::kill(child, SIGALRM) == 0) {
    pollfd wait{closed_at_its_end, POLLIN, 0};
    while (::poll(&wait, 1, patience) < 0 && errno == EINTR) {
    }
  }
  ::kill(child, SIGKILL);
}

[[noreturn]] void be_child(const input& in, std::uint64_t times, clock::duration limit, shared_count& done,
                           shared_count& step, int verdict_file, int error_file) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGINT, SIG_IGN);  // the parent decides when to stop
  if (listens_for_hangs()) ::signal(SIGALRM, say_where);
  ::dup2(error_file, STDERR_FILENO);
  ::dup2(error_file, STDOUT_FILENO);
  check::tell_steps_at(step.place());
  const check::verdict v = judge_again_and_again(in, times, limit, done);
  if (v && __lsan_do_recoverable_leak_check != nullptr && __lsan_do_recoverable_leak_check() != 0) ::_exit(23);
  write_all(verdict_file, packed(v));
  std::fflush(nullptr);
  ::_exit(0);
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

try_result try_in_child(const input& in, std::chrono::milliseconds limit, std::uint64_t times, hang_answer asked) {
  shared_count done, step;
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
  if (child == 0) be_child(in, times, limit / 2, done, step, verdict_file.get(), error_file.get());
  writing.close();

  bool timed_out = false;
  while (true) {
    const auto left = limit - std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin);
    pollfd wait{reading.get(), POLLIN, 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&wait, 1, static_cast<int>(left.count()));
    if (ready > 0) break;
    if (ready < 0 && errno == EINTR) continue;
    timed_out = true;
    end_what_hangs(child, reading.get(), asked);
    break;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }

  try_result result;
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin);
  result.judgements = done.get();
  const std::string errors = content_of(error_file.get());
  const bool has_verdict = unpacked(content_of(verdict_file.get()), result.verdict);
  const bool sanitizer_spoke = errors.find("Sanitizer: ") != errors.npos;
  if (!timed_out && has_verdict && WIFEXITED(status) && (!sanitizer_spoke || !result.verdict)) {
    if (!result.verdict) result.signature = {std::string(to_string(result.verdict.kind)), result.verdict.place};
    if (WEXITSTATUS(status) == 0) return result;
  }
  if (!timed_out && WIFEXITED(status) && WEXITSTATUS(status) == 2 && !has_verdict) {
    throw std::runtime_error(std::string(first_line(errors)));  // a wrong use that only the judge notices
  }
  const int signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result.verdict = {};
  result.verdict.kind = check::failure_kind::crash;
  // Programs of threads tell no step.
  result.verdict.step =
      in.program.header.threads > 0 || check::this_target().concurrent ? in.program.operations.size() : step.get();
  constexpr std::size_t shown_max = 6000;
  std::string shown = check::without_the_judge(timed_out ? interrupted_in(errors) : errors);
  while (shown.ends_with('\n')) shown.pop_back();
  if (shown.size() > shown_max) shown = shown.substr(0, shown_max) + "\n...";
  if (!timed_out) {
    result.verdict.place = check::place_of_crash(errors, signal_number, WEXITSTATUS(status));
    result.verdict.message = std::move(shown);
    result.signature = {"crash", result.verdict.place};
    return result;
  }
  // Where it happens to be differs from time to time: a hang is a hang.
  result.signature = {"crash", std::string(time_out)};
  const std::string function = check::function_of_stack(interrupted_in(errors));
  result.verdict.place = result.signature.place + (function.empty() ? "" : " in " + function);
  result.verdict.message = "no answer within " + std::to_string(limit.count()) + " ms";
  if (!function.empty()) result.verdict.message += "; then it was here:\n" + shown;
  return result;
}

}  // namespace gauntlet::driver
