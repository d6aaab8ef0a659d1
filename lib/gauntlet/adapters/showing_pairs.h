// For maps whose iterators show no pairs: an iterator that shows a pair of references. `Place` says how to get at them:
// key(), value(), ++ and ==.
#pragma once

#include <cstddef>
#include <iterator>
#include <utility>

namespace gauntlet::adapters {

template <class Key, class T, class Place>
class showing_pairs {
 public:
  struct reference {
    const Key& first;
    T& second;
  };
  class pointer {
   public:
    explicit pointer(const reference& shown) : shown_(shown) {}
    const reference* operator->() const { return &shown_; }

   private:
    reference shown_;
  };

  showing_pairs() = default;
  explicit(false) showing_pairs(const Place& place) : place_(place) {}
  const Place& place() const { return place_; }
  reference operator*() const { return {place_.key(), place_.value()}; }
  pointer operator->() const { return pointer(**this); }
  showing_pairs& operator++() {
    ++place_;
    return *this;
  }
  showing_pairs operator++(int) {
    showing_pairs before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const showing_pairs& a, const showing_pairs& b) { return a.place_ == b.place_; }

 private:
  Place place_;
};

// The place of an iterator that shows pairs, whose `first` is a judged key (judged_key.h).
template <class Key, class T, class Iterator>
class judged_place {
 public:
  judged_place() = default;
  explicit(false) judged_place(const Iterator& base) : base_(base) {}
  const Iterator& base() const { return base_; }
  const Key& key() const { return base_->first.key; }
  T& value() const { return const_cast<T&>(base_->second); }
  void operator++() { ++base_; }
  bool operator==(const judged_place& other) const { return base_ == other.base_; }

 private:
  Iterator base_;
};

}  // namespace gauntlet::adapters
