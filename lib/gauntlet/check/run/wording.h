// How a run speaks of requests and elements in its messages. result.h has the wording of results.
#pragma once

#include <string>

#include <gauntlet/check/run/subject.h>

namespace gauntlet::check {

// The operation with those operands that it takes: "insert_or_assign map 0 key 3 value 9".
std::string describe(const request& r);
// "(key 3, value 9)".
std::string describe(const element& e);

}  // namespace gauntlet::check
