// The picture: all that is drawn (bars, rails, arrows, dots) lies in one SVG, and the text lies over it as HTML, which can
// be cut with dots, selected and searched. Where things are is known from the layout.
//
//    gutter | lane 0               | lane 1
//           |  bar  rail  text     |  bar  rail  text
//       1   |   #    o    load ... |
//       2   |   #    |\___________________ o  store ...      <- an arrow runs beside its rail, then along the top of a row
//
// Folded steps that are unfolded lie over the picture and move nothing.
#include <gauntlet/check/report/interleaving_picture.h>

#include <algorithm>
#include <vector>

#include <gauntlet/check/report/interleaving_layout.h>
#include <gauntlet/check/report/interleaving_parts.h>

namespace gauntlet::check {
namespace {

using layout = picture_layout;
using row = layout::row;

constexpr std::size_t radius = 5;  // of corners
constexpr std::size_t entry = 15;  // from a rail to where an arrow comes down

std::string number(std::size_t n) { return std::to_string(n); }

class picture {
 public:
  explicit picture(const interleaving& i) : shown_(i), at_(i) {}

  std::string html() const {
    std::string out = "<div class=\"picture\" id=\"picture\" tabindex=\"0\"><div class=\"canvas\" style=\"width:" +
                      number(at_.width()) + "px\">\n<div class=\"heads\">";
    for (std::size_t lane = 0; lane < at_.lanes(); ++lane) {
      out += "<div class=\"head " + colour(lane) + "\" id=\"lane-" + number(lane) +
             "\" style=\"width:" + number(at_.lane_width()) + "px\">" + escaped(lane_name(shown_, lane)) + "</div>";
    }
    out += "</div>\n<div class=\"drawing\" style=\"height:" + number(at_.height()) + "px\">\n" + drawn() + written() +
           "</div></div></div>\n";
    return out;
  }

 private:
  static std::string colour(std::size_t lane) { return "c" + number(lane % 7); }

  // ---- what is drawn

  std::string drawn() const {
    std::string out =
        "<svg width=\"" + number(at_.width()) + "\" height=\"" + number(at_.height()) +
        "\" aria-hidden=\"true\">\n"
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" "
        "markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 "
        "4L0 8z\"/></marker><marker id=\"tip-waits\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
        "markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path "
        "class=\"tip waits\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n";
    return out + bands() + rails() + bars() + ways() + arrows() + dots() + "</svg>\n";
  }

  // Bands behind the lanes' columns, every other one, and behind the step at which it showed.
  std::string bands() const {
    std::string out;
    for (std::size_t lane = 0; lane < at_.lanes(); lane += 2) {
      out += "<rect class=\"band\" x=\"" + number(at_.lane_left(lane)) + "\" y=\"0\" width=\"" +
             number(at_.lane_width()) + "\" height=\"" + number(at_.height()) + "\"/>\n";
    }
    for (const row& r : at_.rows()) {
      if (!r.is_step() || !at_.is_failed(shown_.steps[r.begin])) continue;
      const std::size_t top = r.dot - layout::line_height / 2 - 2;
      out += "<rect class=\"band failed\" x=\"0\" y=\"" + number(top) + "\" width=\"" + number(at_.width()) +
             "\" height=\"" + number(r.top + r.height - top) + "\"/>\n";
    }
    return out;
  }

  std::string rails() const {
    std::string out;
    for (std::size_t lane = 0; lane < at_.lanes(); ++lane) {
      std::size_t first = at_.height(), last = 0;
      for (const row& r : at_.rows()) {
        if (r.lane != lane) continue;
        first = std::min(first, r.dot);
        last = r.dot;
      }
      if (first < last) {
        out += "<path class=\"rail " + colour(lane) + "\" d=\"M" + number(at_.rail(lane)) + " " + number(first) + "V" +
               number(last) + "\"/>\n";
      }
    }
    return out;
  }

  // Operations beside the rail; one that was called within another (the body of a walk) stands further to the right.
  std::string bars() const {
    std::vector<std::size_t> from(shown_.operations.size(), 0), to(shown_.operations.size(), 0);
    for (const row& r : at_.rows()) {
      for (const std::size_t o : r.called)
        from[o] = r.dot - layout::line_height * r.called.size() - layout::line_height / 2 + 2;
      for (const std::size_t o : r.ended) to[o] = r.dot + layout::line_height / 2;
    }
    std::string out;
    std::vector<std::size_t> drawn_before;
    for (const std::size_t o : in_order_of_call(shown_)) {
      const interleaving::operation& operation = shown_.operations[o];
      const bool pending = operation.last == 0;
      if (pending) to[o] = at_.height() - layout::pad;
      std::size_t depth = 0;
      for (const std::size_t other : drawn_before) {
        if (shown_.operations[other].lane == operation.lane && from[o] < to[other] && depth < 2) ++depth;
      }
      drawn_before.push_back(o);
      out += "<rect class=\"operation " + colour(operation.lane) + (pending ? " pending" : "") +
             (is_culprit(shown_, o) ? " culprit" : "") + "\" id=\"operation-" + number(o) + "\" x=\"" +
             number(at_.lane_left(operation.lane) + layout::bar_at + depth * layout::bar_shift) + "\" y=\"" +
             number(from[o]) + "\" width=\"" + number(layout::bar_width) + "\" height=\"" +
             number(std::max<std::size_t>(to[o] - from[o], 6)) + "\" rx=\"3.5\"><title>" + escaped(operation.asked) +
             "</title></rect>\n";
    }
    return out;
  }

  // From the last step of a stretch to the first of the next.
  std::string ways() const {
    std::string out;
    for (std::size_t n = 1; n < at_.rows().size(); ++n) {
      const row& r = at_.rows()[n];
      if (!r.first) continue;
      const row& before = at_.row_of(r.begin - 1);
      const bool decided = shown_.steps[r.begin].decided;
      out += std::string("<path class=\"switch") + (decided ? " decided" : "") + "\" d=\"M" +
             number(at_.rail(before.lane)) + " " + number(before.dot) +
             over(at_.rail(before.lane), at_.rail(r.lane), r.top + 5) + "V" + number(r.dot) + "\"/>\n";
    }
    return out;
  }

  // Down to `across` and over to another x, with round corners.
  static std::string over(std::size_t from, std::size_t to, std::size_t across) {
    if (from == to) return "";
    const std::size_t near_from = to > from ? from + radius : from - radius;
    const std::size_t near_to = to > from ? to - radius : to + radius;
    return "V" + number(across - radius) + "Q" + number(from) + " " + number(across) + " " + number(near_from) + " " +
           number(across) + "H" + number(near_to) + "Q" + number(to) + " " + number(across) + " " + number(to) + " " +
           number(across + radius);
  }

  // An arrow leaves to the right, runs down beside the rail, over along the top of the other step's row, down again and
  // into that step from the side that it came from.
  std::string arrow(const row& from, const row& to, std::size_t beside) const {
    const std::size_t across = to.top + (to.first ? layout::pad_at_switch - 9 : 1);
    const std::size_t down = at_.rail(from.lane) + beside;
    const bool right = to.lane > from.lane;
    const std::size_t side = right ? at_.rail(to.lane) - entry : at_.rail(to.lane) + entry;
    return "M" + number(at_.rail(from.lane) + 4) + " " + number(from.dot) + "H" + number(down - 3) + "q3 0 3 3" +
           over(down, side, across) + "V" + number(to.dot - 3) + "q0 3 " + (right ? "3" : "-3") + " 3H" +
           number(right ? at_.rail(to.lane) - 5 : at_.rail(to.lane) + 5);
  }

  std::string arrows() const {
    std::string out;
    std::size_t drawn = 0;
    for (const row& r : at_.rows()) {
      if (!r.is_step()) continue;
      const interleaving::step& s = shown_.steps[r.begin];
      for (const bool waits : {false, true}) {
        const std::uint64_t from_step = waits ? s.waits_for : s.from;
        const auto from = at_.origin(s, from_step);
        if (!from) continue;
        const std::size_t beside = 8 + 3 * (drawn++ % 3);  // not all in one line
        const std::string ends = "step " + std::to_string(from_step) +
                                 (waits ? " holds what step " : " happens before step ") + std::to_string(s.number) +
                                 (waits ? " waits for" : "");
        out += std::string("<path class=\"arrow ") + (waits ? "waits" : "after") + "\" data-from=\"" +
               std::to_string(from_step) + "\" data-to=\"" + std::to_string(s.number) + "\" marker-end=\"url(#tip" +
               (waits ? "-waits" : "") + ")\" d=\"" + arrow(at_.row_of(*from), r, beside) + "\"><title>" + ends +
               "</title></path>\n";
      }
    }
    return out;
  }

  std::string dots() const {
    std::string out;
    for (const row& r : at_.rows()) {
      const std::string at =
          " " + colour(r.lane) + "\" cx=\"" + number(at_.rail(r.lane)) + "\" cy=\"" + number(r.dot) + "\" r=\"";
      if (r.is_fold()) out += "<circle class=\"dot folded" + at + "3\"/>\n";
      if (!r.is_step()) continue;
      const interleaving::step& s = shown_.steps[r.begin];
      out += std::string("<circle class=\"dot") + (s.decided ? " decided" : "") + (s.blocked ? " blocked" : "") +
             (at_.is_failed(s) ? " failed" : "") + at + (s.decided || at_.is_failed(s) ? "6" : "4.5") + "\"/>\n";
    }
    return out;
  }

  // ---- what is written

  // A step's name is its cell's: a link to it brings its lane into sight as well.
  std::string written() const {
    std::string out;
    for (const row& r : at_.rows()) {
      std::string id, numbered, classes = "row";
      if (r.is_step()) {
        const interleaving::step& s = shown_.steps[r.begin];
        id = " id=\"step-" + std::to_string(s.number) + "\"";
        numbered = std::to_string(s.number);
        classes += std::string(s.decided ? " decided" : "") + (at_.is_failed(s) ? " failed" : "");
      }
      const std::size_t event = r.dot - layout::line_height / 2 - r.top,
                        above = event - layout::line_height * r.called.size();
      out += "<div class=\"" + classes + "\" style=\"height:" + number(r.height) +
             "px\"><span class=\"no\" style=\"padding-top:" + number(event) + "px\">" + numbered +
             "</span><div class=\"cell " + colour(r.lane) + "\"" + id + " data-lane=\"" + number(r.lane) +
             "\" style=\"margin-left:" + number(r.lane * at_.lane_width() + layout::text_at) +
             "px;width:" + number(at_.lane_width() - layout::text_at - 8) + "px;padding-top:" + number(above) +
             "px\">" + cell(r) + "</div></div>\n";
    }
    if (at_.ends_without_step()) {
      out += "<div class=\"end violation\"><b>✗</b> when all was done</div>\n";
    }
    return out;
  }

  static std::string line(std::string_view classes, std::string_view text) {
    return "<div class=\"" + std::string(classes) + "\" title=\"" + escaped(text) + "\">" + escaped(text) + "</div>";
  }

  std::string cell(const row& r) const {
    std::string out;
    for (const std::size_t o : r.called) {
      out += line(is_culprit(shown_, o) ? "call culprit" : "call", shown_.operations[o].asked);
    }
    if (r.is_fold()) out += fold(r);
    if (r.is_step()) {
      const interleaving::step& s = shown_.steps[r.begin];
      out += line("event", s.what);
      if (!s.where.empty()) out += line("where", s.where);
      if (s.blocked) out += line("wait", s.waits_for == 0 ? "waits" : "waits for step " + std::to_string(s.waits_for));
      if (at_.is_failed(s)) out += "<div class=\"violation\"><b>✗</b> shows here</div>";
    }
    for (const std::size_t o : r.ended) {
      const interleaving::operation& operation = shown_.operations[o];
      const std::string text = operation.last == 0 ? "never returned" : "→ " + operation.answer;
      out += line(is_culprit(shown_, o) ? "answer culprit" : "answer", text);
    }
    return out;
  }

  std::string fold(const row& r) const {
    const bool last = at_.lanes() > 1 && r.lane + 1 == at_.lanes();  // what is unfolded there ends at the right
    std::string out = std::string("<details class=\"fold") + (last ? " last" : "") + "\"><summary>" +
                      number(r.end - r.begin) + " more steps</summary><ol>";
    for (std::size_t position = r.begin; position < r.end; ++position) {
      const interleaving::step& s = shown_.steps[position];
      out += "<li id=\"step-" + std::to_string(s.number) + "\"><i>" + std::to_string(s.number) + "</i> " +
             escaped(s.what) + " <small>" + escaped(s.where) + "</small></li>";
    }
    return out + "</ol></details>";
  }

  const interleaving& shown_;
  const layout at_;
};

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += (static_cast<unsigned char>(c) < ' ' && c != '\n') || c == '\x7F' ? ' ' : c;
    }
  }
  return out;
}

std::string draw(const interleaving& i) { return picture(i).html(); }

std::size_t picture_width(const interleaving& i) { return picture_layout(i).width(); }

}  // namespace gauntlet::check
