// The forms of a program: every byte string decodes, and no form loses anything.
//
// Laws, for all bytes b, with p = decode(b):
//   (1) decode(encode(p)) == p, and encode(decode(encode(p))) == encode(p)
//   (2) normalize(p) changes nothing
//   (3) parse(print(p)) == p
//   (4) taken as text, b either is refused with a line number and a reason or is a program for which (1)-(3) hold
#include <string>
#include <string_view>
#include <variant>

#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/text.h>

using namespace gauntlet::check;

static verdict broken_law(std::string_view law, std::string message) {
  verdict v;
  v.kind = failure_kind::wrong_result;
  v.place = law;
  v.message = std::move(message);
  return v;
}

static verdict keep_the_laws(const program& p) {
  const auto bytes = encode(p);
  const program again = decode(bytes);
  if (!(again == p)) return broken_law("law 1", "decode(encode(p)) != p for\n" + print(p) + "but\n" + print(again));
  if (encode(again) != bytes) return broken_law("law 1", "encode(decode(encode(p))) != encode(p) for\n" + print(p));
  if (!has_magic(bytes)) return broken_law("law 1", "encode() wrote no magic for\n" + print(p));
  program normal = p;
  normalize(normal);
  if (!(normal == p)) return broken_law("law 2", "normalize() changes\n" + print(p) + "to\n" + print(normal));
  const std::string text = print(p);
  const auto parsed = parse(text);
  if (const auto* error = std::get_if<parse_error>(&parsed)) {
    return broken_law("law 3", "line " + std::to_string(error->line) + ": " + error->message + ", in\n" + text);
  }
  if (!(std::get<program>(parsed) == p)) {
    return broken_law("law 3", "printed\n" + text + "read back as\n" + print(std::get<program>(parsed)));
  }
  return {};
}

static verdict judge(std::span<const std::uint8_t> bytes) {
  const program p = decode(bytes);
  if (p.operations.size() > operations_max) return broken_law("law 1", "more operations than operations_max");
  if (verdict v = keep_the_laws(p); !v) return v;

  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto parsed = parse(text);
  if (const auto* error = std::get_if<parse_error>(&parsed)) {
    if (error->message.empty()) return broken_law("law 4", "a text is refused without a reason");
  } else if (verdict v = keep_the_laws(std::get<program>(parsed)); !v) {
    return v;
  }
  verdict kept;
  kept.operations_run = p.operations.size();
  return kept;
}

GAUNTLET_TARGET(.name = "codec", .judge_bytes = judge);
