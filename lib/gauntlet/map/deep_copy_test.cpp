// Example tests of deep_copy: what every known type's copy contains, that it shares nothing, and what happens to
// sharing, cycles and failures. What the compiler refuses is tested in compile_fail/deep_copy.cpp.
#include <gauntlet/map/deep_copy.h>
#include <gauntlet/map/hash_map.h>
#include <gtest/gtest.h>

#include <memory>
#include <memory_resource>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace examples {

enum class colour { red, green };

struct point {
  int x = 0;
  int y = 0;
  bool operator==(const point&) const = default;
};

// An aggregate without a default constructor.
struct named {
  explicit named() = delete;
  named(std::string n, std::unique_ptr<int> v) : name(std::move(n)), value(std::move(v)) {}
  std::string name;
  std::unique_ptr<int> value;
};

struct table {
  int cells[2][2] = {};
  std::unique_ptr<int> owner;
};

// A graph node: counts its living instances, so that leaks show.
struct node {
  static inline int living = 0;
  node() { ++living; }
  explicit node(int n) : number(n) { ++living; }
  node(node&& other) noexcept : number(other.number), next(std::move(other.next)), parent(std::move(other.parent)) {
    ++living;
  }
  node& operator=(node&&) = default;
  ~node() { --living; }

  int number = 0;
  std::shared_ptr<node> next;
  std::weak_ptr<node> parent;
};

struct shape {
  virtual ~shape() = default;
  virtual std::unique_ptr<shape> clone() const = 0;
  virtual int area() const = 0;
};
struct square : shape {
  explicit square(int s) : side(s) {}
  std::unique_ptr<shape> clone() const override { return std::make_unique<square>(side); }
  int area() const override { return side * side; }
  int side;
};

struct handle {  // shares on purpose, and says so
  std::shared_ptr<int> shared;
};

struct base {
  virtual ~base() = default;
  int number = 1;
};
struct derived : base {};

// Not default constructible, so it cannot be filled later.
struct link {
  explicit link(int n) : number(n) {}
  int number;
  std::shared_ptr<link> next;
};

struct bomb {
  static inline bool armed = false;
  std::shared_ptr<node> before;
  std::vector<int> filler;
};

}  // namespace examples

template <>
struct gauntlet::deep_copy_traits<examples::point> {
  static constexpr auto members = std::tuple(&examples::point::x, &examples::point::y);
};
template <>
struct gauntlet::deep_copy_traits<examples::named> {
  static constexpr auto members = std::tuple(&examples::named::name, &examples::named::value);
};
template <>
struct gauntlet::deep_copy_traits<examples::table> {
  static constexpr auto members = std::tuple(&examples::table::cells, &examples::table::owner);
};
template <>
struct gauntlet::deep_copy_traits<examples::node> {
  static constexpr auto members = std::tuple(&examples::node::number, &examples::node::next, &examples::node::parent);
};
template <>
struct gauntlet::deep_copy_traits<examples::shape> {
  static std::unique_ptr<examples::shape> clone(const examples::shape& source, deep_copy_context&) {
    return source.clone();
  }
};
template <>
struct gauntlet::deep_copy_traits<examples::handle> {
  static constexpr bool trivially_deep_copyable = true;
};
template <>
struct gauntlet::deep_copy_traits<examples::base> {
  static constexpr auto members = std::tuple(&examples::base::number);
};
template <>
struct gauntlet::deep_copy_traits<examples::link> {
  static examples::link clone(const examples::link& source, deep_copy_context& context) {
    examples::link copy(source.number);
    copy.next = context.copy(source.next);
    return copy;
  }
};
template <>
struct gauntlet::deep_copy_traits<examples::bomb> {
  static examples::bomb clone(const examples::bomb& source, deep_copy_context& context) {
    examples::bomb copy;
    copy.before = context.copy(source.before);
    if (examples::bomb::armed) {
      throw std::runtime_error("bomb");
    }
    return copy;
  }
};

namespace {

using examples::node;
using gauntlet::deep_copy;
using gauntlet::deep_copy_error;

template <class T>
void expect_equal_copy(const T& source) {
  EXPECT_EQ(deep_copy(source), source);
}

TEST(deep_copy, values_are_copied) {
  expect_equal_copy(7);
  expect_equal_copy(2.5);
  expect_equal_copy(true);
  expect_equal_copy(examples::colour::green);
  expect_equal_copy(std::string("text"));
  expect_equal_copy(std::pair(1, std::string("one")));
  expect_equal_copy(std::tuple(1, 'c', std::string("one")));
  expect_equal_copy(std::tuple<>());
  expect_equal_copy(std::array<int, 3>{1, 2, 3});
  expect_equal_copy(std::optional<std::string>("some"));
  expect_equal_copy(std::optional<int>());
  expect_equal_copy(std::variant<std::monostate, int, std::string>("some"));
  expect_equal_copy(std::variant<int, int>(std::in_place_index<1>, 5));
  expect_equal_copy(examples::point{3, 4});
}

TEST(deep_copy, containers_are_copied_with_their_order) {
  const std::vector<int> numbers{3, 1, 2};
  expect_equal_copy(numbers);
  expect_equal_copy(std::vector<bool>{true, false, true});
  expect_equal_copy(std::deque<int>(numbers.begin(), numbers.end()));
  expect_equal_copy(std::list<int>(numbers.begin(), numbers.end()));
  expect_equal_copy(std::forward_list<int>(numbers.begin(), numbers.end()));
  expect_equal_copy(std::set<int, std::greater<>>(numbers.begin(), numbers.end()));
  expect_equal_copy(std::multiset<int>{1, 1, 2});
  expect_equal_copy(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  expect_equal_copy(std::multimap<int, std::string>{{1, "b"}, {1, "a"}});
  expect_equal_copy(std::unordered_set<int>(numbers.begin(), numbers.end()));
  expect_equal_copy(std::unordered_multiset<int>{1, 1, 2});
  expect_equal_copy(std::unordered_map<int, std::string>{{1, "a"}, {2, "b"}});
  expect_equal_copy(std::unordered_multimap<int, int>{{1, 1}, {1, 2}});
}

TEST(deep_copy, a_hash_map_of_owners_is_copied_without_sharing) {
  gauntlet::hash_map<std::string, std::unique_ptr<std::vector<int>>> source;
  for (int number = 0; number < 100; ++number) {
    source.try_emplace(std::to_string(number), std::make_unique<std::vector<int>>(3, number));
  }
  const auto copy = deep_copy(source);
  ASSERT_EQ(copy.size(), source.size());
  for (const auto& element : source) {
    const auto place = copy.find(element.first);
    ASSERT_NE(place, copy.end());
    EXPECT_EQ(*place->second, *element.second);
    EXPECT_NE(place->second, element.second);
  }
  EXPECT_TRUE(copy.self_check());
}

TEST(deep_copy, unique_pointers_lead_to_their_own_copies) {
  const auto source = std::make_unique<std::unique_ptr<int>>(std::make_unique<int>(5));
  const auto copy = deep_copy(source);
  EXPECT_EQ(**copy, 5);
  EXPECT_NE(copy, source);
  EXPECT_NE(*copy, *source);
  EXPECT_EQ(deep_copy(std::unique_ptr<int>()), nullptr);
  EXPECT_EQ(*deep_copy(std::unique_ptr<const int>(new int(6))), 6);
}

TEST(deep_copy, members_are_copied_with_or_without_a_default_constructor) {
  const examples::named source("seven", std::make_unique<int>(7));
  const examples::named copy = deep_copy(source);
  EXPECT_EQ(copy.name, "seven");
  EXPECT_EQ(*copy.value, 7);
  EXPECT_NE(copy.value, source.value);

  examples::table grid;
  grid.cells[1][0] = 9;
  grid.owner = std::make_unique<int>(1);
  const examples::table other = deep_copy(grid);
  EXPECT_EQ(other.cells[1][0], 9);
  EXPECT_EQ(other.cells[0][1], 0);
  EXPECT_NE(other.owner, grid.owner);
}

TEST(deep_copy, a_polymorphic_object_is_cloned_behind_its_pointer) {
  std::vector<std::unique_ptr<examples::shape>> source;
  source.push_back(std::make_unique<examples::square>(3));
  const auto copy = deep_copy(source);
  EXPECT_EQ(copy.front()->area(), 9);
  EXPECT_NE(copy.front(), source.front());

  const std::shared_ptr<examples::shape> shared = std::make_shared<examples::square>(4);
  const auto both = deep_copy(std::pair(shared, shared));
  EXPECT_EQ(both.first->area(), 16);
  EXPECT_EQ(both.first, both.second);
}

TEST(deep_copy, a_class_that_declares_its_copy_deep_is_taken_at_its_word) {
  const examples::handle source{std::make_shared<int>(1)};
  EXPECT_EQ(deep_copy(source).shared, source.shared);
}

TEST(deep_copy, shared_objects_stay_shared_within_the_copy_and_only_there) {
  const auto one = std::make_shared<int>(1);
  const std::vector<std::shared_ptr<int>> source{one, one, std::make_shared<int>(1), nullptr};
  const auto copy = deep_copy(source);
  EXPECT_EQ(copy[0], copy[1]);
  EXPECT_NE(copy[0], copy[2]);
  EXPECT_EQ(copy[3], nullptr);
  EXPECT_NE(copy[0], source[0]);
  EXPECT_EQ(copy[0].use_count(), 2);
  EXPECT_EQ(one.use_count(), 3);
}

TEST(deep_copy, sharing_through_const_pointers_is_the_same_sharing) {
  const auto one = std::make_shared<int>(1);
  const auto copy = deep_copy(std::pair(one, std::shared_ptr<const int>(one)));
  EXPECT_EQ(copy.first, copy.second);
}

TEST(deep_copy, a_cycle_becomes_a_cycle_of_its_own) {
  {
    const auto first = std::make_shared<node>(1);
    first->next = std::make_shared<node>(2);
    first->next->next = first;
    const std::shared_ptr<node> copy = deep_copy(first);
    EXPECT_EQ(copy->number, 1);
    EXPECT_EQ(copy->next->number, 2);
    EXPECT_EQ(copy->next->next, copy);
    EXPECT_NE(copy, first);
    EXPECT_NE(copy->next, first->next);
    EXPECT_EQ(node::living, 4);
    copy->next->next = nullptr;
    first->next->next = nullptr;
  }
  EXPECT_EQ(node::living, 0);
}

TEST(deep_copy, a_weak_pointer_leads_to_the_copy_or_expires) {
  {
    const auto parent = std::make_shared<node>(1);
    parent->next = std::make_shared<node>(2);
    parent->next->parent = parent;
    const auto copy = deep_copy(parent);
    EXPECT_EQ(copy->next->parent.lock(), copy);

    const auto child_alone = deep_copy(parent->next);
    EXPECT_TRUE(child_alone->parent.expired()) << "nothing in the copy owns the parent";
    EXPECT_EQ(child_alone->number, 2);
    EXPECT_TRUE(deep_copy(std::weak_ptr<node>()).expired());
  }
  EXPECT_EQ(node::living, 0);
}

TEST(deep_copy, keys_are_complete_before_they_are_inserted) {
  struct by_content {
    bool operator()(const std::shared_ptr<std::string>& a, const std::shared_ptr<std::string>& b) const {
      return *a < *b;
    }
  };
  std::map<std::shared_ptr<std::string>, int, by_content> source;
  for (const char* text : {"c", "a", "b"}) {
    source.emplace(std::make_shared<std::string>(text), text[0]);
  }
  const auto copy = deep_copy(source);
  std::string order;
  for (const auto& element : copy) {
    order += *element.first;
  }
  EXPECT_EQ(order, "abc");
}

TEST(deep_copy, a_pointer_into_an_object_that_is_shared_whole_is_an_error) {
  const auto whole = std::make_shared<examples::point>();
  const std::shared_ptr<int> part(whole, &whole->y);
  const std::shared_ptr<int> first_part(whole, &whole->x);
  EXPECT_THROW(deep_copy(std::pair(whole, part)), deep_copy_error);
  EXPECT_THROW(deep_copy(std::pair(part, whole)), deep_copy_error);
  EXPECT_THROW(deep_copy(std::pair(whole, first_part)), deep_copy_error) << "same address, another type";
  EXPECT_NO_THROW(deep_copy(std::pair(part, part)));
}

TEST(deep_copy, a_shared_pointer_that_owns_nothing_is_an_error) {
  int local = 1;
  const std::shared_ptr<int> unowned(std::shared_ptr<int>(), &local);
  EXPECT_THROW(deep_copy(unowned), deep_copy_error);
}

TEST(deep_copy, a_derived_object_behind_a_reference_to_its_base_is_an_error) {
  const examples::derived object;
  const examples::base& seen = object;
  EXPECT_THROW(deep_copy(seen), deep_copy_error);
  EXPECT_EQ(deep_copy(examples::base()).number, 1);
}

TEST(deep_copy, a_cycle_through_an_object_that_cannot_be_filled_later_is_an_error) {
  const auto first = std::make_shared<examples::link>(1);
  first->next = std::make_shared<examples::link>(2);
  EXPECT_EQ(deep_copy(first)->next->number, 2);
  first->next->next = first;
  EXPECT_THROW(deep_copy(first), deep_copy_error);
  first->next->next = nullptr;
}

TEST(deep_copy, nothing_leaks_when_a_clone_throws_after_a_cycle_was_copied) {
  {
    examples::bomb source;
    source.before = std::make_shared<node>(1);
    source.before->next = source.before;
    examples::bomb::armed = true;
    EXPECT_THROW(deep_copy(source), std::runtime_error);
    examples::bomb::armed = false;
    EXPECT_EQ(node::living, 1);
    source.before->next = nullptr;
  }
  EXPECT_EQ(node::living, 0);
}

TEST(deep_copy, allocators_are_chosen_as_for_a_copy) {
  std::pmr::monotonic_buffer_resource resource;
  const std::pmr::vector<int> source({1, 2, 3}, &resource);
  const auto copy = deep_copy(source);
  EXPECT_EQ(copy, source);
  EXPECT_EQ(copy.get_allocator().resource(), std::pmr::get_default_resource());
}

}  // namespace
