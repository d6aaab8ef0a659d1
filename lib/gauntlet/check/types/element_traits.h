// From numbers to elements and back: make<T>(number) and id_of(object), for every key and mapped type of a program.
//
// Equality and hash of the judge go through id_of, so two objects are equal exactly when their numbers are. Strings
// carry their number in the first eight characters and vary in length from 8 to 31, so that neighbours lie on both
// sides of every small-string limit; a string that lost its tail does not give its number back.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/types/move_only.h>
#include <gauntlet/check/types/over_aligned.h>
#include <gauntlet/check/types/throwing.h>
#include <gauntlet/check/types/throwing_move_only.h>
#include <gauntlet/check/types/tracked.h>
#include <gauntlet/check/types/two_words.h>

namespace gauntlet::check {

inline std::size_t string_length_of(std::uint64_t id) noexcept { return 8 + static_cast<std::size_t>(id * 5 % 24); }

template <class T>
T make(std::uint64_t id) {
  if constexpr (std::is_same_v<T, std::string>) {
    if (id == 0) {
      return {};
    }
    std::string text(string_length_of(id), static_cast<char>('a' + id % 26));
    std::memcpy(text.data(), &id, sizeof id);
    return text;
  } else {
    return T(id);
  }
}

inline std::uint64_t id_of(std::uint64_t number) noexcept { return number; }

// The empty string, which is what m[k] makes, is zero, like the value-initialised object of every other type.
inline std::uint64_t id_of(const std::string& text) noexcept {
  if (text.empty()) {
    return 0;
  }
  constexpr std::uint64_t damaged = 0xbadbadbadbadbad0ULL;
  if (text.size() < 8) {
    return damaged;
  }
  std::uint64_t id = 0;
  std::memcpy(&id, text.data(), sizeof id);
  return text.size() == string_length_of(id) ? id : damaged ^ id;
}

template <move_rule Move, copy_rule Copy>
std::uint64_t id_of(const basic_tracked<Move, Copy>& object) noexcept {
  return object.read();
}

inline std::uint64_t id_of(const over_aligned& object) noexcept { return object.read(); }

inline std::uint64_t id_of(const two_words& object) noexcept { return object.read(); }

// True when nothing was moved out of `object` since make(id).
template <class T>
bool untouched(const T& object, std::uint64_t id) noexcept {
  if constexpr (requires { object.is_moved_from(); }) {
    return !object.is_moved_from() && object.read() == id;
  } else {
    return id_of(object) == id;
  }
}

template <element_types Types>
struct element_types_of;
template <>
struct element_types_of<element_types::u64_u64> {
  using key = std::uint64_t;
  using mapped = std::uint64_t;
};
template <>
struct element_types_of<element_types::string_string> {
  using key = std::string;
  using mapped = std::string;
};
template <>
struct element_types_of<element_types::u64_move_only> {
  using key = std::uint64_t;
  using mapped = move_only;
};
template <>
struct element_types_of<element_types::tracked_tracked> {
  using key = tracked;
  using mapped = tracked;
};
template <>
struct element_types_of<element_types::throwing_throwing> {
  using key = throwing;
  using mapped = throwing;
};
template <>
struct element_types_of<element_types::u64_over_aligned> {
  using key = std::uint64_t;
  using mapped = over_aligned;
};
template <>
struct element_types_of<element_types::string_u64> {
  using key = std::string;
  using mapped = std::uint64_t;
};
template <>
struct element_types_of<element_types::tracked_throwing> {
  using key = tracked;
  using mapped = throwing;
};
template <>
struct element_types_of<element_types::tracked_throwing_move_only> {
  using key = tracked;
  using mapped = throwing_move_only;
};
template <>
struct element_types_of<element_types::u64_two_words> {
  using key = std::uint64_t;
  using mapped = two_words;
};

}  // namespace gauntlet::check
