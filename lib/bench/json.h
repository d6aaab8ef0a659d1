// What the benchmarks print for the scripts that make tables of it.
#pragma once

#include <cstdio>
#include <string_view>

namespace gauntlet::bench {

// Prints one JSON object after another into the array or object that is open; knows where commas go.
class json {
 public:
  void open(std::string_view name, char bracket) {
    key(name);
    std::putchar(bracket);
    first_ = true;
  }
  void close(char bracket) {
    std::printf("%c", bracket);
    first_ = false;
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    quoted(value);
  }
  void number(std::string_view name, double value) {
    key(name);
    std::printf("%.10g", value);
  }

 private:
  void key(std::string_view name) {
    std::printf(first_ ? "\n" : ",\n");
    first_ = false;
    if (name.empty()) return;
    quoted(name);
    std::printf(": ");
  }
  static void quoted(std::string_view s) {
    std::putchar('"');
    for (const char c : s) {
      if (c == '\n') {
        std::printf("\\n");
        continue;
      }
      if (c == '"' || c == '\\') std::putchar('\\');
      std::putchar(c);
    }
    std::putchar('"');
  }
  bool first_ = true;
};

}  // namespace gauntlet::bench
