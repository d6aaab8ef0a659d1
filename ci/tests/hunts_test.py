"""lib/bench/hunts.py and what it runs: which bars a made-up comparison meets, and that a hunt leaves no process behind."""

import contextlib
import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lib" / "bench"))

import fuzzing  # noqa: E402
import hunts  # noqa: E402
import plots  # noqa: E402
import shares  # noqa: E402

REAPER = ROOT / "lib" / "bench" / "fuzzing" / "reaper.py"


def made_up(**ways):
    """A comparison on one defect: each way's executions, negative ones of hunts that found nothing."""
    runs = [{"defect": "stale_size", "target": "hash_map_operations", "way": way, "rng_seed": seed, "found": executions > 0,
             "executions": abs(executions), "operations": 10 * abs(executions), "cpu_seconds": abs(executions) / 1000}
            for way, all_executions in ways.items() for seed, executions in enumerate(all_executions, 1)]
    return {"ways": list(ways), "budget": {"executions": 1000, "cpu_seconds": 10}, "seeds": 2, "jobs": 1, "runs": runs,
            "afl": "1.0" if "afl" in ways else None, "quick": False}


def row(**ways):
    return hunts.compare(made_up(**ways))[0]


class Comparison(unittest.TestCase):
    def test_the_best_alternative_is_the_one_with_the_smallest_median(self):
        found = row(mutator=[5, 5], bytes=[40, 40], afl=[20, 30], rapidcheck=[-1, -1])
        self.assertEqual(hunts.best_alternative(found, "executions"), ("afl", 20))
        self.assertEqual(hunts.ratio(found, "executions"), (0.25, False))
        self.assertTrue(hunts.is_met(found))
        self.assertFalse(hunts.is_met(row(mutator=[11, 11], bytes=[20, 20])))

    def test_where_no_alternative_finds_the_ratio_is_a_bound(self):
        found = row(mutator=[5, 5], bytes=[-100, -100], afl=[-50, -50])
        self.assertEqual(hunts.best_alternative(found, "executions"), (None, None))
        self.assertEqual(hunts.ratio(found, "executions"), (0.1, True))
        self.assertTrue(hunts.is_met(found))

    def test_what_ours_does_not_find_is_missed(self):
        found = row(mutator=[-5, -5], bytes=[-100, -100])
        self.assertEqual(hunts.ratio(found, "executions"), (None, False))
        self.assertFalse(hunts.is_met(found))

    def test_the_report_says_how_many_found(self):
        text = hunts.report(made_up(mutator=[5, 5], bytes=[40, -100]), False)
        self.assertIn("40 (1/2)", text)
        self.assertIn("2 of 2", text)
        self.assertIn("MISSED", hunts.report(made_up(mutator=[30, 30], bytes=[40, 40]), False))
        self.assertIn("At most half the executions of the best alternative: 1 of 1", text)
        hunts.report(made_up(bytes=[40, 40]), True)  # without ours, or with ours alone, there is just no ratio
        hunts.report(made_up(mutator=[40, 40]), True)


class Report(unittest.TestCase):
    def run_main(self, run, *words):
        out, written = io.StringIO(), []
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            file = Path(folder) / "run.json"
            file.write_text(json.dumps(run))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(out))
            stack.enter_context(mock.patch("signal.signal"))
            stack.enter_context(mock.patch.object(fuzzing, "update_readme", lambda section, *_: written.append(section)))
            for name in ("pyplot", "finds"):  # matplotlib need not be there
                stack.enter_context(mock.patch.object(plots, name))
            stack.enter_context(mock.patch.object(plots, "save", lambda _figure, name: Path(name)))
            stack.enter_context(mock.patch.object(sys, "argv", ["fuzzing", "--from", str(file), *words]))
            try:
                fuzzing.main()
                status = 0
            except SystemExit as end:
                status = end.code
        return status, out.getvalue(), written

    def test_of_a_kept_run(self):
        about = {"date": "2000-01-01", "cpu_model": "a machine", "processors": 2, "compiler": "a compiler"}
        defects = made_up(mutator=[5, 5], bytes=[40, 40], provider=[40, 40], rapidcheck=[30, 30], afl=[50, 50])
        status, out, written = self.run_main({**about, "defects": defects}, "--readme")
        self.assertEqual((status, len(written)), (0, 1), out)
        self.assertIn("plots/fuzzing_defects.svg", written[0])
        self.assertIn("AFL++ 1.0", written[0])
        loop = {"seconds": 5, "executions": 10, "operations": 100, "cpu_seconds": 5.0, "per_second": 20.0,
                "executions_per_second": 2.0, "shares": None}
        judged = {"inputs": 1, "operations": 100, "judged_per_second": 3e6, "bare_per_second": 9e6, "ratio": 2.2, "ratios": [2.1, 2.3]}
        builds = {name: {"corpus": judged, "regression": judged} for name in fuzzing.BUILDS}
        builds["counters"]["loop"] = loop
        files = {"inputs": 10_000, "bytes": 5_000_000, "operations": 9_000_000, "start": 0.1, "load": 9.0, "merge": 11.0, "rest": 2.0,
                 "kept": 900, "features": 50_000, "lost": 0}
        throughput = {"quick": False, "builds": builds, "loops": {target: loop for target in hunts.TARGETS},
                      "corpora": {"sanitizers": files, "counters": files}}
        status, out, _ = self.run_main({**about, "throughput": throughput})
        self.assertEqual(status, 0, out)
        self.assertIn("needs perf", out)
        self.assertRegex(out, r"ASan, UBSan, counters +judged, seeds and found +3,000,000 .*2,000,000 +met")
        self.assertRegex(out, r"counters alone +judged, seeds and found +3,000,000 .*5,000,000 +MISSED")
        self.assertRegex(out, r"load +9.00 +9.00 +10 +met")
        self.assertRegex(out, r"pass one, by the engine +11.00 +11.00 +10 +MISSED")
        status, out, written = self.run_main({**about, "throughput": throughput}, "--readme")
        self.assertEqual((status, len(written)), (0, 1), out)
        self.assertIn("### A corpus of 10,000 inputs", written[0])
        loop["shares"] = {part: 0.1 for part in shares.PARTS}
        status, out, written = self.run_main({**about, "throughput": throughput, "defects": defects})
        self.assertEqual((status, written), (0, []), out)
        self.assertRegex(out, r"decode +10 % +10 % +10 %")
        for part in ({"defects": {**defects, "quick": True}}, {"defects": {"ways": []}}, {"throughput": {**throughput, "quick": True}}, {}):
            with self.subTest(part):
                status, out, written = self.run_main({**about, **part}, "--readme")
                self.assertEqual((status, written), (2, []), out)
                self.assertEqual(len(out.strip().splitlines()), 1, out)


class Reaper(unittest.TestCase):
    def reap(self, budget, script):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.json"
            subprocess.run([sys.executable, str(REAPER), str(budget), str(out), "bash", "-c", script], check=True, timeout=60)
            return json.loads(out.read_text())

    def test_what_a_command_leaves_behind_is_ended_and_counted(self):
        with tempfile.TemporaryDirectory() as folder:
            mark = Path(folder) / "pid"
            busy = "for ((i = 0; i < 100000; i++)); do :; done"
            run = self.reap(60, f"setsid bash -c '{busy}; echo $$ > {mark}.new; mv {mark}.new {mark}; sleep 1000' & "
                                f"until [ -e {mark} ]; do sleep 0.02; done; exit 3")
            self.assertEqual(run["status"], 3)
            self.assertGreater(run["cpu_seconds"], 0.02)
            self.assertFalse(Path(f"/proc/{mark.read_text().strip()}").exists())

    def test_a_budget_is_for_all_processes_together(self):
        run = self.reap(0.3, "setsid bash -c 'while :; do :; done' & while :; do :; done")
        self.assertEqual(run["status"], -9)
        self.assertGreaterEqual(run["cpu_seconds"], 0.2)


if __name__ == "__main__":
    unittest.main()
