// The drawing inside the page: lanes, steps, operations and arrows, as HTML rows over one SVG.
#pragma once

#include <string>
#include <string_view>

#include <gauntlet/check/report/interleaving.h>

namespace gauntlet::check {

// Text that means itself in HTML, also within quotes. Control characters other than line ends become spaces.
std::string escaped(std::string_view text);

// An element of class `picture`, of the width picture_width(i) in pixels unless its surroundings are narrower: then it
// scrolls sideways by itself.
std::string draw(const interleaving& i);
std::size_t picture_width(const interleaving& i);

}  // namespace gauntlet::check
