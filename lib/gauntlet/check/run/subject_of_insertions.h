// Every way to insert one element, each in the exact form that its opcode names: by copy, by move, with a hint, in
// place. The arguments are made before faults may fire, and looked at afterwards where the standard promises them
// untouched. With every fourth value, what emplace and try_emplace are given becomes a value only when the map makes its
// element of it, which may throw. With other values emplace is given a pair, or the parts of one, if the map says so; and
// every other insertion by move is given a pair whose key is not constant, as std::make_pair makes them.
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include <gauntlet/check/run/subject_of_class.h>
#include <gauntlet/check/types/made_on_demand.h>

namespace gauntlet::check {

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::insert_one(const request& r) {
  map_type& m = *maps_[r.target];
  switch (r.code) {
    case opcode::insert_copy:
      if constexpr (copyable && requires(const value_type& e) { m.insert(e); }) {
        return each(r, [&m](std::uint64_t key, std::uint64_t value) {
          const value_type e(make<key_type>(key), make<mapped_type>(value));
          const faults::region region;
          const auto answer = m.insert(e);
          return seen(answer.second, answer.first);
        });
      }
      break;
    case opcode::insert_move:
      if constexpr (requires(value_type&& e) { m.insert(std::move(e)); }) {
        return each(r, [&m](std::uint64_t key, std::uint64_t value) {
          if constexpr (requires(plain_pair&& e) { m.insert(std::move(e)).second; }) {
            if (takes_second_way(key)) {
              plain_pair e(make<key_type>(key), make<mapped_type>(value));
              const faults::region region;
              const auto answer = m.insert(std::move(e));
              return seen(answer.second, answer.first);
            }
          }
          value_type e(make<key_type>(key), make<mapped_type>(value));
          const faults::region region;
          const auto answer = m.insert(std::move(e));
          return seen(answer.second, answer.first);
        });
      }
      break;
    case opcode::insert_hint:
      if constexpr (requires(value_type&& e) { m.insert(m.begin(), std::move(e)); }) {
        return each(r, [this, &m](std::uint64_t key, std::uint64_t value) {
          value_type e(make<key_type>(key), make<mapped_type>(value));
          const std::size_t before = m.size();
          const auto hint = hint_for(m, key, e.first);
          const faults::region region;
          const auto at = m.insert(hint, std::move(e));
          return seen(m.size() != before, at);
        });
      }
      break;
    case opcode::emplace:
      if constexpr (requires(key_type&& k, mapped_type&& v) { m.emplace(std::move(k), std::move(v)); }) {
        return each(r, [&m](std::uint64_t key, std::uint64_t value) {
          key_type k = make<key_type>(key);
          if constexpr (requires(const made_on_demand<mapped_type>& v) { m.emplace(std::move(k), v); }) {
            if (is_made_on_demand(value)) {
              const made_on_demand<mapped_type> v(value);
              const faults::region region;
              const auto answer = m.emplace(std::move(k), v);
              return seen(answer.second, answer.first);
            }
          }
          mapped_type v = make<mapped_type>(value);
          if constexpr (adapter::can().emplaces_pairs) {
            if (value % 4 == 1) {
              const faults::region region;
              const auto answer = m.emplace(std::piecewise_construct, std::forward_as_tuple(std::move(k)),
                                            std::forward_as_tuple(std::move(v)));
              return seen(answer.second, answer.first);
            }
            if (value % 4 == 2) {
              plain_pair e(std::move(k), std::move(v));
              const faults::region region;
              const auto answer = m.emplace(std::move(e));
              return seen(answer.second, answer.first);
            }
          }
          const faults::region region;
          const auto answer = m.emplace(std::move(k), std::move(v));
          return seen(answer.second, answer.first);
        });
      }
      break;
    case opcode::emplace_hint:
      if constexpr (requires(key_type&& k, mapped_type&& v) {
                      m.emplace_hint(m.begin(), std::move(k), std::move(v));
                    }) {
        return each(r, [this, &m](std::uint64_t key, std::uint64_t value) {
          key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          const std::size_t before = m.size();
          const auto hint = hint_for(m, key, k);
          const faults::region region;
          const auto at = m.emplace_hint(hint, std::move(k), std::move(v));
          return seen(m.size() != before, at);
        });
      }
      break;
    case opcode::try_emplace:
    case opcode::try_emplace_move:
      if constexpr (requires(key_type&& k, mapped_type&& v) { m.try_emplace(std::move(k), std::move(v)); }) {
        const bool moves = r.code == opcode::try_emplace_move;
        return each(r, [this, &m, moves](std::uint64_t key, std::uint64_t value) {
          key_type k = make<key_type>(key);
          if constexpr (requires(const made_on_demand<mapped_type>& v) { m.try_emplace(std::move(k), v); }) {
            if (is_made_on_demand(value)) {
              const made_on_demand<mapped_type> v(value);
              const faults::region region;
              const auto inserted = moves ? m.try_emplace(std::move(k), v) : m.try_emplace(std::as_const(k), v);
              result answer = seen(inserted.second, inserted.first);
              answer.number = (answer.flag || untouched(k, key) ? 1u : 0u) + (answer.flag || v.times() == 0 ? 2u : 0u);
              return answer;
            }
          }
          mapped_type v = make<mapped_type>(value);
          [[maybe_unused]] const mapped_type* const inside = own_value(m, key, value);
          result answer;
          if constexpr (copyable) {
            if (inside != nullptr) {
              const faults::region region;
              const auto inserted =
                  moves ? m.try_emplace(std::move(k), *inside) : m.try_emplace(std::as_const(k), *inside);
              answer = seen(inserted.second, inserted.first);
            }
          }
          if (!copyable || inside == nullptr) {
            const faults::region region;
            const auto inserted =
                moves ? m.try_emplace(std::move(k), std::move(v)) : m.try_emplace(std::as_const(k), std::move(v));
            answer = seen(inserted.second, inserted.first);
          }
          answer.number = (answer.flag || untouched(k, key) ? 1u : 0u) + (answer.flag || untouched(v, value) ? 2u : 0u);
          return answer;
        });
      }
      break;
    case opcode::try_emplace_hint:
      if constexpr (requires(const key_type& k, mapped_type&& v) {
                      m.try_emplace(m.begin(), k, std::move(v))->second;
                    }) {
        return each(r, [this, &m](std::uint64_t key, std::uint64_t value) {
          key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          const std::size_t before = m.size();
          const auto hint = hint_for(m, key, k);
          result answer;
          const auto try_it = [&](auto&& by) {
            const faults::region region;
            const auto at = m.try_emplace(hint, std::forward<decltype(by)>(by), std::move(v));
            answer = seen(m.size() != before, at);
          };
          if constexpr (requires { m.try_emplace(hint, std::move(k), std::move(v)); }) {
            takes_second_way(key) ? try_it(std::move(k)) : try_it(std::as_const(k));
          } else {
            try_it(std::as_const(k));
          }
          answer.number = (answer.flag || untouched(k, key) ? 1u : 0u) + (answer.flag || untouched(v, value) ? 2u : 0u);
          return answer;
        });
      }
      break;
    case opcode::insert_or_assign:
      if constexpr (requires(const key_type& k, mapped_type&& v) { m.insert_or_assign(k, std::move(v)); }) {
        return each(r, [&](std::uint64_t key, std::uint64_t value) {
          const key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          if constexpr (copyable && requires(const mapped_type& constant) { m.insert_or_assign(k, constant); }) {
            if (const mapped_type* const inside = own_value(m, key, value); inside != nullptr) {
              const faults::region region;
              const auto answer = m.insert_or_assign(k, *inside);
              return seen(answer.second, answer.first);
            }
          }
          const faults::region region;
          const auto answer = m.insert_or_assign(k, std::move(v));
          return seen(answer.second, answer.first);
        });
      }
      break;
    case opcode::insert_or_assign_move:
      if constexpr (requires(key_type&& k, mapped_type&& v) { m.insert_or_assign(std::move(k), std::move(v)); }) {
        return each(r, [&m](std::uint64_t key, std::uint64_t value) {
          key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          const faults::region region;
          const auto inserted = m.insert_or_assign(std::move(k), std::move(v));
          result answer = seen(inserted.second, inserted.first);
          answer.number = answer.flag || untouched(k, key) ? 0u : 1u;
          return answer;
        });
      }
      break;
    case opcode::insert_or_assign_hint:
      if constexpr (requires(const key_type& k, mapped_type&& v) { m.insert_or_assign(m.begin(), k, std::move(v)); }) {
        return each(r, [this, &m](std::uint64_t key, std::uint64_t value) {
          key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          const std::size_t before = m.size();
          const auto hint = hint_for(m, key, k);
          const auto do_it = [&](auto&& by) {
            const faults::region region;
            const auto at = m.insert_or_assign(hint, std::forward<decltype(by)>(by), std::move(v));
            return seen(m.size() != before, at);
          };
          if constexpr (requires { m.insert_or_assign(hint, std::move(k), std::move(v)); }) {
            if (takes_second_way(key)) {
              result answer = do_it(std::move(k));
              answer.number = answer.flag || untouched(k, key) ? 0u : 1u;
              return answer;
            }
          }
          return do_it(std::as_const(k));
        });
      }
      break;
    case opcode::subscript_assign:
      if constexpr (requires(key_type&& k, mapped_type&& v) { m[std::move(k)] = std::move(v); }) {
        return each(r, [&m](std::uint64_t key, std::uint64_t value) {
          key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          const std::size_t before = m.size();
          const faults::region region;
          mapped_type& mapped = m[std::move(k)];
          faults::suspend();  // what follows is the caller's assignment, not the map's
          mapped = std::move(v);
          const bool took_in_vain = m.size() == before && !untouched(k, key);
          return result{.has_value = true, .value = id_of(mapped), .number = took_in_vain ? 1u : 0u};
        });
      }
      break;
    default:  // update
      return each(r, [&m](std::uint64_t key, std::uint64_t value) {
        const key_type k = make<key_type>(key);
        mapped_type v = make<mapped_type>(value);
        const faults::region region;
        const auto at = m.find(k);
        if (at == m.end()) {
          return result{};
        }
        faults::suspend();
        mapped_at(at) = std::move(v);
        return seen(true, at);
      });
  }
  return unsupported();
}

}  // namespace gauntlet::check
