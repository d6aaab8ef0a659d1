// Programs are values: the binary form and the text form each lead back to the same program, and every byte string is
// one. The ladder: what a normal program is, is said by normalize(); here it is said again, field by field, and the two
// are compared on random programs and random bytes.
#include <gtest/gtest.h>

#include <set>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/program/names.h>
#include <gauntlet/check/program/text.h>

namespace gauntlet::check {
namespace {

std::vector<std::uint8_t> random_bytes(random_source& random, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

program parsed(std::string_view text) {
  auto result = parse(text);
  if (const auto* error = std::get_if<parse_error>(&result)) {
    ADD_FAILURE() << "line " << error->line << ": " << error->message << "\n" << text;
    return {};
  }
  return std::get<program>(result);
}

std::string error_of(std::string_view text) {
  auto result = parse(text);
  const auto* error = std::get_if<parse_error>(&result);
  return error == nullptr ? "no error" : std::to_string(error->line) + ": " + error->message;
}

// Independent of normalize(): what the headers say about each field.
void expect_normal(const program& p) {
  ASSERT_EQ(p.header.version, format_version);
  ASSERT_LT(p.header.target, target_names().size());
  ASSERT_TRUE(p.header.hot_keys >= 1 && p.header.hot_keys <= 64);
  ASSERT_LT(static_cast<unsigned>(p.header.hash), hash_quality_count);
  ASSERT_LT(static_cast<unsigned>(p.header.types), element_types_count);
  ASSERT_LT(static_cast<unsigned>(p.header.allocator), allocator_mode_count);
  ASSERT_LE(p.header.threads, thread_count_max);
  ASSERT_LE(p.operations.size(), operations_max);
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const operation& o = p.operations[i];
    ASSERT_LT(static_cast<std::size_t>(o.code), opcode_count);
    const operands& takes = info(o.code).takes;
    ASSERT_LT(o.target, takes.target ? map_count : 1u);
    ASSERT_LT(o.other, takes.other ? map_count : 1u);
    ASSERT_LT(o.key.number, takes.key ? 1u << 13 : 1u);
    ASSERT_LT(static_cast<unsigned>(o.key.choice), takes.key ? key_class_count : 1u);
    ASSERT_TRUE(takes.value || o.value == 0);
    ASSERT_TRUE(takes.count ? o.count >= 1 && o.count <= 256 : o.count == 0);
    if (takes.body) {
      ASSERT_LE(o.argument, body_size_max);
      ASSERT_LE(i + o.argument, p.operations.size() - 1);
      ASSERT_EQ(body_size(p, i), o.argument);
      unsigned depth = 0;
      for (std::size_t outer = i - std::min<std::size_t>(i, body_size_max); outer < i; ++outer) {
        const std::size_t end = outer + 1 + body_size(p, outer);
        if (!info(p.operations[outer].code).takes.body || end <= i) continue;
        ++depth;
        ASSERT_LE(i + 1 + o.argument, end) << "a body reaches beyond the outer one";
        ASSERT_EQ(o.where, p.operations[outer].where);
      }
      ASSERT_LT(depth, walk_depth_max);
    } else {
      ASSERT_LT(o.argument, takes.argument ? argument_names(o.code).size() : 1u);
      ASSERT_EQ(body_size(p, i), 0u);
    }
    const bool lane_exists =
        o.where == lane::after ? p.header.threads > 0 : static_cast<unsigned>(o.where) <= p.header.threads;
    ASSERT_TRUE(lane_exists);
  }
}

TEST(program, every_opcode_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < opcode_count; ++i) {
    const opcode_info& row = info(static_cast<opcode>(i));
    EXPECT_FALSE(row.name.empty());
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.takes.argument, !argument_names(static_cast<opcode>(i)).empty()) << row.name;
    EXPECT_FALSE(row.takes.argument && row.takes.body) << row.name << " has one byte for two meanings";
    for (const std::string_view word : {"target", "hot_keys", "hash", "types", "allocator", "capacity",
                                        "elements_before", "erased_before", "threads", "banned", "end", "gauntlet"}) {
      EXPECT_NE(row.name, word) << "the text form could not tell them apart";
    }
  }
}

TEST(program, among_threads_the_capacity_is_said_to_be_elements_that_are_there_before) {
  const program p = parsed("gauntlet 1\nthreads 2\nelements_before 60\nsize 0\n");
  EXPECT_EQ(p.header.capacity, 60);
  EXPECT_NE(print(p).find("\nelements_before 60\n"), std::string::npos);
  EXPECT_EQ(parsed("gauntlet 1\nthreads 2\ncapacity 60\nsize 0\n"), p);
  EXPECT_NE(print(parsed("gauntlet 1\ncapacity 60\nsize 0\n")).find("\ncapacity 60\n"), std::string::npos);
}

TEST(program, what_was_erased_before_is_a_matter_of_threads) {
  const program p = parsed("gauntlet 1\nthreads 2\nerased_before 3\nsize 0\n");
  EXPECT_EQ(p.header.erased_before, 3);
  EXPECT_NE(print(p).find("\nerased_before 3\n"), std::string::npos);
  EXPECT_EQ(parsed("gauntlet 1\nerased_before 3\nsize 0\n").header.erased_before, 0);
}

TEST(program, random_programs_survive_both_forms) {
  random_source random(1);
  for (int i = 0; i < 100000; ++i) {
    mutation_options options;
    options.concurrent = i % 3 == 0;
    program p = generate(random, random.below(24), options);
    ASSERT_EQ(decode(encode(p)), p) << print(p);
    const std::string text = print(p);
    ASSERT_EQ(parsed(text), p) << text;
    if (i % 16 == 0) expect_normal(p);
    if (HasFatalFailure()) FAIL() << text;
  }
}

TEST(program, every_byte_string_is_a_normal_program) {
  random_source random(2);
  for (int i = 0; i < 100000; ++i) {
    const std::vector<std::uint8_t> bytes = random_bytes(random, random.below(200));
    const program p = decode(bytes);
    const std::vector<std::uint8_t> canonical = encode(p);
    ASSERT_TRUE(has_magic(canonical));
    ASSERT_EQ(decode(canonical), p);
    ASSERT_EQ(encode(decode(canonical)), canonical);
    ASSERT_EQ(parsed(print(p)), p) << print(p);
    program again = p;
    normalize(again);
    ASSERT_EQ(again, p) << "normalize() changes a normal program";
    expect_normal(p);
    if (HasFatalFailure()) FAIL() << print(p);
  }
}

TEST(program, truncated_bytes_keep_what_is_whole) {
  random_source random(3);
  const program whole = generate(random, 40, {});
  const std::vector<std::uint8_t> bytes = encode(whole);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const program p = decode(std::span(bytes).first(size));
    expect_normal(p);
    const std::size_t records = size <= header_size ? 0 : (size - header_size + operation_size - 1) / operation_size;
    ASSERT_EQ(p.operations.size(), records);
    if (size < header_size) continue;
    ASSERT_EQ(p.header, whole.header);
  }
}

TEST(program, what_lies_beyond_the_longest_program_is_ignored) {
  const std::vector<std::uint8_t> bytes(header_size + operation_size * (operations_max + 10), 0x01);
  const program p = decode(bytes);
  EXPECT_EQ(p.operations.size(), operations_max);
  expect_normal(p);
}

TEST(program, empty_input_is_the_empty_program) {
  EXPECT_EQ(decode({}), program{});
  EXPECT_EQ(print(program{}), "gauntlet 1\n");
  EXPECT_EQ(parsed("gauntlet 1"), program{});
}

TEST(program, the_binary_form_stays_what_it_is) {
  // Programs kept in a corpus rely on this layout: a failure here means that format_version has to change.
  program p;
  p.header.target = 1;
  p.header.hash = hash_quality::adversarial;
  p.operations.push_back(
      {.code = opcode::insert_copy, .target = 2, .key = {key_class::wide, 0x1234}, .value = 0x5678, .count = 256});
  p.operations.push_back({.code = opcode::equal, .target = 1, .other = 3});
  const std::vector<std::uint8_t> expected = {'G',  'N',  'T', 1, 1, 8,  4, 0, 0, 0, 0, 0, 0,    0,
                                              0,    0,    0,   0, 0, 0,  0, 0, 0, 0, 9, 2, 0x34, 0x52,
                                              0x78, 0x56, 255, 0, 8, 13, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(encode(p), expected);
  EXPECT_EQ(static_cast<int>(opcode::snapshot), 58) << "opcodes are appended, never renumbered";
}

TEST(program, text_reads_as_documented) {
  const program p = parsed(
      "# a comment\n"
      "gauntlet 1\n"
      "target hash_map_operations\n"
      "hot_keys 9   # nine\n"
      "hash adversarial\n"
      "threads 2\r\n"
      "banned clear swap\n"
      "\n"
      "insert_copy 0 hot 3 value 7 count 40\n"
      "walk 0\n"
      "  erase_key 0 current\n"
      "  walk 1\n"
      "    find 0 later 2\n"
      "  end\n"
      "end\n"
      "equal 0 1\n"
      "erase_if 3 value_below value 9\n"
      "fault copy\n"
      "@2 find 0 hot 3\n"
      "@after size 0\n");
  ASSERT_EQ(p.operations.size(), 10u);
  EXPECT_EQ(p.header.target, 1);
  EXPECT_EQ(p.header.hot_keys, 9);
  EXPECT_EQ(p.header.banned,
            std::uint64_t{1} << static_cast<int>(opcode::clear) | std::uint64_t{1} << static_cast<int>(opcode::swap));
  EXPECT_EQ(p.operations[0],
            (operation{.code = opcode::insert_copy, .key = {key_class::hot, 3}, .value = 7, .count = 40}));
  EXPECT_EQ(p.operations[1].argument, 3);
  EXPECT_EQ(p.operations[2].key.choice, key_class::current);
  EXPECT_EQ(p.operations[3].argument, 1);
  EXPECT_EQ(p.operations[6].argument, 2);
  EXPECT_EQ(p.operations[8].where, lane::thread_2);
  EXPECT_EQ(p.operations[9].where, lane::after);
  EXPECT_EQ(print(p.operations[8]), "@2 find 0 hot 3");
  EXPECT_EQ(parsed(print(p)), p);
}

TEST(program, mistakes_in_text_are_told_with_their_line) {
  EXPECT_EQ(error_of(""), "1: no program here, expected 'gauntlet 1'");
  EXPECT_EQ(error_of("# only\n# comments\n"), "2: no program here, expected 'gauntlet 1'");
  EXPECT_EQ(error_of("hello\n"), "1: expected 'gauntlet 1' at the start, found 'hello'");
  EXPECT_EQ(error_of("gauntlet 2\n"), "1: unknown version '2' of the format, this build reads version 1");
  EXPECT_EQ(error_of("gauntlet\n"), "1: expected the version of the format after 'gauntlet'");
  EXPECT_EQ(error_of("gauntlet 1\n\nfrobnicate 0\n"), "3: unknown operation 'frobnicate'");
  EXPECT_EQ(error_of("gauntlet 1\nfind 4 hot 1\n"), "2: map '4' is out of range, expected 0 to 3");
  EXPECT_EQ(error_of("gauntlet 1\nfind 0 hot 8192\n"),
            "2: number of the key '8192' is out of range, expected 0 to 8191");
  EXPECT_EQ(error_of("gauntlet 1\nfind 0 hot 99999999999999999999\n"),
            "2: number of the key '99999999999999999999' is out of range, expected 0 to 8191");
  EXPECT_EQ(error_of("gauntlet 1\nfind 0 hot x\n"), "2: 'x' is no number, expected number of the key");
  EXPECT_EQ(error_of("gauntlet 1\nfind 0 hot\n"), "2: expected number of the key after 'hot'");
  EXPECT_EQ(error_of("gauntlet 1\nfind 0 warm 1\n"),
            "2: unknown kind of key 'warm', expected one of: hot, colliding, wide, special, present, current, earlier, "
            "later");
  EXPECT_EQ(error_of("gauntlet 1\nfind 0 hot 1 value 3\n"), "2: nothing more was expected before 'value'");
  EXPECT_EQ(error_of("gauntlet 1\ninsert_copy 0 hot 1 count 0\n"), "2: count '0' is out of range, expected 1 to 256");
  EXPECT_EQ(error_of("gauntlet 1\ninsert_copy 0 hot 1 value 65536\n"),
            "2: value '65536' is out of range, expected 0 to 65535");
  EXPECT_EQ(error_of("gauntlet 1\nhot_keys 65\n"), "2: hot_keys '65' is out of range, expected 1 to 64");
  EXPECT_EQ(
      error_of("gauntlet 1\nhash bad\n"),
      "2: unknown hash quality 'bad', expected one of: good, constant, truncated, identity, adversarial, top_only");
  EXPECT_EQ(error_of("gauntlet 1\nsize 0\nhot_keys 5\n"),
            "3: 'hot_keys' belongs to the header, before the first operation");
  EXPECT_EQ(error_of("gauntlet 1\nend\n"), "2: 'end' without a walk");
  EXPECT_EQ(error_of("gauntlet 1\nwalk 0\n size 0\n"), "2: the body of this walk has no 'end'");
  EXPECT_EQ(error_of("gauntlet 1\nwalk 0\nwalk 0\nwalk 0\nwalk 0\n"), "5: at most 3 walks may be open at once");
  EXPECT_EQ(error_of("gauntlet 1\n@1 size 0\n"), "2: '@1' in a program without 'threads'");
  EXPECT_EQ(error_of("gauntlet 1\nthreads 2\n@3 size 0\n"),
            "3: lane '@3' is out of range, expected @1 to @2 or @after");
  EXPECT_EQ(error_of("gauntlet 1\nthreads 2\nwalk 0\n@1 size 0\nend\n"),
            "4: the operations of a body run where their walk runs, without '@1'");
  std::string many = "gauntlet 1\nwalk 0\n";
  for (int i = 0; i < 16; ++i) many += "size 0\n";
  EXPECT_EQ(error_of(many + "end\n"), "2: the body of this walk has 16 operations, at most 15 are possible");
  EXPECT_EQ(error_of("gauntlet 1\n\x01\xff\n"),
            "2: unknown operation '"
            "?"
            "?'");
}

TEST(keys, colliding_keys_share_table_group_and_tag_under_every_quality) {
  for (unsigned q = 0; q < hash_quality_count; ++q) {
    program_header h;
    h.hash = static_cast<hash_quality>(q);
    std::set<std::uint64_t> keys;
    std::set<std::uint64_t> hashes;
    std::set<std::uint64_t> places;
    for (unsigned n = 0; n < 8192; ++n) {
      const std::uint64_t key = key_of(h, {key_class::colliding, static_cast<std::uint16_t>(n)});
      const std::uint64_t hash = hash_of(h.hash, key);
      keys.insert(key);
      hashes.insert(hash);
      places.insert(hash & 0xffff'0000'ffff'ffff);
    }
    EXPECT_EQ(keys.size(), 8192u) << hash_quality_names()[q];
    EXPECT_EQ(places.size(), 1u) << hash_quality_names()[q];
    const bool whole_hashes_differ = q == 0 || q == 3 || q == 4;
    EXPECT_EQ(hashes.size(), whole_hashes_differ ? 8192u : 1u) << hash_quality_names()[q];
  }
}

TEST(keys, consecutive_adversarial_colliding_keys_are_consecutive_numbers) {
  program_header h;
  h.hash = hash_quality::adversarial;
  const std::uint64_t first = key_of(h, {key_class::colliding, 0});
  EXPECT_EQ(key_of(h, {key_class::colliding, 7}), first + 7);
  EXPECT_EQ(hash_of(h.hash, first + 8192 + 255) & 0xffff'0000'ffff'ffff, hash_of(h.hash, first) & 0xffff'0000'ffff'ffff)
      << "a run that starts at the last colliding key leaves the family";
}

TEST(keys, qualities_do_what_their_names_say) {
  std::set<std::uint64_t> good, constant, truncated, top, top_places, adversarial_places;
  for (std::uint64_t key = 0; key < 4096; ++key) {
    good.insert(hash_of(hash_quality::good, key));
    constant.insert(hash_of(hash_quality::constant, key));
    truncated.insert(hash_of(hash_quality::truncated, key));
    EXPECT_EQ(hash_of(hash_quality::identity, key), key);
    top.insert(hash_of(hash_quality::top_only, key) >> 48);
    top_places.insert(hash_of(hash_quality::top_only, key) << 16);
    adversarial_places.insert(hash_of(hash_quality::adversarial, key) & 0xffff'0000'ffff'ffff);
  }
  EXPECT_EQ(good.size(), 4096u);
  EXPECT_EQ(constant.size(), 1u);
  EXPECT_EQ(truncated.size(), 16u);
  EXPECT_GT(top.size(), 3900u);
  EXPECT_EQ(top_places.size(), 1u);
  EXPECT_EQ(adversarial_places.size(), 64u);
}

TEST(keys, special_keys_meet_the_corners_and_every_tag_byte) {
  program_header h;
  std::set<std::uint64_t> keys, tags, hashes;
  for (unsigned n = 0; n < 8192; ++n) {
    const std::uint64_t key = key_of(h, {key_class::special, static_cast<std::uint16_t>(n)});
    keys.insert(key);
    hashes.insert(hash_of(hash_quality::good, key));
    tags.insert(hash_of(hash_quality::good, key) >> 16 & 0xff);
  }
  for (const std::uint64_t corner : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    EXPECT_TRUE(keys.contains(corner)) << corner;
    EXPECT_TRUE(hashes.contains(corner)) << corner;
  }
  EXPECT_EQ(tags.size(), 256u);
}

TEST(keys, hot_keys_stay_in_their_universe_and_wide_keys_fill_the_width) {
  program_header h;
  h.hot_keys = 5;
  std::set<std::uint64_t> hot, wide, wide_tops;
  for (unsigned n = 0; n < 8192; ++n) {
    hot.insert(key_of(h, {key_class::hot, static_cast<std::uint16_t>(n)}));
    const std::uint64_t key = key_of(h, {key_class::wide, static_cast<std::uint16_t>(n)});
    wide.insert(key);
    wide_tops.insert(key >> 56);
  }
  EXPECT_EQ(hot, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(wide.size(), 8192u);
  EXPECT_EQ(wide_tops.size(), 256u);
}

}  // namespace
}  // namespace gauntlet::check
