// Registers a public map that is judged where somebody names it (GAUNTLET_SUBJECT) and nowhere else: the corpus, the
// properties and the hunts of every map pass it by.
#pragma once

#include <utility>

#include <gauntlet/check/run/registry.h>

namespace gauntlet::adapters {

struct registrar_of_stranger {
  registrar_of_stranger(std::string_view name, check::subject_factory single) {
    check::registration r = stranger(name);
    r.single = std::move(single);
    check::register_subject(std::move(r));
  }
  registrar_of_stranger(std::string_view name, check::concurrent_subject_factory concurrent) {
    check::registration r = stranger(name);
    r.concurrent = std::move(concurrent);
    check::register_subject(std::move(r));
  }

 private:
  static check::registration stranger(std::string_view name) {
    check::registration r;
    r.name = name;
    r.is_stranger = true;
    return r;
  }
};

}  // namespace gauntlet::adapters
