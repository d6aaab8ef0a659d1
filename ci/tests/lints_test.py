"""The lints find what they are there for, and nothing in files that are in order."""

import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ci" / "lint"))

import atomics  # noqa: E402
import layout  # noqa: E402
import levels  # noqa: E402
import readme  # noqa: E402
import sizes  # noqa: E402
import words  # noqa: E402


class Levels(unittest.TestCase):
    def test_the_map_must_not_know_its_judge(self):
        self.assertEqual(len(levels.check("lib/gauntlet/map/a.h", "#include <gauntlet/check/run/verdict.h>\n")), 1)

    def test_the_judge_must_not_know_a_map(self):
        self.assertEqual(len(levels.check("lib/gauntlet/check/run/a.cpp", "  #  include <gauntlet/map/hash_map.h>\n")), 1)

    def test_the_right_map_must_not_know_the_wrong_ones(self):
        self.assertEqual(len(levels.check("lib/gauntlet/adapters/a.h", "#include <gauntlet/broken/b.h>\n")), 1)

    def test_an_adapter_introduces_both(self):
        text = "#include <vector>\n#include <gauntlet/map/hash_map.h>\n#include <gauntlet/check/run/subject_of.h>\n"
        self.assertEqual(levels.check("lib/gauntlet/adapters/a.h", text), [])

    def test_the_library_includes_itself_by_installed_names(self):
        self.assertEqual(len(levels.check("lib/gauntlet/map/a.h", '#include "hash.h"\n')), 1)
        self.assertEqual(levels.check("props/a.cpp", '#include "programs.h"\n'), [])


class Atomics(unittest.TestCase):
    PUBLISH = "x.store(1, std::memory_order_release);  // [publish] pairs with [read]: the slot\n"
    READ = "x.load(std::memory_order_acquire);  // [read] pairs with [publish]: sees the slot\n"

    def test_both_ways(self):
        self.assertEqual(atomics.check("a.h", self.PUBLISH + self.READ), [])

    def test_a_partner_that_is_not_there(self):
        self.assertEqual(len(atomics.check("a.h", self.PUBLISH)), 1)

    def test_a_partner_that_names_somebody_else(self):
        text = self.PUBLISH + "// [read] pairs with [other]\n// [other] pairs with [read]\n"
        self.assertEqual(len(atomics.check("a.h", text)), 1)

    def test_an_order_without_a_word(self):
        self.assertEqual(len(atomics.check("a.h", "x.load(std::memory_order_acquire);\n")), 1)
        self.assertEqual(len(atomics.check("a.h", "x.load(std::memory_order::seq_cst);\n")), 1)

    def test_a_pairing_over_two_lines(self):
        text = "// the flag [up] pairs\n// with [down]\n// [down] pairs with [up]\n"
        self.assertEqual(atomics.check("a.h", text), [])

    def test_one_label_at_both_ends(self):
        text = "// [handover] pairs with unlock: acquire\nint i;\n// [handover] pairs with lock: release\n"
        self.assertEqual(atomics.check("a.h", text), [])
        self.assertEqual(len(atomics.check("a.h", text.splitlines()[0])), 1)
        self.assertEqual(atomics.check("a.h", "// [number] pairs with itself\n"), [])

    def test_two_partners(self):
        text = "// [a] pairs with [b] and [c]\nint i;\n// [b] pairs with [a]\nint j;\n// [c] pairs with [a]\n"
        self.assertEqual(atomics.check("a.h", text), [])
        self.assertEqual(len(atomics.check("a.h", text.replace("// [c] pairs with [a]\n", ""))), 1)


class Layout(unittest.TestCase):
    GOOD = ["README.md", ".gitignore", "ci/test", "fuzz/canary.cpp", "corpus/canary/seed/a.ops", "corpus/README.md"]

    def test_a_tree_in_order(self):
        self.assertEqual(layout.check(self.GOOD), [])

    def test_a_stranger_at_the_top(self):
        self.assertEqual(len(layout.check(self.GOOD + ["notes.txt"])), 1)
        self.assertEqual(len(layout.check(self.GOOD + ["docs/a.md"])), 1)

    def test_a_target_without_a_corpus_and_a_corpus_without_a_target(self):
        self.assertEqual(len(layout.check(self.GOOD + ["fuzz/codec.cpp"])), 1)
        self.assertEqual(len(layout.check(self.GOOD + ["corpus/codec/seed/a.ops"])), 1)

    def test_a_folder_that_no_command_reads(self):
        self.assertEqual(len(layout.check(self.GOOD + ["corpus/canary/seeds/a.ops"])), 1)

    def test_no_canary(self):
        self.assertEqual(len(layout.check(["README.md"])), 1)


class Sizes(unittest.TestCase):
    def test_large_files_and_large_corpora(self):
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            (root / "corpus/a/found").mkdir(parents=True)
            (root / "big").write_bytes(b"x" * (sizes.FILE_MAX + 1))
            paths = ["big"]
            for number in range(5):
                path = f"corpus/a/found/{number}"
                (root / path).write_bytes(b"x" * (sizes.FOUND_MAX // 5 + 1))
                paths.append(path)
            self.assertEqual(len(sizes.check(paths, root)), 2)
            self.assertEqual(sizes.check(paths[2:], root), [])


class Words(unittest.TestCase):
    def test_marks_and_paths(self):
        self.assertEqual(len(words.check("a.h", "// TO" + "DO: later\n")), 1)
        self.assertEqual(len(words.check("a.h", "see /home/" + "somebody/x\n")), 1)
        self.assertEqual(words.check("a.h", "lib/work/x and https://example.org/ho" + "me/ and $HOME/x\n"), [])


class Readme(unittest.TestCase):
    def test_commands_options_and_links(self):
        self.assertEqual(readme.check("README.md", "`ci/test --quick` and [this](LICENSE)\n"), [])
        self.assertEqual(len(readme.check("README.md", "`ci/nosuch`\n")), 1)
        self.assertEqual(len(readme.check("README.md", "`ci/test --nosuch`\n")), 1)
        self.assertEqual(len(readme.check("README.md", "[this](nowhere.md)\n")), 1)


if __name__ == "__main__":
    unittest.main()
