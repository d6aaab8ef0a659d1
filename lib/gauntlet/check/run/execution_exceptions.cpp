// What an exception out of the middle of an operation must leave behind.
//
// The strong guarantee is easy to judge: the model takes no step, or only those single operations of a repeated one
// that were done before the throw, and everything must compare equal. The basic guarantee leaves a choice to the map,
// so the model follows the map: each element must be from before or from after the operation, none twice, and none may
// be lost that the operation would not have taken away. A map may promise no more than that of single operations, too.
//
// Of elements that can only be moved, and throw then, one whose move threw may be gone, whatever the operation promises
// and whether the exception comes out of it or not (erasing keeps it to itself when the table shrinks). A map may also
// promise no more than the basic guarantee for hashes that throw, which the standard allows: then any may be gone.
#include <gauntlet/check/run/execution.h>

#include <algorithm>
#include <optional>
#include <string>

#include <gauntlet/check/run/wording.h>

namespace gauntlet::check {

void execution::judge_exception(const request& r, const effects& e, const result& got, losses allowed) {
  if (allowed == losses::one_moved) {
    judge_loss(r, true);
  } else if (allowed == losses::any) {
    const world before = model_;
    resynchronise(r, before, done(r), true);
  } else if (e.promises == guarantee::strong && can_.strong_guarantee) {
    if (got.number != 0) {  // the single operations before the one that threw
      request before = r;
      before.count = static_cast<unsigned>(got.number);
      step(model_, before, rules_);
    }
  } else {
    const world before = model_;
    const world after = done(r);
    resynchronise(r, before, after, false);
    if (e.promises == guarantee::strong) adopt_node(r, before, after);
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

world execution::done(const request& r) {
  world after = model_;
  request whole = r;
  if (r.code == opcode::erase_if && predicate_throws(r)) {
    whole.argument = 0;
  }
  if (r.code == opcode::erase_range) {
    result ignored;
    erase_listed(after, whole, kept_.erased, ignored);
  } else {
    step(after, whole, rules_);
  }
  return after;
}

bool execution::adopt(const request& r, const world& before, const world& after) {
  model_.births = std::max(before.births, after.births);  // no birth of either is given twice
  for (const unsigned target : {r.target, r.other}) {
    model_map& now = model_.maps[target];
    now.clear();
    std::uint64_t last = 0;
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
        return false;
      }
      // Where the order of insertion is promised, what is shown behind a younger element is a new one.
      const bool stays = was != nullptr && (!rules_.keeps_insertion_order || was->birth >= last);
      last = stays ? was->birth : model_.births++;
      if (!now.insert(e.first, e.second, last)) {
        fail(failure_kind::exception_guarantee, std::string(info(r.code).name),
             describe(r) + " threw and left " + describe(e) + " twice in map " + std::to_string(target));
        return false;
      }
    }
  }
  return true;
}

bool execution::adopt_node(const request& r, const world& before, const world& after) {
  element held_node;
  const bool has = subject_.node(held_node);
  const auto is_held = [&](const world& w) { return w.node && *w.node == held_node; };
  if (has && !is_held(before) && !is_held(after)) {
    fail(failure_kind::exception_guarantee, std::string(info(r.code).name),
         describe(r) + ": something threw, and the held node is neither the one from before nor the one from after");
    return false;
  }
  model_.node = has ? std::optional(held_node) : std::nullopt;
  return true;
}

void execution::resynchronise(const request& r, const world& before, const world& after, bool may_lose) {
  const bool keeps = r.code != opcode::assign_list && r.code != opcode::copy_assign && r.code != opcode::move_assign &&
                     (r.code != opcode::merge || can_.failed_merge_loses_nothing);
  if (!adopt(r, before, after) || may_lose) {
    return;
  }
  for (const unsigned target : {r.target, r.other}) {
    for (const entry& e : before.maps[target].entries()) {
      const bool here = model_.maps[target].find(e.key) != nullptr;
      const bool there = r.code == opcode::merge && model_.maps[r.target].find(e.key) != nullptr;
      const bool due = r.code == opcode::merge || after.maps[target].find(e.key) != nullptr;
      if (keeps && due && !here && !there) {
        fail(
            failure_kind::exception_guarantee, std::string(info(r.code).name),
            describe(r) + " threw and lost " + describe(element{e.key, e.value}) + " of map " + std::to_string(target));
        return;
      }
    }
  }
}

// An operation that went on after a move inside it threw has happened, and one that threw has not or in parts: but for
// one element, in a map or in the node.
void execution::judge_loss(const request& r, bool threw) {
  const world before = model_;
  const world after = done(r);
  if (!adopt(r, threw ? before : after, after)) {
    return;
  }
  if (!adopt_node(r, threw ? before : after, after)) {
    return;
  }
  if (r.code == opcode::move_assign) {
    return;  // may lose more than one: basic guarantee
  }
  const auto within = [&r](const world& w, std::uint64_t key, unsigned target) {
    return w.maps[target].find(key) != nullptr || w.maps[r.target].find(key) != nullptr ||
           (w.node && w.node->first == key);
  };
  const world& expected = threw ? before : after;
  std::size_t lost = 0;
  const auto look_for = [&](std::uint64_t key, unsigned target) {
    lost += within(after, key, target) && !within(model_, key, target);
  };
  for (const entry& e : expected.maps[r.target].entries()) look_for(e.key, r.target);
  if (r.other != r.target) {
    for (const entry& e : expected.maps[r.other].entries()) look_for(e.key, r.other);
  }
  if (expected.node) look_for(expected.node->first, r.target);
  if (lost > 1) {
    fail(failure_kind::exception_guarantee, std::string(info(r.code).name),
         describe(r) + ": the move of one element threw, and " + std::to_string(lost) + " are gone");
  }
}

}  // namespace gauntlet::check
