// expect: deep_copy of unique_ptr with a custom deleter
#include <gauntlet/map/deep_copy.h>

struct closer {
  void operator()(int* file) const { *file = -1; }
};

int main() { return *gauntlet::deep_copy(std::unique_ptr<int, closer>()); }
