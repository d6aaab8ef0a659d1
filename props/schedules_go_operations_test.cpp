// swap, load_or_store, compare_and_delete and load_and_delete of sync_map under every strategy, from every state in which
// they can find a key.
#include "controlled.h"
#include "go_operations.h"

#include <gtest/gtest.h>

#include <cstdio>

#include <gauntlet/sched/run.h>

namespace {

using namespace gauntlet::sched;

TEST(operations_of_sync_map, hold_under_every_strategy) {
  constexpr unsigned runs = 500;
  std::vector<std::uint8_t> bytes(64);
  gauntlet::check::random_source random(13);
  const auto strategies = props::every_strategy(bytes);
  std::uint64_t all = 0;
  for (const props::go_body& body : props::go_bodies()) {
    for (const auto& strategy : strategies) {
      for (unsigned n = 0; n < runs; ++n) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
          bytes[i] = static_cast<std::uint8_t>(random.below(i % 2 == 0 ? 64 : 256));
        }
        run_options options;
        options.rng_seed = n + 1;
        options.memory = n % 2 == 0 ? memory_model::sequential : memory_model::weak;
        options.allocator = n % 4 < 2 ? reuse::at_once : reuse::quarantine;
        const outcome seen = run(body.run, *strategy, options);
        ASSERT_EQ(seen.found, finding::none) << body.name << " under " << strategy->name() << ": " << seen.message;
        ++all;
      }
    }
  }
  std::printf("%llu schedules of %zu bodies\n", static_cast<unsigned long long>(all), props::go_bodies().size());
  EXPECT_GE(props::go_bodies().size(), 20u);
}

}  // namespace
