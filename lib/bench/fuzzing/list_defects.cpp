// The defects that the ways of hunting are compared on: one a line, the target that must notice and the name.
#include <cstdio>

#include <gauntlet/check/run/registry.h>

int main() {
  for (const gauntlet::check::registration& map : gauntlet::check::registered_subjects()) {
    if (!map.defective) continue;
    std::printf("%.*s\t%.*s\n", static_cast<int>(map.defect.target.size()), map.defect.target.data(),
                static_cast<int>(map.name.size()), map.name.data());
  }
}
