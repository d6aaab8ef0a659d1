"""Corpus minimisation in two passes that lose no feature. ci/minimize --corpus builds and calls this; so does ci/nightly.

    corpus.py --target TARGET [--bin FOLDER] [--scheduled-bin FOLDER] [--scheduled TARGET]... [--out FOLDER] [FOLDER...]

A feature is what the engine tells inputs apart by: a branch of the target taken so many times. Pass one is the engine's
own merge, few inputs that cover what all of them cover. It takes the input with most new features again and again, and
what it took early is often covered by what it took later. Pass two drops such inputs, the largest first.

Both rest on what one run saw of each input, and by that nothing is lost. The engine then runs what is kept once more and
counts. Memory that the judge keeps between inputs, and real threads, make that count differ by a few in ten thousand;
where more than NOISE of the features are missing, something is wrong.
Exit status: 0 minimized, 1 features are missing from what was kept, 2 the engine failed or there is no input.
"""

import argparse
import hashlib
import heapq
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import engine
from table import grouped

FOUND_MAX = 1_900_000  # bytes of corpus/TARGET/found
NOISE = 1 / 500
# A merge asks which branches are taken, of inputs that a hunt has judged. The engine notes them in millions of small
# allocations, and the sanitizer's notes on those took an eighth of the time.
QUICK = ":malloc_context_size=1:detect_stack_use_after_return=0"
ADDED = re.compile(r"MERGE-OUTER: \d+ new files with (\d+) new features added")


@dataclass
class Minimized:
    """What the passes did."""

    files_before: int = 0
    files_of_pass_one: int = 0
    files: int = 0
    bytes: int = 0
    features_before: int = 0
    features: int = 0
    cut: int = 0  # features that the cap on the size took
    pass_one_seconds: float = 0.0  # CPU time of the engine

    @property
    def lost(self):
        """Features that should be there and are not, where they are more than two runs may differ by."""
        missing = self.features_before - self.cut - self.features
        return missing if missing > NOISE * self.features_before else 0

    def __str__(self):
        said = (f"{grouped(self.files_before)} files with {grouped(self.features_before)} features: pass one leaves "
                f"{grouped(self.files_of_pass_one)} files, pass two {grouped(self.files)} ({grouped(self.bytes)} bytes) "
                f"with {grouped(self.features)} features")
        return said + (f"; the cap on the size took {grouped(self.cut)}" if self.cut else "")


def inputs(folders):
    return [path for folder in folders if Path(folder).is_dir() for path in sorted(Path(folder).iterdir()) if path.is_file()]


def merge(binary, out, sources, control, log, env=None):
    """The engine's merge of sources into the empty folder out; gives (features, CPU seconds). The control file says what
    the engine saw in each input."""
    Path(control).unlink(missing_ok=True)
    command = [binary, "-merge=1", "-set_cover_merge=1", f"-merge_control_file={control}", "-timeout=25", "-max_len=4096",
               "-detect_leaks=0", out, *sources]
    environment = engine.sanitizer_environment()
    environment["ASAN_OPTIONS"] += QUICK
    with open(log, "wb") as file:
        status, cpu_seconds = engine.wait(engine.start(command, file, {**environment, **(env or {})}))
    if engine.stopping.is_set():
        raise KeyboardInterrupt
    added = ADDED.findall(engine.tail(log, 65536))
    if status != 0 or not added:
        raise OSError(f"the merge by {binary} ended with {status}: {engine.tail(log, 300).strip()}")
    return int(added[-1]), cpu_seconds


def features_of(control, names):
    """{name: features} of those inputs that the merge kept: it names them by what they hold."""
    with open(control, "rb") as file:
        count = int(file.readline())
        file.readline()
        paths = [file.readline().rstrip(b"\n").decode() for _ in range(count)]
        of_number, seen = {}, set()
        for number, path in enumerate(paths):
            name = hashlib.sha1(Path(path).read_bytes()).hexdigest()
            if name in names and name not in seen:
                seen.add(name)
                of_number[number] = name
        found = {}
        for line in file:
            if line.startswith(b"FT "):
                words = line.split(None, 2)
                name = of_number.get(int(words[1]))
                if name is not None and len(words) == 3:
                    found[name] = frozenset(map(int, words[2].split()))
    return found


def needless(features, sizes):
    """Names whose features all others have together, the largest first.

    >>> needless({"a": {1, 2}, "b": {2, 3}, "c": {1, 3}}, {"a": 1, "b": 2, "c": 3})
    ['c']
    """
    holders = {}
    for name in features:
        for feature in features[name]:
            holders[feature] = holders.get(feature, 0) + 1
    dropped = []
    for name in sorted(features, key=lambda name: (-sizes[name], name)):
        if all(holders[feature] > 1 for feature in features[name]):
            dropped.append(name)
            for feature in features[name]:
                holders[feature] -= 1
    return dropped


def within(features, sizes, bytes_max):
    """As many features as fit: (names to leave out, features that go with them). Always the input that brings the most new
    features for its size; what it would bring only ever shrinks, so an old figure that is not the best need not be renewed.

    >>> within({"a": {1, 2}, "b": {3}, "c": {4, 5, 6}}, {"a": 9, "b": 9, "c": 99}, 20)
    (['c'], 3)
    """
    taken, left, room = set(), set(features), bytes_max
    waiting = [(-len(features[name]) / (sizes[name] + 1), name) for name in features]
    heapq.heapify(waiting)
    while waiting:
        old, name = heapq.heappop(waiting)
        now = -len(features[name] - taken) / (sizes[name] + 1)
        if sizes[name] > room or now == 0:
            continue
        if now > old:
            heapq.heappush(waiting, (now, name))
            continue
        left.remove(name)
        taken |= features[name]
        room -= sizes[name]
    return sorted(left), len(set().union(*features.values()) - taken)


def minimize(binary, sources, out, log, env=None, bytes_max=None):
    """Fills the empty folder out with few inputs that have all features of those of sources. Raises OSError where the
    engine fails."""
    out, log = Path(out), Path(log)
    done = Minimized(files_before=len(inputs(sources)))
    with tempfile.TemporaryDirectory(prefix="merge-") as folder:
        control = Path(folder) / "control"
        done.features_before, done.pass_one_seconds = merge(binary, out, sources, control, log, env)
        names = {path.name for path in out.iterdir()}
        done.files_of_pass_one = len(names)
        features = features_of(control, names)
        sizes = {name: (out / name).stat().st_size for name in names}
        for name in needless(features, sizes):
            del features[name], sizes[name]
            (out / name).unlink()
        if bytes_max is not None and sum(sizes.values()) > bytes_max:
            unknown = sum(size for name, size in sizes.items() if name not in features)
            gone, done.cut = within(features, sizes, bytes_max - unknown)
            for name in gone:
                del sizes[name]
                (out / name).unlink()
        done.files, done.bytes = len(sizes), sum(sizes.values())
        again = Path(folder) / "again"
        again.mkdir()
        done.features, _ = merge(binary, again, [out], control, log.with_suffix(".verify.log"), env)
    return done


def replace_found(target, binary, hunts, log):
    """Replaces corpus/<target>/found by a small set that has the features it had and those that the hunts added. The new
    folder is made beside the old one and the two are renamed, so that there is never half a corpus. Raises OSError, and
    leaves the corpus, where the engine fails."""
    found = Path("corpus") / target / "found"
    beside = found.with_name("found.part")
    old = found.with_name("found.old")
    if old.is_dir() and not found.is_dir():  # killed between the two renames
        old.rename(found)
    for leftover in (beside, old):
        shutil.rmtree(leftover, ignore_errors=True)
    beside.mkdir(parents=True)
    sources = [folder for folder in (found, *hunts) if inputs([folder])]
    try:
        if not sources:
            raise OSError(f"{target}: there is no input to merge")
        done = minimize(binary, sources, beside, log, bytes_max=FOUND_MAX)
    except BaseException:
        shutil.rmtree(beside)
        raise
    if found.is_dir():
        found.rename(old)
    beside.rename(found)
    shutil.rmtree(old, ignore_errors=True)
    return done


def main(arguments):
    parser = argparse.ArgumentParser(prog="ci/minimize --corpus", description=__doc__.splitlines()[0])
    parser.add_argument("--target", required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--logs", type=Path, default=Path("build/logs"))
    parser.add_argument("folders", nargs="*", type=Path)
    engine.add_options(parser)
    options = parser.parse_args(arguments)
    engine.stop_on_signals()
    binary = engine.folder_of(options, options.target) / options.target
    options.logs.mkdir(parents=True, exist_ok=True)
    log = options.logs / f"merge-{options.target}.log"
    try:
        if options.out is None:
            done = replace_found(options.target, binary, options.folders, log)
        else:
            options.out.mkdir(parents=True, exist_ok=True)
            if any(options.out.iterdir()):
                raise OSError(f"{options.out} is not empty")
            sources = [folder for folder in (Path("corpus") / options.target / "found", *options.folders) if inputs([folder])]
            if not sources:
                raise OSError(f"{options.target}: there is no input to merge")
            done = minimize(binary, sources, options.out, log)
    except KeyboardInterrupt:
        print("stopped; the corpus is as it was", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"ci/minimize: {error}", file=sys.stderr)
        return 2
    print(f"{options.target}: {done}")
    if done.lost:
        print(f"{grouped(done.lost)} features did not show again in what is kept")
    return 1 if done.lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
