// The maps that a binary knows by name. A target judges the subject that is selected: the product's map unless the
// environment variable GAUNTLET_SUBJECT names another one.
#pragma once

#include <string_view>
#include <vector>

#include <gauntlet/check/run/concurrent_subject.h>
#include <gauntlet/check/run/subject.h>

namespace gauntlet::check {

// A defective map declares what it breaks and who must notice.
struct defect_info {
  std::string_view promise;  // the promise it breaks, in words
  std::string_view target;   // the fuzz target that must notice
  unsigned budget_cpu_seconds = 60;
  unsigned reduced_operations_max = 8;
  std::string_view right_twin = {};  // the map that it is but for one detail
};

struct registration {
  std::string_view name;
  subject_factory single;                 // empty for concurrent maps
  concurrent_subject_factory concurrent;  // empty for single-threaded maps
  bool defective = false;
  defect_info defect;
  bool right_twin = false;  // a right map that only shows who judges a defective one justly

  // What is judged when no map is named.
  bool is_of_the_product() const noexcept { return !defective && !right_twin; }
};

void register_subject(registration r);
const std::vector<registration>& registered_subjects();   // in order of name
const registration* find_subject(std::string_view name);  // nullptr when unknown
// GAUNTLET_SUBJECT, or `fallback`. An unknown name prints the known ones and exits with 2.
const registration& selected_subject(std::string_view fallback);

}  // namespace gauntlet::check
