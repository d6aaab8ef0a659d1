// The page around the picture: what broke on top, the picture, and beside it (below it on a phone) the operations, the
// program and the map's state.
//
// Self-contained: styles and drawing are inside, and the page's own policy forbids to load anything. Colours follow the
// reader's light or dark setting. Only the picture scrolls sideways.
#include <gauntlet/check/report/interleaving.h>
#include <gauntlet/check/report/interleaving_parts.h>
#include <gauntlet/check/report/interleaving_picture.h>

namespace gauntlet::check {
namespace {

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--paper:#fbfbfa;--card:#fff;--ink:#1d2126;--dim:#68707a;--line:#dfe2e6;--band:#f3f4f5;
--bad:#c5221f;--bad-paper:#fdeceb;--hint:#8a4b00;--hint-paper:#fff1db;--decided:#7b2ff2;--way:#d3d8de;--after:#3f4750;
--c0:#6b7280;--c1:#1668c7;--c2:#0b7f5f;--c3:#a8500a;--c4:#8a3fb0;--c5:#b02a64;--c6:#5d6b00}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1c2024;--ink:#e7eaee;--dim:#98a2ad;--line:#333a41;
--band:#191d21;--bad:#ff7b72;--bad-paper:#3a1d1d;--hint:#ffb454;--hint-paper:#372a14;--decided:#b18cff;--way:#454d56;
--after:#a6b0bb;--c0:#a0a8b2;--c1:#6cb2ff;--c2:#4fd1a5;--c3:#ffa657;--c4:#d2a0ff;--c5:#ff8fb8;--c6:#c5d148}}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}
.c6{--c:var(--c6)}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:20px 16px 40px;background:var(--paper);color:var(--ink);
font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:22px;line-height:1.25;margin:0 0 4px}
h2{font-size:12px;letter-spacing:.06em;text-transform:uppercase;color:var(--dim);margin:0 0 8px;font-weight:600}
p{margin:0}.dim{color:var(--dim)}
pre,code,.event,.where,.call,.answer,.asked,.fold ol{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,
"DejaVu Sans Mono",monospace}
pre{margin:0;font-size:12.5px;line-height:1.5;white-space:pre-wrap}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;margin:16px 0 0;
min-width:0}
section.violation{background:var(--bad-paper);border-color:var(--bad);border-left-width:5px}
section.violation h2{color:var(--bad)}
section.violation p{margin-top:8px;font-size:13px}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:14px 0 0;padding:0;list-style:none;font-size:13px;
color:var(--dim)}
.legend svg{width:30px;height:12px;vertical-align:-1px;margin-right:6px;overflow:visible}
main{display:grid;grid-template-columns:minmax(0,1fr);gap:0 18px;align-items:start}
.picture{margin:16px 0 0;background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:auto;
max-height:calc(100vh - 24px);width:fit-content;max-width:100%}
.canvas{position:relative}
.heads{position:sticky;top:0;z-index:4;display:flex;padding-left:52px;background:var(--card);
border-bottom:1px solid var(--line);border-radius:10px 10px 0 0}
.head{flex:none;padding:10px 8px 9px 10px;font-weight:600;color:var(--c);box-shadow:inset 0 3px var(--c);
overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.drawing{position:relative}
.drawing>svg{position:absolute;left:0;top:0;display:block}
.row{position:relative;display:flex;overflow:visible}
.no{position:sticky;left:0;z-index:1;flex:none;width:52px;padding-right:10px;text-align:right;font-size:12px;
line-height:18px;color:var(--dim);font-variant-numeric:tabular-nums;background:linear-gradient(90deg,var(--card) 80%,
transparent)}
.row.decided .no{color:var(--decided);font-weight:700}
.row.failed .no{color:var(--bad);font-weight:700;background:none}
.cell{flex:none;min-width:0;scroll-margin:60px 40px 60px 110px}
.cell>div{height:18px;line-height:18px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:12.5px}
.cell>.where{font-size:11px;color:var(--dim)}
.cell>.call{color:var(--c);font-weight:700}
.cell>.answer{color:var(--c)}
.cell>.culprit{color:var(--bad);font-weight:700}
.cell>.wait{color:var(--hint);font-weight:600}
.cell>.violation,.end{color:var(--bad);font-weight:700}
.end{margin:10px 0 0;padding:8px 0 8px 18px;background:var(--bad-paper);line-height:20px;height:36px}
.cell:target .event{background:color-mix(in srgb,var(--c) 22%,transparent)}
.band{fill:var(--band)}.band.failed{fill:var(--bad-paper)}
.rail{stroke:var(--c);stroke-width:1.5;opacity:.35;fill:none}
.operation{fill:var(--c);opacity:.75}.operation.pending{fill:none;stroke:var(--c);stroke-width:1.5;
stroke-dasharray:4 3}
.operation.culprit{fill:var(--bad);opacity:1}.operation.pending.culprit{fill:var(--bad-paper);stroke:var(--bad)}
.switch{fill:none;stroke:var(--way);stroke-width:5;stroke-linejoin:round}
.switch.decided{stroke:var(--decided);opacity:.55}
.dot{fill:var(--c);stroke:var(--card);stroke-width:1.5}
.dot.folded{fill:var(--card);stroke:var(--c)}
.dot.decided{stroke:var(--decided);stroke-width:3}
.dot.blocked{fill:var(--card);stroke:var(--hint);stroke-width:3}
.dot.failed{fill:var(--bad);stroke:var(--bad)}
.arrow{fill:none;stroke:var(--after);stroke-width:1.5}.tip{fill:var(--after)}
.arrow.waits{stroke:var(--hint);stroke-dasharray:5 3}.tip.waits{fill:var(--hint)}
.cell>.fold{overflow:visible}
.fold summary{cursor:pointer;font-size:12px;line-height:18px;height:18px;color:var(--dim)}
.fold ol{position:absolute;z-index:3;margin:4px 0 0;padding:8px 12px;list-style:none;max-height:280px;overflow:auto;
background:var(--card);border:1px solid var(--line);border-radius:8px;box-shadow:0 6px 24px #0005;font-size:12px;
white-space:nowrap;max-width:min(460px,80vw)}
.fold.last ol{right:6px}
.fold i{display:inline-block;min-width:3em;color:var(--dim);font-style:normal}.fold small{color:var(--dim)}
.history{list-style:none;margin:0;padding:0}
.history li{padding:7px 0 7px 12px;border-left:4px solid var(--c);margin-bottom:6px;line-height:1.35}
.history .culprit{border-color:var(--bad);background:var(--bad-paper)}
.history .asked{font-size:12.5px}.history .answer{font-size:12.5px;color:var(--c)}
.history .culprit .answer{color:var(--bad);font-weight:700}
.history small{display:block;color:var(--dim);font-size:12px}
a{color:inherit}
@media print{.picture{overflow:visible;max-height:none}}
)";

std::string card(std::string_view id, std::string_view heading, const std::string& body) {
  return "<section class=\"card\" id=\"" + std::string(id) + "\"><h2>" + std::string(heading) + "</h2>" + body +
         "</section>\n";
}

std::string verbatim(std::string_view text) { return "<pre>" + escaped(text) + "</pre>"; }

std::string link(std::uint64_t number) {
  return "<a href=\"#step-" + std::to_string(number) + "\">" + std::to_string(number) + "</a>";
}

std::string history(const interleaving& i) {
  std::string out = "<ol class=\"history\">\n";
  for (const std::size_t position : in_order_of_call(i)) {
    const interleaving::operation& o = i.operations[position];
    const bool culprit = is_culprit(i, position);
    const std::string steps = o.last == 0         ? "from step " + link(o.first)
                              : o.last <= o.first ? "step " + link(o.first)
                                                  : "steps " + link(o.first) + "–" + link(o.last);
    out += "<li class=\"c" + std::to_string(o.lane % 7) + (culprit ? " culprit" : "") + "\"><span class=\"asked\">" +
           escaped(o.asked) + "</span> <span class=\"answer\">" +
           (o.last == 0 ? std::string("never returned") : "→ " + escaped(o.answer)) + "</span><small>" +
           escaped(lane_name(i, o.lane)) + ", " + steps + (culprit ? ", in the verdict" : "") + "</small></li>\n";
  }
  return out + "</ol>";
}

constexpr std::string_view legend =
    "<ul class=\"legend\">"
    "<li><svg><path class=\"switch\" d=\"M0 6H30\"/></svg>another thread runs on</li>"
    "<li><svg><path class=\"switch decided\" d=\"M0 6H30\"/></svg>decided by the schedule</li>"
    "<li><svg><path class=\"arrow after\" d=\"M0 6H29\" marker-end=\"url(#tip)\"/></svg>happens before</li>"
    "<li><svg><path class=\"arrow waits\" d=\"M0 6H29\" marker-end=\"url(#tip-waits)\"/></svg>holds what the other "
    "waits "
    "for</li></ul>\n";

// Where there is room for the whole picture the page scrolls and not the picture; with more room yet, the rest stands
// beside it.
std::string wide_style(std::size_t width) {
  constexpr std::size_t margins = 32, frame = 2, aside = 340, gap = 18;
  const std::size_t alone = width + frame + margins, beside = alone + aside + gap;
  return "@media(min-width:" + std::to_string(alone + 16) +
         "px){.picture{overflow:visible;max-height:none;max-width:none}}\n"
         "@media(min-width:" +
         std::to_string(beside + 16) + "px){body{max-width:" + std::to_string(beside + 260) +
         "px}main{grid-template-columns:" + std::to_string(width + frame) + "px minmax(0,1fr)}}\n";
}

}  // namespace

std::string to_html(const interleaving& i) {
  const std::string title = i.title.empty() ? "interleaving" : i.title;
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<title>" +
      escaped(title) + "</title>\n<style>" + std::string(style) + wide_style(picture_width(i)) +
      "</style></head><body>\n";
  out += "<header><h1>" + escaped(title) + "</h1><p class=\"dim\">" + escaped(summary(i)) + "</p></header>\n";
  if (is_broken(i)) {
    out += "<section class=\"card violation\" id=\"violation\"><h2>What happened</h2>" + verbatim(i.happened);
    const auto failed = find_step(i, i.failed_at);
    out += failed ? "<p class=\"dim\">It showed in step " + link(i.failed_at) + ", " +
                        escaped(lane_name(i, i.steps[*failed].lane)) + ".</p>"
                  : std::string("<p class=\"dim\">It showed when all was done.</p>");
    out += "</section>\n";
  }
  out += legend;
  out += "<main>" + draw(i) + "<aside>";
  if (!i.operations.empty()) out += card("operations", "Operations, in order of their calls", history(i));
  if (!i.program.empty()) out += card("program", "Program", verbatim(i.program));
  if (!i.state.empty()) out += card("state", "The map at the end", verbatim(i.state));
  return out + "</aside></main>\n</body></html>\n";
}

}  // namespace gauntlet::check
