#include <gauntlet/check/history/text.h>

#include <charconv>
#include <vector>

namespace gauntlet::check {

std::string_view to_string(judgement j) noexcept {
  switch (j) {
    case judgement::right:
      return "right";
    case judgement::wrong:
      return "wrong";
    case judgement::undecided:
      return "undecided";
  }
  return "unknown";
}

// -------------------------------------------------------------------------------------------------------------
// printing

std::string print(const event& e) {
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  std::string line = number(e.where) + " " + number(e.called) + " " + (e.pending() ? "-" : number(e.returned)) + " " +
                     std::string(info(e.asked.code).name) + " " + number(e.asked.target);
  if (e.asked.other != 0) line += " other " + number(e.asked.other);
  if (e.asked.key != 0 || reach_of(e.asked.code) == reach::one_key) line += " key " + number(e.asked.key);
  if (e.asked.value != 0) line += " value " + number(e.asked.value);
  if (e.asked.argument != 0) line += " argument " + number(e.asked.argument);
  line += " =";
  if (e.pending()) return line + " ?";
  if (e.answer.status == outcome::injected) return line + " (an exception)";
  if (e.answer.flag) {
    line += " yes";
  } else if (reach_of(e.asked.code) == reach::one_key || e.asked.code == opcode::equal ||
             e.asked.code == opcode::size) {
    line += " no";
  }
  if (e.answer.has_value) line += " value " + number(e.answer.value);
  if (e.answer.number != 0 || e.asked.code == opcode::size || e.asked.code == opcode::erase_if) {
    line += " number " + number(e.answer.number);
  }
  if (reach_of(e.asked.code) == reach::elements) {
    line += " shown";
    for (const element& shown : e.shown) line += " " + number(shown.first) + ":" + number(shown.second);
  }
  return line;
}

std::string print(const history_file& f) {
  std::string text = "history " + std::string(to_string(f.expected)) + "\n";
  for (std::size_t i = 0; i < opcode_count; ++i) {
    const auto code = static_cast<opcode>(i);
    if (f.contracts[code] == contract::linearizable || reach_of(code) == reach::foreign) continue;
    text += "contract " + std::string(info(code).name) + " " + std::string(to_string(f.contracts[code])) + "\n";
  }
  if (f.budget) text += "budget " + std::to_string(*f.budget) + "\n";
  for (unsigned map = 0; map < history_map_count; ++map) {
    for (const element& e : f.what.initial[map]) {
      text += "initial " + std::to_string(map) + " " + std::to_string(e.first) + " " + std::to_string(e.second) + "\n";
    }
  }
  for (const event& e : f.what.events) text += print(e) + "\n";
  return text;
}

// --------------------------------------------------------------------------------------------------------------
// parsing

namespace {

// The words of one line, read from left to right. A missing word is empty and fits nothing.
class line_reader {
 public:
  explicit line_reader(std::string_view line) {
    line = line.substr(0, line.find('#'));
    while (true) {
      const std::size_t begin = line.find_first_not_of(" \t\r");
      if (begin == std::string_view::npos) break;
      const std::size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
      words_.push_back(line.substr(begin, end - begin));
      line.remove_prefix(end);
    }
  }

  bool done() const noexcept { return at_ == words_.size(); }
  std::string_view peek() const noexcept { return done() ? std::string_view() : words_[at_]; }
  bool take(std::string_view word) noexcept {
    if (peek() != word) return false;
    ++at_;
    return true;
  }
  std::string_view word() noexcept { return done() ? std::string_view() : words_[at_++]; }

  bool number(std::uint64_t& n) noexcept { return !done() && to_number(words_[at_++], n); }
  bool number(unsigned& n) noexcept {
    std::uint64_t wide = 0;
    if (!number(wide) || wide > 1000000) return false;
    n = static_cast<unsigned>(wide);
    return true;
  }
  static bool to_number(std::string_view text, std::uint64_t& n) noexcept {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    return error == std::errc() && end == text.data() + text.size();
  }

 private:
  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
};

bool read_opcode(std::string_view word, opcode& code) noexcept {
  for (std::size_t i = 0; i < opcode_count; ++i) {
    if (info(static_cast<opcode>(i)).name == word) {
      code = static_cast<opcode>(i);
      return reach_of(code) != reach::foreign;
    }
  }
  return false;
}

// Each reader returns an empty text, or what it expected.
std::string read_judgement(line_reader& line, judgement& j) {
  const std::string_view word = line.word();
  for (const judgement candidate : {judgement::right, judgement::wrong, judgement::undecided}) {
    if (word == to_string(candidate)) {
      j = candidate;
      return {};
    }
  }
  return "expected right, wrong or undecided";
}

std::string read_contract(line_reader& line, contract_table& table) {
  opcode code{};
  if (!read_opcode(line.word(), code)) return "expected an operation of a history";
  const std::string_view word = line.word();
  for (const contract candidate :
       {contract::linearizable, contract::weak, contract::quiescent, contract::unsupported}) {
    if (word == to_string(candidate)) {
      table[code] = candidate;
      return {};
    }
  }
  return "expected linearizable, weak, quiescent or unsupported";
}

std::string read_initial(line_reader& line, history& h) {
  unsigned map = 0;
  element e;
  if (!line.number(map) || map >= history_map_count) return "expected the number of a map, 0 or 1";
  if (!line.number(e.first) || !line.number(e.second)) return "expected a key and a value";
  h.initial[map].push_back(e);
  return {};
}

std::string read_answer(line_reader& line, event& e) {
  if (line.take("yes")) {
    e.answer.flag = true;
  } else {
    line.take("no");
  }
  if (line.take("value")) {
    e.answer.has_value = true;
    if (!line.number(e.answer.value)) return "expected the value seen";
  }
  if (line.take("number") && !line.number(e.answer.number)) return "expected a number";
  if (line.take("shown")) {
    while (!line.done()) {
      const std::string_view word = line.word();
      const std::size_t colon = word.find(':');
      element shown;
      if (colon == std::string_view::npos || !line_reader::to_number(word.substr(0, colon), shown.first) ||
          !line_reader::to_number(word.substr(colon + 1), shown.second)) {
        return "expected key:value";
      }
      e.shown.push_back(shown);
    }
  }
  return {};
}

std::string read_event(line_reader& line, event& e) {
  if (!line.number(e.where)) return "expected a lane, or one of history, contract, budget, initial";
  if (!line.number(e.called)) return "expected the stamp of the call";
  if (!line.take("-") && (!line.number(e.returned) || e.returned == never)) {
    return "expected the stamp of the return, or -";
  }
  if (!read_opcode(line.word(), e.asked.code)) return "expected an operation of a history";
  if (!line.number(e.asked.target)) return "expected the number of a map";
  if (line.take("other") && !line.number(e.asked.other)) return "expected the number of the other map";
  if (line.take("key") && !line.number(e.asked.key)) return "expected a key";
  if (line.take("value") && !line.number(e.asked.value)) return "expected a value";
  if (line.take("argument") && !line.number(e.asked.argument)) return "expected an argument";
  if (!line.take("=")) return "expected = and the answer";
  if (e.pending()) return line.take("?") ? std::string() : "expected ?, the answer of a pending event";
  return read_answer(line, e);
}

}  // namespace

std::variant<history_file, parse_error> parse_history(std::string_view text) {
  history_file file;
  bool begun = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    line_reader line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.done()) continue;
    std::string problem;
    if (!begun) {
      begun = line.take("history");
      problem = begun ? read_judgement(line, file.expected) : "expected `history` and its verdict";
    } else if (line.take("contract")) {
      problem = read_contract(line, file.contracts);
    } else if (line.take("budget")) {
      std::uint64_t budget = 0;
      if (!line.number(budget)) problem = "expected a number of configurations";
      file.budget = budget;
    } else if (line.take("initial")) {
      problem = read_initial(line, file.what);
    } else {
      problem = read_event(line, file.what.events.emplace_back());
    }
    if (problem.empty() && !line.done()) problem = "expected the end of the line, found " + std::string(line.peek());
    if (!problem.empty()) return parse_error{number, problem};
  }
  if (!begun) return parse_error{1, "expected `history` and its verdict"};
  return file;
}

}  // namespace gauntlet::check
