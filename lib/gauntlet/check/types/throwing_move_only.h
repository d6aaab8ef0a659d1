// A mapped type that can only be moved, and whose moves may throw: no map can promise that all elements survive that.
#pragma once

#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {

using throwing_move_only = basic_tracked<move_rule::may_throw, copy_rule::move_only>;

}  // namespace gauntlet::check
