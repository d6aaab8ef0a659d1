// hash_map against the model: every operation of the interface, with numbers and with text as keys.
//
// What varies is in the program's header: the hash, the element types, the capacity hint, and with it whether the
// tables are tiny (splits and merges within thirty elements) or of the product's size
// (lib/gauntlet/adapters/hash_map.h).
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/runner.h>

static gauntlet::check::verdict judge(const gauntlet::check::program& p) {
  static const gauntlet::check::registration& subject = gauntlet::check::selected_subject("hash_map");
  return gauntlet::check::run(p, subject.single);
}

GAUNTLET_TARGET(.name = "hash_map_operations", .judge_program = judge, .default_subject = "hash_map");
