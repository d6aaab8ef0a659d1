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

}  // namespace gauntlet::check
