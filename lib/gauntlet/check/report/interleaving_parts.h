// What the text and the picture of an interleaving have in common: how its steps group, and who is meant by a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gauntlet/check/report/interleaving.h>

namespace gauntlet::check {

// Steps of one lane between which nobody else ran, as positions [begin, end) in `steps`.
struct stretch {
  std::size_t begin = 0, end = 0;
};

std::vector<stretch> stretches(const interleaving& i);

// At least one more than the highest lane that a step or an operation names.
std::size_t lane_count(const interleaving& i);
std::string lane_name(const interleaving& i, std::size_t lane);

// The position in `steps` of the step with this number; none for 0 and for a step that was not recorded. O(log n).
std::optional<std::size_t> find_step(const interleaving& i, std::uint64_t number);

// Positions of the first and the last step that this operation took itself; none when it took none.
std::optional<stretch> own_steps(const interleaving& i, const interleaving::operation& o);

// Positions in `operations`, in order of their calls.
std::vector<std::size_t> in_order_of_call(const interleaving& i);

bool is_culprit(const interleaving& i, std::size_t operation);

// Whether something broke: an interleaving that only shows what happened has no message.
bool is_broken(const interleaving& i);

// "12-19", "12" or "12-" for an operation that never returned.
std::string span_of(const interleaving::operation& o);

// "1 step", "2 steps".
std::string counted(std::size_t count, const char* one, const char* several);

// "12 steps in 3 lanes, 4 switches, 2 decisions of the schedule"
std::string summary(const interleaving& i);

}  // namespace gauntlet::check
