// A failure as people read it. The same text on discovery and on replay.
#pragma once

#include <string>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/verdict.h>

namespace gauntlet::check {

// What was asked, what happened, which promise broke, the program as text, the command that replays it.
std::string report(const program& p, const verdict& v, std::string_view subject_name, std::string_view target_name,
                   std::string_view file);

// A self-contained C++ test (GoogleTest) that holds the program and fails as long as the defect is there.
std::string emit_test(const program& p, std::string_view subject_name, std::string_view target_name);

}  // namespace gauntlet::check
