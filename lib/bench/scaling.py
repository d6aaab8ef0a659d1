#!/usr/bin/env python3
"""How cost grows: hash_map with its elements, concurrent maps with threads, schedules and checker with a program's size.

    scaling.py [--bin DIR] [--schedules DIR] [--quick] [--json FILE] [--markdown] [--readme]
    scaling.py --from FILE [--markdown] [--readme]      the tables of an earlier run, nothing is measured
    scaling.py --part contention --json FILE            that part alone, on a machine with more processors ...
    scaling.py --contention FILE ...                    ... and its figures in the place of this machine's

Exit: 0 measured, 1 the scheduler reported something correct, 2 wrong use, missing binary or a run that did not finish.
"""

import argparse
import bisect
import heapq
import itertools
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import plots
from report import HERE, Table, cpu_model, fail, size_name, update_readme, write_beside_and_rename

README_BEGIN, README_END = "<!-- scaling: begin -->", "<!-- scaling: end -->"
MODELLED_THREADS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
FITTED_MIX = ("uniform", 50)
JOURNEY_ELSEWHERE = 60  # nanoseconds; where there is one processor none can be measured
MIXES = [("uniform", 100), ("uniform", 95), ("uniform", 50), ("uniform", 0),
         ("zipf", 100), ("zipf", 95), ("zipf", 50), ("zipf", 0)]


def measure(arguments):
    run = {"quick": arguments.quick, "cpu_model": cpu_model(), "processors": os.cpu_count(), "date": time.strftime("%Y-%m-%d")}
    only_contention = arguments.part == "contention"
    programs = [(arguments.bin, "gauntlet_bench_scaling", ["--part=contention"] if only_contention else [])]
    if not only_contention:
        programs.append((arguments.schedules, "gauntlet_bench_schedules", ["--part=counts"]))
    for folder, name, options in programs:
        binary = Path(folder).resolve() / name
        if not os.access(binary, os.X_OK):
            fail(f"{binary} is missing; ci/bench scaling builds it")
        result = subprocess.run([str(binary)] + options + (["--quick"] if arguments.quick else []),
                                stdout=subprocess.PIPE, text=True, check=False)
        if result.returncode == 1:
            print("ci/bench: the scheduler reported something correct, see above", file=sys.stderr)
            sys.exit(1)
        if result.returncode != 0:
            fail(f"{name} ended with {result.returncode}")
        try:
            run.update(json.loads(result.stdout))
        except ValueError as error:
            fail(f"{name} printed no JSON: {error}")
    run["contention"].update(cpu_model=run["cpu_model"], date=run["date"])
    if shutil.which("valgrind") and not only_contention:
        run["cachegrind"] = [count_misses(Path(arguments.bin).resolve() / "gauntlet_bench_scaling", elements)
                             for elements in ([10**4, 10**5] if arguments.quick else [10**4, 10**5, 10**6, 4 * 10**6])]
    return run


def simulate_caches(binary, elements, lookups):
    """Instructions, misses of the first-level data cache and of the last level, as cachegrind simulates this machine's."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=yes", "--cachegrind-out-file=/dev/null", str(binary), "--fill",
               str(elements), str(lookups)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [re.search(rf"{what}\s*:\s*([\d,]+)", result.stderr) for what in ("I\\s+refs", "D1\\s+misses", "LLd misses")]
    if result.returncode != 0 or not all(found):
        fail(f"{' '.join(command)} failed: {result.stderr.strip().splitlines()[-1:]}")
    return [int(each.group(1).replace(",", "")) for each in found]


def count_misses(binary, elements):
    lookups = min(elements, 500_000)
    start, filled, looked = (simulate_caches(binary, n, k) for n, k in ((1, 0), (elements, 0), (elements, lookups)))
    return {"elements": elements, "insertion": [(f - s) / elements for f, s in zip(filled, start)],
            "lookup": [(l - f) / lookups for l, f in zip(looked, filled)]}


def load(path, parts=("measured", "simulated", "checker", "counts")):
    try:
        with open(path, encoding="utf-8") as file:
            run = json.load(file)
        run["contention"]["speeds"][0], run["contention"]["locks"]
        for key in parts:
            run[key][0]
        return run
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        fail(f"{path} is no result of ci/bench scaling: {error}")


# --------------------------------------------------------------------------------------------- a model of contention


class Lines:
    """Cache lines that guard keys: who has a copy, and when the next one may have it to itself.

    A processor that writes a line which others have, or reads one that another wrote, waits for its journey. Of a journey that
    begins at once it waits only for a part, as it works on what comes next meanwhile; who finds the line held waits
    until it is given up, and then for the whole journey."""

    def __init__(self, count, threads, journey, part):
        self.holders = [(1 << threads) - 1] * count  # a bit for each thread; all have read all
        self.free_at = [0.0] * count
        self.journey, self.part = journey, part

    def begin(self, line, now):
        return now + self.part * self.journey if self.free_at[line] <= now else self.free_at[line] + self.journey

    def read(self, line, thread, now):
        """When thread has read the line, asking now."""
        if self.holders[line] >> thread & 1:
            return now
        self.holders[line] |= 1 << thread
        return self.begin(line, now)

    def write(self, line, thread, now, held):
        """When thread has had the line to itself for `held`, asking now: it waits for those that asked before."""
        mine = 1 << thread
        begin = max(now, self.free_at[line]) if self.holders[line] == mine else self.begin(line, now)
        self.holders[line] = mine
        self.free_at[line] = begin + held
        return self.free_at[line]


def chances(law, keys):
    """The cumulated chances of the keys, as lib/bench/family/streams.h draws them."""
    weights = [1.0] * keys if law == "uniform" else [rank ** -0.99 for rank in range(1, keys + 1)]
    return list(itertools.accumulate(weights))


def model(what, threads, law, reads, part):
    """Operations a second of `threads` threads with a processor each.

    sharded_map: every operation has the line of its shard's lock to itself for as long as the operation takes with one
    thread. concurrent_map: a write has its bucket's line to itself as long; a read needs a copy of it."""
    keys, locks, read_ns, write_ns = what["keys"], what["locks"], what["read_ns"], what["write_ns"]
    lines = Lines(locks, threads, what["journey_ns"], part)
    numbers = random.Random(1)
    cumulated = chances(law, keys)
    line_of = [numbers.randrange(locks) for _ in range(keys)]
    operations = max(300, 40_000 // threads)
    exclusive_reads = what["map"] == "sharded_map"
    waiting = [(numbers.random() * 10, thread, operations + operations // 4) for thread in range(threads)]
    heapq.heapify(waiting)
    begun, ended, done = None, 0.0, 0
    warm = threads * operations // 4  # not counted
    while waiting:
        now, thread, left = heapq.heappop(waiting)
        if begun is None and done >= warm:
            begun = now
        line = line_of[bisect.bisect_left(cumulated, numbers.random() * cumulated[-1])]
        if numbers.random() * 100 < reads:
            end = lines.write(line, thread, now, read_ns) if exclusive_reads else lines.read(line, thread, now) + read_ns
        else:
            end = lines.write(line, thread, now, write_ns)
        done += 1
        ended = max(ended, end)
        if left > 1:
            heapq.heappush(waiting, (end, thread, left - 1))
    return (done - warm) / (ended - begun) * 1e9


def speeds_of(run):
    return {(s["map"], s["law"], int(s["reads"]), int(s["threads"])): s["operations_per_second"] for s in run["speeds"]}


def fitted_part(what, measured):
    """The part of a journey for which the model says what was measured of two threads."""
    low, high = 0.0, 2.0
    for _ in range(12):
        middle = (low + high) / 2
        if model(what, 2, *FITTED_MIX, middle) > measured:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def contention(run):
    """([(map, law, reads, {threads: measured}, {threads: modelled})], {map: part}); speeds in operations a second."""
    run = run["contention"]
    speeds, rows, parts = speeds_of(run), [], {}
    for name in ("concurrent_map", "sharded_map"):
        what = {"map": name, "keys": int(run["speeds"][0]["keys"]), "locks": int(run["locks"][name]),
                "read_ns": 1e9 / speeds[name, FITTED_MIX[0], 100, 1], "write_ns": 1e9 / speeds[name, FITTED_MIX[0], 0, 1],
                "journey_ns": run.get("journey_ns", JOURNEY_ELSEWHERE)}
        beside = speeds.get((name, *FITTED_MIX, 2))
        parts[name] = fitted_part(what, beside) if beside else 1.0
        for law, reads in MIXES:
            modelled = {threads: model(what, threads, law, reads, parts[name]) for threads in MODELLED_THREADS}
            measured = {threads: value for (n, l, r, threads), value in speeds.items() if (n, l, r) == (name, law, reads)}
            rows.append((name, law, reads, measured, modelled))
    return rows, parts


# -------------------------------------------------------------------------------------------------------------- tables


def figure(value):
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def growth_tables(run):
    measured = Table(["elements", "tables", "directory", "splits an insertion", "groups and moves an insertion",
                      "groups a hit", "longest probe", "bytes an element", "ns an insertion", "ns a dependent hit"], left=0)
    for r in run["measured"]:
        measured.add(size_name(r["elements"]), f"{r['tables']:,}", f"{r['directory_entries']:,}",
                     f"1 in {r['elements'] / r['splits']:,.0f}" if r["splits"] else "-", f"{r['work_per_insertion']:.2f}",
                     f"{r['groups_per_lookup']:.3f}", r["longest_probe"], figure(r["bytes_per_element"]),
                     figure(r["ns_per_insertion"]), figure(r["ns_per_lookup"]))
    counted = {r["elements"]: r for r in run["measured"]}
    simulated = Table(["elements", "tables", "counted by the map", "directory", "counted by the map", "KiB of directory",
                       "moves by splits an insertion", "entries copied an insertion"], left=0)
    for r in run["simulated"]:
        of_map = counted.get(r["elements"])
        simulated.add(size_name(r["elements"]), f"{r['tables']:,}", f"{of_map['tables']:,}" if of_map else "-",
                      f"{r['directory_entries']:,}", f"{of_map['directory_entries']:,}" if of_map else "-",
                      f"{r['directory_entries'] * 21 / 1024:,.0f}", f"{r['moved_per_insertion']:.2f}",
                      f"{r['entries_copied_per_insertion']:.4f}")
    return [
        ("hash_map while it grows, counted and measured", measured,
         "Insertions are one by one, no size was told. Groups and moves: groups of seven slots looked at, and elements moved "
         "by changes of size, since the line before; time an insertion is since the beginning."),
        ("The same by simulation, without the elements", simulated,
         f"A table splits at {run['table_limit']} elements; an entry of the directory takes 21 bytes.")]


def misses_table(run):
    table = Table(["elements", "instructions an insertion", "first-level misses", "last-level misses",
                   "instructions a lookup", "first-level misses", "last-level misses"], left=0)
    for r in run["cachegrind"]:
        table.add(size_name(r["elements"]) if r["elements"] in (10**4, 10**5, 10**6) else f"{r['elements']:,}",
                  *[f"{round(value, 2) + 0:.2f}" for value in r["insertion"] + r["lookup"]])
    return ("Cache lines by cachegrind, which simulates caches of this machine's sizes", table,
            "Half of the lookups hit, in random order; growing and the loop that makes the keys are counted as well.")


def contention_table(run, rows, parts):
    run = run["contention"]
    measured_threads = sorted({threads for *_, measured, _ in rows for threads in measured})
    table = Table(["map", "law", "reads"] + [f"{t}, measured" for t in measured_threads] +
                  [f"{t}, model" for t in MODELLED_THREADS if t > 1], left=3)
    for name, law, reads, measured, modelled in rows:
        table.add(name, law, f"{reads} %", *[figure(measured[t] / 1e6) for t in measured_threads],
                  *[figure(modelled[t] / 1e6) for t in MODELLED_THREADS if t > 1])
    line = (f"Measured {run['date']} on {run['cpu_model'] or 'unknown CPU'} with {int(run['processors'])} processors. 10,000 keys, "
            f"{int(run['locks']['concurrent_map']):,} buckets and {int(run['locks']['sharded_map'])} shards. ")
    off = {t: [modelled[t] / measured[t] for _, law, reads, measured, modelled in rows if (law, reads, t) != (*FITTED_MIX, 2)]
           for t in measured_threads if t > 1}
    if off:
        line += (f"A line's journey takes {run['journey_ns']:.0f} ns here, of which an operation of concurrent_map waits for "
                 f"{100 * parts['concurrent_map']:.0f} % and one of sharded_map for {100 * parts['sharded_map']:.0f} %: fitted to one row, "
                 f"{FITTED_MIX[0]} with {FITTED_MIX[1]} % reads and two threads. In the others the model says of what was measured: "
                 + "; ".join(f"with {t} threads {min(each):.2f} to {max(each):.2f} times as much, {statistics.geometric_mean(each):.2f} "
                             "in the geometric mean" for t, each in off.items()) + ".")
    else:
        line += f"This machine has one processor: the model takes {JOURNEY_ELSEWHERE} ns for a line's journey, unfitted."
    return ("Million operations a second by threads: measured, and modelled beyond the processors", table, line)


def schedules_table(run):
    table = Table(["map", "keys", "threads", "operations each", "events", "all schedules", "at most two preemptions",
                   "schedules a second"], left=2)
    for r in run["counts"]:
        cells = []
        for kind in ("all", "two_preemptions"):
            cells.append(("" if r[kind]["complete"] else "more than ") + f"{int(r[kind]['schedules']):,}")
        both = [r["all"], r["two_preemptions"]]
        table.add(r["map"], r["keys"], r["threads"], r["operations_each"], int(r["all"]["events"]), *cells,
                  f"{sum(b['schedules'] for b in both) / max(sum(b['seconds'] for b in both), 1e-9):,.0f}")
    return ("Schedules of threads that call insert_or_assign", table,
            "All schedules: without those that sleep sets show to repeat another. The count goes with the events that depend on "
            "each other: threads on keys of their own, in shards of their own, have few.")


def checker_table(run):
    each = sorted({r["operations_each"] for r in run["checker"]})
    table = Table(["keys", "threads"] + [f"{k} operations each" for k in each], left=0)
    for keys, rows in itertools.groupby(run["checker"], key=lambda r: r["keys"]):
        for threads, cells in itertools.groupby(rows, key=lambda r: r["threads"]):
            table.add(keys, threads, *[figure(c["ns_per_operation"]) + (" *" if c["undecided"] else "") for c in cells])
    undecided = any(r["undecided"] for r in run["checker"])
    return ("The checker: nanoseconds an operation, by the history's threads and operations", table,
            "Histories are right and random, as many operations at a time as there are threads."
            + (" *: some histories were not decided within the budget." if undecided else ""))


def report(run, markdown):
    rows, parts_waited = contention(run)
    heading = (lambda text: f"### {text}") if markdown else (lambda text: text)
    parts = [f"Measured {run['date']}, {run['cpu_model'] or 'unknown CPU'}, {run['processors']} processors, {run['compiler']}"
             f"{', quick run' if run['quick'] else ''}."]
    misses = [misses_table(run)] if run.get("cachegrind") else []
    for title, table, line in [*growth_tables(run), *misses, contention_table(run, rows, parts_waited), schedules_table(run), checker_table(run)]:
        parts += [heading(title), table.show(markdown), line]
    return "\n\n".join(parts), rows


def main():
    parser = argparse.ArgumentParser(prog="ci/bench scaling", description=__doc__.splitlines()[0])
    build = HERE.parent.parent / "build"
    parser.add_argument("--bin", default=str(build / "bench" / "bin"), metavar="DIR")
    parser.add_argument("--schedules", default=str(build / "bench_schedules" / "bin"), metavar="DIR")
    parser.add_argument("--part", choices=["all", "contention"], default="all", help="what to measure")
    parser.add_argument("--contention", metavar="FILE", help="the figures of --part contention from another machine")
    parser.add_argument("--quick", action="store_true", help="up to 10^6 elements and 100,000 schedules a row")
    parser.add_argument("--json", metavar="FILE", help="keep the raw figures")
    parser.add_argument("--from", dest="source", metavar="FILE", help="report a kept run instead of measuring")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--readme", action="store_true", help="also put the results into lib/bench/README.md")
    arguments = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if arguments.part == "contention" and (arguments.readme or arguments.source or arguments.contention):
        fail("--part contention measures, and keeps the figures with --json")
    if arguments.readme:
        plots.pyplot(fail)
    elsewhere = load(arguments.contention, ()) if arguments.contention else None
    run = load(arguments.source) if arguments.source else measure(arguments)
    if elsewhere:
        run["contention"] = elsewhere["contention"]
    if arguments.json:
        write_beside_and_rename(Path(arguments.json), json.dumps(run, indent=1) + "\n")
    if arguments.part == "contention":
        rows, parts = contention(run)
        title, table, line = contention_table(run, rows, parts)
        print("\n\n".join([title, table.show(arguments.markdown), line]))
        return
    text, rows = report(run, arguments.markdown)
    print(text)
    if arguments.readme:
        pictures = plots.plot_contention(rows, fail)
        shown = "\n".join(f"![{path.stem.replace('_', ' ')}](plots/{path.name})" for path in pictures)
        update_readme(report(run, True)[0] + "\n\n" + shown, README_BEGIN, README_END)


if __name__ == "__main__":
    main()
