// A snapshot that is held while its map goes on, and read again when it is let go: it must show what it showed when it was
// taken, also when the map is gone.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gauntlet/check/run/request.h>
#include <gauntlet/check/types/element_traits.h>
#include <gauntlet/check/types/faults.h>

namespace gauntlet::check {

// One lane's. `Numbers::of` gives the number of a value.
template <class Handle, class Numbers>
class held_snapshot {
 public:
  // Takes a snapshot and tells what it shows. It is held from hold() on; without that, a later take() replaces it.
  template <class Map>
  void take(const Map& map, std::vector<element>& shown) {
    fresh_.reset(new Handle(map.snapshot()));
    faults::suspend();
    show(*fresh_, shown);
  }

  // Holds what was taken, which showed `shown`, and lets go of the one before. Nothing if none was taken.
  void hold(const std::vector<element>& shown) {
    if (fresh_ == nullptr) return;
    std::unique_ptr<Handle> taken = std::move(fresh_);
    let_go();
    held_ = std::move(taken);
    when_taken_ = shown;
  }

  void let_go() {
    fresh_.reset();
    if (held_ == nullptr) return;
    std::vector<element> now;
    show(*held_, now);
    if (what_changed_.empty() && now != when_taken_) {
      what_changed_ = "a snapshot that was held showed " + in_words(when_taken_) + ", and later " + in_words(now);
    }
    held_.reset();
  }

  bool holds() const noexcept { return fresh_ != nullptr || held_ != nullptr; }

  // Of those that were let go, the first that showed something else in the end; empty when none did.
  const std::string& what_changed() const { return what_changed_; }

 private:
  static void show(const Handle& snapshot, std::vector<element>& shown) {
    for (const auto& [k, v] : snapshot) shown.emplace_back(id_of(k), Numbers::of(v));
  }
  static std::string in_words(const std::vector<element>& elements) {
    std::string text;
    for (const auto& [k, v] : elements) {
      text += (text.empty() ? "" : ", ") + std::to_string(k) + ": " + std::to_string(v);
    }
    return "{" + text + "}";
  }

  std::unique_ptr<Handle> fresh_, held_;
  std::vector<element> when_taken_;
  std::string what_changed_;
};

}  // namespace gauntlet::check
