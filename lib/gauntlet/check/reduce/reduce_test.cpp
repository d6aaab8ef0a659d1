// The reducer is held to the exact smallest example. A judge here is a predicate over programs with a known smallest
// program, written down as text; the start is that program hidden in noise.
#include <gauntlet/check/reduce/reduce.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/edit.h>
#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/program/text.h>

namespace gauntlet::check {
namespace {

using judge_function = std::function<failure_signature(const program&)>;
const failure_signature wrong{"wrong_result", "find"};

program text_program(std::string_view body) {
  auto result = parse("gauntlet 1\n" + std::string(body));
  if (auto* p = std::get_if<program>(&result)) return std::move(*p);
  ADD_FAILURE() << std::get<parse_error>(result).message;
  return {};
}

judge_function fails_when(std::function<bool(const program&)> predicate) {
  return [predicate](const program& p) { return predicate(p) ? wrong : failure_signature{}; };
}

bool same_key(const program& p, const operation& a, const operation& b) {
  return a.target == b.target && key_of(p.header, a.key) == key_of(p.header, b.key);
}
bool inserts(const operation& o) {
  const operands& takes = info(o.code).takes;
  return takes.key && takes.count && takes.value;
}
bool erases(const operation& o) { return o.code == opcode::erase_key || o.code == opcode::erase_iterator; }
bool looks(const operation& o) { return o.code >= opcode::find && o.code <= opcode::equal_range; }

bool inserted_erased_found(const program& p) {
  const auto& all = p.operations;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!inserts(all[i])) continue;
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (!erases(all[j]) || !same_key(p, all[i], all[j])) continue;
      for (std::size_t k = j + 1; k < all.size(); ++k) {
        if (looks(all[k]) && same_key(p, all[i], all[k])) return true;
      }
    }
  }
  return false;
}

// `wanted` with noise around every operation of its top level, under a random header.
program hidden(const program& wanted, random_source& random, std::size_t noise, bool concurrent = false) {
  mutation_options options;
  options.concurrent = concurrent;
  program p = generate(random, noise, options);
  p.header.threads = std::max(p.header.threads, wanted.header.threads);
  std::size_t from = 0;
  for (std::size_t i = 0; i < wanted.operations.size(); i += unit_size(wanted, i)) {
    // Not inside a body of the noise: behind the unit in which the position falls.
    std::size_t at = 0;
    const std::size_t wish = from + random.below(p.operations.size() - from + 1);
    while (at < wish) at += unit_size(p, at);
    insert_operations(p, at, std::span(wanted.operations).subspan(i, unit_size(wanted, i)));
    from = at + unit_size(wanted, i);
  }
  normalize(p);
  return p;
}

void expect_reduces_to(std::string_view smallest, const judge_function& judge, std::size_t noise = 120,
                       bool concurrent = false) {
  const program wanted = text_program(smallest);
  ASSERT_EQ(judge(wanted), wrong) << "the test itself is wrong";
  random_source random(11);
  for (int i = 0; i < 20; ++i) {
    const program start = hidden(wanted, random, noise, concurrent);
    ASSERT_EQ(judge(start), wrong) << "the test itself is wrong:\n" << print(start);
    const reduction r = reduce(start, wrong, judge);
    EXPECT_TRUE(r.finished);
    EXPECT_LT(r.tries, 3000u);
    program got = r.smallest;
    got.header.target = 0;
    ASSERT_EQ(print(got), print(wanted)) << "from\n" << print(start);
  }
}

TEST(reduce, insert_erase_find_of_one_key) {
  expect_reduces_to("insert_copy 0 hot 0\nerase_key 0 hot 0\nfind 0 hot 0\n", fails_when(inserted_erased_found));
}

TEST(reduce, two_different_keys_stay_different) {
  expect_reduces_to("insert_copy 0 hot 0\ninsert_copy 0 hot 1\n", fails_when([](const program& p) {
                      const auto& all = p.operations;
                      for (std::size_t i = 0; i < all.size(); ++i) {
                        for (std::size_t j = i + 1; j < all.size(); ++j) {
                          if (inserts(all[i]) && inserts(all[j]) && all[i].target == all[j].target &&
                              key_of(p.header, all[i].key) != key_of(p.header, all[j].key)) {
                            return true;
                          }
                        }
                      }
                      return false;
                    }));
}

TEST(reduce, a_count_is_lowered_to_the_last_that_fails) {
  expect_reduces_to("insert_copy 0 hot 0 value 0 count 33\n", fails_when([](const program& p) {
                      return std::any_of(p.operations.begin(), p.operations.end(),
                                         [](const operation& o) { return inserts(o) && o.count >= 33; });
                    }));
}

TEST(reduce, one_operation_with_a_count_does_for_many) {
  const judge_function judge = fails_when([](const program& p) {
    unsigned inserted = 0;
    for (const operation& o : p.operations) inserted += inserts(o) ? unsigned{o.count} : 0u;
    return inserted >= 12;
  });
  program start;
  for (std::uint16_t key = 0; key < 12; ++key) {
    operation o;
    o.code = opcode::insert_copy;
    o.key.number = static_cast<std::uint16_t>(3 * key);
    start.operations.push_back(o);
  }
  normalize(start);
  EXPECT_EQ(print(reduce(start, wrong, judge).smallest), "gauntlet 1\ninsert_copy 0 hot 0 value 0 count 12\n");
}

// A list of nine; the last is asked for after the last but one has gone. Who goes first decides whom `current` means.
TEST(reduce, keys_by_their_place_get_names) {
  const auto asks_for_the_last = [](const program& p) {
    std::vector<std::uint64_t> shown;
    bool gap = false;
    for (const operation& o : p.operations) {
      const bool by_place = o.key.choice == key_class::current || o.key.choice == key_class::present;
      const std::size_t place = o.key.choice == key_class::present ? o.key.number : 0;
      const std::uint64_t key = !by_place              ? key_of(p.header, o.key)
                                : place < shown.size() ? shown[place]
                                                       : std::uint64_t{99};
      if (o.code == opcode::insert_copy && shown.empty()) {
        for (std::uint64_t i = 0; i < o.count; ++i) shown.push_back(key + i);
      } else if (o.code == opcode::erase_key) {
        gap |= key == 7 && std::erase(shown, key) != 0;
        std::erase(shown, key);
      } else if (o.code == opcode::try_emplace && gap && key == 8) {
        return true;
      }
    }
    return false;
  };
  const program start = text_program(
      "hash constant\ninsert_copy 0 hot 0 count 9\nerase_key 0 hot 0\nerase_key 0 hot 1\nerase_key 0 hot 2\n"
      "erase_key 0 hot 3\nerase_key 0 current\nerase_key 0 current\nerase_key 0 current\nerase_key 0 current\n"
      "try_emplace 0 current\n");
  ASSERT_EQ(fails_when(asks_for_the_last)(start), wrong) << "the test itself is wrong";
  const reduction r = reduce(start, wrong, fails_when(asks_for_the_last));
  EXPECT_EQ(r.smallest, text_program("insert_copy 0 hot 0 count 9\nerase_key 0 hot 7\ntry_emplace 0 present 7\n"))
      << print(r.smallest);
}

TEST(reduce, an_operation_inside_a_body_stays_inside) {
  expect_reduces_to(
      "walk 0\nerase_key 0 current\nend\n", fails_when([](const program& p) {
        for (std::size_t i = 0; i < p.operations.size(); ++i) {
          if (p.operations[i].code != opcode::walk) continue;
          for (std::size_t j = i + 1; j <= i + body_size(p, i); ++j) {
            if (p.operations[j].code == opcode::erase_key && p.operations[j].key.choice == key_class::current) {
              return true;
            }
          }
        }
        return false;
      }));
}

TEST(reduce, a_walk_goes_from_around_its_body) {
  const judge_function judge = fails_when([](const program& p) {
    return std::any_of(p.operations.begin(), p.operations.end(),
                       [](const operation& o) { return o.code == opcode::clear; });
  });
  const reduction r = reduce(text_program("walk 0\nwalk 1\nclear 2\nsize 0\nend\nend\n"), wrong, judge);
  EXPECT_EQ(print(r.smallest), "gauntlet 1\nclear 0\n");
}

TEST(reduce, operations_that_only_go_together_go_together) {
  const judge_function judge = fails_when([](const program& p) {
    std::size_t swaps = 0, finds = 0;
    for (const operation& o : p.operations) {
      swaps += o.code == opcode::self_swap;
      finds += o.code == opcode::find;
    }
    return swaps % 2 == 0 && finds > 0;
  });
  const reduction r = reduce(text_program("self_swap 0\nsize 0\nself_swap 1\nfind 0 hot 7\n"), wrong, judge);
  EXPECT_EQ(print(r.smallest), "gauntlet 1\nfind 0 hot 0\n");
}

TEST(reduce, settings_that_matter_stay_and_the_others_go) {
  program p =
      text_program("hot_keys 40\nhash adversarial\ntypes throwing_throwing\nallocator unequal\ncapacity 200\nsize 0\n");
  p.header.banned = 6;
  const reduction r = reduce(p, wrong, fails_when([](const program& q) {
                               return q.header.hash == hash_quality::adversarial && q.header.capacity >= 17;
                             }));
  EXPECT_EQ(print(r.smallest), "gauntlet 1\nhash adversarial\ncapacity 17\n");
}

TEST(reduce, settings_of_threads_too) {
  const program p = text_program("elements_before 90\nerased_before 20\nthreads 2\nheap quarantine\nsize 0\n");
  const reduction needed = reduce(p, wrong, fails_when([](const program& q) { return q.header.erased_before >= 5; }));
  EXPECT_EQ(needed.smallest.header.erased_before, 5);
  EXPECT_EQ(needed.smallest.header.capacity, 0);
  const reduction other = reduce(p, wrong, fails_when([](const program& q) { return q.header.capacity >= 5; }));
  EXPECT_EQ(other.smallest.header.erased_before, 0);
  EXPECT_EQ(other.smallest.header.capacity, 5);
}

TEST(reduce, threads_that_do_not_matter_go) {
  expect_reduces_to("threads 2\n@1 insert_copy 0 hot 0\n@2 erase_key 0 hot 0\n", fails_when([](const program& p) {
                      for (const operation& a : p.operations) {
                        for (const operation& b : p.operations) {
                          if (a.where != lane::before && a.where != lane::after && b.where != lane::before &&
                              b.where != lane::after && a.where < b.where && inserts(a) && erases(b) &&
                              same_key(p, a, b)) {
                            return true;
                          }
                        }
                      }
                      return false;
                    }),
                    60, true);
}

TEST(reduce, a_candidate_that_fails_otherwise_does_not_count) {
  // Below three operations the failure is another one: a reducer that slips ends with one operation.
  const judge_function judge = [](const program& p) {
    if (p.operations.size() >= 3) return wrong;
    return p.operations.empty() ? failure_signature{} : failure_signature{"wrong_result", "size"};
  };
  random_source random(3);
  const reduction r = reduce(generate(random, 50, {}), wrong, judge);
  EXPECT_EQ(r.smallest.operations.size(), 3u);
}

TEST(reduce, a_stopped_reduction_goes_on_where_it_stopped) {
  random_source random(5);
  const program start = hidden(text_program("insert_copy 0 hot 0\nerase_key 0 hot 0\nfind 0 hot 0\n"), random, 200);
  const judge_function judge = fails_when(inserted_erased_found);
  const reduction whole = reduce(start, wrong, judge);
  EXPECT_TRUE(whole.finished);

  reduction part{start};
  unsigned parts = 0;
  std::size_t length = start.operations.size();
  while (!part.finished && parts < 100) {
    reduction_limits limits;
    limits.tries_max = whole.tries / 2;
    part = reduce(part.smallest, wrong, judge, limits);
    EXPECT_LE(part.tries, limits.tries_max);
    EXPECT_LE(part.smallest.operations.size(), length);
    EXPECT_EQ(judge(part.smallest), wrong);
    length = part.smallest.operations.size();
    ++parts;
  }
  EXPECT_GT(parts, 1u);
  EXPECT_EQ(part.smallest.operations.size(), whole.smallest.operations.size());
}

TEST(reduce, out_of_time_stops_before_the_first_try) {
  reduction_limits limits;
  limits.out_of_time = [] { return true; };
  unsigned asked = 0;
  const program p = text_program("size 0\n");
  const reduction r = reduce(p, wrong, [&](const program&) { return ++asked, wrong; }, limits);
  EXPECT_FALSE(r.finished);
  EXPECT_EQ(asked, 0u);
  EXPECT_EQ(r.smallest, p);
}

TEST(reduce, a_racy_failure_counts_when_one_of_several_runs_shows_it) {
  unsigned run = 0;
  const judge_function every_third = [&](const program& p) {
    return ++run % 3 == 0 && inserted_erased_found(p) ? wrong : failure_signature{};
  };
  reduction_limits limits;
  limits.times = 3;
  random_source random(5);
  const program start = hidden(text_program("insert_copy 0 hot 0\nerase_key 0 hot 0\nfind 0 hot 0\n"), random, 60);
  EXPECT_EQ(reduce(start, wrong, every_third, limits).smallest.operations.size(), 3u);
}

TEST(reduce, the_same_start_gives_the_same_end) {
  random_source random(8);
  const program start = hidden(text_program("insert_copy 0 hot 0\nerase_key 0 hot 0\nfind 0 hot 0\n"), random, 100);
  const reduction a = reduce(start, wrong, fails_when(inserted_erased_found));
  const reduction b = reduce(start, wrong, fails_when(inserted_erased_found));
  EXPECT_EQ(a.smallest, b.smallest);
  EXPECT_EQ(a.tries, b.tries);
}

TEST(reduce, bytes_lose_what_does_not_matter) {
  std::vector<std::uint8_t> start;
  random_source random(9);
  for (int i = 0; i < 500; ++i) start.push_back(static_cast<std::uint8_t>(random()));
  start[77] = 'x';
  start[300] = 'y';
  const byte_reduction r = reduce_bytes(start, wrong, [](std::span<const std::uint8_t> bytes) {
    const auto x = std::find(bytes.begin(), bytes.end(), 'x');
    return bytes.size() >= 3 && std::find(x, bytes.end(), 'y') != bytes.end() ? wrong : failure_signature{};
  });
  EXPECT_TRUE(r.finished);
  EXPECT_EQ(r.smallest.size(), 3u);
  EXPECT_EQ(std::count(r.smallest.begin(), r.smallest.end(), 0), 1);
}

}  // namespace
}  // namespace gauntlet::check
