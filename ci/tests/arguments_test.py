"""What the commands answer to wrong use, as far as no build is needed: one clear line on stderr, and 2."""

import json
import os
import shutil
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command(*words, env=None):
    return subprocess.run([str(ROOT / words[0]), *words[1:]], capture_output=True, text=True, cwd=ROOT, timeout=120,
                          env={**os.environ, **(env or {})}, check=False)


class WrongUse(unittest.TestCase):
    def refused(self, *words, says, env=None):
        done = command(*words, env=env)
        self.assertEqual(done.returncode, 2, f"{words}: {done.stdout}{done.stderr}")
        lines = done.stderr.strip().splitlines()
        self.assertEqual(len(lines), 1, f"{words}: {done.stderr}")
        self.assertIn(says, lines[0])

    def test_unknown_target(self):
        self.refused("ci/fuzz", "nosuch", says="unknown target 'nosuch'")
        self.refused("ci/reproduce", "--target", "nosuch", "LICENSE", says="unknown target 'nosuch'")

    def test_unknown_options(self):
        for name in ("fuzz", "test", "reproduce", "minimize", "nightly", "setup"):
            with self.subTest(name):
                self.refused(f"ci/{name}", "--nosuch", says="--nosuch")

    def test_numbers(self):
        self.refused("ci/fuzz", "--seconds", "ten", says="whole number")
        self.refused("ci/fuzz", "--jobs", "0", says="at least 1")
        self.refused("ci/nightly", "--minutes", "-3", says="whole number")
        self.refused("ci/reproduce", "--times", "many", "LICENSE", says="whole number")
        self.refused("ci/fuzz", "--seconds", says="takes a value")

    def test_parts_are_no_readme(self):
        self.refused("lib/bench/report.py", "hash_map", "--part", "rows", "--readme", says="--readme needs all rows")
        self.refused("lib/bench/report.py", "hash_map", "--filter", "u64", "--readme", says="--readme needs all rows")
        self.refused("lib/bench/schedules.py", "--part", "engine", "--readme", says="--readme needs all parts")

    def test_mutants_are_of_a_map(self):
        self.refused("ci/bench", "mutants", says="takes the name of a map")
        self.refused("ci/bench", "mutants", "*", says="takes the name of a map")
        self.refused("ci/bench", "mutants", "nosuch", says="no map 'nosuch'")
        self.refused("ci/bench", "mutants", "hash_map", "hash_map", says="one benchmark at a time")
        self.refused("ci/bench", "mutants", "hash_map", "--header", says="--header takes a value")

    def test_each_map_is_no_proof(self):
        self.refused("ci/fuzz", "--prove", "--each-map", says="--each-map does not go with --prove")

    def test_files_that_are_none(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(os.path.join(folder, "pipe"))
            for name in ("reproduce", "minimize"):
                self.refused(f"ci/{name}", folder, says="is a folder")
                self.refused(f"ci/{name}", os.path.join(folder, "nosuch"), says="no such file")
                self.refused(f"ci/{name}", os.path.join(folder, "pipe"), says="not a regular file")
                self.refused(f"ci/{name}", says="which file?")

    @unittest.skipIf(os.geteuid() == 0, "root reads everything")
    def test_unreadable_file(self):
        with tempfile.NamedTemporaryFile() as file:
            os.chmod(file.name, 0)
            self.refused("ci/reproduce", file.name, says="not readable")

    def test_missing_clang(self):
        with tempfile.TemporaryDirectory() as folder:
            self.path_without("clang++-19", folder)
            self.refused("ci/fuzz", says="missing: clang++-19", env={"PATH": folder, "CXX": ""})

    def test_missing_compiler_for_a_replay(self):
        with tempfile.TemporaryDirectory() as folder:
            self.path_without("g++", folder)
            self.refused("ci/reproduce", "--compiler", "gcc", "LICENSE", says="missing: g++", env={"PATH": folder})

    def test_missing_valgrind_is_not_promised_by_setup(self):
        with tempfile.TemporaryDirectory() as folder:
            self.path_without("valgrind", folder)
            self.refused("ci/bench", "misuse", says="missing: valgrind (the Debian package valgrind;", env={"PATH": folder})

    def test_full_disk(self):
        with tempfile.TemporaryDirectory() as folder:
            self.path_without("df", folder)
            df = Path(folder) / "df"
            df.write_text("#!/bin/sh\necho head\necho disk 1000 999 1 100% /\n")
            df.chmod(df.stat().st_mode | stat.S_IXUSR)
            self.refused("ci/fuzz", says="no space left", env={"PATH": folder})

    def test_help(self):
        for name in ("fuzz", "test", "reproduce", "minimize", "nightly", "setup", "bench"):
            if (ROOT / "ci" / name).exists():
                done = command(f"ci/{name}", "--help")
                self.assertEqual(done.returncode, 0)
                self.assertTrue(done.stdout.startswith(f"ci/{name}"), done.stdout)

    def path_without(self, missing, folder):
        """Fills folder with links to every program of the search path but one."""
        for place in reversed(os.environ["PATH"].split(":")):
            if os.path.isdir(place):
                for name in os.listdir(place):
                    link = os.path.join(folder, name)
                    if os.path.lexists(link):
                        os.unlink(link)
                    if name != missing:
                        os.symlink(shutil.which(name, path=place) or os.path.join(place, name), link)


class Environment(unittest.TestCase):
    """A fuzzing service's compiler, flags and engine replace those of the fuzz preset; nothing is added to them."""

    def cache_of(self, env):
        with tempfile.TemporaryDirectory() as folder:
            without = {name: value for name, value in os.environ.items()
                       if name not in ("CXX", "CXXFLAGS", "LIB_FUZZING_ENGINE")}
            subprocess.run(["cmake", "--preset", "fuzz", "-B", folder], cwd=ROOT, env={**without, **env}, check=True,
                           capture_output=True)
            compiler = json.loads((Path(folder) / "compile_commands.json").read_text())[0]["command"].split()[0]
            lines = (Path(folder) / "CMakeCache.txt").read_text().splitlines()
        cache = dict(line.split("=", 1) for line in lines if "=" in line)
        return compiler, cache["CMAKE_CXX_FLAGS:STRING"], cache["GAUNTLET_FUZZING_ENGINE:STRING"]

    def test_of_the_preset(self):
        compiler, flags, engine = self.cache_of({})
        self.assertTrue(compiler.endswith("clang++-19"))
        self.assertIn("fuzzer-no-link", flags)
        self.assertEqual(engine, "-fsanitize=fuzzer")

    def test_of_the_service(self):
        compiler, flags, engine = self.cache_of({"CXX": "clang++-14", "CXXFLAGS": "-O1 -fsanitize=fuzzer-no-link",
                                                 "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer -lm"})
        self.assertTrue(compiler.endswith("clang++-14"))
        self.assertEqual(flags, "-O1 -fsanitize=fuzzer-no-link")
        self.assertEqual(engine, "-fsanitize=fuzzer -lm")


class Place(unittest.TestCase):
    """A checkout may lie below folders of any name."""

    def test_of_the_maps_that_are_registered(self):
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder) / "absl" / "tbb_qhash" / "libcuckoo_map"
            for part in ("CMakeLists.txt", "CMakePresets.json", "ci/cmake", "lib", "fuzz", "props", "corpus"):
                (tree / part).parent.mkdir(parents=True, exist_ok=True)
                (tree / part).symlink_to(ROOT / part)
            # The links would lead back to where they point: what is globbed has to lie in the tree.
            (tree / "lib").unlink()
            shutil.copytree(ROOT / "lib", tree / "lib")
            subprocess.run(["cmake", "--preset", "schedule", "-DCMAKE_DISABLE_FIND_PACKAGE_absl=ON", "-DGAUNTLET_MORE_MAPS=ON",
                            "-DCMAKE_DISABLE_FIND_PACKAGE_TBB=ON", "-DCMAKE_DISABLE_FIND_PACKAGE_Qt5Core=ON",
                            "-DCMAKE_DISABLE_FIND_PACKAGE_Qt6=ON"],
                           cwd=tree, check=True, capture_output=True)
            sources = {Path(entry["file"]).name for path in tree.glob("build/*/compile_commands.json")
                       for entry in json.loads(path.read_text()) if "/subjects/" in entry["file"]}
        self.assertLessEqual({"hash_map.cpp", "concurrent_map.cpp", "std_unordered_map.cpp", "libcuckoo_map.cpp"}, sources)
        self.assertFalse([name for name in sources if name.startswith(("absl", "tbb_", "qhash"))])


if __name__ == "__main__":
    unittest.main()
