// Calls are templates of text with holes: $m the map, $o the other map, $k the key, $v the value. Operations on a run
// of keys get a loop around the call; a walk is the head of a loop, its body follows.
#include <gauntlet/check/report/describe.h>

#include <algorithm>
#include <vector>

#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/program/names.h>
#include <gauntlet/check/program/text.h>

namespace gauntlet::check {
namespace {

std::string_view call_of(const operation& o) {
  switch (o.code) {
    case opcode::nothing:
      return ";";
    case opcode::find:
      return "$m.find($k);";
    case opcode::contains:
      return "$m.contains($k);";
    case opcode::count:
      return "$m.count($k);";
    case opcode::at:
      return "$m.at($k);  // std::out_of_range when absent";
    case opcode::equal_range:
      return "$m.equal_range($k);";
    case opcode::subscript_read:
      return "$m[$k];";
    case opcode::size:
      return "$m.size(), $m.empty();";
    case opcode::equal:
      return "$m == $o, $o == $m, $m != $o;";
    case opcode::insert_copy:
      return "{ const value_type element($k, $v); $m.insert(element); }";
    case opcode::insert_move:
      return "$m.insert(value_type($k, $v));";
    case opcode::insert_hint:
      return "$m.insert(hint, value_type($k, $v));";
    case opcode::emplace:
      return "$m.emplace($k, $v);";
    case opcode::emplace_hint:
      return "$m.emplace_hint(hint, $k, $v);";
    case opcode::try_emplace:
      return "{ const key_type key($k); $m.try_emplace(key, $v); }";
    case opcode::try_emplace_move:
      return "$m.try_emplace(key_type($k), $v);";
    case opcode::try_emplace_hint:
      return "$m.try_emplace(hint, $k, $v);";
    case opcode::insert_or_assign:
      return "{ const key_type key($k); $m.insert_or_assign(key, $v); }";
    case opcode::insert_or_assign_move:
      return "$m.insert_or_assign(key_type($k), $v);";
    case opcode::insert_or_assign_hint:
      return "$m.insert_or_assign(hint, $k, $v);";
    case opcode::subscript_assign:
      return "$m[$k] = $v;";
    case opcode::update:
      return "if (auto it = $m.find($k); it != $m.end()) it->second = $v;";
    case opcode::insert_range:
      return "$m.insert(first, last);";
    case opcode::insert_list:
      return "$m.insert({...});";
    case opcode::assign_list:
      return "$m = {...};";
    case opcode::erase_key:
      return "$m.erase($k);";
    case opcode::erase_iterator:
      return "if (auto it = $m.find($k); it != $m.end()) it = $m.erase(it);";
    case opcode::erase_range:
      return "$m.erase(first, std::next(first, $c));  // first: $v % ($m.size() + 1) elements after begin()";
    case opcode::erase_if:
      return "erase_if($m, predicate);";
    case opcode::clear:
      return "$m.clear();";
    case opcode::reserve:
      return "$m.reserve($n);";
    case opcode::rehash:
      return "$m.rehash($n);";
    case opcode::max_load_factor:
      return "$m.max_load_factor(...);";
    case opcode::shrink_to_fit:
      return "$m.shrink_to_fit();";
    case opcode::default_construct:
      return "$m = a fresh map();";
    case opcode::construct_range:
      return "$m = a fresh map(first, last, capacity);";
    case opcode::copy_construct:
      return "$m = a fresh map($o);";
    case opcode::move_construct:
      return "$m = a fresh map(std::move($o));";
    case opcode::copy_assign:
      return "$m = $o;";
    case opcode::move_assign:
      return "$m = std::move($o);";
    case opcode::self_copy_assign:
      return "$m = $m;";
    case opcode::self_move_assign:
      return "$m = std::move($m);";
    case opcode::swap:
      return "swap($m, $o);";
    case opcode::self_swap:
      return "swap($m, $m);";
    case opcode::merge:
      return "$m.merge($o);";
    case opcode::self_merge:
      return "$m.merge($m);";
    case opcode::extract_key:
      return "node = $m.extract($k);";
    case opcode::extract_iterator:
      return "if (auto it = $m.find($k); it != $m.end()) node = $m.extract(it);";
    case opcode::insert_node:
      return "$m.insert(std::move(node));";
    case opcode::insert_node_hint:
      return "$m.insert(hint, std::move(node));";
    case opcode::drop_node:
      return "node = {};";
    case opcode::walk:
      return "for (auto c = $m.walk(); c; c.next()) {";
    case opcode::iterate:
      return "for (auto it = $m.begin(); it != $m.end();) {";
    case opcode::stop:
      return "break;";
    case opcode::fault:
      return "// the next operation: one of its events throws";
    case opcode::misuse:
      return "// a misuse that must be diagnosed";
    case opcode::compare_exchange:
      return "$m.compare_exchange($k, $v, $v + 1);";
    case opcode::fetch_update:
      return "$m.update($k, [](auto& value) { value += $v; });";
    case opcode::upsert:
      return "$m.insert_or_visit($k, $v, [](auto& value) { value += $v; });";
    case opcode::compare_erase:
      return "$m.compare_and_delete($k, $v);";
    case opcode::snapshot:
      return "$m.snapshot();";
    case opcode::look_by_view:
      return "$m.$a(view($k));";
    case opcode::change_by_view:
      switch (o.argument % change_by_view_count) {
        case 0:
          return "$m.erase(view($k));";
        case 1:
          return "node = $m.extract(view($k));";
        case 2:
          return "$m.try_emplace(view($k), $v);";
        case 3:
          return "$m.insert_or_assign(view($k), $v);";
        default:
          return "$m[view($k)] = $v;";
      }
    case opcode::find_many:
      return "$m.find_many(first, last, visit);  // $c keys from $k upwards";
    case opcode::change_node_key:
      return "node.key() = $k;";
    case opcode::fill_reserved:
      return "$m.reserve($m.size() + $c); for (unsigned i = 0; i < $c; ++i) $m.emplace($k + i, $v + i);";
  }
  return ";";
}

std::string key_text(const program_header& h, const key_operand& k) {
  const std::string number = std::to_string(k.number);
  switch (k.choice) {
    case key_class::present:
      return "present(" + number + ")";
    case key_class::current:
      return "current";
    case key_class::earlier:
      return "earlier(" + number + ")";
    case key_class::later:
      return "later(" + number + ")";
    case key_class::hot:
    case key_class::colliding:
    case key_class::wide:
    case key_class::special:
      break;
  }
  const std::uint64_t key = key_of(h, k);
  return std::to_string(key) + (key >> 32 == 0 ? "" : "u");
}

std::string amount_text(const operation& o) {
  switch (o.argument) {
    case 0:
      return std::to_string(o.value);
    case 1:
      return std::to_string(o.value * 16u);
    case 2:
      return "maps[" + std::to_string(o.target) + "].size()";
    default:
      return "absurd";
  }
}

void replace_all(std::string& text, std::string_view hole, const std::string& filling) {
  for (std::size_t at = text.find(hole); at != text.npos; at = text.find(hole, at + filling.size())) {
    text.replace(at, hole.size(), filling);
  }
}

}  // namespace

std::string describe(const program_header& h, const operation& o) {
  const operands& takes = info(o.code).takes;
  const bool takes_elements = o.code == opcode::insert_range || o.code == opcode::insert_list ||
                              o.code == opcode::assign_list || o.code == opcode::construct_range;
  const bool has_loop = o.code == opcode::find_many || o.code == opcode::fill_reserved;
  const bool is_run = takes.key && takes.count && o.count > 1 && !takes_elements && !has_loop;
  std::string text{call_of(o)};
  const std::string key = takes.key ? key_text(h, o.key) : "";
  const std::string value = std::to_string(o.value);
  replace_all(text, "$m", "maps[" + std::to_string(o.target) + "]");
  replace_all(text, "$o", "maps[" + std::to_string(o.other) + "]");
  replace_all(text, "$k", is_run ? key + " + i" : key);
  replace_all(text, "$v", is_run ? value + " + i" : value);
  const bool many = o.code == opcode::fill_reserved && o.argument % fill_scale_count == 1;
  replace_all(text, "$c", std::to_string(many ? o.count * fill_scale_many : o.count));
  if (o.code == opcode::look_by_view) {
    replace_all(text, "$a", std::string(argument_names(o.code)[o.argument % look_by_view_count]));
  }
  if (text.find("$n") != text.npos) replace_all(text, "$n", amount_text(o));
  if (is_run) text = "for (unsigned i = 0; i < " + std::to_string(o.count) + "; ++i) " + text;
  if (takes_elements) {
    text += "  // " + std::to_string(o.count) + (o.count == 1 ? " element" : " elements") + " from {" + key + ", " +
            value + "} upwards";
  }
  const bool tells_argument = o.code == opcode::erase_if || o.code == opcode::fault || o.code == opcode::misuse;
  if (takes.argument && tells_argument) {
    text += (o.code == opcode::erase_if ? "  // " : ": ");
    text += argument_names(o.code)[o.argument % argument_names(o.code).size()];
    if (o.code == opcode::misuse) text += " with key " + key + " in maps[" + std::to_string(o.target) + "]";
    if (takes.value) text += ", " + value;
  }
  if (o.code == opcode::max_load_factor) text += "  // from " + value;
  return text;
}

std::string describe(const program& p, std::string_view prefix) {
  std::string out;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const operation& o = p.operations[i];
    out += prefix;
    out.append(4 * ends.size(), ' ');
    if (p.header.threads > 0 && ends.empty()) {
      out += o.where == lane::before  ? "[before]   "
             : o.where == lane::after ? "[after]    "
                                      : "[thread " + std::to_string(static_cast<unsigned>(o.where)) + "] ";
    }
    (out += describe(p.header, o)) += '\n';
    if (info(o.code).takes.body) ends.push_back(i + 1 + body_size(p, i));
    while (!ends.empty() && ends.back() <= i + 1) {
      ends.pop_back();
      out += prefix;
      out.append(4 * ends.size(), ' ');
      out += "}\n";
    }
  }
  return out;
}

std::string picture_of_lanes(const program& p) {
  std::vector<std::vector<std::string>> lanes(thread_count_max + 2);
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    operation o = p.operations[i];
    const auto number = static_cast<std::size_t>(o.where);
    while (!ends.empty() && ends.back() <= i) ends.pop_back();
    o.where = lane::before;
    lanes[number].push_back(std::string(2 * ends.size(), ' ') + print(o));
    if (info(o.code).takes.body) ends.push_back(i + 1 + body_size(p, i));
  }
  std::string out;
  const auto alone = [&](std::string_view name, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    (out += name) += ":\n";
    for (const std::string& line : lines) ((out += "  ") += line) += '\n';
  };
  alone("before", lanes.front());
  const std::size_t threads = p.header.threads;
  std::vector<std::size_t> width(threads + 1, 8);
  std::size_t rows = 0;
  for (std::size_t thread = 1; thread <= threads; ++thread) {
    for (const std::string& line : lanes[thread]) width[thread] = std::max(width[thread], line.size());
    rows = std::max(rows, lanes[thread].size());
  }
  const auto cell = [&](std::size_t thread, std::string text) {
    if (thread < threads) text.resize(width[thread], ' ');
    out += (thread == 1 ? "  " : " | ") + text;
  };
  if (rows > 0) {
    for (std::size_t thread = 1; thread <= threads; ++thread) cell(thread, "thread " + std::to_string(thread));
    out += '\n';
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t thread = 1; thread <= threads; ++thread) {
        cell(thread, row < lanes[thread].size() ? lanes[thread][row] : "");
      }
      out.erase(out.find_last_not_of(' ') + 1);
      out += '\n';
    }
  }
  alone("after", lanes.back());
  return out;
}

}  // namespace gauntlet::check
