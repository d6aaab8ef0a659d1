// Walks by cursor and by iterator. A visit is judged by the iteration model and then runs one operation of the walk's
// body, which goes round; that operation may be another walk, so frames form a list on the stack.
//
// The bound on visits keeps every program finite whatever its walks insert.
#include <gauntlet/check/run/execution.h>

#include <exception>
#include <functional>

#include <gauntlet/check/run/wording.h>

namespace gauntlet::check {
namespace {

constexpr std::uint64_t visits_max = 4096;  // in all walks of a program together

}  // namespace

void execution::run_walk(const operation& o, std::size_t first, std::size_t end, frame* outer) {
  const std::size_t depth = outer == nullptr ? 0 : outer->depth + 1;
  if (kept_.walks.size() <= depth) {
    kept_.walks.resize(depth + 1);  // a deque: the models of the walks around this one stay where they are
  }
  frame here{o.target % map_count, o.code == opcode::iterate, kept_.walks[depth], 0, outer, depth};
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
  if (got.has_value) {
    fail(failure_kind::broken_promise, "promise 5",
         walk_name(here) + ": after the body, the cursor did not show the element of key " + std::to_string(got.value) +
             " as it was then, nor say that it was gone");
    return;
  }
  ++single_operations_;
  ++since_comparison_;
  budget_.grant_walk(subject_);
  check_after_events(here.target, here.target);
  if (!stopped && held()) {
    if (const entry* const lost = here.shown.missed(model_.maps[here.target])) {
      fail(failure_kind::broken_promise, "promise 1",
           walk_name(here) + " ended without showing " + describe(element{lost->key, lost->value}) +
               ", which was there from its start to its end");
    }
  }
  if (outer == nullptr && held() && comparison_is_due()) {
    compare_changed();
  }
}

std::string execution::walk_name(const frame& f) {
  return std::string(f.by_iterator ? "iterate" : "walk") + " over map " + std::to_string(f.target);
}

visit_answer execution::run_visit(frame& here, std::uint64_t key, std::uint64_t value, std::size_t first,
                                  std::size_t end, std::size_t& turn) {
  if (!held() || ++visits_ > visits_max) {
    return visit_answer::stop;
  }
  if (here.by_iterator) {
    check_after_events(here.target, here.target);  // the last visit may have been answered with an erasure
    if (!held()) {
      return visit_answer::stop;
    }
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
  if (can_.iterates != iteration_order::unspecified) {
    const entry now = *model_.maps[here.target].find(key);
    if (here.last) {
      if (std::string wrong = out_of_order(*here.last, now); !wrong.empty()) {
        fail(failure_kind::broken_promise, "order", walk_name(here) + wrong);
        return visit_answer::stop;
      }
    }
    here.last = now;
  }
  if (first >= end) {
    return visit_answer::go_on;
  }
  const operation& o = program_.operations[turn];
  if (o.code == opcode::stop && !is_banned(program_.header.banned, o.code)) {
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

bool execution::erases_current(const operation& o, const frame& here) const {
  if ((o.code != opcode::erase_key && o.code != opcode::erase_iterator) || o.key.choice != key_class::current ||
      o.target != here.target || is_banned(program_.header.banned, o.code)) {
    return false;
  }
  if (!can_.erase_gives_the_next && !can_.erase_gives_an_unseen) return false;
  for (const frame* f = here.outer; f != nullptr; f = f->outer) {
    if (f->by_iterator && f->target == here.target) {
      return false;
    }
  }
  return true;
}

visit_answer execution::erase_current(const operation& o, const frame& here) {
  if (here.by_iterator) {
    budget_.erased_by_iterator(here.target, model_.maps[here.target].size());
  }
  model_.maps[here.target].erase(here.current);
  changed_[here.target] = true;
  ++single_operations_;
  ++since_comparison_;
  budget_.grant({.erases = true}, 1, model_.maps[here.target].size());
  count(o.code, outcome::done);
  return visit_answer::erase_current;
}

}  // namespace gauntlet::check
