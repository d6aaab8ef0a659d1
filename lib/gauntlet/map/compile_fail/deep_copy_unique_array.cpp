// expect: deep_copy of unique_ptr to an array
#include <gauntlet/map/deep_copy.h>

int main() { return gauntlet::deep_copy(std::unique_ptr<int[]>())[0]; }
