// What the oracles look at besides answers: contents, lookups, the held node, the map's self-check, its counts of
// events and work, allocators, and the books at the end. Looking costs the map nothing: counters are put back.
#pragma once

#include <cstdint>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::contents(unsigned target, std::vector<element>& out) const {
  out.clear();
  for (const auto& e : std::as_const(*maps_[target])) {
    out.emplace_back(id_of(e.first), id_of(e.second));
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::look(unsigned target, std::uint64_t key) const {
  const std::uint64_t hashes = functors_.hashes;
  const std::uint64_t equalities = functors_.equalities;
  const map_type& m = *maps_[target];
  const auto at = m.find(make<key_type>(key));
  const result answer = at == m.end() ? result{} : seen(true, at);
  functors_.hashes = hashes;
  functors_.equalities = equalities;
  return answer;
}

GAUNTLET_SUBJECT_TEMPLATE
bool GAUNTLET_SUBJECT_OF::node(element& out) const {
  if constexpr (has_nodes) {
    if (node_ && !node_->empty()) {
      out = {id_of(node_->key()), id_of(node_->mapped())};
      return true;
    }
  }
  static_cast<void>(out);
  return false;
}

GAUNTLET_SUBJECT_TEMPLATE
std::string GAUNTLET_SUBJECT_OF::self_check(unsigned target) const {
  if constexpr (requires(std::ostream& dump) { adapter::self_check(*maps_[target], dump); }) {
    // A stream costs more than most self-checks: one is kept, and only a failure writes to it.
    static thread_local std::ostringstream dump;
    if (!adapter::self_check(*maps_[target], dump)) {
      std::string text = dump.str();
      dump.str({});
      return text.empty() ? "the self-check failed without a word" : text;
    }
  }
  static_cast<void>(target);
  return {};
}

GAUNTLET_SUBJECT_TEMPLATE
std::uint64_t GAUNTLET_SUBJECT_OF::structural_events() const {
  if constexpr (requires { adapter::structural_events(*maps_[0]); }) {
    std::uint64_t sum = events_of_replaced_;
    for (const map_type* m : maps_) {
      sum += adapter::structural_events(*m);
    }
    return sum;
  }
  return 0;
}

GAUNTLET_SUBJECT_TEMPLATE
subject::work_count GAUNTLET_SUBJECT_OF::work() const {
  work_count count{.hashes = functors_.hashes, .equalities = functors_.equalities};
  if constexpr (requires { adapter::work(*maps_[0]); }) {
    count.probes = work_of_replaced_;
    for (const map_type* m : maps_) {
      count.probes += adapter::work(*m);
    }
  }
  return count;
}

GAUNTLET_SUBJECT_TEMPLATE
std::string GAUNTLET_SUBJECT_OF::allocator_check() const {
  std::string text = arena_errors();
  for (unsigned i = 0; i < map_count && takes_functors_ && text.empty(); ++i) {
    if (maps_[i] != nullptr && !has_functors(*maps_[i], origins_[i])) {
      text = lost_functor(i);
    }
  }
  if constexpr (has_allocator) {
    for (unsigned i = 0; i < map_count && text.empty(); ++i) {
      if (maps_[i] != nullptr) {
        const unsigned actual = index_of(maps_[i]->get_allocator().from());
        if (actual != expected_[i]) {
          text = wrong_allocator(i, actual);
        }
      }
    }
  }
  return text;
}

GAUNTLET_SUBJECT_TEMPLATE
std::string GAUNTLET_SUBJECT_OF::finish() {
  destroy_maps();
  return balance();
}

}  // namespace gauntlet::check
