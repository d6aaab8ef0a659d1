// A walk in order of the bucket's index: when the map doubles, elements of buckets already passed move to higher ones,
// and are shown again.
#include <vector>

#include <gauntlet/broken/bucket_defect.h>

namespace gauntlet::broken {

template <class Types, bool Const>
class cursor_by_index {
  using table_type = detail::bucket_table<Types>;
  using element_type = std::conditional_t<Const, const typename Types::value_type, typename Types::value_type>;

 public:
  cursor_by_index() = default;
  explicit cursor_by_index(const table_type* table) : table_(table), number_(table->number()) { next(); }
  explicit operator bool() const { return table_ != nullptr && index_ < table_->buckets(); }
  element_type& operator*() const { return *current(); }
  element_type* operator->() const { return current(); }

  void next() {
    verify();
    for (; index_ < table_->buckets(); ++index_, shown_.clear()) {
      element_type* const found = look([this](const auto& element) {
        return std::find(shown_.begin(), shown_.end(), element.first) == shown_.end();
      });
      if (found == nullptr) continue;
      shown_.push_back(found->first);
      return;
    }
  }

 private:
  // The first element of the chain, of those that belong to this index, that is wanted.
  template <class Wanted>
  element_type* look(Wanted&& wanted) const {
    element_type* found = nullptr;
    const auto chain = table_->chain_of(index_);
    for (auto* b = chain.head; b != nullptr && found == nullptr; b = b->next()) {
      for (std::uint64_t m = detail::top_word::used(b->word()); m != 0 && found == nullptr; m &= m - 1) {
        element_type& element = b->slots[detail::top_word::lowest(m)].value();
        const bool here = (table_->hash_of(element.first) & (table_->buckets() - 1)) == index_;
        if (here && wanted(element)) found = &element;
      }
    }
    return found;
  }
  element_type* current() const {
    verify();
    element_type* const found = look([this](const auto& element) { return element.first == shown_.back(); });
    if (found == nullptr) report_stale();  // it is gone, or has moved
    return found;
  }
  void verify() const {
    if (table_ == nullptr || number_ != table_->number()) report_stale();
  }
  [[noreturn]] static void report_stale() {
    misuse_report stale;
    stale.kind = misuse_kind::stale_cursor;
    report_misuse(stale);
  }

  const table_type* table_ = nullptr;
  std::uint64_t number_ = 0;
  std::size_t index_ = 0;
  std::vector<typename Types::key_type> shown_;  // of this chain
};

struct index_walking_policy : adapters::tiny_observed_bucket_policy {
  template <class Types, bool Const>
  using cursor = cursor_by_index<Types, Const>;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using walk_repeats_what_doubling_moved = bucket_map<Key, T, Hash, KeyEqual, Allocator, index_walking_policy>;

GAUNTLET_BUCKET_DEFECT(walk_repeats_what_doubling_moved,
                       "(1) an element present throughout a walk is visited exactly once", "hash_map_iteration");

}  // namespace gauntlet::broken
