"""The picture of an interleaving as a browser shows it: lanes, steps, operations, arrows and the marked violation.

The page has no script of its own. What the browser made of it is read by a script that is put into copies of the pages,
once in a wide and once in a phone's width; a frame gives that width, since a browser's window has a smallest one.
"""

import json
import os
import re
import subprocess
import tempfile
import unittest
import zlib
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PHONE, DESK = 360, 1600
NAMES = ("lost_update", "deadlock", "three_threads", "six_threads", "hostile")
QUIET = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars").split()

# Says how things lie to the page around the frame.
MEASURE = """<script>addEventListener("load", () => {
  const boxes = selector => [...document.querySelectorAll(selector)].map(e => e.getBoundingClientRect());
  const shown = selector => boxes(selector).filter(b => b.width > 0 && b.height > 0).length;
  const dots = [...document.querySelectorAll("circle.dot")].map(e => e.getBoundingClientRect());
  const nearest = (x, y, svg) => Math.min(...dots.map(b =>
    Math.hypot(b.left + b.width / 2 - svg.left - x, b.top + b.height / 2 - svg.top - y)));
  const drawing = document.querySelector(".drawing > svg").getBoundingClientRect();
  const ends = [...document.querySelectorAll("path.arrow[data-from]")].flatMap(e => {
    const length = e.getTotalLength(), a = e.getPointAtLength(0), b = e.getPointAtLength(length);
    return [nearest(a.x, a.y, drawing), nearest(b.x, b.y, drawing)];
  });
  const numbers = [...document.querySelectorAll(".row .no")].filter(e => e.textContent);
  const levels = numbers.map(e => {
    const event = e.parentElement.querySelector(".event").getBoundingClientRect(), number = e.getBoundingClientRect();
    return Math.abs(event.bottom - number.top - parseFloat(getComputedStyle(e).paddingTop) - 18);
  });
  const heads = boxes(".head");
  const askew = [...document.querySelectorAll(".cell")].map(e =>
    Math.abs(e.getBoundingClientRect().left - heads[e.dataset.lane].left - 57));
  askew.push(...dots.map(b => Math.min(...heads.map(h => Math.abs(b.left + b.width / 2 - h.left - 34)))));
  const page = document.scrollingElement, picture = document.querySelector(".picture");
  parent.postMessage(JSON.stringify({
    page: [page.scrollWidth, page.clientWidth], picture: [picture.scrollWidth, picture.clientWidth],
    lanes: shown(".head"), events: shown(".event"), arrows: shown("path.arrow[data-from]"),
    operations: shown("rect.operation"), violation: shown("#violation") + shown(".picture .violation"),
    farthest_end: Math.max(0, ...ends), uneven: Math.max(0, ...levels), askew: Math.max(0, ...askew),
    told: getComputedStyle(document.querySelector("#violation pre")).display,
  }), "*");
});</script>"""


def chromium(*words):
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(["chromium", *QUIET, f"--user-data-dir={profile}", *map(str, words)], capture_output=True,
                              text=True, errors="replace", timeout=300, check=False)
    if done.returncode != 0:
        raise AssertionError(f"chromium: {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.all = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.all.append((tag, dict(attrs)))

    def ids(self):
        return [attributes["id"] for _, attributes in self.all if "id" in attributes]

    def of_class(self, *wanted):
        return [a for _, a in self.all if set(wanted) <= set((a.get("class") or "").split())]


def colours(path):
    """How many colours a PNG of 8 bits a channel shows: a blank page has one."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
        if kind == b"IHDR":
            width, channels = int.from_bytes(data[at + 8:at + 12], "big"), {2: 3, 6: 4}[data[at + 17]]
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += length + 12
    raw, stride, seen = zlib.decompress(packed), width * channels, set()
    above = bytearray(stride)
    for begin in range(0, len(raw), stride + 1):
        method, line = raw[begin], bytearray(raw[begin + 1:begin + 1 + stride])
        for x in range(stride):
            left = line[x - channels] if x >= channels else 0
            corner = above[x - channels] if x >= channels else 0
            up = above[x]
            if method == 1:
                guess = left
            elif method == 2:
                guess = up
            elif method == 3:
                guess = (left + up) // 2
            elif method == 4:
                guess = min((abs(up - corner), 0, left), (abs(left - corner), 1, up),
                            (abs(left + up - 2 * corner), 2, corner))[2]
            else:
                guess = 0
            line[x] = (line[x] + guess) & 255
        seen |= {bytes(line[x:x + channels]) for x in range(0, stride, channels)}
        above = line
    return len(seen)


class Picture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.pages = Path(cls.folder.name)
        tests = ROOT / "build/asan-ubsan/bin/check_tests"
        subprocess.run([str(tests), "--gtest_filter=interleaving_picture.pages_for_the_browser"], check=True,
                       capture_output=True, timeout=300, env={**os.environ, "GAUNTLET_PICTURES": str(cls.pages)})
        cls.seen = {name: Elements(chromium("--dump-dom", cls.address(name))) for name in NAMES}
        cls.measured = cls.measure()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def address(cls, name):
        return (cls.pages / f"{name}.html").as_uri()

    @classmethod
    def measure(cls):
        """What MEASURE says about each page, by name and width."""
        frames = []
        for name in NAMES:
            text = (cls.pages / f"{name}.html").read_text("utf-8")
            text, policies = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', MEASURE, text)
            assert policies == 1
            (cls.pages / f"{name}_measured.html").write_text(text, "utf-8")
            frames += [f'<iframe id="{name} {width}" src="{name}_measured.html" width={width} height=800></iframe>'
                       for width in (PHONE, DESK)]
        around = cls.pages / "around.html"
        around.write_text("""<!doctype html><body><script>addEventListener("message", e => {
          for (const f of document.querySelectorAll("iframe"))
            if (f.contentWindow === e.source) f.dataset.measured = e.data;
        });</script>""" + "".join(frames), "utf-8")
        found = {}
        for _, attributes in Elements(chromium("--dump-dom", "--virtual-time-budget=60000", around.as_uri())).all:
            if "data-measured" in attributes:
                name, width = attributes["id"].split()
                found[name, int(width)] = json.loads(attributes["data-measured"])
        return found

    def test_lanes_steps_operations_and_arrows_are_there(self):
        for name, lanes, steps, operations, after, waits in (
                ("lost_update", 3, 12, 4, 4, 0), ("deadlock", 3, 7, 2, 2, 2), ("hostile", 3, 12, 4, 4, 0)):
            page = self.seen[name]
            for kind, count in (("lane", lanes), ("step", steps), ("operation", operations)):
                self.assertEqual(sum(re.fullmatch(kind + r"-\d+", i) is not None for i in page.ids()), count, (name, kind))
            for kind, count in (("after", after), ("waits", waits)):
                arrows = [a for a in page.of_class("arrow", kind) if "data-from" in a]
                self.assertEqual(len(arrows), count, (name, kind))
        for name, lanes, steps in (("three_threads", 4, 150), ("six_threads", 7, 2000)):
            ids = self.seen[name].ids()
            self.assertEqual([i for i in ids if i.startswith("lane-")], [f"lane-{lane}" for lane in range(lanes)])
            self.assertEqual([i for i in ids if i.startswith("step-")], [f"step-{step + 1}" for step in range(steps)])

    def test_every_name_is_given_once(self):
        for name, page in self.seen.items():
            self.assertEqual(len(page.ids()), len(set(page.ids())), name)

    def test_every_link_and_arrow_leads_somewhere(self):
        for name, page in self.seen.items():
            ids = set(page.ids())
            for _, attributes in page.all:
                if "href" in attributes:
                    self.assertIn(attributes["href"][1:], ids, name)
                for end in ("data-from", "data-to"):
                    if end in attributes:
                        self.assertIn("step-" + attributes[end], ids, name)

    def test_the_violation_is_marked(self):
        for name, page in self.seen.items():
            self.assertIn("violation", page.ids(), name)
            self.assertEqual(len(page.of_class("row", "failed")), 1, name)
            self.assertTrue(page.of_class("operation", "culprit"), name)
            self.assertEqual(len(page.of_class("violation")), 2, name)  # what happened, and where it showed

    def test_nothing_of_a_program_becomes_an_element(self):
        self.assertEqual({tag for tag, _ in self.seen["hostile"].all}, {tag for tag, _ in self.seen["lost_update"].all})

    def test_all_of_it_can_be_seen(self):
        for name in NAMES:
            for width in (PHONE, DESK):
                m = self.measured[name, width]
                page = self.seen[name]
                self.assertEqual(m["lanes"], len(page.of_class("head")))
                self.assertEqual(m["events"], len(page.of_class("event")))
                self.assertEqual(m["operations"], len(page.of_class("operation")))
                self.assertEqual(m["arrows"], len([a for a in page.of_class("arrow") if "data-from" in a]))
                self.assertEqual(m["violation"], 2)
                self.assertEqual(m["told"], "block")

    def test_arrows_end_at_steps_and_text_stands_beside_its_dot(self):
        for key, m in self.measured.items():
            self.assertLess(m["farthest_end"], 7, key)
            self.assertLess(m["uneven"], 1, key)
            self.assertLess(m["askew"], 1, key)

    def test_only_the_picture_scrolls_sideways(self):
        for name in NAMES:
            whole, visible = self.measured[name, PHONE]["page"]
            self.assertLessEqual(whole, visible, name)
            whole, visible = self.measured[name, PHONE]["picture"]
            self.assertGreater(whole, visible, name)
            whole, visible = self.measured[name, DESK]["page"]
            self.assertLessEqual(whole, visible, name)

    def test_a_screenshot_shows_something(self):
        blank = self.pages / "blank.html"
        blank.write_text("<!doctype html><body></body>", "utf-8")
        shots = {}
        for name in ("blank", "lost_update", "three_threads"):
            shot = self.pages / f"{name}.png"
            chromium(f"--screenshot={shot}", "--window-size=600,500", self.address(name))
            shots[name] = colours(shot)
        self.assertEqual(shots["blank"], 1)
        self.assertGreater(shots["lost_update"], 50)
        self.assertGreater(shots["three_threads"], 50)


if __name__ == "__main__":
    unittest.main()
