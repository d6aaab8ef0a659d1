#include <gauntlet/check/run/subject_base.h>

#include <gauntlet/check/run/wording.h>

namespace gauntlet::check {

subject_base::subject_base(const program_header& header) : header_(header), live_before_(lifetimes.live()) {
  functors_.quality = header.hash;
  for (unsigned i = 0; i < map_count; ++i) {
    expected_[i] = home_index(i);
    origins_[i] = i;
  }
}

std::size_t subject_base::bytes() const {
  std::size_t sum = 0;
  for (const arena& a : arenas_) {
    sum += a.bytes();
  }
  return sum;
}

std::string subject_base::arena_errors() const {
  for (const arena& a : arenas_) {
    if (a.error() != nullptr) {
      return a.error();
    }
  }
  return {};
}

std::string subject_base::balance() {
  std::string text = arena_errors();
  const std::int64_t leaked_objects = lifetimes.live() - live_before_;
  if (text.empty()) text = objects_out_of_balance(leaked_objects);
  lifetimes.count_live(-leaked_objects);
  for (arena& a : arenas_) {
    if (text.empty() && a.blocks() != 0) {
      text = "leak: " + std::to_string(a.bytes()) + " bytes in " + std::to_string(a.blocks()) +
             " blocks were never given back";
    }
    a.release_all();
  }
  return text;
}

}  // namespace gauntlet::check
