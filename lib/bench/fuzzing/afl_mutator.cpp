// Our mutator for AFL++: a library that afl-fuzz loads (AFL_CUSTOM_MUTATOR_LIBRARY) and asks for every input.
//
// What libFuzzer's hooks do (lib/gauntlet/check/fuzzing/libfuzzer.cpp) less the engine's own mutation of bytes: read the
// input as a program, change it or cross it with another of the queue, write it in the binary form.
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/file.h>

namespace check = gauntlet::check;

namespace {

struct mutator {
  check::random_source random;
  std::vector<std::uint8_t> bytes;  // the latest answer, which afl-fuzz reads in place
};

constexpr unsigned crossed_percent = 25;

}  // namespace

extern "C" {

void* afl_custom_init(void* afl, unsigned int seed) {
  static_cast<void>(afl);
  return new mutator{check::random_source(seed), {}};
}

void afl_custom_deinit(void* data) { delete static_cast<mutator*>(data); }

std::size_t afl_custom_fuzz(void* data, std::uint8_t* input, std::size_t size, std::uint8_t** out, std::uint8_t* other,
                            std::size_t other_size, std::size_t size_max) {
  auto& m = *static_cast<mutator*>(data);
  check::mutation_options options;
  const std::size_t room = size_max < check::header_size ? 0 : (size_max - check::header_size) / check::operation_size;
  if (room < options.operations_max) options.operations_max = room;
  check::program p = check::read_input(std::span(input, size));
  if (other != nullptr && m.random.chance(crossed_percent)) {
    p = check::cross_over(p, check::read_input(std::span(other, other_size)), m.random, options);
  } else {
    check::mutate(p, m.random, options);
  }
  m.bytes = check::encode(p);
  if (m.bytes.size() > size_max) m.bytes.resize(size_max);
  *out = m.bytes.data();
  return m.bytes.size();
}

}  // extern "C"
