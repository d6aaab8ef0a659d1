// expect: deep_copy of an array
#include <gauntlet/map/deep_copy.h>

int main() {
  const int numbers[3] = {1, 2, 3};
  gauntlet::deep_copy(numbers);
}
