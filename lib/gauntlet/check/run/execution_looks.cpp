// Looking closer: after every operation cheaply (lifetimes, size), after every structural event by the map's own
// self-check, and every few operations by comparing everything: contents both ways, lookups, node, memory, allocators,
// work, and the self-check again. What the judge itself makes a map do is not charged to the map.
//
// The hard case is cost. A comparison takes as long as the maps are large, and comes all the same: a program has a few
// thousand steps at most, so the largest map is gone through that often at most. What is rationed are the judge's extras:
// the self-check that goes with a comparison of a large map (one at a structural event is never left out), and lookups,
// which are taken in rotation, a few in each comparison, and all of them at the end.
#include <gauntlet/check/run/execution.h>

#include <algorithm>

#include <gauntlet/check/run/wording.h>
#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {
namespace {

constexpr std::uint64_t always_self_checked_max =
    64;  // above, a comparison brings a self-check when operations paid for it
constexpr std::uint64_t recounted_per_operation = 1;  // and so many elements each of them pays for
constexpr std::size_t deep_max = 256;                 // up to here every key is looked up at the end
constexpr std::size_t looks = 16;                     // otherwise, so many in each comparison, in rotation
constexpr std::uint64_t whole_map_weight = 16;        // an operation on a whole map brings the next comparison nearer

}  // namespace

void execution::look_closer(const request& r, const effects& e) {
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
  check_after_events(r.target, r.other);
  if (e.touches_all && e.on_target >= effect::mutate) {
    since_comparison_ += whole_map_weight;
    check_allocators();
  }
  if (r.count > count_max || comparison_is_due()) {
    compare_changed();
  }
}

// A comparison of large maps comes when as many operations have paid for it.
bool execution::comparison_is_due() const noexcept {
  if (since_comparison_ < options_.compare_contents_every) {
    return false;
  }
  return live_max_ != live_max_large || since_comparison_ >= model_.live() / 16;
}

void execution::check_after_events(unsigned target, unsigned other) {
  const std::uint64_t events = subject_.structural_events();
  if (events != events_ || options_.self_check_every_step) {
    events_ = events;
    check_structure(target);
    if (other != target) {
      check_structure(other);
    }
  }
}

void execution::check_size(const request& r, unsigned target) {
  const std::size_t size = subject_.size(target);
  if (size != model_.maps[target].size()) [[unlikely]] {
    fail(failure_kind::wrong_result, "size",
         describe(r) + ": afterwards the size of map " + std::to_string(target) + " is " + std::to_string(size) +
             ", the model's is " + std::to_string(model_.maps[target].size()));
  }
}

void execution::check_structure(unsigned target) {
  if (!can_.checks_itself || !held()) {
    return;
  }
  const std::size_t size = model_.maps[target].size();
  if (size > live_max && !deep_ && single_operations_ - checked_at_[target] < size / 16) {
    return;
  }
  spend();
  if (std::string wrong = subject_.self_check(target); !wrong.empty()) {
    fail(failure_kind::self_check, "self_check", "map " + std::to_string(target) + ": " + wrong);
  }
  checked_at_[target] = single_operations_;
  budget_.forgive(subject_);
}

void execution::check_allocators() {
  if (!held()) {
    return;
  }
  if (std::string wrong = subject_.allocator_check(); !wrong.empty()) {
    std::string place = wrong.substr(0, wrong.find(':'));
    fail(failure_kind::allocator, std::move(place), std::move(wrong));
  }
}

void execution::spend() {
  if (!options_.judge_work || !held()) {
    return;
  }
  if (const char* const ran_out = budget_.spend(subject_, model_.live())) {
    fail(failure_kind::work_budget, ran_out,
         std::string("more ") + ran_out + " than the operations may cost, with " + std::to_string(model_.live()) +
             " elements alive");
  }
}

void execution::compare_changed() {
  spend();
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

void execution::compare_all() {
  spend();
  deep_ = true;
  for (unsigned i = 0; i < map_count && held(); ++i) {
    compare(i);
  }
  check_node();
  check_memory();
  check_allocators();
}

void execution::check_memory() {
  std::size_t allowed = 0;
  if (options_.judge_memory && held() && !budget_.memory_fits(subject_, model_, allowed)) {
    fail(failure_kind::work_budget, "memory",
         "the maps hold " + std::to_string(subject_.bytes()) + " bytes for " + std::to_string(model_.live()) +
             " elements, allowed are " + std::to_string(allowed));
  }
}

void execution::check_node() {
  element held_node;
  const bool has = subject_.node(held_node);
  if (held() && (has != model_.node.has_value() || (has && held_node != *model_.node))) {
    fail(failure_kind::wrong_contents, "node",
         "the held node is " + (has ? describe(held_node) : std::string("empty")) + ", in the model " +
             (model_.node ? describe(*model_.node) : std::string("empty")));
  }
}

void execution::compare(unsigned target) {
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
  if (std::string wrong = subject_.bucket_check(target, deep_); !wrong.empty()) {
    std::string place = wrong.substr(0, wrong.find(':'));
    fail(failure_kind::wrong_contents, std::move(place), "map " + std::to_string(target) + ": " + wrong);
    return;
  }
  const std::uint64_t paid = (single_operations_ - checked_at_[target]) * recounted_per_operation;
  if (deep_ || model_.maps[target].size() <= std::max(paid, always_self_checked_max)) {
    check_structure(target);
  }
}

std::string execution::difference(unsigned target, std::string& where) {
  const model_map& m = model_.maps[target];
  std::vector<element>& contents = kept_.contents;
  subject_.contents(target, contents);
  kept_.marks.assign(m.size(), 0);
  const auto map = [target] { return "map " + std::to_string(target); };
  const entry* last = nullptr;
  for (const element& e : contents) {
    const std::size_t at = m.index_of(e.first);
    if (at == model_map::npos) {
      where = "surplus";
      return map() + " shows " + describe(e) + ", which the model does not have";
    }
    if (m[at].value != e.second) {
      where = "value";
      return map() + " shows " + describe(e) + ", in the model the value is " + std::to_string(m[at].value);
    }
    if (kept_.marks[at]++ != 0) {
      where = "twice";
      return map() + " shows " + describe(e) + " twice";
    }
    if (last != nullptr) {
      if (std::string wrong = out_of_order(*last, m[at]); !wrong.empty()) {
        where = "order";
        return map() + wrong;
      }
    }
    last = &m[at];
  }
  if (contents.size() != m.size()) {
    const auto lost = std::find(kept_.marks.begin(), kept_.marks.end(), 0) - kept_.marks.begin();
    const entry& e = m[static_cast<std::size_t>(lost)];
    where = "missing";
    return map() + " does not show " + describe(element{e.key, e.value}) + ", which the model has";
  }
  if (subject_.size(target) != m.size()) {
    where = "size";
    return map() + " says it holds " + std::to_string(subject_.size(target)) + " elements and shows " +
           std::to_string(m.size());
  }
  return lookups(target, m, where);
}

std::string execution::out_of_order(const entry& before, const entry& next) const {
  const auto shows = [&](const char* what) {
    return " shows " + describe(element{next.key, next.value}) + " after " +
           describe(element{before.key, before.value}) + what;
  };
  switch (can_.iterates) {
    case iteration_order::by_key:
      if (next.key < before.key) return shows(", whose key is larger");
      break;
    case iteration_order::by_insertion:
      if (next.birth < before.birth) return shows(", which was inserted later");
      break;
    case iteration_order::unspecified:
      break;
  }
  return {};
}

std::string execution::lookups(unsigned target, const model_map& m, std::string& where) {
  const std::size_t stride = deep_ && m.size() <= deep_max ? 1 : m.size() / looks + 1;
  for (std::size_t at = rotation_++ % stride; at < m.size(); at += stride) {
    const result found = subject_.look(target, m[at].key);
    if (!found.flag || found.value != m[at].value) {
      where = "lookup";
      return "map " + std::to_string(target) + " does not find " + describe(element{m[at].key, m[at].value}) +
             ", which it shows: " + to_string(found);
    }
    if (at % 8 == 0 && m.find(m[at].key + 1) == nullptr && subject_.look(target, m[at].key + 1).flag) {
      where = "lookup";
      return "map " + std::to_string(target) + " finds key " + std::to_string(m[at].key + 1) +
             ", which it does not show";
    }
  }
  return {};
}

}  // namespace gauntlet::check
