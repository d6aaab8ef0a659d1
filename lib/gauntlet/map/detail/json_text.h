// Texts, numbers and times as JSON has them, whatever the stream's locale and flags say. Requires: its width is 0.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string_view>

namespace gauntlet::detail {

// How many bytes of text at `at` are one character of UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing beyond
// U+10FFFF); 0 if it is none.
constexpr std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// The text in quotes. Bytes that are no UTF-8 become U+FFFD.
inline void write_json_string(std::ostream& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out << '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const char c = text[at];
    if (length == 0) {
      out << "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out << '\\' << c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out << "\\u00" << digits[static_cast<unsigned char>(c) >> 4] << digits[static_cast<unsigned char>(c) & 15];
    } else {
      out << text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out << '"';
}

// A number in digits: out << json_number(n).
class json_number {
 public:
  explicit json_number(std::uint64_t value) noexcept
      : end_(std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr) {}
  json_number(const json_number&) = delete;
  json_number& operator=(const json_number&) = delete;
  friend std::ostream& operator<<(std::ostream& out, const json_number& number) {
    return out << std::string_view(number.digits_.data(),
                                   static_cast<std::size_t>(number.end_ - number.digits_.data()));
  }

 private:
  std::array<char, 20> digits_;  // 2^64 has as many
  const char* end_;
};

// Microseconds to three places, exactly; a negative time, which a clock that goes back makes, is 0.
inline void write_json_microseconds(std::ostream& out, std::chrono::nanoseconds time) {
  const std::int64_t all = time.count() < 0 ? 0 : time.count();
  const auto digit = [](std::int64_t d) { return static_cast<char>('0' + d % 10); };
  out << json_number(static_cast<std::uint64_t>(all / 1000)) << '.' << digit(all / 100) << digit(all / 10)
      << digit(all);
}

}  // namespace gauntlet::detail
