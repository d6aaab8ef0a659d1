// Operations whose answer is the map's own order: walks by cursor, walks by iterator, and erasing a range from begin().
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::walk(unsigned target, const visitor& visit) {
  map_type& m = *maps_[target];
  if constexpr (requires { m.walk(); } && adapter::can().cursor) {
    for (auto cursor = m.walk(); cursor; cursor.next()) {
      if (visit(id_of(cursor->first), id_of(cursor->second)) == visit_answer::stop) {
        break;
      }
    }
    return {};
  } else {
    static_cast<void>(m);
    static_cast<void>(visit);
    return unsupported();
  }
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
      ++at;
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

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::erase_range(const request& r, std::vector<element>& erased) {
  map_type& m = *maps_[r.target];
  erased.clear();
  if constexpr (requires { m.erase(m.begin(), m.end()); }) {
    auto last = m.begin();
    while (erased.size() < r.count && last != m.end()) {
      erased.emplace_back(id_of(last->first), id_of(last->second));
      ++last;
    }
    try {
      const faults::region region;
      const auto back = m.erase(m.begin(), last);
      return {.flag = back == m.end(), .number = erased.size()};
    } catch (const injected_fault&) {
      return {.status = outcome::injected};
    }
  } else {
    return unsupported();
  }
}

}  // namespace gauntlet::check
