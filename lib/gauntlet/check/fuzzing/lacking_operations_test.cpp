// What maps lack is learnt after enough programs and forgotten with the first answer; programs do without what they are told to.
#include <gauntlet/check/fuzzing/lacking_operations.h>
#include <gtest/gtest.h>

#include <set>

#include <gauntlet/check/program/codec.h>

namespace gauntlet::check {
namespace {

std::uint64_t& times(coverage_table& table, opcode code, outcome o) {
  return table.count[static_cast<std::size_t>(code)][static_cast<std::size_t>(o)];
}

bool has(const opcode_set& operations, opcode code) { return operations[static_cast<std::size_t>(code)]; }

TEST(lacking_operations, are_those_that_enough_programs_asked_for_in_vain) {
  lacking_operations lacking;
  coverage_table table;
  for (unsigned i = 0; i < lacking_operations::programs_enough; ++i) {
    EXPECT_TRUE(lacking.now().none()) << "after " << i << " programs";
    times(table, opcode::merge, outcome::unsupported) += 3;
    times(table, opcode::merge, outcome::left_out) += 1;
    times(table, opcode::walk, outcome::left_out) += 2;
    times(table, opcode::find, outcome::unsupported) += 5;
    times(table, opcode::find, outcome::done) += 1;
    lacking.learn(table);
  }
  EXPECT_TRUE(has(lacking.now(), opcode::merge));
  EXPECT_EQ(lacking.now().count(), 1u) << names_of(lacking.now());
}

TEST(lacking_operations, of_a_single_long_program_tell_nothing) {
  lacking_operations lacking;
  coverage_table table;
  times(table, opcode::merge, outcome::unsupported) = 100'000;
  for (unsigned i = 0; i < 2 * lacking_operations::programs_enough; ++i) lacking.learn(table);
  EXPECT_TRUE(lacking.now().none());
}

TEST(lacking_operations, are_asked_again_after_an_answer) {
  lacking_operations lacking;
  coverage_table table;
  for (unsigned i = 0; i < lacking_operations::programs_enough; ++i) {
    ++times(table, opcode::extract_key, outcome::unsupported);
    lacking.learn(table);
  }
  ASSERT_TRUE(has(lacking.now(), opcode::extract_key));
  ++times(table, opcode::extract_key, outcome::done);
  lacking.learn(table);
  EXPECT_TRUE(lacking.now().none());
}

TEST(lacking_operations, have_names) {
  const auto some = operations_named("merge,find,erase_if");
  ASSERT_TRUE(std::holds_alternative<opcode_set>(some));
  const opcode_set& operations = std::get<opcode_set>(some);
  EXPECT_EQ(operations.count(), 3u);
  EXPECT_TRUE(has(operations, opcode::merge) && has(operations, opcode::find) && has(operations, opcode::erase_if));
  EXPECT_EQ(std::get<opcode_set>(operations_named(names_of(operations))), operations);
  EXPECT_TRUE(std::get<opcode_set>(operations_named("")).none());
  for (const char* const wrong : {"mergee", "merge,,find", ",merge", "merge find"}) {
    const auto refused = operations_named(wrong);
    ASSERT_TRUE(std::holds_alternative<std::string>(refused)) << wrong;
    EXPECT_NE(std::get<std::string>(refused).find("there are: nothing,"), std::string::npos)
        << std::get<std::string>(refused);
  }
}

TEST(programs, do_without_what_they_are_told_to_and_have_all_the_rest) {
  for (const bool concurrent : {false, true}) {
    mutation_options all;
    all.concurrent = all.scheduled = all.prefilled = concurrent;
    all.operations_max = 60;
    mutation_options some = all;
    some.without =
        std::get<opcode_set>(operations_named("insert_copy,walk,insert_range,erase_range,upsert,fault,equal,snapshot"));
    std::set<opcode> met_with_all, met;
    random_source first(1);
    program kept = generate_fresh(first, all), other = kept;
    for (std::uint64_t i = 0; i < 4000; ++i) {
      random_source random(i);
      program p = kept;
      if (i % 3 == 0) {
        p = generate(random, 1 + random.below(60), some);
      } else if (i % 3 == 1) {
        mutate(p, random, some);
      } else {
        p = cross_over(kept, other, random, some);
      }
      for (const operation& o : p.operations) {
        ASSERT_FALSE(has(some.without, o.code)) << info(o.code).name;
        met.insert(o.code);
      }
      program normal = p;
      normalize(normal);
      ASSERT_EQ(normal, p);
      other = generate(random, 1 + random.below(60), all);  // a corpus that somebody else made
      kept = i % 5 == 0 ? other : p;
      for (const operation& o : other.operations) met_with_all.insert(o.code);
    }
    for (const opcode code : met_with_all) EXPECT_EQ(met.contains(code), !has(some.without, code)) << info(code).name;
    EXPECT_GT(met.size(), concurrent ? 18u : 50u);
  }
}

}  // namespace
}  // namespace gauntlet::check
