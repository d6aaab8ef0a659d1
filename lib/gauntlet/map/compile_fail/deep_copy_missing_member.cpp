// expect: members do not cover the object
#include <gauntlet/map/deep_copy.h>

struct account {
  int balance = 0;
  std::string owner;
};
template <>
struct gauntlet::deep_copy_traits<account> {
  static constexpr auto members = std::tuple(&account::balance);
};

int main() { return gauntlet::deep_copy(account()).balance; }
