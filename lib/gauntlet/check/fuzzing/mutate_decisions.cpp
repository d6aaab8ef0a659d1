#include <gauntlet/check/fuzzing/mutate_decisions.h>

#include <iterator>
#include <vector>

namespace gauntlet::check {
namespace {

// A small program has some dozen choices, a large one hundreds; early ones are where the threads meet.
std::uint32_t draw_choice_number(random_source& random) {
  return static_cast<std::uint32_t>(1 + random.below(random.chance(60) ? 24 : random.chance(75) ? 96 : 600));
}

}  // namespace

decision draw_decision(const program_header& h, random_source& random) {
  decision d;
  d.at = draw_choice_number(random);
  const std::uint64_t ticket = random.below(100);
  if (h.memory == memory_order_mode::weak && ticket < 45) {
    d.kind = decision_kind::read;
    d.alternative = static_cast<std::uint8_t>(1 + random.below(random.chance(70) ? 2 : 6));
  } else if (ticket < 90) {
    d.kind = decision_kind::run;
    d.alternative = static_cast<std::uint8_t>(random.below(h.threads + 1u));
  } else {
    constexpr decision_kind of_waits[] = {decision_kind::fail, decision_kind::fire, decision_kind::wake};
    d.kind = of_waits[random.below(std::size(of_waits))];
    d.alternative = 1;
  }
  return d;
}

// One decision more or fewer, moved, or for another thread. What comes behind a decision is numbered
// anew by whatever it changed, so now and then all that follow move along.
void mutate_decisions(program& p, random_source& random) {
  std::vector<decision>& all = p.decisions;
  if (all.empty() || random.chance(30)) {
    for (std::uint64_t more = 1 + random.below(random.chance(70) ? 2 : 6); more > 0; --more) {
      all.push_back(draw_decision(p.header, random));
    }
    return;
  }
  const std::size_t index = random.below(all.size());
  decision& d = all[index];
  d.of = d.before = 0;  // it is no longer the one that was recorded
  const auto moved = [&random](std::uint32_t at, std::uint64_t farthest) {
    const auto by = static_cast<std::uint32_t>(1 + random.below(farthest));
    return random.chance(50) ? at + by : at > by ? at - by : std::uint32_t{1};
  };
  switch (random.below(8)) {
    case 0:
    case 1:
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(index));
      return;
    case 2:
    case 3:
      d.at = moved(d.at, 3);
      return;
    case 4:
      d.at = random.chance(50) ? moved(d.at, 24) : draw_choice_number(random);
      return;
    case 5: {
      const std::uint32_t at = moved(d.at, 8);
      const std::uint32_t by = at - d.at;  // wraps around when it moves to the front
      for (std::size_t i = index; i < all.size(); ++i) all[i].at += by;
      return;
    }
    case 6:
      if (random.chance(20)) return all.clear();
      [[fallthrough]];
    default: {
      const std::uint32_t at = d.at;
      d = draw_decision(p.header, random);
      d.at = at;
    }
  }
}

}  // namespace gauntlet::check
