// What subject_of is made of: four maps in places of their own, a held node, and one function for each idea. The bodies
// are in subject_of_places.h, _lookups.h, _insertions.h, _whole_maps.h, _nodes.h, _walks.h, _views.h,
// _buckets.h, _misuse.h and _inspection.h; subject_of.h brings them all and says how a map gets here.
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
#include <gauntlet/check/types/key_view.h>
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
  static_assert(
      requires { typename std::bool_constant<(static_cast<void>(adapter::can()), true)>; },
      "an adapter's can() has to be static and constexpr: what a map promises is known where it is compiled");

  explicit subject_of(const program_header& header) : subject_base(header) {
    for (unsigned i = 0; i < map_count; ++i) {
      maps_[i] = construct(places_[i].bytes, i);
    }
    spare_ = places_[map_count].bytes;
  }
  ~subject_of() override { destroy_maps(); }

  std::string_view name() const override { return adapter::name; }
  capabilities can() const override {
    capabilities c = adapter::can();
    c.erase_gives_the_next = gives_the_next();
    c.erase_gives_an_unseen = c.erase_gives_an_unseen && erase_gives_a_place();
    // Of an element that can neither be copied nor moved without exceptions, nothing may be left; a map of nodes has no
    // need to move it.
    c.moves_keep_elements =
        c.moves_keep_elements && (copyable || std::is_nothrow_move_constructible_v<mapped_type> || c.stable_references);
    return c;
  }

  result apply(const request& r) override;
  bool referred_inside() const override { return referred_inside_; }
  result erase_range(const request& r, std::vector<element>& erased) override;
  result walk(unsigned target, const visitor& visit) override;
  result iterate(unsigned target, const visitor& visit) override;

  void contents(unsigned target, std::vector<element>& out) const override;
  std::size_t size(unsigned target) const override { return maps_[target]->size(); }
  result look(unsigned target, std::uint64_t key) const override;
  bool node(element& out) const override;
  std::string self_check(unsigned target) const override;
  std::string bucket_check(unsigned target, bool all) const override;
  std::uint64_t structural_events() const override;
  work_count work() const override;
  std::size_t element_bytes() const override { return sizeof(std::pair<const key_type, mapped_type>); }
  std::string allocator_check() const override;
  std::string finish() override;

 private:
  static constexpr bool copyable = std::is_copy_constructible_v<mapped_type>;
  static constexpr bool erases_by_iterator = requires(map_type& m) { m.erase(m.begin()); };
  static constexpr bool erase_gives_a_place() {
    if constexpr (erases_by_iterator) {
      return !std::is_void_v<decltype(std::declval<map_type&>().erase(std::declval<map_type&>().begin()))>;
    }
    return false;
  }
  // Whether the place behind an erased element is known: by what erase(iterator) gives, or by an iterator that stays valid.
  static constexpr bool gives_the_next() {
    return erases_by_iterator && adapter::can().erase_gives_the_next &&
           (erase_gives_a_place() || adapter::can().erase_keeps_iterators);
  }
  // Whether the map says that its hash, equality and allocator are the judge's: then it has to be given them.
  static constexpr bool names_our_hash = [] {
    if constexpr (requires { typename map_type::hasher; }) return std::is_same_v<typename map_type::hasher, hash_type>;
    return false;
  }();
  static constexpr bool names_our_equal = [] {
    if constexpr (requires { typename map_type::key_equal; })
      return std::is_same_v<typename map_type::key_equal, equal_type>;
    return false;
  }();
  static constexpr bool names_our_allocator = [] {
    if constexpr (requires { typename map_type::allocator_type; }) {
      return std::is_same_v<typename map_type::allocator_type, allocator_type>;
    }
    return false;
  }();
  static constexpr bool has_nodes = requires { typename map_type::node_type; } && adapter::can().nodes;
  // Constructors that take an allocator besides. A map without them uses the allocator of the map that it is made of.
  static constexpr bool copies_with_allocator =
      std::is_constructible_v<map_type, const map_type&, const allocator_type&>;
  static constexpr bool moves_with_allocator = std::is_constructible_v<map_type, map_type&&, const allocator_type&>;
  // False for a map that takes no allocator, or whose adapter gives it one of its own: then memory is not judged.
  static constexpr bool has_allocator = requires(const map_type& m) { m.get_allocator().from(); };
  // True when the map's hash and equality take a view, which is what makes its lookups take one.
  using view_type = key_view<key_type>;
  static constexpr bool takes_views = [] {
    if constexpr (requires { typename hash_type::is_transparent; }) {
      const auto takes = []<class Map>(const Map*) {
        if constexpr (requires {
                        typename Map::hasher;
                        typename Map::key_equal;
                      }) {
          return requires(const typename Map::hasher& hash, const typename Map::key_equal& equal, const key_type& key,
                          const view_type& view) {
            typename Map::hasher::is_transparent;
            typename Map::key_equal::is_transparent;
            hash(view);
            equal(key, view);
            equal(view, key);
          };
        } else if constexpr (requires { typename Map::key_compare; }) {
          return requires { typename Map::key_compare::is_transparent; };
        } else {
          return !requires { typename Map::hasher; };
        }
      };
      return takes(static_cast<const map_type*>(nullptr));
    } else {
      return false;
    }
  }();
  static auto type_of_elements() {
    if constexpr (requires { typename map_type::value_type; }) {
      return std::type_identity<typename map_type::value_type>();
    } else {
      return std::type_identity<std::pair<const key_type, mapped_type>>();
    }
  }
  using value_type = typename decltype(type_of_elements())::type;  // the map's pair: its key may be constant
  using plain_pair = std::pair<key_type, mapped_type>;

  // Assignable to what takes a list itself, and not to what would make a map of it first.
  struct only_a_list {
    operator std::initializer_list<value_type>() const;
  };
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
  // Whether the map says that it has the hash and the equality that this subject made for map `origin`; true where it
  // doesn't say.
  bool has_functors(const map_type& m, unsigned origin) const;
  void replace(unsigned target, map_type* fresh) noexcept;
  void destroy_maps() noexcept;
  void forget_contents(map_type& m) noexcept;
  void settle_allocators(const request& r) noexcept;
  void settle_origin(unsigned map, unsigned one, unsigned other) noexcept;
  void settle_functors(const request& r) noexcept;
  void settle_failed_assignment(const request& r) noexcept;
  bool same_allocator(unsigned a, unsigned b) const noexcept;

  bool leaves_out(const request& r) const noexcept;
  struct place_inside {
    const key_type* key = nullptr;  // null: none
    const mapped_type* value = nullptr;
  };
  place_inside own_element(const map_type& m, std::uint64_t key) const;
  const mapped_type* own_value(const map_type& m, std::uint64_t key, std::uint64_t value) const;
  result dispatch(const request& r);
  result insert_one(const request& r);
  result erase_one(const request& r);
  result erase_found(const request& r);
  result whole_map(const request& r);
  result node_operation(const request& r);
  template <class Node>
  result hold(unsigned target, Node&& fresh);
  result by_view(const request& r);
  template <class View>
  result look_by(const request& r, const View& view);
  template <class View>
  result change_by(const request& r, const View& view);
  result find_many(const request& r);
  result fill_reserved(const request& r);
  template <class Cursor>
  bool shows_what_is_there(Cursor& cursor, unsigned target, std::uint64_t key) const;
  result misuse(const request& r);
  template <class Act>
  result stage(Act&& act);

  template <class Iterator>
  static result seen(bool flag, const Iterator& at) {
    return {.flag = flag, .has_value = true, .value = id_of(at->second)};
  }
  // The mapped value, to be changed. Maps whose iterators show constant elements hand it out by value().
  template <class Iterator>
  static mapped_type& mapped_at(Iterator at) {
    if constexpr (std::is_const_v<std::remove_reference_t<decltype((at->second))>>) {
      return at.value();
    } else {
      return at->second;
    }
  }
  // How many elements there were with this key; a map that does not tell is taken by its size.
  static std::uint64_t erase_key(map_type& m, const key_type& key) {
    if constexpr (std::is_void_v<decltype(m.erase(key))>) {
      const std::size_t before = m.size();
      m.erase(key);
      return before - m.size();
    } else {
      return static_cast<std::uint64_t>(m.erase(key));
    }
  }
  static result unsupported() noexcept { return {.status = outcome::unsupported}; }
  static result left_out() noexcept { return {.status = outcome::left_out}; }
  result sizes(unsigned target) const { return {.number = maps_[target]->size()}; }
  result sizes(unsigned target, unsigned other) const {
    return {.value = maps_[other]->size(), .number = maps_[target]->size()};
  }
  // Where the standard knows two ways to ask for the same thing, the key says which one is taken.
  static bool takes_second_way(std::uint64_t key) noexcept { return key % 2 != 0; }
  auto hint_for(map_type& m, std::uint64_t key, const key_type& k) {
    return key % 3 == 0 ? m.begin() : key % 3 == 1 ? m.end() : m.find(k);
  }

  place places_[map_count + 1];
  map_type* maps_[map_count] = {};
  std::byte* spare_ = nullptr;
  bool load_factor_changed_ = false;  // of any map
  mutable bool referred_inside_ = false;
  bool takes_functors_ = true;  // fresh maps say that they have those they were made with
  typename node_holder<map_type, has_nodes>::type node_;
  std::uint64_t events_of_replaced_ = 0;
  std::uint64_t work_of_replaced_ = 0;
};

#define GAUNTLET_SUBJECT_TEMPLATE \
  template <template <class, class, class, class, class> class Adapter, element_types Types, bool Propagates>
#define GAUNTLET_SUBJECT_OF subject_of<Adapter, Types, Propagates>

}  // namespace gauntlet::check
