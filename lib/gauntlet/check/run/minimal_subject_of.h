// A map without the standard's interface behind the subject interface, by an adapter of five functions:
//
//   struct my_map_adapter {
//     using map_type = my::map;                 // default constructible
//     static constexpr std::string_view name = "my_map";
//     static bool insert(map_type&, std::uint64_t key, std::uint64_t value);       // false: was there, unchanged
//     static std::optional<std::uint64_t> find(const map_type&, std::uint64_t key);
//     static bool erase(map_type&, std::uint64_t key);
//     static std::size_t size(const map_type&);
//     static void for_each(const map_type&, f);  // f(key, value)
//     // As far as the map has them:
//     static bool assign(map_type&, std::uint64_t key, std::uint64_t value);       // false: was there, has the value now
//     static void clear(map_type&);
//     static bool self_check(const map_type&, std::ostream& dump);
//     // If for_each has an order:
//     static constexpr iteration_order iterates = iteration_order::by_key;
//   };
//
// Keys and values are numbers, the hash is the map's own. Inserting, assigning, finding, erasing, clearing, size, fresh maps
// and, where the map can be copied, copying are judged; everything else is left out. Walks are iterations without changes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/check/run/request.h>
#include <gauntlet/check/run/subject_base.h>

namespace gauntlet::check {

template <class Adapter>
class minimal_subject_of final : public subject_base {
 public:
  using map_type = typename Adapter::map_type;

  explicit minimal_subject_of(const program_header& header) : subject_base(header) {
    for (auto& m : maps_) {
      m = std::make_unique<map_type>();
    }
  }

  std::string_view name() const override { return Adapter::name; }
  capabilities can() const override {
    capabilities c;
    c.exception_safe = false;
    c.checks_itself = requires(std::ostream& dump) { Adapter::self_check(*maps_[0], dump); };
    if constexpr (requires { Adapter::iterates; }) c.iterates = Adapter::iterates;
    return c;
  }

  result apply(const request& r) override {
    map_type& m = *maps_[r.target];
    switch (r.code) {
      case opcode::nothing:
        return {};
      case opcode::find:
        return look(r.target, r.key);
      case opcode::contains:
        return {.flag = look(r.target, r.key).flag};
      case opcode::count:
        return {.number = look(r.target, r.key).flag ? 1u : 0u};
      case opcode::size:
        return {.flag = Adapter::size(m) == 0, .number = Adapter::size(m)};
      case opcode::insert_copy:
      case opcode::insert_move:
      case opcode::emplace:
        return each(r, [&](std::uint64_t key, std::uint64_t value) {
          return seen(r.target, key, Adapter::insert(m, key, value));
        });
      case opcode::insert_or_assign:
      case opcode::insert_or_assign_move:
        if constexpr (requires { Adapter::assign(m, std::uint64_t{}, std::uint64_t{}); }) {
          return each(r, [&](std::uint64_t key, std::uint64_t value) {
            return seen(r.target, key, Adapter::assign(m, key, value));
          });
        }
        return {.status = outcome::unsupported};
      case opcode::clear:
        if constexpr (requires { Adapter::clear(m); }) {
          Adapter::clear(m);
          return {.number = size(r.target)};
        }
        return {.status = outcome::unsupported};
      case opcode::erase_key:
        return {.number = Adapter::erase(m, r.key) ? 1u : 0u};
      case opcode::default_construct:
        maps_[r.target] = std::make_unique<map_type>();
        return {};
      case opcode::copy_construct:
        if constexpr (std::is_copy_constructible_v<map_type>) {
          maps_[r.target] = std::make_unique<map_type>(std::as_const(*maps_[r.other]));
          return {.value = size(r.other), .number = size(r.target)};
        }
        return {.status = outcome::unsupported};
      case opcode::copy_assign:
        if constexpr (std::is_copy_assignable_v<map_type>) {
          m = std::as_const(*maps_[r.other]);
          return {.value = size(r.other), .number = size(r.target)};
        }
        return {.status = outcome::unsupported};
      default:
        return {.status = outcome::unsupported};
    }
  }
  // Key by key, so that the map drains.
  result erase_range(const request& r, std::vector<element>& erased) override {
    contents(r.target, erased);
    const std::size_t first = std::min(range_begin(r, erased.size()), erased.size());
    erased.erase(erased.begin(), erased.begin() + static_cast<std::ptrdiff_t>(first));
    if (erased.size() > r.count) erased.resize(r.count);
    result all{.flag = true};
    for (const element& e : erased) all.number += Adapter::erase(*maps_[r.target], e.first) ? 1U : 0U;
    return all;
  }
  result walk(unsigned, const visitor&) override { return {.status = outcome::unsupported}; }
  // The elements as they are when it starts, since for_each cannot be left. A body of iterate changes nothing but
  // values, which this map has no way to change.
  result iterate(unsigned target, const visitor& visit) override {
    std::vector<element> shown;
    contents(target, shown);
    for (const element& e : shown) {
      const visit_answer answer = visit(e.first, e.second);
      if (answer == visit_answer::stop) {
        break;
      }
      if (answer == visit_answer::erase_current) {
        Adapter::erase(*maps_[target], e.first);
      }
    }
    return {};
  }

  void contents(unsigned target, std::vector<element>& out) const override {
    out.clear();
    Adapter::for_each(std::as_const(*maps_[target]),
                      [&out](std::uint64_t key, std::uint64_t value) { out.emplace_back(key, value); });
  }
  std::size_t size(unsigned target) const override { return Adapter::size(*maps_[target]); }
  result look(unsigned target, std::uint64_t key) const override {
    const auto found = Adapter::find(std::as_const(*maps_[target]), key);
    return found ? result{.flag = true, .has_value = true, .value = *found} : result{};
  }
  bool node(element&) const override { return false; }
  std::string self_check([[maybe_unused]] unsigned target) const override {
    if constexpr (requires(std::ostream& dump) { Adapter::self_check(*maps_[target], dump); }) {
      std::ostringstream dump;
      if (!Adapter::self_check(*maps_[target], dump)) {
        return dump.str().empty() ? "the self-check failed without a word" : dump.str();
      }
    }
    return {};
  }
  std::uint64_t structural_events() const override { return 0; }
  work_count work() const override { return {}; }
  std::size_t element_bytes() const override { return sizeof(element); }
  std::string allocator_check() const override { return {}; }
  std::string finish() override {
    for (auto& m : maps_) {
      m.reset();
    }
    return balance();
  }

 private:
  result seen(unsigned target, std::uint64_t key, bool inserted) const {
    result answer = look(target, key);
    answer.flag = inserted;
    return answer;
  }

  std::unique_ptr<map_type> maps_[map_count];
};

template <class Adapter>
subject_factory make_minimal_subject() {
  return [](const program_header& header) -> std::unique_ptr<subject> {
    return std::make_unique<minimal_subject_of<Adapter>>(header);
  };
}

}  // namespace gauntlet::check
