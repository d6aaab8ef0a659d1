#!/usr/bin/env python3
"""Measures the controlled scheduler: speed, time to each bug by each strategy, the litmus suite, executions through the
fuzzing engine; prints the tables.

    schedules.py [--bin DIR] [--engine DIR] [--quick] [--part speed|bugs|litmus|engine|all] [--json FILE] [--markdown] [--readme]
    schedules.py --from FILE [--markdown] [--readme]      the tables of an earlier run, nothing is measured

Exit: 0 measured (a missed bar is a line in the table), 1 something correct was reported or something forbidden was
seen, 2 wrong use, missing binary or a run that did not finish.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from report import HERE, Table, cpu_model, fail, update_readme, verdict, write_beside_and_rename

STRATEGIES = ["random_walk", "pct 2", "pct 3", "pos", "surw", "reads_from", "portfolio"]
SCHEDULES_BAR = 10000
ENGINE_BAR = 20000
# What the fuzzer says at its end.
OPERATIONS, SCHEDULES = (re.compile(rf"^{what}: (\d+)", re.M) for what in ("operations", "schedules"))
# Three threads, six operations, on two keys.
ENGINE_PROGRAM = """gauntlet 1
target concurrent_schedule
threads 3
@1 insert_copy 0 hot 1 value 0
@1 find 0 hot 0
@2 insert_copy 0 hot 0 value 0
@2 erase_key 0 hot 1
@3 insert_or_assign 0 hot 1 value 3
@3 find 0 hot 1
"""
RECORDS_OF_SIX = 24 + 6 * 8  # bytes of an input with so many operations
README_BEGIN, README_END = "<!-- schedules: begin -->", "<!-- schedules: end -->"


def measure(arguments):
    if arguments.part == "engine":
        return {"engine": measure_engine(arguments), "quick": arguments.quick, "cpu_model": cpu_model()}
    binary = Path(arguments.bin).resolve() / "gauntlet_bench_schedules"
    if not os.access(binary, os.X_OK):
        fail(f"{binary} is missing; ci/bench schedules builds it")
    command = [str(binary), f"--part={arguments.part}"] + (["--quick"] if arguments.quick else [])
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode not in (0, 1):
        fail(f"{binary.name} ended with {result.returncode}")
    try:
        run = json.loads(result.stdout)
    except ValueError as error:
        fail(f"{binary.name} printed no JSON: {error}")
    run["quick"] = arguments.quick
    run["cpu_model"] = cpu_model()
    if arguments.part == "all":
        run["engine"] = measure_engine(arguments)
    return run


def engine_seconds(binary, arguments):
    """CPU seconds, operations and schedules of one run of the fuzzer on sharded_map."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run([str(binary), *arguments], env={**os.environ, "GAUNTLET_SUBJECT": "sharded_map"},
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        fail(f"{binary.name} ended with {result.returncode}:\n{result.stderr[-2000:]}")
    operations, schedules = OPERATIONS.search(result.stderr), SCHEDULES.search(result.stderr)
    if not operations or not schedules:
        fail(f"{binary.name} did not say how much it ran:\n{result.stderr[-2000:]}")
    seconds = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    return seconds, int(operations.group(1)), int(schedules.group(1))


def measure_engine(arguments):
    """Executions and schedules a CPU second through the fuzz target: of one program along its own schedule, and of what the
    mutator makes of programs of at most six operations (each up to four times), from an empty corpus, along others, too."""
    binary = Path(arguments.engine).resolve() / "concurrent_schedule"
    if not os.access(binary, os.X_OK):
        fail(f"{binary} is missing; ci/bench schedules builds it")
    most = 50_000 if arguments.quick else 200_000
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "program.ops"
        program.write_text(ENGINE_PROGRAM)
        corpus = Path(scratch) / "corpus"
        corpus.mkdir()
        mutating = [f"-max_len={RECORDS_OF_SIX}", "-seed=1", "-entropic=0", "-use_value_profile=0"]
        for what, runs, options in (("one program", most, [program]), ("mutated programs", most // 10, [corpus, *mutating])):
            seconds, operations, schedules = engine_seconds(binary, [*map(str, options), f"-runs={runs}"])
            rows.append({"what": what, "runs": runs, "seconds": seconds, "operations": operations / schedules,
                         "schedules": schedules})
    return rows


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            run = json.load(file)
        if "engine" not in run:
            run["carrier"], run["searches"]
        return run
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"{path} is no result of ci/bench schedules: {error}")


def figure(value):
    """Three digits that count, thousands grouped."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(entry):
    if entry["found"] == 0:
        return f"0/{entry['searches']}"
    text = f"{figure(entry['mean_schedules'])} / {figure(entry['mean_ms'])}"
    return text if entry["found"] == entry["searches"] else f"{text} ({entry['found']}/{entry['searches']})"


def speed_parts(run):
    table = Table(["program", "body", "events", "switches", "schedules/s", "weak memory"])
    for r in run["speed"]:
        table.add(r["program"], r["body"], figure(r["events"]), figure(r["switches"]),
                  figure(r["schedules_per_second"]), figure(r["weak_schedules_per_second"]))
    line = f"An event costs {run['event_ns']:.0f} ns, a context switch {run['switch_ns']:.0f} ns more ({run['carrier']})."
    return [("Schedules per second of CPU time, strategy pos", table, line)]


def bugs_parts(run):
    searches = int(run["searches"])
    table = Table(["program"] + STRATEGIES, left=1)
    for r in run["bugs"]:
        table.add(r["program"], *[cell(r[s]) for s in STRATEGIES])
    parts = [(f"Mean schedules / milliseconds to the bug, {searches} searches from different seeds "
              "(found/searched where not in all)", table,
              f"A search ends at {SCHEDULES_BAR:,} schedules; that of a single strategy also with its cell's budget.")]

    table = Table(["shape", "found", "mean schedules", "most", "verdict"], left=1)
    classic = [r for r in run["bugs"] if r["classic"]]
    met = [r["portfolio"]["found"] == r["portfolio"]["searches"] for r in classic]
    for r, is_met in zip(classic, met):
        p = r["portfolio"]
        figures = [figure(p["mean_schedules"]), figure(p["most_schedules"])] if p["found"] else ["-", "-"]
        table.add(r["program"], f"{p['found']}/{p['searches']}", *figures, verdict(is_met))
    parts.append((f"Classic shapes: found by the portfolio within {SCHEDULES_BAR:,} schedules in every search", table,
                  f"{verdict(all(met))}: {sum(met)} of {len(met)} shapes."))

    table = Table(["correct program", "body", "runs", "reports"])
    for r in run["correct"]:
        table.add(r["program"], r["body"], f"{r['runs']:,}", r["reports"])
    reports = sum(r["reports"] for r in run["correct"])
    parts.append(("False alarms, by the portfolio under both memory models", table,
                  f"{verdict(reports == 0)}: {reports} reports in {sum(r['runs'] for r in run['correct']):,} runs (bar: 0)."))
    return parts


def litmus_parts(run):
    table = Table(["test", "program", "outcomes seen", "forbidden and not seen", "not modelled", "verdict"])
    for r in run["litmus"]:
        bad = r["wrong"] or r["report"]
        table.add(r["test"], r["text"].replace("|", "‖"), len(r["seen"]), len(r["forbidden"].split()),
                  r["not_modelled"] or "-",
                  f"WRONG: {' '.join(r['wrong'])} {r['report']}" if bad
                  else f"unseen: {' '.join(r['allowed_unseen'])}" if r["allowed_unseen"] else "as C++20 says")
    wrong = sum(bool(r["wrong"] or r["report"]) for r in run["litmus"])
    unseen = sum(bool(r["allowed_unseen"]) for r in run["litmus"])
    return [(f"Litmus tests, {run['litmus'][0]['runs']:,} runs each", table,
             f"{verdict(wrong == 0)}: {wrong} of {len(run['litmus'])} tests saw what is forbidden; "
             f"in {unseen} an allowed outcome was not seen.")]


def engine_parts(run):
    table = Table(["executions of", "operations each", "executions a CPU second", "schedules a CPU second"])
    for r in run["engine"]:
        table.add(r["what"], f"{r['operations']:.1f}", figure(r["runs"] / r["seconds"]), figure(r["schedules"] / r["seconds"]))
    rate = run["engine"][0]["runs"] / run["engine"][0]["seconds"]
    return [("Through libFuzzer: the target concurrent_schedule on sharded_map, three threads, six operations", table,
             f"{verdict(rate >= ENGINE_BAR)}: {figure(rate)} executions a second of the program (bar: {ENGINE_BAR:,}).")]


def report(run, markdown):
    heading = (lambda text: f"### {text}") if markdown else (lambda text: text)
    about = [run.get("cpu_model") or "unknown CPU", run.get("compiler"),
             f"threads carried by {run['carrier']}" if "carrier" in run else None, "quick run" if run.get("quick") else None]
    text = [", ".join(part for part in about if part) + "."]
    for name, parts in (("speed", speed_parts), ("bugs", bugs_parts), ("litmus", litmus_parts),
                        ("engine", engine_parts)):
        for title, table, line in parts(run) if name in run else []:
            text += [heading(title), table.show(markdown), line]
    return "\n\n".join(text)


def missing_parts(run):
    """What a run lacks that the section of the page shows."""
    return [part for part in ("speed", "bugs", "correct", "litmus", "engine") if not run.get(part)]


def is_fine(run):
    return (not any(r["reports"] for r in run.get("correct", []))
            and not any(r["wrong"] or r["report"] for r in run.get("litmus", [])))


def main():
    parser = argparse.ArgumentParser(prog="ci/bench schedules", description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=HERE.parent.parent / "build" / "bench_schedules" / "bin", help="where the binary is")
    parser.add_argument("--engine", default=HERE.parent.parent / "build" / "schedule" / "bin", help="where the fuzz target is")
    parser.add_argument("--quick", action="store_true", help="two minutes")
    parser.add_argument("--part", choices=["speed", "bugs", "litmus", "engine", "all"], default="all")
    parser.add_argument("--json", metavar="FILE", help="keep the raw figures")
    parser.add_argument("--from", dest="source", metavar="FILE", help="report kept figures again")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--readme", action="store_true", help="put the results into lib/bench/README.md")
    arguments = parser.parse_args()
    if arguments.readme and arguments.part != "all":
        fail("--readme needs all parts: the section of lib/bench/README.md is replaced as a whole")
    run = load(arguments.source) if arguments.source else measure(arguments)
    if arguments.readme and missing_parts(run):
        fail(f"--readme needs all parts; {arguments.source or 'this run'} has no {', no '.join(missing_parts(run))}")
    if arguments.json:
        write_beside_and_rename(Path(arguments.json), json.dumps(run, indent=1) + "\n")
    print(report(run, arguments.markdown))
    if arguments.readme:
        update_readme(report(run, True), README_BEGIN, README_END)
    sys.exit(0 if is_fine(run) else 1)


if __name__ == "__main__":
    main()
