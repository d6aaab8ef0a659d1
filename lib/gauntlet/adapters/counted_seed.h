// Seeds that differ from map to map, and are the same in every run of a program: counted from the making of the subject
// on. Elements that are looked for with another map's seed, or with none, are not found.
#pragma once

#include <cstdint>
#include <utility>

#include <gauntlet/check/run/subject.h>

namespace gauntlet::adapters {

// One thread at a time.
class counted_seed {
 public:
  static std::uint64_t next() noexcept { return 0x9E3779B97F4A7C15 * ++given_; }
  static void restart() noexcept { given_ = 0; }

 private:
  static inline std::uint64_t given_ = 0;
};

inline check::subject_factory with_counted_seeds(check::subject_factory make) {
  return [make = std::move(make)](const check::program_header& h) {
    counted_seed::restart();
    return make(h);
  };
}

}  // namespace gauntlet::adapters
