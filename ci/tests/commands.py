"""What ci/reproduce and ci/minimize answer to files they cannot use, with the real replay binaries.

Each file is refused with one clear line on stderr and exit status 2, within seconds and without touching anything.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*words, env=None):
    return subprocess.run([str(ROOT / words[0]), *map(str, words[1:])], capture_output=True, text=True, errors="replace",
                          cwd=ROOT, timeout=1800, env={**os.environ, **(env or {})}, check=False)


def scheduled(name):
    """A program of the preset whose schedules are controlled; configures and builds it."""
    subprocess.run(["bash", "-c", f". ci/lib.sh; configure schedule build/schedule && build build/schedule {name}"], cwd=ROOT, check=True)
    return ROOT / "build/schedule/bin" / name


def some_seed():
    return next(path for path in sorted((ROOT / "corpus/hash_map_operations/seed").iterdir()) if path.suffix == ".ops")


class BadFiles(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "input"

    def tearDown(self):
        self.folder.cleanup()

    def refused(self, name="reproduce"):
        done = run(f"ci/{name}", self.file)
        self.assertEqual(done.returncode, 2, done.stdout[-2000:] + done.stderr[-2000:])
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr[-2000:])
        self.assertIn("input", done.stderr)

    def binary_form(self):
        """A good program in binary form, to spoil."""
        seed = some_seed()
        run("ci/reproduce", seed)  # builds
        replay = ROOT / "build/dev/bin/hash_map_operations_replay"
        subprocess.run([str(replay), "--to-binary", str(seed), str(self.file)], check=True, capture_output=True)
        return self.file.read_bytes()

    def test_empty(self):
        self.file.write_bytes(b"")
        self.refused()
        self.refused("minimize")

    def test_one_byte(self):
        self.file.write_bytes(b"\x01")
        self.refused()

    def test_binary_garbage(self):
        self.file.write_bytes(bytes((i * 197 + 11) % 256 for i in range(5000)))
        self.refused()
        self.refused("minimize")

    def test_oversized(self):
        with open(self.file, "wb") as file:
            file.truncate(1 << 30)
        self.refused()

    def test_truncated(self):
        good = self.binary_form()
        self.file.write_bytes(good[:10])
        self.refused()

    def test_unknown_version(self):
        good = bytearray(self.binary_form())
        good[3] = 250
        self.file.write_bytes(good)
        self.refused()
        self.file.write_text("gauntlet 250\ntarget hash_map_operations\nclear 0\n")
        self.refused()

    def test_unknown_operation(self):
        self.file.write_text("gauntlet 1\ntarget hash_map_operations\nexplode 0\n")
        self.refused()

    def test_number_out_of_range(self):
        self.file.write_text("gauntlet 1\ntarget hash_map_operations\nfind 0 hot 99999999999\n")
        self.refused()

    def test_unknown_target_in_the_file(self):
        self.file.write_text("gauntlet 1\ntarget nosuch\nclear 0\n")
        self.refused()

    def test_unknown_subject(self):
        done = run("ci/reproduce", some_seed(), "--subject", "nosuch")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("nosuch", done.stderr)

    def test_an_unknown_subject_is_not_listed_as_judged(self):
        run("ci/reproduce", some_seed())  # builds
        replay = "build/dev/bin/hash_map_operations_replay"
        done = run(replay, "--list-judged", env={"GAUNTLET_SUBJECT": "no_such_map"})
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("unknown map 'no_such_map'; there are:", done.stderr)
        self.assertIn("(concurrent maps: concurrent_stress, concurrent_schedule)", done.stderr)
        self.assertEqual(run(replay, "--list-judged", env={"GAUNTLET_SUBJECT": "hash_map"}).stdout, "hash_map\n")


class Without(unittest.TestCase):
    """Programs that do without operations: past a mistake that is known."""

    def replay(self, *words, subject="at_inserts", **env):
        run("ci/reproduce", some_seed())  # builds
        return run("build/dev/bin/hash_map_operations_replay", *words, env={"GAUNTLET_SUBJECT": subject, **env})

    def test_random_programs(self):
        self.assertEqual(self.replay("--generate", 2000).returncode, 1)
        self.assertEqual(self.replay("--generate", 2000, "--without", "at").returncode, 0)

    def test_programs_of_files(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "at.ops"
            self.assertEqual(self.replay("--generate", 2000, "--out", file).returncode, 1)
            self.assertEqual(self.replay(file).returncode, 1)
            self.assertEqual(self.replay(file, GAUNTLET_WITHOUT="at").returncode, 0)

    def test_an_unknown_operation(self):
        for refused in (self.replay("--generate", 1, GAUNTLET_WITHOUT="no_such"),
                        self.replay("--generate", 1, "--without", "no_such")):
            self.assertEqual(refused.returncode, 2)
            self.assertIn("unknown operation 'no_such'; there are: nothing,find,", refused.stderr)

    def test_one_that_fails_is_made_again_alone(self):
        # Found late, when it is known what the map lacks.
        first = self.replay("--generate", 30000, "--without", "walk,merge", subject="counts_in_sixteen_bits")
        self.assertEqual(first.returncode, 1, first.stdout)
        again = re.search(r"--generate 1 --rng-seed \d+ --without \S*walk\S*", first.stdout)
        self.assertIsNotNone(again, first.stdout)
        self.assertIn("snapshot", again.group())
        self.assertEqual(self.replay(*again.group().split(), subject="counts_in_sixteen_bits").returncode, 1)


def compiled(*options):
    """The files that the replay binaries of two targets take, one for each kind of maps."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cmake", "--preset", "dev", "-B", folder, *options], cwd=ROOT, capture_output=True, text=True, check=True)
        done = subprocess.run(["ninja", "-C", folder, "-t", "commands", "concurrent_stress_replay", "maps_agree_replay"],
                              capture_output=True, text=True, check=True)
        sources = set(re.findall(r"-c (\S+)", done.stdout))
        # Some are compiled as one, which includes them.
        several = [Path(source).read_text() for source in sources if "/Unity/" in source]
        return "\n".join([*sources, *several])


class DefectiveMaps(unittest.TestCase):
    def test_are_compiled_as_far_as_they_are_wanted(self):
        def defects(*options):
            return set(re.findall(r"gauntlet/broken/(\w+)\.cpp", compiled(*options)))
        self.assertGreater(len(defects()), 80)
        self.assertEqual(defects("-DGAUNTLET_BROKEN=lost_update|at_inserts"), {"lost_update", "at_inserts"})
        self.assertEqual(defects("-DGAUNTLET_BROKEN=none"), set())


class ConfiguredByHand(unittest.TestCase):
    def test_warnings_stay_what_they_were_set_to(self):
        def configure(folder, *options):
            words = " ".join(["configure", "dev", folder, *options])
            subprocess.run(["bash", "-c", f". ci/lib.sh; {words}"], cwd=ROOT, check=True)
            return re.search(r"^GAUNTLET_WARNINGS_AS_ERRORS:BOOL=(.*)$", (Path(folder) / "CMakeCache.txt").read_text(), re.M)[1]

        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(configure(folder), "ON")
            self.assertEqual(configure(folder, "-DGAUNTLET_WARNINGS_AS_ERRORS=OFF"), "OFF")
            self.assertEqual(configure(folder), "OFF", "a preset has taken it back")
            self.assertEqual(configure(folder, "-DGAUNTLET_WARNINGS_AS_ERRORS=ON"), "ON")


class OneMapAlone(unittest.TestCase):
    def test_is_all_that_is_compiled(self):
        sources = compiled("-DGAUNTLET_ONLY=sync_map")
        self.assertEqual(set(re.findall(r"gauntlet/adapters/subjects/(\w+)\.cpp", sources)), {"sync_map"})
        self.assertNotIn("gauntlet/broken", sources)

    def test_of_an_unknown_name_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["cmake", "--preset", "dev", "-B", folder, "-DGAUNTLET_ONLY=no_such_map"], cwd=ROOT,
                                  capture_output=True, text=True, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("GAUNTLET_ONLY=no_such_map", done.stderr)


class KindsOfMaps(unittest.TestCase):
    def split(self, **texts):
        """What CMake says of files with these texts, by name: those for one thread / the concurrent ones, or an error."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in texts.items():
                (Path(folder) / f"{name}.cpp").write_text(text + "\n")
            script = Path(folder) / "script.cmake"
            script.write_text(f"include({ROOT}/ci/cmake/split_by_threads.cmake)\n"
                              f"file(GLOB files {folder}/*.cpp)\n"
                              "gauntlet_split_by_threads(alone among ${files})\n"
                              'message("${alone} / ${among}")\n')
            done = subprocess.run(["cmake", "-P", script], capture_output=True, text=True, check=False)
            return done.returncode, re.sub(r"\s+", " ", done.stderr.replace(folder + "/", ""))

    def test_are_told_apart(self):
        self.assertEqual(self.split(a="check::make_subject<x>()", b="make_concurrent_subject<y>()", c="a part of a"),
                         (0, "a.cpp;c.cpp / b.cpp "))

    def test_do_not_stand_in_one_file(self):
        for alone in ("make_subject<x>()", "make_minimal_subject<x>()"):
            status, says = self.split(both=f"check::{alone}\ncheck::make_concurrent_subject<x>()")
            self.assertNotEqual(status, 0)
            self.assertIn("make two files of it", says)


class GoodFiles(unittest.TestCase):
    def test_a_seed_holds_with_both_compilers(self):
        # By clang one that needs no map: compiling all of them once more takes minutes.
        codec = next(iter(sorted((ROOT / "corpus/codec/seed").iterdir())))
        for compiler, seed in (("gcc", some_seed()), ("clang", codec)):
            done = run("ci/reproduce", seed, "--compiler", compiler)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])

    def test_the_canary_shows_its_failure_and_is_reduced(self):
        canary = next(iter(sorted((ROOT / "corpus/canary/seed").iterdir())))
        done = run("ci/reproduce", canary)
        self.assertEqual(done.returncode, 1, done.stdout[-2000:] + done.stderr[-2000:])
        self.assertIn("ci/minimize", done.stdout)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "smaller.ops"
            done = run("ci/minimize", canary, "--out", out, "--seconds", "20")
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
            self.assertEqual(os.listdir(folder), ["smaller.ops"])
            self.assertEqual(run("ci/reproduce", out).returncode, 1)

    def test_a_file_that_holds_is_not_reduced(self):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "smaller.ops"
            self.assertEqual(run("ci/minimize", some_seed(), "--out", out, "--seconds", "5").returncode, 1)
            self.assertEqual(os.listdir(folder), [])

    def test_what_a_map_is_never_asked_is_said(self):
        replay = ROOT / "build/dev/bin/maps_agree_replay"
        subprocess.run(["cmake", "--build", ROOT / "build/dev", "--target", replay.name], check=True, capture_output=True)
        for name, lacks in (("hash_map", None), ("std_unordered_map", "shrink_to_fit")):
            done = subprocess.run([replay, "--generate", "500", "--rng-seed", "1"], env={**os.environ, "GAUNTLET_SUBJECT": name},
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
            if lacks is None:
                self.assertNotIn("not asked", done.stdout)
            else:
                self.assertRegex(done.stdout, f"(?m)^not asked, .*: (.*, )?{lacks}(,|$)")

    def test_other_schedules_of_a_program_are_searched(self):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "three_threads.ops"
            three_threads = ("gauntlet 1\ntarget concurrent_schedule\nthreads 3\ninsert_copy 0 hot 0 value 1\n"
                             "@1 find 0 hot 0\n@1 find 0 hot 0\n@2 erase_key 0 hot 0\n@3 find 0 hot 0\n")
            program.write_text(three_threads)
            defect = ("--subject", "remembered_too_long")
            done = run("ci/reproduce", program, *defect, "--schedules", "2000")
            self.assertEqual(done.returncode, 1, done.stdout[-2000:] + done.stderr[-2000:])
            found = ROOT / "build/reproduce/three_threads.ops"
            self.assertIn(f"ci/minimize {found.relative_to(ROOT)}", done.stdout)
            replay = scheduled("concurrent_schedule_replay")
            for there, status in ((folder, 0), (folder + "/found", 1)):
                done = subprocess.run([replay, there], env={**os.environ, "GAUNTLET_SUBJECT": defect[1]}, capture_output=True)
                self.assertEqual(done.returncode, status, f"{there}: along its own schedule")
                os.makedirs(folder + "/found", exist_ok=True)
                shutil.copy(found, folder + "/found")
                program.unlink(missing_ok=True)
            program.write_text(three_threads)
            self.assertEqual(run("ci/reproduce", program, "--subject", "remembering_map", "--schedules", "500").returncode, 0)
        self.assertIn("has no schedules", run("ci/reproduce", some_seed(), "--schedules", "5").stderr)

    def test_random_programs_are_run_along_several_schedules(self):
        replay = scheduled("concurrent_schedule_replay")

        def operations(*words):
            done = subprocess.run([replay, "--generate", "20", *words], env={**os.environ, "GAUNTLET_SUBJECT": "sharded_map"},
                                  capture_output=True, text=True, check=True)
            return int(re.search(r"20 of 20 programs held, (\d+) operations", done.stdout)[1])

        self.assertEqual(operations(), operations("--schedules", "4"))
        self.assertGreater(operations(), 2 * operations("--schedules", "1"))

    def test_all_schedules_with_few_preemptions_are_tried(self):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "two_updates.ops"
            program.write_text("gauntlet 1\ntarget concurrent_schedule\nthreads 2\ninsert_copy 0 hot 0 value 1\n"
                               "@1 fetch_update 0 hot 0 value 1\n@2 fetch_update 0 hot 0 value 1\n")
            held = run("ci/reproduce", program, "--subject", "sharded_map", "--preemptions", "2")
            self.assertEqual(held.returncode, 0, held.stdout[-2000:] + held.stderr[-2000:])
            self.assertRegex(held.stdout, r"sharded_map: all \d+ interleavings of this program with at most 2 preemptions explored")
            self.assertEqual(run("ci/reproduce", program, "--subject", "lost_update", "--preemptions", "1").returncode, 1)
        self.assertIn("has no schedules", run("ci/reproduce", some_seed(), "--preemptions", "2").stderr)

    def test_what_an_engine_keeps_because_of_another_schedule_fails_again(self):
        with tempfile.TemporaryDirectory() as folder:
            program, out = Path(folder) / "two_threads.ops", Path(folder) / "smaller.ops"
            program.write_text("gauntlet 1\ntarget concurrent_schedule\nthreads 2\ninsert_copy 0 hot 0 value 1\n"
                               "@1 insert_copy 0 hot 1 value 1\n@2 insert_copy 0 hot 2 value 1\n")
            defect = ("--subject", "count_in_two_steps")
            replay = scheduled("concurrent_schedule_replay")
            done = run("ci/reproduce", program, *defect)
            self.assertEqual(done.returncode, 1, done.stdout[-2000:] + done.stderr[-2000:])
            self.assertRegex(done.stdout, r"(?m)^    choice \d+ run ")
            alone = subprocess.run([replay, folder], env={**os.environ, "GAUNTLET_SUBJECT": defect[1]}, capture_output=True)
            self.assertEqual(alone.returncode, 0, "along its own schedule it holds")
            self.assertIn("choice ", run("ci/reproduce", program, *defect, "--emit-test").stdout)
            kept = Path(folder) / "kept"
            for options in (("--times", "2"), ("--out", kept)):
                done = subprocess.run([replay, program, *options], env={**os.environ, "GAUNTLET_SUBJECT": defect[1]},
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 1, done.stdout[-2000:] + done.stderr[-2000:])
                self.assertRegex(done.stdout, r"(?m)^    choice \d+ run ")
            self.assertIn("choice ", kept.read_text())
            kept.unlink()
            done = run("ci/minimize", program, *defect, "--out", out, "--try-seconds", "10")
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
            self.assertRegex(done.stdout, f"(?m)^next: GAUNTLET_SUBJECT=count_in_two_steps ci/reproduce {out}$")
            self.assertRegex(done.stdout, f"(?m)^shrink .* ci/minimize {out}$")
            program.unlink()
            alone = subprocess.run([replay, folder], env={**os.environ, "GAUNTLET_SUBJECT": defect[1]}, capture_output=True)
            self.assertEqual(alone.returncode, 1, "what is smaller has its schedule")

    def test_a_reduction_that_is_stopped_keeps_what_there_is(self):
        replay = scheduled("concurrent_schedule_replay")
        env = {**os.environ, "GAUNTLET_SUBJECT": "aba_in_free_list"}
        for stop in (lambda process: os.killpg(process.pid, signal.SIGINT), lambda process: process.terminate()):
            with tempfile.TemporaryDirectory() as folder:
                found, out = Path(folder) / "found.ops", Path(folder) / "smaller.ops"
                subprocess.run([replay, "--generate", "100000", "--schedules", "20", "--out", found], env=env, capture_output=True)
                process = subprocess.Popen(["ci/minimize", found, "--out", out], cwd=ROOT, env=env, start_new_session=True, text=True,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                while not process.stderr.readline().startswith("fails with"):
                    self.assertIsNone(process.poll())
                time.sleep(0.5)
                stop(process)
                printed, _ = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 0, printed)
                self.assertIn(f"wrote {out}\n", printed)
                self.assertEqual(subprocess.run([replay, out], env=env, capture_output=True).returncode, 1)

    def test_the_engine_judges_what_it_makes_along_other_schedules_too(self):
        engine = scheduled("concurrent_schedule")
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "one.ops"
            program.write_text("gauntlet 1\ntarget concurrent_schedule\nthreads 2\n@1 insert_copy 0 hot 1 value 1\n@2 size 0\n")

            def schedules(*arguments):
                done = subprocess.run([engine, *arguments], env={**os.environ, "GAUNTLET_SUBJECT": "sharded_map"},
                                      capture_output=True, text=True, check=True)
                return int(re.search(r"^schedules: (\d+)", done.stderr, re.M).group(1))

            self.assertEqual(schedules(program, "-runs=10"), 10)
            os.mkdir(folder + "/corpus")
            made = schedules(folder + "/corpus", "-runs=1000", "-seed=1", "-max_len=512")
            self.assertGreater(made, 1000 * 10)
            self.assertLessEqual(made, 1002 * 21)
            replay = scheduled("concurrent_schedule_replay")
            texts = [subprocess.run([replay, "--print", path], capture_output=True, text=True).stdout
                     for path in Path(folder, "corpus").iterdir()]
            filled = set(re.findall(r"(?m)^insert_copy [03] hot [012] value 0 count [2-8]$", "".join(texts)))
            self.assertGreater(len(filled), 4, "few begin with a map that holds something; chance alone makes one or none")

    def test_a_test_is_emitted(self):
        done = run("ci/reproduce", some_seed(), "--emit-test")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("TEST(", done.stdout)


if __name__ == "__main__":
    unittest.main()
