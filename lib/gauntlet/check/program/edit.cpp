// A walk that encloses an index lies at most body_size_max operations before it, so only those are looked at.
#include <gauntlet/check/program/edit.h>

#include <algorithm>

namespace gauntlet::check {
namespace {

std::size_t first_that_could_enclose(std::size_t index) noexcept {
  return index - std::min<std::size_t>(index, body_size_max + 1);
}

}  // namespace

void erase_operations(program& p, std::size_t first, std::size_t count) {
  first = std::min(first, p.operations.size());
  count = std::min(count, p.operations.size() - first);
  const std::size_t last = first + count;
  for (std::size_t walk = first_that_could_enclose(first); walk < first; ++walk) {
    const std::size_t end = walk + 1 + body_size(p, walk);
    if (end <= first) continue;
    operation& o = p.operations[walk];
    o.argument = static_cast<std::uint8_t>(o.argument - (std::min(end, last) - first));
  }
  // A walk inside the removed range may have a body that reaches behind it: those operations stay.
  p.operations.erase(p.operations.begin() + static_cast<std::ptrdiff_t>(first),
                     p.operations.begin() + static_cast<std::ptrdiff_t>(last));
}

void insert_operations(program& p, std::size_t index, std::span<const operation> added, bool into_body) {
  index = std::min(index, p.operations.size());
  for (std::size_t walk = first_that_could_enclose(index); walk < index; ++walk) {
    if (!info(p.operations[walk].code).takes.body) continue;
    const std::size_t end = walk + 1 + body_size(p, walk);
    if (end < index || (end == index && !into_body)) continue;
    operation& o = p.operations[walk];
    o.argument = static_cast<std::uint8_t>(std::min<std::size_t>(end - walk - 1 + added.size(), body_size_max));
  }
  p.operations.insert(p.operations.begin() + static_cast<std::ptrdiff_t>(index), added.begin(), added.end());
}

bool in_body(const program& p, std::size_t index) noexcept {
  for (std::size_t walk = first_that_could_enclose(index); walk < index && walk < p.operations.size(); ++walk) {
    if (walk + 1 + body_size(p, walk) > index) return true;
  }
  return false;
}

}  // namespace gauntlet::check
