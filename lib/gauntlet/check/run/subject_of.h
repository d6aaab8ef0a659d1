// Any map behind the subject interface: four maps of one type, made by an adapter, asked by the names of the standard.
//
// An adapter is a class template that names a map type:
//
//   template <class Key, class T, class Hash, class KeyEqual, class Allocator>
//   struct my_map_adapter {
//     using map_type = my::map<Key, T, Hash, KeyEqual, Allocator>;
//     static constexpr std::string_view name = "my_map";
//     static constexpr gauntlet::check::capabilities can() { return {.nodes = true}; }
//   };
//
// That is all a map with the standard's interface needs; an operation whose member is missing answers `unsupported` and
// is left out on both sides. Optional static members of the adapter:
//
//   map_type make(const Hash&, const KeyEqual&, const Allocator&, std::size_t capacity)
//                                    when the constructor (capacity, hash, equal, allocator) is not there
//   bool self_check(const map_type&, std::ostream& dump)
//   std::uint64_t work(const map_type&)               groups probed and elements moved since the map was made
//   std::uint64_t structural_events(const map_type&)  growth, splits, merges, shrinks since the map was made
//   struct misuse_guard                               while one lives, a diagnosed misuse throws diagnosed_misuse
//
// A map without the standard's interface has a *minimal* adapter: see minimal_subject_of.h.
//
// The idea of the storage: each map lives in raw memory of its own and a fifth, spare place lets a construction finish
// before what it replaces is destroyed. So constructing has the strong guarantee whatever throws, and a map can be
// constructed from itself.
//
// Faults only fire inside `faults::region`, which is opened around the map's own work, after the arguments are made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/request.h>
#include <gauntlet/check/run/subject_base.h>
#include <gauntlet/check/types/element_traits.h>
#include <gauntlet/check/types/test_allocator.h>
#include <gauntlet/check/types/test_equal.h>
#include <gauntlet/check/types/test_hash.h>

namespace gauntlet::check {

template <template <class, class, class, class, class> class Adapter, element_types Types, bool Propagates>
class subject_of final : public subject_base {
 public:
  using key_type = typename element_types_of<Types>::key;
  using mapped_type = typename element_types_of<Types>::mapped;
  using hash_type = test_hash<key_type>;
  using equal_type = test_equal<key_type>;
  using allocator_type = test_allocator<std::pair<const key_type, mapped_type>, Propagates>;
  using adapter = Adapter<key_type, mapped_type, hash_type, equal_type, allocator_type>;
  using map_type = typename adapter::map_type;

  explicit subject_of(const program_header& header) : subject_base(header) {
    for (unsigned i = 0; i < map_count; ++i) {
      maps_[i] = construct(places_[i].bytes, i);
    }
    spare_ = places_[map_count].bytes;
  }
  ~subject_of() override { destroy_maps(); }

  std::string_view name() const override { return adapter::name; }
  capabilities can() const override { return adapter::can(); }

  result apply(const request& r) override;
  result erase_range(const request& r, std::vector<element>& erased) override;
  result walk(unsigned target, const visitor& visit) override;
  result iterate(unsigned target, const visitor& visit) override;

  void contents(unsigned target, std::vector<element>& out) const override;
  std::size_t size(unsigned target) const override { return maps_[target]->size(); }
  result look(unsigned target, std::uint64_t key) const override;
  bool node(element& out) const override;
  std::string self_check(unsigned target) const override;
  std::uint64_t structural_events() const override;
  work_count work() const override;
  std::size_t element_bytes() const override { return sizeof(std::pair<const key_type, mapped_type>); }
  std::string allocator_check() const override;
  std::string finish() override;

 private:
  static constexpr bool copyable = std::is_copy_constructible_v<mapped_type>;
  static constexpr bool has_nodes = requires { typename map_type::node_type; } && adapter::can().nodes;
  static constexpr bool has_allocator = requires(const map_type& m) { m.get_allocator() == m.get_allocator(); };
  using value_type = std::pair<const key_type, mapped_type>;

  template <class Map, bool Has>
  struct node_holder {
    using type = std::optional<typename Map::node_type>;
  };
  template <class Map>
  struct node_holder<Map, false> {
    using type = std::optional<char>;
  };

  struct place {
    alignas(map_type) std::byte bytes[sizeof(map_type)];
  };

  map_type* construct(std::byte* at, unsigned target);
  void replace(unsigned target, map_type* fresh) noexcept;
  void destroy_maps() noexcept;
  void forget_contents(map_type& m) noexcept;
  void settle_allocators(const request& r) noexcept;
  bool same_allocator(unsigned a, unsigned b) const noexcept;

  result dispatch(const request& r);
  result insert_one(const request& r);
  result erase_one(const request& r);
  result whole_map(const request& r);
  result node_operation(const request& r);
  result misuse(const request& r);
  template <class Act>
  result stage(Act&& act);

  template <class One>
  result each(const request& r, One&& one) {
    if (r.count <= 1) {
      return one(r.key, r.value);
    }
    result all;
    for (unsigned i = 0; i < r.count; ++i) {
      fold(all, one(r.key + i, r.value + i));
      completed_ = i + 1;
    }
    return all;
  }
  template <class Iterator>
  static result seen(bool flag, const Iterator& at) {
    return {.flag = flag, .has_value = true, .value = id_of(at->second)};
  }
  static result unsupported() noexcept { return {.status = outcome::unsupported}; }
  static result left_out() noexcept { return {.status = outcome::left_out}; }
  result sizes(unsigned target) const { return {.number = maps_[target]->size()}; }
  result sizes(unsigned target, unsigned other) const {
    return {.value = maps_[other]->size(), .number = maps_[target]->size()};
  }
  auto hint_for(map_type& m, std::uint64_t key, const key_type& k) {
    return key % 3 == 0 ? m.begin() : key % 3 == 1 ? m.end() : m.find(k);
  }

  place places_[map_count + 1];
  map_type* maps_[map_count] = {};
  std::byte* spare_ = nullptr;
  typename node_holder<map_type, has_nodes>::type node_;
  std::uint64_t events_of_replaced_ = 0;
  std::uint64_t work_of_replaced_ = 0;
};

// A factory for the listed element types; programs that ask for another one get the first. Propagating allocators are
// instantiated for tracked_tracked (all programs of another type run with `unequal` instead).
template <template <class, class, class, class, class> class Adapter, element_types First, element_types... Rest>
subject_factory make_subject();

// ------------------------------------------------------------------------------------------------------- bodies below

#define GAUNTLET_SUBJECT_TEMPLATE \
  template <template <class, class, class, class, class> class Adapter, element_types Types, bool Propagates>
#define GAUNTLET_SUBJECT_OF subject_of<Adapter, Types, Propagates>

GAUNTLET_SUBJECT_TEMPLATE
typename GAUNTLET_SUBJECT_OF::map_type* GAUNTLET_SUBJECT_OF::construct(std::byte* at, unsigned target) {
  const hash_type hash(functors_);
  const equal_type equal(functors_);
  const allocator_type allocator(home(target));
  if constexpr (requires { adapter::make(hash, equal, allocator, std::size_t{}); }) {
    return ::new (at) map_type(adapter::make(hash, equal, allocator, header_.capacity));
  } else {
    return ::new (at) map_type(header_.capacity, hash, equal, allocator);
  }
}

// The fresh map, which stands in the spare place, takes the place of map `target`.
GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::replace(unsigned target, map_type* fresh) noexcept {
  map_type* const old = maps_[target];
  if constexpr (requires { adapter::structural_events(*old); }) {
    events_of_replaced_ += adapter::structural_events(*old);
  }
  if constexpr (requires { adapter::work(*old); }) {
    work_of_replaced_ += adapter::work(*old);
  }
  maps_[target] = fresh;
  old->~map_type();
  spare_ = reinterpret_cast<std::byte*>(old);
}

GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::destroy_maps() noexcept {
  node_.reset();
  for (map_type*& m : maps_) {
    if (m != nullptr) {
      m->~map_type();
      m = nullptr;
    }
  }
}

// A moved-from map is valid and unspecified: where its adapter does not promise "empty", this makes it so.
GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::forget_contents(map_type& m) noexcept {
  if constexpr (!adapter::can().moved_from_is_empty) {
    m.clear();
  }
}

GAUNTLET_SUBJECT_TEMPLATE
bool GAUNTLET_SUBJECT_OF::same_allocator(unsigned a, unsigned b) const noexcept {
  if constexpr (has_allocator) {
    return expected_[a] == expected_[b];
  } else {
    return true;
  }
}

// After an operation on whole maps: which arena each of them uses now, by the standard's rules.
GAUNTLET_SUBJECT_TEMPLATE
void GAUNTLET_SUBJECT_OF::settle_allocators(const request& r) noexcept {
  const bool own_arenas = header_.allocator != allocator_mode::equal;
  switch (r.code) {
    case opcode::default_construct:
    case opcode::construct_range:
      expected_[r.target] = home_index(r.target);
      break;
    case opcode::copy_construct:
    case opcode::move_construct:
      expected_[r.target] = own_arenas && !Propagates ? home_index(r.target) : expected_[r.other];
      break;
    case opcode::copy_assign:
    case opcode::move_assign:
      if (Propagates) {
        expected_[r.target] = expected_[r.other];
      }
      break;
    case opcode::swap:
      if (Propagates) {
        std::swap(expected_[r.target], expected_[r.other]);
      }
      break;
    default:
      break;
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::apply(const request& r) {
  completed_ = 0;
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
          return {.flag = true, .has_value = true, .value = id_of(std::as_const(m).at(k))};
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
        result answer;
        auto range = m.equal_range(k);
        for (auto at = range.first; at != range.second && answer.number < 2; ++at) {
          answer = {.flag = true, .has_value = true, .value = id_of(at->second), .number = answer.number + 1};
        }
        return answer;
      } else {
        return unsupported();
      }
    case opcode::size:
      return {.flag = m.empty(), .number = m.size()};
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
        at->second = make<mapped_type>(r.value + 1);
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
      at->second = make<mapped_type>(before + r.value);
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
    case opcode::drop_node:
      return node_operation(r);
    case opcode::misuse:
      return misuse(r);
    case opcode::erase_range:  // have functions or meanings of their own
    case opcode::walk:
    case opcode::iterate:
    case opcode::stop:
    case opcode::fault:
    case opcode::snapshot:
      return unsupported();
    default:
      return whole_map(r);
  }
}

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
          mapped_type v = make<mapped_type>(value);
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
        return each(r, [&m, moves](std::uint64_t key, std::uint64_t value) {
          key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          result answer;
          {
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
      if constexpr (requires(const key_type& k, mapped_type&& v) { m.try_emplace(m.begin(), k, std::move(v)); }) {
        return each(r, [this, &m](std::uint64_t key, std::uint64_t value) {
          const key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          const std::size_t before = m.size();
          const auto hint = hint_for(m, key, k);
          result answer;
          {
            const faults::region region;
            const auto at = m.try_emplace(hint, k, std::move(v));
            answer = seen(m.size() != before, at);
          }
          answer.number = 1u + (answer.flag || untouched(v, value) ? 2u : 0u);
          return answer;
        });
      }
      break;
    case opcode::insert_or_assign:
      if constexpr (requires(const key_type& k, mapped_type&& v) { m.insert_or_assign(k, std::move(v)); }) {
        return each(r, [&m](std::uint64_t key, std::uint64_t value) {
          const key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
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
          const auto answer = m.insert_or_assign(std::move(k), std::move(v));
          return seen(answer.second, answer.first);
        });
      }
      break;
    case opcode::insert_or_assign_hint:
      if constexpr (requires(const key_type& k, mapped_type&& v) { m.insert_or_assign(m.begin(), k, std::move(v)); }) {
        return each(r, [this, &m](std::uint64_t key, std::uint64_t value) {
          const key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          const std::size_t before = m.size();
          const auto hint = hint_for(m, key, k);
          const faults::region region;
          const auto at = m.insert_or_assign(hint, k, std::move(v));
          return seen(m.size() != before, at);
        });
      }
      break;
    case opcode::subscript_assign:
      if constexpr (requires(key_type&& k, mapped_type&& v) { m[std::move(k)] = std::move(v); }) {
        return each(r, [&m](std::uint64_t key, std::uint64_t value) {
          key_type k = make<key_type>(key);
          mapped_type v = make<mapped_type>(value);
          const faults::region region;
          mapped_type& mapped = m[std::move(k)];
          faults::suspend();  // what follows is the caller's assignment, not the map's
          mapped = std::move(v);
          return result{.has_value = true, .value = id_of(mapped)};
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
        at->second = std::move(v);
        return seen(true, at);
      });
  }
  return unsupported();
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::erase_one(const request& r) {
  map_type& m = *maps_[r.target];
  if (r.code == opcode::erase_key) {
    const key_type k = make<key_type>(r.key);
    const faults::region region;
    return {.number = m.erase(k)};
  }
  if (r.code == opcode::erase_iterator) {
    const key_type k = make<key_type>(r.key);
    const faults::region region;
    const auto at = m.find(k);
    if (at == m.end()) {
      return {};
    }
    const auto next = std::next(at);
    const bool last = next == m.end();
    const std::uint64_t next_key = last ? 0 : id_of(next->first);
    if constexpr (std::is_void_v<decltype(m.erase(at))>) {
      m.erase(at);
      return {.flag = true, .number = next == m.end() ? last : !last && id_of(next->first) == next_key};
    } else {
      const auto back = m.erase(at);
      return {.flag = true, .number = back == m.end() ? last : !last && id_of(back->first) == next_key};
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

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::whole_map(const request& r) {
  map_type& m = *maps_[r.target];
  map_type& o = *maps_[r.other];
  [[maybe_unused]] const allocator_type allocator(home(r.target));
  const bool extended = header_.allocator != allocator_mode::equal && !Propagates;
  const auto capacity_request = [&](auto&& act) {
    const std::size_t amount = reserve_amount(r, m.size(), m.max_size());
    try {
      const faults::region region;
      act(amount);
    } catch (const injected_fault&) {
      throw;
    } catch (const std::length_error&) {
      return result{.status = outcome::length_error, .number = m.size()};
    } catch (const std::bad_alloc&) {
      return result{.status = outcome::length_error, .number = m.size()};
    }
    return sizes(r.target);
  };
  const auto settled = [&](result answer) {
    settle_allocators(r);
    return answer;
  };
  switch (r.code) {
    case opcode::insert_range:
    case opcode::construct_range: {
      std::vector<std::pair<key_type, mapped_type>> list;
      list.reserve(r.count);
      for (unsigned i = 0; i < r.count; ++i) {
        const element e = range_element(r, i);
        list.emplace_back(make<key_type>(e.first), make<mapped_type>(e.second));
      }
      const auto with_range = [&](auto first, auto last) -> result {
        if (r.code == opcode::insert_range) {
          if constexpr (requires { m.insert(first, last); }) {
            const faults::region region;
            m.insert(first, last);
            return sizes(r.target);
          }
        } else {
          const hash_type hash(functors_);
          const equal_type equal(functors_);
          if constexpr (requires { map_type(first, last, std::size_t{}, hash, equal, allocator); }) {
            map_type* fresh = nullptr;
            {
              const faults::region region;
              fresh = ::new (spare_) map_type(first, last, header_.capacity, hash, equal, allocator);
            }
            replace(r.target, fresh);
            return settled(sizes(r.target));
          }
        }
        return unsupported();
      };
      if constexpr (copyable) {
        return with_range(list.cbegin(), list.cend());
      } else {
        return with_range(std::make_move_iterator(list.begin()), std::make_move_iterator(list.end()));
      }
    }
    case opcode::insert_list:
    case opcode::assign_list:
      if constexpr (copyable && requires(std::initializer_list<value_type> list) {
                      m.insert(list);
                      m = list;
                    }) {
        const auto e = [&r](unsigned i) {
          const element made = list_element(r, i);
          return value_type(make<key_type>(made.first), make<mapped_type>(made.second));
        };
        const auto with_list = [&](std::initializer_list<value_type> list) {
          const faults::region region;
          if (r.code == opcode::insert_list) {
            m.insert(list);
          } else {
            m = list;
          }
        };
        switch (list_size(r)) {
          case 1:
            with_list({e(0)});
            break;
          case 2:
            with_list({e(0), e(1)});
            break;
          case 3:
            with_list({e(0), e(1), e(2)});
            break;
          default:
            with_list({e(0), e(1), e(2), e(3)});
        }
        return sizes(r.target);
      } else {
        return unsupported();
      }
    case opcode::clear: {
      const faults::region region;
      m.clear();
      return sizes(r.target);
    }
    case opcode::reserve:
      if constexpr (requires { m.reserve(std::size_t{}); }) {
        return capacity_request([&m](std::size_t n) { m.reserve(n); });
      } else {
        return unsupported();
      }
    case opcode::rehash:
      if constexpr (requires { m.rehash(std::size_t{}); }) {
        return capacity_request([&m](std::size_t n) { m.rehash(n); });
      } else {
        return unsupported();
      }
    case opcode::max_load_factor:
      if constexpr (requires { m.max_load_factor(1.0f); }) {
        m.max_load_factor(load_factor(r));
        return {};
      } else {
        return unsupported();
      }
    case opcode::shrink_to_fit:
      if constexpr (requires { m.shrink_to_fit(); }) {
        const faults::region region;
        m.shrink_to_fit();
        return sizes(r.target);
      } else {
        return unsupported();
      }
    case opcode::default_construct:
      replace(r.target, construct(spare_, r.target));
      return settled(sizes(r.target));
    case opcode::copy_construct:
      if constexpr (copyable && std::is_copy_constructible_v<map_type>) {
        map_type* fresh = nullptr;
        {
          const faults::region region;
          if constexpr (std::is_constructible_v<map_type, const map_type&, const allocator_type&>) {
            fresh = extended ? ::new (spare_) map_type(std::as_const(o), allocator)
                             : ::new (spare_) map_type(std::as_const(o));
          } else {
            fresh = ::new (spare_) map_type(std::as_const(o));
          }
        }
        replace(r.target, fresh);
        return settled(sizes(r.target, r.other));
      } else {
        return unsupported();
      }
    case opcode::move_construct:
      if constexpr (std::is_move_constructible_v<map_type>) {
        map_type* fresh = nullptr;
        // Without faults: a construction that fails half way leaves a source that nobody specifies.
        if constexpr (std::is_constructible_v<map_type, map_type&&, const allocator_type&>) {
          fresh = extended ? ::new (spare_) map_type(std::move(o), allocator) : ::new (spare_) map_type(std::move(o));
        } else {
          fresh = ::new (spare_) map_type(std::move(o));
        }
        forget_contents(o);
        replace(r.target, fresh);
        return settled(sizes(r.target, r.other));
      } else {
        return unsupported();
      }
    case opcode::copy_assign:
    case opcode::self_copy_assign:
      if constexpr (copyable && std::is_copy_assignable_v<map_type>) {
        const map_type& from = r.code == opcode::self_copy_assign ? m : o;
        {
          const faults::region region;
          m = from;
        }
        return settled(r.code == opcode::copy_assign ? sizes(r.target, r.other) : sizes(r.target));
      } else {
        return unsupported();
      }
    case opcode::move_assign:
    case opcode::self_move_assign:
      if constexpr (std::is_move_assignable_v<map_type>) {
        map_type& from = r.code == opcode::self_move_assign ? m : o;
        {
          const faults::region region;
          m = std::move(from);
        }
        if (&from != &m) {
          forget_contents(from);
        } else if (!adapter::can().self_move_keeps) {
          m.clear();
        }
        return settled(r.code == opcode::move_assign ? sizes(r.target, r.other) : sizes(r.target));
      } else {
        return unsupported();
      }
    case opcode::swap:
      if constexpr (requires { m.swap(o); }) {
        if (!Propagates && !same_allocator(r.target, r.other)) {
          return left_out();  // undefined by the standard
        }
        const faults::region region;
        m.swap(o);
        return settled(sizes(r.target, r.other));
      } else {
        return unsupported();
      }
    case opcode::self_swap:
      if constexpr (requires { m.swap(m); }) {
        const faults::region region;
        m.swap(m);
        return sizes(r.target);
      } else {
        return unsupported();
      }
    case opcode::merge:
    case opcode::self_merge:
      if constexpr (requires { m.merge(o); }) {
        map_type& from = r.code == opcode::self_merge ? m : o;
        if (&from != &m && !same_allocator(r.target, r.other)) {
          return left_out();  // undefined by the standard
        }
        const faults::region region;
        m.merge(from);
        return r.code == opcode::merge ? sizes(r.target, r.other) : sizes(r.target);
      } else {
        return unsupported();
      }
    default:
      return unsupported();
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::node_operation(const request& r) {
  if constexpr (has_nodes) {
    map_type& m = *maps_[r.target];
    const auto hold = [&](typename map_type::node_type&& fresh) -> result {
      if (fresh.empty()) {
        return {};
      }
      node_.emplace(std::move(fresh));
      node_arena_ = expected_[r.target];
      return {.flag = true, .has_value = true, .value = id_of(node_->mapped()), .number = id_of(node_->key())};
    };
    switch (r.code) {
      case opcode::extract_key: {
        const key_type k = make<key_type>(r.key);
        auto fresh = [&] {
          const faults::region region;
          return m.extract(k);
        }();
        return hold(std::move(fresh));
      }
      case opcode::extract_iterator: {
        const key_type k = make<key_type>(r.key);
        auto at = m.find(k);
        if (at == m.end()) {
          return {};
        }
        auto fresh = [&] {
          const faults::region region;
          return m.extract(at);
        }();
        return hold(std::move(fresh));
      }
      case opcode::insert_node:
      case opcode::insert_node_hint: {
        if (node_ && node_arena_ != expected_[r.target]) {
          return left_out();  // undefined by the standard
        }
        typename map_type::node_type none;
        auto& held = node_ ? *node_ : none;
        const bool full = !held.empty();
        if (!adapter::can().failed_hint_keeps_node && r.code == opcode::insert_node_hint && full &&
            m.find(held.key()) != m.end()) {
          return left_out();
        }
        const std::size_t before = m.size();
        result answer;
        if (r.code == opcode::insert_node) {
          const faults::region region;
          auto inserted = m.insert(std::move(held));
          if (full != (inserted.position != m.end())) {
            answer.number = 8;  // an iterator where there should be none, or the other way round
          } else if (full) {
            answer = seen(inserted.inserted, inserted.position);
          }
          if (!inserted.node.empty()) {
            held = std::move(inserted.node);
          }
        } else {
          const faults::region region;
          const auto at = m.insert(m.begin(), std::move(held));
          if (full) {
            answer = seen(m.size() != before, at);
          }
        }
        answer.number += held.empty() ? 0u : 1u;
        if (node_ && held.empty()) {
          node_.reset();
        }
        return answer;
      }
      default:  // drop_node
        node_.reset();
        return {};
    }
  } else {
    return unsupported();
  }
}

// Misuse is staged on a map made for it, with a handful of elements, since a map that was misused is only good for
// being destroyed. The answer is `misuse` when the map said so and `done` when it did not.
GAUNTLET_SUBJECT_TEMPLATE
template <class Act>
result GAUNTLET_SUBJECT_OF::stage(Act&& act) {
  result answer;
  alignas(map_type) std::byte bytes[sizeof(map_type)];
  map_type* const m = construct(bytes, 0);
  for (std::uint64_t i = 0; i < 4; ++i) {
    m->emplace(make<key_type>(i), make<mapped_type>(i));
  }
  {
    [[maybe_unused]] const typename adapter::misuse_guard guard;
    try {
      act(*m);
    } catch (const diagnosed_misuse&) {
      answer.status = outcome::misuse;
    }
  }
  functors_.in_hash = nullptr;
  functors_.in_equality = nullptr;
  functors_.context = nullptr;
  m->~map_type();
  return answer;
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::misuse(const request& r) {
  if constexpr (requires { typename adapter::misuse_guard; } && adapter::can().diagnoses_misuse) {
    constexpr auto write = [](void* context) {
      static_cast<map_type*>(context)->emplace(make<key_type>(1000), make<mapped_type>(1));
    };
    switch (static_cast<misuse_act>(r.argument % misuse_act_count)) {
      case misuse_act::stale_iterator:
        return stage([](map_type& m) {
          const auto at = m.begin();
          for (std::uint64_t i = 0; i < 4096; ++i) {
            m.emplace(make<key_type>(100 + i), make<mapped_type>(i));
          }
          static_cast<void>(id_of(at->second));
        });
      case misuse_act::erased_iterator:
        return stage([](map_type& m) {
          const auto at = m.begin();
          const std::uint64_t key = id_of(at->first);
          m.erase(make<key_type>(key));
          static_cast<void>(id_of(at->second));
        });
      case misuse_act::cursor_of_moved_map:
        if constexpr (requires(map_type& m) { m.walk(); }) {
          return stage([](map_type& m) {
            auto cursor = m.walk();
            const map_type taken(std::move(m));
            cursor.next();
          });
        } else {
          return unsupported();
        }
      case misuse_act::dereference_end:
        return stage([](map_type& m) { static_cast<void>(id_of(m.end()->second)); });
      case misuse_act::write_in_hash:
        return stage([&](map_type& m) {
          functors_.context = &m;
          functors_.in_hash = +write;
          m.emplace(make<key_type>(50), make<mapped_type>(50));
        });
      case misuse_act::write_in_equality:
        return stage([&](map_type& m) {
          functors_.context = &m;
          functors_.in_equality = +write;
          m.emplace(make<key_type>(1), make<mapped_type>(50));
        });
      case misuse_act::write_in_predicate:
        return stage([&](map_type& m) {
          using std::erase_if;
          erase_if(m, [&](const auto&) {
            write(&m);
            return false;
          });
        });
    }
  }
  return unsupported();
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::erase_range(const request& r, std::vector<element>& erased) {
  map_type& m = *maps_[r.target];
  erased.clear();
  if constexpr (requires { m.erase(m.begin(), m.end()); }) {
    auto last = m.begin();
    while (erased.size() < r.count && last != m.end()) {
      erased.emplace_back(id_of(last->first), id_of(last->second));
      ++last;
    }
    try {
      const faults::region region;
      const auto back = m.erase(m.begin(), last);
      return {.flag = back == m.end(), .number = erased.size()};
    } catch (const injected_fault&) {
      return {.status = outcome::injected};
    }
  } else {
    return unsupported();
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::walk(unsigned target, const visitor& visit) {
  map_type& m = *maps_[target];
  if constexpr (requires { m.walk(); } && adapter::can().cursor) {
    for (auto cursor = m.walk(); cursor; cursor.next()) {
      if (visit(id_of(cursor->first), id_of(cursor->second)) == visit_answer::stop) {
        break;
      }
    }
    return {};
  } else {
    static_cast<void>(m);
    static_cast<void>(visit);
    return unsupported();
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::iterate(unsigned target, const visitor& visit) {
  map_type& m = *maps_[target];
  for (auto at = m.begin(); at != m.end();) {
    const visit_answer answer = visit(id_of(at->first), id_of(at->second));
    if (answer == visit_answer::stop) {
      break;
    }
    if (answer == visit_answer::go_on) {
      ++at;
    } else if constexpr (std::is_void_v<decltype(m.erase(at))>) {
      const auto gone = at;
      ++at;
      m.erase(gone);
    } else {
      at = m.erase(at);
    }
  }
  return {};
}

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
  if constexpr (has_allocator) {
    for (unsigned i = 0; i < map_count && text.empty(); ++i) {
      if (maps_[i] != nullptr) {
        const unsigned actual = index_of(maps_[i]->get_allocator().from());
        if (actual != expected_[i]) {
          text = "wrong allocator: map " + std::to_string(i) + " uses the arena of map " + std::to_string(actual) +
                 ", by the rules of propagation it is that of map " + std::to_string(expected_[i]);
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

#undef GAUNTLET_SUBJECT_TEMPLATE
#undef GAUNTLET_SUBJECT_OF

template <template <class, class, class, class, class> class Adapter, element_types First, element_types... Rest>
subject_factory make_subject() {
  return [](const program_header& wanted) -> std::unique_ptr<subject> {
    program_header header = wanted;
    std::unique_ptr<subject> made;
    const auto try_type = [&]<element_types Types>(std::integral_constant<element_types, Types>) {
      if (made != nullptr || header.types != Types) {
        return;
      }
      if constexpr (Types == element_types::tracked_tracked) {
        if (header.allocator == allocator_mode::propagating) {
          made = std::make_unique<subject_of<Adapter, Types, true>>(header);
          return;
        }
      } else if (header.allocator == allocator_mode::propagating) {
        header.allocator = allocator_mode::unequal;
      }
      made = std::make_unique<subject_of<Adapter, Types, false>>(header);
    };
    try_type(std::integral_constant<element_types, First>{});
    (try_type(std::integral_constant<element_types, Rest>{}), ...);
    if (made == nullptr) {
      header.types = First;
      try_type(std::integral_constant<element_types, First>{});
    }
    return made;
  };
}

}  // namespace gauntlet::check

// GAUNTLET_SUBJECT(name, adapter, element types...): registers the map under `name` before main. Use it in a source
// file that is linked as an object (an object library keeps it; from a static library nobody would ask for it).
#define GAUNTLET_SUBJECT(subject_name, ...)                    \
  static const bool gauntlet_registered_##subject_name = [] {  \
    ::gauntlet::check::registration r;                         \
    r.name = #subject_name;                                    \
    r.single = ::gauntlet::check::make_subject<__VA_ARGS__>(); \
    ::gauntlet::check::register_subject(std::move(r));         \
    return true;                                               \
  }()
