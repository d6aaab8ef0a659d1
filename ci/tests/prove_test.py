"""ci/hunt/prove.py: which defects are hunted, and what counts as caught."""

import unittest
from pathlib import Path

from workbench import FAILS, HOLDS, REPLAY, Workbench

# workbench has said where these lie.
import engine
import prove

SPINS = "#!/bin/bash\nwhile :; do :; done\n"


class Prove(Workbench):
    def setUp(self):
        super().setUp()
        self.binary("target_a_replay", REPLAY)
        self.binary("target_b_replay", REPLAY)
        self.binary("target_a_prove", FAILS)
        self.binary("target_b_prove", FAILS)

    def test_every_defect_caught(self):
        status, out = self.run_main(prove)
        self.assertEqual(status, 0, out)
        self.assertIn("3 caught", out)

    def test_one_missed(self):
        self.binary("target_b_prove", HOLDS)
        status, out = self.run_main(prove, "--runs", "3")
        self.assertEqual(status, 1)
        self.assertIn("other from seed: missed", out)

    def test_a_failure_that_stays_large_is_not_enough(self):
        self.binary("target_b_replay", REPLAY.replace("clear 0\\n", "clear 0\\n" * 9))
        status, out = self.run_main(prove)
        self.assertEqual(status, 1)
        self.assertIn("reduced to 9 operations", out)

    def test_the_defect_is_what_the_binary_is_asked_to_judge(self):
        self.binary("target_b_prove", FAILS.replace("#!/bin/bash\n", "#!/bin/bash\n[ $GAUNTLET_SUBJECT = other ] || exit 0\n"))
        self.assertEqual(self.run_main(prove, "target_b")[0], 0)

    def test_one_each_and_by_name(self):
        self.assertIn("2 caught", self.run_main(prove, "--one-each")[1])
        self.assertIn("1 caught", self.run_main(prove, "--defect", "slow")[1])
        status, out = self.run_main(prove, "--defect", "nosuch")
        self.assertEqual(status, 2)
        self.assertIn("unknown defect nosuch", out)

    def test_a_target_that_is_not_built_is_told_and_not_hunted(self):
        Path("bin/target_b_prove").unlink()
        Path("bin/target_b_replay").unlink()
        status, out = self.run_main(prove)
        self.assertEqual(status, 0, out)
        self.assertIn("target_b is not built here: 1 defects are not hunted", out)
        self.assertIn("2 caught", out)
        for named in (("target_b",), ("--defect", "other")):
            status, out = self.run_main(prove, *named)
            self.assertEqual(status, 2)
            self.assertRegex(out, "no (replay )?binary of target_b")

    def test_each_target_is_asked_for_its_own_defects(self):
        stale = "printf 'old\\ttarget_a\\twas there\\t60\\t8\\ngone\\ttarget_b\\twas there\\t60\\t8\\n'"
        self.binary("target_a_replay", f"#!/bin/bash\n[ $1 != --list-defects ] || {stale}\n")
        status, out = self.run_main(prove, "target_b")
        self.assertEqual(status, 0, out)
        self.assertIn("1 caught", out)
        self.assertEqual(self.run_main(prove, "target_b", "--defect", "other")[0], 0)
        self.assertIn("unknown defect gone", self.run_main(prove, "--defect", "gone")[1])
        status, out = self.run_main(prove, "--built", "target_b", "--defect", "other")
        self.assertEqual(status, 0, out)

    def test_all_that_are_built_are_merged(self):
        self.binary("target_a_replay", REPLAY.replace("other\\ttarget_b\\tcopies\\t60\\t8\\n", ""))
        self.binary("target_b_replay", "#!/bin/bash\n" + "exit 0\n")
        self.assertIn("2 caught", self.run_main(prove)[1])
        self.binary("target_b_replay", REPLAY)
        self.assertIn("3 caught", self.run_main(prove)[1])

    def test_a_binary_that_cannot_list_is_told(self):
        self.binary("target_b_replay", "#!/bin/bash\necho 'cannot start' >&2\nexit 3\n")
        status, out = self.run_main(prove)
        self.assertEqual(status, 2)
        self.assertIn("--list-defects ended with 3: cannot start", out)

    def test_a_proof_starts_from_seeds_and_never_from_what_was_found(self):
        for name in ("seed", "found", "regression"):
            folder = Path("corpus/target_b") / name
            folder.mkdir(parents=True)
            (folder / "a.ops").write_text("gauntlet 1\n")
        self.binary("target_b_prove", FAILS.replace("#!/bin/bash\n", '#!/bin/bash\nprintf "%s\\n" "$@" >arguments\n'))
        self.assertEqual(self.run_main(prove, "target_b")[0], 0)
        arguments = Path("arguments").read_text().split()
        self.assertIn("corpus/target_b/seed", arguments)
        self.assertNotIn("corpus/target_b/found", arguments)
        self.assertNotIn("corpus/target_b/regression", arguments)
        self.run_main(prove, "target_b", "--empty-corpus")
        self.assertNotIn("corpus/target_b/seed", Path("arguments").read_text().split())

    def test_the_budget_is_cpu_time(self):
        self.binary("spins", SPINS)
        outcome = engine.hunt("bin/spins", "hunt/spins", [], cpu_seconds=1)
        self.assertTrue(outcome.out_of_budget)
        self.assertLess(outcome.cpu_seconds, 3)

    def files(self, *words):
        status, out = self.run_main(prove, "--print-files", *words)
        self.assertEqual(status, 0, out)
        return out.strip()

    def test_only_what_is_hunted_is_compiled(self):
        self.assertEqual(self.files(), "")
        self.assertEqual(self.files("hash_map_operations"), "")
        self.assertEqual(self.files("--defect", "lost_update", "--defect", "at_inserts"), "at_inserts|lost_update")
        every_target = {defect.target for defect in prove.index_of_defects()}
        self.assertEqual(len(self.files("--one-each").split("|")), len(every_target))
        self.assertEqual(self.files("--one-each", "hash_map_iteration"), "cursor_keeps_what_it_showed")
        self.assertEqual(self.run_main(prove, "--print-files", "--defect", "nosuch")[0], 2)

    def test_the_index_names_every_file_of_a_defect(self):
        there = {path.stem for path in prove.INDEX.parent.glob("*.cpp") if not path.stem.endswith("_test")}
        self.assertEqual({defect.name for defect in prove.index_of_defects()}, there)

    def test_defects_are_read(self):
        defect = prove.parse_defects("a\tt\tkeeps all elements\t60\t5\n")[0]
        self.assertEqual((defect.promise, defect.budget, defect.operations_max), ("keeps all elements", 60, 5))


if __name__ == "__main__":
    unittest.main()
