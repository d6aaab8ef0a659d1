// The mutator reaches everything that a program can say, keeps programs normal and does the same thing for the same
// seed.
#include <gauntlet/check/fuzzing/mutate.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include <gauntlet/check/fuzzing/draw.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/edit.h>
#include <gauntlet/check/program/names.h>
#include <gauntlet/check/program/text.h>

namespace gauntlet::check {
namespace {

::testing::AssertionResult is_normal(const program& p) {
  program again = p;
  normalize(again);
  if (again == p && decode(encode(p)) == p) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "not normal:\n" << print(p);
}

TEST(mutate, from_nothing_every_opcode_operand_and_setting_is_reached) {
  std::set<opcode> opcodes;
  std::set<unsigned> targets, others, lanes, hot_keys, bodies, before, erased_before;
  std::set<key_class> classes_outside, classes_inside;
  std::set<hash_quality> hashes;
  std::set<element_types> types, types_among_threads;
  std::set<unsigned> faults_among_threads;
  std::set<allocator_mode> allocators;
  std::set<std::pair<opcode, unsigned>> arguments;
  std::size_t arguments_wanted = 0;
  for (std::size_t i = 0; i < opcode_count; ++i) arguments_wanted += argument_names(static_cast<opcode>(i)).size();
  std::size_t longest = 0;
  std::uint64_t largest_value = 0, largest_count = 0;
  bool banned = false;

  for (const bool concurrent : {false, true}) {
    mutation_options options;
    options.concurrent = concurrent;
    options.target = concurrent ? 5 : 1;
    options.operations_max = 120;
    random_source random(7);
    program p;
    for (int step = 0; step < 20000; ++step) {
      mutate(p, random, options);
      ASSERT_TRUE(is_normal(p)) << "after step " << step;
      ASSERT_LE(p.operations.size(), options.operations_max);
      ASSERT_EQ(p.header.target, options.target);
      longest = std::max(longest, p.operations.size());
      banned = banned || p.header.banned != 0;
      hashes.insert(p.header.hash);
      types.insert(p.header.types);
      if (concurrent) {
        types_among_threads.insert(p.header.types);
        before.insert(p.header.capacity);
        erased_before.insert(p.header.erased_before);
      }
      allocators.insert(p.header.allocator);
      hot_keys.insert(p.header.hot_keys);
      for (std::size_t i = 0; i < p.operations.size(); ++i) {
        const operation& o = p.operations[i];
        opcodes.insert(o.code);
        if (concurrent && o.code == opcode::fault) faults_among_threads.insert(o.argument);
        if (info(o.code).takes.target) targets.insert(o.target);
        if (info(o.code).takes.other) others.insert(o.other);
        lanes.insert(static_cast<unsigned>(o.where));
        if (info(o.code).takes.key) (in_body(p, i) ? classes_inside : classes_outside).insert(o.key.choice);
        if (info(o.code).takes.argument) arguments.insert({o.code, o.argument});
        if (info(o.code).takes.body) bodies.insert(o.argument);
        largest_value = std::max<std::uint64_t>(largest_value, o.value);
        largest_count = std::max<std::uint64_t>(largest_count, o.count);
      }
    }
  }
  for (std::size_t i = 0; i < opcode_count; ++i) {
    EXPECT_TRUE(opcodes.contains(static_cast<opcode>(i))) << info(static_cast<opcode>(i)).name;
  }
  EXPECT_EQ(targets.size(), map_count);
  EXPECT_EQ(others.size(), map_count);
  EXPECT_EQ(lanes.size(), 8u);
  EXPECT_EQ(classes_inside.size(), key_class_count);
  EXPECT_EQ(classes_outside.size(), key_class_count);
  EXPECT_EQ(hashes.size(), hash_quality_count);
  EXPECT_EQ(types.size(), element_types_count);
  EXPECT_EQ(types_among_threads, (std::set{element_types::u64_u64, element_types::u64_two_words,
                                           element_types::string_string, element_types::tracked_tracked}));
  EXPECT_EQ(faults_among_threads.size(), fault_kind_count - 1) << "all but `move`";
  EXPECT_EQ(allocators.size(), allocator_mode_count);
  EXPECT_GT(hot_keys.size(), 16u);
  EXPECT_GT(before.size(), 32u);
  EXPECT_GT(erased_before.size(), 16u);
  EXPECT_EQ(bodies.size(), body_size_max + 1);
  EXPECT_EQ(arguments.size(), arguments_wanted);
  EXPECT_EQ(longest, 120u);  // the limit: a chain starts afresh now and then, and still comes to it
  EXPECT_EQ(largest_value, 0xffffu);
  EXPECT_EQ(largest_count, 256u);
  EXPECT_TRUE(banned);
}

TEST(mutate, every_single_field_can_change_alone) {
  program start;
  start.header.threads = 3;
  start.operations.push_back(
      {.code = opcode::insert_copy, .where = lane::thread_1, .key = {key_class::wide, 9}, .value = 3});
  start.operations.push_back({.code = opcode::equal, .other = 1, .where = lane::thread_2});
  start.operations.push_back({.code = opcode::erase_if, .value = 5, .argument = 2});
  normalize(start);
  std::set<std::string> changed;
  for (const bool concurrent : {false, true}) {
    mutation_options options;
    options.concurrent = concurrent;
    program base = start;
    if (!concurrent) base.header.threads = 0;
    normalize(base);
    random_source random(12);
    for (int i = 0; i < 20000; ++i) {
      program p = base;
      mutate(p, random, options);
      if (p.operations.size() > base.operations.size()) changed.insert("longer");
      if (p.operations.size() < base.operations.size()) changed.insert("shorter");
      if (p.header.hash != base.header.hash && p.operations == base.operations) changed.insert("hash");
      if (p.operations.size() != base.operations.size() || !(p.header == base.header)) continue;
      std::vector<std::size_t> different;
      for (std::size_t j = 0; j < p.operations.size(); ++j) {
        if (!(p.operations[j] == base.operations[j])) different.push_back(j);
      }
      if (different.size() == 2 && p.operations[different[0]] == base.operations[different[1]] &&
          p.operations[different[1]] == base.operations[different[0]]) {
        changed.insert("order");
      }
      if (different.size() != 1) continue;
      const operation& was = base.operations[different[0]];
      const operation& is = p.operations[different[0]];
      const auto alone = [&](std::string_view name, auto member) {
        operation other = was;
        other.*member = is.*member;
        if (other == is) changed.insert(std::string(name));
      };
      alone("opcode", &operation::code);
      alone("target", &operation::target);
      alone("other", &operation::other);
      alone("lane", &operation::where);
      alone("key", &operation::key);
      alone("value", &operation::value);
      alone("count", &operation::count);
      alone("argument", &operation::argument);
    }
  }
  EXPECT_EQ(changed, (std::set<std::string>{"longer", "shorter", "hash", "order", "opcode", "target", "other", "lane",
                                            "key", "value", "count", "argument"}));
}

TEST(mutate, alone_every_other_program_is_a_fresh_one_short_or_long) {
  for (const bool concurrent : {false, true}) {
    mutation_options options;
    options.concurrent = concurrent;
    program start;
    start.header.threads = concurrent ? 2 : 0;
    start.operations.assign(options.operations_max, {.code = opcode::at});
    normalize(start);
    random_source random(13);
    int fresh = 0, short_ones = 0, long_ones = 0;
    for (int i = 0; i < 4000; ++i) {
      program p = start;
      mutate(p, random, options);
      const auto kept = std::count_if(p.operations.begin(), p.operations.end(),
                                      [](const operation& o) { return o.code == opcode::at; });
      if (kept > 20) continue;  // what removes nearly everything is rare
      ++fresh;
      short_ones += p.operations.size() < 16;
      long_ones += p.operations.size() > 100;
    }
    EXPECT_GT(fresh, concurrent ? 200 : 1800);
    EXPECT_LT(fresh, concurrent ? 700 : 2600);
    EXPECT_GT(short_ones, fresh / 5);
    EXPECT_EQ(long_ones > 0, !concurrent);
  }
}

TEST(mutate, the_same_seed_gives_the_same_program) {
  const auto history = [](std::uint64_t rng_seed) {
    random_source random(rng_seed);
    program p = generate(random, 30, {});
    for (int i = 0; i < 200; ++i) mutate(p, random, {});
    return encode(cross_over(p, generate(random, 30, {}), random, {}));
  };
  EXPECT_EQ(history(1), history(1));
  EXPECT_NE(history(1), history(2));
}

TEST(mutate, the_random_source_is_the_published_one) {
  // xoshiro256** with its state set by SplitMix64 from 0, computed by an independent implementation.
  random_source random(0);
  EXPECT_EQ(random(), 0x99ec5f36cb75f2b4u);
  EXPECT_EQ(random(), 0xbf6e1f784956452au);
  EXPECT_EQ(random.below(0), 0u);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(mutate, generated_programs_are_normal_and_as_long_as_asked) {
  random_source random(3);
  for (std::size_t length : {0u, 1u, 17u, 400u, 5000u}) {
    for (const bool concurrent : {false, true}) {
      mutation_options options;
      options.concurrent = concurrent;
      const program p = generate(random, length, options);
      EXPECT_TRUE(is_normal(p));
      EXPECT_EQ(p.operations.size(), std::min(length, options.operations_max));
      EXPECT_EQ(p.header.threads >= 2, concurrent);
      const operation o = generate_operation(p, random, options);
      EXPECT_EQ(o.count >= 1, info(o.code).takes.count);
    }
  }
}

TEST(mutate, banned_operations_are_not_generated) {
  program p;
  p.header.banned = ~(std::uint64_t{1} << ban_of(opcode::find));
  random_source random(4);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(generate_operation(p, random, {}).code, opcode::find);
}

TEST(mutate, what_takes_and_gives_back_is_not_generated_without_its_operations) {
  mutation_options options;
  options.concurrent = true;
  program p;
  p.header.threads = 2;
  p.header.banned = std::uint64_t{1} << ban_of(opcode::insert_copy) | std::uint64_t{1} << ban_of(opcode::erase_key);
  for (std::uint64_t rng_seed = 1; rng_seed <= 200; ++rng_seed) {
    random_source random(rng_seed);
    for (const auto& block : {draw_turnover(p, random, options), draw_bystanders(p, random, options)}) {
      for (const operation& o : block) {
        EXPECT_FALSE(is_banned(p.header.banned, o.code)) << info(o.code).name;
      }
    }
  }
}

TEST(mutate, elements_are_objects_and_text_in_one_of_three_programs_and_meet_hashes_that_collide) {
  unsigned others = 0, text_that_collides = 0;
  for (std::uint64_t rng_seed = 1; rng_seed <= 1000; ++rng_seed) {
    random_source random(rng_seed * 1000);
    const program p = generate(random, 5, {});
    others += p.header.types != element_types::u64_u64;
    text_that_collides += p.header.types == element_types::string_string && p.header.hash != hash_quality::good;
  }
  EXPECT_GT(others, 400u);
  EXPECT_GT(text_that_collides, 15u);
}

TEST(mutate, bystanders_are_there_from_the_beginning_and_their_neighbours_come_and_go_beside_them) {
  mutation_options options;
  options.concurrent = true;
  program p;
  p.header.threads = 3;
  unsigned finds = 0, changes = 0, of_the_whole_map = 0;
  for (std::uint64_t rng_seed = 1; rng_seed <= 200; ++rng_seed) {
    random_source random(rng_seed);
    const std::vector<operation> block = draw_bystanders(p, random, options);
    const operation& fill = block.front();
    ASSERT_EQ(fill.where, lane::before);
    const auto looks =
        std::find_if(block.begin(), block.end(), [](const operation& o) { return o.code == opcode::find; });
    for (const operation& o : block) {
      EXPECT_TRUE(!info(o.code).takes.target || o.target == fill.target);
      if (o.code == opcode::find) {
        ++finds;
        EXPECT_EQ(o.where, looks->where);
        EXPECT_EQ(o.key.choice, fill.key.choice);
        EXPECT_GE(o.key.number, fill.key.number);
        EXPECT_LT(o.key.number, fill.key.number + fill.count);
      } else if (o.where != lane::before && o.code != opcode::contains) {
        info(o.code).takes.key ? ++changes : ++of_the_whole_map;
        EXPECT_TRUE(looks == block.end() || o.where != looks->where);
      }
    }
  }
  EXPECT_GT(finds, 200u);
  EXPECT_GT(changes, 200u);
  EXPECT_GT(of_the_whole_map, 50u);
}

TEST(mutate, an_operation_that_shares_a_bit_is_banned_with_the_other) {
  mutation_options options;
  options.concurrent = true;
  program p;
  p.header.threads = 2;
  p.header.banned = std::uint64_t{1} << ban_of(opcode::upsert) | std::uint64_t{1} << ban_of(opcode::compare_erase);
  random_source random(4);
  for (int i = 0; i < 2000; ++i) {
    const opcode code = generate_operation(p, random, options).code;
    EXPECT_TRUE(code != opcode::upsert && code != opcode::fetch_update) << info(code).name;
    EXPECT_TRUE(code != opcode::compare_erase && code != opcode::compare_exchange) << info(code).name;
  }
}

TEST(cross_over, a_child_has_operations_of_both_and_stays_normal) {
  random_source random(5);
  unsigned from_both = 0;
  for (int i = 0; i < 2000; ++i) {
    mutation_options options;
    program a, b;
    for (std::uint64_t n = random.below(40); n > 0; --n) a.operations.push_back({.code = opcode::find, .key = {}});
    b = generate(random, random.below(40), options);
    const program child = cross_over(a, b, random, options);
    ASSERT_TRUE(is_normal(child));
    bool of_a = false, of_b = false;
    for (const operation& o : child.operations) (o.code == opcode::find ? of_a : of_b) = true;
    from_both += of_a && of_b;
  }
  EXPECT_GT(from_both, 1000u);
}

// The text without its first line.
std::string outline(const program& p) {
  std::string text = print(p);
  return text.substr(text.find('\n') + 1);
}

program text_program(std::string_view body) {
  auto result = parse("gauntlet 1\n" + std::string(body));
  if (auto* p = std::get_if<program>(&result)) return std::move(*p);
  ADD_FAILURE() << std::get<parse_error>(result).message;
  return {};
}

TEST(edit, removing_and_inserting_keep_bodies_together) {
  const program p = text_program("size 0\nwalk 0\nclear 0\nwalk 1\nsize 1\nend\nend\nsize 2\n");
  program q = p;
  erase_operations(q, 2, 1);
  EXPECT_EQ(outline(q), "size 0\nwalk 0\n  walk 1\n    size 1\n  end\nend\nsize 2\n");
  q = p;
  erase_operations(q, 1, 1);
  EXPECT_EQ(outline(q), "size 0\nclear 0\nwalk 1\n  size 1\nend\nsize 2\n");
  q = p;
  erase_operations(q, 4, 2);
  EXPECT_EQ(outline(q), "size 0\nwalk 0\n  clear 0\n  walk 1\n  end\nend\n");
  const operation added[] = {{.code = opcode::nothing}};
  q = p;
  insert_operations(q, 4, added);
  EXPECT_EQ(outline(q), "size 0\nwalk 0\n  clear 0\n  walk 1\n    nothing\n    size 1\n  end\nend\nsize 2\n");
  q = p;
  insert_operations(q, 3, added);
  EXPECT_EQ(outline(q), "size 0\nwalk 0\n  clear 0\n  nothing\n  walk 1\n    size 1\n  end\nend\nsize 2\n");
  q = p;
  insert_operations(q, 5, added);
  EXPECT_EQ(outline(q), "size 0\nwalk 0\n  clear 0\n  walk 1\n    size 1\n  end\nend\nnothing\nsize 2\n");
  q = p;
  insert_operations(q, 5, added, true);
  EXPECT_EQ(outline(q), "size 0\nwalk 0\n  clear 0\n  walk 1\n    size 1\n    nothing\n  end\nend\nsize 2\n");
}

TEST(edit, removing_from_a_normal_program_leaves_a_normal_program) {
  random_source random(6);
  for (int i = 0; i < 20000; ++i) {
    program p = generate(random, 30, {});
    erase_operations(p, random.below(30), 1 + random.below(5));
    ASSERT_TRUE(is_normal(p));
  }
}

TEST(generate, programs_of_threads_often_begin_with_a_map_that_holds_something) {
  mutation_options options;
  options.concurrent = options.prefilled = true;
  unsigned filled = 0;
  for (std::uint64_t rng_seed = 1; rng_seed <= 1000; ++rng_seed) {
    random_source random(rng_seed);
    const program p = generate(random, 10, options);
    const operation& first = p.operations.front();
    if (first.where != lane::before || first.code != opcode::insert_copy || first.count < 2) continue;
    ++filled;
    EXPECT_LE(first.count, 25u);
  }
  EXPECT_GT(filled, 300u);
  EXPECT_LT(filled, 500u);
}

TEST(draw, a_meeting_is_about_one_key_and_between_threads) {
  mutation_options options;
  options.concurrent = true;
  program p;
  p.header.threads = 3;
  std::set<unsigned> lanes, codes;
  for (std::uint64_t rng_seed = 1; rng_seed <= 200; ++rng_seed) {
    random_source random(rng_seed);
    const std::vector<operation> block = draw_meeting(p, random, options);
    ASSERT_GE(block.size(), 3u);
    std::optional<key_operand> key;
    for (const operation& o : block) {
      EXPECT_EQ(o.target, block.front().target);
      lanes.insert(static_cast<unsigned>(o.where));
      codes.insert(static_cast<unsigned>(o.code));
      if (!info(o.code).takes.key) continue;
      EXPECT_EQ(o.key, key.value_or(o.key));
      key = o.key;
    }
  }
  EXPECT_EQ(lanes.size(), 5u) << "three threads, what comes before and what comes after";
  EXPECT_GT(codes.size(), 12u);
}

TEST(draw, some_twins_are_alike_and_filled_in_another_order) {
  const auto in_map = [](operation o, std::uint8_t target) {
    o.target = target;
    return o;
  };
  unsigned reordered = 0;
  for (std::uint64_t rng_seed = 1; rng_seed <= 100; ++rng_seed) {
    random_source random(rng_seed);
    const std::vector<operation> block = draw_twins({}, random, {});
    const operation& last = block.back();
    ASSERT_EQ(last.code, opcode::equal);
    if (block.size() != 7) continue;
    ++reordered;
    EXPECT_NE(last.target, last.other);
    EXPECT_EQ(block[0].target, last.target);
    EXPECT_EQ(block[1].target, last.other);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(block[i].code, opcode::clear);
    const operation &first = block[2], &second = block[3];
    EXPECT_EQ(first.target, last.target);
    EXPECT_EQ(second.target, last.target);
    EXPECT_EQ(block[4], in_map(second, last.other));
    EXPECT_EQ(block[5], in_map(first, last.other));
    EXPECT_EQ(second.key.number, first.key.number + std::max<unsigned>(first.count, 1));
  }
  EXPECT_GT(reordered, 20u);
  EXPECT_LT(reordered, 50u);
}

TEST(draw, what_is_compared_is_mostly_what_is_there) {
  std::vector<operation> stored(2);
  stored[0].code = opcode::insert_copy;
  stored[0].key = {key_class::hot, 4};
  stored[0].value = 30;
  stored[0].count = 3;
  stored[1].code = opcode::insert_or_assign;
  stored[1].key = {key_class::hot, 9};
  stored[1].value = 7;
  for (const opcode compares : {opcode::compare_exchange, opcode::compare_erase}) {
    operation asking;
    asking.code = compares;
    unsigned right = 0;
    for (std::uint64_t rng_seed = 1; rng_seed <= 100; ++rng_seed) {
      random_source random(rng_seed);
      asking.key = {key_class::hot, 6};
      asking.value = 999;
      draw_expected(asking, stored, random);
      EXPECT_TRUE(asking.value == 32 || asking.value == 999) << asking.value;
      right += asking.value == 32;
      asking.key = {key_class::hot, 7};
      asking.value = 999;
      draw_expected(asking, stored, random);
      EXPECT_EQ(asking.value, 999) << "nobody stores anything there";
    }
    EXPECT_GT(right, 60u);
    EXPECT_LT(right, 100u);
  }
}

TEST(draw, waves_are_of_many_or_of_one) {
  program p;
  bool many = false, one = false;
  for (std::uint64_t rng_seed = 1; rng_seed <= 50; ++rng_seed) {
    random_source random(rng_seed);
    const std::vector<operation> block = draw_waves(p, random, {});
    const auto erasures = std::ranges::count(block, opcode::erase_key, &operation::code);
    if (block.front().count == 1 && erasures > 20) {
      one = true;
      EXPECT_LT(2 * erasures, static_cast<std::ptrdiff_t>(block.size())) << "some stay";
    }
    many |= block.front().count > 10;
  }
  EXPECT_TRUE(many);
  EXPECT_TRUE(one);
}

// Whether a loop by iterator over a map erases what it shows.
bool erases_while_it_iterates(const program& p) {
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    if (p.operations[i].code != opcode::iterate) continue;
    for (std::size_t inside = i + 1; inside <= i + body_size(p, i); ++inside) {
      const operation& o = p.operations[inside];
      const bool erases = o.code == opcode::erase_key || o.code == opcode::erase_iterator;
      if (erases && o.key.choice == key_class::current && o.target == p.operations[i].target) return true;
    }
  }
  return false;
}

TEST(generate, many_a_program_erases_what_it_shows_while_it_iterates) {
  mutation_options without_cursors;
  without_cursors.without.set(static_cast<std::size_t>(opcode::walk));
  unsigned erasing = 0, erasing_without_cursors = 0;
  for (std::uint64_t rng_seed = 1; rng_seed <= 1000; ++rng_seed) {
    random_source one(rng_seed), other(rng_seed);
    erasing += erases_while_it_iterates(generate(one, 60, {}));
    erasing_without_cursors += erases_while_it_iterates(generate(other, 60, without_cursors));
  }
  EXPECT_GT(erasing, 300u);
  EXPECT_GT(erasing_without_cursors, 500u) << "walks are iterations there";
}

TEST(generate, most_of_what_a_walk_does_meets_the_map_that_it_walks) {
  unsigned here = 0, elsewhere = 0;
  for (std::uint64_t rng_seed = 1; rng_seed <= 300; ++rng_seed) {
    random_source random(rng_seed);
    const program p = generate(random, 60, {});
    for (std::size_t i = 0; i < p.operations.size(); ++i) {
      for (std::size_t inside = i + 1; inside <= i + body_size(p, i); ++inside) {
        if (!info(p.operations[inside].code).takes.target) continue;
        ++(p.operations[inside].target == p.operations[i].target ? here : elsewhere);
      }
    }
  }
  EXPECT_GT(here, elsewhere + elsewhere / 2);
}

// Whether one thread inserts two elements and erases the first while another inserts two.
bool turns_over(const program& p) {
  std::vector<std::vector<operation>> lanes(lane_count_max);
  for (const operation& o : p.operations) lanes[static_cast<std::size_t>(o.where)].push_back(o);
  const auto inserts = [](const operation& o) {
    return o.code == opcode::insert_copy || o.code == opcode::try_emplace || o.code == opcode::insert_or_assign;
  };
  const auto takes_two = [&](const std::vector<operation>& all, std::size_t at) {
    return at + 1 < all.size() && inserts(all[at]) && inserts(all[at + 1]) && !(all[at].key == all[at + 1].key);
  };
  const auto gives_back = [&](const std::vector<operation>& all, std::size_t at) {
    return takes_two(all, at) && at + 2 < all.size() && all[at + 2].code == opcode::erase_key &&
           all[at + 2].key == all[at].key;
  };
  unsigned giving = 0, taking = 0;
  for (std::size_t where = 1; where + 1 < lanes.size(); ++where) {
    bool gives = false, takes = false;
    for (std::size_t at = 0; at < lanes[where].size(); ++at) {
      gives |= gives_back(lanes[where], at);
      takes |= takes_two(lanes[where], at);
    }
    giving += gives;
    taking += takes;
  }
  return giving >= 1 && taking >= 2;
}

TEST(generate, among_threads_one_gives_back_what_it_took_while_another_takes) {
  mutation_options options;
  options.concurrent = true;
  unsigned turning_over = 0, erased_before = 0;
  for (std::uint64_t rng_seed = 1; rng_seed <= 2000; ++rng_seed) {
    random_source random(rng_seed);
    const program p = generate(random, 12, options);
    turning_over += turns_over(p);
    erased_before += p.header.erased_before >= 2;
  }
  EXPECT_GT(turning_over, 60u);
  EXPECT_GT(erased_before, 400u);
}

}  // namespace
}  // namespace gauntlet::check
