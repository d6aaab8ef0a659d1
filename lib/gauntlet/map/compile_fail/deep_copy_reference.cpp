// expect: deep_copy of a reference
#include <gauntlet/map/deep_copy.h>

int main() {
  int value = 0;
  const std::tuple<int&> referring(value);
  return std::get<0>(gauntlet::deep_copy(referring));
}
