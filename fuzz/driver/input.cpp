#include "input.h"

#include <cstdlib>

#include <gauntlet/check/program/text.h>
#include <gauntlet/check/report/report.h>

namespace gauntlet::driver {

std::string subject_name() {
  const char* const chosen = std::getenv("GAUNTLET_SUBJECT");
  return chosen != nullptr && *chosen != '\0' ? std::string(chosen) : std::string(check::this_target().default_subject);
}

std::string report_of(const input& in, const check::verdict& v, std::string_view file) {
  const std::string_view target = check::this_target().name;
  std::string text = in.is_bytes ? check::report(in.bytes, v, target, file)
                                 : check::report(in.program, v, subject_name(), target, file);
  if (check::this_target().must_fail) text += "This target must fail: the alarm rings as it should.\n";
  return text;
}

std::string text_of(const input& in) {
  if (!in.is_bytes) return check::print(in.program);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < in.bytes.size(); ++i) {
    (out += digits[in.bytes[i] >> 4]) += digits[in.bytes[i] & 15];
    out += i % 16 == 15 || i + 1 == in.bytes.size() ? '\n' : ' ';
  }
  return out;
}

}  // namespace gauntlet::driver
