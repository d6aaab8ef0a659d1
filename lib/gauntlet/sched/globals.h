// Included first into every source that is compiled for control (target gauntlet_sched_instrument does it, with
// -include): its globals and statics go into two sections of their own, so that they can be reset between runs. A
// precompiled header would undo that unnoticed: such sources go without.
#pragma once

#if defined(__clang__)
#pragma clang section bss = "gauntlet_sched_bss" data = "gauntlet_sched_data"
#endif
