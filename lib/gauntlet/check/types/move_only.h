// A mapped type that can be moved and not copied; its lifetimes are tracked like all others.
#pragma once

#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {

using move_only = basic_tracked<move_rule::never_throws, copy_rule::move_only>;

}  // namespace gauntlet::check
