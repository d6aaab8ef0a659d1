// A failure as people read it. The same text on discovery and on replay.
//
//   == gauntlet: wrong_result =====================================
//   asked      find 0 hot 3 (step 4 of 5, on hash_map, target hash_map_operations)
//   happened   <the verdict's message>
//   broken     an operation gave something else than the model: ...
//
//   the program, as text (5 operations; '>' marks the step at which it showed)
//   ...
//   replay     ci/reproduce FILE
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/verdict.h>

namespace gauntlet::check {

// What was asked, what happened, which promise broke, the program as text, the command that replays it. `file` may be
// empty: not known yet.
std::string report(const program& p, const verdict& v, std::string_view subject_name, std::string_view target_name,
                   std::string_view file);

// The same for a target that judges bytes: a dump takes the place of the program.
std::string report(std::span<const std::uint8_t> bytes, const verdict& v, std::string_view target_name,
                   std::string_view file);

// One sentence: what the oracle of this name guards.
std::string_view promise_of(failure_kind k) noexcept;

// A self-contained C++ test (GoogleTest) that holds the program and fails as long as the defect is there. It links
// against gauntlet::check and whatever registers the subject. Above the program, each operation stands as the call that
// it makes, in C++.
std::string emit_test(const program& p, std::string_view subject_name, std::string_view target_name);

}  // namespace gauntlet::check
