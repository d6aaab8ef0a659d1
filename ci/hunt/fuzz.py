"""Fuzzes targets and says what was found. Called by ci/fuzz and ci/nightly, which build first.

    fuzz.py --scratch FOLDER --seconds N [--bin FOLDER] [--scheduled-bin FOLDER] [--scheduled TARGET]... [--jobs N]
            [--rng-seed N] [--empty-corpus] [--each-map] [--json FILE] TARGET...

From ten seconds on, a tenth of the time goes to random programs without an engine, before it: defects that lie close to
one are found there many times sooner. The engine gets the rest, or nothing when they have found something. The canary is
the engine's alone.
A target named canary must fail: one that holds is a finding about the suite itself.
Exit status: 0 every map held (and the canary sang), 1 a finding, 2 a target does not start or the disk is full.
"""

import argparse
import errno
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import engine
import findings
from table import grouped, text_table

CANARY = "canary"
OF_THEIR_OWN = (CANARY, "checker", "codec")  # judge something of their own and no registered map
HEADER = ["target", "verdict", "executions", "exec/s", "operations/s", "schedules", "coverage", "features", "corpus",
          "findings"]


class Progress:
    """One line that is rewritten on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, out=sys.stderr):
        self.out = out
        self.live = out.isatty()
        self.last = time.monotonic()

    def show(self, line):
        if self.live:
            self.out.write("\r\033[K" + line[: shutil.get_terminal_size().columns - 1])
            self.out.flush()
        elif time.monotonic() - self.last >= 10:
            self.last = time.monotonic()
            print(line, file=self.out, flush=True)

    def say(self, line):
        if self.live:
            self.out.write("\r\033[K")
            self.out.flush()
        print(line, flush=True)


def maps_of(target, options):
    """The maps that a target judges, each for a hunt of its own; [None] where it judges something else."""
    if target in OF_THEIR_OWN:
        return [None]
    replay = engine.folder_of(options, target) / f"{target}_replay"
    done = subprocess.run([str(replay), "--list-judged"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{replay} --list-judged ended with {done.returncode}: {done.stderr.strip()}")
    if not done.stdout.split():
        raise OSError(f"{replay} --list-judged names no map: --each-map has nothing to hunt")
    return done.stdout.split()


def title_of(row):
    return f"{row['target']} on {row['map']}" if row["map"] else row["target"]


def command_of(row, file):
    """What replays a finding of a row, on the map that it was found on."""
    name = row["map"] or ("" if row["target"] in OF_THEIR_OWN else os.environ.get("GAUNTLET_SUBJECT"))
    subject = f"GAUNTLET_SUBJECT={name} " if name else ""
    return f"{subject}ci/reproduce --target {row['target']} {file}"


def fuzz_one(target, map_name, options, progress):
    """Hunts one target, with all its maps or with one; gives a row of results."""
    env = {"GAUNTLET_SUBJECT": map_name or ""} if map_name or target in OF_THEIR_OWN else {}
    title = f"{target} on {map_name}" if map_name else target
    name = f"{target}-{map_name}" if map_name else target
    scratch = options.scratch / name
    folder = engine.folder_of(options, target)
    replay = folder / f"{target}_replay"
    fresh = options.rng_seed or options.empty_corpus or target == CANARY
    if fresh and (scratch / "corpus").exists():
        shutil.rmtree(scratch / "corpus")
    folders = [] if options.empty_corpus else engine.corpus_folders(target)

    def watch(now):
        progress.show(f"{title}: {now.wall_seconds:.0f} s, {grouped(now.executions)} executions, "
                      f"{grouped(now.per_second)}/s, coverage {now.coverage}")

    random_seconds = 0 if target == CANARY else options.seconds // 10
    outcome, programs, cpu_seconds = engine.Outcome(), 0, 0
    if random_seconds:
        outcome = engine.hunt_at_random(
            replay, scratch, seconds=random_seconds, scheduled=target in options.scheduled, env=env,
            rng_seed=options.rng_seed or time.time_ns() % 2**32,
            watch=lambda now: progress.show(f"{title}: {now.wall_seconds:.0f} s, random programs"))
        programs, outcome.executions = outcome.executions, 0
        if outcome.not_asked and (map_name or os.environ.get("GAUNTLET_SUBJECT")):
            progress.say(f"{title}: not asked, for the map has no member that can be called so: {outcome.not_asked}")
        cpu_seconds += outcome.cpu_seconds
    if not outcome.found and outcome.status == 0:
        outcome = engine.hunt(folder / target, scratch, folders, seconds=options.seconds - random_seconds,
                              rng_seed=options.rng_seed, env=env, watch=watch,
                              of_address=engine.AFTER_RANDOM_PROGRAMS if random_seconds else "")
        cpu_seconds += outcome.cpu_seconds
    row = {
        "target": target,
        "map": map_name,
        "random_programs": programs,
        "executions": outcome.executions,
        "executions_per_second": outcome.per_second,
        "operations_per_second": outcome.operations_per_second,
        "schedules": outcome.schedules,
        "coverage": outcome.coverage,
        "features": outcome.features,
        "corpus_grown": outcome.grown,
        "cpu_seconds": round(cpu_seconds, 1),
        "findings": [],
    }
    if target == CANARY:
        row["verdict"] = "sang" if outcome.found else "SILENT"
    elif outcome.found:
        row["verdict"] = "FOUND"
        for artifact in outcome.artifacts:
            progress.say(f"{title}: a finding; reducing it (at most {options.reduce_seconds} s)")
            path, operations = findings.keep(target, replay, artifact, options.findings, options.reduce_seconds, env,
                                             name)
            row["findings"].append({"file": str(path), "operations": operations, "artifact": artifact.name})
            report = findings.replay_text(replay, path, env) if operations is not None else findings.why(outcome.log)
            progress.say(f"\n{report}\n\n{title}: kept as {path}\nnext: {command_of(row, path)}\n")
    elif outcome.status != 0:
        row["verdict"] = "DID NOT RUN"
        progress.say(f"{title}: ended with {outcome.status}, without an input to show:\n{findings.why(outcome.log)}")
    else:
        row["verdict"] = "held"
    before = f"{grouped(programs)} random programs, " if programs else ""
    progress.say(f"{title}: {row['verdict']} ({before}{grouped(outcome.executions)} executions)")
    return row


def cells(row):
    return [title_of(row), row["verdict"], grouped(row["executions"]), grouped(row["executions_per_second"]),
            *(grouped(row[name]) if row[name] else "-" for name in ("operations_per_second", "schedules")),
            row["coverage"], row["features"], f"+{row['corpus_grown']}", len(row["findings"])]


def exit_status(rows):
    verdicts = {row["verdict"] for row in rows}
    if "DID NOT RUN" in verdicts:
        return 2
    return 1 if verdicts & {"FOUND", "SILENT"} else 0


def parse(arguments):
    parser = argparse.ArgumentParser(prog="ci/hunt/fuzz.py", description=__doc__.splitlines()[0])
    engine.add_options(parser)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz/findings"))
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--reduce-seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--rng-seed", type=int, default=0)
    parser.add_argument("--empty-corpus", action="store_true")
    parser.add_argument("--each-map", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("targets", nargs="+")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    engine.stop_on_signals()
    progress = Progress()
    try:
        hunts = [(target, map_name) for target in options.targets
                 for map_name in (maps_of(target, options) if options.each_map else [None])]
        with ThreadPoolExecutor(max_workers=options.jobs) as pool:
            jobs = [pool.submit(fuzz_one, target, map_name, options, progress) for target, map_name in hunts]
            try:
                rows = [job.result() for job in jobs]
            except BaseException:
                engine.stop_all()
                raise
    except KeyboardInterrupt:
        print("\nstopped; the corpus is as it was, new inputs stay in " + str(options.scratch), file=sys.stderr)
        return 2
    except OSError as error:
        reason = "no space left on the device" if error.errno == errno.ENOSPC else str(error)
        print(f"ci/fuzz: {reason}", file=sys.stderr)
        return 2
    print()
    print(text_table(HEADER, [cells(row) for row in rows]))
    if options.json:
        beside = options.json.with_suffix(".part")
        beside.write_text(json.dumps(rows, indent=2) + "\n")
        beside.replace(options.json)
    status = exit_status(rows)
    if any(row["verdict"] == "SILENT" for row in rows):
        print("the canary did not fail: a run that cannot find it proves nothing")
    print({0: "the maps held", 1: "not everything held", 2: "not everything ran"}[status])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
