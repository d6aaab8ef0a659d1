// How a run speaks of requests, elements and objects in its messages. result.h has the wording of results.
#pragma once

#include <cstdint>
#include <string>

#include <gauntlet/check/run/subject.h>

namespace gauntlet::check {

// The operation with those operands that it takes: "insert_or_assign map 0 key 3 value 9".
std::string describe(const request& r);
// What "yes" and the numbers of a result mean, after an operation of this kind: " (yes: inserted; value: the key's afterwards)".
// Empty where there is nothing to explain. See result.h.
std::string legend_of(const request& r);
// "(key 3, value 9)".
std::string describe(const element& e);
// What is wrong when so many more tracked objects are alive than before a run; empty when none are.
std::string objects_out_of_balance(std::int64_t surplus);

}  // namespace gauntlet::check
