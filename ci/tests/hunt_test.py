"""ci/hunt against pretended fuzzers: small shell scripts that print and leave behind what libFuzzer would."""

import contextlib
import errno
import io
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ci" / "hunt"))

import corpus  # noqa: E402
import engine  # noqa: E402
import findings  # noqa: E402
import fuzz  # noqa: E402
import nightly  # noqa: E402
import prove  # noqa: E402
import table  # noqa: E402

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
HANGS = "#!/bin/bash\necho $$ >\"$1/../pid\"\nwhile :; do sleep 0.1; done\n"
SPINS = "#!/bin/bash\nwhile :; do :; done\n"


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
        seconds = ["--seconds", "9"] if module is fuzz else []
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                status = module.main(["--bin", "bin", "--scratch", "hunt", "--findings", "findings", *seconds,
                                      *arguments])
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return status, out.getvalue()


class Fuzz(Workbench):
    def test_a_target_that_holds(self):
        self.binary("target_a", HOLDS)
        status, out = self.run_main(fuzz, "target_a", "--json", "rows.json")
        row = json.loads(Path("rows.json").read_text())[0]
        self.assertEqual(status, 0, out)
        self.assertEqual((row["verdict"], row["executions"], row["coverage"], row["corpus_grown"]), ("held", 2000, 120, 1))
        self.assertGreater(row["operations_per_second"], 0)
        self.assertEqual(row["schedules"], 42000)
        self.assertRegex(out, r"target_a +held +2,000 .* 42,000 +120")

    def test_a_finding_is_reduced_kept_and_told(self):
        self.binary("target_a", FAILS)
        self.binary("target_a_replay", REPLAY)
        status, out = self.run_main(fuzz, "target_a")
        kept = list(Path("findings").iterdir())
        self.assertEqual(status, 1, out)
        self.assertEqual([path.suffix for path in kept], [".ops"])
        self.assertIn("a report", out)
        self.assertIn(f"next: ci/reproduce --target target_a {kept[0]}", out)
        with mock.patch.dict(os.environ, {"GAUNTLET_SUBJECT": "mine"}):
            out = self.run_main(fuzz, "target_a")[1]
        self.assertIn("next: GAUNTLET_SUBJECT=mine ci/reproduce --target target_a ", out)

    def test_what_ends_the_process_is_told_as_other_failures_are(self):
        self.binary("target_a", FAILS)
        self.binary("target_a_replay", """#!/bin/bash
case $1 in
  --raw) printf 'gauntlet 1\\nclear 0\\n' >"$5" ;;
  --times) echo '== gauntlet: crash'; echo "asked      clear 0, judged $2 time"; exit 1 ;;
  *) echo 'raw output'; kill -SEGV $$ ;;
esac
""")
        status, out = self.run_main(fuzz, "target_a")
        self.assertEqual(status, 1, out)
        self.assertIn("== gauntlet: crash\nasked      clear 0, judged 1 time", out)
        self.assertNotIn("raw output", out)

    def test_a_finding_that_does_not_show_again_is_kept_as_it_is(self):
        self.binary("target_a", FAILS)
        self.binary("target_a_replay", "#!/bin/bash\nexit 0\n")
        status, out = self.run_main(fuzz, "target_a")
        kept = list(Path("findings").glob("*.bin"))
        self.assertEqual(status, 1, out)
        self.assertEqual([path.read_bytes() for path in kept], [b"failing"])
        self.assertIn("the map lost an element", out)

    def test_a_silent_canary_fails_the_run_and_a_loud_one_does_not(self):
        self.binary("canary", HOLDS)
        self.assertEqual(self.run_main(fuzz, "canary")[0], 1)
        self.binary("canary", FAILS)
        self.assertEqual(self.run_main(fuzz, "canary")[0], 0)

    def test_a_target_that_does_not_start_is_no_success(self):
        self.binary("target_a", "#!/bin/bash\necho 'cannot start' >&2\nexit 1\n")
        status, out = self.run_main(fuzz, "target_a")
        self.assertEqual(status, 2)
        self.assertIn("cannot start", out)

    def test_a_full_disk_is_one_line(self):
        self.binary("target_a", FAILS)
        self.binary("target_a_replay", REPLAY)
        with mock.patch.object(findings, "keep", side_effect=OSError(errno.ENOSPC, "full")):
            status, out = self.run_main(fuzz, "target_a")
        self.assertEqual(status, 2)
        self.assertIn("ci/fuzz: no space left on the device", out)

    def test_seeds_are_given_to_the_engine_and_never_written(self):
        seed = Path("corpus/target_a/seed")
        seed.mkdir(parents=True)
        (seed / "a.ops").write_text("gauntlet 1\n")
        self.binary("target_a", '#!/bin/bash\nprintf "%s\\n" "$@" >arguments\n' + HOLDS)
        self.run_main(fuzz, "target_a")
        self.assertIn("corpus/target_a/seed", Path("arguments").read_text().split())
        self.assertEqual([path.name for path in seed.iterdir()], ["a.ops"])
        self.run_main(fuzz, "target_a", "--empty-corpus")
        self.assertNotIn("corpus/target_a/seed", Path("arguments").read_text().split())


class RandomPrograms(Workbench):
    """What comes before the engine."""

    GENERATES = """#!/bin/bash
case $1 in
  --generate) echo "$*" >asked; %s ;;
  --raw) printf 'gauntlet 1\\ntarget target_a\\nclear 0\\n' >"$5" ;;
  *) echo 'a report'; exit 1 ;;
esac
"""

    def hunt(self, does, *arguments):
        self.binary("target_a", '#!/bin/bash\nprintf "%s\\n" "$@" >engine\n' + HOLDS)
        self.binary("target_a_replay", self.GENERATES % does)
        return self.run_main(fuzz, "target_a", "--seconds", "20", "--json", "rows.json", *arguments)

    def test_they_get_a_tenth_of_the_time_and_the_engine_the_rest(self):
        status, out = self.hunt("echo 'target_a on x: 321 of 321 programs held, 999 operations'", "--rng-seed", "7")
        self.assertEqual(status, 0, out)
        self.assertIn("--seconds 2 --rng-seed 7000000000 --try-seconds 25.0 ", Path("asked").read_text())
        self.assertNotIn("--schedules", Path("asked").read_text())
        self.assertIn("-max_total_time=18", Path("engine").read_text().split())
        self.assertIn("held (321 random programs, 2,000 executions)", out)
        self.assertEqual(json.loads(Path("rows.json").read_text())[0]["random_programs"], 321)

    def test_what_a_map_of_ones_own_is_never_asked_is_told(self):
        says = "echo 'not asked, for the map has no member: erase_if, walk'; echo 'a: 5 of 5 programs held, 9 operations'"
        self.assertNotIn("erase_if", self.hunt(says)[1])
        with mock.patch.dict(os.environ, {"GAUNTLET_SUBJECT": "mine"}):
            status, out = self.hunt(says)
        self.assertEqual(status, 0, out)
        self.assertRegex(out, "target_a: not asked, .*: erase_if, walk\n")

    def test_what_they_find_is_reduced_and_kept_and_the_engine_is_not_started(self):
        for end in ("exit 1", "kill -SEGV $$"):
            with self.subTest(end):
                status, out = self.hunt(f'echo clear >"${{10}}"; {end}')
                self.assertEqual(status, 1, out)
                self.assertEqual([path.suffix for path in Path("findings").iterdir()], [".ops"])
                self.assertIn("a report", out)
                self.assertFalse(Path("engine").exists())

    def test_an_end_without_a_program_to_show_is_no_success(self):
        status, out = self.hunt("echo 'cannot be written'; exit 2")
        self.assertEqual(status, 2, out)
        self.assertIn("DID NOT RUN", out)
        self.assertIn("cannot be written", out)
        self.assertFalse(Path("engine").exists())

    def test_what_never_ends_is_stopped(self):
        with mock.patch.object(engine, "JUDGEMENT_SECONDS_MAX", -1):
            status, out = self.hunt("while :; do sleep 0.1; done")
        self.assertEqual(status, 2, out)
        self.assertIn("ended with -9", out)

    def test_of_schedules_each_is_judged_along_as_many_as_an_input(self):
        self.hunt("true", "--scheduled-bin", "bin", "--scheduled=target_a")
        self.assertIn(f"--schedules {engine.SCHEDULES_OF_A_PROGRAM}", Path("asked").read_text())
        header = (ROOT / "lib/gauntlet/check/run/schedule_search.h").read_text()
        self.assertIn(f"schedules_of_an_input = {engine.SCHEDULES_OF_A_PROGRAM};", header)

    def test_who_judges_something_of_its_own_is_not_told_of_the_callers_map(self):
        self.binary("codec", HOLDS)
        self.binary("codec_replay", '#!/bin/bash\n[ -z "$GAUNTLET_SUBJECT" ] || exit 2\n')
        with mock.patch.dict(os.environ, {"GAUNTLET_SUBJECT": "mine"}):
            status, out = self.run_main(fuzz, "codec", "--seconds", "20")
        self.assertEqual(status, 0, out)

    def test_the_canary_sings_to_the_engine(self):
        self.binary("canary", FAILS)
        self.assertEqual(self.run_main(fuzz, "canary", "--seconds", "20")[0], 0)


class EachMap(Workbench):
    """Every map of a target by itself, and how many schedules of it have been clean."""

    LISTS = '#!/bin/bash\n[ "$1" = --list-judged ] && printf "first_map\\nsecond_map\\n"\nexit 0\n'

    def test_every_map_is_hunted_and_named(self):
        self.binary("target_a", HOLDS.replace("#!/bin/bash\n", '#!/bin/bash\necho "$GAUNTLET_SUBJECT" >>judged\n'))
        self.binary("target_a_replay", self.LISTS)
        self.binary("canary", FAILS)
        status, out = self.run_main(fuzz, "target_a", "canary", "--each-map", "--json", "rows.json")
        self.assertEqual(status, 0, out)
        self.assertEqual(sorted(Path("judged").read_text().split()), ["first_map", "second_map"])
        self.assertIn("target_a on second_map", out)
        self.assertEqual([row["map"] for row in json.loads(Path("rows.json").read_text())], ["first_map", "second_map", None])

    def test_maps_that_cannot_be_listed_are_told_before_anything_is_hunted(self):
        self.binary("target_a", HOLDS.replace("#!/bin/bash\n", "#!/bin/bash\ntouch hunted\n"))
        for replay, says in (("#!/bin/bash\necho first_map\necho 'no such map' >&2\nexit 2\n", "ended with 2: no such map"),
                             ("#!/bin/bash\nexit 0\n", "names no map"), (None, "No such file")):
            with self.subTest(says):
                if replay:
                    self.binary("target_b_replay", replay)
                else:
                    Path("bin/target_b_replay").unlink()
                self.binary("target_a_replay", self.LISTS)
                status, out = self.run_main(fuzz, "target_a", "target_b", "--each-map")
                self.assertEqual(status, 2, out)
                self.assertEqual(len(out.strip().splitlines()), 1, out)
                self.assertIn(says, out)
                self.assertFalse(Path("hunted").exists())

    def test_who_judges_something_of_its_own_is_hunted_once(self):
        self.binary("codec", HOLDS)
        self.assertEqual(self.run_main(fuzz, "codec", "--each-map")[0], 0)
        self.assertIn(" ".join(fuzz.OF_THEIR_OWN), (ROOT / "ci/fuzz").read_text())

    def test_a_finding_names_its_map(self):
        self.binary("target_a", FAILS)
        self.binary("target_a_replay", self.LISTS)
        status, out = self.run_main(fuzz, "target_a", "--each-map")
        self.assertEqual(status, 1, out)
        self.assertIn("GAUNTLET_SUBJECT=first_map ci/reproduce --target target_a", out)

    def test_two_maps_that_fail_with_one_input_keep_a_finding_each(self):
        reduces = ('case $1 in --list-judged) printf "first_map\\nsecond_map\\n" ;;\n'
                   '  --raw) echo "$GAUNTLET_SUBJECT" >"$5"\n'
                   '    sleep 0.3\n'
                   '    [ "$(cat "$5")" = "$GAUNTLET_SUBJECT" ] || touch mixed ;;\nesac\n')
        for replay in (f"#!/bin/bash\n{reduces}", f'#!/bin/bash\n{reduces}rm -f "$5"\n'):
            with self.subTest(replay):
                self.binary("target_a", FAILS)
                self.binary("target_a_replay", replay)
                _, out = self.run_main(fuzz, "target_a", "--each-map", "--jobs", "2", "--json", "rows.json")
                kept = {row["map"]: Path(row["findings"][0]["file"]) for row in json.loads(Path("rows.json").read_text())}
                self.assertFalse(Path("mixed").exists(), out)
                self.assertEqual(len(set(kept.values())), 2, out)
                self.assertTrue(all(path.exists() and map_name in path.name for map_name, path in kept.items()), kept)

    def test_files_are_written_beside_by_one_thread_each(self):
        with ThreadPoolExecutor(max_workers=2) as pool:
            both = threading.Barrier(2)
            parts = list(pool.map(lambda path: (both.wait(), findings.beside(path))[1], [Path("a.ops")] * 2))
        self.assertNotEqual(*parts)

    def test_targets_with_a_schedule_have_a_folder_of_their_own(self):
        Path("apart").mkdir()
        self.binary("target_a", HOLDS)
        Path("bin/target_a").rename("apart/target_a")
        status, out = self.run_main(fuzz, "target_a", "--scheduled", "target_a", "--scheduled-bin", "apart")
        self.assertEqual(status, 0, out)

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


class Stopping(Workbench):
    """Ctrl-C and kill -9 leave no fuzzer behind."""

    def hang(self, number):
        self.binary("target_a", HANGS)
        parent = subprocess.Popen([sys.executable, str(ROOT / "ci/hunt/fuzz.py"), "--bin", "bin", "--scratch", "hunt",
                                   "--seconds", "9", "target_a"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        pid_file = Path("hunt/target_a/pid")
        deadline = time.monotonic() + 20
        while not (pid_file.exists() and pid_file.read_text().strip()):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        parent.send_signal(number)
        out = parent.communicate(timeout=20)[0].decode()
        child = int(pid_file.read_text())
        while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split(")")[1].split()[0]:
            self.assertLess(time.monotonic(), deadline, "the fuzzer outlived its parent")
            time.sleep(0.05)
        return parent.returncode, out

    def test_interrupt(self):
        status, out = self.hang(signal.SIGINT)
        self.assertEqual(status, 2, out)
        self.assertIn("stopped; the corpus is as it was", out)
        self.assertNotIn("Traceback", out)

    def test_kill(self):
        self.assertEqual(self.hang(signal.SIGKILL)[0], -signal.SIGKILL)


MERGE = """#!/usr/bin/env python3
# Merges as libFuzzer does with -set_cover_merge=1: a letter is a feature, and what is kept is named by what it holds.
import hashlib, pathlib, sys
options = dict(word[1:].split("=", 1) for word in sys.argv[1:] if word.startswith("-"))
out, *sources = [pathlib.Path(word) for word in sys.argv[1:] if not word.startswith("-")]
files = sorted(path for source in sources for path in source.iterdir())
features = {path: set(path.read_text()) for path in files}
with open(options["merge_control_file"], "w") as control:
    print(len(files), 0, *files, sep="\\n", file=control)
    for number, path in enumerate(files):
        print("STARTED", number, path.stat().st_size, file=control)
        print("FT", number, *sorted(map(ord, features[path])), file=control)
        print("COV", number, file=control)
covered, kept, forgotten = set(), 0, FORGOTTEN
while best := max((path for path in files if features[path] - covered), key=lambda p: len(features[p] - covered), default=None):
    (out / hashlib.sha1(best.read_bytes()).hexdigest()).write_bytes(best.read_bytes())
    covered, kept = covered | features[best], kept + 1
print(f"MERGE-OUTER: {kept} new files with {len(covered) - forgotten} new features added; 0 new coverage edges", file=sys.stderr)
"""


class Merge(Workbench):
    """The found corpus is replaced as a whole or not at all, and no feature is lost."""

    def setUp(self):
        super().setUp()
        self.found = Path("corpus/target_a/found")
        self.fill(self.found, "a")
        self.fill(Path("hunt"), "b")
        self.binary("merge", MERGE.replace("FORGOTTEN", "0"))

    def fill(self, folder, *texts):
        folder.mkdir(parents=True, exist_ok=True)
        for text in texts:
            (folder / text[:20]).write_text(text)

    def texts(self, folder=None):
        return sorted(path.read_text() for path in (folder or self.found).iterdir())

    def merge(self):
        with contextlib.redirect_stderr(io.StringIO()):
            return nightly.merge("target_a", "bin/merge", [Path("hunt")], Path("."))

    def test_what_is_new_comes_in(self):
        self.assertEqual(self.merge(), ["target_a", 1, 2, "2", "2", "-"])
        self.assertEqual(self.texts(), ["a", "b"])
        self.assertEqual(sorted(path.name for path in self.found.parent.iterdir()), ["found"])

    def test_a_failed_merge_changes_nothing_and_is_told(self):
        self.binary("merge", "#!/bin/bash\nexit 1\n")
        self.assertEqual(self.merge()[:3], ["target_a", 1, 1])
        self.assertIn("merge-target_a.log", self.merge()[-1])
        self.assertEqual(self.texts(), ["a"])
        self.assertEqual(sorted(path.name for path in self.found.parent.iterdir()), ["found"])

    def test_a_run_killed_between_the_renames_loses_nothing(self):
        self.found.rename(self.found.with_name("found.old"))
        self.binary("merge", "#!/bin/bash\nexit 1\n")
        self.merge()
        self.assertEqual(self.texts(), ["a"])

    def test_pass_two_drops_what_the_others_cover_and_keeps_every_feature(self):
        # The engine takes bcdef first, and then needs the three that cover it.
        self.fill(Path("more"), "bcdef", "abc", "efg", "cdh", "ef")
        Path("out").mkdir()
        done = corpus.minimize(Path("bin/merge"), [Path("more")], Path("out"), Path("log.txt"))
        self.assertEqual((done.files_before, done.files_of_pass_one, done.files), (5, 4, 3))
        self.assertEqual((done.features_before, done.features, done.cut, done.lost), (8, 8, 0, 0))
        self.assertEqual(self.texts(Path("out")), ["abc", "cdh", "efg"])

    def test_what_the_cap_on_the_size_costs_is_said(self):
        self.fill(Path("hunt"), "c" * 50 + "defghijk", "l" * 100 + "m")
        with mock.patch.object(corpus, "FOUND_MAX", 80):
            row = self.merge()
        self.assertEqual(row, ["target_a", 1, 3, "13", "11", "2 features cut by the size"])
        self.assertIn("the cap on the size took 2", str(corpus.Minimized(cut=2)))

    def test_a_count_that_falls_short_is_a_failure(self):
        self.binary("merge", MERGE.replace("FORGOTTEN", '7 if out.name == "again" else 0'))
        self.fill(Path("hunt"), "abcdefghij")
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), mock.patch.object(engine, "stop_on_signals"):
            status = corpus.main(["--target", "target_a", "--bin", "bin", "--logs", "logs", "hunt"])
        self.assertEqual(status, 2)  # there is no bin/target_a
        Path("bin/merge").rename("bin/target_a")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), mock.patch.object(engine, "stop_on_signals"):
            status = corpus.main(["--target", "target_a", "--bin", "bin", "--logs", "logs", "--out", "out", "hunt"])
        self.assertEqual(status, 1, out.getvalue())
        self.assertIn("7 features did not show again", out.getvalue())
        self.assertEqual(self.texts(), ["a"])


class Texts(unittest.TestCase):
    def test_operations_are_counted_without_header_and_ends(self):
        text = "gauntlet 1\ntarget x\nhot_keys 4\n\n# a comment\nwalk 0\n  erase_key 0 current  # why\nend\n@2 find 0 hot 3\n"
        self.assertEqual(findings.count_operations(text), 3)

    def test_defects_are_read(self):
        defect = prove.parse_defects("a\tt\tkeeps all elements\t60\t5\n")[0]
        self.assertEqual((defect.promise, defect.budget, defect.operations_max), ("keeps all elements", 60, 5))

    def test_tables_align(self):
        lines = table.text_table(["name", "n"], [["a", 5], ["bcdef", 1000]]).splitlines()
        self.assertEqual(lines, ["name      n", "-----  ----", "a         5", "bcdef  1000"])

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
