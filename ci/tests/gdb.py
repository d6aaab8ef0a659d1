"""What gdb shows of the maps, with lib/gauntlet/map/gdb: of a live process, of a core, and of garbage.

gdb_maps.cpp is compiled with g++ and clang++; one run of gdb over it stops at each of its moments, writes a core, and
then does damage and looks at that. Nothing here is a matter of addresses or of the order of elements, which seeds decide.
"""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRINTERS = ROOT / "lib/gauntlet/map/gdb/gauntlet_printers.py"
SECONDS_MAX = 300


def numbers(count, first=0, text="{}"):
    return {str(i): text.format(first + i) for i in range(count)}


# Name: (what the line says besides, the elements).
SHOWN = {
    "words": ("hash_map, 3 elements, 1 table of 1 group, 7 slots", {'"one"': "1", '"two"': "2", '"three"': "3"}),
    "nothing": ("hash_map, empty, no table", {}),
    "hash_tiny": ("hash_map, 40 elements, 4 tables of 2 groups, 4 directory entries", numbers(40, 100)),
    "hash_stash": ("hash_map, 20 elements, 1 table of 2 groups, 14 slots, 19 stashed", numbers(20)),
    "hash_uneven": ("hash_map, 2 elements", {"97 'a'": "10", "98 'b'": "11"}),
    "vectors": ("hash_map, 2 elements", {"1": "small_vector, 1 element, inside = {10}",
                                         "3": "small_vector, 3 elements, spilled, room for 3 = {30, 31, 32}"}),
    "bucket": (r"bucket_map, 2 elements, 2\^0 buckets", {"1": '"one"', "2": '"two"'}),
    "bucket_tiny": (
        r"bucket_map, 53 elements, 2\^4 buckets, growing \(doubling\): the first \d+ of 8 old buckets evacuated",
        numbers(53, 200)),
    "bucket_chain": (r"bucket_map, 20 elements, 2\^2 buckets, 2 overflow", numbers(20)),
    "shared": ("shared_mutex_map, 2 elements, 1 table of 2 groups, 14 slots", {"1": "10", "2": "20"}),
    "shared_parked": ("shared_mutex_map, 1 element, 1 table of 2 groups, 14 slots", {"1": "10"}),
    "sharded": ("sharded_map, 10 elements, 4 shards", numbers(10, text='"s{}"')),
    "sync_amended": ("sync_map, 2 elements, 0 keys in the read part, 3 keys in the dirty part, 1 miss so far",
                     {"0": '"a0"', "2": '"a2"'}),
    "sync_read": ("sync_map, 10 elements, 10 keys in the read part", numbers(10)),
    "sync_expunged": ("sync_map, 3 elements, 3 keys in the read part, 3 keys in the dirty part",
                      {"0": "0", "2": "2", "3": "3"}),
    "sync_waiting": ("sync_map, empty, 0 keys in the read part", {}),
    "snapshots": ("snapshot_map, 2 elements, version 4, 4 living, 1 held by snapshots", {'"one"': "11", '"two"': "2"}),
    "kept": ("snapshot, 1 element, version 2, superseded", {'"one"': "1"}),
    "snapshots_bucket": ("snapshot_map, 20 elements, version 21, 21 living", numbers(20)),
    "rcu": (r"rcu_map, 9 elements, 2 shards, \d+ buckets, 2 retired",
            {key: value for key, value in numbers(10, text='"r{}"').items() if key != "3"}),
    "rcu_chain": ("rcu_map, 20 elements, 64 shards, 8 buckets, 3 retired tables", numbers(20)),
    "words_in_slots": ("concurrent_map, 2 elements, 1 table of 64 buckets, 2 directory entries",
                       {"7": "70", "8": "80"}),
    "pointers_in_nodes": ("concurrent_map, 1 element", {"5": "std::unique_ptr<int> = {get() = ...}"}),
    "strings_in_nodes": ("concurrent_map, 1 element", {'"here"': "1"}),
    "points_in_slots": ("concurrent_map, 1 element", {"{x = 1, y = 2}": "12"}),
    "concurrent_tiny": (r"concurrent_map, 40 elements, \d+ tables of 2 buckets, \d+ directory entries",
                        numbers(40, 300)),
    "concurrent_chain": ("concurrent_map, 20 elements, 1 table of 64 buckets", numbers(20)),
}
# What gauntlet-map says of some of them beyond the line.
FULL = {
    "hash_tiny": [r"splits 3, merges 0, growths 2", r"directory depth 2, 2 groups a table",
                  r"table at entry 3, depth 2: \d+ of 14 slots, room for \d+ more"],
    "hash_stash": [r"stashed at 0x\w+: hash 0x000000000000002a, tie 19"],
    "bucket_tiny": [r"growths begun: 4 doublings", r"old bucket 0 \(evacuated\)", r"tops( \w\w){8}"],
    "bucket_chain": [r"bucket 2: 20 elements in 3 buckets"],
    "shared": [r"lock: free"],
    "sharded": [r"shard \d: hash_map"],
    "sync_amended": [r"amended: yes, misses 1, phase 1", r"read part: none",
                     r"1 group, 3 keys: 2 live, 1 deleted, 0 expunged"],
    "sync_read": [r"amended: no", r"promotions [1-9]", r"dirty part: none", r"none waits for readers"],
    "sync_waiting": [r"values retired lately, about 0; one lot waits for readers of epoch \d+ and before"],
    "sync_expunged": [r"read part at 0x\w+: 1 group, 3 keys: 2 live, 0 deleted, 1 expunged",
                      r"pointers copied by the last copy 2"],
    "snapshots": [r"version 2: superseded, 1 element, held 1 times", r"version 4: newest, 2 elements, held 0 times"],
    "kept": [r"^  1 element found$"],
    "rcu": [r"epoch \d+, all over before \d+, synchronizations 0",
            r"shard 1: \d elements, level \d, \d+ buckets, 0 overflow, longest chain 1, never below level 1, "
            r"retired [12], retired tables 0, waits 0$"],
    "rcu_chain": [r"shard 0: 20 elements, level 3, 8 buckets, 3 overflow, longest chain 4, never below level 0, "
                  r"retired 0, retired tables 3, waits 0$"],
    "concurrent_tiny": [r"elements lie in the slots, 2 words a slot", r"tables in use \d+, splits [1-9]\d*, merges 0",
                        r"table at entry 0, depth \d"],
    "pointers_in_nodes": [r"elements lie in nodes"],
}
# What is seen from within an operation, in the order of the program: the map's line at each stop at `inside`.
INSIDE = (
    ("shared", r"shared by 1 reader"),
    ("shared", r"locked exclusively"),
    ("shared_parked", r"shared by 1 reader, a writer announced, writers parked"),
    ("shared_parked", r"locked exclusively, readers parked"),
    ("sharded", r"locked: \d"),
    ("rcu", r"read by 1 thread"),
    ("rcu", r"locked: \d"),
    ("rcu", r"read by 20 threads"),
    ("rcu", r"reader in slot 20: since epoch \d+"),
    ("rcu_chain", r"3 retired tables, read by 1 thread"),
    ("concurrent_tiny", r"locked buckets: [01]$"),  # of gauntlet-map
    ("words", r"inside erase_if of thread 0x\w+"),
)
GARBAGE = ("zeros", "ones", "noise", "circles")
# What memory full of zeros is called, as each kind of map: some are empty then, others cannot be.
ZEROS = {
    "hash_map": r"hash_map <damaged: the directory's depth is 0>",
    "bucket_map": r"bucket_map, empty, 2\^0 buckets",
    "shared_mutex_map": r"shared_mutex_map <damaged: the directory's depth is 0>",
    "sharded_map": r"sharded_map, empty, 4 shards",
    "sync_map": r"sync_map, empty, 0 keys in the read part",
    "snapshot_map": r"snapshot_map <damaged: a pointer to 0x0>",
    "snapshot": r"snapshot <damaged: a pointer to 0x0>",
    "rcu_map": r"rcu_map, empty, (2|64) shards, 0 buckets",
    "concurrent_map": r"concurrent_map, empty, no directory",
}
# What gdb prints where an exception has left a printer or a command.
LEFT_BY_AN_EXCEPTION = re.compile(r"Python Exception|Error occurred in Python|Traceback")
# (What is done to a map that is there, the map, what gauntlet-map or print says then.)
DAMAGE = (
    ("set var hash_tiny.works_.size_ = 99", "hash_tiny", "damaged: 40 elements found, size says 99"),
    ("set var hash_stash.works_.directory_.bits = 39", "hash_stash", "damaged: no memory"),
    ("set var hash_uneven.works_.directory_.bits = 77", "hash_uneven", "damaged: the directory's depth is 77"),
    ("set var bucket_chain.works_.now_.only_[2].link = (unsigned long)&bucket_chain.works_.now_.only_[2]",
     "bucket_chain", "damaged: the chain of bucket 0x[0-9a-f]+ is a ring"),
    ("set var bucket.works_.now_.bits_ = 40", "bucket", "damaged: no memory"),
    ("set var snapshots.versions_.oldest_.newer = snapshots.versions_.oldest_", "snapshots",
     "the list of versions does not end"),
    ("set var *(unsigned long*)&kept.version_->size = 9", "kept", "damaged: 1 element found, size says 9"),
    ("set var *(unsigned long*)&sync_read.dirty_ = 1", "sync_read", "damaged: (a pointer|no memory|.*disagree)"),
    ("set var concurrent_chain.buckets_.all_tables_->heads[42]._M_b._M_p->next._M_b._M_p = "
     "concurrent_chain.buckets_.all_tables_->heads[42]._M_b._M_p", "concurrent_chain",
     "damaged: the chain of bucket 42 is a ring"),
    ("set var shared.lock_.word_._M_i = 0xd0000003", "shared",
     "locked exclusively, 3 readers about to wait, a writer announced, writers parked"),
    ("set var shared.lock_.word_._M_i = 0xffffffff", "shared", "damaged: a lock of 268,435,455 readers"),
    ("set var rcu_chain.shards_._M_elems[0].size = 99", "rcu_chain",
     "damaged: 20 elements found in shard 0, its size says 99"),
    ("set var $first = (unsigned long*)((rcu_chain.tables_._M_elems[0]._M_i & ~63UL) + 64)\n"
     "set var $first[7] ^= 1", "rcu_chain", "damaged: bucket 0 of shard 0: slot 0 has tag 0x[0-9a-f]+, its hash says"),
    ("set var $first[7] = 0x0100000000000000 | ($first[7] & 0xffffffffffff)\nset var $first[0] = 0", "rcu_chain",
     "damaged: bucket 0 of shard 0: slot 0 is empty, its tag says taken"),
    ("set var *(unsigned long*)$first[5] = -1", "rcu_chain",
     "damaged: bucket 0 of shard 0: the hash in slot 5, 0xffffffffffffffff, leads elsewhere"),
    ("set var rcu_chain.shards_._M_elems[0].retired_tables.open_count_ = 9", "rcu_chain",
     "damaged: 2 found in the open lot of retired_tables of shard 0, its count says 9"),
    ("set var *(void**)rcu_chain.shards_._M_elems[0].retired_tables.open_ = "
     "rcu_chain.shards_._M_elems[0].retired_tables.open_", "rcu_chain",
     "damaged: the open lot of retired_tables of shard 0 is a ring"),
    ("set var $next = $first[6]\nset var $first[6] = 0", "rcu_chain",
     "damaged: bucket 0 of shard 0: the chain ends where the filter says that it goes on"),
    ("set var $first[6] = $next\nset var ((unsigned long*)$next)[6] = (unsigned long)$first", "rcu_chain",
     "damaged: the chain of bucket 0 of shard 0 is a ring"),
    ("set var $first[6] = 8", "rcu_chain", "damaged: no memory at 0x8"),
    ("set var ((unsigned*)$first)[-14] = 5", "rcu_chain", "damaged: a table of level 5 is said to have level 3"),
    ("set var rcu_chain.tables_._M_elems[0]._M_i |= 63", "rcu_chain", "damaged: a level is 63"),
    ("set var rcu.domain_.chunks_._M_elems[3]._M_b._M_p = 1", "rcu", "damaged: no memory at 0x1"),
)


# In gdb's Python: makes $it a pointer to this garbage, of the type of that map.
POINT_AT = """python
def point_at(garbage, kind):
    kind = gdb.parse_and_eval(kind).type
    gdb.set_convenience_variable("it", gdb.parse_and_eval(garbage).address.cast(kind.pointer()))
end
"""


def gdb(*arguments, commands):
    """What gdb prints for commands, by the name under which each was asked."""
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as script:
        script.write("set pagination off\nset confirm off\nset width 0\nset print elements 0\n")
        script.write("set debuginfod enabled off\n")
        script.write(f"source {PRINTERS}\n{POINT_AT}")
        for name, command in commands:
            script.write(f"echo \\n== {name} ==\\n\n{command}\n" if name else f"{command}\n")
        script.flush()
        done = subprocess.run(["gdb", "-batch", "-nx", "-x", script.name, *map(str, arguments)], capture_output=True,
                              text=True, errors="replace", timeout=SECONDS_MAX, check=False, stdin=subprocess.DEVNULL)
    parts = re.split(r"^== (.*) ==$", done.stdout, flags=re.M)
    # An error ends the script: what was asked after it has no part then.
    if LEFT_BY_AN_EXCEPTION.search(done.stdout + done.stderr) or len(parts) // 2 != sum(bool(name) for name, _ in commands):
        raise AssertionError(f"gdb: {done.returncode}: {done.stderr[-3000:]}\n{done.stdout[-3000:]}")
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2])}


def all_maps():
    return [(name, f"output {name}") for name in SHOWN] + [(f"full {name}", f"gauntlet-map {name}") for name in FULL]


def elements(text):
    """The elements of a map as gdb shows it: those of a map, not of classes."""
    _, found, inner = text.partition(" = {")
    if not found:
        return {}
    inner = re.sub(r"0x[0-9a-f]+", "...", inner[:-1])
    return dict(re.findall(r"\[(.+?)\] = (.+?)(?=, \[|$)", inner))


class Shown:
    """The same for every compiler."""

    compiler = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.program, cls.core = Path(cls.folder.name) / "maps", Path(cls.folder.name) / "core"
        subprocess.run([cls.compiler, "-std=c++20", "-O0", "-g", "-pthread", "-I", str(ROOT / "lib"),
                        str(ROOT / "ci/tests/gdb_maps.cpp"), "-o", str(cls.program)], check=True, timeout=600)
        # The frame of main is above those of the operation, the outermost.
        commands = [("", "break inside"), ("", "break all_is_there"), ("", "run")]
        for i, (name, _) in enumerate(INSIDE):
            commands += [("", "frame function main"), (f"inside {i}", f"output {name}"),
                         (f"inside full {i}", f"gauntlet-map {name}"), ("", "continue")]
        commands += [("", "frame function main"), *all_maps(), ("core", f"generate-core-file {cls.core}")]
        for kind in SHOWN:
            for garbage in GARBAGE:
                commands += [("", f"python point_at({garbage!r}, {kind!r})"), (f"{garbage} as {kind}", "output *$it"),
                             (f"{garbage} as {kind}, full", "gauntlet-map $it")]
        for i, (damage, name, _) in enumerate(DAMAGE):
            commands += [("", damage), (f"damage {i}", f"output {name}"), (f"damage full {i}", f"gauntlet-map {name}")]
        commands += [("", "kill")]
        cls.live = gdb(cls.program, commands=commands)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check_all(self, seen):
        for name, (line, contents) in SHOWN.items():
            with self.subTest(name):
                self.assertRegex(seen[name], "^" + line)
                self.assertEqual(elements(seen[name]), contents)
                self.assertNotIn("damaged", seen[name])
        for name, lines in FULL.items():
            with self.subTest("full " + name):
                for line in lines:
                    self.assertRegex(seen["full " + name], re.compile(line, re.M))
                self.assertNotIn("damaged", seen["full " + name])

    def test_a_live_process(self):
        self.check_all(self.live)

    def test_a_core_shows_the_same(self):
        seen = gdb(self.program, self.core, commands=[("", "frame function main"), *all_maps()])
        self.check_all(seen)
        for name, _ in all_maps():
            self.assertEqual(seen[name], self.live[name])

    def test_a_process_that_was_running_already(self):
        with subprocess.Popen([str(self.program), "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as process:
            self.assertEqual(process.stdout.readline(), "waiting\n")
            seen = gdb("-p", process.pid, commands=[("", "frame function main"), *all_maps(), ("", "detach")])
            process.stdin.close()
            self.assertEqual(process.wait(timeout=60), 0)
        self.check_all(seen)

    def test_who_is_inside_and_what_is_locked(self):
        for i, (name, state) in enumerate(INSIDE):
            with self.subTest(i):
                seen = self.live[f"inside {i}"] + "\n" + self.live[f"inside full {i}"]
                self.assertRegex(seen, re.compile(state, re.M))
                self.assertNotIn("damaged", seen)
                self.assertEqual(elements(self.live[f"inside {i}"]), SHOWN[name][1])

    def test_garbage_is_called_damaged_or_shown_and_ends(self):
        for kind, (line, _) in SHOWN.items():
            name = line.partition(",")[0]
            for garbage in GARBAGE:
                for how in ("", ", full"):
                    with self.subTest(f"{garbage} as {kind}{how}"):
                        seen = self.live[f"{garbage} as {kind}{how}"]
                        self.assertTrue(seen.startswith(name), seen[:200])
                        self.assertLess(len(seen), 1_000_000)
                        if garbage == "zeros":
                            self.assertRegex(seen, f"^{ZEROS[name]}($|\n| = {{.*<damaged: the directory's depth is 0>}}$)")
                        else:
                            self.assertIn("<damaged: ", seen, seen[:200])
                            if not how:
                                self.assertRegex(seen, "(> *|})$")

    def test_damage_is_noticed(self):
        for i, (_, name, said) in enumerate(DAMAGE):
            with self.subTest(name):
                self.assertRegex(self.live[f"damage {i}"] + self.live[f"damage full {i}"], said)


class Gcc(Shown, unittest.TestCase):
    compiler = "g++"


class Clang(Shown, unittest.TestCase):
    compiler = "clang++-19"


class Command(unittest.TestCase):
    def test_what_is_no_map_is_refused(self):
        done = subprocess.run(["gdb", "-batch", "-nx", "-ex", f"source {PRINTERS}", "-ex", "gauntlet-map 1 + 1"],
                              capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
        self.assertIn("1 + 1 is a int, not one of Gauntlet's maps", done.stderr)


if __name__ == "__main__":
    unittest.main()
