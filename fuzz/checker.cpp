// The checker of histories against its judge, the brute force that tries every order.
//
// Bytes become a small history: two bytes of contracts and initial elements, then four bytes an event (operation, key
// and operand, answer, place in time). A readable history (lib/gauntlet/check/history/text.h) is taken as it is, as
// long as the brute force can manage it. Law: on every well-formed history the two give the same verdict.
#include <algorithm>
#include <string_view>
#include <variant>
#include <vector>

#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/history/text.h>
#include <gauntlet/check/linear/brute_force.h>
#include <gauntlet/check/linear/checker.h>

using namespace gauntlet::check;

namespace {

constexpr std::size_t events_max = 5;
constexpr std::size_t moments_max = 7;  // pieces that the brute force has to order
constexpr unsigned lanes_max = 3;

constexpr opcode operations[] = {
    opcode::find,
    opcode::contains,
    opcode::insert_copy,
    opcode::try_emplace,
    opcode::insert_or_assign,
    opcode::erase_key,
    opcode::extract_key,
    opcode::compare_exchange,
    opcode::fetch_update,
    opcode::update,
    opcode::size,
    opcode::clear,
    opcode::walk,
    opcode::snapshot,
    opcode::swap,
    opcode::equal,
    opcode::upsert,
    opcode::compare_erase,
};

class byte_reader {
 public:
  explicit byte_reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  unsigned next() {
    if (bytes_.empty()) return 0;
    const unsigned byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

// Two keys (0, 1), values 0..3; the answer's fields as the operation has them.
event event_of(byte_reader& bytes) {
  const unsigned what = bytes.next();
  const unsigned how = bytes.next();
  const unsigned answer = bytes.next();
  event e;
  e.asked.code = operations[what % std::size(operations)];
  const reach r = reach_of(e.asked.code);
  if (r == reach::two_maps) {
    e.asked.other = 1;
  } else {
    e.asked.target = how >> 7 & 1;
  }
  if (r == reach::one_key) e.asked.key = how & 1;
  if (r == reach::one_key) e.asked.value = how >> 1 & 3;
  e.answer.flag = (answer & 1) != 0;
  switch (e.asked.code) {
    case opcode::find:
    case opcode::extract_key:
    case opcode::fetch_update:
      if (e.answer.flag) e.answer.has_value = true, e.answer.value = answer >> 1 & 3;
      break;
    case opcode::size:
      e.answer.number = answer >> 1 & 3;
      break;
    case opcode::walk:
    case opcode::snapshot:
      e.answer = {};
      for (unsigned key = 0; key < 2; ++key) {
        if ((answer >> key & 1) != 0) e.shown.emplace_back(key, answer >> (2 + 2 * key) & 3);
      }
      break;
    case opcode::clear:
    case opcode::swap:
      e.answer = {};
      break;
    default:
      break;
  }
  return e;
}

history_file decode_history(std::span<const std::uint8_t> input) {
  byte_reader bytes(input);
  history_file file;
  const unsigned kinds = bytes.next();
  for (const opcode code : {opcode::size, opcode::walk, opcode::snapshot}) {
    file.contracts[code] =
        (kinds >> (static_cast<unsigned>(code) % 3) & 1) != 0 ? contract::weak : contract::linearizable;
  }
  const unsigned initial = bytes.next();
  for (unsigned map = 0; map < history_map_count; ++map) {
    for (unsigned key = 0; key < 2; ++key) {
      const unsigned at = 2 * map + key;
      if ((initial >> at & 1) != 0) file.what.initial[map].emplace_back(key, initial >> 4 & 3);
    }
  }
  // Time: before each call some of the open events return; an event takes the first lane that is free.
  std::vector<std::size_t> open;
  stamp now = 1;
  std::vector<event>& events = file.what.events;
  while (!bytes.empty() && events.size() < events_max) {
    event e = event_of(bytes);
    const unsigned when = bytes.next();
    std::size_t returns = when & 3;
    if (open.size() >= lanes_max) returns = std::max<std::size_t>(returns, 1);
    for (; returns > 0 && !open.empty(); --returns) {
      const std::size_t chosen = (when >> 2) % open.size();
      events[open[chosen]].returned = now++;
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
    e.where = 1;
    const auto taken = [&](unsigned lane) {
      return std::any_of(open.begin(), open.end(), [&](std::size_t i) { return events[i].where == lane; });
    };
    while (taken(e.where)) ++e.where;
    e.called = now++;
    open.push_back(events.size());
    events.push_back(std::move(e));
    if ((when & 0x80) != 0 && bytes.empty()) open.pop_back();  // the last one never returns
  }
  for (const std::size_t i : open) events[i].returned = now++;
  return file;
}

// How many pieces the brute force orders: a weak operation on the whole map is one for each key.
bool is_small(const history_file& file) {
  std::size_t keys = 2;
  for (const auto& elements : file.what.initial) keys += elements.size();
  std::size_t moments = 0;
  for (const event& e : file.what.events) {
    const bool spread = reach_of(e.asked.code) != reach::one_key && file.contracts[e.asked.code] == contract::weak;
    moments += spread ? keys : 1;
  }
  return file.what.events.size() <= events_max && moments <= moments_max;
}

verdict judge_history(const history_file& file) {
  if (!is_small(file) || !ill_formed(file.what).empty()) return {};
  const judgement truth = brute_force(file.what, file.contracts);
  check_options options;
  options.contracts = file.contracts;
  options.explain = false;
  const history_verdict said = check_history(file.what, options);
  // Where the checker says that its `right` is necessary only, it may be kinder than the truth, never stricter.
  if (said.says == truth || (!said.exact && said.says == judgement::right)) return {};
  options.explain = true;
  verdict v;
  v.kind = failure_kind::wrong_result;
  v.place = "checker says " + std::string(to_string(said.says));
  v.message = "the checker says " + std::string(to_string(said.says)) + " (" + std::string(to_string(said.used)) +
              "), trying every order says " + std::string(to_string(truth)) + ":\n" +
              print(history_file{truth, file.contracts, {}, file.what}) + check_history(file.what, options).text;
  return v;
}

verdict judge(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.substr(0, 7) == "history") {
    const auto parsed = parse_history(text);
    if (const auto* file = std::get_if<history_file>(&parsed)) return judge_history(*file);
  }
  return judge_history(decode_history(bytes));
}

}  // namespace

GAUNTLET_TARGET(.name = "checker", .judge_bytes = judge);
