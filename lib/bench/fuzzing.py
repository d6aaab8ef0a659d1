#!/usr/bin/env python3
"""What fuzzing a map costs beside the map, and how soon it finds defects beside other ways of hunting.

    fuzzing.py [--part throughput|defects|all] [--quick] [--json FILE] [--markdown] [--readme]
               [--only DEFECT]... [--way WAY]... [--attempts SEEDS] [--seconds N] [--jobs N]
    fuzzing.py --from FILE [--markdown] [--readme]     the tables of an earlier run, nothing is measured

throughput: operations a second of hash_map_operations and of the bare map that is asked the same, with sanitizers and
without; what a corpus of 10,000 inputs costs (corpora.py). defects: hunts.py.
Exit: 0 measured (a missed bar is a line in the table), 2 wrong use, a missing binary or a run that did not finish.
"""

import argparse
import datetime
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import corpora
import hunts
import shares
from report import HERE, Table, cpu_model, fail, update_readme, verdict, write_beside_and_rename

ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "ci" / "hunt"))
import engine  # noqa: E402  (it lies beside what hunts)

FUZZING_TARGET = "hash_map_operations"
# Builds of one thread's judge and hash_map: what the column says, and operations a second that are aimed at.
BUILDS = {"sanitizers": ("ASan, UBSan, counters", 2_000_000), "counters": ("counters alone", 5_000_000),
          "plain": ("neither", 5_000_000)}
CORPUS_BAR_S = 10
JUDGING_BEGIN, JUDGING_END = "<!-- judging: begin -->", "<!-- judging: end -->"
README_BEGIN, README_END = "<!-- fuzzing: begin -->", "<!-- fuzzing: end -->"


def replay_throughput(binary, rounds, names):
    """What the replay driver measures over folders of the corpus of its target: the judge and the bare map, in turn."""
    folders = engine.corpus_folders(FUZZING_TARGET, names)
    command = [str(binary), "--throughput", str(rounds), *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True, check=False,
                            env={**os.environ, **engine.sanitizer_environment()})
    if result.returncode != 0:
        fail(f"{binary} ended with {result.returncode}: {(result.stderr.strip().splitlines() or ['?'])[-1]}")
    run = json.loads(result.stdout)
    judged, bare = (run["operations"] / statistics.median(run[key]) for key in ("judged_seconds", "bare_seconds"))
    ratios = [j / b for j, b in zip(run["judged_seconds"], run["bare_seconds"])]
    return {**run, "judged_per_second": judged, "bare_per_second": bare, "ratio": statistics.median(ratios), "ratios": ratios}


def loop_throughput(binary, target, seconds):
    """One session of the engine from the checked-in corpus, as ci/fuzz --rng-seed 1 holds it."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = engine.hunt(binary, folder, engine.corpus_folders(target), seconds=seconds, rng_seed=1,
                              of_address=engine.AFTER_RANDOM_PROGRAMS)
        if outcome.found:
            kept = ROOT / "build" / "bench_fuzzing" / "findings" / outcome.artifacts[0].name
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(outcome.artifacts[0], kept)
            fail(f"{binary.name} found something while it was timed; next: ci/reproduce --target {target} {kept.relative_to(ROOT)}")
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
    return shares.shares(binary, [*engine.corpus_folders(target), *options], engine.sanitizer_environment(engine.AFTER_RANDOM_PROGRAMS))


def measure_throughput(arguments):
    folder = Path(arguments.bin).resolve()
    judges = {"sanitizers": Path(arguments.hunts).resolve(), "counters": Path(arguments.counters).resolve(),
              "plain": Path(arguments.plain).resolve()}
    wanted = [*(judge / "judge_replay" for judge in judges.values()), judges["counters"] / "judge_loop",
              judges["sanitizers"] / "judge_loop", judges["sanitizers"] / "make_inputs", *(folder / target for target in hunts.TARGETS)]
    for binary in wanted:
        if not os.access(binary, os.X_OK):
            fail(f"{binary} is missing; ci/bench fuzzing builds it")
    rounds = 5 if arguments.quick else 15
    builds = {name: {"corpus": replay_throughput(judge / "judge_replay", rounds, ("seed", "found")),
                     "regression": replay_throughput(judge / "judge_replay", rounds, ("regression",))}
              for name, judge in judges.items()}
    seconds = 5 if arguments.quick else 30
    for name in ("sanitizers", "counters"):
        builds[name]["loop"] = loop_throughput(judges[name] / "judge_loop", FUZZING_TARGET, seconds)
    loops = {target: {**loop_throughput(folder / target, target, seconds),
                      "shares": loop_shares(folder / target, target, seconds)} for target in hunts.TARGETS}
    count = 1000 if arguments.quick else 10_000
    return {"quick": arguments.quick, "builds": builds, "loops": loops,
            "corpora": {name: corpora.measure(judges["sanitizers"] / "make_inputs", judges[name] / "judge_loop", count)
                        for name in ("sanitizers", "counters")}}


def report_throughput(run, markdown):
    mark = "### " if markdown else ""
    parts = []
    for title, table in ((judged_title(run["builds"]), judged_table(run["builds"])),
                         (loops_title(run["loops"][FUZZING_TARGET]), loops_table(run["loops"])),
                         (corpora_title(run["corpora"]["sanitizers"]), corpora_table(run["corpora"]))):
        parts.append(f"{mark}{title}\n\n{table.show(markdown)}")
    return "\n\n".join(parts)


def judged_title(builds):
    corpus = builds["sanitizers"]["corpus"]
    return (f"Map operations per CPU second of {FUZZING_TARGET} on one core ({corpus['inputs']} inputs, {corpus['operations']:,} "
            f"operations, medians of {len(corpus['ratios'])} rounds)")


def judged_table(builds):
    table = Table(["build", "what", "operations/s", "times the bare map's time", "aimed at", "verdict"])
    for name, (title, bar) in BUILDS.items():
        build = builds[name]
        bare = build["corpus"]["bare_per_second"]
        table.add(title, "bare map, asked the same", f"{bare:,.0f}", "1.00", "-", "-")
        for part, what in (("corpus", "judged, seeds and found"), ("regression", "judged, regressions")):
            judged, ratios = build[part]["judged_per_second"], build[part]["ratios"]
            table.add(title, what, f"{judged:,.0f}", f"{build[part]['ratio']:.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
                      *((f"{bar:,}", verdict(judged >= bar)) if part == "corpus" else ("-", "-")))
        if "loop" in build:
            loop = build["loop"]["per_second"]
            table.add(title, f"fuzzing loop, {build['loop']['seconds']} s", f"{loop:,.0f}", f"{bare / loop:.2f}", f"{bar:,}",
                      verdict(loop >= bar))
    return table


def corpora_title(corpus):
    return (f"A corpus of {corpus['inputs']:,} inputs ({corpus['bytes'] / 1e6:.1f} MB, {corpus['operations']:,} operations): "
            "CPU seconds of the engine")


def corpora_table(runs):
    table = Table(["what", *(BUILDS[name][0] for name in runs), "aimed at", "verdict, with sanitizers"], left=1)
    for key, what in corpora.STEPS.items():
        seconds = runs["sanitizers"][key]
        bar = (CORPUS_BAR_S, verdict(seconds < CORPUS_BAR_S)) if key != "start" else ("-", "-")
        table.add(what, *(f"{run[key]:.2f}" for run in runs.values()), *bar)
    table.add("files that the merge keeps", *(f"{run['kept']:,}" for run in runs.values()), "-", "-")
    table.add("features of the inputs", *(f"{run['features']:,}" for run in runs.values()), "-", "-")
    return table


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
    if arguments.readme and "throughput" not in run and "defects" not in run:
        fail("nothing to put into the page")
    if arguments.readme and "defects" in run and run["defects"]["quick"]:
        fail("--readme takes a run of all defects and ways (without --quick, --only and --way)")
    if arguments.readme and "throughput" in run and run["throughput"].get("quick"):
        fail("--readme takes a run without --quick")
    if arguments.json:
        write_beside_and_rename(Path(arguments.json), json.dumps(run, indent=1) + "\n")
    reports = []
    if "throughput" in run:
        reports.append(report_throughput(run["throughput"], arguments.markdown))
    if "defects" in run:
        reports.append(hunts.report(run["defects"], arguments.markdown))
    print("\n\n".join(reports))
    measured = f"Measured {run['date']}, {run['cpu_model']}, {run['processors']} CPUs, {run['compiler']}"
    if arguments.readme and "throughput" in run:
        update_readme(f"{measured}.\n\n{report_throughput(run['throughput'], True)}", JUDGING_BEGIN, JUDGING_END)
    if arguments.readme and "defects" in run:
        path = hunts.plot(run["defects"])
        afl = f"; AFL++ {run['defects']['afl']}" if run["defects"]["afl"] else ""
        picture = f"![How soon each way finds: share of hunts by executions, CPU seconds, operations](plots/{path.name})"
        update_readme("\n\n".join([f"{measured}{afl}.", hunts.report(run["defects"], True), picture]), README_BEGIN, README_END)


def main():
    parser = argparse.ArgumentParser(prog="ci/bench fuzzing", description=__doc__.splitlines()[0])
    build = ROOT / "build"
    parser.add_argument("--bin", default=str(build / "fuzz" / "bin"), metavar="DIR", help="where the targets were built")
    parser.add_argument("--hunts", default=str(build / "bench_fuzzing" / "bin"), metavar="DIR",
                        help="where the ways of hunting were built")
    parser.add_argument("--afl-hunts", default=str(build / "bench_fuzzing_afl" / "bin"), metavar="DIR",
                        help="... and that of AFL++")
    parser.add_argument("--counters", default=str(build / "bench_fuzzing_counters" / "bin"), metavar="DIR",
                        help="where the judge was built without sanitizers")
    parser.add_argument("--plain", default=str(build / "bench_fuzzing_plain" / "bin"), metavar="DIR",
                        help="... and without the engine's counters as well")
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
    parser.add_argument("--readme", action="store_true", help="also put what was measured into lib/bench/README.md")
    arguments = parser.parse_args()
    for name in ("attempts", "seconds", "jobs"):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            parser.error(f"--{name} takes a whole number of at least 1")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `ci/bench ... | head` ends quietly
    fuzzing(arguments)


if __name__ == "__main__":
    main()
