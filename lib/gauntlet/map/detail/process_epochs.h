// The one epoch domain (epoch_domain.h) of all maps of a process that have none of their own.
//
// Such a map carries no slots, so it can be made in large numbers. The price is that a guard which lives long keeps what any of these maps wants to free, never what it
// does. Guards nest across maps.
//
// It is there before and after everything else that lives as long as the process.
#pragma once

#include <cstdint>

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/epoch_domain.h>

namespace gauntlet::detail {

class process_epochs {
 public:
  class guard {
   public:
    GAUNTLET_ALWAYS_INLINE guard() : guard_(domain) {}
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;

   private:
    epoch_domain::guard guard_;
  };

  static std::uint64_t advance() noexcept { return domain.advance(); }
  static bool is_over(std::uint64_t epoch) noexcept { return domain.is_over(epoch); }
  static std::uint64_t oldest_reader() noexcept { return domain.oldest_reader(); }

 private:
  inline static constinit lasting_epoch_domain<process_barrier> domain;
};

}  // namespace gauntlet::detail
