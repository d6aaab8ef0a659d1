#include <gauntlet/check/run/registry.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace gauntlet::check {
namespace {

// Registrars run before main, in any order: the list must exist when the first of them does.
std::vector<registration>& list() {
  static std::vector<registration> all;
  return all;
}

}  // namespace

void register_subject(registration r) {
  std::vector<registration>& all = list();
  const auto at = std::lower_bound(all.begin(), all.end(), r.name,
                                   [](const registration& a, std::string_view name) { return a.name < name; });
  if (at != all.end() && at->name == r.name) {
    std::fprintf(stderr, "gauntlet: two subjects are registered as %s\n", std::string(r.name).c_str());
    std::exit(2);
  }
  all.insert(at, std::move(r));
}

const std::vector<registration>& registered_subjects() { return list(); }

const registration* find_subject(std::string_view name) {
  for (const registration& r : list()) {
    if (r.name == name) {
      return &r;
    }
  }
  return nullptr;
}

const registration& selected_subject(std::string_view fallback) {
  const char* const chosen = std::getenv("GAUNTLET_SUBJECT");
  const std::string_view name = chosen != nullptr && *chosen != '\0' ? std::string_view(chosen) : fallback;
  if (const registration* const found = find_subject(name)) {
    return *found;
  }
  std::fprintf(stderr, "gauntlet: unknown subject '%s'; known are:", std::string(name).c_str());
  for (const registration& r : list()) {
    std::fprintf(stderr, " %s", std::string(r.name).c_str());
  }
  std::fprintf(stderr, "\n");
  std::exit(2);
}

std::vector<const registration*> subjects_to_judge(bool concurrent) {
  const auto fits = [concurrent](const registration& r) {
    return concurrent ? static_cast<bool>(r.concurrent) : static_cast<bool>(r.single);
  };
  if (const char* const chosen = std::getenv("GAUNTLET_SUBJECT"); chosen != nullptr && *chosen != '\0') {
    const registration& named = selected_subject(chosen);
    if (fits(named)) return {&named};
    std::fprintf(stderr, "gauntlet: '%s' is a map for %s, and this target judges maps for %s\n", chosen,
                 concurrent ? "one thread" : "many threads", concurrent ? "many threads" : "one thread");
    std::exit(2);
  }
  std::vector<const registration*> maps;
  for (const registration& r : list()) {
    if (r.is_of_the_product() && fits(r)) maps.push_back(&r);
  }
  return maps;
}

verdict judge_each(const std::vector<const registration*>& maps,
                   const std::function<verdict(const registration&)>& judge) {
  verdict all;
  for (const registration* map : maps) {
    verdict v = judge(*map);
    if (!v) {
      v.message = "map " + std::string(map->name) + ": " + v.message;
      return v;
    }
    all.undecided = all.undecided || v.undecided;
    all.operations_run += v.operations_run;
    all.schedules_run += v.schedules_run;
    if (!v.searched.empty()) all.searched += std::string(map->name) + ": " + v.searched + '\n';
  }
  return all;
}

}  // namespace gauntlet::check
