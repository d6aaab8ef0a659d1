"""Turns the fuzzers on maps with one known defect each: does every alarm ring, how soon, and how small is the proof?

    prove.py --bin FOLDER --scratch FOLDER [--runs N] [--empty-corpus] [--defect NAME]... [--one-each]
             [--built TARGET]... [TARGET...]
    prove.py --print-files [--defect NAME]... [--one-each] [TARGET...]

--print-files tells which files of lib/gauntlet/broken have to be compiled for that, as a regular expression that CMake takes
as GAUNTLET_BROKEN; nothing where it is all of them.
Which defects there are say the replay binaries of the targets named, without names those of the targets built just now
(--built): others may lie in the same folder and be of another day.
A defect declares its target and its budget of CPU seconds; a run is one fuzzing of <target>_prove with
GAUNTLET_SUBJECT=<defect> until it fails or the budget is spent. With several runs (different seeds of the engine) the
median counts; a run that finds nothing counts as longer than every other.
Exit status: 0 every defect was caught within its budget and its failure reduced to as few operations as it declares,
1 one was not, 2 wrong use.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import engine
import findings
from fuzz import Progress
from table import grouped, text_table

HEADER = ["defect", "target", "start", "caught", "CPU seconds", "executions", "operations", "promise"]
MISSED = float("inf")
INDEX = Path(__file__).resolve().parents[2] / "lib/gauntlet/broken/README.md"


@dataclass
class Defect:
    name: str
    target: str
    promise: str
    budget: int
    operations_max: int = 8


def parse_defects(text):
    """Lines `name<TAB>target<TAB>promise<TAB>CPU seconds<TAB>operations`, the way every replay binary lists them."""
    defects = []
    for line in text.splitlines():
        name, target, promise, budget, operations = line.split("\t")
        defects.append(Defect(name, target, promise, int(budget), int(operations)))
    return defects


def list_defects(replays):
    """What the replay binaries ({target: path}) list, merged. A binary may be older than another, so that of a target's own
    defects its own binary has the word; of those of a target without one, the first that names them."""
    own, others = {}, {}
    for target, path in replays.items():
        done = subprocess.run([str(path), "--list-defects"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"{path} --list-defects ended with {done.returncode}: {done.stderr.strip()}")
        for defect in parse_defects(done.stdout):
            if defect.target == target:
                own[defect.name] = defect
            elif defect.target not in replays:
                others.setdefault(defect.name, defect)
    return [defect for _, defect in sorted({**others, **own}.items())]


def one_each(defects):
    """The first defect by name for each target: a fixed subset that grows with the targets."""
    chosen = {}
    for defect in sorted(defects, key=lambda d: d.name):
        chosen.setdefault(defect.target, defect)
    return sorted(chosen.values(), key=lambda d: d.name)


def index_of_defects():
    """The defects that the index of lib/gauntlet/broken names; a test holds that it names all."""
    row = re.compile(r"^\| \[`(\w+)`\]\(\1\.cpp\) \| (.*) \| `(\w+)` \|$", re.MULTILINE)
    return [Defect(name, target, promise, 0) for name, promise, target in row.findall(INDEX.read_text())]


def select(known, options):
    """Those of the known defects that are wanted; ValueError where one that was named is not among them."""
    unknown = set(options.defect) - {defect.name for defect in known}
    if unknown:
        raise ValueError(f"unknown defect {', '.join(sorted(unknown))}; there are: {' '.join(defect.name for defect in known)}")
    return [d for d in known if (not options.defect or d.name in options.defect)
            and (not options.targets or d.target in options.targets)]


def files(options):
    """What GAUNTLET_BROKEN is for these options."""
    wanted = select(index_of_defects(), options)
    if options.one_each:
        wanted = one_each(wanted)
    elif not options.defect:
        return ""
    return "|".join(defect.name for defect in wanted)


def prove_one(defect, start, options, progress):
    """All runs of one defect from one kind of start; gives a row."""
    folder = engine.folder_of(options, defect.target)
    replay = folder / f"{defect.target}_replay"
    env = {"GAUNTLET_SUBJECT": defect.name}
    runs = []
    smallest = None
    kept = None
    for number in range(options.runs):
        scratch = options.scratch / f"{defect.name}-{start}"
        shutil.rmtree(scratch, ignore_errors=True)
        # What hunts have found may come from defective maps and know their triggers: a proof starts from seeds alone.
        folders = engine.corpus_folders(defect.target, ("seed",)) if start == "seed" else []

        def watch(now):
            progress.show(f"{defect.name} from {start}: run {number + 1}/{options.runs}, {now.wall_seconds:.0f} s, "
                          f"{grouped(now.executions)} executions")

        outcome = engine.hunt(folder / f"{defect.target}_prove", scratch, folders, cpu_seconds=defect.budget,
                              rng_seed=options.rng_seed + number, env=env, watch=watch)
        caught = outcome.found
        runs.append({
            "caught": caught,
            "cpu_seconds": round(outcome.cpu_seconds, 2) if caught else None,
            "executions": outcome.executions,
            "rng_seed": options.rng_seed + number,
        })
        if caught:
            path, operations = findings.keep(defect.target, replay, outcome.artifacts[0], options.findings,
                                             options.reduce_seconds, env, name=f"{defect.name}-{start}")
            if operations is not None and (smallest is None or operations < smallest):
                smallest, kept = operations, path
            elif kept is None:
                kept = path
        elif not outcome.out_of_budget:
            progress.say(f"{defect.name}: {defect.target}_prove ended with {outcome.status}, no input to show:\n"
                         f"{findings.why(outcome.log)}")
    seconds = statistics.median(run["cpu_seconds"] if run["caught"] else MISSED for run in runs)
    executions = statistics.median(run["executions"] if run["caught"] else MISSED for run in runs)
    row = {
        "defect": defect.name,
        "target": defect.target,
        "promise": defect.promise,
        "budget": defect.budget,
        "operations_max": defect.operations_max,
        "start": start,
        "caught": sum(run["caught"] for run in runs),
        "runs": runs,
        "cpu_seconds": None if seconds == MISSED else round(seconds, 2),
        "executions": None if executions == MISSED else int(executions),
        "operations": smallest,
        "file": str(kept) if kept else None,
    }
    progress.say(f"{defect.name} from {start}: " + ("caught" if row["cpu_seconds"] is not None else "MISSED") +
                 (f" in {row['cpu_seconds']} CPU seconds" if row["cpu_seconds"] is not None else "") +
                 (f", reduced to {smallest} operations\n  next: ci/reproduce --subject {defect.name} {kept}"
                  if smallest is not None else ""))
    return row


def passed(row):
    return row["cpu_seconds"] is not None and row["operations"] is not None and row["operations"] <= row["operations_max"]


def cells(row):
    return [row["defect"], row["target"], row["start"], f"{row['caught']}/{len(row['runs'])}",
            "-" if row["cpu_seconds"] is None else row["cpu_seconds"],
            "-" if row["executions"] is None else grouped(row["executions"]),
            "-" if row["operations"] is None else row["operations"], row["promise"]]


def main(arguments):
    parser = argparse.ArgumentParser(prog="ci/hunt/prove.py", description=__doc__.splitlines()[0])
    engine.add_options(parser)
    parser.add_argument("--print-files", action="store_true")
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz/findings"))
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--rng-seed", type=int, default=1)
    parser.add_argument("--reduce-seconds", type=int, default=30)
    parser.add_argument("--empty-corpus", action="store_true")
    parser.add_argument("--one-each", action="store_true")
    parser.add_argument("--defect", action="append", default=[])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--built", action="append", default=[], metavar="TARGET")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args(arguments)

    if options.print_files:
        try:
            print(files(options))
            return 0
        except (OSError, ValueError) as error:
            print(f"ci/fuzz: {error}", file=sys.stderr)
            return 2
    if not options.scratch:
        parser.error("--scratch is needed")
    engine.stop_on_signals()
    # Those that are hunted; without names, all that are there.
    folders = [options.bin] + ([options.scheduled_bin] if options.scheduled else [])
    names = options.targets or options.built or sorted(
        path.name.removesuffix("_replay") for folder in folders for path in folder.glob("*_replay"))
    replays = {name: engine.folder_of(options, name) / f"{name}_replay" for name in names}
    missing = sorted(name for name, path in replays.items() if not path.exists())
    if missing or not replays:
        print(f"ci/fuzz: no replay binary{' of ' if missing else ''}{', '.join(missing)} in {options.bin}", file=sys.stderr)
        return 2
    try:
        wanted = select(list_defects(replays), options)
    except (OSError, ValueError) as error:
        print(f"ci/fuzz: {error}", file=sys.stderr)
        return 2
    # Defects may be declared for a target that this tree cannot build; what was asked for by name must be there.
    missing = sorted({defect.target for defect in wanted} - set(replays))
    if missing and options.defect:
        print(f"ci/fuzz: no binary of {', '.join(missing)} in {options.bin}", file=sys.stderr)
        return 2
    for target in missing:
        print(f"{target} is not built here: {sum(d.target == target for d in wanted)} defects are not hunted")
    wanted = [defect for defect in wanted if defect.target in replays]
    if options.one_each:
        wanted = one_each(wanted)
    if not wanted:
        print("ci/fuzz: no defective map to hunt", file=sys.stderr)
        return 2

    progress = Progress()
    starts = ["seed", "empty"] if options.empty_corpus else ["seed"]
    try:
        with ThreadPoolExecutor(max_workers=options.jobs) as pool:
            jobs = [pool.submit(prove_one, defect, start, options, progress) for defect in wanted for start in starts]
            try:
                rows = [job.result() for job in jobs]
            except BaseException:
                engine.stop_all()
                raise
    except KeyboardInterrupt:
        print("\nstopped; the corpus is as it was", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"ci/fuzz: {error}", file=sys.stderr)
        return 2
    print()
    print(text_table(HEADER, [cells(row) for row in rows]))
    if options.json:
        beside = options.json.with_suffix(".part")
        beside.write_text(json.dumps(rows, indent=2) + "\n")
        beside.replace(options.json)
    failed = [row for row in rows if not passed(row)]
    print(f"{len(rows) - len(failed)} caught and reduced as far as they should be, {len(failed)} not")
    for row in failed:
        print(f"  {row['defect']} from {row['start']}: " +
              ("missed" if row["cpu_seconds"] is None else
               f"reduced to {row['operations']} operations, at most {row['operations_max']} wanted"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
