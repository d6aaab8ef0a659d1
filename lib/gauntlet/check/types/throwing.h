// A key or mapped type whose copies and moves may both throw: maps that promise the strong guarantee have to copy it
// when they move house, or to find another way back.
#pragma once

#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {

using throwing = basic_tracked<move_rule::may_throw, copy_rule::copyable>;

}  // namespace gauntlet::check
