// Any concurrent map, seen as a concurrent_subject.
//
// An adapter introduces the map:
//
//   template <class Key, class T, class Hash, class KeyEqual, class Allocator>
//   struct my_adapter {
//     using map_type = my_map<Key, T, Hash, KeyEqual, Allocator>;
//     static constexpr std::string_view name = "my_map";
//     static constexpr check::contract contract_of(check::opcode code);
//     // optional: static std::unique_ptr<map_type> make(const Hash&, const KeyEqual&, const Allocator&);
//     // optional: static constexpr check::progress progress_of(check::opcode code);   without it: blocking
//     // optional: static constexpr check::precedence order = check::precedence::real_time;   without it: happens_before
//     // optional: static constexpr check::iteration_order iterates = check::iteration_order::by_key;   without it: none
//     // optional: static constexpr check::failure_promise on_failure = check::failure_promise::strong;   without it: basic
//     // optional: static constexpr bool fails_as_promised(check::opcode, check::fault_kind);   without it: always
//     // optional: static constexpr bool snapshots_are_held = true;   what snapshot() gives never changes, and may be kept
//     //           after the map is gone. Without it, it is read at once and forgotten
//     // optional: static constexpr std::size_t slack_when_empty = 512;   two emptied maps keep at most so many bytes more
//     //           than two fresh ones, once elements have come and gone for a while. Without it they keep what they like
//     // optional: static constexpr bool shrinks_when_asked = true;   and shrink_to_fit() was called
//     // optional: static constexpr bool has_a_known_race = true;   without it: every race is reported
//   };
//
// and the map's operations are called by name, each only if the map has it:
//   find(k) -> optional<T>, contains(k), insert(k, v), try_emplace(k, v), insert_or_assign(k, v), erase(k) -> bool,
//   extract(k) -> optional<T>, compare_exchange(k, expected, desired) -> bool, compare_and_delete(k, expected) -> bool,
//   update(k, f(T&)) -> bool, insert_or_visit(k, v, f(T&)) or upsert(k, f(T&), v) -> whether it inserted,
//   size(), empty(), clear(), erase_if(p(const Key&, const T&)) -> count, for_each(f(const Key&, const T&)),
//   reserve(n), shrink_to_fit(), snapshot() -> a range of elements, copy construction, copy assignment, swap(other), ==,
//   merge(other), self_check(std::ostream*) -> bool, describe() -> std::string;
// and instead of some of them, for every third key or every fourth value:
//   visit(k, f(const T&)) -> bool and load(k) -> optional<T> for find, insert_or_visit(k, v, f(T&)) -> bool and
//   load_or_store(k, v) -> pair<T, bool> for insert and try_emplace, swap(k, v) -> optional<T> for insert_or_assign,
//   load_and_delete(k) -> optional<T> for extract, compare_and_swap(k, expected, desired) -> bool for compare_exchange,
//   range(f(const Key&, const T&) -> bool), which shows all as long as f says true, for for_each in every other thread.
// What a map lacks is outcome::unsupported and leaves no trace in the history. for_each is required: it shows the
// contents at the end.
//
// Both maps use one arena, so that swap is defined; they have the program's hash quality.
#pragma once

#include <algorithm>
#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/check/history/history.h>
#include <gauntlet/check/run/concurrent_executor.h>
#include <gauntlet/check/run/concurrent_types.h>
#include <gauntlet/check/run/held_snapshot.h>
#include <gauntlet/check/run/request.h>
#include <gauntlet/check/types/faults.h>

namespace gauntlet::check {

template <template <class, class, class, class, class> class Adapter, element_types Types>
class concurrent_subject_of final : public concurrent_subject {
 public:
  using key = typename element_types_of<Types>::key;
  using mapped = typename element_types_of<Types>::mapped;
  using hash = shared_hash<key>;
  using key_equal = shared_equal<key>;
  using allocator = shared_allocator<std::pair<const key, mapped>>;
  using adapter = Adapter<key, mapped, hash, key_equal, allocator>;
  using map_type = typename adapter::map_type;

  explicit concurrent_subject_of(const program_header& header) : hash_quality_(header.hash) {}

  std::string_view name() const override { return adapter::name; }
  contract contract_of(opcode code) const override {
    const bool is_asked = reach_of(code) != reach::foreign || makes_room(code);
    return is_asked ? adapter::contract_of(code) : contract::unsupported;
  }

  progress progress_of([[maybe_unused]] opcode code) const override {
    if constexpr (requires { adapter::progress_of(code); }) return adapter::progress_of(code);
    return progress::blocking;
  }

  precedence order() const override {
    if constexpr (requires { adapter::order; }) return adapter::order;
    return precedence::happens_before;
  }

  iteration_order iterates() const override {
    if constexpr (requires { adapter::iterates; }) return adapter::iterates;
    return iteration_order::unspecified;
  }

  failure_promise on_failure() const override {
    if constexpr (requires { adapter::on_failure; }) return adapter::on_failure;
    return failure_promise::basic;
  }

  bool fails_as_promised([[maybe_unused]] opcode code, [[maybe_unused]] fault_kind kind) const override {
    if constexpr (requires { adapter::fails_as_promised(code, kind); }) return adapter::fails_as_promised(code, kind);
    return true;
  }

  std::optional<std::size_t> slack_when_empty() const override {
    if constexpr (requires { adapter::slack_when_empty; }) return adapter::slack_when_empty;
    return std::nullopt;
  }

  bool races_are_judged() const override {
    if constexpr (requires { adapter::has_a_known_race; }) return !adapter::has_a_known_race;
    return true;
  }

  void begin() override {
    for (auto& map : maps_) map = make_map(hash(hash_quality_), key_equal(), allocator(arena_));
  }
  result apply(const request& r) override;
  result collect(const request& r, unsigned lane, std::vector<element>& shown, concurrent_executor* told) override;
  void hold(unsigned lane, const std::vector<element>& shown) override { held_[lane].hold(shown); }
  void contents(unsigned target, std::vector<element>& out) const override { read(*maps_[target], out, nullptr); }
  std::string self_check(unsigned target) const override;
  std::string state(unsigned target) const override;
  void shrink(unsigned target) override {
    if constexpr (requires { adapter::shrinks_when_asked; }) {
      if (adapter::shrinks_when_asked) maps_[target]->shrink_to_fit();
    }
  }
  std::size_t bytes() const override { return arena_.bytes(); }
  std::string destroy() override;
  std::string finish() override;

 private:
  static constexpr std::size_t elements_reserved_max = 64;

  static std::unique_ptr<map_type> make_map(const hash& h, const key_equal& e, const allocator& a) {
    if constexpr (requires { adapter::make(h, e, a); }) {
      return adapter::make(h, e, a);
    } else if constexpr (std::constructible_from<map_type, const hash&, const key_equal&, const allocator&>) {
      return std::make_unique<map_type>(h, e, a);
    } else if constexpr (std::constructible_from<map_type, std::size_t, const hash&, const key_equal&,
                                                 const allocator&>) {
      return std::make_unique<map_type>(std::size_t{0}, h, e, a);
    } else {
      return std::make_unique<map_type>();
    }
  }
  // What runs inside the map's operation, under its locks, is a place to be disturbed at, and one where a function that
  // was handed in may throw.
  static void called_by_the_map() {
    disturbance::point();
    faults::event(fault_kind::function);
  }
  static void show(const key& k, const mapped& v, std::vector<element>& shown, concurrent_executor* told) {
    called_by_the_map();
    shown.emplace_back(id_of(k), number_of(v));
    if (told != nullptr) told->shows(shown);
  }
  static void read(const map_type& map, std::vector<element>& out, concurrent_executor* told) {
    map.for_each([&](const key& k, const mapped& v) { show(k, v, out, told); });
  }

  static constexpr bool holds_snapshots = [] {
    if constexpr (requires { adapter::snapshots_are_held; }) return adapter::snapshots_are_held;
    return false;
  }();
  struct no_handle {
    const element* begin() const { return nullptr; }
    const element* end() const { return nullptr; }
  };
  template <class Map, bool Held>
  struct handle_of {
    using type = no_handle;
  };
  template <class Map>
  struct handle_of<Map, true> {
    using type = decltype(std::declval<const Map&>().snapshot());
  };
  using handle = typename handle_of<map_type, holds_snapshots>::type;

  // A value that is a number stands in both halves of its word. What was put together from the halves of two was written by
  // nobody, and is told with its highest bit changed, so that it looks like nothing that was.
  static constexpr bool doubles = std::is_same_v<mapped, std::uint64_t>;
  static constexpr std::uint64_t both_halves = 0x1'0000'0001;
  static mapped mapped_of(std::uint64_t id) {
    if constexpr (doubles) {
      return id * both_halves;
    } else {
      return make<mapped>(id);
    }
  }
  static std::uint64_t number_of(const mapped& value) {
    if constexpr (doubles) {
      const std::uint64_t id = value & 0xFFFF'FFFF;
      return value == id * both_halves ? id : value ^ std::uint64_t{1} << 63;
    } else {
      return id_of(value);
    }
  }

  struct numbers {
    template <class T>
    static std::uint64_t of(const T& value) {
      if constexpr (std::is_same_v<T, mapped>) return number_of(value);
      return 0;  // a map without snapshots has a stand-in for them, which is never asked
    }
  };

  // Where there are two names for one thing.
  static bool takes_second_way_of_key(const request& r) noexcept { return r.key % 3 == 2; }
  static bool takes_second_way_of_value(const request& r) noexcept { return r.value % 4 == 3; }
  // What the second way gave; nothing where there is none, or this is not its turn.
  static std::optional<result> found_otherwise(const map_type& m, const key& k, const request& r);
  static std::optional<result> inserted_otherwise(map_type& m, const key& k, const request& r);

  static result yes_or_no(bool flag) {
    result answer;
    answer.flag = flag;
    return answer;
  }
  static result of_optional(const std::optional<mapped>& value) {
    result answer = yes_or_no(value.has_value());
    answer.has_value = answer.flag;
    answer.value = value ? number_of(*value) : 0;
    return answer;
  }
  static result unsupported() {
    result answer;
    answer.status = outcome::unsupported;
    return answer;
  }

  hash_quality hash_quality_;
  shared_arena arena_;
  std::unique_ptr<map_type> maps_[history_map_count];
  held_snapshot<handle, numbers> held_[lane_count_max];  // by lane
};

// A factory that looks at the header's element types; types that are not listed fall back to the first.
template <template <class, class, class, class, class> class Adapter, element_types First, element_types... Rest>
concurrent_subject_factory make_concurrent_subject() {
  return [](const program_header& header) -> std::unique_ptr<concurrent_subject> {
    std::unique_ptr<concurrent_subject> made;
    [[maybe_unused]] const auto make_if = [&]<element_types Types>() {
      if (header.types == Types) made = std::make_unique<concurrent_subject_of<Adapter, Types>>(header);
    };
    (make_if.template operator()<Rest>(), ...);
    if (!made) made = std::make_unique<concurrent_subject_of<Adapter, First>>(header);
    return made;
  };
}

// ----------------------------------------------------------------------------------------------------- the bodies

template <template <class, class, class, class, class> class Adapter, element_types Types>
std::optional<result> concurrent_subject_of<Adapter, Types>::found_otherwise([[maybe_unused]] const map_type& m,
                                                                             [[maybe_unused]] const key& k,
                                                                             const request& r) {
  if (!takes_second_way_of_key(r)) return std::nullopt;
  result answer;
  const auto look = [&answer](const mapped& v) {
    called_by_the_map();
    answer.has_value = true;
    answer.value = number_of(v);
  };
  if constexpr (requires {
                  { m.visit(k, look) } -> std::same_as<bool>;
                }) {
    if (r.key % 2 == 0) {
      answer.flag = m.visit(k, look);
      return answer;
    }
  }
  if constexpr (requires {
                  { m.load(k) } -> std::same_as<std::optional<mapped>>;
                })
    return of_optional(m.load(k));
  return std::nullopt;
}

template <template <class, class, class, class, class> class Adapter, element_types Types>
std::optional<result> concurrent_subject_of<Adapter, Types>::inserted_otherwise([[maybe_unused]] map_type& m,
                                                                                [[maybe_unused]] const key& k,
                                                                                const request& r) {
  if (!takes_second_way_of_value(r)) return std::nullopt;
  [[maybe_unused]] const mapped v = mapped_of(r.value);
  result answer;
  const auto look = [&answer](mapped& there) {
    called_by_the_map();
    answer.has_value = true;
    answer.value = number_of(there);
  };
  if constexpr (requires {
                  { m.insert_or_visit(k, v, look) } -> std::same_as<bool>;
                }) {
    answer.flag = m.insert_or_visit(k, v, look);
    return answer;
  }
  if constexpr (requires {
                  { m.load_or_store(k, v) } -> std::same_as<std::pair<mapped, bool>>;
                }) {
    const auto [there, was_there] = m.load_or_store(k, v);
    answer.flag = !was_there;
    answer.has_value = true;
    answer.value = number_of(there);
    return answer;
  }
  return std::nullopt;
}

template <template <class, class, class, class, class> class Adapter, element_types Types>
result concurrent_subject_of<Adapter, Types>::apply(const request& r) {
  map_type& m = *maps_[r.target];
  [[maybe_unused]] map_type& other = *maps_[r.other];
  const key k = make<key>(r.key);
  const auto value = [](std::uint64_t id) { return mapped_of(id); };

  switch (r.code) {
    case opcode::find:
      if (const auto answer = found_otherwise(m, k, r)) return *answer;
      if constexpr (requires { m.find(k); }) return of_optional(m.find(k));
      break;
    case opcode::contains:
      if constexpr (requires { m.contains(k); }) return yes_or_no(m.contains(k));
      break;
    case opcode::insert_copy:
      if (const auto answer = inserted_otherwise(m, k, r)) return *answer;
      if constexpr (requires { m.insert(k, value(0)); }) return yes_or_no(m.insert(k, value(r.value)));
      break;
    case opcode::try_emplace:
      if (const auto answer = inserted_otherwise(m, k, r)) return *answer;
      if constexpr (requires { m.try_emplace(k, value(0)); }) return yes_or_no(m.try_emplace(k, value(r.value)));
      break;
    case opcode::insert_or_assign:
      if constexpr (requires {
                      { m.swap(k, value(0)) } -> std::same_as<std::optional<mapped>>;
                    }) {
        if (takes_second_way_of_value(r)) return yes_or_no(!m.swap(k, value(r.value)).has_value());
      }
      if constexpr (requires { m.insert_or_assign(k, value(0)); }) {
        return yes_or_no(m.insert_or_assign(k, value(r.value)));
      }
      break;
    case opcode::erase_key:
      if constexpr (requires { m.erase(k); }) return yes_or_no(m.erase(k));
      break;
    case opcode::extract_key:
      if constexpr (requires {
                      { m.load_and_delete(k) } -> std::same_as<std::optional<mapped>>;
                    }) {
        if (takes_second_way_of_key(r)) return of_optional(m.load_and_delete(k));
      }
      if constexpr (requires { m.extract(k); }) return of_optional(m.extract(k));
      break;
    case opcode::compare_exchange:
      if constexpr (requires {
                      { m.compare_and_swap(k, value(0), value(1)) } -> std::same_as<bool>;
                    }) {
        if (takes_second_way_of_key(r)) {
          return yes_or_no(m.compare_and_swap(k, value(r.value), value(r.value + 1)));
        }
      }
      if constexpr (requires { m.compare_exchange(k, value(0), value(1)); }) {
        return yes_or_no(m.compare_exchange(k, value(r.value), value(r.value + 1)));
      }
      break;
    case opcode::fetch_update:
    case opcode::update: {
      result answer;
      const auto change = [&](mapped& v) {
        called_by_the_map();
        const std::uint64_t old = number_of(v);
        disturbance::point();
        v = value(r.code == opcode::update ? r.value : old + r.value);
        answer.has_value = r.code == opcode::fetch_update;
        answer.value = answer.has_value ? old : 0;
      };
      if constexpr (requires { m.update(k, change); }) {
        answer.flag = m.update(k, change);
        // A map that works on a copy may have called us and then found that the element is gone.
        if (!answer.flag) answer = yes_or_no(false);
        return answer;
      }
      break;
    }
    case opcode::upsert: {
      result answer;
      const auto add = [&](mapped& v) {
        called_by_the_map();
        const std::uint64_t sum = number_of(v) + r.value;
        disturbance::point();
        v = value(sum);
        answer.value = sum;
      };
      const auto inserted_or_added = [&](bool inserted) {
        answer.flag = inserted;
        answer.has_value = true;
        if (inserted) answer.value = r.value;
        return answer;
      };
      if constexpr (requires {
                      { m.insert_or_visit(k, value(0), add) } -> std::same_as<bool>;
                    }) {
        return inserted_or_added(m.insert_or_visit(k, value(r.value), add));
      } else if constexpr (requires {
                             { m.upsert(k, add, value(0)) } -> std::same_as<bool>;
                           }) {
        return inserted_or_added(m.upsert(k, add, value(r.value)));
      }
      break;
    }
    case opcode::compare_erase:
      if constexpr (requires {
                      { m.compare_and_delete(k, value(0)) } -> std::same_as<bool>;
                    }) {
        return yes_or_no(m.compare_and_delete(k, value(r.value)));
      }
      break;
    case opcode::size:
      if constexpr (requires { m.size(); }) {
        result answer;
        answer.number = m.size();
        answer.flag = answer.number == 0;
        if constexpr (requires { m.empty(); }) answer.flag = m.empty();
        return answer;
      }
      break;
    case opcode::clear:
      if constexpr (requires { m.clear(); }) {
        m.clear();
        return {};
      }
      break;
    case opcode::erase_if: {
      const auto chosen = [&r](const key& candidate, const mapped& v) {
        called_by_the_map();
        return predicate_holds(r, id_of(candidate), number_of(v));
      };
      if constexpr (requires { m.erase_if(chosen); }) {
        result answer;
        answer.number = m.erase_if(chosen);
        return answer;
      }
      break;
    }
    case opcode::reserve:
      if constexpr (requires { m.reserve(std::size_t{1}); }) {
        m.reserve(r.value % elements_reserved_max);
        return {};
      }
      break;
    case opcode::shrink_to_fit:
      if constexpr (requires { m.shrink_to_fit(); }) {
        m.shrink_to_fit();
        return {};
      }
      break;
    case opcode::equal:
      if constexpr (requires { m == other; }) return yes_or_no(m == other);
      break;
    case opcode::swap:
      if constexpr (requires { m.swap(other); }) {
        m.swap(other);
        return {};
      }
      break;
    case opcode::copy_assign:
      if constexpr (std::is_copy_assignable_v<map_type>) {
        m = std::as_const(other);
        return {};
      }
      break;
    case opcode::merge:
      if constexpr (requires { m.merge(other); }) {
        m.merge(other);
        return {};
      }
      break;
    default:
      break;
  }
  return unsupported();
}

template <template <class, class, class, class, class> class Adapter, element_types Types>
result concurrent_subject_of<Adapter, Types>::collect(const request& r, [[maybe_unused]] unsigned lane,
                                                      std::vector<element>& shown,
                                                      [[maybe_unused]] concurrent_executor* told) {
  const map_type& m = *maps_[r.target];
  switch (r.code) {
    case opcode::walk: {
      const auto show_on = [&](const key& k, const mapped& v) {
        show(k, v, shown, told);
        return true;
      };
      if constexpr (requires { m.range(show_on); }) {
        if (lane % 2 == 0) {
          m.range(show_on);
          return {};
        }
      }
      read(m, shown, told);
      return {};
    }
    case opcode::copy_construct:
      if constexpr (std::copy_constructible<map_type>) {
        const map_type copy(m);
        read(copy, shown, told);
        return {};
      }
      break;
    case opcode::snapshot:
      if constexpr (requires { m.snapshot(); }) {
        if constexpr (holds_snapshots) {
          held_[lane].take(m, shown);
        } else {
          const auto copy = m.snapshot();
          faults::suspend();
          for (const auto& [k, v] : copy) shown.emplace_back(id_of(k), number_of(v));
        }
        return {};
      }
      break;
    default:
      break;
  }
  return unsupported();
}

template <template <class, class, class, class, class> class Adapter, element_types Types>
std::string concurrent_subject_of<Adapter, Types>::self_check(unsigned target) const {
  const map_type& m = *maps_[target];
  std::ostringstream dump;
  if constexpr (requires { m.self_check(&dump); }) {
    if (!m.self_check(&dump)) return dump.str().empty() ? "the self-check fails" : dump.str();
  }
  return {};
}

template <template <class, class, class, class, class> class Adapter, element_types Types>
std::string concurrent_subject_of<Adapter, Types>::state(unsigned target) const {
  const map_type& m = *maps_[target];
  if constexpr (requires { m.describe(); }) {
    return m.describe();
  } else {
    std::vector<element> all;
    read(m, all, nullptr);
    return std::to_string(all.size()) + " elements";
  }
}

template <template <class, class, class, class, class> class Adapter, element_types Types>
std::string concurrent_subject_of<Adapter, Types>::destroy() {
  // What the first threads hold they let go while the maps end, and another thread what the others hold.
  const auto first_half = std::span(held_).first(lane_count_max / 2),
             second_half = std::span(held_).subspan(lane_count_max / 2);
  const auto let_go = [](auto held) {
    for (auto& each : held) each.let_go();
  };
  if (std::any_of(second_half.begin(), second_half.end(), [](const auto& held) { return held.holds(); })) {
    std::thread beside([&] { let_go(second_half); });
    for (auto& map : maps_) map.reset();
    let_go(first_half);
    beside.join();
  } else {
    for (auto& map : maps_) map.reset();
    let_go(first_half);
  }
  for (const auto& held : held_) {
    if (!held.what_changed().empty()) return held.what_changed();
  }
  return {};
}

template <template <class, class, class, class, class> class Adapter, element_types Types>
std::string concurrent_subject_of<Adapter, Types>::finish() {
  if (arena_.error() != nullptr) return arena_.error();
  if (arena_.blocks() == 0) return {};
  return std::to_string(arena_.bytes()) + " bytes in " + std::to_string(arena_.blocks()) +
         " blocks were never given back";
}

}  // namespace gauntlet::check
