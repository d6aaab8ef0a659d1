// A fuzz target: a name and a judgement over bytes. One body, three lives: libFuzzer target, replay binary, TSan build.
//
//   #include <gauntlet/check/fuzzing/target.h>
//   static gauntlet::check::verdict judge(const gauntlet::check::program& p) { ... }
//   GAUNTLET_TARGET(.name = "hash_map_operations", .judge_program = judge, .default_subject = "hash_map");
//
// The macro defines the target's description. fuzzing/libfuzzer.cpp turns it into LLVMFuzzerTestOneInput, the custom
// mutator and crossover; the replay driver into a command.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/verdict.h>

namespace gauntlet::check {

struct target_description {
  std::string_view name = {};
  verdict (*judge_program)(const program&) = nullptr;  // one of the two is set
  verdict (*judge_bytes)(std::span<const std::uint8_t>) = nullptr;
  std::string_view default_subject = {};  // "" when the target picks its own
  bool concurrent = false;                // programs with threads
  bool scheduled = false;                 // and with a schedule: the same input does the same thing every time
  bool must_fail = false;                 // the canary
};

// Defined once in every binary by one of the macros.
const target_description& this_target();

// All target names, in the order of their numbers in the file header; index 0 is "".
std::span<const std::string_view> target_names();

}  // namespace gauntlet::check

#define GAUNTLET_TARGET(...)                                                      \
  const ::gauntlet::check::target_description& ::gauntlet::check::this_target() { \
    static const ::gauntlet::check::target_description description{__VA_ARGS__};  \
    return description;                                                           \
  }                                                                               \
  static_assert(true)
