#include <gauntlet/check/run/result.h>

#include <bit>

namespace gauntlet::check {

std::string to_string(outcome o) {
  switch (o) {
    case outcome::done:
      return "done";
    case outcome::unsupported:
      return "unsupported";
    case outcome::left_out:
      return "left out";
    case outcome::out_of_range:
      return "out_of_range";
    case outcome::length_error:
      return "length_error";
    case outcome::injected:
      return "injected fault";
    case outcome::misuse:
      return "diagnosed misuse";
  }
  return "unknown";
}

std::string to_string(const result& r) {
  std::string text = to_string(r.status);
  text += r.flag ? ", yes" : ", no";
  if (r.has_value) {
    text += ", value " + std::to_string(r.value);
  } else if (r.value != 0) {
    text += ", other size " + std::to_string(r.value);
  }
  // What no map should be able to say is a bit above the number itself (subject_of_nodes.h).
  constexpr unsigned bits = 48;
  const std::uint64_t above = r.number >> bits << bits;
  text += ", number ";
  if (std::has_single_bit(above)) text += "2^" + std::to_string(std::countr_zero(above)) + " + ";
  text += std::to_string(std::has_single_bit(above) ? r.number - above : r.number);
  return text;
}

}  // namespace gauntlet::check
