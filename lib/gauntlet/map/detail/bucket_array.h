// 2^bits chains of buckets, in pieces of at most PieceBuckets that come into being when they are first needed and can be
// given back one by one: no operation has to clear, or give back, a large block at once.
//
// An array of one piece is a pointer; of several, a directory of pointers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <gauntlet/map/detail/attributes.h>

namespace gauntlet::detail {

template <class Bucket, class Memory, std::size_t PieceBuckets>
class bucket_array {
  static_assert(std::has_single_bit(PieceBuckets));
  static constexpr unsigned piece_bits = static_cast<unsigned>(std::countr_zero(PieceBuckets));

 public:
  bucket_array() = default;
  bucket_array(const bucket_array&) = delete;
  bucket_array& operator=(const bucket_array&) = delete;

  unsigned bits() const noexcept { return bits_; }
  std::size_t size() const noexcept { return std::size_t{1} << bits_; }
  std::size_t mask() const noexcept { return size() - 1; }
  std::size_t piece_size() const noexcept { return std::min(size(), PieceBuckets); }
  std::size_t pieces() const noexcept { return bits_ <= piece_bits ? 1 : size() >> piece_bits; }
  static std::size_t piece_of(std::size_t index) noexcept { return index >> piece_bits; }
  bool has_piece(std::size_t piece) const noexcept { return piece_at(piece) != nullptr; }

  // The first bucket of a chain, null where nothing has ever been.
  GAUNTLET_ALWAYS_INLINE Bucket* find(std::size_t index) const noexcept {
    Bucket* const piece = piece_at(piece_of(index));
    return piece == nullptr ? nullptr : piece + (index & (PieceBuckets - 1));
  }
  // The same, made where it is not there. May throw, without effect.
  template <class Allocator>
  Bucket& make(const Allocator& allocator, std::size_t index) {
    Bucket*& piece = directory_ == nullptr ? only_ : directory_[piece_of(index)];
    if (piece == nullptr) {
      auto* const fresh = static_cast<Bucket*>(Memory::take(allocator, piece_size() * sizeof(Bucket)));
      for (std::size_t i = 0; i < piece_size(); ++i) clear(fresh[i]);
      piece = fresh;
    }
    return piece[index & (PieceBuckets - 1)];
  }
  // No bucket, but room for 2^bits of them. Precondition: holds nothing. May throw, without effect.
  template <class Allocator>
  void resize(const Allocator& allocator, unsigned bits) {
    if (bits > piece_bits) {
      const std::size_t bytes = (std::size_t{1} << (bits - piece_bits)) * sizeof(Bucket*);
      directory_ = static_cast<Bucket**>(Memory::take(allocator, bytes));
      std::memset(static_cast<void*>(directory_), 0, bytes);
    }
    bits_ = bits;
  }
  // Precondition: nothing in it is needed any more, overflow buckets included.
  template <class Allocator>
  void release_piece(const Allocator& allocator, std::size_t piece) noexcept {
    Bucket*& at = directory_ == nullptr ? only_ : directory_[piece];
    if (at != nullptr) Memory::give(allocator, at, piece_size() * sizeof(Bucket));
    at = nullptr;
  }
  template <class Allocator>
  void release_pieces(const Allocator& allocator) noexcept {
    for (std::size_t i = 0; i < pieces(); ++i) release_piece(allocator, i);
  }
  // Everything; afterwards one chain is all there is room for. Precondition: as above.
  template <class Allocator>
  void release(const Allocator& allocator) noexcept {
    release_pieces(allocator);
    if (directory_ != nullptr) Memory::give(allocator, directory_, pieces() * sizeof(Bucket*));
    directory_ = nullptr;
    bits_ = 0;
  }
  void swap(bucket_array& other) noexcept {
    std::swap(only_, other.only_);
    std::swap(directory_, other.directory_);
    std::swap(bits_, other.bits_);
  }
  std::size_t bytes() const noexcept {
    const auto rounded = [](std::size_t bytes) { return Memory::chunks(bytes) * sizeof(typename Memory::chunk); };
    std::size_t held = 0;
    for (std::size_t i = 0; i < pieces(); ++i) held += std::size_t{has_piece(i)};
    return held * rounded(piece_size() * sizeof(Bucket)) +
           (directory_ == nullptr ? 0 : rounded(pieces() * sizeof(Bucket*)));
  }

  static void clear(Bucket& b) noexcept {
    std::memset(b.tops, 0, sizeof b.tops);
    b.link = 0;
  }

 private:
  GAUNTLET_ALWAYS_INLINE Bucket* piece_at(std::size_t piece) const noexcept {
    return GAUNTLET_LIKELY(directory_ == nullptr) ? only_ : directory_[piece];
  }

  Bucket* only_ = nullptr;
  Bucket** directory_ = nullptr;  // null while there is one piece
  unsigned bits_ = 0;
};

}  // namespace gauntlet::detail
