// What a judgement leaves behind when it takes the process with it: by a signal, by a sanitizer's verdict, or by never
// coming to an end.
#pragma once

#include <chrono>
#include <string>

namespace gauntlet::driver {

// Stands ready while something is judged; one at a time. When the process dies under it, `words` go to stderr, and
// `input` into the file `out` ("": nowhere), written beside and renamed. A judgement that takes longer than `limit` of
// the wall clock (0: no limit) ends the process in the same way. The exit status is 1, or the sanitizer's own.
class last_words {
 public:
  last_words(std::string words, std::string input, const std::string& out, std::chrono::milliseconds limit);
  last_words(const last_words&) = delete;
  last_words& operator=(const last_words&) = delete;
  ~last_words();

  // Called while dying; safe in a signal handler. `how` it dies comes before the words.
  void tell(const char* how) const noexcept;

 private:
  std::string words_, input_, out_, beside_;
};

}  // namespace gauntlet::driver
