"""ci/hunt/corpus.py: a merge replaces the found corpus as a whole or not at all, and loses no feature."""

import contextlib
import io
import sys
import unittest
from pathlib import Path
from unittest import mock

from workbench import Workbench

# workbench has said where these lie.
import corpus
import engine
import nightly

MERGE = """#!/usr/bin/env python3
# Merges as libFuzzer does with -set_cover_merge=1: a letter is a feature, and what is kept is named by what it holds.
import hashlib, pathlib, sys
options = dict(word[1:].split("=", 1) for word in sys.argv[1:] if word.startswith("-"))
out, *sources = [pathlib.Path(word) for word in sys.argv[1:] if not word.startswith("-")]
files = sorted(path for source in sources for path in source.iterdir())
features = {path: set(path.read_text()) for path in files}
with open(options["merge_control_file"], "w") as control:
    print(len(files), 0, *files, sep="\\n", file=control)
    for number, path in enumerate(files):
        print("STARTED", number, path.stat().st_size, file=control)
        print("FT", number, *sorted(map(ord, features[path])), file=control)
        print("COV", number, file=control)
covered, kept, forgotten = set(), 0, FORGOTTEN
while best := max((path for path in files if features[path] - covered), key=lambda p: len(features[p] - covered), default=None):
    (out / hashlib.sha1(best.read_bytes()).hexdigest()).write_bytes(best.read_bytes())
    covered, kept = covered | features[best], kept + 1
print(f"MERGE-OUTER: {kept} new files with {len(covered) - forgotten} new features added; 0 new coverage edges", file=sys.stderr)
"""


class Merge(Workbench):
    """The found corpus is replaced as a whole or not at all, and no feature is lost."""

    def setUp(self):
        super().setUp()
        self.found = Path("corpus/target_a/found")
        self.fill(self.found, "a")
        self.fill(Path("hunt"), "b")
        self.binary("merge", MERGE.replace("FORGOTTEN", "0"))

    def fill(self, folder, *texts):
        folder.mkdir(parents=True, exist_ok=True)
        for text in texts:
            (folder / text[:20]).write_text(text)

    def texts(self, folder=None):
        return sorted(path.read_text() for path in (folder or self.found).iterdir())

    def merge(self):
        with contextlib.redirect_stderr(io.StringIO()):
            return nightly.merge("target_a", "bin/merge", [Path("hunt")], Path("."))

    def test_what_is_new_comes_in(self):
        self.assertEqual(self.merge(), ["target_a", 1, 2, "2", "2", "-"])
        self.assertEqual(self.texts(), ["a", "b"])
        self.assertEqual(sorted(path.name for path in self.found.parent.iterdir()), ["found"])

    def test_a_failed_merge_changes_nothing_and_is_told(self):
        self.binary("merge", "#!/bin/bash\nexit 1\n")
        self.assertEqual(self.merge()[:3], ["target_a", 1, 1])
        self.assertIn("merge-target_a.log", self.merge()[-1])
        self.assertEqual(self.texts(), ["a"])
        self.assertEqual(sorted(path.name for path in self.found.parent.iterdir()), ["found"])

    def test_a_run_killed_between_the_renames_loses_nothing(self):
        self.found.rename(self.found.with_name("found.old"))
        self.binary("merge", "#!/bin/bash\nexit 1\n")
        self.merge()
        self.assertEqual(self.texts(), ["a"])

    def test_pass_two_drops_what_the_others_cover_and_keeps_every_feature(self):
        # The engine takes bcdef first, and then needs the three that cover it.
        self.fill(Path("more"), "bcdef", "abc", "efg", "cdh", "ef")
        Path("out").mkdir()
        done = corpus.minimize(Path("bin/merge"), [Path("more")], Path("out"), Path("log.txt"))
        self.assertEqual((done.files_before, done.files_of_pass_one, done.files), (5, 4, 3))
        self.assertEqual((done.features_before, done.features, done.cut, done.lost), (8, 8, 0, 0))
        self.assertEqual(self.texts(Path("out")), ["abc", "cdh", "efg"])

    def test_what_the_cap_on_the_size_costs_is_said(self):
        self.fill(Path("hunt"), "c" * 50 + "defghijk", "l" * 100 + "m")
        with mock.patch.object(corpus, "FOUND_MAX", 80):
            row = self.merge()
        self.assertEqual(row, ["target_a", 1, 3, "13", "11", "2 features cut by the size"])
        self.assertIn("the cap on the size took 2", str(corpus.Minimized(cut=2)))

    def test_a_count_that_falls_short_is_a_failure(self):
        self.binary("merge", MERGE.replace("FORGOTTEN", '7 if out.name == "again" else 0'))
        self.fill(Path("hunt"), "abcdefghij")
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), mock.patch.object(engine, "stop_on_signals"):
            status = corpus.main(["--target", "target_a", "--bin", "bin", "--logs", "logs", "hunt"])
        self.assertEqual(status, 2)  # there is no bin/target_a
        Path("bin/merge").rename("bin/target_a")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), mock.patch.object(engine, "stop_on_signals"):
            status = corpus.main(["--target", "target_a", "--bin", "bin", "--logs", "logs", "--out", "out", "hunt"])
        self.assertEqual(status, 1, out.getvalue())
        self.assertIn("7 features did not show again", out.getvalue())
        self.assertEqual(self.texts(), ["a"])


if __name__ == "__main__":
    unittest.main()
