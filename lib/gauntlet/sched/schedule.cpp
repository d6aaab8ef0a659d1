#include <gauntlet/sched/schedule.h>

#include <array>
#include <charconv>
#include <limits>

namespace gauntlet::sched {

namespace {

// What each kind of choice is called in a line "at N WORD ALTERNATIVE": by kind.
constexpr std::array<std::string_view, choice_kind_count> choice_words = {"run", "read", "fail", "fire", "wake"};

// Reads a text line by line and word by word; says where it stands.
class reader {
 public:
  reader(std::string_view text, std::string& error) : rest_(text), error_(error) {}

  // The next line that counts; false at the end of the text.
  bool next_line() {
    while (!rest_.empty()) {
      const std::size_t end = rest_.find('\n');
      line_ = rest_.substr(0, end);
      rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
      ++number_;
      skip_spaces();
      if (!line_.empty() && line_.front() != '#') return true;
    }
    ++number_;
    return false;
  }
  // The next word of the line; empty at its end.
  std::string_view word() {
    const std::size_t end = line_.find_first_of(" \t\r");
    const std::string_view result = line_.substr(0, end);
    line_ = end == std::string_view::npos ? std::string_view{} : line_.substr(end);
    skip_spaces();
    return result;
  }
  std::string_view rest_of_line() {
    std::string_view result = line_;
    while (!result.empty() && is_space(result.back())) result.remove_suffix(1);
    line_ = {};
    return result;
  }
  bool at_end_of_line() const { return line_.empty(); }

  bool fail(std::string_view expected, std::string_view found) {
    error_ = "line " + std::to_string(number_) + ": expected ";
    error_ += expected;
    error_ += found.empty() ? std::string(", found the end of the line") : ", found '" + std::string(found) + "'";
    return false;
  }
  bool wrong(const std::string& what) {
    error_ = "line " + std::to_string(number_) + ": " + what;
    return false;
  }

  // A whole number in [least, most].
  template <class Number>
  bool number(Number& value, std::uint64_t least, std::uint64_t most, std::string_view what, int base = 10) {
    const std::string_view w = word();
    std::uint64_t read = 0;
    const auto [end, status] = std::from_chars(w.data(), w.data() + w.size(), read, base);
    if (w.empty() || status != std::errc() || end != w.data() + w.size() || read < least || read > most) {
      return fail(std::string(what) + (base == 16 ? " in hexadecimal"
                                                  : " from " + std::to_string(least) + " to " + std::to_string(most)),
                  w);
    }
    value = static_cast<Number>(read);
    return true;
  }
  bool end_of_line() { return at_end_of_line() || fail("the end of the line", rest_of_line()); }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
  void skip_spaces() {
    while (!line_.empty() && is_space(line_.front())) line_.remove_prefix(1);
  }

  std::string_view rest_, line_;
  std::string& error_;
  unsigned number_ = 0;
};

bool parse_deviation(reader& in, schedule& s) {
  deviation d;
  const std::uint64_t least = s.deviations.empty() ? 1 : std::uint64_t{s.deviations.back().at} + 1;
  if (!in.number(d.at, least, std::numeric_limits<std::uint32_t>::max(), "a number of a choice")) return false;

  const std::string_view kind = in.word();
  std::size_t k = 0;
  while (k < choice_words.size() && choice_words[k] != kind) ++k;
  if (k == choice_words.size()) return in.fail("run, read, fail, fire or wake", kind);
  d.kind = static_cast<choice_kind>(k);

  // A thread is named by its number, 0 among them; any other alternative 0 would be the default.
  const bool yes_or_no = d.kind == choice_kind::spurious || d.kind == choice_kind::timeout;
  if (d.kind == choice_kind::thread) {
    if (!in.number(d.alternative, 0, threads_max - 1, "a thread's number")) return false;
  } else if (!in.number(d.alternative, 1, yes_or_no ? 1 : 254, "an alternative")) {
    return false;
  }

  while (!in.at_end_of_line()) {
    const std::string_view word = in.word();
    if (word == "of" && d.alternatives == 0) {
      const unsigned above = d.kind == choice_kind::thread ? 2U : d.alternative + 1U;
      if (!in.number(d.alternatives, above, 255, "a number of alternatives")) return false;
    } else if (word == "before" && d.before == event_kind::none) {
      const std::string_view what = in.word();
      for (unsigned e = 1; e < event_kind_count; ++e) {
        if (to_string(static_cast<event_kind>(e)) == what) d.before = static_cast<event_kind>(e);
      }
      if (d.before == event_kind::none) return in.fail("a kind of event", what);
    } else {
      return in.fail("of, before or the end of the line", word);
    }
  }
  s.deviations.push_back(d);
  return true;
}

// One of two words.
template <class Value>
bool parse_one_of(reader& in, Value& value, std::string_view zeroth, std::string_view first) {
  const std::string_view w = in.word();
  if (w != zeroth && w != first) return in.fail(std::string(zeroth) + " or " + std::string(first), w);
  value = static_cast<Value>(w == first);
  return in.end_of_line();
}

bool parse_end(reader& in, schedule& s) {
  constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
  if (!in.number(s.events, 0, any, "a number of events")) return false;
  if (const auto w = in.word(); w != "choices") return in.fail("choices", w);
  if (!in.number(s.choices, 0, any, "a number of choices")) return false;
  if (const auto w = in.word(); w != "hash") return in.fail("hash", w);
  if (!in.number(s.hash, 0, any, "a hash", 16)) return false;
  if (!in.end_of_line()) return false;
  if (!s.deviations.empty() && s.choices != 0 && s.deviations.back().at > s.choices) {
    return in.wrong("the run had " + std::to_string(s.choices) + " choices, but the last deviation is at choice " +
                    std::to_string(s.deviations.back().at));
  }
  return true;
}

}  // namespace

std::string print(const schedule& s) {
  std::string out = "schedule " + std::to_string(schedule_version) + "\n";
  if (!s.strategy.empty()) {
    out += "strategy ";
    for (const char c : s.strategy) out += c == '\n' || c == '\r' ? ' ' : c;  // a line stays one line
    out += '\n';
  }
  out += s.allocator == reuse::at_once ? "allocator reuse\n" : "allocator quarantine\n";
  out += s.memory == memory_model::sequential ? "memory sequential\n" : "memory weak\n";
  if (s.spurious || s.plain_points) {
    out += "options";
    if (s.spurious) out += " spurious";
    if (s.plain_points) out += " plain";
    out += '\n';
  }
  for (const std::uintptr_t location : s.plain) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), location, 16).ptr;
    out.append("plain ").append(digits.data(), static_cast<std::size_t>(end - digits.data())) += '\n';
  }
  for (const deviation& d : s.deviations) {
    out += "at " + std::to_string(d.at) + ' ';
    out += choice_words[static_cast<std::size_t>(d.kind)];
    out += ' ' + std::to_string(d.alternative);
    if (d.alternatives != 0) out += " of " + std::to_string(d.alternatives);
    if (d.before != event_kind::none) out.append(" before ").append(to_string(d.before));
    out += '\n';
  }
  if (s.events != 0 || s.choices != 0 || s.hash != 0) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), s.hash, 16).ptr;
    const auto length = static_cast<std::size_t>(end - digits.data());
    out += "end " + std::to_string(s.events) + " choices " + std::to_string(s.choices) + " hash ";
    out.append(16 - length, '0').append(digits.data(), length) += '\n';
  }
  return out;
}

bool parse(std::string_view text, schedule& s, std::string& error) {
  schedule result;
  reader in(text, error);
  if (!in.next_line()) return in.wrong("expected 'schedule 1', found the end of the text");
  if (const auto w = in.word(); w != "schedule") return in.fail("'schedule 1'", w);
  unsigned version = 0;
  if (!in.number(version, 0, 1000000, "a version")) return false;
  if (version != schedule_version) {
    return in.wrong("version " + std::to_string(version) + " of schedules, this program reads version " +
                    std::to_string(schedule_version));
  }
  if (!in.end_of_line()) return false;

  bool ended = false;
  while (in.next_line()) {
    const std::string_view what = in.word();
    if (ended) return in.fail("nothing after the line 'end'", what);
    if (what == "at") {
      if (!parse_deviation(in, result)) return false;
    } else if (what == "strategy") {
      result.strategy = in.rest_of_line();
    } else if (what == "allocator") {
      if (!parse_one_of(in, result.allocator, "reuse", "quarantine")) return false;
    } else if (what == "memory") {
      if (!parse_one_of(in, result.memory, "sequential", "weak")) return false;
    } else if (what == "options") {
      while (!in.at_end_of_line()) {
        const std::string_view word = in.word();
        if (word != "spurious" && word != "plain") return in.fail("spurious or plain", word);
        (word == "plain" ? result.plain_points : result.spurious) = true;
      }
    } else if (what == "plain") {
      std::uintptr_t location = 0;
      if (!in.number(location, 1, std::numeric_limits<std::uintptr_t>::max(), "an address", 16) || !in.end_of_line())
        return false;
      result.plain.push_back(location);
    } else if (what == "end") {
      if (!parse_end(in, result)) return false;
      ended = true;
    } else {
      return in.fail("at, strategy, allocator, memory, options, plain or end", what);
    }
  }
  error.clear();
  s = std::move(result);
  return true;
}

}  // namespace gauntlet::sched
