"""ci/hunt/fuzz.py: one target, random programs, each map by itself; that it stops; what becomes of findings."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from workbench import FAILS, HOLDS, REPLAY, ROOT, Workbench

# workbench has said where these lie.
import engine
import findings
import fuzz
import table

HANGS = "#!/bin/bash\necho $$ >\"$1/../pid\"\nwhile :; do sleep 0.1; done\n"


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

    def test_they_look_for_uses_of_a_stack_that_is_gone_and_the_engine_where_it_is_alone(self):
        off = "detect_stack_use_after_return=0"
        engine_says = '#!/bin/bash\necho "$ASAN_OPTIONS" >engine\n' + HOLDS
        for seconds, left_to_them in (("20", True), ("5", False)):
            with self.subTest(seconds):
                self.hunt('echo "$ASAN_OPTIONS" >asked')
                self.binary("target_a", engine_says)
                self.run_main(fuzz, "target_a", "--seconds", seconds)
                self.assertNotIn(off, Path("asked").read_text())
                self.assertEqual(off in Path("engine").read_text(), left_to_them)

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


class Texts(unittest.TestCase):
    def test_operations_are_counted_without_header_and_ends(self):
        text = "gauntlet 1\ntarget x\nhot_keys 4\n\n# a comment\nwalk 0\n  erase_key 0 current  # why\nend\n@2 find 0 hot 3\n"
        self.assertEqual(findings.count_operations(text), 3)

    def test_header_words_are_those_of_the_text_form(self):
        source = (ROOT / "lib/gauntlet/check/program/text.cpp").read_text()
        words = set(re.findall(r'\bis\("([a-z_]+)"\)', source))
        self.assertEqual(words | {"gauntlet", "end", "choice"}, findings.HEADER_WORDS)

    def test_tables_align(self):
        lines = table.text_table(["name", "n"], [["a", 5], ["bcdef", 1000]]).splitlines()
        self.assertEqual(lines, ["name      n", "-----  ----", "a         5", "bcdef  1000"])


if __name__ == "__main__":
    unittest.main()
