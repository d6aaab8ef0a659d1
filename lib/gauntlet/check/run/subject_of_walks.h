// Operations whose answer is the map's own order: walks by cursor, walks by iterator, and erasing a range.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

// Whether a cursor shows, after the body of a walk, the element with this key as it is now, or, where it is gone, says so.
// One of the same hash that came after it may be taken for it, also where it has come back since.
GAUNTLET_SUBJECT_TEMPLATE
template <class Cursor>
bool GAUNTLET_SUBJECT_OF::shows_what_is_there(Cursor& cursor, unsigned target, std::uint64_t key) const {
  if constexpr (requires { typename adapter::misuse_guard; } && adapter::can().diagnoses_misuse) {
    const typename adapter::misuse_guard guard;
    try {
      const std::uint64_t shown = id_of(cursor->first);
      const result there = look(target, shown);
      return there.flag && id_of(cursor->second) == there.value &&
             (shown == key || hash_of(header_.hash, shown) == hash_of(header_.hash, key));
    } catch (const diagnosed_misuse&) {  // also where it has been erased and inserted again
      return true;
    }
  } else {
    static_cast<void>(cursor), static_cast<void>(target), static_cast<void>(key);
    return true;
  }
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::walk(unsigned target, const visitor& visit) {
  map_type& m = *maps_[target];
  if constexpr (requires { m.walk(); } && adapter::can().cursor) {
    for (auto cursor = m.walk(); cursor; cursor.next()) {
      const std::uint64_t key = id_of(cursor->first);
      if (visit(key, id_of(cursor->second)) == visit_answer::stop) {
        break;
      }
      if (!shows_what_is_there(cursor, target, key)) return {.has_value = true, .value = key};
    }
    return {};
  } else {
    static_cast<void>(m);
    static_cast<void>(visit);
    return unsupported();
  }
}

// To the next element, by one of the ways that iterators have; the key says by which.
template <class Iterator>
void advance(Iterator& at, std::uint64_t key) {
  if constexpr (requires { at = at++; }) {
    if (key % 4 == 1) {
      at++;
      return;
    }
    if (key % 4 == 3) {
      Iterator here = at++;
      at = ++here;
      return;
    }
  }
  ++at;
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::iterate(unsigned target, const visitor& visit) {
  map_type& m = *maps_[target];
  for (auto at = m.begin(); at != m.end();) {
    const visit_answer answer = visit(id_of(at->first), id_of(at->second));
    if (answer == visit_answer::stop) {
      break;
    }
    if (answer == visit_answer::go_on) {
      advance(at, id_of(at->first));
    } else if constexpr (!erases_by_iterator) {
      ++at;  // never asked: nothing is erased then, as capabilities say
    } else if constexpr (std::is_void_v<decltype(m.erase(at))>) {
      const auto gone = at;
      ++at;
      m.erase(gone);
    } else {
      at = m.erase(at);
    }
  }
  return {};
}

// A map that has no erase(first, last) is asked for the keys of the range, one after another: it has to drain, too. Nothing
// throws then, as half of it would be done.
GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::erase_range(const request& r, std::vector<element>& erased) {
  map_type& m = *maps_[r.target];
  erased.clear();
  referred_inside_ = false;
  if (leaves_out(r)) {
    return left_out();
  }
  auto first = m.begin();
  for (std::size_t before = range_begin(r, m.size()); before > 0 && first != m.end(); --before) ++first;
  auto last = first;
  while (erased.size() < r.count && last != m.end()) {
    erased.emplace_back(id_of(last->first), id_of(last->second));
    ++last;
  }
  const bool to_the_end = last == m.end();
  const std::uint64_t next_key = to_the_end ? 0 : id_of(last->first);
  try {
    if constexpr (requires { m.erase(first, last); }) {
      const faults::region region;
      if constexpr (std::is_void_v<decltype(m.erase(first, last))> || !gives_the_next()) {
        m.erase(first, last);
        return {.flag = true, .number = erased.size()};
      } else {
        const decltype(m.begin()) back = m.erase(first, last);
        const bool right = back == m.end() ? to_the_end : !to_the_end && id_of(back->first) == next_key;
        return {.flag = right, .number = erased.size()};
      }
    } else {
      std::uint64_t number = 0;
      for (const element& e : erased) number += erase_key(m, make<key_type>(e.first));
      return {.flag = true, .number = number};
    }
  } catch (const injected_fault&) {
    return {.status = outcome::injected};
  }
}

}  // namespace gauntlet::check
