// Registers a map under its adapter's name when the program starts. Link as objects: an archive would drop it.
#pragma once

#include <utility>

#include <gauntlet/check/run/registry.h>

namespace gauntlet::adapters {

struct registrar {
  registrar(std::string_view name, check::subject_factory single) {
    check::registration r;
    r.name = name;
    r.single = std::move(single);
    check::register_subject(std::move(r));
  }
  registrar(std::string_view name, check::concurrent_subject_factory concurrent) {
    check::registration r;
    r.name = name;
    r.concurrent = std::move(concurrent);
    check::register_subject(std::move(r));
  }
};

}  // namespace gauntlet::adapters
