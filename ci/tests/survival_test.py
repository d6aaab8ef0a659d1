"""The statistics of lib/bench/survival.py against values from the literature and against counting by hand."""

import random
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lib" / "bench"))

import survival  # noqa: E402

# Freireich et al., 1963: weeks of remission of 21 patients under 6-mercaptopurine, and of 21 under a placebo.
TREATED = [(t, True) for t in (6, 6, 6, 7, 10, 13, 16, 22, 23)] + \
          [(t, False) for t in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]
PLACEBO = [(t, True) for t in (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)]


class Survival(unittest.TestCase):
    def test_published_estimates_come_out(self):
        published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
        self.assertEqual({at: round(left, 3) for at, left in survival.curve(TREATED)}, published)
        self.assertEqual(survival.median(TREATED), 23)
        self.assertEqual(survival.median(PLACEBO), 8)

    def test_where_all_find_it_is_the_share_that_is_left(self):
        hunts = [(at, True) for at in (5, 1, 4, 2)]
        for (at, left), (wanted_at, wanted) in zip(survival.curve(hunts), [(1, .75), (2, .5), (4, .25), (5, 0)]):
            self.assertEqual(at, wanted_at)
            self.assertAlmostEqual(left, wanted)
        self.assertEqual(survival.median(hunts), 2)

    def test_a_median_that_the_hunts_do_not_tell_is_none(self):
        self.assertIsNone(survival.median([]))
        self.assertIsNone(survival.median([(9, False)] * 3))
        self.assertIsNone(survival.median([(1, True), (9, False), (9, False)]))
        self.assertEqual(survival.median([(1, True), (9, False)]), 1)
        self.assertEqual(survival.median([(1, True), (2, False), (3, True)]), 3)  # the second may have taken longer than 3
        for count in range(2, 40, 2):
            hunts = [(at, True) for at in range(1, count + 1)]
            self.assertEqual(survival.median(hunts), count // 2)

    def test_a12_counts_pairs(self):
        def found(*ends):
            return [(end, True) for end in ends]
        self.assertEqual(survival.a12(found(1, 2), found(3, 4)), 1)
        self.assertEqual(survival.a12(found(3, 4), found(1, 2)), 0)
        self.assertEqual(survival.a12(found(1, 2), found(1, 2)), 0.5)
        self.assertEqual(survival.a12(found(1, 3), found(2, 3)), (1 + 1 + 0 + 0.5) / 4)

    def test_a12_of_hunts_that_found_nothing(self):
        self.assertEqual(survival.a12([(5, True)], [(9, False)]), 1)     # would have taken longer than 9
        self.assertEqual(survival.a12([(5, True)], [(5, False)]), 1)     # ... than 5
        self.assertEqual(survival.a12([(5, True)], [(3, False)]), 0.5)   # nobody knows
        self.assertEqual(survival.a12([(9, False)], [(9, False)]), 0.5)
        self.assertEqual(survival.a12([(9, False)], [(5, True)]), 0)

    def test_a12_of_the_two_sides_adds_up_to_one(self):
        rng = random.Random(1)
        for _ in range(200):
            ours, theirs = ([(rng.randint(1, 6), rng.random() < 0.7) for _ in range(rng.randint(1, 8))] for _ in range(2))
            self.assertAlmostEqual(survival.a12(ours, theirs) + survival.a12(theirs, ours), 1)


if __name__ == "__main__":
    unittest.main()
