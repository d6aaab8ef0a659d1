// expect: deep_copy of pointer to polymorphic class
#include <gauntlet/map/deep_copy.h>

struct shape {
  virtual ~shape() = default;
  int sides = 0;
};
template <>
struct gauntlet::deep_copy_traits<shape> {
  static constexpr auto members = std::tuple(&shape::sides);
};

int main() { return gauntlet::deep_copy(std::unique_ptr<shape>())->sides; }
