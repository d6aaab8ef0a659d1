// A single operation goes the same way each time: choose the key by the model, let the map do it, let the model do it,
// compare what both gave, then look closer (execution_looks.cpp).
//
// Keys may be chosen by what the model holds or by what a walk under way has shown or has yet to show. An operation
// that would break the rules of any walk under way (effects.h) is left out, and so is one for which there are too many
// elements alive. A fault armed for an operation fires inside the map or not at all: it is disarmed when the map
// returns.
#include <gauntlet/check/run/execution.h>

#include <algorithm>
#include <exception>

#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/program/names.h>
#include <gauntlet/check/run/wording.h>
#include <gauntlet/check/types/faults.h>

namespace gauntlet::check {

std::uint64_t execution::choose_key(const operation& o, const frame* inside) const {
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

// The (number mod many)-th of the `many` elements that wait to be shown. Where more than `number` wait, the remainder is
// the number itself: then the first pass ends at the element and nobody counts the rest.
std::uint64_t execution::choose_later(const frame& f, const key_operand& k) const {
  const auto& entries = model_.maps[f.target].entries();
  std::size_t many = 0;
  for (const entry& e : entries) {
    if (!f.shown.was_shown(e.birth) && many++ == k.number) {
      return e.key;
    }
  }
  if (many == 0) {
    return key_of(program_.header, k);
  }
  std::size_t skip = k.number % many;
  for (const entry& e : entries) {
    if (!f.shown.was_shown(e.birth) && skip-- == 0) {
      return e.key;
    }
  }
  return 0;  // not reached: `many` entries are waiting
}

request execution::request_of(const operation& o, const frame* inside) const {
  const operands takes = info(o.code).takes;
  request r;
  r.code = o.code;
  r.target = o.target % map_count;
  r.other = takes.other ? o.other % map_count : r.target;
  r.key = takes.key ? choose_key(o, inside) : 0;
  r.value = o.value;
  r.count = std::max(1u, static_cast<unsigned>(o.count));
  r.argument = o.argument;
  if (r.code == opcode::fill_reserved && r.argument % fill_scale_count == 1) {
    r.count *= fill_scale_many;
  }
  return r;
}

bool execution::allowed(const request& r, const effects& e, const frame* inside) const {
  // What goes by its iterator takes no other one along, where the map says so.
  const bool by_place =
      can_.erase_keeps_iterators && (r.code == opcode::erase_iterator || r.code == opcode::extract_iterator);
  for (const frame* f = inside; f != nullptr; f = f->outer) {
    if (by_place && f->by_iterator && r.target == f->target && r.key != f->current) {
      continue;
    }
    const effect limit = f->by_iterator ? effect::update : effect::mutate;
    if ((r.target == f->target && e.on_target > limit) || (r.other == f->target && e.on_other > limit)) {
      return false;
    }
  }
  return true;
}

bool execution::has_room(const request& r, const effects& e, const frame* inside) {
  const std::size_t live = model_.live();
  if (r.count > count_max) {
    if (inside != nullptr || program_.header.hash != hash_quality::good || live > live_max_before_large_run) {
      return false;
    }
    live_max_ = live_max_large;
    return true;
  }
  if ((r.code == opcode::copy_construct || r.code == opcode::copy_assign) && live > live_max_ / 2) {
    return false;
  }
  return e.on_target < effect::mutate || e.erases || live + r.count <= live_max_;
}

std::uint32_t execution::refusals_max(const request& r, std::size_t elements) noexcept {
  // A map may try to shrink table by table, of which there are as many as somebody reserved.
  constexpr std::size_t of_an_operation = 50'000, of_an_element = 4;
  return static_cast<std::uint32_t>(of_an_operation + of_an_element * (elements + r.count));
}

std::uint64_t execution::weight_of(const request& r, const effects& e, std::size_t elements) noexcept {
  if (r.count > count_max) {
    return r.count / 8;
  }
  if (elements <= live_max) {
    return r.count;
  }
  return e.touches_all ? elements / 8 : r.count * 8;
}

void execution::run_operation(const operation& o, frame* inside) {
  const request r = request_of(o, inside);
  const effects e = effects_of(o.code);
  if (!allowed(r, e, inside) || !has_room(r, e, inside)) {
    count(o.code, outcome::left_out);
    return;
  }
  apply(r, e);
}

void execution::apply(const request& r, const effects& e) {
  const auto throws = fault_ != nullptr ? static_cast<fault_kind>(fault_->argument % fault_kind_count) : fault_kind{};
  const bool armed = fault_ != nullptr && r.code != opcode::misuse && can_.exception_safe &&
                     (throws != fault_kind::hash || can_.throwing_hash_is_safe);
  const std::size_t elements = model_.maps[r.target].size() + (r.other != r.target ? model_.maps[r.other].size() : 0);
  if (armed) {
    faults::arm(throws, fault_->value, refusals_max(r, elements));
  }
  fault_ = nullptr;
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
  const faults::fate of_fault = armed ? faults::disarm() : faults::fate::unmet;
  if (of_fault == faults::fate::worn_out) {
    fail(failure_kind::work_budget, "refusals",
         describe(r) + ": there was no memory any more, and it was asked for more than " +
             std::to_string(refusals_max(r, elements)) + " times; had none come, this would never end");
    return;
  }
  const bool fired = of_fault == faults::fate::fired;
  const bool may_lose = fired && throws == fault_kind::move && !can_.moves_keep_elements;
  count(r.code, got.status);
  if (got.status == outcome::unsupported || got.status == outcome::left_out) {
    return;
  }
  const std::uint64_t weight = weight_of(r, e, elements);
  single_operations_ += weight;
  since_comparison_ += weight;
  budget_.grant(e, r.count, elements);
  if (got.status == outcome::injected && !asked_to_throw(r)) {
    if (!armed) {
      fail(failure_kind::unexpected_exception, std::string(info(r.code).name),
           describe(r) + ": an injected fault without one being armed");
      return;
    }
    budget_.grant({.touches_all = true}, r.count, elements + r.count);
    const bool loses = fired && throws == fault_kind::hash && !can_.throwing_hash_keeps_elements;
    judge_exception(r, e, got, may_lose ? losses::one_moved : loses ? losses::any : losses::none);
  } else if (may_lose) {
    judge_loss(r, false);
  } else {
    judge_result(r, got);
    if (held() && got.status == outcome::injected) {
      judge_exception(r, e, got, losses::none);
    }
  }
  if (!held()) {
    return;
  }
  follow_capacity(r, got, elements, fired && event_of(throws) == fault_kind::allocation);
  if (r.code == opcode::misuse) {
    budget_.forgive(subject_);
    return;
  }
  look_closer(r, e);
}

bool execution::asked_to_throw(const request& r) const {
  return r.code == opcode::erase_if && predicate_throws(r) && model_.maps[r.target].size() > r.value;
}

void execution::judge_result(const request& r, const result& got) {
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
  // Whether maps that keep the order of insertion are equal where only that differs is theirs to say.
  constexpr result unequal{.flag = false, .number = 4};
  if (r.code == opcode::equal && rules_.keeps_insertion_order && got == unequal &&
      !std::ranges::equal(model_.maps[r.target].oldest_first(), model_.maps[r.other].oldest_first(), {}, &entry::key,
                          &entry::key)) {
    return;
  }
  if (r.code == opcode::misuse) {
    const auto names = argument_names(opcode::misuse);
    fail(failure_kind::undiagnosed_misuse, std::string(names[r.argument % names.size()]),
         describe(r) + ": the map did not notice");
    return;
  }
  const bool answered = got.status == outcome::done && expected.status == outcome::done;
  fail(failure_kind::wrong_result, std::string(info(r.code).name),
       describe(r) + ": the map says: " + to_string(got) + "; the model says: " + to_string(expected) +
           (answered ? legend_of(r) : std::string()));
}

void execution::follow_capacity(const request& r, const result& got, std::size_t size, bool refused) {
  if (refused) {
    budget_.refused(r.target, size);
    budget_.refused(r.other, size);
    if (r.code == opcode::shrink_to_fit) {
      return;
    }
  }
  switch (r.code) {
    case opcode::reserve:
    case opcode::rehash:
      if (!is_absurd(r)) {
        budget_.reserved(r.target, reserve_amount(r, size, 0));
      }
      break;
    case opcode::fill_reserved:
      budget_.reserved(r.target, size + r.count);
      break;
    case opcode::default_construct:
    case opcode::construct_range:
    case opcode::shrink_to_fit:
      if (got.status == outcome::done) {
        budget_.released(r.target);
      }
      break;
    case opcode::erase_iterator:
    case opcode::erase_range:
    case opcode::extract_iterator:
      budget_.erased_by_iterator(r.target, size);
      break;
    default:
      if (r.other != r.target) {
        budget_.exchanged(r.target, r.other);
      } else if (const effects e = effects_of(r.code); e.inserts || e.erases) {
        const std::size_t now = model_.maps[r.target].size();
        budget_.changed_by_key(r.target, now > size ? now - size : size - now);
      }
      break;
  }
}

}  // namespace gauntlet::check
