// expect: deep_copy of shared_ptr to an array
#include <gauntlet/map/deep_copy.h>

int main() { return gauntlet::deep_copy(std::shared_ptr<int[]>())[0]; }
