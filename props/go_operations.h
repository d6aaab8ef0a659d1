// Bodies for controlled runs: operations of sync_map that a program of the judge has no word for, beside threads that
// make its parts come and go. Each checks what must hold in every interleaving.
#pragma once

#include <vector>

namespace props {

struct go_body {
  const char* name;
  void (*run)();
};

const std::vector<go_body>& go_bodies();

}  // namespace props
