// rcu_table in one thread: what is put in is found, chains and filters lead on, another table holds the same entries, and
// the check notices what is wrong. Readers beside a writer: rcu_map_concurrent_test.cpp, and props under control.
#include <gauntlet/map/detail/rcu_table.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <set>
#include <string_view>
#include <vector>

namespace {

struct entry {
  std::uint64_t of = 0;
  std::uint64_t hash() const { return of; }
};

// A table, its entries, and what has been got from the allocator and not been given back.
template <unsigned Slots, unsigned Shift = 0>
class table_of {
  static inline std::int64_t blocks = 0;
  template <class T>
  struct counting_allocator {
    using value_type = T;
    counting_allocator() = default;
    template <class U>
    counting_allocator(const counting_allocator<U>&) {}
    T* allocate(std::size_t count) {
      if (refused != 0 && --refused == 0) throw std::bad_alloc();
      ++blocks;
      return std::allocator<T>().allocate(count);
    }
    void deallocate(T* at, std::size_t count) {
      --blocks;
      std::allocator<T>().deallocate(at, count);
    }
  };

 public:
  using table = gauntlet::detail::rcu_table<entry, counting_allocator<char>, Slots, Shift>;
  static inline int refused = 0;  // the how-manieth request from now on is refused; 0: none

  explicit table_of(unsigned level) : word(table::make(allocator_, level, table::none)) {}
  ~table_of() {
    refused = 0;
    if (word != table::none) table::free(allocator_, table::header_of(word));
    EXPECT_EQ(blocks, 0) << "everything was given back";
  }
  table_of(const table_of&) = delete;
  table_of& operator=(const table_of&) = delete;

  const entry* put(std::uint64_t hash) {
    entry& added = entries_.emplace_back(entry{hash});
    table::put(table::room_for(allocator_, word, hash), &added, hash);
    return &added;
  }
  const entry* find(const entry* wanted) const {
    return table::find(word, wanted->of, [wanted](const entry& each) { return &each == wanted; });
  }
  typename table::place place(const entry* wanted) const {
    return table::place_of(word, wanted->of, [wanted](const entry& each) { return &each == wanted; });
  }
  void rebuild(unsigned level) {
    const auto old = word;
    word = table::make(allocator_, level, old);
    table::free(allocator_, table::header_of(old));
  }
  std::multiset<const entry*> all() const {
    std::multiset<const entry*> met;
    table::for_each_chain(word, [&](auto& chain) {
      table::for_each_in_chain(chain, [&](const entry* at, auto&, unsigned) { met.insert(at); });
    });
    return met;
  }

  typename table::word word;

 private:
  counting_allocator<char> allocator_;
  std::deque<entry> entries_;
};

constexpr std::uint64_t spread(std::uint64_t i) { return i * 0x9E3779B97F4A7C15U ^ (i * 0xD6E8FEB86659FD93U) >> 29; }

TEST(rcu_table, no_table_has_no_entries) {
  using table = table_of<6>::table;
  EXPECT_EQ(table::find(table::none, 1, [](const entry&) { return true; }), nullptr);
  EXPECT_FALSE(table::place_of(table::none, 1, [](const entry&) { return true; }));
  EXPECT_EQ(table::buckets_in(table::none), 0U);
  EXPECT_EQ(table::flaw(table::none), nullptr);
}

template <class Table>
void expect_to_hold_what_is_put_in() {
  for (const unsigned level : {0U, 1U, 4U}) {
    Table under_test(level);
    EXPECT_EQ(Table::table::buckets_in(under_test.word), std::size_t{1} << level);
    std::vector<const entry*> in;
    for (std::uint64_t i = 0; i < 100; ++i) in.push_back(under_test.put(spread(i)));
    for (const entry* each : in) EXPECT_EQ(under_test.find(each), each);
    EXPECT_EQ(Table::table::flaw(under_test.word), nullptr);
    for (std::size_t i = 0; i < in.size(); i += 2) Table::table::take_out(under_test.place(in[i]));
    for (std::size_t i = 0; i < in.size(); ++i) EXPECT_EQ(under_test.find(in[i]), i % 2 == 0 ? nullptr : in[i]);
    EXPECT_EQ(under_test.all().size(), in.size() / 2);
    for (const unsigned next : {level + 2, level, 0U}) {
      under_test.rebuild(next);
      for (std::size_t i = 0; i < in.size(); ++i) EXPECT_EQ(under_test.find(in[i]), i % 2 == 0 ? nullptr : in[i]);
      EXPECT_EQ(under_test.all().size(), in.size() / 2);
      EXPECT_EQ(Table::table::flaw(under_test.word), nullptr);
    }
  }
}

TEST(rcu_table, holds_what_is_put_in_and_another_table_of_it_too) {
  expect_to_hold_what_is_put_in<table_of<6>>();
  expect_to_hold_what_is_put_in<table_of<1>>();
  expect_to_hold_what_is_put_in<table_of<3, 6>>();
}

TEST(rcu_table, entries_with_one_hash_lie_in_one_chain) {
  table_of<2> under_test(3);
  using table = table_of<2>::table;
  std::vector<const entry*> in;
  for (int i = 0; i < 20; ++i) in.push_back(under_test.put(0xABCDEF0123456789U));
  for (const entry* each : in) EXPECT_EQ(under_test.find(each), each);
  EXPECT_EQ(under_test.all().size(), 20U);
  std::size_t chains = 0;
  table::for_each_chain(under_test.word, [&chains](auto& chain) {
    bool any = false;
    table::for_each_in_chain(chain, [&any](const entry*, auto&, unsigned) { any = true; });
    chains += any ? 1U : 0U;
  });
  EXPECT_EQ(chains, 1U);
}

TEST(rcu_table, a_slot_that_was_left_is_used_again_and_shows_no_other_entry_as_its_last) {
  table_of<1> under_test(0);
  using table = table_of<1>::table;
  const entry* const first = under_test.put(1);
  table::take_out(under_test.place(first));
  const entry* const second = under_test.put(1);
  EXPECT_EQ(under_test.find(first), nullptr);
  EXPECT_EQ(under_test.find(second), second);
  EXPECT_EQ(under_test.all().size(), 1U);
}

TEST(rcu_table, replacing_keeps_the_place) {
  table_of<6> under_test(2);
  using table = table_of<6>::table;
  const entry* const old = under_test.put(7);
  const auto place = under_test.place(old);
  entry fresh{7};
  table::replace(place, &fresh);
  EXPECT_EQ(under_test.find(old), nullptr);
  EXPECT_EQ(under_test.find(&fresh), &fresh);
  EXPECT_EQ(under_test.place(&fresh).in, place.in);
  EXPECT_EQ(under_test.place(&fresh).slot, place.slot);
}

TEST(rcu_table, that_gets_no_memory_is_not_made_and_leaves_the_other_one_as_it_is) {
  using under = table_of<1>;
  under under_test(3);
  std::vector<const entry*> in;
  for (std::uint64_t i = 0; i < 20; ++i) in.push_back(under_test.put(spread(i)));
  for (int request = 1; request <= 10; ++request) {
    under::refused = request;
    EXPECT_THROW(under_test.rebuild(0), std::bad_alloc);
    EXPECT_EQ(under_test.all().size(), in.size());
  }
  under::refused = 1;
  EXPECT_THROW(under_test.put(in[0]->of), std::bad_alloc) << "a chain that gets no further bucket";
  under::refused = 0;
  for (const entry* each : in) EXPECT_EQ(under_test.find(each), each);
  EXPECT_EQ(under::table::flaw(under_test.word), nullptr);
}

TEST(rcu_table, the_check_finds_what_is_wrong) {
  using table = table_of<2>::table;
  const auto text = [](const char* flaw) { return std::string_view(flaw == nullptr ? "" : flaw); };
  {
    table_of<2> under_test(2);
    const auto place = under_test.place(under_test.put(5));
    place.in->slots[place.slot].store(nullptr);
    EXPECT_EQ(text(table::flaw(under_test.word)), "a slot and its tag do not agree");
  }
  {
    table_of<2> under_test(2);
    entry elsewhere{~std::uint64_t{0}};
    const auto place = under_test.place(under_test.put(5));
    table::replace(place, &elsewhere);
    EXPECT_EQ(text(table::flaw(under_test.word)), "an entry in a chain that its hash does not lead to");
  }
  {
    table_of<2> under_test(2);
    entry other_tag{5 ^ 0x7F7FU};
    const auto place = under_test.place(under_test.put(5));
    table::replace(place, &other_tag);
    EXPECT_EQ(text(table::flaw(under_test.word)), "an entry that its hash does not lead to");
  }
  {
    table_of<2> under_test(2);
    const auto place = under_test.place(under_test.put(5));
    place.in->tag_word.fetch_or(~std::uint64_t{0} << 56U);
    EXPECT_EQ(text(table::flaw(under_test.word)), "a chain ends where the filter says that it goes on");
  }
}

}  // namespace
