// For maps whose erase_if repairs nothing where the predicate throws: it is asked about all elements first, and what throws
// then throws before anything is erased. The map has to ask once about each element, in the order of iteration.
#pragma once

#include <cstddef>
#include <vector>

namespace gauntlet::adapters {

template <class Map>
class predicate_asked_beforehand : public Map {
 public:
  using Map::Map;
  using Map::operator=;
  friend std::size_t erase_if(predicate_asked_beforehand& m, auto predicate) {
    std::vector<bool> answers;
    for (const auto& e : m) answers.push_back(predicate(e));
    const auto answer = [at = answers.begin()](const auto&) mutable { return *at++; };
    const std::size_t before = m.size();
    if constexpr (requires { m.remove_if(answer); }) {
      m.remove_if(answer);
    } else {
      erase_if(static_cast<Map&>(m), answer);
    }
    return before - m.size();
  }
};

}  // namespace gauntlet::adapters
