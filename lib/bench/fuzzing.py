#!/usr/bin/env python3
"""What fuzzing a map costs beside the map: operations a second of hash_map_operations and of the bare map, and the ratio.

    fuzzing.py [--bin DIR] [--quick] [--json FILE] [--markdown]

Exit: 0 measured (a missed bar is a line in the table), 2 wrong use, a missing binary or a run that did not finish.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from report import HERE, Table, cpu_model, fail, verdict, write_beside_and_rename

ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "ci" / "hunt"))
import engine  # noqa: E402  (it lies beside what hunts)

FUZZING_TARGET = "hash_map_operations"
OPERATIONS_BAR = 500_000


def replay_throughput(binary, rounds):
    """What the replay driver measures over the corpus of its target: the judge and the bare map, in turn."""
    folders = engine.corpus_folders(FUZZING_TARGET)
    command = [str(binary), "--throughput", str(rounds), *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True, check=False,
                            env={**os.environ, **engine.sanitizer_environment()})
    if result.returncode != 0:
        fail(f"{binary.name} ended with {result.returncode}: {(result.stderr.strip().splitlines() or ['?'])[-1]}")
    return json.loads(result.stdout)


def loop_throughput(binary, seconds):
    """One session of the engine from the checked-in corpus, as ci/fuzz --rng-seed 1 holds it."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = engine.hunt(binary, folder, engine.corpus_folders(FUZZING_TARGET), seconds=seconds, rng_seed=1)
    if outcome.status != 0 or outcome.cpu_seconds == 0:
        fail(f"{binary.name} ended with {outcome.status} after {outcome.executions} executions")
    return {"seconds": seconds, "executions": outcome.executions, "operations": outcome.operations,
            "cpu_seconds": outcome.cpu_seconds, "per_second": outcome.operations / outcome.cpu_seconds}


def fuzzing(arguments):
    folder = Path(arguments.bin).resolve()
    binaries = [folder / f"{FUZZING_TARGET}{life}" for life in ("", "_replay")]
    for binary in binaries:
        if not os.access(binary, os.X_OK):
            fail(f"{binary} is missing; ci/bench fuzzing builds it")
    os.chdir(ROOT)
    run = replay_throughput(binaries[1], 5 if arguments.quick else 15)
    judged, bare = (run["operations"] / statistics.median(run[key]) for key in ("judged_seconds", "bare_seconds"))
    ratios = [j / b for j, b in zip(run["judged_seconds"], run["bare_seconds"])]
    ratio = statistics.median(ratios)
    loop = loop_throughput(binaries[0], 5 if arguments.quick else 30)
    table = Table(["what", "operations/s", "times the bare map's time", "bar", "verdict"], left=1)
    table.add("bare map, asked the same", f"{bare:,.0f}", "1.00", "-", "-")
    table.add("judged, on the corpus", f"{judged:,.0f}", f"{ratio:.2f}", f"{OPERATIONS_BAR:,}",
              verdict(judged >= OPERATIONS_BAR))
    table.add(f"fuzzing loop, {loop['seconds']} s", f"{loop['per_second']:,.0f}",
              f"{bare / loop['per_second']:.2f}", f"{OPERATIONS_BAR:,}", verdict(loop["per_second"] >= OPERATIONS_BAR))
    title = (f"Map operations per CPU second of {FUZZING_TARGET} on one core, with ASan, UBSan and the engine's counters "
             f"({run['inputs']} inputs, {run['operations']:,} operations, medians of {len(ratios)} rounds, "
             f"ratio of a round {min(ratios):.2f} to {max(ratios):.2f})")
    print(f"### {title}\n" if arguments.markdown else f"{title}\n")
    print(table.show(arguments.markdown))
    if arguments.json:
        result = {**run, "judged_per_second": judged, "bare_per_second": bare, "ratio": ratio, "loop": loop,
                  "cpu_model": cpu_model()}
        write_beside_and_rename(Path(arguments.json), json.dumps(result, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(prog="ci/bench fuzzing", description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=str(ROOT / "build" / "fuzz" / "bin"), metavar="DIR", help="where it was built")
    parser.add_argument("--quick", action="store_true", help="a third of the rounds, a session of 5 seconds")
    parser.add_argument("--json", metavar="FILE", help="keep the raw figures")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    arguments = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `ci/bench ... | head` ends quietly
    fuzzing(arguments)


if __name__ == "__main__":
    main()
