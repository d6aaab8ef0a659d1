// expect: deep_copy of raw pointer
#include <gauntlet/map/deep_copy.h>

int main() {
  int value = 0;
  int* pointer = &value;
  return *gauntlet::deep_copy(pointer);
}
