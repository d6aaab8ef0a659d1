"""lib/bench/mutants.py: which changes it makes to a source, and all of it on a map of one function with a judge of one line."""

import argparse
import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lib" / "bench"))

import mutants  # noqa: E402

HEADER = """\
inline int largest(int a, int b) {
  if (a < b) return b;
  return a;
}
template <class T>
T never_asked(T a) {
  return a + 1;
}
inline const char* place() { return __FILE__; }
"""
MAP = '#include "toy.h"\nint largest_of(int a, int b) { return largest(a, b); }\nconst char* place_of() { return place(); }\n'
JUDGE = """\
#include <cstdio>
#include <cstdlib>
int largest_of(int, int);
int main() {
  if (std::getenv("GAUNTLET_SUBJECT") == nullptr) return 2;
  if (largest_of(1, 2) == 2) return 0;
  std::puts("== gauntlet: wrong_result ====");
  return 1;
}
"""
BUILD = """\
rule compile
  command = clang++-19 -MD -MF $out.d -o $out -c $in
  deps = gcc
  depfile = $out.d
rule link
  command = clang++-19 $in -o $out
build subjects/toy.cpp.o: compile subjects/toy.cpp
build main.cpp.o: compile main.cpp
build bin/toy_replay: link subjects/toy.cpp.o main.cpp.o
"""


def changes(text):
    return [(number, becomes.strip(), kind) for number, becomes, kind in mutants.mutants_of(text)]


class Changes(unittest.TestCase):
    def test_each_operator_is_one(self):
        self.assertEqual(changes("  x = a < b && c + 1;\n"), [
            (1, "x = a <= b && c + 1;", "relational operator"), (1, "x = a < b && c - 1;", "arithmetic operator"),
            (1, "x = a < b && c;", "off by one"), (1, "x = a < b || c + 1;", "logical operator"),
            (1, ";", "statement left out")])

    def test_a_condition_is_true_and_false_and_a_loop_ends(self):
        self.assertEqual(changes("} else if (full(n)) {\n"), [
            (1, "} else if (((void)(full(n)), true)) {", "condition true"),
            (1, "} else if (((void)(full(n)), false)) {", "condition false")])
        self.assertEqual(changes("while (full(n)) {\n"), [(1, "while (((void)(full(n)), false)) {", "condition false")])

    def test_orders_are_weakened(self):
        for was, becomes in (("return word.load(std::memory_order_acquire);", "return word.load(std::memory_order_relaxed);"),
                             ("return word.load(std::memory_order_seq_cst);", "return word.load(std::memory_order_acquire);"),
                             ("return word.exchange(0, std::memory_order_seq_cst);",
                              "return word.exchange(0, std::memory_order_release);"),
                             ("return word.exchange(0, acq_rel);", "return word.exchange(0, relaxed);")):
            self.assertEqual(changes(was + "\n"), [(1, becomes, "memory order")])

    def test_what_is_no_code_stays(self):
        for line in ("// a < b", "/* a < b */ ", " * a < b", "#if A == 1", "static_assert(a == b);", "assert(a == b);",
                     "BOOST_ASSERT(a == b);", "if constexpr (a == b) {", "map(const map&) = delete;", 'throw error("a < b");',
                     "return value;", "int n = size(a);", "std::size_t n(a);", "/* of several\n a < b; lines */"):
            self.assertEqual(changes(line + "\n"), [], line)


class Measurement(unittest.TestCase):
    def measured(self, says, rng_seed=1, header="/toy\\.h"):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {"toy.h": HEADER, "subjects/toy.cpp": MAP, "main.cpp": JUDGE, "build.ninja": BUILD}.items():
                path = Path(folder) / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(text.replace('"toy.h"', f'"{folder}/toy.h"'), encoding="utf-8")
            subprocess.run(["ninja", "-C", folder], capture_output=True, check=True)
            with contextlib.redirect_stderr(says):
                return mutants.measure(argparse.Namespace(build=folder, replay="toy_replay", map="toy", header=header, mutants=9,
                                                          seconds=1, jobs=2, rng_seed=rng_seed))

    def test_what_survives_is_told_and_what_changes_no_code_is_left_out(self):
        for rng_seed in (1, 6):  # by 6 the one that is drawn when both jobs have begun is one of these
            run = self.measured(io.StringIO(), rng_seed)
            self.assertEqual(sorted((m["kind"], m["by"]) for m in run["mutants"]),
                             [("condition false", "wrong_result"), ("condition true", "")])
        said = mutants.report(run, False)
        self.assertIn("toy.h:2  condition true\n    - if (a < b) return b;\n    + if (((void)(a < b), true)) return b;", said)
        self.assertRegex(said, r"(?m)^condition false +1 +1 +0\.\d$")
        self.assertRegex(said, r"(?m)^all +2 +1 +0\.\d$")

    def test_what_a_hunt_says_is_told_apart(self):
        grace, mutants.GRACE_SECONDS = mutants.GRACE_SECONDS, 0
        try:
            for script, by in (("exit 0", ""), ("echo '== gauntlet: data_race ===='; exit 1", "data_race"),
                               ("echo 'ERROR: AddressSanitizer: heap-use-after-free on'; exit 1", "heap-use-after-free"),
                               ("echo 'map.h:1:2: runtime error: member access'; exit 1", "runtime error"),
                               ("echo 'no answer in time (--try-seconds)'; exit 1", "no answer"),
                               ("kill -SEGV $$", "crash"), ("exec sleep 60", "hangs")):
                with tempfile.TemporaryDirectory() as folder:
                    program = Path(folder) / "pretended"
                    program.write_text("#!/bin/bash\n" + script, encoding="utf-8")
                    program.chmod(0o755)
                    self.assertEqual(mutants.hunted(program, "toy", 1, 1)["by"], by, script)
        finally:
            mutants.GRACE_SECONDS = grace

    def test_no_header_of_that_name_is_told(self):
        says = io.StringIO()
        with self.assertRaises(SystemExit) as ended:
            self.measured(says, header="/nosuch\\.h")
        self.assertEqual(ended.exception.code, 2)
        self.assertIn("no header of toy is called '/nosuch\\.h'; say --header REGEX", says.getvalue())


if __name__ == "__main__":
    unittest.main()
