// expect: deep_copy of pointer to polymorphic class
#include <gauntlet/map/deep_copy.h>

struct shape {
  virtual ~shape() = default;
  int sides = 0;
};
template <>
struct gauntlet::deep_copy_traits<shape> {
  static shape clone(const shape& source, deep_copy_context&) { return source; }
};

int main() { return gauntlet::deep_copy(std::shared_ptr<shape>())->sides; }
