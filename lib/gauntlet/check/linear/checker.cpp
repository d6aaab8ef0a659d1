#include <gauntlet/check/linear/checker.h>

#include <algorithm>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include <gauntlet/check/linear/happens_before.h>
#include <gauntlet/check/linear/parts.h>
#include <gauntlet/check/linear/search.h>
#include <gauntlet/check/linear/worlds.h>

namespace gauntlet::check {

std::string_view to_string(method m) noexcept {
  switch (m) {
    case method::per_key:
      return "each key for itself";
    case method::whole_map:
      return "whole-map states";
    case method::projection:
      return "each key for itself, necessary only";
    case method::by_happens_before:
      return "each key for itself, by what happens before what";
  }
  return "unknown";
}

namespace {

constexpr std::size_t shown_events_max = 16;
constexpr std::size_t shown_configurations_max = 8;
constexpr std::size_t kept_events_max = std::size_t{1} << 20;
constexpr std::size_t nobody = ~std::size_t{0};  // the event of a step that says nothing

class checker {
 public:
  checker() : key_search_(key_world_, budget_) {}
  checker(const checker&) = delete;
  checker& operator=(const checker&) = delete;

  history_verdict check(const history& h, const check_options& options);

 private:
  bool wrong() const noexcept { return verdict_.says == judgement::wrong; }
  const event& event_at(std::size_t i) const { return parts_.whole().events[i]; }

  void judge(const check_options& options);
  void look_for_unjudgeable();
  void check_shown_twice();
  void check_each_key();
  void check_whole_map();
  void check_count(std::size_t event);

  bool needs_whole_map() const;
  bool is_exact() const;
  search_end search_key(std::size_t key, const step* instead = nullptr, std::size_t of_event = 0);
  void blame_key(std::size_t key);
  void blame(std::size_t event, std::string text);
  void give_up(const std::string& why);
  template <class Search, class EventOf, class Show>
  std::string witness(const Search& search, std::span<const mark> marks, const std::string& about, EventOf event_of,
                      Show show) const;

  history_parts parts_;
  std::uint64_t budget_ = 0;
  bool explain_ = true;
  history_verdict verdict_;
  key_world key_world_;
  search<key_world> key_search_;
};

history_verdict checker::check(const history& h, const check_options& options) {
  verdict_ = history_verdict{};
  budget_ = options.budget;
  explain_ = options.explain;
  if (const std::string problem = parts_.take_apart(h, options.contracts); !problem.empty()) {
    verdict_.says = judgement::undecided;
    verdict_.well_formed = false;
    verdict_.text = "not a well-formed history: " + problem;
  } else {
    judge(options);
    if (wrong() && options.order == precedence::happens_before && !h.aware.empty()) {
      verdict_ = judge_by_happens_before(parts_, options, verdict_);
    }
  }
  return std::move(verdict_);
}

void checker::judge(const check_options& options) {
  look_for_unjudgeable();
  if (verdict_.says == judgement::undecided) return;
  check_shown_twice();
  if (!wrong()) check_each_key();
  if (needs_whole_map()) {
    const bool small = parts_.overlapping() <= options.whole_map_events_max;
    verdict_.used = small ? method::whole_map : method::projection;
    if (!wrong() && small) check_whole_map();
  }
  for (const std::uint32_t i : parts_.others()) {
    if (verdict_.says == judgement::right) check_count(i);
  }
  verdict_.configurations = options.budget - budget_;
  verdict_.exact = verdict_.says != judgement::right || is_exact();
}

void checker::look_for_unjudgeable() {
  for (const std::uint32_t i : parts_.others()) {
    if (parts_.as(i) == judged_as::unjudgeable) {
      give_up(print(event_at(i)) + ": changes a map beside other operations without promising what that does");
      return;
    }
  }
}

void checker::blame(std::size_t event, std::string text) {
  verdict_.says = judgement::wrong;
  verdict_.event = event;
  verdict_.broken = parts_.as(event) == judged_as::each_key ? contract::weak : contract::linearizable;
  if (explain_) verdict_.text = std::move(text);
}

void checker::give_up(const std::string& why) {
  if (wrong()) return;
  verdict_.says = judgement::undecided;
  verdict_.text = why;
}

// No key twice: the one promise of a walk that is not about one key at one moment.
void checker::check_shown_twice() {
  const std::size_t i = parts_.shows_a_key_twice();
  if (i == parts_.whole().events.size()) return;
  std::set<std::uint64_t> keys;
  for (const element& e : event_at(i).shown) {
    if (keys.insert(e.first).second) continue;
    return blame(i, "key " + std::to_string(e.first) + " is shown twice by\n  " + print(event_at(i)) + "\n");
  }
}

// ------------------------------------------------------------------------------------------------ each key for itself

// Searches one key. With `instead`, that step stands where `of_event` asks something of the key.
search_end checker::search_key(std::size_t key, const step* instead, std::size_t of_event) {
  const std::span<const step> steps = parts_.steps_for(key, instead, of_event);
  key_world_.steps = steps.data();
  return key_search_.run(parts_.marks_of(key), steps.size(), parts_.initial()[key]);
}

void checker::check_each_key() {
  for (std::size_t key = 0; key < parts_.keys().size() && !wrong(); ++key) {
    switch (search_key(key)) {
      case search_end::explained:
        break;
      case search_end::impossible:
        blame_key(key);
        break;
      case search_end::gave_up:
        give_up("key " + std::to_string(parts_.keys()[key]) + ": the budget of configurations ran out");
        break;
    }
  }
}

// Right after the search of this key.
void checker::blame_key(std::size_t key) {
  const auto event_of = [this, key](std::uint32_t place) {
    step ignored;
    const std::size_t e = parts_.event_at(place);
    return parts_.as(e) == judged_as::one_key || parts_.project(e, key, ignored) ? e : nobody;
  };
  const std::span<const mark> marks = parts_.marks_of(key);
  blame(event_of(marks[key_search_.stopped_at()].step()),
        witness(key_search_, marks, "key " + std::to_string(parts_.keys()[key]), event_of,
                [](const cell& c) { return to_string(c); }));
}

// A count lies between the keys that were certainly counted and those that possibly were. Each key is asked apart, so
// this is exact for one count over keys that are independent, and necessary otherwise.
void checker::check_count(std::size_t event) {
  const auto& e = event_at(event);
  const judged_as as = parts_.as(event);
  const bool counts = e.asked.code == opcode::size || e.asked.code == opcode::erase_if;
  const bool left_to_us =
      as == judged_as::each_key || (as == judged_as::whole_map && verdict_.used != method::whole_map);
  if (!counts || !left_to_us || e.pending()) return;

  std::uint64_t certain = 0, possible = 0;
  for (std::size_t key = 0; key < parts_.keys().size(); ++key) {
    step s = step_of(e);
    s.key = parts_.keys()[key];
    if (e.asked.code == opcode::size) s.code = opcode::contains;
    s.flag_known = true;
    s.seen_known = false;
    s.flag = true;
    const bool can_count = search_key(key, &s, event) != search_end::impossible;
    s.flag = false;
    const bool can_miss = !can_count || search_key(key, &s, event) != search_end::impossible;
    possible += can_count;
    certain += !can_miss;
  }
  if (budget_ == 0) return give_up("the budget of configurations ran out while counting");
  const bool not_empty_wrong = e.asked.code == opcode::size && !e.answer.flag && possible == 0;
  if (certain <= e.answer.number && e.answer.number <= possible && !not_empty_wrong) return;
  blame(event, "  " + print(e) + "\nbut at least " + std::to_string(certain) + " and at most " +
                   std::to_string(possible) + " elements can have been counted\n");
}

// ---------------------------------------------------------------------------------------------------- whole-map states

// Where every operation on a whole map stands alone, each key for itself is exact: between two of them the keys are
// independent. The exceptions are answers about all keys together: "not equal", and counts of what can be one or the
// other (an erase_if that looks at values, a size after erases that did not tell).
bool checker::needs_whole_map() const {
  bool counts = false, erases_untold = false;
  for (const std::uint32_t i : parts_.others()) {
    const event& e = event_at(i);
    const opcode code = e.asked.code;
    if (parts_.as(i) == judged_as::each_key) erases_untold = erases_untold || !only_reads(code);
    if (parts_.as(i) != judged_as::whole_map) continue;
    if (parts_.overlaps(i)) return true;
    if (code == opcode::equal && !e.answer.flag) return true;
    if (code == opcode::erase_if && e.answer.number != 0) return true;
    counts = counts || code == opcode::size;
  }
  return counts && erases_untold;
}

// Counts of weak operations are each bounded, not weighed against everything else.
bool checker::is_exact() const {
  if (verdict_.used == method::projection) return false;
  for (const std::uint32_t i : parts_.others()) {
    const opcode code = event_at(i).asked.code;
    if (parts_.as(i) == judged_as::each_key && (code == opcode::size || code == opcode::erase_if)) return false;
  }
  return true;
}

void checker::check_whole_map() {
  map_world world(parts_);
  search<map_world> whole(world, budget_);
  switch (whole.run(world.marks(), world.step_count(), parts_.initial())) {
    case search_end::explained:
      return;
    case search_end::impossible: {
      const auto event_of = [&world](std::uint32_t s) { return world.event_of(s); };
      const auto show = [this](const std::vector<cell>& state) {
        std::string text = "{";
        for (std::size_t key = 0; key < state.size(); ++key) {
          if (state[key] == cell{}) continue;
          text += (text.size() > 1 ? ", " : "") + std::to_string(parts_.keys()[key]) + ": " + to_string(state[key]);
        }
        return text + "}";
      };
      blame(event_of(world.marks()[whole.stopped_at()].step()),
            witness(whole, world.marks(), "the whole map", event_of, show));
      return;
    }
    case search_end::gave_up:
      give_up("the whole map: the budget of configurations ran out");
      return;
  }
}

// ------------------------------------------------------------------------------------------------------------- witness

template <class Search, class EventOf, class Show>
std::string checker::witness(const Search& search, std::span<const mark> marks, const std::string& about,
                             EventOf event_of, Show show) const {
  if (!explain_) return {};
  const std::size_t stop = search.stopped_at();
  const std::size_t culprit = event_of(marks[stop].step());
  std::string text = about + ": no order explains the answer of\n  " + print(event_at(culprit)) +
                     "\nthe longest prefix that can be explained (lane, call, return, operation = answer):\n";
  std::vector<std::size_t> before;
  for (std::size_t i = 0; i < stop; ++i) {
    const std::size_t e = event_of(marks[i].step());
    if (marks[i].is_return() || e == culprit || e == nobody) continue;
    if (before.empty() || before.back() != e) before.push_back(e);  // the calls of one event stand together
  }
  const std::size_t skipped = before.size() > shown_events_max ? before.size() - shown_events_max : 0;
  if (skipped > 0) text += "  ... " + std::to_string(skipped) + " earlier events\n";
  for (std::size_t i = skipped; i < before.size(); ++i) text += "  " + print(event_at(before[i])) + "\n";

  text += "possible at that moment:\n";
  const auto& configurations = search.configurations();
  for (std::size_t i = 0; i < configurations.size() && i < shown_configurations_max; ++i) {
    text += "  " + show(configurations[i].what);
    std::string done;
    for (unsigned place = 0; place < 64; ++place) {
      std::uint32_t step = 0;
      if (!search.open_at(place, step) || (configurations[i].done >> place & 1) == 0) continue;
      if (event_of(step) == nobody) continue;
      const event& e = event_at(event_of(step));
      done += (done.empty() ? ", after " : " and ") + std::string(info(e.asked.code).name) + " of lane " +
              std::to_string(e.where);
    }
    text += done + "\n";
  }
  if (configurations.size() > shown_configurations_max) {
    text += "  ... " + std::to_string(configurations.size()) + " in all\n";
  }
  return text;
}

}  // namespace

// The memory of the last history is taken for the next one: held by this call alone meanwhile, so that one that throws
// leaves nothing half done behind.
history_verdict check_history(const history& h, const check_options& options) {
  thread_local std::unique_ptr<checker> kept;
  std::unique_ptr<checker> mine = kept != nullptr ? std::move(kept) : std::make_unique<checker>();
  history_verdict verdict = mine->check(h, options);
  if (h.events.size() <= kept_events_max) kept = std::move(mine);
  return verdict;
}

}  // namespace gauntlet::check
