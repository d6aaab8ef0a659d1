// RapidCheck's view of programs: the judge's own generator draws each operation, RapidCheck decides how many there are
// and takes operations away when it looks for the smallest counterexample. A counterexample prints as .ops text.
#pragma once

#include <ostream>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/text.h>

namespace gauntlet::check {

inline void showValue(const program& p, std::ostream& out) { out << '\n' << print(p); }

}  // namespace gauntlet::check

namespace props {

// Programs for one thread, or for several when options.concurrent.
inline rc::Gen<gauntlet::check::program> some_program(const gauntlet::check::mutation_options& options = {}) {
  using namespace gauntlet::check;
  const auto from_seed = rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>());
  return rc::gen::mapcat(from_seed, [options, from_seed](std::uint64_t rng_seed) {
    random_source random(rng_seed);
    program context = generate(random, 0, options);
    const auto one_operation = rc::gen::map(from_seed, [context, options](std::uint64_t operation_seed) {
      random_source source(operation_seed);
      return generate_operation(context, source, options);
    });
    return rc::gen::map(rc::gen::container<std::vector<operation>>(one_operation),
                        [context](std::vector<operation> operations) {
                          program p = context;
                          p.operations = std::move(operations);
                          normalize(p);
                          return p;
                        });
  });
}

}  // namespace props
