// expect: exactly one of members, clone, trivially_deep_copyable
#include <gauntlet/map/deep_copy.h>

struct account {
  int balance = 0;
};
template <>
struct gauntlet::deep_copy_traits<account> {
  static constexpr auto members = std::tuple(&account::balance);
  static constexpr bool trivially_deep_copyable = true;
};

int main() { return gauntlet::deep_copy(account()).balance; }
