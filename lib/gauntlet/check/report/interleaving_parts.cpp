#include <gauntlet/check/report/interleaving_parts.h>

#include <algorithm>
#include <numeric>

namespace gauntlet::check {

std::vector<stretch> stretches(const interleaving& i) {
  std::vector<stretch> all;
  for (std::size_t position = 0; position < i.steps.size(); ++position) {
    const bool goes_on =
        position > 0 && !i.steps[position].switched && i.steps[position].lane == i.steps[position - 1].lane;
    if (!goes_on) all.push_back({position, position});
    all.back().end = position + 1;
  }
  return all;
}

std::size_t lane_count(const interleaving& i) {
  std::size_t count = i.lanes.size();
  for (const interleaving::step& s : i.steps) count = std::max<std::size_t>(count, s.lane + std::size_t{1});
  for (const interleaving::operation& o : i.operations) count = std::max<std::size_t>(count, o.lane + std::size_t{1});
  return count;
}

std::string lane_name(const interleaving& i, std::size_t lane) {
  return lane < i.lanes.size() ? i.lanes[lane] : "lane " + std::to_string(lane);
}

std::optional<std::size_t> find_step(const interleaving& i, std::uint64_t number) {
  const auto found = std::ranges::lower_bound(i.steps, number, {}, &interleaving::step::number);
  if (number == 0 || found == i.steps.end() || found->number != number) return std::nullopt;
  return static_cast<std::size_t>(found - i.steps.begin());
}

std::optional<stretch> own_steps(const interleaving& i, const interleaving::operation& o) {
  std::optional<stretch> own;
  const auto first = std::ranges::lower_bound(i.steps, o.first, {}, &interleaving::step::number);
  for (auto s = first; s != i.steps.end() && (o.last == 0 || s->number <= o.last); ++s) {
    if (s->lane != o.lane) continue;
    const auto position = static_cast<std::size_t>(s - i.steps.begin());
    if (!own) own = stretch{position, position};
    own->end = position;
  }
  return own;
}

std::vector<std::size_t> in_order_of_call(const interleaving& i) {
  std::vector<std::size_t> order(i.operations.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t o) { return i.operations[o].first; });
  return order;
}

bool is_culprit(const interleaving& i, std::size_t operation) {
  return std::ranges::find(i.culprits, operation) != i.culprits.end();
}

bool is_broken(const interleaving& i) { return !i.happened.empty() || i.failed_at != 0 || !i.culprits.empty(); }

std::string span_of(const interleaving::operation& o) {
  if (o.last == 0) return std::to_string(o.first) + "-";
  return o.last <= o.first ? std::to_string(o.first) : std::to_string(o.first) + "-" + std::to_string(o.last);
}

std::string counted(std::size_t count, const char* one, const char* several) {
  return std::to_string(count) + " " + (count == 1 ? one : several);
}

std::string summary(const interleaving& i) {
  const std::size_t rows = stretches(i).size();
  const auto decisions = std::ranges::count(i.steps, true, &interleaving::step::decided);
  return counted(i.steps.size(), "step", "steps") + " in " + counted(lane_count(i), "lane", "lanes") + ", " +
         counted(rows == 0 ? 0 : rows - 1, "switch", "switches") + ", " +
         counted(static_cast<std::size_t>(decisions), "decision", "decisions") + " of the schedule";
}

}  // namespace gauntlet::check
