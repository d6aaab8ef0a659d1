"""The model of contention of ci/bench scaling, where its answers can be worked out by hand."""

import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "lib" / "bench"))
import scaling  # noqa: E402

READ_NS, WRITE_NS, JOURNEY_NS = 10.0, 20.0, 50.0


def speed(map_name, threads, reads, *, keys=1000, locks=1000, law="uniform", part=1.0):
    """Operations a nanosecond."""
    what = {"map": map_name, "keys": keys, "locks": locks, "read_ns": READ_NS, "write_ns": WRITE_NS, "journey_ns": JOURNEY_NS}
    return scaling.model(what, threads, law, reads, part) / 1e9


class Model(unittest.TestCase):
    def test_one_thread_is_what_was_measured(self):
        for name in ("concurrent_map", "sharded_map"):
            self.assertAlmostEqual(speed(name, 1, 100), 1 / READ_NS, delta=0.01 / READ_NS)
            self.assertAlmostEqual(speed(name, 1, 0), 1 / WRITE_NS, delta=0.01 / WRITE_NS)

    def test_readers_that_write_nothing_do_not_disturb_each_other(self):
        for threads in (2, 16, 256):
            self.assertAlmostEqual(speed("concurrent_map", threads, 100), threads / READ_NS, delta=0.02 * threads / READ_NS)

    def test_one_lock_serves_one_after_another_however_many_ask(self):
        for threads in (4, 64):
            one = speed("sharded_map", threads, 0, locks=1)
            self.assertAlmostEqual(one, 1 / (JOURNEY_NS + WRITE_NS), delta=0.03 * one)

    def test_more_shards_than_threads_scale_and_pay_for_journeys(self):
        few, many = (speed("sharded_map", threads, 0, locks=100_000, keys=100_000) for threads in (2, 32))
        self.assertGreater(many, 12 * few)
        self.assertLess(few, 2 / WRITE_NS)

    def test_frequent_keys_bound_the_speed_of_writers_and_not_of_readers(self):
        self.assertLess(speed("concurrent_map", 256, 0, law="zipf"), 0.2 * speed("concurrent_map", 256, 0))
        self.assertGreater(speed("concurrent_map", 256, 100, law="zipf"), 0.9 * speed("concurrent_map", 256, 100))

    def test_the_part_that_is_fitted_gives_what_was_measured(self):
        what = {"map": "sharded_map", "keys": 1000, "locks": 64, "read_ns": READ_NS, "write_ns": WRITE_NS,
                "journey_ns": JOURNEY_NS}
        aim = scaling.model(what, 2, *scaling.FITTED_MIX, 0.4)
        self.assertAlmostEqual(scaling.fitted_part(what, aim), 0.4, delta=0.05)

    def test_the_table_tells_whose_processors_were_measured_and_how_far_off_the_model_is(self):
        speeds = [{"map": name, "law": law, "keys": 10000, "reads": reads, "threads": threads,
                   "operations_per_second": threads * 1e9 / (READ_NS if reads == 100 else WRITE_NS)}
                  for name in ("concurrent_map", "sharded_map") for law, reads in scaling.MIXES for threads in (1, 2, 4)]
        run = {"contention": {"locks": {"concurrent_map": 1600, "sharded_map": 256}, "journey_ns": JOURNEY_NS, "processors": 4,
                              "cpu_model": "Four of a Kind", "date": "2000-01-01", "speeds": speeds}}
        _, table, line = scaling.contention_table(run, *scaling.contention(run))
        self.assertIn("on Four of a Kind with 4 processors", line)
        self.assertIn("with 2 threads", line)
        self.assertIn("with 4 threads", line)
        self.assertEqual(table.rows[0][:6], ["concurrent_map", "uniform", "100 %", "100", "200", "400"])


if __name__ == "__main__":
    unittest.main()
