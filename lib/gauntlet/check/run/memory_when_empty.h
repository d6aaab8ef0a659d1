// What concurrent maps keep when they have been emptied and used for a while, beside fresh ones that a few elements have been
// in: tables that were never made smaller, and what was to be freed later and never is.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::check {

// Empties the maps of `used`, map by map of what `contents` says that they hold, by erase_key; then, and in the maps of
// `fresh`, elements come by `inserts` and go. In words where `used` holds over `slack` bytes more; empty where it does not.
// Only while nothing else runs.
std::string kept_when_empty(concurrent_subject& used, concurrent_subject& fresh,
                            std::span<const std::vector<element>* const> contents, opcode inserts, std::size_t slack);

}  // namespace gauntlet::check
