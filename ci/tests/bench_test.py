"""The reports of lib/bench on kept runs: a part of a run, or a file of another kind, replaces no section of a page. And what a
loop finds while it is timed is kept."""

import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lib" / "bench"))

import family  # noqa: E402
import fuzzing  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
import schedules  # noqa: E402
from family_test import made_up  # noqa: E402

RESHARDING = [{"keys": 10000, "reads": 95, "by_writes": False, "before": [4e6] * 3, "during": [3e6] * 3, "after": [5e6] * 3,
               "seconds": [0.25] * 3, "moved": [0.33] * 3}]
FAMILY = {**made_up(), "resharding": RESHARDING}
FAMILY["rows"] = [{**made_up()["rows"][0], "threads": 2, "law": "uniform", "reads": reads} for reads in (100, 95, 50, 0)]

SCHEDULES = {
    "carrier": "fibers", "event_ns": 10.0, "switch_ns": 20.0, "searches": 3, "compiler": "a compiler",
    "engine": [{"what": "one program", "runs": 100, "seconds": 1.0, "operations": 6.0, "schedules": 100}]}


def hash_map_run(kinds=("find_hit", "worst_insert", "memory", "growth_after_reserve"), **context):
    figures = {"real_time": 1.0, "worst_ns": 9.0, "p999999_ns": 5.0, "raw_worst_ns_1": 9.0, "raw_worst_ns_2": 9.0,
               "raw_worst_ns_3": 9.0, "bytes_per_element": 20.0, "peak_bytes_per_element": 30.0, "bytes_per_survivor": 40.0,
               "events": 0.0}
    return {"context": {"date": "2000-01-01", "num_cpus": 2, **context},
            "benchmarks": [{"name": f"u64/1000/{kind}/{name}", **figures} for kind in kinds for name in ("gauntlet", "absl")]}


class Loop(unittest.TestCase):
    def test_a_finding_is_kept_and_named(self):
        def hunt(_binary, folder, *_seeds, **_options):
            artifact = Path(folder) / "crash-0123"
            artifact.write_bytes(b"a program")
            return fuzzing.engine.Outcome(status=77, executions=3, artifacts=[artifact])

        says = io.StringIO()
        with tempfile.TemporaryDirectory() as root, contextlib.redirect_stderr(says), \
                mock.patch.object(fuzzing.engine, "hunt", hunt), mock.patch.object(fuzzing, "ROOT", Path(root)):
            with self.assertRaises(SystemExit):
                fuzzing.loop_throughput(Path("judge_loop"), "hash_map_operations", 1)
            kept = "build/bench_fuzzing/findings/crash-0123"
            self.assertEqual((Path(root) / kept).read_bytes(), b"a program")
        self.assertIn(f"next: ci/reproduce --target hash_map_operations {kept}", says.getvalue())


class Readme(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.file = Path(self.scratch.name) / "run.json"
        self.kept = Path(self.scratch.name) / "kept.json"

    def tearDown(self):
        self.scratch.cleanup()

    def run_main(self, module, run, *words):
        """(exit status, what was printed, which sections were put into pages) of a report of a kept run."""
        self.file.write_text(json.dumps(run))
        out, written = io.StringIO(), []
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(out))
            stack.enter_context(mock.patch("signal.signal"))
            stack.enter_context(mock.patch.object(module, "update_readme", lambda section, *_: written.append(section)))
            for name in ("pyplot", "bars"):  # matplotlib need not be there
                stack.enter_context(mock.patch.object(plots, name))
            stack.enter_context(mock.patch.object(plots, "save", lambda _figure, name: Path(name)))
            stack.enter_context(mock.patch.object(sys, "argv", ["report", *words, "--from", str(self.file), "--readme",
                                                                "--json", str(self.kept)]))
            try:
                module.main()
                status = 0
            except SystemExit as end:
                status = end.code
        return status, out.getvalue(), written

    def refused(self, module, run, *words, says):
        status, out, written = self.run_main(module, run, *words)
        self.assertEqual((status, written), (2, []), out)
        self.assertEqual(len(out.strip().splitlines()), 1, out)
        self.assertIn(says, out)
        self.assertFalse(self.kept.exists())

    def test_of_family(self):
        status, out, written = self.run_main(family, FAMILY)
        self.assertEqual((status, len(written)), (0, 2), out)
        self.assertIn("(plots/family_95_reads.svg)", written[0])
        self.kept.unlink()
        for part in ("rows", "hits", "memory", "resharding"):
            with self.subTest(part):
                self.refused(family, {**FAMILY, part: []}, says=f"no {part}")
        alone = {key: value for key, value in FAMILY.items() if key not in ("rows", "hits", "memory")}
        self.refused(family, alone, says="has no rows, no hits, no memory")

    def test_of_schedules(self):
        self.refused(schedules, SCHEDULES, says="has no speed, no bugs, no correct, no litmus")

    def test_of_hash_map(self):
        status, out, written = self.run_main(report, hash_map_run(), "hash_map")
        self.assertEqual((status, len(written)), (0, 1), out)
        self.assertIn("(plots/hash_map_u64.svg)", written[0])
        self.kept.unlink()
        self.refused(report, hash_map_run(("find_hit",)), "hash_map", says="no worst_insert, no memory, no growth_after_reserve")
        self.refused(report, hash_map_run(("worst_insert", "memory", "growth_after_reserve")), "hash_map",
                     says="no rows beside a peer")
        self.refused(report, hash_map_run(filter="u64/1000"), "hash_map", says="no rows but those of the filter u64/1000")
        self.refused(report, {"benchmarks": [{"name": "of another kind", "real_time": 1.0}]}, "hash_map",
                     says="is no result of a benchmark run")


if __name__ == "__main__":
    unittest.main()
