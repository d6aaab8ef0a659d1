// For engines that change bytes: a program by FuzzedDataProvider, written the way such harnesses mostly are. The header's
// fields first, then operations as long as there are bytes; of each only what its opcode takes, in the range it has.
//
// FuzzedDataProvider takes numbers of a range from the end of the input, one or two bytes each. An operation has no fixed
// size, so a byte inserted or dropped moves every field that is read after it: the price of being written in an hour.
#include <fuzzer/FuzzedDataProvider.h>

#include <gauntlet/check/fuzzing/target.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/names.h>

#include "tally.h"

using namespace gauntlet;
using namespace gauntlet::check;

namespace {

template <class Enum>
Enum one_of(FuzzedDataProvider& provider, unsigned count) {
  return static_cast<Enum>(provider.ConsumeIntegralInRange<std::uint8_t>(0, static_cast<std::uint8_t>(count - 1)));
}

operation consume_operation(FuzzedDataProvider& provider, const program_header& h) {
  operation o;
  o.code = one_of<opcode>(provider, static_cast<unsigned>(opcode_count));
  const operands& takes = info(o.code).takes;
  if (takes.target) o.target = provider.ConsumeIntegralInRange<std::uint8_t>(0, map_count - 1);
  if (takes.other) o.other = provider.ConsumeIntegralInRange<std::uint8_t>(0, map_count - 1);
  if (takes.key) {
    o.key.choice = one_of<key_class>(provider, static_cast<unsigned>(key_class_count));
    const auto largest =
        o.key.choice == key_class::hot ? static_cast<std::uint16_t>(h.hot_keys - 1) : std::uint16_t{8191};
    o.key.number = provider.ConsumeIntegralInRange<std::uint16_t>(0, largest);
  }
  if (takes.value) o.value = provider.ConsumeIntegral<std::uint16_t>();
  if (takes.count) o.count = provider.ConsumeIntegralInRange<std::uint16_t>(1, 256);
  if (takes.body) {
    o.argument = provider.ConsumeIntegralInRange<std::uint8_t>(0, body_size_max);
  } else if (takes.argument) {
    o.argument = one_of<std::uint8_t>(provider, static_cast<unsigned>(argument_names(o.code).size()));
  }
  return o;
}

program consume_program(FuzzedDataProvider& provider) {
  program p;
  p.header.hot_keys = provider.ConsumeIntegralInRange<std::uint8_t>(1, 64);
  p.header.hash = one_of<hash_quality>(provider, hash_quality_count);
  p.header.types = one_of<element_types>(provider, element_types_count);
  p.header.allocator = one_of<allocator_mode>(provider, allocator_mode_count);
  p.header.capacity = provider.ConsumeIntegral<std::uint8_t>();
  while (provider.remaining_bytes() > 0 && p.operations.size() < operations_max)
    p.operations.push_back(consume_operation(provider, p.header));
  normalize(p);
  return p;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider provider(data, size);
  const program p = consume_program(provider);
  const verdict v = this_target().judge_program(p);
  if (!v) bench::stop_with(p, v);
  return 0;
}
