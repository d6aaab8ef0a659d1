// The maps that a binary knows by name. A target judges one map, or all maps of the product that are of its kind; the
// environment variable GAUNTLET_SUBJECT names another one instead.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include <gauntlet/check/run/concurrent_subject.h>
#include <gauntlet/check/run/subject.h>
#include <gauntlet/check/run/verdict.h>

namespace gauntlet::check {

// A defective map declares what it breaks and who must notice.
struct defect_info {
  std::string_view promise;  // the promise it breaks, in words
  std::string_view target;   // the fuzz target that must notice
  unsigned budget_cpu_seconds = 60;
  unsigned reduced_operations_max = 8;
  std::string_view right_twin = {};  // the map that it is but for one detail; "": hash_map, where it is single
};

struct registration {
  std::string_view name;
  subject_factory single;                 // empty for concurrent maps
  concurrent_subject_factory concurrent;  // empty for single-threaded maps
  bool defective = false;
  defect_info defect;
  bool right_twin = false;   // a right map that only shows who judges a defective one justly
  bool is_stranger = false;  // a public map that nobody has to answer for; what it does wrong is known

  // What is judged when no map is named.
  bool is_of_the_product() const noexcept { return !defective && !right_twin && !is_stranger; }
};

void register_subject(registration r);
const std::vector<registration>& registered_subjects();   // in order of name
const registration* find_subject(std::string_view name);  // nullptr when unknown
// GAUNTLET_SUBJECT, or `fallback`. An unknown name prints the known ones and exits with 2.
const registration& selected_subject(std::string_view fallback);

// What a target that puts many maps to the same test judges: the map that GAUNTLET_SUBJECT names, or all those of the
// product that are used by many threads, or by one.
std::vector<const registration*> subjects_to_judge(bool concurrent);
// Judges one after the other until one fails; its verdict then begins with its name.
verdict judge_each(const std::vector<const registration*>& maps,
                   const std::function<verdict(const registration&)>& judge);

}  // namespace gauntlet::check
