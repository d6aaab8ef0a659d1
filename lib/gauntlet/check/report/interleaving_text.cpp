// An interleaving as text.
//
// Only one lane has something to say at a time, so a lane's text begins in its column and may run on over the columns to
// the right; where it does not, those lanes show their rail. That keeps seven lanes within 120 columns:
//
//        step   before          thread 1         thread 2
//               find 0 hot 3 -> yes, 7
//           1   o load 8 bytes, 5   map.h:17 in find
//               : (3 steps)
//           5   o unlock mutex A   map.h:19 in find
//               |               insert_copy 0 hot 3 value 7
//    >*     6   |               o store 8 bytes, 7   map.h:40 in insert
#include <algorithm>
#include <string_view>

#include <gauntlet/check/report/interleaving.h>
#include <gauntlet/check/report/interleaving_parts.h>

namespace gauntlet::check {
namespace {

constexpr std::size_t width_max = 120;
constexpr std::size_t gutter = 14;    // marks and step numbers, left of the first lane
constexpr std::size_t room_min = 52;  // for the text of the last lane

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Columns that a UTF-8 text takes on a terminal, wide characters aside.
std::size_t width_of(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_character));
}

// One line of at most `room` columns; a cut is shown by '~'.
std::string clipped(std::string_view text, std::size_t room) {
  std::string out;
  std::size_t used = 0;
  const bool cut = width_of(text) > room;
  for (const char c : text) {
    if (!continues_character(c) && used++ == room - (cut ? 1 : 0)) break;
    out += static_cast<unsigned char>(c) < ' ' || c == '\x7F' ? ' ' : c;
  }
  return cut ? out + '~' : out;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out = clipped(text, width);
  out.append(width - width_of(out), ' ');
  return out;
}

std::string to_the_right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// When an operation ran, on a scale from the first step to the last: "[===]", "[==>" while pending.
std::string bar(const interleaving& i, const interleaving::operation& o) {
  constexpr std::size_t width = 20;
  const std::uint64_t begin = i.steps.empty() ? 1 : i.steps.front().number;
  const std::uint64_t length = std::max<std::uint64_t>(1, i.steps.empty() ? 1 : i.steps.back().number - begin);
  const auto at = [&](std::uint64_t number) {
    const std::uint64_t offset = std::min(length, number - std::min(begin, number));
    return static_cast<std::size_t>(offset * (width - 1) / length);
  };
  std::string out(width, ' ');
  const std::size_t first = at(o.first);
  const std::size_t last = o.last == 0 ? width - 1 : std::max(at(o.last), first);
  for (std::size_t column = first; column <= last; ++column) out[column] = '=';
  if (first == last) {
    out[first] = '|';
  } else {
    out[first] = '[';
    out[last] = o.last == 0 ? '>' : ']';
  }
  return out;
}

std::string operations_of(const interleaving& i) {
  std::size_t span = 5, lane = 4, asked = 5, answer = 6;
  for (const interleaving::operation& o : i.operations) {
    span = std::max(span, std::min<std::size_t>(11, span_of(o).size()));
    lane = std::max(lane, std::min<std::size_t>(16, width_of(lane_name(i, o.lane))));
    asked = std::max(asked, std::min<std::size_t>(38, width_of(o.asked)));
    answer = std::max(answer, std::min<std::size_t>(20, width_of(o.last == 0 ? "(pending)" : o.answer)));
  }
  std::string out = "operations, in order of their calls" +
                    std::string(i.culprits.empty() ? ":\n" : ", '!' marks those that the verdict is about:\n");
  const auto row = [&](const char* mark, const std::string& steps, std::string_view in, std::string_view what,
                       std::string_view result, const std::string& when) {
    out += without_trailing_spaces(mark + to_the_right(steps, span) + "  " + padded(in, lane) + "  " +
                                   padded(what, asked) + "  " + padded(result, answer) + "  " + when);
  };
  row("    ", "steps", "lane", "asked", "answer", "when");
  for (const std::size_t position : in_order_of_call(i)) {
    const interleaving::operation& o = i.operations[position];
    row(is_culprit(i, position) ? "  ! " : "    ", span_of(o), lane_name(i, o.lane), o.asked,
        o.last == 0 ? "(pending)" : std::string_view(o.answer), bar(i, o));
  }
  return out;
}

// Draws lines in the column of a lane, and the rails of the others.
class lanes_writer {
 public:
  lanes_writer(const interleaving& i, const std::vector<stretch>& rows) : shown_(i), alive_(lane_count(i)) {
    const std::size_t lanes = std::max<std::size_t>(alive_.size(), 1);
    std::size_t longest = 12;
    for (std::size_t lane = 0; lane < lanes; ++lane) longest = std::max(longest, width_of(lane_name(i, lane)) + 3);
    pitch_ = lanes == 1 ? 0 : (width_max - gutter - room_min) / (lanes - 1);
    pitch_ = std::max<std::size_t>(1, std::min(pitch_, std::max<std::size_t>(longest, 45)));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      stretch& life = alive_[i.steps[rows[row].begin].lane];
      if (life.end == 0) life.begin = row;
      life.end = row + 1;
    }
  }

  // Names are in their lanes' columns where they fit, below each other where they do not.
  void heading() {
    bool fits = true;
    for (std::size_t lane = 0; lane + 1 < alive_.size(); ++lane) {
      fits = fits && width_of(lane_name(shown_, lane)) + 1 < pitch_;
    }
    std::string line = padded("        step", gutter);
    for (std::size_t lane = 0; lane < alive_.size(); ++lane) {
      const std::string name = lane_name(shown_, lane);
      if (fits) {
        line += lane + 1 < alive_.size() ? padded(name, pitch_) : clipped(name, room_min);
      } else {
        line.append(gutter + lane * pitch_ - line.size(), ' ');
        for (std::size_t rail = 0; rail < lane; ++rail) line[gutter + rail * pitch_] = '|';
        text_ += without_trailing_spaces(line + clipped(name, width_max - line.size()));
        line.clear();
      }
    }
    if (fits) text_ += without_trailing_spaces(line);
  }

  // `sign` stands on the lane's rail, `marks` and `number` in the gutter.
  void line(std::size_t row, std::size_t lane, std::string marks, const std::string& number, const char* sign,
            std::string_view text) {
    std::string out = padded(marks, 5) + to_the_right(number, gutter - 5 - 2) + "  ";
    for (std::size_t left = 0; left < lane; ++left) rail(out, row, left);
    out.append(gutter + lane * pitch_ - std::min(out.size(), gutter + lane * pitch_), ' ');
    out += sign;
    out += clipped(text, room(lane) - std::min(room(lane) - 1, std::string_view(sign).size()));
    std::size_t used = width_of(out);
    for (std::size_t right = lane + 1; right < alive_.size(); ++right) {
      const std::size_t at = gutter + right * pitch_;
      if (used + 1 >= at || !is_alive(row, right)) continue;
      out.append(at - used, ' ');
      out += '|';
      used = at + 1;
    }
    text_ += without_trailing_spaces(out);
  }

  void remark(const std::string& text) { text_ += text + "\n"; }

  std::size_t room(std::size_t lane) const { return width_max - std::min(width_max - 10, gutter + lane * pitch_); }
  const std::string& text() const { return text_; }

 private:
  bool is_alive(std::size_t row, std::size_t lane) const { return alive_[lane].begin <= row && row < alive_[lane].end; }

  void rail(std::string& out, std::size_t row, std::size_t lane) const {
    out.append(gutter + lane * pitch_ - std::min(out.size(), gutter + lane * pitch_), ' ');
    if (is_alive(row, lane)) out += '|';
  }

  const interleaving& shown_;
  std::vector<stretch> alive_;  // for each lane, from its first row to behind its last
  std::size_t pitch_ = 0;       // from a lane's column to the next one's
  std::string text_;
};

// The first step of a stretch, its last, and those between that somebody must see.
std::vector<std::size_t> shown_steps(const interleaving& i, stretch s) {
  constexpr std::size_t between_max = 6;
  std::vector<std::size_t> shown{s.begin};
  for (std::size_t position = s.begin + 1; position + 1 < s.end; ++position) {
    const interleaving::step& step = i.steps[position];
    const bool failed = step.number == i.failed_at;
    if (failed || ((step.decided || step.blocked) && shown.size() <= between_max)) shown.push_back(position);
  }
  if (s.end - s.begin > 1) shown.push_back(s.end - 1);
  return shown;
}

void write_step(lanes_writer& out, const interleaving& i, std::size_t row, std::size_t position) {
  const interleaving::step& s = i.steps[position];
  std::string marks = s.number == i.failed_at ? "  > " : "    ";
  marks += s.decided ? "*" : "";
  const auto named = [&](std::uint64_t number) {
    const auto other = find_step(i, number);
    return other ? "step " + std::to_string(number) + " of " + lane_name(i, i.steps[*other].lane)
                 : "step " + std::to_string(number);
  };
  std::string text = s.what;
  if (s.blocked) text += s.waits_for == 0 ? ", waits" : ", waits for " + named(s.waits_for);
  const auto from = find_step(i, s.from);
  if (from && i.steps[*from].lane != s.lane) text += ", sees step " + std::to_string(s.from);
  const bool together = width_of(text) + 3 + width_of(s.where) + 2 <= out.room(s.lane);
  if (together && !s.where.empty()) text += "   " + s.where;
  out.line(row, s.lane, marks, std::to_string(s.number), s.blocked ? "x " : "o ", text);
  if (!together && !s.where.empty()) out.line(row, s.lane, "", "", "|   ", s.where);
}

void write_stretch(lanes_writer& out, const interleaving& i, std::size_t row, stretch s) {
  const unsigned lane = i.steps[s.begin].lane;
  const std::uint64_t first = i.steps[s.begin].number, last = i.steps[s.end - 1].number;
  std::vector<const interleaving::operation*> under_way;
  for (const std::size_t position : in_order_of_call(i)) {
    const interleaving::operation& o = i.operations[position];
    if (o.lane == lane && o.first <= last && (o.last == 0 || o.last >= first)) under_way.push_back(&o);
  }
  constexpr std::size_t named_max = 4;
  for (std::size_t n = 0; n < under_way.size(); ++n) {
    if (under_way.size() > named_max && n == 2) {
      out.line(row, lane, "", "", "", "(" + std::to_string(under_way.size() - 3) + " more operations)");
      n = under_way.size() - 1;
    }
    const interleaving::operation& o = *under_way[n];
    std::string text = (o.first < first ? ".. " : "") + o.asked;
    text += o.last == 0 || o.last > last ? " .." : " -> " + o.answer;
    out.line(row, lane, "", "", "", text);
  }
  const std::vector<std::size_t> shown = shown_steps(i, s);
  for (std::size_t n = 0; n < shown.size(); ++n) {
    if (n > 0 && shown[n] == shown[n - 1] + 2) write_step(out, i, row, shown[n] - 1);
    if (n > 0 && shown[n] > shown[n - 1] + 2) {
      out.line(row, lane, "", "", ": ", "(" + std::to_string(shown[n] - shown[n - 1] - 1) + " steps)");
    }
    write_step(out, i, row, shown[n]);
  }
}

// Which rows are printed: half of them up to where it showed and a few behind, a quarter of the end, and as much of the
// beginning as still fits.
std::vector<bool> chosen_rows(const interleaving& i, const std::vector<stretch>& rows, std::size_t rows_max) {
  std::vector<bool> chosen(rows.size(), rows.size() <= rows_max);
  if (rows.size() <= rows_max) return chosen;
  std::size_t left = rows_max;
  const auto choose = [&](std::size_t row) {
    if (left == 0 || chosen[row]) return;
    chosen[row] = true;
    --left;
  };
  std::size_t failed = rows.size() - 1;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (i.steps[rows[row].begin].number <= i.failed_at && i.failed_at <= i.steps[rows[row].end - 1].number)
      failed = row;
  }
  for (std::size_t back = 0; back <= failed && back < (rows_max + 1) / 2; ++back) choose(failed - back);
  for (std::size_t row = failed; row < std::min(rows.size(), failed + 3); ++row) choose(row);
  for (std::size_t back = 1; back <= std::min(rows.size(), rows_max / 4); ++back) choose(rows.size() - back);
  for (std::size_t row = 0; row < rows.size(); ++row) choose(row);
  return chosen;
}

std::string lanes_of(const interleaving& i, std::size_t rows_max) {
  const std::vector<stretch> rows = stretches(i);
  const std::vector<bool> chosen = chosen_rows(i, rows, rows_max);
  lanes_writer out(i, rows);
  out.heading();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (chosen[row]) {
      write_stretch(out, i, row, rows[row]);
      continue;
    }
    std::size_t end = row;
    while (end + 1 < rows.size() && !chosen[end + 1]) ++end;
    out.remark("    ... steps " + std::to_string(i.steps[rows[row].begin].number) + "-" +
               std::to_string(i.steps[rows[end].end - 1].number) + ", " +
               counted(end - row + 1, "stretch", "stretches") + " left out ...");
    row = end;
  }
  return out.text();
}

std::string indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    out += without_trailing_spaces("    " + std::string(text.substr(0, length)));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string print(const interleaving& i, std::size_t rows_max) {
  std::string out = "interleaving: " + i.title + "\n" + summary(i) + "\n";
  if (!i.operations.empty()) out += "\n" + operations_of(i);
  if (!i.steps.empty()) {
    out += "\nsteps; 'o' a step, 'x' one that has to wait, '*' decided by the schedule, '>' where it showed:\n";
    out += lanes_of(i, rows_max);
  }
  if (is_broken(i) && !find_step(i, i.failed_at)) out += "    > when all was done\n";
  if (!i.happened.empty()) out += "\nhappened:\n" + indented(i.happened);
  if (!i.state.empty()) out += "\nthe map at the end:\n" + indented(i.state);
  return out;
}

}  // namespace gauntlet::check
