// Looking up and changing by a key of another type, where hash and equality are transparent, and looking up many keys at
// once.
//
// A map must find by a view what it finds by the key, and has no reason to make a key of it: only where an element is
// inserted one is made, once. Where a map's functions take everything and look at it later, there is no asking whether
// they take a view: so insertions by view are asked of maps that say `inserts_by_view`, and everything of those only
// whose functors take views.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::by_view(const request& r) {
  if constexpr (takes_views) {
    const request asked = by_key(r);
    const std::size_t before = maps_[r.target]->size();
    std::uint64_t made = 0;
    const view_type view(r.key, made);
    result answer = r.code == opcode::look_by_view ? look_by(asked, view) : change_by(asked, view);
    if (made > (maps_[r.target]->size() > before ? 1u : 0u)) {
      answer.number += 64;
    }
    return answer;
  } else {
    return unsupported();
  }
}

GAUNTLET_SUBJECT_TEMPLATE
template <class View>
result GAUNTLET_SUBJECT_OF::look_by(const request& r, const View& view) {
  map_type& m = *maps_[r.target];
  const map_type& constant = m;
  switch (r.code) {
    case opcode::find:
      if constexpr (requires { m.find(view) == m.end(); }) {
        const faults::region region;
        if constexpr (requires { constant.find(view) == constant.end(); }) {
          if (takes_second_way(r.key)) {
            const auto at = constant.find(view);
            return at == constant.end() ? result{} : seen(id_of(at->first) == r.key, at);
          }
        }
        const auto at = m.find(view);
        return at == m.end() ? result{} : seen(id_of(at->first) == r.key, at);
      }
      break;
    case opcode::contains:
      if constexpr (requires { constant.contains(view) ? 1 : 0; }) {
        const faults::region region;
        return {.flag = constant.contains(view)};
      }
      break;
    case opcode::count:
      if constexpr (requires { std::uint64_t{constant.count(view)}; }) {
        const faults::region region;
        return {.number = constant.count(view)};
      }
      break;
    case opcode::equal_range:
      if constexpr (requires { m.equal_range(view).first; }) {
        const faults::region region;
        const auto range = m.equal_range(view);
        result answer;
        for (auto at = range.first; at != range.second && answer.number < 2; ++at) {
          answer = {.flag = true, .has_value = true, .value = id_of(at->second), .number = answer.number + 1};
        }
        return answer;
      }
      break;
    default:  // at
      if constexpr (requires { id_of(m.at(view)); }) {
        const faults::region region;
        try {
          if constexpr (requires { id_of(constant.at(view)); }) {
            if (takes_second_way(r.key)) {
              return {.flag = true, .has_value = true, .value = id_of(constant.at(view))};
            }
          }
          return {.flag = true, .has_value = true, .value = id_of(m.at(view))};
        } catch (const std::out_of_range&) {
          return {.status = outcome::out_of_range};
        }
      }
  }
  return unsupported();
}

GAUNTLET_SUBJECT_TEMPLATE
template <class View>
result GAUNTLET_SUBJECT_OF::change_by(const request& r, const View& view) {
  map_type& m = *maps_[r.target];
  [[maybe_unused]] const auto value = [&r] { return make<mapped_type>(r.value); };
  switch (r.code) {
    case opcode::erase_key:
      if constexpr (requires {
                      { m.erase(view) } -> std::convertible_to<std::uint64_t>;
                    }) {
        const faults::region region;
        return {.number = m.erase(view)};
      }
      break;
    case opcode::extract_key:
      if constexpr (has_nodes) {
        if constexpr (requires { m.extract(view).empty(); }) {
          auto fresh = [&] {
            const faults::region region;
            return m.extract(view);
          }();
          return hold(r.target, std::move(fresh));
        }
      }
      break;
    case opcode::try_emplace:
      if constexpr (adapter::can().inserts_by_view) {
        if constexpr (requires(mapped_type&& v) { m.try_emplace(view, std::move(v)).first; }) {
          mapped_type v = value();
          const faults::region region;
          const auto inserted = m.try_emplace(view, std::move(v));
          result answer = seen(inserted.second, inserted.first);
          answer.number = answer.flag || untouched(v, r.value) ? 3 : 1;
          return answer;
        }
      }
      break;
    case opcode::insert_or_assign:
      if constexpr (adapter::can().inserts_by_view) {
        if constexpr (requires(mapped_type&& v) { m.insert_or_assign(view, std::move(v)).first; }) {
          mapped_type v = value();
          const faults::region region;
          const auto inserted = m.insert_or_assign(view, std::move(v));
          return seen(inserted.second, inserted.first);
        }
      }
      break;
    default:  // subscript_assign
      if constexpr (adapter::can().inserts_by_view) {
        if constexpr (requires(mapped_type&& v) { m[view] = std::move(v); }) {
          mapped_type v = value();
          const faults::region region;
          mapped_type& mapped = m[view];
          faults::suspend();
          mapped = std::move(v);
          return {.has_value = true, .value = id_of(mapped)};
        }
      }
  }
  return unsupported();
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::find_many(const request& r) {
  map_type& m = *maps_[r.target];
  if constexpr (adapter::can().finds_many) {
    result all;
    unsigned visits = 0;
    const auto look = [&](auto& map, const auto& keys) {
      const auto visit = [&](const auto& key, const auto& at) {
        result one;
        if (at != map.end()) {
          one = seen(true, at);
          one.number = id_of(at->first) == id_of(key) ? 0 : 1;
        }
        one.number += id_of(key) == r.key + visits ? 0u : 2u;
        ++visits;
        fold(all, one);
      };
      const faults::region region;
      map.find_many(keys.begin(), keys.end(), visit);
    };
    if constexpr (takes_views) {
      if (r.key % 3 == 0) {
        std::uint64_t made = 0;
        std::vector<view_type> views;
        views.reserve(r.count);
        for (unsigned i = 0; i < r.count; ++i) views.emplace_back(r.key + i, made);
        look(m, views);
        all.number += visits == r.count && made == 0 ? 0u : 64u;
        return all;
      }
    }
    std::vector<key_type> keys;
    keys.reserve(r.count);
    for (unsigned i = 0; i < r.count; ++i) keys.push_back(make<key_type>(r.key + i));
    if (takes_second_way(r.key)) {
      look(std::as_const(m), keys);
    } else {
      look(m, keys);
    }
    all.number += visits == r.count ? 0u : 64u;
    return all;
  } else {
    return unsupported();
  }
}

}  // namespace gauntlet::check
