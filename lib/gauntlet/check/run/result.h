// What one operation gives back, from the map and from the model alike, so that the two compare with ==.
#pragma once

#include <cstdint>
#include <string>

namespace gauntlet::check {

enum class outcome : std::uint8_t {
  done,
  unsupported,   // the map does not offer this operation: left out on both sides
  left_out,      // banned, or means nothing here
  out_of_range,  // std::out_of_range
  length_error,  // std::length_error or std::bad_alloc or std::bad_array_new_length for an absurd request
  injected,      // the fault that the program armed
  misuse,        // the map diagnosed a misuse
};
inline constexpr unsigned outcome_count = 7;

struct result {
  outcome status = outcome::done;
  bool flag = false;          // inserted, found, equal, empty, ...
  bool has_value = false;
  std::uint64_t value = 0;    // the mapped value seen (after the operation, where the operation returns an iterator)
  std::uint64_t number = 0;   // count, size, number erased
  friend bool operator==(const result&, const result&) = default;
};

std::string to_string(const result& r);

}  // namespace gauntlet::check
