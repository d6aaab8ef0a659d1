// --reduce and --times: the same input, or smaller ones, again and again, each in a child.
#pragma once

#include <chrono>
#include <string>

#include "input.h"

namespace gauntlet::driver {

struct shrink_options {
  std::string file, out;
  std::chrono::seconds time{120};
  std::chrono::milliseconds try_limit{20000};
};

// Exit status: 0 written, 1 the input does not fail, 2 cannot be written.
int shrink(const input& in, const shrink_options& options);

// Prints how many of `times` runs failed, with a 95 % interval. Exit status: 0 none, 1 some.
int repeat(const input& in, const std::string& file, unsigned times, std::chrono::milliseconds try_limit);

}  // namespace gauntlet::driver
