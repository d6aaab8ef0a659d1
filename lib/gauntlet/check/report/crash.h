// What a process that died can still tell: where it crashed; and how sure a count of failures is.
#pragma once

#include <string>
#include <string_view>

namespace gauntlet::check {

// The place of a crash: the name of the error, from what the process wrote to stderr, otherwise the signal that ended
// it (0: none) or its exit status; then the first function of the stack that is neither a library's nor the judge's: the map's,
// wherever it comes from. Without one, the judge's first.
// The same for every run of the same failure: addresses, sizes, thread numbers and template arguments are left out.
std::string place_of_crash(std::string_view error_output, int signal_number, int exit_status);

// The function of that stack alone, where `output` is no more than a stack.
std::string function_of_stack(std::string_view output);

// What a sanitizer wrote, without the frames of the judge behind the map's, the summary and the shadow: the stacks of who
// allocated and who freed are what somebody wants to see next. Lines above 400 characters lose their middle.
std::string without_the_judge(std::string_view error_output);

// The interval of Wilson (1927) for k failures in n runs, at 95 %.
struct interval {
  double low = 0, high = 1;
};
interval wilson(unsigned k, unsigned n) noexcept;

}  // namespace gauntlet::check
