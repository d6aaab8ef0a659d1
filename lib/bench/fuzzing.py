#!/usr/bin/env python3
"""What fuzzing a map costs beside the map, and how soon it finds defects beside other ways of hunting.

    fuzzing.py [--part throughput|defects|all] [--quick] [--json FILE] [--markdown] [--readme]
               [--only DEFECT]... [--way WAY]... [--attempts SEEDS] [--seconds N] [--jobs N]
    fuzzing.py --from FILE [--markdown] [--readme]     the tables of an earlier run, nothing is measured

throughput: operations a second of hash_map_operations and of the bare map that is asked the same. defects: hunts.py.
Exit: 0 measured (a missed bar is a line in the table), 2 wrong use, a missing binary or a run that did not finish.
"""

import argparse
import datetime
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import hunts
import shares
from report import HERE, Table, cpu_model, fail, update_readme, verdict, write_beside_and_rename

ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "ci" / "hunt"))
import engine  # noqa: E402  (it lies beside what hunts)

FUZZING_TARGET = "hash_map_operations"
OPERATIONS_BAR = 500_000
README_BEGIN, README_END = "<!-- fuzzing: begin -->", "<!-- fuzzing: end -->"


def replay_throughput(binary, rounds):
    """What the replay driver measures over the corpus of its target: the judge and the bare map, in turn."""
    folders = engine.corpus_folders(FUZZING_TARGET)
    command = [str(binary), "--throughput", str(rounds), *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True, check=False,
                            env={**os.environ, **engine.sanitizer_environment()})
    if result.returncode != 0:
        fail(f"{binary.name} ended with {result.returncode}: {(result.stderr.strip().splitlines() or ['?'])[-1]}")
    return json.loads(result.stdout)


def loop_throughput(binary, target, seconds):
    """One session of the engine from the checked-in corpus, as ci/fuzz --rng-seed 1 holds it."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = engine.hunt(binary, folder, engine.corpus_folders(target), seconds=seconds, rng_seed=1)
    if outcome.status != 0 or outcome.cpu_seconds == 0:
        fail(f"{binary.name} ended with {outcome.status} after {outcome.executions} executions")
    return {"seconds": seconds, "executions": outcome.executions, "operations": outcome.operations,
            "cpu_seconds": outcome.cpu_seconds, "per_second": outcome.operations / outcome.cpu_seconds,
            "executions_per_second": outcome.executions / outcome.cpu_seconds}


def loop_shares(binary, target, seconds):
    """Where such a session spends its time, or None where perf is not there."""
    if not shares.is_there():
        return None
    options = ["-seed=1", "-len_control=0", "-max_len=4096", "-use_value_profile=0", f"-max_total_time={seconds}"]
    return shares.shares(binary, [*engine.corpus_folders(target), *options], engine.sanitizer_environment())


def measure_throughput(arguments):
    folder = Path(arguments.bin).resolve()
    replay = folder / f"{FUZZING_TARGET}_replay"
    for binary in [replay, *(folder / target for target in hunts.TARGETS)]:
        if not os.access(binary, os.X_OK):
            fail(f"{binary} is missing; ci/bench fuzzing builds it")
    run = replay_throughput(replay, 5 if arguments.quick else 15)
    judged, bare = (run["operations"] / statistics.median(run[key]) for key in ("judged_seconds", "bare_seconds"))
    ratios = [j / b for j, b in zip(run["judged_seconds"], run["bare_seconds"])]
    seconds = 5 if arguments.quick else 30
    loops = {target: {**loop_throughput(folder / target, target, seconds),
                      "shares": loop_shares(folder / target, target, seconds)} for target in hunts.TARGETS}
    return {**run, "judged_per_second": judged, "bare_per_second": bare, "ratio": statistics.median(ratios), "ratios": ratios,
            "loops": loops}


def report_throughput(run, markdown):
    judged, bare, loop, ratios = run["judged_per_second"], run["bare_per_second"], run["loops"][FUZZING_TARGET], run["ratios"]
    table = Table(["what", "operations/s", "times the bare map's time", "bar", "verdict"], left=1)
    table.add("bare map, asked the same", f"{bare:,.0f}", "1.00", "-", "-")
    table.add("judged, on the corpus", f"{judged:,.0f}", f"{run['ratio']:.2f}", f"{OPERATIONS_BAR:,}",
              verdict(judged >= OPERATIONS_BAR))
    table.add(f"fuzzing loop, {loop['seconds']} s", f"{loop['per_second']:,.0f}",
              f"{bare / loop['per_second']:.2f}", f"{OPERATIONS_BAR:,}", verdict(loop["per_second"] >= OPERATIONS_BAR))
    title = (f"Map operations per CPU second of {FUZZING_TARGET} on one core, with ASan, UBSan and the engine's counters "
             f"({run['inputs']} inputs, {run['operations']:,} operations, medians of {len(ratios)} rounds, "
             f"ratio of a round {min(ratios):.2f} to {max(ratios):.2f})")
    mark = "### " if markdown else ""
    return f"{mark}{title}\n\n{table.show(markdown)}\n\n{mark}{loops_title(loop)}\n\n{loops_table(run['loops']).show(markdown)}"


def loops_title(loop):
    return f"Fuzzing loops of {loop['seconds']} s from the checked-in corpus, per CPU second, and where they spend their time"


def loops_table(loops):
    table = Table(["", *loops], left=1)
    table.add("executions/s", *(f"{loop['executions_per_second']:,.0f}" for loop in loops.values()))
    table.add("operations/s", *(f"{loop['per_second']:,.0f}" for loop in loops.values()))
    if any(loop["shares"] is None for loop in loops.values()):
        table.add("shares", *("needs perf (linux-perf)" for _ in loops))
        return table
    for part in shares.PARTS:
        table.add(part, *(f"{100 * loop['shares'][part]:.0f} %" for loop in loops.values()))
    return table


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            run = json.load(file)
        if "defects" in run:
            hunts.report(run["defects"], False)  # a file of another kind is told here, not later
        if "throughput" in run:
            report_throughput(run["throughput"], False)
        if not {"defects", "throughput"} & set(run):
            raise ValueError("neither throughput nor defects")
        return run
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        fail(f"{path} is no result of ci/bench fuzzing: {error}")


def compiler():
    """The first line of the version of what compiled all ways but AFL++'s."""
    shown = subprocess.run(["clang++-19", "--version"], capture_output=True, text=True, check=False).stdout
    return (shown.splitlines() or ["clang 19"])[0]


def fuzzing(arguments):
    if arguments.source:
        run = load(arguments.source)
    else:
        os.chdir(ROOT)
        run = {"date": datetime.date.today().isoformat(), "cpu_model": cpu_model(), "processors": os.cpu_count(),
               "compiler": compiler()}
        if arguments.part in ("throughput", "all"):
            run["throughput"] = measure_throughput(arguments)
        if arguments.part in ("defects", "all"):
            run["defects"] = {**hunts.measure(arguments), "quick": arguments.quick or bool(arguments.only or arguments.way)}
    if arguments.readme and ("defects" not in run or run["defects"]["quick"]):
        fail("--readme takes a run of all defects and ways (--part defects, without --quick, --only and --way)")
    if arguments.json:
        write_beside_and_rename(Path(arguments.json), json.dumps(run, indent=1) + "\n")
    reports = []
    if "throughput" in run:
        reports.append(report_throughput(run["throughput"], arguments.markdown))
    if "defects" in run:
        reports.append(hunts.report(run["defects"], arguments.markdown))
    print("\n\n".join(reports))
    if arguments.readme:
        path = hunts.plot(run["defects"])
        afl = f"; AFL++ {run['defects']['afl']}" if run["defects"]["afl"] else ""
        measured = f"Measured {run['date']}, {run['cpu_model']}, {run['processors']} CPUs, {run['compiler']}{afl}."
        picture = f"![How soon each way finds: share of hunts by executions, CPU seconds, operations](plots/{path.name})"
        update_readme("\n\n".join([measured, hunts.report(run["defects"], True), picture]), README_BEGIN, README_END)


def main():
    parser = argparse.ArgumentParser(prog="ci/bench fuzzing", description=__doc__.splitlines()[0])
    build = ROOT / "build"
    parser.add_argument("--bin", default=str(build / "fuzz" / "bin"), metavar="DIR", help="where the targets were built")
    parser.add_argument("--hunts", default=str(build / "bench_fuzzing" / "bin"), metavar="DIR",
                        help="where the ways of hunting were built")
    parser.add_argument("--afl-hunts", default=str(build / "bench_fuzzing_afl" / "bin"), metavar="DIR",
                        help="... and that of AFL++")
    parser.add_argument("--part", choices=["throughput", "defects", "all"], default="throughput")
    parser.add_argument("--quick", action="store_true",
                        help="a third of the rounds, a session of 5 seconds; nine defects, 3 seeds, 3 CPU seconds a hunt")
    parser.add_argument("--only", action="append", default=[], metavar="DEFECT", help="only this one (may be given again)")
    parser.add_argument("--way", action="append", default=[], choices=list(hunts.WAYS), help="likewise")
    parser.add_argument("--attempts", type=int, metavar="SEEDS", help="hunts of each defect in each way (default 10)")
    parser.add_argument("--seconds", type=int, metavar="N", help="CPU seconds of a hunt (default 4)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="hunts at once (default 2)")
    parser.add_argument("--json", metavar="FILE", help="keep the raw figures")
    parser.add_argument("--from", dest="source", metavar="FILE", help="report a kept run instead of measuring")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--readme", action="store_true", help="also put the defects into lib/bench/README.md")
    arguments = parser.parse_args()
    for name in ("attempts", "seconds", "jobs"):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            parser.error(f"--{name} takes a whole number of at least 1")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `ci/bench ... | head` ends quietly
    fuzzing(arguments)


if __name__ == "__main__":
    main()
