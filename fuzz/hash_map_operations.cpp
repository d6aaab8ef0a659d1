// hash_map against the model: every operation of the interface, with numbers and with text as keys.
//
// What varies is in the program's header: the hash, the element types, the capacity hint, and with it whether the
// tables are tiny (splits and merges within thirty elements) or of the product's size
// (lib/gauntlet/adapters/hash_map.h). Types other than numbers and text are the business of hash_map_types; here they
// mean numbers.
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/runner.h>

using namespace gauntlet::check;

static verdict judge(const program& p) {
  static const registration& subject = selected_subject("hash_map");
  if (p.header.types == element_types::u64_u64 || p.header.types == element_types::string_string) {
    return run(p, subject.single);
  }
  program of_numbers = p;
  of_numbers.header.types = element_types::u64_u64;
  return run(of_numbers, subject.single);
}

GAUNTLET_TARGET(.name = "hash_map_operations", .judge_program = judge, .default_subject = "hash_map");
