#include "obstructed_map.h"

#include <gauntlet/adapters/concurrent.h>
#include <gauntlet/broken/small_maps/versioned_map.h>
#include <gauntlet/check/run/concurrent_subject_of.h>

namespace props {
namespace {

struct one_reader_at_a_time : gauntlet::broken::versioned_map_policy {
  template <class Load>
  static auto announce(std::atomic<unsigned>& readers, Load load) {
    unsigned none = 0;
    while (!readers.compare_exchange_weak(none, 1)) none = 0;  // [announce] pairs with [nobody] and [gone]
    return load();
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct obstructed_map_adapter : gauntlet::adapters::concurrent_map<
                                    gauntlet::broken::versioned_map<Key, T, Hash, KeyEqual, one_reader_at_a_time>> {
  static constexpr std::string_view name = "obstructed_map";
};

}  // namespace

gauntlet::check::concurrent_subject_factory obstructed_map() {
  return gauntlet::check::make_concurrent_subject<obstructed_map_adapter, gauntlet::check::element_types::u64_u64>();
}

}  // namespace props
