"""What the tests of ci/hunt share: pretended fuzzers, small shell scripts that print and leave behind what libFuzzer would, in a
folder of their own. Who imports this finds the modules of ci/hunt."""

import contextlib
import io
import os
import signal
import stat
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ci" / "hunt"))

import engine  # noqa: E402

HOLDS = """#!/bin/bash
echo '#1000 NEW    cov: 120 ft: 300 corp: 12/345b lim: 4096 exec/s: 500 rss: 50Mb' >&2
echo 'stat::number_of_executed_units: 2000' >&2
echo 'stat::average_exec_per_sec:     450' >&2
echo 'operations: 123456' >&2
echo 'schedules: 42000' >&2
echo new >"$1/new-input"
"""
FAILS = """#!/bin/bash
for argument in "$@"; do
  case $argument in -artifact_prefix=*) prefix=${argument#*=} ;; esac
done
echo 'the map lost an element' >&2
echo 'stat::number_of_executed_units: 7' >&2
printf 'failing' >"${prefix}crash-0123"
exit 77
"""
REPLAY = """#!/bin/bash
case $1 in
  --list-defects) printf 'lost\\ttarget_a\\tkeeps elements\\t60\\t8\\n'
    printf 'slow\\ttarget_a\\tis fast\\t60\\t8\\nother\\ttarget_b\\tcopies\\t60\\t8\\n' ;;
  --raw) printf 'gauntlet 1\\ntarget target_a\\nclear 0\\n' >"$5" ;;
  *) echo 'a report'; exit 1 ;;
esac
"""


class Workbench(unittest.TestCase):
    """A folder of pretended binaries, as the current folder."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.before = os.getcwd()
        os.chdir(self.folder.name)
        Path("bin").mkdir()
        engine.stopping.clear()

    def tearDown(self):
        os.chdir(self.before)
        self.folder.cleanup()
        engine.stopping.clear()

    def binary(self, name, text):
        path = Path("bin") / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run_main(self, module, *arguments):
        out = io.StringIO()
        # With less than ten seconds there is no time for random programs, and no replay binary has to pretend any.
        seconds = ["--seconds", "9"] if module.__name__ == "fuzz" else []
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                status = module.main(["--bin", "bin", "--scratch", "hunt", "--findings", "findings", *seconds,
                                      *arguments])
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return status, out.getvalue()
