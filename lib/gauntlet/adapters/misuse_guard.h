// While one lives, what a map diagnoses is thrown to the judge instead of ending the process.
#pragma once

#include <gauntlet/check/run/subject.h>
#include <gauntlet/map/misuse.h>

namespace gauntlet::adapters {

class throwing_misuse_guard {
 public:
  throwing_misuse_guard()
      : before_(set_misuse_handler([](const misuse_report&) { throw check::diagnosed_misuse(); })) {}
  ~throwing_misuse_guard() { set_misuse_handler(before_); }
  throwing_misuse_guard(const throwing_misuse_guard&) = delete;
  throwing_misuse_guard& operator=(const throwing_misuse_guard&) = delete;

 private:
  misuse_handler before_;
};

}  // namespace gauntlet::adapters
