// What a random program is made of: operations with their operands, and the blocks of them that find more than single ones.
//
// A new operation is drawn by three questions: which opcode (weights: what fills and empties maps comes most often),
// which key (half of the time one that the program already uses, because bugs need the same key twice), which numbers
// (small and extreme ones). `inside` the body of a walk a key may be one that the walk has met.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <gauntlet/check/fuzzing/mutate.h>

namespace gauntlet::check {

// ---- parts of an operation
opcode draw_opcode(std::uint64_t banned, random_source& random, const mutation_options& options);
std::uint16_t draw_value(random_source& random);
// Mostly one; otherwise sizes around groups (8, 16), small tables and the largest.
std::uint16_t draw_count(random_source& random);
key_operand draw_key(const program_header& h, random_source& random, bool inside, bool concurrent);
// A key that some operation of the program uses, or a fresh one.
key_operand draw_used_key(const program& p, random_source& random, bool inside, bool concurrent);
lane draw_lane(const program_header& h, random_source& random);
// A selector. The large run, which takes as long as hundreds of programs, is drawn by generate() alone.
std::uint8_t draw_argument(opcode code, random_source& random, const mutation_options& options);

// ---- an operation
// Of compare_exchange: expects what one of these operations stores under its key, mostly. It changes nothing otherwise.
void draw_expected(operation& o, std::span<const operation> among, random_source& random);
void draw_operands(operation& o, const program& p, random_source& random, const mutation_options& options, bool inside);
operation draw_operation(const program& p, random_source& random, const mutation_options& options, bool inside);

// ---- blocks
// A walk with one to four operations in its body, now and then a walk among them, often one that erases what is shown.
std::vector<operation> draw_walk(const program& p, random_source& random, const mutation_options& options,
                                 unsigned depth = 0);
// The same operation on consecutive keys: fills, empties or searches a stretch of the key space one by one.
std::vector<operation> draw_run(const program& p, random_source& random, const mutation_options& options, bool inside);
// What a map holds before threads meet in it: two to eight elements with consecutive keys, so that buckets are full and
// tables about to grow; now and then up to 25, so that several have grown and erasures join them.
operation draw_contents(random_source& random);
// Fill and empty, several times over or one element at a time, with keys that move on: what a map must not remember of
// elements long gone.
std::vector<operation> draw_waves(const program& p, random_source& random, const mutation_options& options);
// An injected fault and an operation that meets it: an early event of an insertion or of a whole map, mostly a copy.
// A fault that comes alone mostly waits for an operation that has no such event. Among threads: of any kind that the
// program's elements know.
std::vector<operation> draw_faulty(const program& p, random_source& random, const mutation_options& options);
// Two maps that are nearly alike, compared: a copy, one difference, the comparison. Maps that grew apart differ in size. Or
// two that are alike and were filled in another order.
std::vector<operation> draw_twins(const program& p, random_source& random, const mutation_options& options);
// Among threads: what several of them do with one key, and what they see of it.
std::vector<operation> draw_meeting(const program& p, random_source& random, const mutation_options& options);
// Among threads: one takes two elements and gives back the first while another one takes
// two as well. What is given back is the first to be handed out again, and looks as if it had never been away (ABA).
std::vector<operation> draw_turnover(const program& p, random_source& random, const mutation_options& options);
// Among threads: one looks for elements that are there from the beginning, each of them once, while another one inserts
// and erases their neighbours or does something to the whole map. Who moves others out of the way must not lose them.
std::vector<operation> draw_bystanders(const program& p, random_source& random, const mutation_options& options);

}  // namespace gauntlet::check
