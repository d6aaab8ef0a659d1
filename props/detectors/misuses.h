// Misuses: what threads do to memory that they share, small enough to be run some thousand times a second.
//
// Each is a function that makes two threads, lets both begin at about the same moment, and joins them. `rounds` is how
// often each thread does what it does. Beside each stands its right twin: a report about a twin is a false alarm. The
// same functions run on real threads (plain, with a sanitizer) and, compiled for it, under the controlled scheduler.
#pragma once

#include <span>
#include <string_view>

namespace props {

struct misuse {
  std::string_view name;
  std::string_view what;
  void (*wrong)(unsigned rounds);
  void (*right)(unsigned rounds);
};

std::span<const misuse> misuses();

}  // namespace props
