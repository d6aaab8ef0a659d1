"""What ci/test counts in the logs of its steps: tests that passed and tests that failed."""

import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CTEST = """\
1/4 Test #1: good .............................   Passed    0.02 sec

{} tests passed, {} tests failed out of {}

Total Test time (real) =   0.06 sec

The following tests did not run:
\t  3 - skipped (Skipped)
\t  5 - disabled (Disabled)
"""


class Counts(unittest.TestCase):
    def count(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
            log.write(text)
            log.flush()
            done = subprocess.run(["bash", "-c", f'. "{ROOT}/ci/lib.sh"; count_tests "$0"', log.name], capture_output=True,
                                  text=True, check=True)
        return tuple(map(int, done.stdout.split()))

    def count_of(self, tests):
        """The count of what unittest really prints of such tests."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "some_test.py").write_text("import sys\nimport unittest\n\n\n" + textwrap.dedent(tests))
            done = subprocess.run([sys.executable, "-m", "unittest", "some_test"], capture_output=True, text=True, cwd=folder,
                                  check=False)
        return self.count(done.stdout + done.stderr)

    def test_of_ctest(self):
        self.assertEqual(self.count(CTEST.format("50%", 2, 4)), (1, 2))
        self.assertEqual(self.count(CTEST.format("100%", 0, 2)), (1, 0))
        self.assertEqual(self.count(CTEST.format("100%", 0, 1)), (0, 0))

    def test_of_a_step_that_counts_nothing(self):
        self.assertEqual(self.count("lints: nothing found\n"), ())

    def test_of_unittest(self):
        self.assertEqual(self.count("Ran 13 tests in 0.1s\n\nOK\n"), (13, 0))
        self.assertEqual(self.count("FAIL: a (t.A.a)\nERROR: b (t.A.b)\nRan 13 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n"),
                         (11, 2))

    def test_a_test_that_fails_in_many_subtests_is_one(self):
        self.assertEqual(self.count_of("""
            class Some(unittest.TestCase):
                def test_all(self):
                    for i in range(20):
                        with self.subTest(i=i):
                            self.assertEqual(i, -1)
                    self.fail()
                def test_good(self):
                    pass
            """), (1, 1))

    def test_a_class_that_cannot_be_set_up_has_failed(self):
        broken = """
            class {}(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    raise OSError
                def test_some(self):
                    pass
                def test_more(self):
                    pass
            """
        good = """
            class Good(unittest.TestCase):
                def test_good(self):
                    pass
            """
        self.assertEqual(self.count_of(textwrap.dedent(broken.format("A")) + textwrap.dedent(broken.format("B")) +
                                       textwrap.dedent(good)), (1, 2))
        self.assertEqual(self.count_of(broken.format("A")), (0, 1))

    def test_skipped_tests_are_neither(self):
        self.assertEqual(self.count_of("""
            class Some(unittest.TestCase):
                @unittest.skip("why")
                def test_skipped(self):
                    pass
                def test_good(self):
                    pass
                @unittest.expectedFailure
                def test_expected(self):
                    self.fail()
                @unittest.expectedFailure
                def test_unexpected(self):
                    pass
                def test_bad(self):
                    self.fail()
            """), (2, 2))

    def test_what_a_failing_test_prints_is_no_other_failure(self):
        self.assertEqual(self.count_of("""
            class Some(unittest.TestCase):
                def test_bad(self):
                    self.fail("of another:\\nFAIL: test_x (other.A.test_x)\\nERROR: test_y (other.A.test_y)\\n")
                def test_good(self):
                    pass
            """), (1, 1))

    def test_no_call_of_ctest_takes_nothing_for_success(self):
        """The presets say that there must be tests; who names none has to say it."""
        calls = [line for script in (ROOT / "ci").iterdir() if script.is_file()
                 for line in script.read_text().splitlines() if line.lstrip().startswith("ctest ")]
        self.assertTrue(calls)
        for line in calls:
            self.assertRegex(line, "--preset|--no-tests=error")


if __name__ == "__main__":
    unittest.main()
