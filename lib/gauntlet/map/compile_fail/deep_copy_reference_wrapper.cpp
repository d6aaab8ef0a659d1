// expect: deep_copy of unknown class
#include <gauntlet/map/deep_copy.h>

#include <functional>

int main() {
  int value = 0;
  return gauntlet::deep_copy(std::ref(value));
}
