// The adapter of somebody's own map, in full, and a defect that it brings to light.
#include <gauntlet/check/run/minimal_subject_of.h>

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <variant>
#include <vector>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/runner.h>

namespace gauntlet::check {
namespace {

// A sorted vector would do; this one is unsorted, and when told to, erases by swapping in an element it then forgets.
template <bool Right>
struct small_map {
  std::vector<element> elements;
  std::size_t index_of(std::uint64_t key) const {
    std::size_t at = 0;
    while (at < elements.size() && elements[at].first != key) {
      ++at;
    }
    return at;
  }
};

template <bool Right>
struct small_map_adapter {
  using map_type = small_map<Right>;
  static constexpr std::string_view name = "small_map";
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) {
    if (m.index_of(key) < m.elements.size()) {
      return false;
    }
    m.elements.emplace_back(key, value);
    return true;
  }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) {
    const std::size_t at = m.index_of(key);
    return at < m.elements.size() ? std::optional(m.elements[at].second) : std::nullopt;
  }
  static bool erase(map_type& m, std::uint64_t key) {
    const std::size_t at = m.index_of(key);
    if (at == m.elements.size()) {
      return false;
    }
    if (!Right && m.elements.size() == 5) {
      m.elements.back() = m.elements[at];  // the wrong way round
    }
    m.elements[at] = m.elements.back();
    m.elements.pop_back();
    return true;
  }
  static std::size_t size(const map_type& m) { return m.elements.size(); }
  template <class Function>
  static void for_each(const map_type& m, Function f) {
    for (const element& e : m.elements) {
      f(e.first, e.second);
    }
  }
};

// With what is optional; when told to, it loses count in an assignment, or keeps an element in clear().
enum class wrong : std::uint8_t { nothing, assigns, clears };
struct counted_map : small_map<true> {
  std::size_t count = 0;
};
template <wrong Wrong>
struct counted_map_adapter {
  using map_type = counted_map;
  using plain = small_map_adapter<true>;
  static constexpr std::string_view name = "counted_map";
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) {
    const bool inserted = plain::insert(m, key, value);
    m.count += inserted;
    return inserted;
  }
  static bool assign(map_type& m, std::uint64_t key, std::uint64_t value) {
    const bool inserted = insert(m, key, value);
    if (!inserted) m.elements[m.index_of(key)].second = value;
    if (Wrong == wrong::assigns && !inserted) ++m.count;
    return inserted;
  }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) { return plain::find(m, key); }
  static bool erase(map_type& m, std::uint64_t key) {
    const bool erased = plain::erase(m, key);
    m.count -= erased;
    return erased;
  }
  static void clear(map_type& m) {
    m.elements.resize(Wrong == wrong::clears && m.count > 3 ? 1 : 0);
    m.count = 0;
  }
  static std::size_t size(const map_type& m) { return m.count; }
  static void for_each(const map_type& m, auto show) { plain::for_each(m, show); }
};

std::size_t failures(const subject_factory& make) {
  random_source random(3);
  std::size_t many = 0;
  for (unsigned i = 0; i < 300; ++i) {
    many += run(generate(random, 60, {}), make) ? 0u : 1u;
  }
  return many;
}

TEST(minimal_adapter, lets_the_runner_tell_a_right_map_from_a_wrong_one) {
  EXPECT_EQ(failures(make_minimal_subject<small_map_adapter<true>>()), 0u);
  EXPECT_GT(failures(make_minimal_subject<small_map_adapter<false>>()), 0u);
}

TEST(minimal_adapter, may_have_more_functions_which_are_judged_then) {
  EXPECT_EQ(failures(make_minimal_subject<counted_map_adapter<wrong::nothing>>()), 0u);
  EXPECT_GT(failures(make_minimal_subject<counted_map_adapter<wrong::assigns>>()), 0u);
  EXPECT_GT(failures(make_minimal_subject<counted_map_adapter<wrong::clears>>()), 0u);
}

// Remembers the step that was told when it was asked to insert.
std::atomic<std::uint64_t> step{0};
std::vector<std::uint64_t> steps_of_insertions;
struct remembering_adapter : small_map_adapter<true> {
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) {
    steps_of_insertions.push_back(step);
    return small_map_adapter::insert(m, key, value);
  }
};

TEST(minimal_adapter, is_asked_while_the_step_is_told) {
  auto read = parse(
      "gauntlet 1\nsize 0\ninsert_copy 0 hot 0 value 1\niterate 0\n  insert_copy 1 hot 1 value 1\nend\n"
      "insert_copy 0 hot 2 value 1\nsize 0\n");
  tell_steps_at(&step);
  EXPECT_TRUE(run(std::get<program>(read), make_minimal_subject<remembering_adapter>()));
  tell_steps_at(nullptr);
  EXPECT_EQ(steps_of_insertions, (std::vector<std::uint64_t>{1, 3, 4}));
  EXPECT_EQ(step, 6u) << "past the last one";
}

}  // namespace
}  // namespace gauntlet::check
