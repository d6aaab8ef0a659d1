#!/usr/bin/env python3
"""Who notices what: each concurrent defect and misuse before each detector; writes props/detectors.md.

    detectors.py [--build DIR] [--seconds N] [--attempts K] [--only NAME]... [--detector KEY]... [--json FILE] [--write]
    detectors.py --from FILE... [--write]      the page of earlier runs, of different detectors each; nothing is measured

Exit: 0 measured, 1 a right twin was reported, 2 wrong use, missing binary or a run that did not finish.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import HERE, Table, cpu_model, fail, write_beside_and_rename

ROOT = HERE.parent.parent
PAGE = ROOT / "props" / "detectors.md"
GRACE_SECONDS = 4  # a process that takes so much longer than it was told hangs
SCHEDULES = 100  # searched for each random program
REPETITIONS = 4  # of each random program on real threads
PROGRAMS = 1_000_000_000  # more than there is time for

# The defects that are a map of the product with a detail replaced.
PRODUCT_TWINS = {"clear_in_two_steps": "shared_mutex_map", "clear_keeps_a_copy": "shared_mutex_map",
                 "insert_under_read_lock": "shared_mutex_map", "lost_update": "shared_mutex_map",
                 "erase_without_lock": "sharded_map"}


class Detector:
    """How one detector is asked, and which of the things that may stop a process are its own."""

    def __init__(self, key, title, build, notices, *, judges=False, memory=None, misuses=True):
        self.key, self.title, self.build, self.notices = key, title, build, notices
        self.judges, self.memory, self.misuses = judges, memory, misuses

    @property
    def controlled(self):
        return self.memory is not None

    def runs_of_a_program(self):
        return 1 + SCHEDULES if self.controlled else REPETITIONS

    def on_map(self, binaries, rng_seed, seconds):
        """The command that judges random programs until something is noticed."""
        binary = "concurrent_schedule_replay" if self.controlled else "detectors_stress_replay"
        command = [binaries / self.build / "bin" / binary, "--generate", str(PROGRAMS), "--rng-seed",
                   str(rng_seed), "--operations", "16", "--seconds", str(max(1, round(seconds)))]
        if self.controlled:
            command += ["--schedules", str(SCHEDULES), "--memory", self.memory]
        elif not self.judges:
            command += ["--only-crashes"]
        return command

    def on_misuse(self, binaries, name, which, attempt, seconds):
        folder = binaries / self.build / "bin"
        if self.controlled:
            return [folder / "detectors_under_control", name, which, str(seconds), self.memory, str(attempt)]
        return [folder / "detectors_on_threads", name, which, str(seconds)]


DETECTORS = [
    Detector("flag", "fail-fast flag", "dev", {"flag"}),
    Detector("judge", "judge, real threads", "dev", {"judge"}, judges=True, misuses=False),
    Detector("tsan", "TSan", "tsan", {"tsan"}),
    Detector("asan", "ASan", "asan-ubsan", {"asan"}),
    Detector("sequential", "scheduler", "schedule", {"found"}, memory="sequential"),
    Detector("weak", "scheduler, weak memory", "schedule", {"found"}, memory="weak"),
]


def environment(subject):
    result = {**os.environ, "TSAN_OPTIONS": "halt_on_error=1:exitcode=66", "ASAN_OPTIONS": "detect_leaks=0",
              "UBSAN_OPTIONS": "halt_on_error=1"}
    result.pop("GAUNTLET_SUBJECT", None)
    if subject:
        result["GAUNTLET_SUBJECT"] = subject
    return result


def stopped_by(output, status, controlled):
    """What stopped the process; "" when it held until its time was up."""
    if status == 0:
        return ""
    if controlled:
        return "found" if status == 1 else "crash"
    for text, kind in (("WARNING: ThreadSanitizer", "tsan"), ("ERROR: AddressSanitizer", "asan"),
                       ("runtime error:", "asan"), ("fatal error: concurrent map", "flag")):
        if text in output:
            return kind
    if "no answer in time" in output:
        return "hang"
    return "crash" if status != 1 or "crashed" in output or "stopped in run" in output else "judge"


def attempt(detector, command, subject, rng_seed, seconds):
    """One process: what stopped it, after how many seconds and executions, and how much CPU time it took."""
    with tempfile.TemporaryFile() as log:
        begin = time.monotonic()
        try:
            process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env=environment(subject), start_new_session=True)
        except OSError as problem:
            fail(f"{command[0]}: {problem.strerror}")
        pid, status, usage = 0, 0, None
        while pid == 0:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid == 0 and time.monotonic() - begin > seconds + GRACE_SECONDS:
                os.killpg(process.pid, signal.SIGKILL)
                pid, status, usage = os.wait4(process.pid, 0)
                process.returncode = status
                return {"by": "hang", "seconds": time.monotonic() - begin, "executions": None, "cpu_seconds": None}
            time.sleep(0.005)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - begin
        log.seek(0)
        output = log.read().decode(errors="replace")
    code = process.returncode
    if code == 2:
        fail(f"{command[0]}: {(output.strip().splitlines() or ['?'])[-1]}")
    by = stopped_by(output, code, detector.controlled)
    executions = None
    if found := re.search(r"(?:stopped in run|held) (\d+)", output):
        executions = int(found.group(1))
    elif found := re.search(r"--generate 1 --rng-seed (\d+)", output):
        executions = (int(found.group(1)) - rng_seed + 1) * detector.runs_of_a_program()
    elif found := re.search(r": (\d+) of \d+ programs held", output):
        executions = int(found.group(1)) * detector.runs_of_a_program()
    return {"by": by, "seconds": took, "executions": executions, "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "output": output[-2000:] if by else ""}


def cell(detector, commands, subject, seconds):
    """All attempts of one detector at one thing; after a hang, which takes its time, there are no more."""
    runs = []
    for rng_seed, command in commands:
        runs.append(attempt(detector, command, subject, rng_seed, seconds))
        if runs[-1]["by"] == "hang":
            break
    return runs


def measure(arguments):
    binaries = Path(arguments.build).resolve()
    listing = binaries / "schedule" / "bin" / "concurrent_schedule_replay"
    on_threads = ["detectors_stress_replay", "detectors_on_threads"]
    asked = [d for d in DETECTORS if not arguments.detector or d.key in arguments.detector]
    for folder, needed in (("dev", on_threads), ("tsan", on_threads), ("asan-ubsan", on_threads),
                           ("schedule", ["concurrent_schedule_replay", "detectors_under_control"])):
        if folder not in {"dev", "schedule", *(d.build for d in asked)}:
            continue
        for name in needed:
            if not os.access(binaries / folder / "bin" / name, os.X_OK):
                fail(f"{binaries / folder / 'bin' / name} is missing; ci/bench detectors builds it")

    def lines_of(*command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(f"{command[0]}: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    twins = {**PRODUCT_TWINS, **dict(lines_of(listing, "--list-twins"))}
    defects = [(line[0], line[2]) for line in lines_of(listing, "--list-defects")]
    misuses = [tuple(line) for line in lines_of(binaries / "dev" / "bin" / "detectors_on_threads", "--list")]
    wanted = (lambda name: name in arguments.only) if arguments.only else (lambda name: True)
    seconds, attempts = arguments.seconds, arguments.attempts
    run = {"seconds": seconds, "attempts": attempts, "cpu_model": cpu_model(), "cores": os.cpu_count(),
           "load_before": os.getloadavg()[0], "defects": [], "misuses": [], "twins": {}}

    def say(text):
        print(text, file=sys.stderr, flush=True)

    seeds = [1 + 1_000_000 * number for number in range(attempts)]
    for name, promise in defects:
        if not wanted(name):
            continue
        say(f"defect {name}")
        cells = {d.key: cell(d, [(s, d.on_map(binaries, s, seconds)) for s in seeds], name, seconds) for d in asked}
        run["defects"].append({"name": name, "what": promise, "twin": twins[name], "cells": cells})
    for name in sorted({d["twin"] for d in run["defects"]}):
        say(f"right twin {name}")
        whole = seconds * attempts
        run["twins"][name] = {
            d.key: cell(d, [(seeds[0], d.on_map(binaries, seeds[0], whole))], name, whole) for d in asked}
    for name, what in misuses:
        if not wanted(name):
            continue
        say(f"misuse {name}")
        row = {"name": name, "what": what}
        for which, times, each in (("wrong", attempts, seconds), ("right", 1, seconds * attempts)):
            row[which] = {
                d.key: cell(d, [(0, d.on_misuse(binaries, name, which, n, each)) for n in range(times)], None, each)
                for d in asked if d.misuses}
        run["misuses"].append(row)
    run["load_after"] = os.getloadavg()[0]
    return run


# ---------------------------------------------------------------------------------------------------------------- page


def number(value):
    if value is None:
        return "?"
    return f"{value:,}" if value < 100_000 else f"{value / 1000:,.0f}k"


def noticed(detector, runs):
    return [r for r in runs if r["by"] in detector.notices]


def text_of(detector, runs, attempts):
    if not runs:
        return "not asked"
    mine = noticed(detector, runs)
    others = sorted({r["by"] for r in runs if r["by"]} - detector.notices)
    also = {"hang": "hangs", "crash": "crashes", "flag": "flag first", "judge": "judge first"}
    rest = ", ".join(also.get(o, o) for o in others)
    if not mine:
        return f"– ({rest})" if rest else "–"
    after = statistics.median(r["seconds"] for r in mine)
    known = [r["executions"] for r in mine if r["executions"] is not None]
    runs_text = f", {number(round(statistics.median(known)))} runs" if known else ""
    return f"{len(mine)}/{attempts}: {after:.2f} s{runs_text}" + (f" ({rest})" if rest else "")


def per_second(runs):
    held = [r for r in runs if not r["by"] and r["executions"] and r["cpu_seconds"]]
    return sum(r["executions"] for r in held) / sum(r["cpu_seconds"] for r in held) if held else None


def slow_downs(run, detector):
    """For each right map, executions a CPU second of the plain build over those of the detector."""
    result = []
    for cells in run["twins"].values():
        plain, other = per_second(cells.get("judge", [])), per_second(cells.get(detector.key, []))
        if plain and other:
            result.append(plain / other)
    return result


def detectors_table(run):
    table = Table(["detector", "executions a CPU second", "slow-down", "false alarms", "right runs"], left=1)
    for d in DETECTORS:
        rates = [rate for cells in run["twins"].values() if (rate := per_second(cells.get(d.key, [])))]
        slow = slow_downs(run, d)
        right = [r for cells in run["twins"].values() for r in cells.get(d.key, [])]
        right += [r for row in run["misuses"] for r in row["right"].get(d.key, [])]
        alarms = sum(bool(r["by"]) for r in right)
        table.add(d.title, number(round(statistics.median(rates))) if rates else "?",
                  "1" if d.key in ("judge", "flag") else f"{statistics.median(slow):.2f}" if slow else "?",
                  alarms, number(sum(r["executions"] or 0 for r in right)))
    return table


def rows_of(run):
    for row in run["defects"]:
        yield row["name"], row["cells"]
    for row in run["misuses"]:
        yield row["name"], row["wrong"]


def always(detector, cells, attempts):
    return detector.key in cells and len(noticed(detector, cells[detector.key])) == attempts


def names(found):
    return ", ".join(f"`{name}`" for name in found) if found else "none"


def comparison(run):
    by_key = {d.key: d for d in DETECTORS}
    n = run["attempts"]
    tsan, sequential, weak = by_key["tsan"], by_key["sequential"], by_key["weak"]
    as_good, only, more, neither = [], [], [], []
    for name, cells in rows_of(run):
        real = [d for d in DETECTORS if not d.controlled and noticed(d, cells.get(d.key, []))]
        scheduled = any(noticed(d, cells.get(d.key, [])) for d in (sequential, weak))
        if always(tsan, cells, n):
            as_good.append(name)
        elif scheduled and not real:
            only.append(name)
        elif scheduled:
            more.append(name)
        else:
            neither.append(name)
    lines = [f"- TSan alone is as good, it notices in every attempt: {names(as_good)}. These are races, and locks taken in "
             "both orders, which it knows without a deadlock having happened.",
             f"- Only the scheduler notices: {names(only)}. Everything that threads share there is atomic or locked, or the "
             "moment that it takes did not come by itself in this time.",
             f"- Noticed by a detector on real threads, too, but not by TSan in every attempt: {names(more)}."]
    if neither:
        lines.append(f"- Not noticed by the scheduler, nor by TSan in every attempt: {names(neither)}.")
    return "\n".join(lines)


def page(run):
    n = run["attempts"]
    defects = Table(["defect", "breaks the promise", *[d.title for d in DETECTORS]], left=2)
    for row in run["defects"]:
        defects.add(f"`{row['name']}`", row["what"], *[text_of(d, row["cells"].get(d.key, []), n) for d in DETECTORS])
    asked = [d for d in DETECTORS if d.misuses]
    misuses = Table(["misuse", "what", *[d.title for d in asked]], left=2)
    for row in run["misuses"]:
        misuses.add(f"`{row['name']}`", row["what"], *[text_of(d, row["wrong"].get(d.key, []), n) for d in asked])
    return f"""# Who notices what

Generated by `ci/bench detectors --write`. Five ways to notice that threads do wrong, before the same defects:

- **fail-fast flag**: `hash_map` says in its own memory who uses it, and ends the process when two uses exclude each other.
  It is always on, in production as well. It sees misuse of `hash_map` and nothing else, so the small maps of
  [`broken`](../lib/gauntlet/broken/README.md), which have none inside, cannot set it off.
- **judge, real threads**: the history of each run against the contracts, `concurrent_stress` in the plain build (g++, -O1).
- **TSan**, **ASan** (with UBSan): the same runs in a sanitized build; what the judge says does not count there.
- **scheduler**: `concurrent_schedule`, a portfolio of strategies with {SCHEDULES} schedules for each program: judge, data races,
  use after free, deadlock in one. With **weak memory** loads may see old stores.

Each cell is {n} attempts from different seeds, each of at most {run['seconds']:g} s: how many noticed, after how many seconds (median,
starting the process included) and executions. One execution is one run of all threads of a random program or of a misuse.
– is nobody in that time; what else stopped the process stands in brackets, and nothing is tried again after a hang.
{run['cpu_model'] or 'Unknown CPU'}, {run['cores']} cores; load average {run['load_before']:.1f} before and {run['load_after']:.1f} after: other work was running, if it is above 2.

## Detectors

Measured on the right twins ({run['seconds'] * n:g} s each, as long as a defect that nobody notices): executions a CPU second (median of the
maps), how many times fewer than in the plain build (median), and everything reported about what is right. Executions under the
scheduler cost no threads of the machine, so it can have more of them than the plain build: then its slow-down is below 1.

{detectors_table(run).show(True)}

## Defects

{defects.show(True)}

## Misuses

Two threads, with {64} operations each on real threads and 2 each under the scheduler. ABA, early reclamation and publication without
order among defective maps stand above: `aba_in_free_list`, `early_reclamation`, `relaxed_publication`.

{misuses.show(True)}

## What follows

{comparison(run)}
"""


def merged(runs):
    """One run out of several that asked different detectors about the same things."""
    result = runs[0]
    for other in runs[1:]:
        if any(other[key] != result[key] for key in ("seconds", "attempts", "cpu_model")):
            fail("these runs were not made alike")
        result["load_after"] = max(result["load_after"], other["load_after"])
        for mine, more in zip(result["defects"], other["defects"]):
            mine["cells"].update(more["cells"])
        for mine, more in zip(result["misuses"], other["misuses"]):
            mine["wrong"].update(more["wrong"])
            mine["right"].update(more["right"])
        for name, cells in other["twins"].items():
            result["twins"][name].update(cells)
    return result


def is_fine(run):
    cells = list(run["twins"].values()) + [row["right"] for row in run["misuses"]]
    return not any(r["by"] for c in cells for runs in c.values() for r in runs)


def main():
    parser = argparse.ArgumentParser(prog="ci/bench detectors", description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", help="where the builds of the presets are")
    parser.add_argument("--seconds", type=float, default=1.5, help="of one attempt (default 1.5)")
    parser.add_argument("--attempts", type=int, default=3, help="of each detector at each defect (default 3)")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this defect or misuse; repeatable")
    parser.add_argument("--detector", action="append", choices=[d.key for d in DETECTORS], help="only this one; repeatable")
    parser.add_argument("--json", metavar="FILE", help="keep the raw figures")
    parser.add_argument("--from", dest="source", metavar="FILE", action="append", help="report kept figures again")
    parser.add_argument("--write", action="store_true", help="write props/detectors.md instead of printing it")
    arguments = parser.parse_args()
    if arguments.seconds <= 0 or arguments.attempts < 1:
        parser.error("--seconds and --attempts are at least one")
    if arguments.source:
        runs = []
        for source in arguments.source:
            try:
                runs.append(json.loads(Path(source).read_text(encoding="utf-8")))
            except (OSError, ValueError) as problem:
                fail(f"{source}: {problem}")
        run = merged(runs)
    else:
        run = measure(arguments)
    if arguments.json:
        write_beside_and_rename(Path(arguments.json), json.dumps(run, indent=1) + "\n")
    if arguments.write:
        write_beside_and_rename(PAGE, page(run))
        print(f"{PAGE.relative_to(ROOT)} written")
    else:
        print(page(run))
    sys.exit(0 if is_fine(run) else 1)


if __name__ == "__main__":
    main()
