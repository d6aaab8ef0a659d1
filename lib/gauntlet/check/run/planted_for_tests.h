// Planting defects: a right map with one member hidden, its adapter, and what a short program on it must draw.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/runner.h>
#include <gauntlet/check/run/std_map_for_tests.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::check {

template <class Key, class T, class Hash, class Equal, class Allocator>
using right = std::unordered_map<Key, T, Hash, Equal, Allocator>;

#define PLANT(planted, promises, ...)                                     \
  template <class Key, class T, class Hash, class Equal, class Allocator> \
  struct planted : right<Key, T, Hash, Equal, Allocator> {                \
    using base = right<Key, T, Hash, Equal, Allocator>;                   \
    using base::base;                                                     \
    using base::operator=;                                                \
    __VA_ARGS__                                                           \
  };                                                                      \
  template <class Key, class T, class Hash, class Equal, class Allocator> \
  struct planted##_adapter {                                              \
    using map_type = planted<Key, T, Hash, Equal, Allocator>;             \
    static constexpr std::string_view name = #planted;                    \
    static constexpr capabilities can() { return promises; }              \
  }

inline constexpr capabilities plain{};
inline constexpr capabilities shrinking{.shrinks = true, .slack_elements = 64};

inline program program_of(const std::string& text) {
  const std::variant<program, parse_error> parsed = parse("gauntlet 1\n" + text);
  if (const parse_error* error = std::get_if<parse_error>(&parsed)) {
    ADD_FAILURE() << "line " << error->line << ": " << error->message << "\n" << text;
    return {};
  }
  return std::get<program>(parsed);
}

template <template <class, class, class, class, class> class Adapter, element_types Types = element_types::u64_u64>
verdict judged(const std::string& text) {
  return run(program_of(text), make_subject<Adapter, Types>());
}

#define EXPECT_VERDICT(v, expected_kind, expected_place)                                                     \
  do {                                                                                                       \
    const verdict seen_verdict = v;                                                                          \
    EXPECT_EQ(to_string(seen_verdict.kind), to_string(failure_kind::expected_kind)) << seen_verdict.message; \
    EXPECT_EQ(seen_verdict.place, expected_place) << seen_verdict.message;                                   \
  } while (false)

}  // namespace gauntlet::check
