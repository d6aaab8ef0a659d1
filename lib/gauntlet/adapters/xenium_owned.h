// What the adapters of xenium's maps share: the reclaimer, and a table that leaves it little when it goes.
#pragma once

#include <array>    // the reclaimer names it without
#include <cassert>  // and the maps this
#include <memory>

#include <xenium/reclamation/generic_epoch_based.hpp>

namespace gauntlet::adapters {

// Looks after every read whether the epoch can go on.
using xenium_reclaimer = xenium::reclamation::epoch_based<>::with<xenium::policy::scan_frequency<1>>;

template <class Table>
class xenium_owned {
 public:
  explicit xenium_owned(auto... arguments) : table_(std::make_unique<Table>(arguments...)) {}
  xenium_owned(const xenium_owned&) = delete;
  xenium_owned& operator=(const xenium_owned&) = delete;
  // What a table leaves to the reclaimer is given back three epochs later.
  ~xenium_owned() {
    table_ = nullptr;
    for (int reads = 0; reads < 16; ++reads) const typename xenium_reclaimer::region_guard read;
  }
  Table* operator->() const { return table_.get(); }

 private:
  std::unique_ptr<Table> table_;
};

}  // namespace gauntlet::adapters
