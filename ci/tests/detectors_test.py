"""lib/bench/detectors.py against pretended detectors: shell scripts that end the way a sanitizer or an alarm ends a process."""

import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lib" / "bench"))

import detectors  # noqa: E402

BY_KEY = {d.key: d for d in detectors.DETECTORS}


class Attempts(unittest.TestCase):
    def attempt(self, key, script, rng_seed=1000, seconds=5):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "pretended"
            program.write_text("#!/bin/bash\n" + script, encoding="utf-8")
            program.chmod(0o755)
            return detectors.attempt(BY_KEY[key], [program], None, rng_seed, seconds)

    def test_what_stopped_a_process_is_told_apart(self):
        for key, script, by in (
                ("tsan", "echo 'WARNING: ThreadSanitizer: data race'; exit 66", "tsan"),
                ("asan", "echo 'ERROR: AddressSanitizer: heap-use-after-free'; exit 1", "asan"),
                ("flag", "echo 'fatal error: concurrent map writes'; echo 'stopped in run 3'; exit 1", "flag"),
                ("tsan", "echo 'fatal error: concurrent map writes'; exit 1", "flag"),
                ("judge", "echo 'replay: x --generate 1 --rng-seed 1004'; exit 1", "judge"),
                ("judge", "echo 'crashed while judging'; exit 1", "crash"),
                ("judge", "echo 'no answer in time (--try-seconds): hung'; exit 1", "hang"),
                ("asan", "kill -SEGV $$", "crash"),
                ("sequential", "echo 'stopped in run 7'; exit 1", "found"),
                ("weak", "kill -SEGV $$", "crash"),
                ("flag", "echo 'held 12 runs'", "")):
            self.assertEqual(self.attempt(key, script)["by"], by, script)

    def test_executions_are_counted_in_runs_of_all_threads(self):
        self.assertEqual(self.attempt("flag", "echo 'held 12 runs'")["executions"], 12)
        self.assertEqual(self.attempt("sequential", "echo 'stopped in run 7'; exit 1")["executions"], 7)
        fails = "echo 'x --generate 1 --rng-seed 1004'; exit 1"
        self.assertEqual(self.attempt("judge", fails)["executions"], 5 * detectors.REPETITIONS)
        self.assertEqual(self.attempt("weak", fails)["executions"], 5 * (1 + detectors.SCHEDULES))
        held = "echo 'concurrent_stress on x: 30 of 30 programs held, 99 operations'"
        self.assertEqual(self.attempt("asan", held)["executions"], 30 * detectors.REPETITIONS)

    def test_a_process_that_goes_on_after_its_time_hangs(self):
        grace, detectors.GRACE_SECONDS = detectors.GRACE_SECONDS, 0.2
        try:
            self.assertEqual(self.attempt("tsan", "sleep 60", seconds=0.1)["by"], "hang")
        finally:
            detectors.GRACE_SECONDS = grace

    def test_wrong_use_ends_the_measurement(self):
        with self.assertRaises(SystemExit):
            self.attempt("flag", "echo 'no such misuse' >&2; exit 2")


def made_up(by, executions=100):
    return {"by": by, "seconds": 1.0, "executions": executions, "cpu_seconds": 1.0}


class Page(unittest.TestCase):
    def made_up_run(self, twin_by=""):
        by = {"flag": "", "judge": "", "tsan": "tsan", "asan": "hang", "sequential": "found", "weak": "found"}
        schedule_only = {**by, "tsan": "", "asan": ""}
        cells = lambda kinds: {key: [made_up(kind)] * 2 for key, kind in kinds.items()}  # noqa: E731
        twin = {key: [made_up(twin_by, 400 if key == "judge" else 100)] for key in by}
        return {"seconds": 1, "attempts": 2, "cpu_model": "a processor", "cores": 2, "load_before": 1, "load_after": 1,
                "defects": [{"name": "seen", "what": "a promise", "twin": "right", "cells": cells(by)},
                            {"name": "unseen", "what": "another", "twin": "right", "cells": cells(schedule_only)}],
                "misuses": [], "twins": {"right": twin}}

    def test_says_where_one_detector_is_as_good_and_what_only_one_notices(self):
        text = detectors.page(self.made_up_run())
        self.assertIn("in every attempt: `seen`.", text)
        self.assertIn("Only the scheduler notices: `unseen`.", text)
        self.assertIn("| 2/2: 1.00 s, 100 runs |", text)
        self.assertIn("– (hangs)", text)

    def test_slow_down_is_relative_to_the_plain_build(self):
        run = self.made_up_run()
        self.assertEqual(detectors.slow_downs(run, BY_KEY["tsan"]), [4.0])

    def test_a_report_about_a_right_twin_is_a_false_alarm(self):
        self.assertTrue(detectors.is_fine(self.made_up_run()))
        self.assertFalse(detectors.is_fine(self.made_up_run(twin_by="tsan")))


if __name__ == "__main__":
    unittest.main()
