#include <gauntlet/check/run/wording.h>

#include <gauntlet/check/program/names.h>
#include <gauntlet/check/program/opcode.h>

namespace gauntlet::check {

std::string describe(const request& r) {
  const operands takes = info(r.code).takes;
  std::string text(info(r.code).name);
  if (takes.target) {
    text += " map " + std::to_string(r.target);
  }
  if (takes.other) {
    text += " other " + std::to_string(r.other);
  }
  if (takes.key) {
    text += " key " + std::to_string(r.key);
  }
  if (takes.value) {
    text += " value " + std::to_string(r.value);
  }
  if (takes.count && r.count > 1) {
    text += " count " + std::to_string(r.count);
  }
  if (takes.argument) {
    const auto names = argument_names(r.code);
    text += ' ';
    text += r.argument < names.size() ? std::string(names[r.argument]) : std::to_string(r.argument);
  }
  return text;
}

std::string describe(const element& e) {
  return "(key " + std::to_string(e.first) + ", value " + std::to_string(e.second) + ")";
}

std::string objects_out_of_balance(std::int64_t surplus) {
  if (surplus == 0) return {};
  if (surplus > 0) return "leak: " + std::to_string(surplus) + " objects were never destroyed";
  return "over-destruction: " + std::to_string(-surplus) + " objects more destroyed than constructed";
}

}  // namespace gauntlet::check
