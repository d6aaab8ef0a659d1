// What no map stores: keys that look at bytes they do not own. Without a case the file compiles.
//
// expect(HASH_MAP): gauntlet::hash_map: this key type is a view
// expect(BUCKET_MAP): gauntlet::bucket_map: this key type is a view
// expect(SHARED_MUTEX_MAP): this key type is a view
// expect(SHARDED_MAP): this key type is a view
// expect(SYNC_MAP): gauntlet::sync_map: this key type is a view
// expect(SNAPSHOT_MAP): gauntlet::snapshot_map: this key type is a view
// expect(RCU_MAP): gauntlet::rcu_map: this key type is a view
// expect(CONCURRENT_MAP): gauntlet::concurrent_map: this key type is a view
// expect(SPAN): this key type is a view: store what owns its bytes
// expect(INSIDE_A_TUPLE): this key type is a view
// expect(INSIDE_A_VECTOR_OF_OPTIONALS): this key type is a view
// expect(INSIDE_A_VARIANT): this key type is a view
// expect(REFERENCE): this key type is a view
// expect(VIEW_OF_ONES_OWN): this key type is a view
// expect(BORROWED_FROM_A_TEMPORARY): (use of deleted function|deleted)
// expect(DIFFERENT_NUMBERS_OF_PARTS): these have different numbers of parts
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <gauntlet/map/bucket_map.h>
#include <gauntlet/map/composite_key.h>
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gauntlet/map/snapshot_map.h>
#include <gauntlet/map/sync_map.h>

struct my_view {
  const char* at;
  friend bool operator==(my_view a, my_view b) { return *a.at == *b.at; }
};
template <>
inline constexpr bool gauntlet::borrows_bytes<my_view> = true;

template <class Key>
using by_content = gauntlet::hash_map<Key, int, gauntlet::content_hash, gauntlet::content_equal>;

int main() {
  gauntlet::hash_map<gauntlet::borrowed_key<std::string_view>, int> borrowed;
  gauntlet::sharded_map<std::tuple<std::string, int>, int> composite;
  by_content<std::pair<std::string, gauntlet::borrowed_key<std::span<const int>>>> half_borrowed;
  by_content<std::pair<std::string, std::vector<int>>> owned;
  (void)owned.contains(std::pair(std::string_view("a"), std::span<const int>()));
#ifdef HASH_MAP
  gauntlet::hash_map<std::string_view, int> wrong;
#endif
#ifdef BUCKET_MAP
  gauntlet::bucket_map<std::string_view, int> wrong;
#endif
#ifdef SHARED_MUTEX_MAP
  gauntlet::shared_mutex_map<std::string_view, int> wrong;
#endif
#ifdef SHARDED_MAP
  gauntlet::sharded_map<std::string_view, int> wrong;
#endif
#ifdef SYNC_MAP
  gauntlet::sync_map<std::string_view, int> wrong;
#endif
#ifdef SNAPSHOT_MAP
  gauntlet::snapshot_map<std::string_view, int> wrong;
#endif
#ifdef RCU_MAP
  gauntlet::rcu_map<std::string_view, int> wrong;
#endif
#ifdef CONCURRENT_MAP
  gauntlet::concurrent_map<std::string_view, int> wrong;
#endif
#ifdef SPAN
  by_content<std::span<const int>> wrong;
#endif
#ifdef INSIDE_A_TUPLE
  by_content<std::tuple<int, std::pair<std::string_view, int>>> wrong;
#endif
#ifdef INSIDE_A_VECTOR_OF_OPTIONALS
  by_content<std::vector<std::optional<std::string_view>>> wrong;
#endif
#ifdef INSIDE_A_VARIANT
  by_content<std::variant<int, std::string_view>> wrong;
#endif
#ifdef REFERENCE
  by_content<std::tuple<const std::string&>> wrong;
#endif
#ifdef VIEW_OF_ONES_OWN
  by_content<std::pair<my_view, int>> wrong;
#endif
#ifdef BORROWED_FROM_A_TEMPORARY
  borrowed[gauntlet::borrowed_key<std::string_view>(std::string("gone at the end of the line"))] = 1;
#endif
#ifdef DIFFERENT_NUMBERS_OF_PARTS
  (void)owned.contains(std::tuple(std::string_view("a"), std::vector<int>(), 1));
#endif
}
