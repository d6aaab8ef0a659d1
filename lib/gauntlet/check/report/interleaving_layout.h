// Where everything in the picture lies: steps and operations as rows of known heights, in pixels.
//
// A row's lines have fixed heights and never wrap, so where a step's dot lies is a sum, and arrows meet it. Steps about
// which there is nothing to say (in the middle of a stretch, no arrow, no decision, no call or return) are folded into
// one row when there are many.
//
//    gutter | lane 0             | lane 1
//           |  bar  rail  text   |  bar  rail  text
//
// The style of the page repeats the gutter's width and the height of a line: ci/tests/browser sees when they part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <gauntlet/check/report/interleaving.h>

namespace gauntlet::check {

class picture_layout {
 public:
  static constexpr std::size_t gutter = 52;  // for step numbers
  static constexpr std::size_t bar_at = 10, bar_width = 7, bar_shift = 5, rail_at = 34, text_at = 57;  // within a lane
  static constexpr std::size_t line_height = 18;
  static constexpr std::size_t pad = 5, pad_at_switch = 24;  // above a row

  struct row {
    std::size_t begin = 0, end = 0;  // positions in `steps`: one step, or folded ones; none for an operation alone
    std::size_t lane = 0;
    bool first = false;                        // of a stretch, and not the first of all
    std::vector<std::size_t> called, ended;    // positions in `operations`
    std::size_t top = 0, height = 0, dot = 0;  // from the top of the drawing
    bool is_fold() const { return end > begin + 1; }
    bool is_step() const { return end == begin + 1; }
  };

  explicit picture_layout(const interleaving& i);  // which must outlive it

  const std::vector<row>& rows() const { return rows_; }
  const row& row_of(std::size_t step) const { return rows_[row_of_[step]]; }  // by its position

  std::size_t lanes() const { return lanes_; }
  std::size_t lane_width() const { return lane_width_; }
  std::size_t lane_left(std::size_t lane) const { return gutter + lane * lane_width_; }
  std::size_t rail(std::size_t lane) const { return lane_left(lane) + rail_at; }
  std::size_t width() const { return lane_left(lanes_); }
  std::size_t height() const { return height_; }

  // Something broke, and at no recorded step: there is room for a line about it at the bottom.
  bool ends_without_step() const;
  bool is_failed(const interleaving::step& s) const;

  // The other end of an arrow that is drawn: a recorded step of another lane, earlier than this one.
  std::optional<std::size_t> origin(const interleaving::step& s, std::uint64_t from) const;

 private:
  void arrange();
  void place();

  const interleaving& shown_;
  std::size_t lanes_, lane_width_;
  std::vector<row> rows_;
  std::vector<std::size_t> row_of_;  // of each step
  std::size_t height_ = 0;
};

}  // namespace gauntlet::check
