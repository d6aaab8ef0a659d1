#include <gauntlet/check/run/work_budget.h>

#include <algorithm>

namespace gauntlet::check {
namespace {

unsigned colliding_keys_inserted(const program& p) noexcept {
  unsigned sum = 0;
  for (const operation& o : p.operations) {
    if (o.key.choice == key_class::colliding && effects_of(o.code).inserts) sum += std::max<unsigned>(o.count, 1);
  }
  return sum;
}

}  // namespace

void work_budget::start(const program& p, const capabilities& can, const subject& s) {
  *this = {};
  const bool bad_hash = p.header.hash != hash_quality::good;
  colliding_ = bad_hash || colliding_keys_inserted(p) > colliding_keys_max;
  memory_factor_ = bad_hash ? memory_factor_colliding : memory_factor;
  shrinks_ = can.shrinks;
  judges_equalities_ = can.compares_only_in_lookups;
  erases_in_linear_time_ = can.erases_in_linear_time;
  slack_ = can.slack_elements;
  slack_when_empty_ = can.slack_when_empty;
  hint_ = p.header.capacity;
  credit_ = {ceiling_base, ceiling_base, ceiling_base};
  paid_ = s.work();
}

void work_budget::add(const price& p, std::int64_t times) noexcept {
  credit_.hashes += p.hashes * times;
  credit_.equalities += p.equalities * times;
  credit_.probes += p.probes * times;
}

void work_budget::grant(const effects& what, unsigned count, std::size_t elements) noexcept {
  const auto n = static_cast<std::int64_t>(elements);
  const auto times = static_cast<std::int64_t>(count);
  add(what.inserts ? inserting : what.erases ? erasing : looking, times);
  if (what.touches_all) {
    add(each_element, n + times + 8);
  }
  if (colliding_) {
    // Every operation may have to look at every element of the map (which `count` insertions make larger), every
    // insertion may try in vain to spread them.
    const std::int64_t all = (n + times) * (what.touches_all ? n + times + 8 : times);
    add(each_in_linear_time, all);
  } else if (erases_in_linear_time_ && what.erases) {
    add(each_in_linear_time, n * times);
  }
}

void work_budget::grant_visit(std::size_t elements) noexcept {
  add(visiting, 1);
  if (colliding_) {
    add(each_in_linear_time, static_cast<std::int64_t>(elements));
  }
}

void work_budget::grant_walk(const subject& s) noexcept { credit_.probes += static_cast<std::int64_t>(s.bytes() / 32); }

void work_budget::reserved(unsigned target, std::size_t amount) noexcept {
  reserved_[target] = std::max(reserved_[target], amount);
}

void work_budget::released(unsigned target) noexcept { reserved_[target] = kept_[target] = 0; }

void work_budget::refused(unsigned target, std::size_t elements) noexcept {
  reserved_[target] = std::max({reserved_[target], kept_[target], elements});
}

void work_budget::exchanged(unsigned a, unsigned b) noexcept {
  reserved_[a] = reserved_[b] = std::max(reserved_[a], reserved_[b]);
  kept_[a] = kept_[b] = std::max(kept_[a], kept_[b]);
}

void work_budget::erased_by_iterator(unsigned target, std::size_t elements) noexcept {
  kept_[target] = std::max(kept_[target], elements);
}

void work_budget::changed_by_key(unsigned target, std::size_t elements) noexcept {
  kept_[target] -= std::min(kept_[target], given_back_by_key * elements);
}

const char* work_budget::spend(const subject& s, std::size_t live) noexcept {
  const subject::work_count now = s.work();
  credit_.hashes -= static_cast<std::int64_t>(now.hashes - paid_.hashes);
  credit_.equalities -= static_cast<std::int64_t>(now.equalities - paid_.equalities);
  credit_.probes -= static_cast<std::int64_t>(now.probes - paid_.probes);
  paid_ = now;
  const char* const empty = credit_.hashes < 0                             ? "hashes"
                            : judges_equalities_ && credit_.equalities < 0 ? "equalities"
                            : credit_.probes < 0                           ? "probes"
                                                                           : nullptr;
  const auto n = static_cast<std::int64_t>(live);
  const std::int64_t ceiling = ceiling_base + (ceiling_per_element + (colliding_ ? n : 0)) * n;
  credit_.hashes = std::min(credit_.hashes, ceiling);
  credit_.equalities = std::min(credit_.equalities, ceiling);
  credit_.probes = std::min(credit_.probes, ceiling);
  return empty;
}

bool work_budget::memory_fits(const subject& s, const world& w, std::size_t& allowed) noexcept {
  std::size_t elements = 0;
  for (unsigned i = 0; i < map_count; ++i) {
    const std::size_t size = w.maps[i].size();
    peak_ = std::max(peak_, size);
    if (size == 0) kept_[i] = 0;
    const std::size_t paid_for = std::max({shrinks_ ? size : peak_, kept_[i], reserved_[i], hint_});
    elements += 4 * paid_for + (paid_for == 0 ? std::min(slack_, slack_when_empty_) : slack_);
  }
  allowed = elements * s.element_bytes() * memory_factor_;
  return s.bytes() <= allowed;
}

}  // namespace gauntlet::check
