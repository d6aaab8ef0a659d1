// A map that is right in everything but its progress: it promises that readers wait for nobody, and they take turns.
#pragma once

#include <gauntlet/check/run/concurrent_subject.h>

namespace props {

gauntlet::check::concurrent_subject_factory obstructed_map();

}  // namespace props
