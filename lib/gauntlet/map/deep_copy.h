// deep_copy: a copy that shares nothing with its source.
//
// Words. The *graph* of an object is everything it owns, directly or through owning pointers. A *pointee* is what an
// owning pointer leads to. A *context* lives as long as one call of deep_copy and remembers which shared pointee became
// which. *Traits* are what a class says about itself: deep_copy_traits<T>.
//
// The idea: copying deeply is only safe where we know what a type owns. Arithmetic and enumeration types, strings,
// standard containers, optional, variant, smart pointers, hash_map and small_vector are known. Everything else is refused
// by the compiler in one line until its author says one of three things in a specialisation of deep_copy_traits:
//
//   template <>
//   struct gauntlet::deep_copy_traits<point> {
//     static constexpr auto members = std::tuple(&point::x, &point::y);             // (a) these are all its members,
//     or static point clone(const point& source, gauntlet::deep_copy_context& context); // (b) make one like this, or
//     static constexpr bool trivially_deep_copyable = true;                      // (c) its copy constructor is deep
//   };
//
// (a) needs a default constructor, or an aggregate with its members in order. The named members must fill the object:
// if one is forgotten and leaves a hole, the compiler refuses ("do not cover"); `static constexpr bool members_cover =
// true` overrules that where a layout is unusual. (b) copies what it contains with context.copy(member). A polymorphic
// class that is not final can only be copied through a pointer by a clone that returns std::unique_ptr<T>: anything
// else would slice.
//
// The hard case is sharing: two shared_ptr to one object must become two shared_ptr to one copy, and a cycle must
// become a cycle. So a shared pointee gets its place in the context before its content is copied, and is filled
// afterwards; for that it must be default constructible and movable. A cycle through one that is not is an error
// (deep_copy_error).
//
// Promises:
//  (1) no object that the source owns is owned by the copy; nothing is dropped silently;
//  (2) pointers that shared an object share its copy, within one call of deep_copy; cycles stay cycles;
//  (3) a weak_ptr leads to the copy of its object if the copied graph owns that object, and is expired otherwise;
//  (4) raw pointers, references, views, and classes without traits are refused at compile time, naming the type;
//  (5) what only shows at run time throws deep_copy_error: a shared_ptr that points into an object which is shared
//      under another address or type as well, one that owns nothing yet points somewhere, a polymorphic object behind
//      a reference to its base, a cycle through an object that cannot be made empty and filled later;
//  (6) if anything throws, whatever was built is destroyed: cycles too.
// Limits: function objects inside containers (hash, equality, order) are copied by their copy constructor. A custom
// deleter of a shared_ptr is not taken along. A shared_ptr<B> that owns a class derived from a B without virtual
// functions cannot be told from one that owns a B. Objects that only weak pointers lead to and that keep themselves
// alive by a cycle are copied with their cycle, and then live as long as their source does: until somebody breaks it.
//
// Complexity: linear in the graph, times log(number of shared pointees). Stack: one frame per link of a chain.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/small_vector.h>

namespace gauntlet {

// Specialise for your class; see above.
template <class T>
struct deep_copy_traits {};

// Promise (5).
struct deep_copy_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One call of deep_copy: hands out copies and remembers the shared ones.
class deep_copy_context {
 public:
  deep_copy_context() = default;
  deep_copy_context(const deep_copy_context&) = delete;
  deep_copy_context& operator=(const deep_copy_context&) = delete;
  // Empties what was built, cycles included, unless keep() was called.
  inline ~deep_copy_context();

  // A deep copy of `source`, in this context.
  template <class T>
  T copy(const T& source);

  // The copy is complete and belongs to the caller.
  void keep() noexcept { kept_ = true; }

  // The copy of a shared pointee: made at the first request, the same one ever after. Null gives null.
  template <class T>
  std::shared_ptr<T> copy_shared(const std::shared_ptr<T>& source);

 private:
  struct shared_copy {
    const void* address = nullptr;   // of the source object
    const void* type = nullptr;      // see type_mark
    std::shared_ptr<void> copy;      // null while an object that cannot be filled later is being made
    void (*empty)(void*) = nullptr;  // gives up everything the copy owns; null if that cannot be
  };

  // Ordered by owner: all pointers of one control block are one entry, whatever part of the object they point to. The
  // key keeps the source alive meanwhile. The order is that of addresses and decides nothing.
  std::map<std::shared_ptr<const void>, shared_copy, std::owner_less<>> shared_;
  bool kept_ = false;
};

// A copy of `source` that shares nothing with it.
template <class T>
auto deep_copy(const T& source);

// ------------------------------------------------------------------------------------------------------- bodies below

namespace detail {

// An address per type: run-time type identity for promise (5) that also works for types without virtual functions.
template <class T>
inline constexpr char type_mark = 0;

template <class T>
concept names_members = requires { deep_copy_traits<T>::members; };
template <class T>
concept has_clone =
    requires(const T& source, deep_copy_context& context) { deep_copy_traits<T>::clone(source, context); };
template <class T>
concept clones_to_pointer = requires(const T& source, deep_copy_context& context) {
  { deep_copy_traits<T>::clone(source, context) } -> std::same_as<std::unique_ptr<T>>;
};
template <class T>
concept says_trivially_deep_copyable = requires { requires deep_copy_traits<T>::trivially_deep_copyable; };

template <class T>
inline constexpr bool is_view = false;
template <class Character, class Traits>
inline constexpr bool is_view<std::basic_string_view<Character, Traits>> = true;
template <class T, std::size_t Extent>
inline constexpr bool is_view<std::span<T, Extent>> = true;

// Each of these is false for exactly one reason, so that the failed assertion names the reason and the type.
template <class T>
inline constexpr bool not_a_raw_pointer = !std::is_pointer_v<T>;
template <class T>
inline constexpr bool not_a_reference = !std::is_reference_v<T>;
template <class T>
inline constexpr bool not_a_view = !is_view<T>;
template <class T>
inline constexpr bool not_an_array = !std::is_array_v<T>;
template <class T>
inline constexpr bool not_an_unknown_class = names_members<T> || has_clone<T> || says_trivially_deep_copyable<T>;
template <class T>
inline constexpr bool says_one_thing = names_members<T> + has_clone<T> + says_trivially_deep_copyable<T> == 1;
template <class T>
inline constexpr bool can_be_cloned_behind_a_pointer =
    !std::is_polymorphic_v<T> || std::is_final_v<T> || clones_to_pointer<T>;

// What a clone returned; null would be a silent loss.
template <class T>
std::unique_ptr<T> cloned(const T& source, deep_copy_context& context) {
  std::unique_ptr<T> clone = deep_copy_traits<T>::clone(source, context);
  if (clone == nullptr) {
    throw deep_copy_error("deep_copy: a clone of an object is null");
  }
  return clone;
}

// The size of an object with exactly these members, in this order: what the compiler would lay out.
template <class Class, class... Member>
constexpr std::size_t covered_size(const std::tuple<Member...>&) {
  const auto place = [](std::size_t end, std::size_t size, std::size_t alignment) {
    return (end + alignment - 1) / alignment * alignment + size;
  };
  std::size_t end = std::is_polymorphic_v<Class> ? sizeof(void*) : 0;
  ((end = place(end, sizeof(std::declval<Class&>().*std::declval<Member>()),
                alignof(std::remove_reference_t<decltype(std::declval<Class&>().*std::declval<Member>())>))),
   ...);
  return place(end, 0, alignof(Class));
}

template <class T>
constexpr bool members_cover() {
  if constexpr (requires { requires deep_copy_traits<T>::members_cover; }) {
    return true;
  } else {
    return std::is_empty_v<T> || covered_size<T>(deep_copy_traits<T>::members) >= sizeof(T);
  }
}

// The primary template: scalars, classes with traits, and every refusal.
template <class T>
struct deep_copier {
  static T copy(const T& source, deep_copy_context& context) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_null_pointer_v<T> ||
                  std::is_member_pointer_v<T>) {
      return source;
    } else if constexpr (std::is_pointer_v<T>) {
      static_assert(not_a_raw_pointer<T>, "deep_copy of raw pointer: nothing says what it owns; use a smart pointer");
      std::abort();
    } else if constexpr (is_view<T>) {
      static_assert(not_a_view<T>, "deep_copy of a view: its elements belong to someone else; copy the owner");
      std::abort();
    } else if constexpr (!not_an_unknown_class<T>) {
      static_assert(
          not_an_unknown_class<T>,
          "deep_copy of unknown class: specialise deep_copy_traits (members, clone or trivially_deep_copyable)");
      std::abort();
    } else {
      return copy_by_traits(source, context);
    }
  }

 private:
  using traits = deep_copy_traits<T>;

  static T copy_by_traits(const T& source, deep_copy_context& context) {
    static_assert(says_one_thing<T>,
                  "deep_copy_traits must say exactly one of members, clone, trivially_deep_copyable");
    if constexpr (says_trivially_deep_copyable<T>) {
      return source;
    } else if constexpr (clones_to_pointer<T>) {
      return std::move(*cloned(source, context));
    } else if constexpr (has_clone<T>) {
      return traits::clone(source, context);
    } else {
      static_assert(members_cover<T>(), "deep_copy_traits::members do not cover the object: a member is missing");
      if constexpr (std::is_default_constructible_v<T>) {
        T target = T();
        std::apply([&](auto... member) { (assign(target.*member, source.*member, context), ...); }, traits::members);
        return target;
      } else {
        // Braces evaluate from left to right, and so in the order of the members.
        return std::apply([&](auto... member) { return T{context.copy(source.*member)...}; }, traits::members);
      }
    }
  }

  template <class Member>
  static void assign(Member& target, const Member& source, deep_copy_context& context) {
    if constexpr (std::is_array_v<Member>) {
      for (std::size_t index = 0; index < std::extent_v<Member>; ++index) {
        assign(target[index], source[index], context);
      }
    } else {
      target = context.copy(source);
    }
  }
};

template <class T>
struct deep_copier<T&> {
  static_assert(not_a_reference<T&>, "deep_copy of a reference: what it refers to belongs to someone else");
};

template <class T>
struct deep_copier<const T> : deep_copier<T> {};

// ---------------------------------------------------------------------------------------------------------- values

template <>
struct deep_copier<std::monostate> {
  static std::monostate copy(std::monostate, deep_copy_context&) { return {}; }
};

template <class Character, class Traits, class Allocator>
struct deep_copier<std::basic_string<Character, Traits, Allocator>> {
  using string = std::basic_string<Character, Traits, Allocator>;
  static string copy(const string& source, deep_copy_context&) { return source; }
};

template <class First, class Second>
struct deep_copier<std::pair<First, Second>> {
  using pair = std::pair<First, Second>;
  static pair copy(const pair& source, deep_copy_context& context) {
    return pair(deep_copier<First>::copy(source.first, context), deep_copier<Second>::copy(source.second, context));
  }
};

template <class... Element>
struct deep_copier<std::tuple<Element...>> {
  using tuple = std::tuple<Element...>;
  static tuple copy(const tuple& source, deep_copy_context& context) {
    return std::apply([&](const auto&... element) { return tuple{deep_copier<Element>::copy(element, context)...}; },
                      source);
  }
};

template <class T, std::size_t Size>
struct deep_copier<std::array<T, Size>> {
  using array = std::array<T, Size>;
  static array copy(const array& source, deep_copy_context& context) {
    return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
      return array{{deep_copier<T>::copy(source[Index], context)...}};
    }(std::make_index_sequence<Size>());
  }
};

template <class T>
struct deep_copier<std::array<T, 0>> {
  static std::array<T, 0> copy(const std::array<T, 0>&, deep_copy_context&) { return {}; }
};

template <class T>
struct deep_copier<std::optional<T>> {
  static std::optional<T> copy(const std::optional<T>& source, deep_copy_context& context) {
    return source.has_value() ? std::optional<T>(std::in_place, deep_copier<T>::copy(*source, context)) : std::nullopt;
  }
};

// A variant that lost its value (valueless by exception) has nothing to copy: std::bad_variant_access.
template <class... Alternative>
struct deep_copier<std::variant<Alternative...>> {
  using variant = std::variant<Alternative...>;
  static variant copy(const variant& source, deep_copy_context& context) {
    if (source.valueless_by_exception()) {
      throw std::bad_variant_access();
    }
    return copy_alternative<0>(source, context);
  }

 private:
  // By number and not by type: the same type may occur twice.
  template <std::size_t Number>
  static variant copy_alternative(const variant& source, deep_copy_context& context) {
    if constexpr (Number + 1 < sizeof...(Alternative)) {
      if (source.index() != Number) {
        return copy_alternative<Number + 1>(source, context);
      }
    }
    using alternative = std::variant_alternative_t<Number, variant>;
    return variant(std::in_place_index<Number>, deep_copier<alternative>::copy(*std::get_if<Number>(&source), context));
  }
};

// ------------------------------------------------------------------------------------------------------ containers

// The allocator a copy gets, as in the containers' copy constructors.
template <class Container>
typename Container::allocator_type allocator_for_copy(const Container& source) {
  return std::allocator_traits<typename Container::allocator_type>::select_on_container_copy_construction(
      source.get_allocator());
}

template <class Sequence>
struct sequence_copier {
  static Sequence copy(const Sequence& source, deep_copy_context& context) {
    Sequence target(allocator_for_copy(source));
    if constexpr (requires { target.reserve(source.size()); }) {
      target.reserve(source.size());
    }
    for (const auto& element : source) {
      target.push_back(deep_copier<typename Sequence::value_type>::copy(element, context));
    }
    return target;
  }
};
template <class T, class Allocator>
struct deep_copier<std::vector<T, Allocator>> : sequence_copier<std::vector<T, Allocator>> {};
template <class T, std::size_t N, class Allocator>
struct deep_copier<small_vector<T, N, Allocator>> : sequence_copier<small_vector<T, N, Allocator>> {};
template <class T, class Allocator>
struct deep_copier<std::deque<T, Allocator>> : sequence_copier<std::deque<T, Allocator>> {};
template <class T, class Allocator>
struct deep_copier<std::list<T, Allocator>> : sequence_copier<std::list<T, Allocator>> {};

template <class T, class Allocator>
struct deep_copier<std::forward_list<T, Allocator>> {
  using list = std::forward_list<T, Allocator>;
  static list copy(const list& source, deep_copy_context& context) {
    list target(allocator_for_copy(source));
    auto last = target.before_begin();
    for (const T& element : source) {
      last = target.insert_after(last, deep_copier<T>::copy(element, context));
    }
    return target;
  }
};

// Sets and maps: keys are complete before they are inserted, so orders and hashes that look inside them work.
template <class Container>
void copy_associated(const Container& source, Container& target, deep_copy_context& context) {
  for (const auto& element : source) {
    if constexpr (requires { typename Container::mapped_type; }) {
      using key = typename Container::key_type;
      using mapped = typename Container::mapped_type;
      target.emplace_hint(target.end(), deep_copier<key>::copy(element.first, context),
                          deep_copier<mapped>::copy(element.second, context));
    } else {
      target.emplace_hint(target.end(), deep_copier<typename Container::value_type>::copy(element, context));
    }
  }
}

template <class Container>
struct ordered_copier {
  static Container copy(const Container& source, deep_copy_context& context) {
    Container target(source.key_comp(), allocator_for_copy(source));
    copy_associated(source, target, context);
    return target;
  }
};
template <class Key, class Compare, class Allocator>
struct deep_copier<std::set<Key, Compare, Allocator>> : ordered_copier<std::set<Key, Compare, Allocator>> {};
template <class Key, class Compare, class Allocator>
struct deep_copier<std::multiset<Key, Compare, Allocator>> : ordered_copier<std::multiset<Key, Compare, Allocator>> {};
template <class Key, class T, class Compare, class Allocator>
struct deep_copier<std::map<Key, T, Compare, Allocator>> : ordered_copier<std::map<Key, T, Compare, Allocator>> {};
template <class Key, class T, class Compare, class Allocator>
struct deep_copier<std::multimap<Key, T, Compare, Allocator>>
    : ordered_copier<std::multimap<Key, T, Compare, Allocator>> {};

template <class Container>
struct hashed_copier {
  static Container copy(const Container& source, deep_copy_context& context) {
    Container target(0, source.hash_function(), source.key_eq(), allocator_for_copy(source));
    target.max_load_factor(source.max_load_factor());
    target.reserve(source.size());
    copy_associated(source, target, context);
    return target;
  }
};
template <class Key, class Hash, class Equal, class Allocator>
struct deep_copier<std::unordered_set<Key, Hash, Equal, Allocator>>
    : hashed_copier<std::unordered_set<Key, Hash, Equal, Allocator>> {};
template <class Key, class Hash, class Equal, class Allocator>
struct deep_copier<std::unordered_multiset<Key, Hash, Equal, Allocator>>
    : hashed_copier<std::unordered_multiset<Key, Hash, Equal, Allocator>> {};
template <class Key, class T, class Hash, class Equal, class Allocator>
struct deep_copier<std::unordered_map<Key, T, Hash, Equal, Allocator>>
    : hashed_copier<std::unordered_map<Key, T, Hash, Equal, Allocator>> {};
template <class Key, class T, class Hash, class Equal, class Allocator>
struct deep_copier<std::unordered_multimap<Key, T, Hash, Equal, Allocator>>
    : hashed_copier<std::unordered_multimap<Key, T, Hash, Equal, Allocator>> {};
template <class Key, class T, class Hash, class Equal, class Allocator, class Policy>
struct deep_copier<hash_map<Key, T, Hash, Equal, Allocator, Policy>>
    : hashed_copier<hash_map<Key, T, Hash, Equal, Allocator, Policy>> {};

// -------------------------------------------------------------------------------------------------- owning pointers

template <class T, class Deleter>
inline constexpr bool has_default_deleter = std::is_same_v<Deleter, std::default_delete<T>>;

template <class T, class Deleter>
struct deep_copier<std::unique_ptr<T, Deleter>> {
  using pointer = std::unique_ptr<T, Deleter>;
  static pointer copy(const pointer& source, deep_copy_context& context) {
    using object = std::remove_const_t<T>;
    if constexpr (std::is_array_v<T>) {
      static_assert(not_an_array<T>, "deep_copy of unique_ptr to an array: its size is not known; use std::vector");
      std::abort();
    } else if constexpr (!has_default_deleter<T, Deleter>) {
      static_assert(has_default_deleter<T, Deleter>,
                    "deep_copy of unique_ptr with a custom deleter: nothing says how to make what it deletes");
      std::abort();
    } else if constexpr (!can_be_cloned_behind_a_pointer<object>) {
      static_assert(can_be_cloned_behind_a_pointer<object>,
                    "deep_copy of pointer to polymorphic class: deep_copy_traits::clone must return std::unique_ptr");
      std::abort();
    } else if (source == nullptr) {
      return nullptr;
    } else if constexpr (clones_to_pointer<object>) {
      return cloned<object>(*source, context);
    } else {
      return pointer(new object(deep_copier<object>::copy(*source, context)));
    }
  }
};

template <class T>
struct deep_copier<std::shared_ptr<T>> {
  static std::shared_ptr<T> copy(const std::shared_ptr<T>& source, deep_copy_context& context) {
    return context.copy_shared(source);
  }
};

// Copied as if it owned its object; the context holds that copy until the call is over, and if nothing else does, the
// weak pointer expires with it.
template <class T>
struct deep_copier<std::weak_ptr<T>> {
  static std::weak_ptr<T> copy(const std::weak_ptr<T>& source, deep_copy_context& context) {
    return context.copy_shared(source.lock());
  }
};

}  // namespace detail

inline deep_copy_context::~deep_copy_context() {
  if (!kept_) {
    for (auto& [source, entry] : shared_) {
      if (entry.empty != nullptr && entry.copy != nullptr) {
        try {
          entry.empty(entry.copy.get());
        } catch (...) {
          // The object could not be made empty: what it holds in a cycle stays; an exception is already on its way.
        }
      }
    }
  }
}

template <class T>
T deep_copy_context::copy(const T& source) {
  return detail::deep_copier<T>::copy(source, *this);
}

template <class T>
std::shared_ptr<T> deep_copy_context::copy_shared(const std::shared_ptr<T>& source) {
  using object = std::remove_const_t<T>;
  if constexpr (std::is_array_v<T>) {
    static_assert(detail::not_an_array<T>,
                  "deep_copy of shared_ptr to an array: its size is not known; use std::vector");
    std::abort();
  } else if constexpr (!detail::can_be_cloned_behind_a_pointer<object>) {
    static_assert(detail::can_be_cloned_behind_a_pointer<object>,
                  "deep_copy of pointer to polymorphic class: deep_copy_traits::clone must return std::unique_ptr");
    std::abort();
  } else {
    if (source == nullptr) {
      return nullptr;
    }
    if (source.use_count() == 0) {
      throw deep_copy_error("deep_copy: a shared_ptr points to an object that it does not own");
    }
    const auto [place, is_new] = shared_.try_emplace(source);
    shared_copy& entry = place->second;
    if (!is_new) {
      if (entry.address != source.get() || entry.type != &detail::type_mark<object>) {
        throw deep_copy_error("deep_copy: one shared object is pointed to as two different objects");
      }
      if (entry.copy == nullptr) {
        throw deep_copy_error("deep_copy: a cycle through an object that cannot be made empty and filled later");
      }
      return std::static_pointer_cast<object>(entry.copy);
    }
    entry.address = source.get();
    entry.type = &detail::type_mark<object>;
    if constexpr (detail::clones_to_pointer<object>) {
      entry.copy = std::shared_ptr<object>(detail::cloned<object>(*source, *this));
    } else if constexpr (std::is_default_constructible_v<object> && std::is_move_assignable_v<object> &&
                         std::is_class_v<object>) {
      const auto target = std::make_shared<object>();
      entry.copy = target;
      entry.empty = [](void* copy) { *static_cast<object*>(copy) = object(); };
      *target = detail::deep_copier<object>::copy(*source, *this);
    } else {
      entry.copy = std::make_shared<object>(detail::deep_copier<object>::copy(*source, *this));
    }
    return std::static_pointer_cast<object>(entry.copy);
  }
}

template <class T>
auto deep_copy(const T& source) {
  if constexpr (std::is_array_v<T>) {
    static_assert(detail::not_an_array<T>, "deep_copy of an array: a function cannot return one; use std::array");
  } else if constexpr (!detail::can_be_cloned_behind_a_pointer<T> && std::is_abstract_v<T>) {
    static_assert(
        detail::can_be_cloned_behind_a_pointer<T>,
        "deep_copy of abstract class: copy the pointer that owns it, with a clone that returns std::unique_ptr");
  } else {
    if constexpr (std::is_polymorphic_v<T> && !std::is_final_v<T>) {
      if (typeid(source) != typeid(T)) {
        throw deep_copy_error("deep_copy: the object is of a class derived from the one it is seen as");
      }
    }
    deep_copy_context context;
    T copy = context.copy(source);
    context.keep();
    return copy;
  }
}

}  // namespace gauntlet
