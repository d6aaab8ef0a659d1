"""lib/bench/shares.py: to which part of the project a sample of perf belongs."""

import sys
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lib" / "bench"))

import shares  # noqa: E402

SCRIPT = """\
PERF_RECORD_MMAP2 7/7: [0x5000(0x9000) @ 0x1000 fe:00 1 2]: r-xp /made/up/target
            5010 whatever (/made/up/target)
            5020 fuzzer::Fuzzer::RunOne (/made/up/target)
            5030 whatever (/made/up/target)
        7f000010 memcpy (/lib/libc.so.6)
        7f000020 log (/lib/libm.so.6)
ffffffff81000000 clear_page ([kernel.kallsyms])
"""
# Inlined: a part of the standard library in a map in the runner.
FRAMES = {0x1010: [("std::find", "/usr/include/c++/12/algo.h:1:1"), ("find", "/there/lib/gauntlet/map/hash_map.h:1:1"),
                   ("run", "/there/lib/gauntlet/check/run/runner.cpp:1:1")],
          0x1020: [("fuzzer::Fuzzer::RunOne", "??:0:0")],
          0x1030: [("std::vector<int>::push_back", "/usr/include/c++/12/vector.h:1:1")]}


class Shares(unittest.TestCase):
    def test_the_innermost_frame_of_ours_has_the_sample(self):
        with mock.patch.object(shares, "frames_of", lambda _binary, addresses: {a: FRAMES[a] for a in addresses}), \
             mock.patch.object(shares, "segment_shift", lambda _binary: 0):
            parts = shares.attribute(SCRIPT, "/made/up/target")
        self.assertEqual(parts, {"map": 1, "engine": 2, "standard library": 1, "sanitizers and malloc": 1, "system": 1})

    def test_folders_of_the_judge(self):
        for file, part in {"check/model/model.cpp": "model", "check/program/codec.cpp": "decode", "check/run/runner.cpp":
                           "runner and oracles", "check/types/elements.h": "elements, hashes, allocators",
                           "check/fuzzing/mutate.cpp": "mutator", "map/detail/directory.h": "map"}.items():
            self.assertEqual(shares.part_of_file(f"../../lib/gauntlet/{file}:12:3"), part)
            self.assertIn(part, shares.PARTS)
        self.assertIsNone(shares.part_of_file("/usr/include/c++/12/bits/stl_vector.h:1:1"))


if __name__ == "__main__":
    unittest.main()
