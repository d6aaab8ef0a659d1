// One try in a process of its own, so that crashes, sanitizer reports, aborts and hangs are answers and not the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <gauntlet/check/reduce/reduce.h>
#include <gauntlet/check/run/verdict.h>

#include "input.h"

namespace gauntlet::driver {

// What a child is asked that gives no answer in time. To say where it is takes longer than many a try.
enum class hang_answer : std::uint8_t { none, where_it_is };

inline constexpr std::string_view time_out = "time-out";  // the place in the signature of a hang

struct try_result {
  check::failure_signature signature;  // held() when the map held
  check::verdict verdict;              // of the judge, or one of kind crash made from what the child left
  std::chrono::milliseconds took{0};
  std::uint64_t judgements = 0;  // done in the child; the last one gave the verdict
};

// Judges `in` in a child. A child that dies or prints a sanitizer's report gives the kind "crash" and as place the name
// of the error with the first frame inside gauntlet; one that takes longer than `limit` is killed: place "time-out".
// Where it is asked, and a sanitizer is there that can tell, and one thread alone is at work, it says before where it is:
// the function in the verdict's place, the stack in its message.
// With `times`, the child judges again and again, each time under other disturbances, until one judgement fails, all
// are done or half of the limit is over: a process is a hundred times as dear as a judgement.
// The caller must not have started threads. Throws std::runtime_error when no child can be made.
try_result try_in_child(const input& in, std::chrono::milliseconds limit, std::uint64_t times = 1,
                        hang_answer asked = hang_answer::none);

}  // namespace gauntlet::driver
