// How a program is run: one `execution` a program, one function a kind of step, the oracles below them.
//
// Every step goes the same way: choose the key by the model, let the map do it, let the model do it, compare, then look
// closer when something structural happened or enough operations have passed. What the map answers with `unsupported`
// or `left_out` is not asked of the model either.
//
// The hard case is the walk, in which steps nest: a visit runs one operation of the body, which may be another walk.
// Frames form a list on the stack; an operation that would break the rules of any walk under way (effects.h) is left
// out. Three bounds keep every program finite whatever its walks insert: visits, single operations and live elements.
//
// Nothing is allocated and no text is built in a step that goes well; the model's memory is kept between runs.
#include <gauntlet/check/run/runner.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <gauntlet/check/model/iteration_model.h>
#include <gauntlet/check/model/world.h>
#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/program/names.h>
#include <gauntlet/check/run/effects.h>
#include <gauntlet/check/run/work_budget.h>
#include <gauntlet/check/types/faults.h>
#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {

coverage_table& coverage() noexcept {
  static coverage_table table;
  return table;
}

namespace {

constexpr std::uint64_t visits_max = 4096;  // in all walks of a program together
constexpr std::uint64_t single_operations_max = 1 << 17;
constexpr std::size_t live_max = 16384;            // elements in all maps together
constexpr std::size_t live_max_colliding = 1024;   // the same where every operation costs as much as there are elements
constexpr std::size_t deep_max = 256;              // up to here every key is looked up at the end
constexpr std::size_t looks = 16;                  // otherwise, so many in each comparison, in rotation
constexpr std::uint64_t whole_map_weight = 16;     // an operation on a whole map brings the next comparison nearer
constexpr std::size_t always_compared_max = 1024;  // above, comparisons are as many operations apart as size / 16

// One walk under way.
struct frame {
  unsigned target;
  bool by_iterator;
  iteration_model shown;
  std::uint64_t current;
  const frame* outer;
};

// Kept between runs: vectors that have grown stay grown.
struct scratch {
  world model;
  std::vector<element> contents;
  std::vector<unsigned char> marks;
  std::vector<element> erased;
};

std::string describe(const request& r) {
  const operands takes = info(r.code).takes;
  std::string text(info(r.code).name);
  if (takes.target) {
    text += " map " + std::to_string(r.target);
  }
  if (takes.other) {
    text += " other " + std::to_string(r.other);
  }
  if (takes.key) {
    text += " key " + std::to_string(r.key);
  }
  if (takes.value) {
    text += " value " + std::to_string(r.value);
  }
  if (takes.count && r.count > 1) {
    text += " count " + std::to_string(r.count);
  }
  if (takes.argument) {
    const auto names = argument_names(r.code);
    text += ' ';
    text += r.argument < names.size() ? std::string(names[r.argument]) : std::to_string(r.argument);
  }
  return text;
}

std::string describe(const element& e) {
  return "(key " + std::to_string(e.first) + ", value " + std::to_string(e.second) + ")";
}

class execution {
 public:
  execution(const program& p, subject& s, const run_options& options, scratch& kept)
      : program_(p), subject_(s), options_(options), kept_(kept), model_(kept.model), can_(s.can()) {
    rules_.self_move_keeps = can_.self_move_keeps;
    model_.reset();
    budget_.start(p.header, can_, s);
    events_ = s.structural_events();
  }

  verdict run() {
    lifetimes.clear_error();
    faults::disarm();
    std::size_t at = 0;
    while (at < program_.operations.size() && held()) {
      at = run_at(at, program_.operations.size(), nullptr);
    }
    if (held()) {
      compare_all();
    }
    if (held()) {
      finish();
    }
    lifetimes.clear_error();
    verdict_.operations_run = single_operations_;
    return std::move(verdict_);
  }

 private:
  bool held() const noexcept { return verdict_.kind == failure_kind::none; }

  void fail(failure_kind kind, std::string place, std::string message) {
    if (held()) {
      verdict_.kind = kind;
      verdict_.step = step_;
      verdict_.place = std::move(place);
      verdict_.message = std::move(message);
    }
  }

  void count(opcode code, outcome o) noexcept {
    ++coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(o)];
  }

  // Runs the operation at `at` and what belongs to it; gives the index of the next one.
  std::size_t run_at(std::size_t at, std::size_t end, frame* inside) {
    const operation& o = program_.operations[at];
    const bool walks = o.code == opcode::walk || o.code == opcode::iterate;
    const std::size_t next = std::min(end, at + 1 + (walks ? body_size(program_, at) : 0));
    step_ = at;
    if ((program_.header.banned >> static_cast<unsigned>(o.code) & 1) != 0 ||
        single_operations_ >= single_operations_max) {
      count(o.code, outcome::left_out);
    } else if (walks) {
      run_walk(o, at + 1, next, inside);
    } else if (o.code == opcode::fault) {
      fault_ = &o;
      count(o.code, outcome::done);
    } else if (o.code == opcode::stop) {
      count(o.code, inside == nullptr ? outcome::left_out : outcome::done);
    } else {
      run_operation(o, inside);
    }
    return next;
  }

  // ---------------------------------------------------------------------------------------------- choosing keys

  std::uint64_t choose_key(const operation& o, const frame* inside) const {
    const model_map& m = model_.maps[o.target];
    switch (o.key.choice) {
      case key_class::current:
        if (inside != nullptr) {
          return inside->current;
        }
        return m.empty() ? key_of(program_.header, o.key) : m[0].key;
      case key_class::present:
        return m.empty() ? key_of(program_.header, o.key) : m[o.key.number % m.size()].key;
      case key_class::earlier:
        if (inside != nullptr && !inside->shown.order().empty()) {
          return inside->shown.order()[o.key.number % inside->shown.order().size()];
        }
        return key_of(program_.header, o.key);
      case key_class::later:
        if (inside != nullptr) {
          return choose_later(*inside, o.key);
        }
        return key_of(program_.header, o.key);
      default:
        return key_of(program_.header, o.key);
    }
  }

  std::uint64_t choose_later(const frame& f, const key_operand& k) const {
    const auto& entries = model_.maps[f.target].entries();
    const auto waiting = [&f](const entry& e) { return !f.shown.was_shown(e.birth); };
    const auto many = static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), waiting));
    if (many == 0) {
      return key_of(program_.header, k);
    }
    std::size_t skip = k.number % many;
    for (const entry& e : entries) {
      if (waiting(e) && skip-- == 0) {
        return e.key;
      }
    }
    return 0;  // not reached: `many` entries are waiting
  }

  // ---------------------------------------------------------------------------------------------- single operations

  request request_of(const operation& o, const frame* inside) const {
    const operands takes = info(o.code).takes;
    request r;
    r.code = o.code;
    r.target = o.target % map_count;
    r.other = takes.other ? o.other % map_count : r.target;
    r.key = takes.key ? choose_key(o, inside) : 0;
    r.value = o.value;
    r.count = std::max(1u, static_cast<unsigned>(o.count));
    r.argument = o.argument;
    return r;
  }

  // False when some walk under way does not survive the operation.
  static bool allowed(const request& r, const effects& e, const frame* inside) {
    for (const frame* f = inside; f != nullptr; f = f->outer) {
      const effect limit = f->by_iterator ? effect::update : effect::mutate;
      if ((r.target == f->target && e.on_target > limit) || (r.other == f->target && e.on_other > limit)) {
        return false;
      }
    }
    return true;
  }

  void run_operation(const operation& o, frame* inside) {
    const request r = request_of(o, inside);
    const effects e = effects_of(o.code);
    if (!allowed(r, e, inside) || (e.on_target >= effect::mutate && !e.erases && model_.live() + r.count > live_max_) ||
        ((o.code == opcode::copy_construct || o.code == opcode::copy_assign) && model_.live() > live_max_ / 2)) {
      count(o.code, outcome::left_out);
      return;
    }
    apply(r, e);
  }

  void apply(const request& r, const effects& e) {
    const bool armed = fault_ != nullptr && r.code != opcode::misuse && can_.exception_safe;
    if (armed) {
      faults::arm(static_cast<fault_kind>(fault_->argument % fault_kind_count), fault_->value);
    }
    fault_ = nullptr;
    const std::size_t elements = model_.maps[r.target].size() + (r.other != r.target ? model_.maps[r.other].size() : 0);
    result got;
    try {
      got = r.code == opcode::erase_range ? subject_.erase_range(r, kept_.erased) : subject_.apply(r);
    } catch (const std::exception& error) {
      faults::disarm();
      fail(failure_kind::unexpected_exception, std::string(info(r.code).name),
           describe(r) + ": the map threw an exception that nobody asked for: " + error.what());
      return;
    } catch (...) {
      faults::disarm();
      fail(failure_kind::unexpected_exception, std::string(info(r.code).name),
           describe(r) + ": the map threw an exception that nobody asked for");
      return;
    }
    if (armed) {
      faults::disarm();
    }
    count(r.code, got.status);
    if (got.status == outcome::unsupported || got.status == outcome::left_out) {
      return;
    }
    single_operations_ += r.count;
    since_comparison_ += r.count;
    budget_.grant(e, r.count, elements);
    if (got.status == outcome::injected && !asked_to_throw(r)) {
      if (!armed) {
        fail(failure_kind::unexpected_exception, std::string(info(r.code).name),
             describe(r) + ": an injected fault without one being armed");
        return;
      }
      budget_.grant({.touches_all = true}, r.count, elements + r.count);
      judge_exception(r, e, got);
    } else {
      judge_result(r, got);
      if (held() && got.status == outcome::injected) {
        judge_exception(r, e, got);
      }
    }
    if (!held()) {
      return;
    }
    follow_capacity(r, elements);
    if (r.code == opcode::misuse) {
      budget_.forgive(subject_);
      return;
    }
    look_closer(r, e);
  }

  // An erase_if whose predicate throws, and is called often enough to do so.
  bool asked_to_throw(const request& r) const {
    return r.code == opcode::erase_if && predicate_throws(r) && model_.maps[r.target].size() > r.value;
  }

  void judge_result(const request& r, const result& got) {
    result expected;
    if (r.code == opcode::erase_range) {
      if (const char* const wrong = erase_listed(model_, r, kept_.erased, expected)) {
        fail(failure_kind::wrong_contents, "erase_range", describe(r) + ": " + wrong);
        return;
      }
    } else {
      expected = step(model_, r, rules_);
    }
    if (got == expected) [[likely]] {
      return;
    }
    if (r.code == opcode::misuse) {
      const auto names = argument_names(opcode::misuse);
      fail(failure_kind::undiagnosed_misuse, std::string(names[r.argument % names.size()]),
           describe(r) + ": the map did not notice");
      return;
    }
    fail(failure_kind::wrong_result, std::string(info(r.code).name),
         describe(r) + ": the map says: " + to_string(got) + "; the model says: " + to_string(expected));
  }

  void follow_capacity(const request& r, std::size_t size) {
    switch (r.code) {
      case opcode::reserve:
      case opcode::rehash:
        if (!is_absurd(r)) {
          budget_.reserved(r.target, reserve_amount(r, size, 0));
        }
        break;
      case opcode::default_construct:
      case opcode::construct_range:
      case opcode::shrink_to_fit:
        budget_.released(r.target);
        break;
      default:
        if (r.other != r.target) {
          budget_.exchanged(r.target, r.other);
        }
        break;
    }
  }

  // ---------------------------------------------------------------------------------------------- looking closer

  void look_closer(const request& r, const effects& e) {
    if (lifetimes.error() != nullptr) [[unlikely]] {
      fail(failure_kind::lifetime, lifetimes.error(), describe(r) + ": an object was " + lifetimes.error());
      return;
    }
    if (e.on_target >= effect::update) {
      changed_[r.target] = true;
      check_size(r, r.target);
      if (e.on_other >= effect::update) {
        changed_[r.other] = true;
        check_size(r, r.other);
      }
    }
    const std::uint64_t events = subject_.structural_events();
    if (events != events_ || options_.self_check_every_step) {
      events_ = events;
      check_structure(r.target);
      if (r.other != r.target) {
        check_structure(r.other);
      }
    }
    if (e.touches_all && e.on_target >= effect::mutate) {
      since_comparison_ += whole_map_weight;
      check_allocators();
    }
    if (since_comparison_ >= options_.compare_contents_every) {
      compare_changed();
    }
  }

  void check_size(const request& r, unsigned target) {
    const std::size_t size = subject_.size(target);
    if (size != model_.maps[target].size()) [[unlikely]] {
      fail(failure_kind::wrong_result, "size",
           describe(r) + ": afterwards the size of map " + std::to_string(target) + " is " + std::to_string(size) +
               ", the model's is " + std::to_string(model_.maps[target].size()));
    }
  }

  void check_structure(unsigned target) {
    if (!can_.checks_itself || !held()) {
      return;
    }
    spend();
    if (std::string wrong = subject_.self_check(target); !wrong.empty()) {
      fail(failure_kind::self_check, "self_check", "map " + std::to_string(target) + ": " + wrong);
    }
    budget_.forgive(subject_);
  }

  void check_allocators() {
    if (!held()) {
      return;
    }
    if (std::string wrong = subject_.allocator_check(); !wrong.empty()) {
      std::string place = wrong.substr(0, wrong.find(':'));
      fail(failure_kind::allocator, std::move(place), std::move(wrong));
    }
  }

  void spend() {
    if (!options_.judge_work || !held()) {
      return;
    }
    if (const char* const ran_out = budget_.spend(subject_, model_.live())) {
      fail(failure_kind::work_budget, ran_out,
           std::string("more ") + ran_out + " than the operations may cost, with " + std::to_string(model_.live()) +
               " elements alive");
    }
  }

  void compare_changed() {
    spend();
    std::size_t largest = 0;
    for (const model_map& m : model_.maps) {
      largest = std::max(largest, m.size());
    }
    if (largest > always_compared_max && since_comparison_ < largest / 16) {
      return;
    }
    since_comparison_ = 0;
    for (unsigned i = 0; i < map_count && held(); ++i) {
      if (changed_[i]) {
        compare(i);
      }
    }
    check_node();
    check_memory();
    check_allocators();
  }

  void compare_all() {
    spend();
    deep_ = true;
    for (unsigned i = 0; i < map_count && held(); ++i) {
      compare(i);
    }
    check_node();
    check_memory();
    check_allocators();
  }

  void check_memory() {
    std::size_t allowed = 0;
    if (options_.judge_memory && held() && !budget_.memory_fits(subject_, model_, allowed)) {
      fail(failure_kind::work_budget, "memory",
           "the maps hold " + std::to_string(subject_.bytes()) + " bytes for " + std::to_string(model_.live()) +
               " elements, allowed are " + std::to_string(allowed));
    }
  }

  void check_node() {
    element held_node;
    const bool has = subject_.node(held_node);
    if (held() && (has != model_.node.has_value() || (has && held_node != *model_.node))) {
      fail(failure_kind::wrong_contents, "node",
           "the held node is " + (has ? describe(held_node) : std::string("empty")) + ", in the model " +
               (model_.node ? describe(*model_.node) : std::string("empty")));
    }
  }

  // Contents both ways, then the self-check. The judge's own work is not charged to the map.
  void compare(unsigned target) {
    if (!held()) {
      return;
    }
    spend();
    std::string where;
    if (std::string wrong = difference(target, where); !wrong.empty()) {
      fail(failure_kind::wrong_contents, std::move(where), std::move(wrong));
      return;
    }
    changed_[target] = false;
    budget_.forgive(subject_);
    check_structure(target);
  }

  // Empty when map and model hold the same; otherwise the first difference, and one word for its kind in `where`.
  std::string difference(unsigned target, std::string& where) {
    const model_map& m = model_.maps[target];
    std::vector<element>& contents = kept_.contents;
    subject_.contents(target, contents);
    kept_.marks.assign(m.size(), 0);
    const std::string map = "map " + std::to_string(target);
    for (const element& e : contents) {
      const std::size_t at = m.index_of(e.first);
      if (at == model_map::npos) {
        where = "surplus";
        return map + " shows " + describe(e) + ", which the model does not have";
      }
      if (m[at].value != e.second) {
        where = "value";
        return map + " shows " + describe(e) + ", in the model the value is " + std::to_string(m[at].value);
      }
      if (kept_.marks[at]++ != 0) {
        where = "twice";
        return map + " shows " + describe(e) + " twice";
      }
    }
    if (contents.size() != m.size()) {
      const auto lost = std::find(kept_.marks.begin(), kept_.marks.end(), 0) - kept_.marks.begin();
      const entry& e = m[static_cast<std::size_t>(lost)];
      where = "missing";
      return map + " does not show " + describe(element{e.key, e.value}) + ", which the model has";
    }
    if (subject_.size(target) != m.size()) {
      where = "size";
      return map + " says it holds " + std::to_string(subject_.size(target)) + " elements and shows " +
             std::to_string(m.size());
    }
    return lookups(target, m, map, where);
  }

  std::string lookups(unsigned target, const model_map& m, const std::string& map, std::string& where) {
    const std::size_t stride = deep_ && m.size() <= deep_max ? 1 : m.size() / looks + 1;
    for (std::size_t at = rotation_++ % stride; at < m.size(); at += stride) {
      const result found = subject_.look(target, m[at].key);
      if (!found.flag || found.value != m[at].value) {
        where = "lookup";
        return map + " does not find " + describe(element{m[at].key, m[at].value}) +
               ", which it shows: " + to_string(found);
      }
      if (at % 8 == 0 && m.find(m[at].key + 1) == nullptr && subject_.look(target, m[at].key + 1).flag) {
        where = "lookup";
        return map + " finds key " + std::to_string(m[at].key + 1) + ", which it does not show";
      }
    }
    return {};
  }

  // ---------------------------------------------------------------------------------------------- exceptions

  void judge_exception(const request& r, const effects& e, const result& got) {
    if (e.promises == guarantee::strong) {
      if (got.number != 0) {  // the single operations before the one that threw
        request before = r;
        before.count = static_cast<unsigned>(got.number);
        step(model_, before, rules_);
      }
    } else {
      resynchronise(r);
    }
    deep_ = true;
    for (const unsigned target : {r.target, r.other}) {
      std::string where;
      if (!held()) {
        return;
      }
      if (std::string wrong = difference(target, where); !wrong.empty()) {
        fail(failure_kind::exception_guarantee, std::string(info(r.code).name),
             describe(r) + " threw, and did not leave things as they were: " + wrong);
      }
      budget_.forgive(subject_);
      check_structure(target);
    }
    deep_ = false;
    element held_node;
    const bool has = subject_.node(held_node);
    if (held() && (has != model_.node.has_value() || (has && held_node != *model_.node))) {
      fail(failure_kind::exception_guarantee, std::string(info(r.code).name),
           describe(r) + " threw, and did not leave the held node as it was");
    }
    changed_[r.target] = changed_[r.other] = true;
    budget_.forgive(subject_);
  }

  // The basic guarantee: what the maps hold now comes from before or from after, and nothing is lost that the operation
  // would not have taken away. The model takes over what is there.
  void resynchronise(const request& r) {
    world after = model_;
    request whole = r;
    if (r.code == opcode::erase_if && predicate_throws(r)) {
      whole.argument = 0;
    }
    const world before = model_;
    if (r.code == opcode::erase_range) {
      result ignored;
      erase_listed(after, whole, kept_.erased, ignored);
    } else {
      step(after, whole, rules_);
    }
    const bool keeps = r.code != opcode::assign_list && r.code != opcode::copy_assign && r.code != opcode::move_assign;
    for (const unsigned target : {r.target, r.other}) {
      model_map& now = model_.maps[target];
      now.clear();
      const model_map& old = before.maps[target];
      const model_map& fresh = after.maps[target];
      subject_.contents(target, kept_.contents);
      for (const element& e : kept_.contents) {
        const entry* const was = old.find(e.first);
        const entry* const would = fresh.find(e.first);
        if ((was == nullptr || was->value != e.second) && (would == nullptr || would->value != e.second)) {
          fail(failure_kind::exception_guarantee, std::string(info(r.code).name),
               describe(r) + " threw and left " + describe(e) + " in map " + std::to_string(target) +
                   ", which is neither from before nor from after");
          return;
        }
        if (!now.insert(e.first, e.second, was != nullptr ? was->birth : model_.births++)) {
          fail(failure_kind::exception_guarantee, std::string(info(r.code).name),
               describe(r) + " threw and left " + describe(e) + " twice in map " + std::to_string(target));
          return;
        }
      }
    }
    for (const unsigned target : {r.target, r.other}) {
      for (const entry& e : before.maps[target].entries()) {
        const bool here = model_.maps[target].find(e.key) != nullptr;
        const bool there = r.code == opcode::merge && model_.maps[r.target].find(e.key) != nullptr;
        const bool due = r.code == opcode::merge || after.maps[target].find(e.key) != nullptr;
        if (keeps && due && !here && !there) {
          fail(failure_kind::exception_guarantee, std::string(info(r.code).name),
               describe(r) + " threw and lost " + describe(element{e.key, e.value}) + " of map " +
                   std::to_string(target));
          return;
        }
      }
    }
  }

  // ---------------------------------------------------------------------------------------------- walks

  void run_walk(const operation& o, std::size_t first, std::size_t end, frame* outer) {
    frame here{o.target % map_count, o.code == opcode::iterate, {}, 0, outer};
    here.shown.start(model_.births);
    bool stopped = false;
    std::size_t turn = first;
    const std::size_t walk_step = step_;
    const auto visit = [&](std::uint64_t key, std::uint64_t value) {
      step_ = walk_step;
      const visit_answer answer = run_visit(here, key, value, first, end, turn);
      stopped = stopped || answer == visit_answer::stop;
      return answer;
    };
    budget_.grant_walk(subject_);
    result got;
    try {
      const visitor by_reference = std::ref(visit);
      got = here.by_iterator ? subject_.iterate(here.target, by_reference) : subject_.walk(here.target, by_reference);
    } catch (const std::exception& error) {
      fail(failure_kind::unexpected_exception, std::string(info(o.code).name),
           std::string(info(o.code).name) + " of map " + std::to_string(here.target) + " threw: " + error.what());
      return;
    } catch (...) {
      fail(failure_kind::unexpected_exception, std::string(info(o.code).name),
           std::string(info(o.code).name) + " of map " + std::to_string(here.target) + " threw");
      return;
    }
    count(o.code, got.status);
    if (!held() || got.status == outcome::unsupported) {
      return;
    }
    step_ = walk_step;
    ++single_operations_;
    ++since_comparison_;
    budget_.grant_walk(subject_);
    if (!stopped) {
      if (const entry* const lost = here.shown.missed(model_.maps[here.target])) {
        fail(failure_kind::broken_promise, "promise 1",
             walk_name(here) + " ended without showing " + describe(element{lost->key, lost->value}) +
                 ", which was there from its start to its end");
      }
    }
    if (outer == nullptr && held() && since_comparison_ >= options_.compare_contents_every) {
      compare_changed();
    }
  }

  static std::string walk_name(const frame& f) {
    return std::string(f.by_iterator ? "iterate" : "walk") + " over map " + std::to_string(f.target);
  }

  visit_answer run_visit(frame& here, std::uint64_t key, std::uint64_t value, std::size_t first, std::size_t end,
                         std::size_t& turn) {
    if (!held() || ++visits_ > visits_max) {
      return visit_answer::stop;
    }
    ++single_operations_;
    ++since_comparison_;
    budget_.grant_visit(model_.maps[here.target].size());
    if (const unsigned promise = here.shown.visit(model_.maps[here.target], key, value)) {
      static constexpr const char* said[] = {"",
                                             "an element that was there from the start, a second time",
                                             "an element that is not in the map",
                                             "an element inserted during the walk, a second time",
                                             "",
                                             "a value that is not current"};
      fail(failure_kind::broken_promise, "promise " + std::to_string(promise),
           walk_name(here) + " showed " + describe(element{key, value}) + ": " + said[promise]);
      return visit_answer::stop;
    }
    here.current = key;
    if (first >= end) {
      return visit_answer::go_on;
    }
    const operation& o = program_.operations[turn];
    if (o.code == opcode::stop && (program_.header.banned >> static_cast<unsigned>(o.code) & 1) == 0) {
      count(o.code, outcome::done);
      return visit_answer::stop;
    }
    if (here.by_iterator && erases_current(o, here)) {
      step_ = turn;
      turn = turn + 1 < end ? turn + 1 : first;
      return erase_current(o, here);
    }
    const std::size_t next = run_at(turn, end, &here);
    turn = next < end ? next : first;
    return held() ? visit_answer::go_on : visit_answer::stop;
  }

  // In iterate, erasing the current element is the one way to erase: by its iterator, and only when no other iterator
  // walks the same map.
  bool erases_current(const operation& o, const frame& here) const {
    if ((o.code != opcode::erase_key && o.code != opcode::erase_iterator) || o.key.choice != key_class::current ||
        o.target != here.target || (program_.header.banned >> static_cast<unsigned>(o.code) & 1) != 0) {
      return false;
    }
    for (const frame* f = here.outer; f != nullptr; f = f->outer) {
      if (f->by_iterator && f->target == here.target) {
        return false;
      }
    }
    return true;
  }

  visit_answer erase_current(const operation& o, const frame& here) {
    model_.maps[here.target].erase(here.current);
    changed_[here.target] = true;
    ++single_operations_;
    ++since_comparison_;
    budget_.grant({.erases = true}, 1, model_.maps[here.target].size());
    count(o.code, outcome::done);
    return visit_answer::erase_current;
  }

  void finish() {
    if (std::string wrong = subject_.finish(); !wrong.empty()) {
      const bool objects = wrong.find("objects") != std::string::npos;
      std::string place = wrong.substr(0, wrong.find(':'));
      fail(objects ? failure_kind::lifetime : failure_kind::allocator, std::move(place),
           "after the maps were destroyed: " + wrong);
    } else if (lifetimes.error() != nullptr) {
      fail(failure_kind::lifetime, lifetimes.error(),
           std::string("while the maps were destroyed: an object was ") + lifetimes.error());
    }
  }

  const program& program_;
  subject& subject_;
  const run_options& options_;
  scratch& kept_;
  world& model_;
  const capabilities can_;
  model_rules rules_;
  work_budget budget_;
  verdict verdict_;
  const operation* fault_ = nullptr;  // waits for the next operation
  std::size_t step_ = 0;
  std::uint64_t single_operations_ = 0;
  std::uint64_t since_comparison_ = 0;
  std::uint64_t visits_ = 0;
  std::uint64_t events_ = 0;
  std::size_t rotation_ = 0;
  bool changed_[map_count] = {};
  bool deep_ = false;  // look up every key
  const std::size_t live_max_ =
      program_.header.hash == hash_quality::constant || program_.header.hash == hash_quality::top_only
          ? live_max_colliding
          : live_max;
};

}  // namespace

verdict run(const program& p, const subject_factory& make, const run_options& options) {
  static thread_local scratch kept;
  const std::unique_ptr<subject> s = make(p.header);
  return execution(p, *s, options, kept).run();
}

}  // namespace gauntlet::check
