// One request, one answer: what single keys are asked for, changed in place and erased is done here, everything else is
// passed on to the function of its idea. An injected fault becomes an answer that tells how much was done before it.
#pragma once

#include <functional>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

GAUNTLET_SUBJECT_TEMPLATE
bool GAUNTLET_SUBJECT_OF::leaves_out([[maybe_unused]] const request& r) const noexcept {
  if constexpr (requires(const circumstances& now) { adapter::leaves_out(now); }) {
    const unsigned armed = faults::state.armed;
    return adapter::leaves_out(
        {.code = by_key(r).code,
         .one_map = r.target == r.other,
         .allocators_differ = !same_allocator(r.target, r.other),
         .allocators_propagate = Propagates,
         .hashes_differ = origins_[r.target] != origins_[r.other] || origins_[r.target] == any_origin,
         .absurd = (r.code == opcode::reserve || r.code == opcode::rehash) && is_absurd(r),
         .fault_armed = armed != 0,
         .fault = armed != 0 ? static_cast<fault_kind>(armed - 1) : fault_kind::hash});
  } else {
    return false;
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::apply(const request& r) {
  completed_ = 0;
  referred_inside_ = false;
  if (leaves_out(r)) {
    return left_out();
  }
  try {
    return dispatch(r);
  } catch (const injected_fault&) {
    if (r.code == opcode::move_assign && r.target != r.other) {
      // Elements may have been moved out one by one before it threw: what is left of them is unspecified.
      maps_[r.other]->clear();
    }
    return {.status = outcome::injected, .number = completed_};
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::dispatch(const request& r) {
  map_type& m = *maps_[r.target];
  switch (r.code) {
    case opcode::nothing:
      return {};
    case opcode::find: {
      const key_type k = make<key_type>(r.key);
      const faults::region region;
      const auto at = m.find(k);
      return at == m.end() ? result{} : seen(true, at);
    }
    case opcode::contains:
      if constexpr (requires(const key_type& k) { m.contains(k); }) {
        const key_type k = make<key_type>(r.key);
        const faults::region region;
        return {.flag = std::as_const(m).contains(k)};
      } else {
        return unsupported();
      }
    case opcode::count:
      if constexpr (requires(const key_type& k) { m.count(k); }) {
        const key_type k = make<key_type>(r.key);
        const faults::region region;
        return {.number = std::as_const(m).count(k)};
      } else {
        return unsupported();
      }
    case opcode::at:
      if constexpr (requires(const key_type& k) { m.at(k); }) {
        const key_type k = make<key_type>(r.key);
        const faults::region region;
        try {
          return {.flag = true,
                  .has_value = true,
                  .value = id_of(takes_second_way(r.key) ? m.at(k) : std::as_const(m).at(k))};
        } catch (const std::out_of_range&) {
          return {.status = outcome::out_of_range};
        }
      } else {
        return unsupported();
      }
    case opcode::equal_range:
      if constexpr (requires(const key_type& k) { m.equal_range(k); }) {
        const key_type k = make<key_type>(r.key);
        const faults::region region;
        const auto shown = [](const auto& range) {
          result answer;
          for (auto at = range.first; at != range.second && answer.number < 2; ++at) {
            answer = {.flag = true, .has_value = true, .value = id_of(at->second), .number = answer.number + 1};
          }
          return answer;
        };
        if constexpr (requires(const map_type& constant) { constant.equal_range(k); }) {
          if (takes_second_way(r.key)) {
            return shown(std::as_const(m).equal_range(k));
          }
        }
        return shown(m.equal_range(k));
      } else {
        return unsupported();
      }
    case opcode::size:
      if constexpr (requires { m.empty(); }) {
        return {.flag = m.empty(), .number = m.size()};
      } else {
        return {.flag = m.size() == 0, .number = m.size()};
      }
    case opcode::equal:
      if constexpr (requires(const map_type& a) { a == a; }) {
        const map_type& a = m;
        const map_type& b = *maps_[r.other];
        const faults::region region;
        const bool forth = a == b;
        return {.flag = forth, .number = (forth ? 1u : 0u) + (b == a ? 2u : 0u) + (a != b ? 4u : 0u)};
      } else {
        return unsupported();
      }
    case opcode::subscript_read:
      if constexpr (requires(const key_type& k) { m[k]; }) {
        const key_type k = make<key_type>(r.key);
        const faults::region region;
        const std::uint64_t value = id_of(m[k]);
        return {.has_value = true, .value = value, .number = m.size()};
      } else {
        return unsupported();
      }
    case opcode::insert_copy:
    case opcode::insert_move:
    case opcode::insert_hint:
    case opcode::emplace:
    case opcode::emplace_hint:
    case opcode::try_emplace:
    case opcode::try_emplace_move:
    case opcode::try_emplace_hint:
    case opcode::insert_or_assign:
    case opcode::insert_or_assign_move:
    case opcode::insert_or_assign_hint:
    case opcode::subscript_assign:
    case opcode::update:
      return insert_one(r);
    case opcode::compare_exchange: {
      const key_type k = make<key_type>(r.key);
      const auto at = m.find(k);
      if (at == m.end()) {
        return {};
      }
      const bool exchange = id_of(at->second) == r.value;
      if (exchange) {
        mapped_at(at) = make<mapped_type>(r.value + 1);
      }
      return seen(exchange, at);
    }
    case opcode::fetch_update: {
      const key_type k = make<key_type>(r.key);
      const auto at = m.find(k);
      if (at == m.end()) {
        return {};
      }
      const std::uint64_t before = id_of(at->second);
      mapped_at(at) = make<mapped_type>(before + r.value);
      return {.flag = true, .has_value = true, .value = before};
    }
    case opcode::erase_key:
    case opcode::erase_iterator:
    case opcode::erase_if:
      return erase_one(r);
    case opcode::extract_key:
    case opcode::extract_iterator:
    case opcode::insert_node:
    case opcode::insert_node_hint:
    case opcode::change_node_key:
    case opcode::drop_node:
      return node_operation(r);
    case opcode::look_by_view:
    case opcode::change_by_view:
      return by_view(r);
    case opcode::find_many:
      return find_many(r);
    case opcode::fill_reserved:
      return fill_reserved(r);
    case opcode::misuse:
      return misuse(r);
    case opcode::erase_range:  // have functions or meanings of their own
    case opcode::walk:
    case opcode::iterate:
    case opcode::stop:
    case opcode::fault:
    case opcode::snapshot:
    case opcode::upsert:
    case opcode::compare_erase:
      return unsupported();
    default:
      return whole_map(r);
  }
}

// The element with this key, if the second way is to be taken and leads there: arguments may refer into the map that they
// are given to. Looking costs the map nothing, as in look().
GAUNTLET_SUBJECT_TEMPLATE
typename GAUNTLET_SUBJECT_OF::place_inside GAUNTLET_SUBJECT_OF::own_element(const map_type& m,
                                                                            std::uint64_t key) const {
  if (!adapter::can().arguments_may_refer_inside || !takes_second_way(key)) {
    return {};
  }
  const std::uint64_t hashes = functors_.hashes;
  const std::uint64_t equalities = functors_.equalities;
  const auto at = m.find(make<key_type>(key));
  functors_.hashes = hashes;
  functors_.equalities = equalities;
  if (at == m.end()) {
    return {};
  }
  referred_inside_ = true;
  return {&at->first, &at->second};
}

// A mapped value in the map that is equal to this one, if one of the key's neighbours has it.
GAUNTLET_SUBJECT_TEMPLATE
auto GAUNTLET_SUBJECT_OF::own_value(const map_type& m, std::uint64_t key, std::uint64_t value) const
    -> const mapped_type* {
  for (const std::uint64_t neighbour : {key ^ 1, key ^ 3, key ^ 5}) {
    if (const place_inside found = own_element(m, neighbour); found.key != nullptr && id_of(*found.value) == value) {
      return found.value;
    }
  }
  referred_inside_ = false;
  return nullptr;
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::erase_found(const request& r) {
  map_type& m = *maps_[r.target];
  const key_type k = make<key_type>(r.key);
  const faults::region region;
  const auto at = m.find(k);
  if (at == m.end()) {
    return {};
  }
  if constexpr (!gives_the_next()) {
    m.erase(at);
    return {.flag = true, .number = 1};
  } else {
    auto next = at;
    ++next;
    const bool last = next == m.end();
    const std::uint64_t next_key = last ? 0 : id_of(next->first);
    if constexpr (std::is_void_v<decltype(m.erase(at))>) {
      m.erase(at);
      return {.flag = true, .number = next == m.end() ? last : !last && id_of(next->first) == next_key};
    } else {
      const decltype(m.begin()) back = m.erase(at);
      return {.flag = true, .number = back == m.end() ? last : !last && id_of(back->first) == next_key};
    }
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::erase_one(const request& r) {
  map_type& m = *maps_[r.target];
  if (r.code == opcode::erase_key) {
    const key_type k = make<key_type>(r.key);
    if (const place_inside found = own_element(m, r.key); found.key != nullptr) {
      const faults::region region;
      return {.number = erase_key(m, *found.key)};  // a reference to the very key that goes
    }
    const faults::region region;
    return {.number = erase_key(m, k)};
  }
  if (r.code == opcode::erase_iterator) {
    if constexpr (!erases_by_iterator) {
      return unsupported();
    } else {
      return erase_found(r);
    }
  }
  using std::erase_if;
  const auto judge = [&r, calls = std::uint64_t{0}](const auto& e) mutable {
    if (predicate_throws(r) && calls++ == r.value) {
      throw predicate_exception();
    }
    return predicate_holds(r, id_of(e.first), id_of(e.second));
  };
  if constexpr (requires { erase_if(m, judge); }) {
    const faults::region region;
    try {
      return {.number = static_cast<std::uint64_t>(erase_if(m, judge))};
    } catch (const predicate_exception&) {
      return {.status = outcome::injected};
    }
  } else {
    return unsupported();
  }
}

}  // namespace gauntlet::check
