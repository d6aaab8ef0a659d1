#!/usr/bin/env python3
"""Measures the concurrent maps of the family beside public ones; prints the tables and says which bars are met.

    family.py [--bin DIR] [--quick] [--part all|resharding|threads] [--json FILE] [--markdown] [--readme]
    family.py --from FILE [--markdown] [--readme]      the tables of an earlier run, nothing is measured

Exit: 0 measured (a missed bar is a line in the table), 1 a map answered wrongly, 2 wrong use, missing binary or a run
that did not finish.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
from pathlib import Path

import plots
from report import (HERE, Table, cpu_model, duration, fail, ratio_text, size_name, update_readme, verdict,
                    write_beside_and_rename)

README_BEGIN, README_END = "<!-- family: begin -->", "<!-- family: end -->"
THREADS_BEGIN, THREADS_END = "<!-- threads: begin -->", "<!-- threads: end -->"
MAPS_README = HERE.parent / "gauntlet" / "map" / "README.md"
COSTS_BEGIN, COSTS_END = "<!-- costs: begin -->", "<!-- costs: end -->"
LEAD_BAR = 1.5       # concurrent_map over the best peer, at 95 % reads and more
LEAST_BAR = 1.0      # ... and everywhere
CLOSE_BAR = 1.3      # how much slower sync_map and rcu_map may read than concurrent_map
SNAPSHOT_BAR = 3.0   # snapshot_map over shared_mutex_map, reading, two threads
PACKAGES = {"tbb": "libtbb-dev", "libcuckoo": "libcuckoo-dev", "lfht": "liburcu-dev"}
# Throughput ratios published for the Go originals: what, over what, which operation, the ratio.
GO_RATIOS = [("sync_map", "shared_mutex_map", "read", 3.9), ("sharded_map", "shared_mutex_map", "read", 3.2),
             ("sharded_map", "shared_mutex_map", "write", 7.3), ("sync_map", "shared_mutex_map", "write", 1.9),
             ("shared_mutex_map", "mutex", "read", 3.6), ("snapshot_map", "shared_mutex_map", "read", 5.9)]


def measure(arguments):
    binary = Path(arguments.bin).resolve() / "gauntlet_bench_family"
    if not os.access(binary, os.X_OK):
        fail(f"{binary} is missing; ci/bench family builds it")
    options = (["--quick"] if arguments.quick else []) + ([f"--part={arguments.part}"] if arguments.part != "all" else [])
    result = subprocess.run([str(binary)] + options, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode == 1:
        print("ci/bench: a map answered wrongly, see above; nothing was measured", file=sys.stderr)
        sys.exit(1)
    if result.returncode != 0:
        fail(f"{binary.name} ended with {result.returncode}")
    try:
        run = json.loads(result.stdout)
    except ValueError as error:
        fail(f"{binary.name} printed no JSON: {error}")
    return {**run, "quick": arguments.quick, "cpu_model": cpu_model()}


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            run = json.load(file)
        if not run["contestants"] or not any(part in run for part in ("rows", "curves", "resharding")):
            raise KeyError("rows")
        if "rows" in run:
            run["hits"], run["memory"]
        return run
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"{path} is no result of ci/bench family: {error}")


def missing_parts(run):
    """What a run lacks that the two pages show."""
    return [part for part in ("rows", "hits", "memory", "resharding") if not run.get(part)]


# ------------------------------------------------------------------------------------------------------------- figures


def names(run, peers):
    return [c["name"] for c in run["contestants"] if c["is_peer"] == peers]


def speed(entry):
    """Million operations a second, median of the rounds."""
    return statistics.median(entry["operations_per_second"]) / 1e6


def figure(value):
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def compare(run, part="rows"):
    """Every row with its medians and its best peer."""
    records = []
    for row in run[part]:
        medians = {name: speed(entry) for name, entry in row["maps"].items()}
        best = max(names(run, True), key=medians.get)
        records.append({**row, "medians": medians, "best": best})
    return records


def row_name(r):
    return f"{r['threads']} x {size_name(r['keys'])} {r['law']} {r['reads']} %"


def spread(rounds):
    """How far apart the quartiles are."""
    low, median, high = statistics.quantiles(rounds, n=4, method="inclusive")
    return (high - low) / median


# -------------------------------------------------------------------------------------------------------------- tables


def speed_table(run, records):
    table = Table(["threads", "keys", "law", "reads"] + names(run, False) + names(run, True) + ["best peer"], left=4)
    for r in records:
        table.add(r["threads"], size_name(r["keys"]), r["law"], f"{r['reads']} %",
                  *[figure(r["medians"][name]) for name in names(run, False) + names(run, True)], r["best"])
    rounds = [entry["operations_per_second"] for r in records for entry in r["maps"].values()]
    slices = [(entry["disturbed"], len(entry["operations_per_second"])) for r in records if r["threads"] == 2
              for entry in r["maps"].values()]
    disturbed = 100 * sum(d for d, _ in slices) / max(sum(n for _, n in slices), 1)
    return ("Million operations a second", table,
            f"Medians of {run['rounds']} rounds ({run['crowd_rounds']} with 32 threads). The quartiles of a figure's rounds are "
            f"{100 * statistics.median(map(spread, rounds)):.0f} % of the median apart (itself a median). "
            f"{disturbed:.0f} % of the slices of two threads stayed disturbed by other work on the machine.")


def ratio_table(run, records):
    ours = names(run, False)
    table = Table(["threads", "keys", "law", "reads"] + ours + ["best peer"], left=4)
    for r in records:
        table.add(r["threads"], size_name(r["keys"]), r["law"], f"{r['reads']} %",
                  *[figure(r["medians"][name] / r["medians"][r["best"]]) for name in ours], r["best"])
    means = [statistics.geometric_mean(r["medians"][name] / r["medians"][r["best"]] for r in records) for name in ours]
    table.add("all rows", "", "", "", *map(figure, means), "")
    wins = [sum(r["medians"][name] >= r["medians"][r["best"]] for r in records) for name in ours]
    line = "Rows won of " + f"{len(records)}: " + ", ".join(f"{name} {won}" for name, won in zip(ours, wins)) + "."
    return ("Ratio to the best peer of the row (throughput; above 1: ahead); geometric means at the end", table, line)


def hits_of(run):
    return {(h["map"], h["operation"]): h for h in run["hits"]}


def hits_table(run):
    hits, clock = hits_of(run), run["wall_clock_ns"]
    memory = {m["map"]: m for m in run["memory"]}
    table = Table(["map", "reads M/s", "p50 ns", "p99 ns", "writes M/s", "p50 ns", "p99 ns", "bytes/element"], left=1)
    for name in names(run, False) + names(run, True):
        cells = []
        for operation in ("read", "write"):
            h = hits[name, operation]
            cells += [figure(speed(h))] + [f"{max(statistics.median(h[q]) - clock, 0):.0f}" for q in ("p50_ns", "p99_ns")]
        table.add(name, *cells, f"{memory[name]['bytes_per_element']:.1f}")
    return ("Two threads, 10,000 keys, all of them there: lookups that hit, stores that replace", table,
            f"Each latency is less the {clock:.0f} ns that the clock itself takes, so those of a few nanoseconds are rough.")


def go_table(run):
    hits = hits_of(run)
    table = Table(["operation", "map", "over", "Go", "here", "verdict"])
    for what, over, operation, published in GO_RATIOS:
        ratio = speed(hits[what, operation]) / speed(hits[over, operation])
        table.add(operation, what, over, f"{published:.1f}", ratio_text(ratio, published),
                  "holds" if ratio >= published else "at least 1" if ratio >= 1 else "reversed")
    return ("Ratios published for the Go originals, and the same here (from the table above)", table,
            "holds: at least as large here; at least 1: the same map is ahead, by less.")


def memory_table(run):
    table = Table(["map", "bytes/element at 10^6", "bytes/survivor after erasing 99 %", "after asking to shrink"], left=1)
    for m in run["memory"]:
        shrunk = m.get("bytes_per_survivor_after_shrinking")
        table.add(m["map"], f"{m['bytes_per_element']:.1f}", f"{m['bytes_per_survivor']:.1f}",
                  "-" if shrunk is None else f"{shrunk:.1f}")
    return ("Memory: what malloc has handed out, its own overhead included", table,
            "An element is 16 bytes. -: there is nothing to ask.")


def resharding_table(run):
    table = Table(["reads", "moved by", "before", "during", "after", "took", "keys moved"], left=2)
    for r in run["resharding"]:
        table.add(f"{r['reads']} %", "writes" if r["by_writes"] else "a third thread",
                  *[figure(statistics.median(r[when]) / 1e6) for when in ("before", "during", "after")],
                  duration(1e9 * statistics.median(r["seconds"])), f"{100 * statistics.median(r['moved']):.1f} %")
    rounds = len(run["resharding"][0]["before"])
    return ("routed_map from 8 shards to 12: million operations a second of two threads", table,
            f"{size_name(run['resharding'][0]['keys'])} keys, half of them there, uniform; medians of {rounds} rounds. A third "
            "thread that moves elements takes a processor from the two where there are no more. Keys moved: those to which "
            "the ring gives another shard.")


def by_threads(run):
    """{(keys, law, reads): {threads: record}}"""
    curves = {}
    for record in compare(run, "curves"):
        curves.setdefault((record["keys"], record["law"], record["reads"]), {})[record["threads"]] = record
    return curves


def threads_tables(run):
    everybody, curves = names(run, False) + names(run, True), by_threads(run)
    most = max(threads for row in curves.values() for threads in row)
    speeds = Table(["keys", "law", "reads"] + everybody + ["best peer"], left=3)
    gains = Table(["keys", "law", "reads"] + everybody, left=3)
    for (keys, law, reads), row in curves.items():
        last, first = row[most], row[1]["medians"]
        mix = [size_name(keys), law, f"{reads} %"]
        speeds.add(*mix, *[figure(last["medians"][name]) for name in everybody], last["best"])
        gains.add(*mix, *[figure(last["medians"][name] / first[name]) if first[name] else "-" for name in everybody])
    ours = names(run, False)
    ahead = [sum(row[most]["medians"][name] >= row[most]["medians"][row[most]["best"]] for row in curves.values()) for name in ours]
    leads = {threads: min(r["medians"]["concurrent_map"] / r["medians"][r["best"]] for (_, _, reads), row in curves.items()
                          for r in [row[threads]] if reads >= 95) for threads in next(iter(curves.values()))}
    return [(f"Million operations a second of {most} threads", speeds,
             f"Rows of {len(curves)} ahead of the best peer: " + ", ".join(f"{name} {won}" for name, won in zip(ours, ahead))
             + ". concurrent_map over the best peer at 95 % reads and more, in the row where it leads by least: "
             + ", ".join(f"{ratio_text(lead, LEAD_BAR)} with {threads}" for threads, lead in leads.items()) + f" (bar {LEAD_BAR})."),
            (f"{most} threads over one: how many times as many operations", gains,
             "More than the threads: one thread alone has the caches and the clock of one processor.")]


def costs(run):
    """For the page that says which map to take: the least that tells the maps apart."""
    rows = {(r["keys"], r["reads"]): r for r in compare(run) if r["threads"] == 2 and r["law"] == "uniform"}
    hits, clock = hits_of(run), run["wall_clock_ns"]
    memory = {m["map"]: m for m in run["memory"]}
    columns = [(10**4, 100), (10**4, 95), (10**4, 50), (10**4, 0), (10**6, 100), (10**6, 50)]
    columns = [key for key in columns if key in rows]
    table = Table(["map"] + [f"{size_name(keys)}, {reads} % reads" for keys, reads in columns]
                  + ["read p99", "write p99", "bytes/element", "bytes/survivor"], left=1)
    for name in names(run, False) + names(run, True):
        delays = [duration(max(statistics.median(hits[name, operation]["p99_ns"]) - clock, 0))
                  for operation in ("read", "write")]
        table.add(name, *[figure(rows[key]["medians"][name]) for key in columns], *delays,
                  f"{memory[name]['bytes_per_element']:.0f}", f"{memory[name]['bytes_per_survivor']:,.0f}")
    return f"{measured(run)}\n\n{table.markdown()}"


def bar_lines(records):
    """(met, text) of each bar, with the row that comes nearest to missing it or misses it by most."""
    lines = []

    def least(text, bar, chosen, ratio, at_most=False):
        if not chosen:
            return
        worst = (max if at_most else min)(chosen, key=ratio)
        missed = sum((ratio(r) > bar) if at_most else (ratio(r) < bar) for r in chosen)
        lines.append((missed == 0, f"{text}: {len(chosen) - missed} of {len(chosen)} rows; at worst "
                      f"{ratio_text(ratio(worst), bar)} ({row_name(worst)}), bar {bar:.1f}"))

    def to_peer(r):
        return r["medians"]["concurrent_map"] / r["medians"][r["best"]]

    least("concurrent_map over the best peer at 95 % reads and more", LEAD_BAR, [r for r in records if r["reads"] >= 95],
          to_peer)
    least("concurrent_map over the best peer at 50 % and 0 %", LEAST_BAR, [r for r in records if r["reads"] < 95], to_peer)
    reading = [r for r in records if r["reads"] == 100]
    for name in ("sync_map", "rcu_map"):
        least(f"time of a read in {name} over that in concurrent_map", CLOSE_BAR, reading,
              lambda r, name=name: r["medians"]["concurrent_map"] / r["medians"][name], at_most=True)
    least("snapshot_map over shared_mutex_map, reading with two threads", SNAPSHOT_BAR,
          [r for r in reading if r["threads"] == 2], lambda r: r["medians"]["snapshot_map"] / r["medians"]["shared_mutex_map"])
    least("shared_mutex_map over std::unordered_map behind std::mutex", LEAST_BAR, records,
          lambda r: r["medians"]["shared_mutex_map"] / r["medians"]["mutex"])
    return lines


def measured(run):
    about = [run["date"], run.get("cpu_model") or "unknown CPU", f"{run['processors']} CPUs", run["compiler"],
             f"load {run['load_before']:.1f} before and {run['load_after']:.1f} after",
             "quick run" if run.get("quick") else "whole run"]
    return "Measured " + ", ".join(about) + "."


def report(run, markdown):
    heading = (lambda text: f"### {text}") if markdown else (lambda text: text)
    text = [measured(run)]
    resharding = [part for title, table, line in ([resharding_table(run)] if run.get("resharding") else [])
                  for part in (heading(title), table.show(markdown), line)]
    if "curves" in run:
        text += [part for title, table, line in threads_tables(run) for part in (heading(title), table.show(markdown), line)]
    if "rows" not in run:
        return "\n\n".join(text + resharding)
    records = compare(run)
    missing = [f"{peer} ({package})" for peer, package in PACKAGES.items() if peer not in names(run, True)]
    if missing:
        text.append("Left out, as their packages were not there: " + ", ".join(missing) + ".")
    for title, table, line in (speed_table(run, records), ratio_table(run, records), hits_table(run), go_table(run),
                               memory_table(run)):
        text += [heading(title), table.show(markdown), line]
    text += resharding
    bullet = "- " if markdown else "  "
    text += [heading("Bars"), "\n".join(f"{bullet}{verdict(met)} {words}" for met, words in bar_lines(records))]
    return "\n\n".join(text)


def shown(pictures):
    return "\n".join(f"![{path.stem.replace('_', ' ')}](plots/{path.name})" for path in pictures)


def main():
    parser = argparse.ArgumentParser(prog="ci/bench family", description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=HERE.parent.parent / "build" / "bench" / "bin", help="where the binary is")
    parser.add_argument("--quick", action="store_true", help="two minutes")
    parser.add_argument("--part", choices=["all", "resharding", "threads"], default="all",
                        help="what to measure; threads: 1, 2, 4, ... as far as there are processors")
    parser.add_argument("--json", metavar="FILE", help="keep the raw figures")
    parser.add_argument("--from", dest="source", metavar="FILE", help="report kept figures again")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--plots", action="store_true", help="draw a picture for each mix into lib/bench/plots/, as --readme does")
    parser.add_argument("--readme", action="store_true",
                        help="put the results into lib/bench/README.md and the costs into lib/gauntlet/map/README.md")
    arguments = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `ci/bench ... | head` ends quietly
    if (arguments.readme or arguments.plots) and arguments.part == "resharding":
        fail("--readme and --plots take a whole run, or --part threads")
    if arguments.plots or arguments.readme:
        plots.pyplot(fail)  # what is missing is told before the measuring
    run = load(arguments.source) if arguments.source else measure(arguments)
    only_threads = "curves" in run and "rows" not in run
    if arguments.readme and missing_parts(run) and not only_threads:
        fail(f"--readme takes a whole run; {arguments.source or 'this one'} has no {', no '.join(missing_parts(run))}")
    if arguments.json:
        write_beside_and_rename(Path(arguments.json), json.dumps(run, indent=1) + "\n")
    print(report(run, arguments.markdown))
    if arguments.plots or arguments.readme:
        if missing_parts(run) and not only_threads:
            fail("--plots takes a whole run, or --part threads")
        if only_threads:
            pictures = plots.plot_curves(by_threads(run), names(run, False) + names(run, True), size_name, fail)
            if arguments.readme:
                update_readme(report(run, True) + "\n\n" + shown(pictures), THREADS_BEGIN, THREADS_END)
            return
        pictures = plots.plot_mixes([{**r, "keys": size_name(r["keys"]), "throughput": r["medians"]} for r in compare(run)],
                              names(run, False) + names(run, True), fail)
    if arguments.readme:
        section, costs_section = report(run, True) + "\n\n" + shown(pictures), costs(run)
        update_readme(section, README_BEGIN, README_END)
        update_readme(costs_section, COSTS_BEGIN, COSTS_END, MAPS_README)


if __name__ == "__main__":
    main()
