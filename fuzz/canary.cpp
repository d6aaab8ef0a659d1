// The canary: a map that is wrong in the plainest way. It must fail, or nothing that does not fail means anything.
#include <unordered_map>

#include <gauntlet/adapters/standard.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/run/runner.h>
#include <gauntlet/check/run/subject_of.h>

namespace {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct forgetful_map : std::unordered_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = std::unordered_map<Key, T, Hash, KeyEqual, Allocator>;
  using right::right;
  using right::operator=;
  bool contains(const Key&) const { return false; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct forgetful_adapter : gauntlet::adapters::standard_map<forgetful_map<Key, T, Hash, KeyEqual, Allocator>> {
  static constexpr std::string_view name = "canary";
};

gauntlet::check::verdict judge(const gauntlet::check::program& p) {
  static const auto make = gauntlet::check::make_subject<forgetful_adapter, gauntlet::check::element_types::u64_u64>();
  return gauntlet::check::run(p, make);
}

}  // namespace

GAUNTLET_TARGET(.name = "canary", .judge_program = judge, .must_fail = true);
