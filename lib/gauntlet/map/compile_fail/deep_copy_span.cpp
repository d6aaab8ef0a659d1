// expect: deep_copy of a view
#include <gauntlet/map/deep_copy.h>

int main() { return static_cast<int>(gauntlet::deep_copy(std::span<int>()).size()); }
