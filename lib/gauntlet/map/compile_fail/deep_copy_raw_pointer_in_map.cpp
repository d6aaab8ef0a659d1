// expect: deep_copy of raw pointer
#include <gauntlet/map/deep_copy.h>

int main() {
  const gauntlet::hash_map<int, const char*> map;
  return static_cast<int>(gauntlet::deep_copy(map).size());
}
