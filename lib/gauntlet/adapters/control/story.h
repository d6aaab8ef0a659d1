// From a traced run to an interleaving that people read (check/report/interleaving.h).
#pragma once

#include <gauntlet/adapters/control/controlled_executor.h>
#include <gauntlet/check/report/interleaving.h>

namespace gauntlet::adapters {

check::interleaving story_of(const check::program& p, const check::verdict& v, const controlled_executor& run);

}  // namespace gauntlet::adapters
