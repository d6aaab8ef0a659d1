// expect: deep_copy of a view
#include <gauntlet/map/deep_copy.h>

int main() {
  const std::vector<std::string_view> views;
  return static_cast<int>(gauntlet::deep_copy(views).size());
}
