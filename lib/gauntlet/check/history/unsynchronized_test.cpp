// Who sees an element has seen what was done before it was written: by hand, event by event.
#include <gauntlet/check/history/unsynchronized.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gauntlet::check {
namespace {

using ::testing::HasSubstr;

// Thread 1 writes at its moments 3 (call) to 4 (return); thread 2 reads later, having seen so much of thread 1.
struct two_threads {
  history h;

  two_threads(opcode writes, opcode reads, std::uint32_t seen_of_the_writer) {
    event writer;
    writer.where = 1;
    writer.asked.code = writes;
    writer.asked.key = 7;
    writer.asked.value = 70;
    writer.answer.flag = true;
    writer.answer.has_value = writes == opcode::upsert;
    writer.answer.value = writer.answer.has_value ? 70 : 0;
    writer.called = 1;
    writer.returned = 2;
    event reader;
    reader.where = 2;
    reader.asked.code = reads;
    reader.asked.key = 7;
    reader.answer.flag = reader.answer.has_value = true;
    reader.answer.value = 70;
    reader.called = 3;
    reader.returned = 4;
    if (reach_of(reads) == reach::elements) reader.shown = {{5, 50}, {7, 70}};
    h.events = {writer, reader};
    h.aware.resize(2);
    h.aware[0] = {1, {0, 3}, {0, 4}, 5};
    h.aware[1] = {2, {0, 0, 1}, {0, seen_of_the_writer, 1}, 5};
  }
};

TEST(look_for_unsynchronized, accepts_a_reader_that_has_seen_the_writers_call) {
  for (const opcode reads : {opcode::find, opcode::extract_key, opcode::fetch_update, opcode::walk, opcode::snapshot})
    EXPECT_FALSE(look_for_unsynchronized(two_threads(opcode::insert_copy, reads, 3).h, {})) << info(reads).name;
}

TEST(look_for_unsynchronized, notices_a_reader_that_has_not) {
  for (const opcode writes :
       {opcode::insert_copy, opcode::try_emplace, opcode::insert_or_assign, opcode::update, opcode::upsert}) {
    for (const opcode reads :
         {opcode::find, opcode::extract_key, opcode::fetch_update, opcode::walk, opcode::snapshot}) {
      const two_threads late(writes, reads, 2);
      const auto found = look_for_unsynchronized(late.h, {});
      ASSERT_TRUE(found) << info(writes).name << ", " << info(reads).name;
      EXPECT_EQ(found->reader, 1u);
      EXPECT_EQ(found->writer, 0u);
      EXPECT_EQ(found->seen, element(7, 70));
      EXPECT_THAT(explain(late.h, *found), HasSubstr("released before or in that operation"));
    }
  }
}

TEST(look_for_unsynchronized, knows_what_an_upsert_has_seen) {
  two_threads adds(opcode::insert_copy, opcode::upsert, 2);
  event& e = adds.h.events[1];
  e.asked.value = 5;
  e.answer.flag = false;  // it was there
  e.answer.value = 75;
  EXPECT_TRUE(look_for_unsynchronized(adds.h, {}));
  e.answer.flag = true;
  EXPECT_FALSE(look_for_unsynchronized(adds.h, {})) << "who has inserted has seen nobody's value";
}

TEST(look_for_unsynchronized, asks_nothing_where_nothing_is_known_or_promised) {
  two_threads unaware(opcode::insert_copy, opcode::find, 2);
  unaware.h.aware.clear();
  EXPECT_FALSE(look_for_unsynchronized(unaware.h, {}));

  for (const std::size_t i : {0u, 1u}) {  // in a compiled library
    two_threads unseen(opcode::insert_copy, opcode::find, 2);
    unseen.h.aware[i].steps = 0;
    EXPECT_FALSE(look_for_unsynchronized(unseen.h, {}));
  }

  contract_table quiescent;
  quiescent[opcode::walk] = contract::quiescent;
  EXPECT_FALSE(look_for_unsynchronized(two_threads(opcode::insert_copy, opcode::walk, 2).h, quiescent));

  two_threads refused(opcode::insert_copy, opcode::find, 2);
  refused.h.events[0].answer.flag = false;  // wrote nothing
  EXPECT_FALSE(look_for_unsynchronized(refused.h, {}));
}

TEST(look_for_unsynchronized, takes_it_that_what_failed_may_have_written) {
  const two_threads late(opcode::insert_copy, opcode::find, 2);
  for (const opcode code : {opcode::insert_or_assign, opcode::find}) {
    history failed;
    failed.events.resize(1);
    failed.events[0].asked.code = code;
    failed.events[0].asked.key = 7;
    EXPECT_EQ(look_for_unsynchronized(late.h, {}, failed).has_value(), code == opcode::find);
    failed.events[0].asked.key = 8;
    EXPECT_TRUE(look_for_unsynchronized(late.h, {}, failed));
  }
}

TEST(look_for_unsynchronized, is_content_with_one_of_several_writers) {
  two_threads twice(opcode::insert_or_assign, opcode::find, 2);
  event own = twice.h.events[0];
  own.where = 2;
  own.called = 5;
  own.returned = 6;
  twice.h.events[1].called = 7;
  twice.h.events[1].returned = 8;
  twice.h.events.push_back(own);
  twice.h.aware.push_back({2, {0, 0, 1}, {0, 0, 1}, 5});
  EXPECT_FALSE(look_for_unsynchronized(twice.h, {}));
}

TEST(happens_before, is_the_order_in_a_thread_and_what_was_seen_across_threads) {
  const two_threads seen(opcode::insert_copy, opcode::find, 4);
  EXPECT_FALSE(happens_before(seen.h, 0, 1));  // the reader learned of it in the operation, not before
  EXPECT_TRUE(call_happens_before(seen.h, 0, 1));
  EXPECT_FALSE(call_happens_before(seen.h, 1, 0));

  two_threads before(opcode::insert_copy, opcode::find, 4);
  before.h.aware[1].called[1] = 4;
  EXPECT_TRUE(happens_before(before.h, 0, 1));
  EXPECT_FALSE(happens_before(before.h, 1, 0));
  before.h.aware[1].called[1] = 3;
  EXPECT_FALSE(happens_before(before.h, 0, 1)) << "its call, and not its return";

  two_threads alone(opcode::insert_copy, opcode::find, 0);
  alone.h.aware[1].thread = 1;
  EXPECT_TRUE(happens_before(alone.h, 0, 1));
  alone.h.aware.clear();
  EXPECT_FALSE(happens_before(alone.h, 0, 1));
}

}  // namespace
}  // namespace gauntlet::check
