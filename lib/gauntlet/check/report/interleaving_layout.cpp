#include <gauntlet/check/report/interleaving_layout.h>

#include <algorithm>

#include <gauntlet/check/report/interleaving_parts.h>

namespace gauntlet::check {
namespace {

constexpr std::size_t fold_from = 40;  // steps of an interleaving in which anything is folded
constexpr std::size_t fold_min = 4;    // steps worth a fold

// As wide as the longest text asks for, within bounds: many lanes share a screen. What is cut is in the element's title.
std::size_t width_of_lane(const interleaving& i) {
  constexpr std::size_t width_min = 210;
  const std::size_t lanes = lane_count(i);
  const std::size_t width_max = lanes <= 3 ? 340 : lanes == 4 ? 300 : 250;
  std::size_t tenths = 0;  // of a pixel, for monospaced letters of the two sizes that the style gives to steps
  for (const interleaving::step& s : i.steps) tenths = std::max({tenths, s.what.size() * 76, s.where.size() * 67});
  for (const interleaving::operation& o : i.operations) tenths = std::max(tenths, o.asked.size() * 76);
  return std::clamp(picture_layout::text_at + tenths / 10 + 10, width_min, width_max);
}

}  // namespace

picture_layout::picture_layout(const interleaving& i)
    : shown_(i), lanes_(std::max<std::size_t>(lane_count(i), 1)), lane_width_(width_of_lane(i)) {
  arrange();
  place();
}

bool picture_layout::ends_without_step() const { return is_broken(shown_) && !find_step(shown_, shown_.failed_at); }

bool picture_layout::is_failed(const interleaving::step& s) const {
  return shown_.failed_at != 0 && s.number == shown_.failed_at;
}

std::optional<std::size_t> picture_layout::origin(const interleaving::step& s, std::uint64_t from) const {
  const auto found = find_step(shown_, from);
  if (!found || shown_.steps[*found].lane == s.lane || from >= s.number) return std::nullopt;
  return found;
}

// Steps into rows, operations to the rows of their first and last steps.
void picture_layout::arrange() {
  const std::vector<interleaving::step>& steps = shown_.steps;
  std::vector<bool> told(steps.size(), steps.size() < fold_from);
  row_of_.assign(steps.size(), 0);
  for (const stretch& s : stretches(shown_)) told[s.begin] = told[s.end - 1] = true;
  for (std::size_t position = 0; position < steps.size(); ++position) {
    const interleaving::step& s = steps[position];
    if (s.decided || s.blocked || is_failed(s)) told[position] = true;
    for (const auto from : {origin(s, s.from), origin(s, s.waits_for)}) {
      if (from) told[position] = told[*from] = true;
    }
  }
  std::vector<std::optional<stretch>> own(shown_.operations.size());
  for (std::size_t o = 0; o < own.size(); ++o) {
    own[o] = own_steps(shown_, shown_.operations[o]);
    if (own[o]) told[own[o]->begin] = told[own[o]->end] = true;
  }
  // Operations without a step of their own get a row before the first step that came after their call.
  std::vector<std::size_t> alone;
  for (const std::size_t o : in_order_of_call(shown_)) {
    if (!own[o]) alone.push_back(o);
  }
  std::size_t next_alone = 0;
  const auto add_alone = [&](std::uint64_t before) {
    for (; next_alone < alone.size() && shown_.operations[alone[next_alone]].first <= before; ++next_alone) {
      row r;
      r.lane = shown_.operations[alone[next_alone]].lane;
      r.called = r.ended = {alone[next_alone]};
      rows_.push_back(std::move(r));
    }
  };
  for (const stretch& s : stretches(shown_)) {
    for (std::size_t position = s.begin; position < s.end;) {
      add_alone(steps[position].number);
      std::size_t end = position + 1;
      while (!told[position] && end < s.end && !told[end]) ++end;
      if (end - position < fold_min) end = position + 1;
      row r;
      r.begin = position;
      r.end = end;
      r.lane = steps[position].lane;
      r.first = position == s.begin && position > 0;
      for (; position < end; ++position) row_of_[position] = rows_.size();
      rows_.push_back(std::move(r));
    }
  }
  add_alone(UINT64_MAX);
  for (const std::size_t o : in_order_of_call(shown_)) {
    if (!own[o]) continue;
    rows_[row_of_[own[o]->begin]].called.push_back(o);
    rows_[row_of_[own[o]->end]].ended.push_back(o);
  }
}

void picture_layout::place() {
  std::size_t top = 0;
  for (row& r : rows_) {
    r.top = top;
    const std::size_t before = (r.first ? pad_at_switch : pad) + line_height * r.called.size();
    r.dot = top + before + line_height / 2;
    std::size_t lines = r.ended.size() + (r.is_fold() ? 1 : 0);
    if (r.is_step()) {
      const interleaving::step& s = shown_.steps[r.begin];
      lines += 1 + (s.where.empty() ? 0U : 1U) + (s.blocked ? 1U : 0U) + (is_failed(s) ? 1U : 0U);
    }
    r.height = before + line_height * lines + pad;
    top += r.height;
  }
  height_ = top + (ends_without_step() ? 2 * line_height + pad_at_switch : pad);
}

}  // namespace gauntlet::check
