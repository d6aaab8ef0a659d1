// expect: deep_copy of unknown class
#include <gauntlet/map/deep_copy.h>

#include <functional>

int main() { return gauntlet::deep_copy(std::function<int()>())(); }
