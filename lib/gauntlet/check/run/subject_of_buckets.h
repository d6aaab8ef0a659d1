// What a map says of its buckets, and what a reservation is good for.
//
// Buckets are looked at from both sides: each local range shows elements of that bucket only, as many as bucket_size()
// says, and together they show as many as there are; so each element is in its own. A map without local ranges is asked
// for its load factor alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

GAUNTLET_SUBJECT_TEMPLATE
std::string GAUNTLET_SUBJECT_OF::bucket_check(unsigned target, [[maybe_unused]] bool all) const {
  const map_type& m = *maps_[target];
  if constexpr (requires { m.load_factor() > m.max_load_factor(); }) {
    if (adapter::can().bounds_load_factor && !load_factor_changed_ && m.load_factor() > m.max_load_factor() * 1.001f) {
      return overloaded(m.load_factor(), m.max_load_factor());
    }
  }
  if constexpr (requires { m.load_factor() == static_cast<float>(m.bucket_count()); }) {
    const auto buckets = static_cast<double>(m.bucket_count());
    const double said = static_cast<double>(m.load_factor()) * buckets, there = static_cast<double>(m.size());
    if (buckets > 0 && (said < there * 0.999 || said > there * 1.001)) {
      return wrong_load_factor(m.load_factor(), m.size(), m.bucket_count());
    }
  }
  if constexpr (requires(std::size_t n, const key_type& k) {
                  m.bucket_count();
                  m.bucket(k) == n;
                  m.bucket_size(n);
                  m.begin(n) != m.end(n);
                  id_of((*m.begin(n)).first);
                }) {
    constexpr std::size_t few = 256;
    const std::size_t buckets = m.bucket_count();
    if (!all && buckets > few) {
      return {};
    }
    const std::uint64_t hashes = functors_.hashes;
    const std::uint64_t equalities = functors_.equalities;
    std::string wrong;
    std::size_t shown = 0;
    for (std::size_t n = 0; n < buckets && wrong.empty(); ++n) {
      std::size_t here = 0;
      for (auto at = m.begin(n); at != m.end(n) && wrong.empty(); ++at) {
        ++here;
        if (const std::size_t own = m.bucket((*at).first); own != n) {
          wrong = wrong_bucket(n, buckets, id_of((*at).first), own);
        } else if (shown + here > m.size()) {
          wrong = too_many_in_buckets(m.size());
        }
      }
      shown += here;
      if (wrong.empty() && m.bucket_size(n) != here) {
        wrong = wrong_bucket_size(n, m.bucket_size(n), here);
      }
    }
    if (wrong.empty() && shown != m.size()) {
      wrong = too_few_in_buckets(shown, m.size());
    }
    functors_.hashes = hashes;
    functors_.equalities = equalities;
    return wrong;
  } else {
    return {};
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::fill_reserved(const request& r) {
  map_type& m = *maps_[r.target];
  constexpr bool emplaces = requires(key_type&& k, mapped_type&& v) { m.emplace(std::move(k), std::move(v)); };
  if constexpr (emplaces || requires(value_type&& e) { m.insert(std::move(e)); }) {
    constexpr bool counts_buckets = requires { m.reserve(std::size_t{}), m.bucket_count(); };
    constexpr bool judges_rehash = counts_buckets && adapter::can().reserve_prevents_rehash;
    constexpr bool judges_places =
        adapter::can().stable_references || (judges_rehash && adapter::can().moves_only_in_rehash);
    constexpr std::size_t watched_max = 8;
    std::pair<std::uint64_t, const void*> watched[watched_max];
    std::size_t watching = 0;
    if constexpr (requires { m.reserve(std::size_t{}); }) {
      const faults::region region;
      m.reserve(m.size() + r.count);
    }
    if constexpr (judges_places) {
      for (auto at = m.begin(); at != m.end() && watching < watched_max; ++at) {
        watched[watching++] = {id_of(at->first), &at->second};
      }
    }
    [[maybe_unused]] std::size_t buckets = 0;
    if constexpr (judges_rehash) {
      buckets = m.bucket_count();
    }
    for (unsigned i = 0; i < r.count; ++i) {
      if constexpr (emplaces) {
        key_type k = make<key_type>(r.key + i);
        mapped_type v = make<mapped_type>(r.value + i);
        const faults::region region;
        m.emplace(std::move(k), std::move(v));
      } else {
        value_type e(make<key_type>(r.key + i), make<mapped_type>(r.value + i));
        const faults::region region;
        m.insert(std::move(e));
      }
    }
    result answer = sizes(r.target);
    if constexpr (judges_rehash) {
      answer.value = m.bucket_count() == buckets || load_factor_changed_ ? 0 : 1;
    }
    if (!adapter::can().stable_references && load_factor_changed_) {
      watching = 0;
    }
    for (std::size_t i = 0; i < watching; ++i) {
      const auto at = m.find(make<key_type>(watched[i].first));
      if (at != m.end() && static_cast<const void*>(&at->second) != watched[i].second) {
        answer.value = 2;
      }
    }
    return answer;
  } else {
    return unsupported();
  }
}

}  // namespace gauntlet::check
