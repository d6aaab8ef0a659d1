"""lib/bench/family.py on a made-up run: which bars it calls met, and what it says of peers that were not there."""

import io
import sys
import tempfile
import unittest
from contextlib import redirect_stderr
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lib" / "bench"))

import family  # noqa: E402

OURS = ["shared_mutex_map", "sharded_map", "sync_map", "snapshot_map", "rcu_map", "concurrent_map"]
PEERS = ["mutex", "shared_mutex", "tbb", "libcuckoo"]


def made_up(**speeds):
    """A run in which every map makes 10 million operations a second in each row, but for those that are named."""
    def entry(name):
        median = 1e6 * speeds.get(name, 10)
        return {"operations_per_second": [0.5 * median, median, 4 * median], "disturbed": 1}

    everybody = OURS + PEERS
    return {
        "date": "2000-01-01", "processors": 2, "compiler": "a compiler", "rounds": 3, "crowd_rounds": 3, "wall_clock_ns": 20.0,
        "load_before": 0.0, "load_after": 0.0,
        "contestants": [{"name": name, "is_peer": name in PEERS} for name in everybody],
        "rows": [{"threads": threads, "keys": 10000, "law": "zipf", "reads": reads,
                  "maps": {name: entry(name) for name in everybody}} for threads in (1, 2, 32) for reads in (100, 95, 0)],
        "hits": [{"map": name, "operation": operation, **entry(name), "p50_ns": [10.0, 30.0, 90.0], "p99_ns": [50.0] * 3}
                 for name in everybody for operation in ("read", "write")],
        "memory": [{"map": name, "bytes_per_element": 30.0, "bytes_per_survivor": 60.0} for name in everybody]}


class Report(unittest.TestCase):
    def bars(self, **speeds):
        return [met for met, _ in family.bar_lines(family.compare(made_up(**speeds)))]

    def test_the_best_peer_is_the_one_with_the_largest_median(self):
        for record in family.compare(made_up(tbb=11, libcuckoo=10.5)):
            self.assertEqual(record["best"], "tbb")

    def test_each_bar_is_judged_by_itself(self):
        self.assertEqual(self.bars(), [False, True, True, True, False, True])
        self.assertEqual(self.bars(concurrent_map=15, snapshot_map=30), [True, True, False, False, True, True])
        self.assertEqual(self.bars(concurrent_map=15, sync_map=12, rcu_map=11.4, mutex=10.1),
                         [False, True, True, False, False, False])

    def test_a_missed_bar_names_the_worst_row(self):
        met, words = family.bar_lines(family.compare(made_up(concurrent_map=14)))[0]
        self.assertFalse(met)
        self.assertIn("0 of 6 rows; at worst 1.40 (1 x 10^4 zipf 100 %)", words)

    def test_the_report_has_every_map_and_says_who_was_left_out(self):
        for markdown in (False, True):
            text = family.report(made_up(), markdown)
            for name in OURS + PEERS:
                self.assertIn(name, text)
            self.assertIn("Left out, as their packages were not there: lfht (liburcu-dev).", text)

    def test_the_clock_is_taken_off_latencies(self):
        _, table, _ = family.hits_table(made_up())
        self.assertEqual(table.rows[0][2:4], ["10", "30"])

    def test_a_resharding_is_reported_with_the_rest_and_alone(self):
        rounds = {"before": [4e6] * 3, "during": [3e6] * 3, "after": [5e6] * 3, "seconds": [0.25] * 3, "moved": [0.33] * 3}
        part = [{"keys": 10000, "reads": 95, "by_writes": by_writes, **rounds} for by_writes in (False, True)]
        alone = {key: value for key, value in made_up().items() if key not in ("rows", "hits", "memory")}
        for run in ({**made_up(), "resharding": part}, {**alone, "resharding": part}):
            text = family.report(run, False)
            for words in ("a third thread", "writes", "4.00", "3.00", "5.00", "250.0 ms", "33.0 %"):
                self.assertIn(words, text)

    def test_curves_are_reported_by_the_most_threads_and_over_one(self):
        run = {key: value for key, value in made_up().items() if key not in ("rows", "hits", "memory")}
        speeds = {1: {"concurrent_map": 20}, 2: {"concurrent_map": 30, "tbb": 15}, 4: {"concurrent_map": 90, "tbb": 30}}
        run["curves"] = [{**row, "threads": threads} for threads, faster in speeds.items()
                         for row in made_up(**faster)["rows"] if row["threads"] == 1]
        text = family.report(run, False)
        self.assertIn("Million operations a second of 4 threads", text)
        self.assertIn("concurrent_map 3. ", text)  # ahead in all three rows
        self.assertIn("by least: 2.00 with 1, 2.00 with 2, 3.00 with 4 (bar 1.5)", text)
        table = family.threads_tables(run)[1][1]
        self.assertEqual(table.rows[0][3 + OURS.index("concurrent_map")], "4.50")

    def test_a_file_of_another_kind_is_refused(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write('{"benchmarks": []}')
            file.flush()
            with self.assertRaises(SystemExit) as stopped, redirect_stderr(io.StringIO()):
                family.load(file.name)
            self.assertEqual(stopped.exception.code, 2)


if __name__ == "__main__":
    unittest.main()
