// A snapshot that is kept while its map goes on, and read again when it is let go: it must show what it showed when it was
// taken, also when the map is gone.
//
// Kept is what a map hands out as a handle of its own, Map::snapshot_type. A snapshot of another type is a copy, which
// nobody can change: it is not kept.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gauntlet/check/run/request.h>
#include <gauntlet/check/types/element_traits.h>

namespace gauntlet::check {

template <class Map>
class held_snapshot {
 public:
  template <class Copy>
  void replace(const Copy&, const std::vector<element>&) {}
  void let_go() {}
  std::string changed() const { return {}; }
};

template <class Map>
  requires requires { typename Map::snapshot_type; }
class held_snapshot<Map> {
  using handle = typename Map::snapshot_type;

 public:
  // Lets go of the one before. `shown` is what `fresh` shows.
  void replace(const handle& fresh, const std::vector<element>& shown) {
    let_go();
    handle_ = std::make_unique<handle>(fresh);
    when_taken_ = shown;
  }

  void let_go() {
    if (handle_ == nullptr) return;
    std::vector<element> now;
    for (const auto& [k, v] : *handle_) now.emplace_back(id_of(k), id_of(v));
    if (changed_.empty() && now != when_taken_) {
      changed_ = "a snapshot that was held showed " + in_words(when_taken_) + ", and later " + in_words(now);
    }
    handle_.reset();
  }

  // Of those that were let go, the first that showed something else in the end, in words; empty when none did.
  std::string changed() const { return changed_; }

 private:
  static std::string in_words(const std::vector<element>& elements) {
    std::string text;
    for (const auto& [k, v] : elements) {
      text += (text.empty() ? "" : ", ") + std::to_string(k) + ": " + std::to_string(v);
    }
    return "{" + text + "}";
  }

  std::unique_ptr<handle> handle_;
  std::vector<element> when_taken_;
  std::string changed_;
};

}  // namespace gauntlet::check
