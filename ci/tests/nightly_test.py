"""ci/hunt/nightly.py: schedules add up over the nights, and the summary says what to type."""

import json
import subprocess
import unittest
from pathlib import Path

from workbench import ROOT, Workbench

# workbench has said where these lie.
import nightly

class Schedules(Workbench):
    """Clean schedules of each map, over the nights."""

    def schedules(self, verdict, commit, seed=1):
        """A night's rows; second_map has the verdict."""
        targets = [{"map": "first_map", "verdict": "held", "executions": 1, "schedules": 10},
                   {"map": "second_map", "verdict": verdict, "executions": 1, "schedules": 20},
                   {"map": None, "verdict": "sang", "executions": 1, "schedules": 0}]
        return nightly.add_schedules(Path("schedules.json"), [{"lane": "schedules", "status": 0, "targets": targets}], commit, seed)

    def test_clean_schedules_add_up_over_the_nights(self):
        self.assertEqual(self.schedules("held", "a"), [("first_map", 10, 10), ("second_map", 20, 20)])
        self.assertEqual(self.schedules("DID NOT RUN", "b"), [("first_map", 10, 20)])
        self.assertEqual(self.schedules("held", "c"), [("first_map", 10, 30), ("second_map", 20, 40)])

    def test_a_night_that_is_run_again_counts_once(self):
        self.schedules("held", "a")
        self.assertEqual(self.schedules("held", "a")[0], ("first_map", 10, 10))
        self.assertEqual(self.schedules("held", "a", seed=2)[0], ("first_map", 10, 20))
        self.assertEqual(self.schedules("held", "b")[0], ("first_map", 10, 30))
        self.assertEqual(len(json.loads(Path("schedules.json").read_text())), 3)

    def test_a_finding_begins_the_sum_of_its_map_again(self):
        self.schedules("held", "a")
        self.assertEqual(self.schedules("FOUND", "b"), [("first_map", 10, 20)])
        self.assertEqual(self.schedules("held", "c"), [("first_map", 10, 30), ("second_map", 20, 20)])

    def test_nights_kept_without_seeds_and_findings_count(self):
        Path("schedules.json").write_text(json.dumps([{"date": "2000-01-01", "commit": "a", "maps": {"first_map": 7}}]))
        self.assertEqual(self.schedules("held", "a")[0], ("first_map", 10, 17))

    def test_the_nightly_job_goes_on_from_the_schedules_of_the_nights_before(self):
        job = (ROOT / ".github/workflows/nightly.yml").read_text()
        before, run, after = job.partition("- run: ci/nightly ")
        self.assertIn("--out build/nightly\n", run + after.splitlines()[0] + "\n")
        for steps, action in ((before, "restore"), (after, "save")):
            self.assertRegex(steps, rf"uses: actions/cache/{action}@v4\n(?:.*\n)*?\s+path: build/nightly/schedules.json\n")
        self.assertRegex(after, r"uses: actions/cache/save@v4\n\s+if: always\(\)")  # a night that found something counts


class Night(unittest.TestCase):
    def test_the_help_says_how_many_hunts_there_are_and_how_long_they_take(self):
        targets = [path for path in (ROOT / "fuzz").glob("*.cpp") if path.stem != "canary"]
        scheduled = sum(".scheduled = true" in path.read_text() for path in targets)
        maps = sum("make_concurrent_subject" in path.read_text()
                   for path in (ROOT / "lib/gauntlet/adapters/subjects").glob("*.cpp"))
        lanes = [len(targets), len(targets) - scheduled, maps]
        rounds = sum((hunts + 1) // 2 for hunts in lanes)
        help_text = subprocess.run([ROOT / "ci/nightly", "--help"], capture_output=True, text=True, check=True).stdout
        self.assertIn("There are {} targets in the address lane, {} in the thread\nlane and {} maps in".format(*lanes), help_text)
        self.assertIn(f"these {sum(lanes)} hunts take two hours\n({rounds} rounds of two)", help_text)
        self.assertEqual(rounds * 10, 2 * 60)

    def test_the_summary_says_how_to_replay_a_finding_of_one_map(self):
        row = {"target": "target_a", "verdict": "FOUND", "executions": 1, "executions_per_second": 1,
               "operations_per_second": 1, "schedules": 7000, "coverage": 1, "corpus_grown": 0, "findings": [{"file": "a.ops"}]}
        lanes = [{"lane": "schedules", "status": 1, "targets": [{**row, "map": "first_map"}, {**row, "map": None}]}]
        page = nightly.summary(lanes, None, [], [], 1, 1, 2)
        self.assertIn("`GAUNTLET_SUBJECT=first_map ci/reproduce --target target_a a.ops`", page)
        self.assertIn("| `ci/reproduce --target target_a a.ops`", page)
        self.assertIn("| 7,000 |", page)

    def test_the_summary_names_a_lane_without_results(self):
        page = nightly.summary([{"lane": "thread", "status": 2, "targets": []}], None, [], [], 1, 1, 2)
        self.assertIn("The thread lane gave no results", page)


if __name__ == "__main__":
    unittest.main()
