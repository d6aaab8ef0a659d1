// Printing and reading the text form.
//
// One line is a list of words. Printing goes through the opcode's operands in a fixed order: target, other, selector,
// key, value, count. Reading goes through the same list in the same order, so the two functions stay each other's
// mirror; only `value` and `count` carry their names and may be missing (0 and 1).
//
// The hard case is bodies: in memory a number of operations, in text the lines up to `end`. The reader keeps the open
// walks on a stack and writes the number when it meets the `end`. Limits that normalize() enforces silently on bytes
// (13-bit numbers, 15 operations in a body, three open walks, lanes that exist) are errors here, with the line: a
// person wrote it and meant something.
#include <gauntlet/check/program/text.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/names.h>

namespace gauntlet::check {
namespace {

constexpr std::uint64_t key_number_max = (1u << 13) - 1;

void append(std::string& line, std::string_view word) {
  if (!line.empty() && line.back() != '\n' && line.back() != ' ') line += ' ';
  line += word;
}
void append(std::string& line, std::uint64_t number) { append(line, std::to_string(number)); }

void print_operation(std::string& line, const operation& o) {
  const opcode_info& row = info(o.code);
  append(line, row.name);
  if (row.takes.target) append(line, o.target);
  if (row.takes.other) append(line, o.other);
  if (row.takes.argument) {
    const auto names = argument_names(o.code);
    append(line, names[o.argument % names.size()]);
  }
  if (row.takes.key) {
    append(line, key_class_names()[static_cast<std::size_t>(o.key.choice) % key_class_count]);
    if (o.key.choice != key_class::current) append(line, o.key.number);
  }
  if (row.takes.value) {
    append(line, "value");
    append(line, o.value);
  }
  if (row.takes.count && o.count != 1) {
    append(line, "count");
    append(line, o.count);
  }
}

void print_lane(std::string& line, lane where) {
  if (where == lane::before) return;
  line += where == lane::after ? std::string("@after") : "@" + std::to_string(static_cast<unsigned>(where));
}

// The words of one line; what follows a '#' is a comment.
std::vector<std::string_view> words_of(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\r\v\f");
    if (begin == line.npos) return words;
    line.remove_prefix(begin);
    const std::size_t length = std::min(line.find_first_of(" \t\r\v\f"), line.size());
    words.push_back(line.substr(0, length));
    line.remove_prefix(length);
  }
}

// What stands in the text, safe to print on one line.
std::string quoted(std::string_view word) {
  constexpr std::size_t length_max = 40;
  std::string out = "'";
  for (const char character : word.substr(0, length_max)) out += character >= ' ' && character <= '~' ? character : '?';
  return out += word.size() > length_max ? "...'" : "'";
}

std::string listed(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    if (name.empty()) continue;
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

class reader {
 public:
  std::variant<program, parse_error> read(std::string_view text) {
    std::size_t line_number = 0;
    while (!text.empty() && error_.message.empty()) {
      const std::size_t length = std::min(text.find('\n'), text.size());
      words_ = words_of(text.substr(0, length));
      text.remove_prefix(std::min(length + 1, text.size()));
      ++line_number;
      next_ = 0;
      if (words_.empty()) continue;
      error_.line = line_number;
      read_line(line_number);
      if (error_.message.empty() && next_ != words_.size())
        fail("nothing more was expected before " + quoted(words_[next_]));
    }
    if (error_.message.empty() && !begun_) {
      error_.line = line_number == 0 ? 1 : line_number;
      fail("no program here, expected 'gauntlet " + std::to_string(format_version) + "'");
    }
    if (error_.message.empty() && !open_.empty()) {
      error_.line = open_.back().line;
      fail("the body of this walk has no 'end'");
    }
    if (!error_.message.empty()) return error_;
    normalize(program_);
    return std::move(program_);
  }

 private:
  struct open_walk {
    std::size_t index;  // of the walk in program_.operations
    std::size_t line;
  };

  void fail(std::string message) {
    if (error_.message.empty()) error_.message = std::move(message);
  }
  bool failed() const { return !error_.message.empty(); }
  bool more() const { return next_ < words_.size(); }
  std::string_view word(std::string_view what) {
    if (more()) return words_[next_++];
    fail("expected " + std::string(what) + " after " + quoted(words_.back()));
    return {};
  }

  std::uint64_t number(std::string_view what, std::uint64_t min, std::uint64_t max) {
    const std::string_view text = word(what);
    if (failed()) return min;
    std::uint64_t value = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size() || status == std::errc::invalid_argument) {
      fail(quoted(text) + " is no number, expected " + std::string(what));
    } else if (status == std::errc::result_out_of_range || value < min || value > max) {
      fail(std::string(what) + " " + quoted(text) + " is out of range, expected " + std::to_string(min) + " to " +
           std::to_string(max));
    }
    return failed() ? min : value;
  }

  std::size_t choice(std::string_view what, std::span<const std::string_view> names) {
    const std::string_view text = word(what);
    if (failed()) return 0;
    const std::size_t position = position_of(text, names);
    if (text.empty() || position == names.size()) {
      fail("unknown " + std::string(what) + " " + quoted(text) + ", expected one of: " + listed(names));
      return 0;
    }
    return position;
  }

  void read_line(std::size_t line_number) {
    if (!begun_) {
      if (words_[next_++] != "gauntlet") return fail("expected 'gauntlet 1' at the start, found " + quoted(words_[0]));
      const std::string_view version = word("the version of the format");
      if (!failed() && version != std::to_string(format_version)) {
        fail("unknown version " + quoted(version) + " of the format, this build reads version " +
             std::to_string(format_version));
      }
      begun_ = true;
      return;
    }
    if (read_header_line()) return;
    read_operation(line_number);
  }

  // True when the line was one of the header.
  bool read_header_line() {
    const std::string_view name = words_[0];
    program_header& h = program_.header;
    const auto is = [&](std::string_view wanted) {
      if (name != wanted) return false;
      next_ = 1;
      if (!program_.operations.empty()) fail(quoted(name) + " belongs to the header, before the first operation");
      return true;
    };
    if (is("target")) {
      h.target = static_cast<std::uint8_t>(choice("target", target_names()));
    } else if (is("hot_keys")) {
      h.hot_keys = static_cast<std::uint8_t>(number("hot_keys", 1, 64));
    } else if (is("hash")) {
      h.hash = static_cast<hash_quality>(choice("hash quality", hash_quality_names()));
    } else if (is("types")) {
      h.types = static_cast<element_types>(choice("element types", element_types_names()));
    } else if (is("allocator")) {
      h.allocator = static_cast<allocator_mode>(choice("allocator mode", allocator_mode_names()));
    } else if (is("capacity") || is("elements_before")) {
      h.capacity = static_cast<std::uint8_t>(number(is("capacity") ? "capacity" : "elements_before", 0, 255));
    } else if (is("erased_before")) {
      h.erased_before = static_cast<std::uint8_t>(number("erased_before", 0, 255));
    } else if (is("threads")) {
      h.threads = static_cast<std::uint8_t>(number("threads", 0, thread_count_max));
    } else if (is("heap")) {
      h.heap = static_cast<heap_reuse>(choice("reuse of memory", heap_reuse_names()));
    } else if (is("memory")) {
      h.memory = static_cast<memory_order_mode>(choice("memory model", memory_order_mode_names()));
    } else if (is("spins")) {
      h.spins = static_cast<spin_mode>(choice("length of spins", spin_mode_names()));
    } else if (is("banned")) {
      while (more() && !failed()) h.banned |= std::uint64_t{1} << ban_of(operation_name());
    } else {
      return false;
    }
    return true;
  }

  opcode operation_name() {
    const std::string_view name = word("an operation");
    for (std::size_t i = 0; i < opcode_count; ++i) {
      if (info(static_cast<opcode>(i)).name == name) return static_cast<opcode>(i);
    }
    fail("unknown operation " + quoted(name));
    return opcode::nothing;
  }

  lane read_lane() {
    const std::string_view name = words_[next_++];
    const unsigned threads = program_.header.threads;
    if (!open_.empty()) {
      fail("the operations of a body run where their walk runs, without " + quoted(name));
    } else if (threads == 0) {
      fail(quoted(name) + " in a program without 'threads'");
    } else if (name == "@after") {
      return lane::after;
    } else if (name.size() != 2 || name[1] < '1' || name[1] > static_cast<char>('0' + threads)) {
      fail("lane " + quoted(name) + " is out of range, expected @1 to @" + std::to_string(threads) + " or @after");
    } else {
      return static_cast<lane>(name[1] - '0');
    }
    return lane::before;
  }

  void read_operation(std::size_t line_number) {
    if (words_[0] == "choice") return read_decision();
    if (!program_.decisions.empty()) return fail("operations come before the decisions of the schedule");
    if (words_[0] == "end") {
      next_ = 1;
      if (open_.empty()) return fail("'end' without a walk");
      const std::size_t walk = open_.back().index;
      const std::size_t body = program_.operations.size() - walk - 1;
      if (body > body_size_max) {
        error_.line = open_.back().line;
        return fail("the body of this walk has " + std::to_string(body) + " operations, at most " +
                    std::to_string(body_size_max) + " are possible");
      }
      program_.operations[walk].argument = static_cast<std::uint8_t>(body);
      open_.pop_back();
      return;
    }
    operation o;
    if (words_[0].front() == '@') o.where = read_lane();
    if (!open_.empty()) o.where = program_.operations[open_.back().index].where;
    if (failed()) return;
    o.code = operation_name();
    if (failed()) return;
    const operands& takes = info(o.code).takes;
    if (takes.target) o.target = static_cast<std::uint8_t>(number("map", 0, map_count - 1));
    if (takes.other) o.other = static_cast<std::uint8_t>(number("second map", 0, map_count - 1));
    if (takes.argument) o.argument = static_cast<std::uint8_t>(choice("selector", argument_names(o.code)));
    if (takes.key) {
      o.key.choice = static_cast<key_class>(choice("kind of key", key_class_names()));
      if (o.key.choice != key_class::current && !failed()) {
        o.key.number = static_cast<std::uint16_t>(number("number of the key", 0, key_number_max));
      }
    }
    if (takes.value && more() && words_[next_] == "value") {
      ++next_;
      o.value = static_cast<std::uint16_t>(number("value", 0, 65535));
    }
    if (takes.count) {
      o.count = 1;
      if (more() && words_[next_] == "count") {
        ++next_;
        o.count = static_cast<std::uint16_t>(number("count", 1, 256));
      }
    }
    if (failed()) return;
    if (program_.operations.size() == operations_max) {
      return fail("a program has at most " + std::to_string(operations_max) + " operations");
    }
    if (takes.body) {
      if (open_.size() == walk_depth_max) {
        return fail("at most " + std::to_string(walk_depth_max) + " walks may be open at once");
      }
      open_.push_back({program_.operations.size(), line_number});
    }
    program_.operations.push_back(o);
  }

  // choice NUMBER KIND ALTERNATIVE [of NUMBER] [before EVENT]
  void read_decision() {
    next_ = 1;
    if (!open_.empty()) return;  // told at the end: the body has no 'end'
    if (program_.header.threads == 0) return fail("a decision in a program without 'threads'");
    decision d;
    d.at = static_cast<std::uint32_t>(number("number of the choice", 1, choice_max));
    if (!failed() && !program_.decisions.empty() && d.at <= program_.decisions.back().at) {
      return fail("decisions stand in order of time, each for a choice of its own; choice " + std::to_string(d.at) +
                  " comes behind " + std::to_string(program_.decisions.back().at));
    }
    d.kind = static_cast<decision_kind>(choice("kind of decision", decision_kind_names()));
    d.alternative = static_cast<std::uint8_t>(number("alternative", 0, 255));
    if (!failed() && more() && words_[next_] == "of") {
      ++next_;
      d.of = static_cast<std::uint8_t>(number("number of alternatives", 1, 255));
    }
    if (!failed() && more() && words_[next_] == "before") {
      ++next_;
      d.before = static_cast<std::uint8_t>(choice("event", event_words()));
    }
    if (failed()) return;
    if (program_.decisions.size() == decisions_max) {
      return fail("a program has at most " + std::to_string(decisions_max) + " decisions");
    }
    program_.decisions.push_back(d);
  }

  program program_;
  parse_error error_;
  std::vector<std::string_view> words_;  // of the line being read
  std::size_t next_ = 0;                 // index of the next word to read
  std::vector<open_walk> open_;
  bool begun_ = false;  // the line with the version was read
};

}  // namespace

std::string print(const operation& o) {
  std::string line;
  print_lane(line, o.where);
  print_operation(line, o);
  return line;
}

std::string print(const decision& d) {
  std::string line = "choice";
  append(line, d.at);
  append(line, decision_kind_names()[static_cast<std::size_t>(d.kind) % decision_kind_count]);
  append(line, d.alternative);
  if (d.of != 0) {
    append(line, "of");
    append(line, d.of);
  }
  if (d.before != 0) {
    append(line, "before");
    append(line, event_words()[d.before % event_words().size()]);
  }
  return line;
}

std::string print(const program& p) {
  const program_header defaults;
  const program_header& h = p.header;
  std::string out = "gauntlet " + std::to_string(format_version) + "\n";
  const auto setting = [&](std::string_view name, std::string_view value) {
    out += name;
    (out += ' ') += value;
    out += '\n';
  };
  if (h.target != defaults.target && h.target < target_names().size()) setting("target", target_names()[h.target]);
  if (h.hot_keys != defaults.hot_keys) setting("hot_keys", std::to_string(h.hot_keys));
  if (h.hash != defaults.hash) setting("hash", hash_quality_names()[static_cast<std::size_t>(h.hash)]);
  if (h.types != defaults.types) setting("types", element_types_names()[static_cast<std::size_t>(h.types)]);
  if (h.allocator != defaults.allocator) {
    setting("allocator", allocator_mode_names()[static_cast<std::size_t>(h.allocator)]);
  }
  if (h.capacity != defaults.capacity) {
    setting(h.threads != 0 ? "elements_before" : "capacity", std::to_string(h.capacity));
  }
  if (h.erased_before != defaults.erased_before) setting("erased_before", std::to_string(h.erased_before));
  if (h.threads != defaults.threads) setting("threads", std::to_string(h.threads));
  if (h.heap != defaults.heap) setting("heap", heap_reuse_names()[static_cast<std::size_t>(h.heap)]);
  if (h.memory != defaults.memory) setting("memory", memory_order_mode_names()[static_cast<std::size_t>(h.memory)]);
  if (h.spins != defaults.spins) setting("spins", spin_mode_names()[static_cast<std::size_t>(h.spins)]);
  if (h.banned != 0) {
    std::string names;
    for (std::size_t i = 0; i < bans; ++i) {
      if ((h.banned >> i & 1) != 0) append(names, info(static_cast<opcode>(i)).name);
    }
    setting("banned", names);
  }

  std::vector<std::size_t> ends;  // of the bodies that are open
  const auto close = [&](std::size_t index) {
    while (!ends.empty() && ends.back() <= index) {
      ends.pop_back();
      out.append(2 * ends.size(), ' ');
      out += "end\n";
    }
  };
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const operation& o = p.operations[i];
    out.append(2 * ends.size(), ' ');
    std::string line;
    if (ends.empty()) print_lane(line, o.where);
    print_operation(line, o);
    out += line;
    out += '\n';
    if (info(o.code).takes.body) ends.push_back(i + 1 + body_size(p, i));
    close(i + 1);
  }
  for (const decision& d : p.decisions) out += print(d) + '\n';
  return out;
}

std::variant<program, parse_error> parse(std::string_view text) { return reader{}.read(text); }

}  // namespace gauntlet::check
