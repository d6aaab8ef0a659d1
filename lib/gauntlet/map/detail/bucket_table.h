// The buckets of one map and everything that keeps them right. bucket_map is the face, this is the works.
//
// Words. A *chain* is a bucket of the array and its overflow buckets. An element lives in the chain that the low bits
// of its hash name, wherever there was a free slot when it came. While the map *grows* there are two arrays, the old
// one and the one that replaces it; a chain of the old one is *evacuated* as a whole, and until then it is the place of
// all its elements, afterwards the new array is.
//
// What must hold between operations (self_check recounts all of it):
//   - a top says what is in its slot (detail/bucket.h); nothing follows an empty_rest in its chain, and an empty_one is
//     followed by an element
//   - an element is in the old array if the old chain of its hash has not been evacuated, otherwise in the new one
//   - old chains below the mark (evacuated_) have been evacuated, and pieces behind it are given back
//   - of elements with equal hashes each has a tie number of its own (detail/bucket.h)
//
// A growth is a change of the number of buckets, or of nothing but the overflow chains. The old array may be smaller
// than the new one (doubling; reserve goes further at once), as large (too many overflow buckets) or larger
// (shrink_to_fit): in each case an old chain names the new chains that its elements go to, and is evacuated by itself.
//
// The order of work keeps exceptions harmless: whatever may throw (hashes, memory, constructors) comes before the first
// change that anybody can see.
//
// Bodies: bucket_growth.h, bucket_whole.h, bucket_check.h.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iosfwd>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/activity.h>
#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/bucket.h>
#include <gauntlet/map/detail/bucket_array.h>
#include <gauntlet/map/detail/bucket_numbers.h>
#include <gauntlet/map/detail/bucket_policies.h>
#include <gauntlet/map/detail/element_maker.h>
#include <gauntlet/map/detail/map_types.h>

namespace gauntlet {

enum class bucket_growth : unsigned char { none, doubling, same_size, resizing };

// What stats() says about a map.
struct bucket_map_stats {
  std::size_t size = 0;
  unsigned bits = 0;            // 2^bits chains
  std::size_t old_buckets = 0;  // chains not yet evacuated
  std::size_t overflow = 0;     // overflow buckets, and of those not yet evacuated
  std::size_t old_overflow = 0;
  bucket_growth growth = bucket_growth::none;
  double load = 0;  // elements for each chain
  std::size_t longest_chain = 0;
  std::size_t ties = 0;  // elements whose hash another one had when they came
  std::size_t bytes = 0;
  std::size_t doublings = 0;  // growths begun
  std::size_t same_size_growths = 0;
  std::size_t resizes = 0;
};

namespace detail {

template <class Types>
class bucket_table {
 public:
  using key_type = typename Types::key_type;
  using value_type = typename Types::value_type;
  using hasher = typename Types::hasher;
  using key_equal = typename Types::key_equal;
  using allocator_type = typename Types::allocator_type;
  using policy = typename Types::policy;
  using slot = typename Types::slot;
  using maker = element_maker<slot>;
  using memory = typename Types::memory;
  using bucket_type = bucket<slot>;
  using note_type = bucket_note<slot>;
  using array_type = bucket_array<bucket_type, memory, policy::piece_buckets>;
  using activity_type = activity<policy::detect_misuse, policy::writes_per_linger>;
  using observer_type = typename policy::observer;

  // Where an element is: `index` is its chain's.
  struct position {
    slot* element = nullptr;
    bucket_type* in = nullptr;
    std::size_t index = 0;
    unsigned lane = 0;
    bool old = false;
  };

  struct look_ahead {};  // iterators need nothing beside their position

  bucket_table(const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : seed_(policy::seed()), hash_(hash), equal_(equal), allocator_(allocator) {
    renumber();
  }
  bucket_table(const bucket_table&) = delete;
  bucket_table& operator=(const bucket_table&) = delete;
  ~bucket_table() {
    destroy_all();
    now_.release(allocator_);
    if constexpr (policy::checked) *const_cast<volatile std::uint64_t*>(&number_) = 0;
  }

  // ---- looking up
  template <class K>
  GAUNTLET_ALWAYS_INLINE position find(const K& key) const {
    return find_hashed(hash_of(key), key);
  }
  template <class K>
  position find_hashed(std::uint64_t hash, const K& key) const {
    bool tie = false;
    return search<false>(hash, key, tie);
  }

  // ---- changing
  // Inserts unless the key is present. construct(slot&) makes the element; if anything throws, nothing has happened. A
  // construct that took the element from somewhere may have it back: give_back(slot&).
  template <class K, class Construct>
  std::pair<position, bool> insert(const K& key, Construct&& construct);
  template <class K>
  bool erase(const K& key);
  // Moves no element; throws nothing.
  void erase_at(const position& at) noexcept {
    Types::destroy(allocator_, *at.element);
    forget_element(at);
  }
  // Nothing of an erasure by position throws, and nothing is left to be done for it.
  const position& plan_erase(const position& at) const noexcept { return at; }
  void finish_erase(const position& at) noexcept { erase_at(at); }
  void pay_debt() noexcept {}
  void pay_whole_debt() noexcept {}
  // The element is already destroyed.
  void forget_element(const position& at) noexcept;
  template <class Predicate>
  std::size_t erase_if(Predicate&& predicate);

  // ---- in order of memory: the old array's chains, then the new one's
  position first() const noexcept {
    if (size_ == 0) return {};
    return look_on(growing_, 0);
  }
  position first(look_ahead&) const noexcept { return first(); }
  void advance(position& at) const noexcept;
  void advance(position& at, look_ahead&) const noexcept { advance(at); }

  // ---- whole map
  void clear() noexcept;
  void reserve(std::size_t count);
  void rehash(std::size_t buckets);
  void shrink_to_fit();
  void copy_from(const bucket_table& other);     // precondition: never filled, or released
  void move_elements_from(bucket_table& other);  // same; for allocators that differ
  void take_from(bucket_table& other) noexcept;  // same; everything but hash, equality, allocator
  void swap_with(bucket_table& other) noexcept;  // likewise
  void release_all() noexcept;                   // clear, and no room is kept
  static constexpr std::size_t max_size() noexcept {
    return static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max() >> 16) / sizeof(slot);
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t buckets() const noexcept { return now_.size(); }
  std::size_t bucket_count() const noexcept { return buckets(); }
  static constexpr float max_load_factor() noexcept { return 6.5F; }
  bool growing() const noexcept { return growing_; }
  bucket_map_stats stats() const;
  bool self_check(std::ostream* dump) const;
  std::string describe() const;
  std::uint64_t work() const noexcept {
    if constexpr (policy::count_work) return work_.load(std::memory_order_relaxed);
    return 0;
  }
  GAUNTLET_ALWAYS_INLINE void count_work([[maybe_unused]] std::uint64_t amount) const noexcept {
    if constexpr (policy::count_work) work_.fetch_add(amount, std::memory_order_relaxed);  // [work] a counter
  }

  // ---- what iterators and cursors need
  template <class K>
  GAUNTLET_ALWAYS_INLINE std::uint64_t hash_of(const K& key) const {
    return Types::hash(hash_, key, seed_);
  }
  // The chain that holds this hash's elements, null if there is none yet; and so many low bits that only hashes which
  // share them are to be looked for there.
  struct chain {
    bucket_type* head;
    std::size_t index;
    unsigned bits;
    bool old;
  };
  GAUNTLET_ALWAYS_INLINE chain chain_of(std::uint64_t hash) const noexcept {
    if (GAUNTLET_RARE(growing_)) {
      const std::size_t index = hash & old_.mask();
      if (!old_is_evacuated(index)) return {old_.find(index), index, old_.bits(), true};
    }
    const std::size_t index = hash & now_.mask();
    // Where the old array is the larger one, other old chains may still hold elements of this new one.
    const unsigned bits = GAUNTLET_RARE(growing_) ? std::max(now_.bits(), old_.bits()) : now_.bits();
    return {now_.find(index), index, bits, false};
  }
  std::uint64_t version() const noexcept { return version_; }
  std::uint64_t number() const noexcept { return number_; }
  bool occupied(const position& at) const noexcept { return at.in->tops[at.lane] >= top_min; }
  // Where a walk begins, another place each time.
  std::uint64_t some_origin() const noexcept {
    // [walks] pairs with nothing: a counter, so that several threads may begin to walk.
    return mix(walks_.fetch_add(1, std::memory_order_relaxed) * golden, seed_ ^ golden);
  }
  GAUNTLET_ALWAYS_INLINE void read(operation op) const { activity_.read(op, *this); }

  hasher& hash() noexcept { return hash_; }
  key_equal& equal() noexcept { return equal_; }
  allocator_type& allocator() noexcept { return allocator_; }
  const hasher& hash() const noexcept { return hash_; }
  const key_equal& equal() const noexcept { return equal_; }
  const allocator_type& allocator() const noexcept { return allocator_; }
  observer_type& observer() noexcept { return observer_; }
  activity_type& writers() noexcept { return activity_; }

 protected:  // for whoever derives, see the policy
  // A free slot.
  struct vacancy {
    bucket_type* in;
    unsigned lane;
  };
  // An element of a chain that is evacuated, and the slot kept for it.
  struct move_of_one {
    bucket_type* from;
    bucket_type* to;
    std::size_t to_index;
    std::uint8_t from_lane, to_lane;
    std::uint8_t before;  // the state of the slot kept
    bool upper;
  };
  class move_list;

  bool old_is_evacuated(std::size_t index) const noexcept {
    if (index < evacuated_) return true;
    const bucket_type* const head = old_.find(index);
    return head == nullptr || is_evacuated(head->tops[0]);
  }
  template <bool WantTie, class K>
  GAUNTLET_ALWAYS_INLINE position search(std::uint64_t hash, const K& key, bool& tie) const;
  position look_on(bool old, std::size_t index) const noexcept;

  // ---- placing
  vacancy find_vacancy(bucket_type& head);
  bucket_type* add_overflow(bucket_type& last);
  void need_note(bucket_type& b);
  static void settle_tail(bucket_type& head) noexcept;
  template <class Construct>
  position place(std::uint64_t hash, bool tie, Construct& construct);
  GAUNTLET_NOINLINE position insert_while_growing(std::uint64_t hash, bool tie, const maker& construct);

  // ---- growing
  bool wants_to_grow() const noexcept {
    return over_load_factor(size_ + 1, now_.bits()) ||
           too_many_overflow_buckets(overflow_, now_.bits(), policy::overflow_shift);
  }
  void make_room(std::uint64_t hash);
  void start_growth(unsigned bits);
  void grow_work(std::uint64_t hash);
  void evacuate(std::size_t index);
  void evacuate_everything();
  void plan_moves(std::size_t index, move_list& moves);
  void cancel_moves(move_list& moves) noexcept;
  std::exception_ptr carry_out(std::size_t index, move_list& moves);
  void pass_mark() noexcept;
  void finish_growth() noexcept;
  void resize(unsigned bits);

  // ---- releasing
  void free_overflow(bucket_type& head, std::size_t& count) noexcept;
  void destroy_elements(bucket_type& head) noexcept;
  void release_chains(array_type& array, std::size_t& overflow) noexcept;
  void destroy_all() noexcept;
  template <class F>
  static void for_each_element(const bucket_type* head, F&& f) {
    for (auto* b = const_cast<bucket_type*>(head); b != nullptr; b = b->next()) {
      for (std::uint64_t m = top_word::used(b->word()); m != 0; m &= m - 1) f(*b, top_word::lowest(m));
    }
  }
  template <class F>
  static void for_each_chain(const array_type& array, F&& f) {
    for (std::size_t index = 0; index < array.size(); ++index) {
      if (!array.has_piece(array_type::piece_of(index))) {
        index |= array.piece_size() - 1;
        continue;
      }
      f(index, *array.find(index));
    }
  }
  template <class Make>
  void clone_from(const bucket_table& other, Make&& make);
  template <class Make>
  void clone_array(array_type& to, std::size_t& overflow, const array_type& from, Make&& make);
  void renumber() noexcept { number_ = policy::checked ? next_map_number() : 1; }

  array_type now_;
  array_type old_;             // empty unless growing
  std::size_t evacuated_ = 0;  // the mark
  std::size_t size_ = 0;
  std::uint64_t seed_;        // another one whenever the map becomes empty
  std::size_t overflow_ = 0;  // buckets behind chains of now_
  std::size_t old_overflow_ = 0;
  std::uint64_t next_number_ = 1;
  std::uint64_t version_ = 0;  // counts changes; the upper half those that invalidate no other iterator
  std::uint64_t number_ = 0;   // changes when the contents change hands
  bool growing_ = false;
  [[no_unique_address]] activity_type activity_;
  std::size_t doublings_ = 0, same_size_growths_ = 0, resizes_ = 0;
  mutable std::atomic<std::uint64_t> walks_{1};
  [[no_unique_address]] hasher hash_;
  [[no_unique_address]] key_equal equal_;
  [[no_unique_address]] allocator_type allocator_;
  [[no_unique_address]] observer_type observer_;
  [[no_unique_address]] mutable std::conditional_t<policy::count_work, std::atomic<std::uint64_t>, no_work_counter>
      work_{};
};

// --------------------------------------------------------------------------------------------- bodies: one element

template <class Types>
template <bool WantTie, class K>
typename bucket_table<Types>::position bucket_table<Types>::search(std::uint64_t hash, const K& key,
                                                                   [[maybe_unused]] bool& tie) const {
  const chain at = chain_of(hash);
  const std::uint8_t top = top_of(hash);
  for (bucket_type* b = at.head; b != nullptr; b = b->next()) {
    const std::uint64_t word = b->word();
    count_work(1);
    for (std::uint64_t m = top_word::equal_to(word, top); m != 0; m &= m - 1) {
      const unsigned lane = top_word::lowest(m);
      if (GAUNTLET_LIKELY(equal_(b->slots[lane].key(), key))) return {&b->slots[lane], b, at.index, lane, at.old};
      if constexpr (WantTie) tie |= hash_of(b->slots[lane].key()) == hash;
    }
    if (top_word::rest(word) != 0) break;
  }
  return {};
}

template <class Types>
typename bucket_table<Types>::bucket_type* bucket_table<Types>::add_overflow(bucket_type& last) {
  auto* const fresh = static_cast<bucket_type*>(memory::take(allocator_, sizeof(bucket_type)));
  array_type::clear(*fresh);
  last.set_next(fresh);
  ++overflow_;
  return fresh;
}

template <class Types>
void bucket_table<Types>::need_note(bucket_type& b) {
  if (b.notes() == nullptr) b.attach(static_cast<note_type*>(memory::take(allocator_, sizeof(note_type))));
}

// The first free slot of a chain of the new array. An overflow bucket that is made for it stays, used or not.
template <class Types>
typename bucket_table<Types>::vacancy bucket_table<Types>::find_vacancy(bucket_type& head) {
  for (bucket_type* b = &head;; b = b->next()) {
    count_work(1);
    if (const std::uint64_t m = top_word::free(b->word()); m != 0) return {b, top_word::lowest(m)};
    if (b->next() == nullptr) return {add_overflow(*b), 0};
  }
}

template <class Types>
template <class Construct>
typename bucket_table<Types>::position bucket_table<Types>::place(std::uint64_t hash, bool tie, Construct& construct) {
  const std::size_t index = hash & now_.mask();
  const vacancy v = find_vacancy(now_.make(allocator_, index));
  if (GAUNTLET_RARE(tie)) need_note(*v.in);
  slot& at = v.in->slots[v.lane];
  construct(at);
  if (note_type* const n = v.in->notes(); GAUNTLET_RARE(n != nullptr)) n->numbers[v.lane] = tie ? next_number_++ : 0;
  v.in->tops[v.lane] = top_of(hash);
  ++size_;
  ++version_;
  return {&at, v.in, index, v.lane, false};
}

template <class Types>
template <class K, class Construct>
std::pair<typename bucket_table<Types>::position, bool> bucket_table<Types>::insert(const K& key,
                                                                                    Construct&& construct) {
  const std::uint64_t hash = hash_of(key);
  bool tie = false;
  if (const position at = search<true>(hash, key, tie); at.element != nullptr) return {at, false};
  if (GAUNTLET_LIKELY(!growing_ && !wants_to_grow())) return {place(hash, tie, construct), true};
  return {insert_while_growing(hash, tie, maker(construct)), true};
}

// Where elements are about to move, the new one is made first, outside: its arguments may refer to one of them.
template <class Types>
typename bucket_table<Types>::position bucket_table<Types>::insert_while_growing(std::uint64_t hash, bool tie,
                                                                                 const maker& construct) {
  if (construct.may_lose()) {
    make_room(hash);
    return place(hash, tie, construct);
  }
  struct holder {
    const maker& construct;
    slot element;
    allocator_type* allocator;  // null: nothing to destroy
    ~holder() {
      if (allocator == nullptr) return;
      if (construct.takes_back()) {
        construct.give_back(element);
      } else {
        Types::destroy(*allocator, element);
      }
    }
  } ready{construct, {}, nullptr};
  construct(ready.element);
  ready.allocator = &allocator_;
  make_room(hash);
  auto settle = [&ready](slot& at) {
    if constexpr (Types::moves_in_place()) {
      Types::relocate(at, ready.element);
    } else {
      value_type& made = ready.element.value();
      ::new (static_cast<void*>(at.bytes))
          value_type(Types::moved_or_copied(const_cast<key_type&>(made.first)), Types::moved_or_copied(made.second));
      Types::destroy(*ready.allocator, ready.element);
    }
    ready.allocator = nullptr;
  };
  return place(hash, tie, settle);
}

// The slots at the end of a chain that hold nothing become the rest.
template <class Types>
void bucket_table<Types>::settle_tail(bucket_type& head) noexcept {
  bucket_type* last = nullptr;
  std::uint64_t last_used = 0;
  for (bucket_type* b = &head; b != nullptr; b = b->next()) {
    if (const std::uint64_t m = top_word::used(b->word()); m != 0) last = b, last_used = m;
  }
  unsigned lane = last == nullptr ? 0 : (63U - static_cast<unsigned>(std::countl_zero(last_used))) / 8 + 1;
  for (bucket_type* b = last == nullptr ? &head : last; b != nullptr; b = b->next(), lane = 0) {
    for (; lane < bucket_slots; ++lane) {
      if (b->tops[lane] == empty_rest) return;
      b->tops[lane] = empty_rest;
    }
  }
}

template <class Types>
void bucket_table<Types>::forget_element(const position& at) noexcept {
  at.in->tops[at.lane] = empty_one;
  const bucket_type* const next = at.lane + 1 == bucket_slots ? at.in->next() : at.in;
  if (next == nullptr || next->tops[(at.lane + 1) % bucket_slots] == empty_rest)
    settle_tail(*(at.old ? old_ : now_).find(at.index));
  --size_;
  version_ += std::uint64_t{1} << 32;
  if (size_ == 0) seed_ = policy::seed();
}

// Lack of memory for the evacuation is no reason not to erase. Of a type that an evacuation may lose, none is moved.
// The key may lie in the map, and be the very one that goes: it is not looked at any more when elements move, and an
// element that was found stays where it is until it goes.
template <class Types>
template <class K>
bool bucket_table<Types>::erase(const K& key) {
  const std::uint64_t hash = hash_of(key);
  const position at = find_hashed(hash, key);
  if constexpr (!Types::loses_on_failure()) {
    if (GAUNTLET_RARE(growing_)) {
      try {
        if (at.element == nullptr) {
          grow_work(hash);
        } else if (evacuated_ != (hash & old_.mask())) {
          evacuate(evacuated_);
        }
      } catch (const std::bad_alloc&) {
      }
    }
  }
  if (at.element == nullptr) return false;
  erase_at(at);
  ++version_;
  return true;
}

template <class Types>
template <class Predicate>
std::size_t bucket_table<Types>::erase_if(Predicate&& predicate) {
  const std::size_t before = size_;
  for (position at = first(); at.element != nullptr;) {
    const position here = at;
    advance(at);
    if (predicate(here.element->value())) erase_at(here);
  }
  ++version_;
  return before - size_;
}

template <class Types>
typename bucket_table<Types>::position bucket_table<Types>::look_on(bool old, std::size_t index) const noexcept {
  for (;;) {
    const array_type& array = old ? old_ : now_;
    for (; index < array.size(); ++index) {
      if (!array.has_piece(array_type::piece_of(index))) {
        index |= array.piece_size() - 1;
        continue;
      }
      for (bucket_type* b = array.find(index); b != nullptr; b = b->next()) {
        if (const std::uint64_t m = top_word::used(b->word()); m != 0)
          return {&b->slots[top_word::lowest(m)], b, index, top_word::lowest(m), old};
      }
    }
    if (!old) return {};
    old = false;
    index = 0;
  }
}

template <class Types>
void bucket_table<Types>::advance(position& at) const noexcept {
  std::uint64_t m = top_word::used(at.in->word()) & top_word::after(at.lane);
  while (m == 0) {
    at.in = at.in->next();
    if (at.in == nullptr) {
      at = look_on(at.old, at.index + 1);
      return;
    }
    m = top_word::used(at.in->word());
  }
  at.lane = top_word::lowest(m);
  at.element = &at.in->slots[at.lane];
}

}  // namespace detail
}  // namespace gauntlet

#include <gauntlet/map/detail/bucket_check.h>
#include <gauntlet/map/detail/bucket_growth.h>
#include <gauntlet/map/detail/bucket_whole.h>
