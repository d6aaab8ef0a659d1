#!/usr/bin/env python3
"""Runs a benchmark, prints its table and says plainly which bars are met and which are missed.

    report.py hash_map [--bin DIR] [--quick] [--part rows|pauses|all] [--filter REGEX] [--json FILE] [--markdown] [--readme]
    report.py hash_map --from FILE [--markdown] [--readme]     the table of an earlier run, nothing is measured
    report.py misuse   [--bin DIR] [--markdown]                instructions that noticing misuse costs (needs valgrind)

Exit: 0 measured (a missed bar is a line in the table, never an error: a timing is no test), 2 wrong use, missing tool
or a run that did not finish.
"""

import argparse
import json
import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import plots

HERE = Path(__file__).resolve().parent
OURS = "gauntlet"
FIND_BAR = 1.3
ANY_BAR = 2.0
PAUSE_BAR = 100.0
SURVIVOR_BAR = 64.0
# What is aimed at beyond the bars, as ratio to the best peer: by workload, or by workload and size.
TARGETS = {"insert_grow": 0.9, "insert_reserve": 1.0, "erase_all": 1.0, "merge": 0.5, "iterate": 1.3, "iterate_rest": 0.05,
           "tiny": 0.5}
TARGETS_OF_FINDS = ("find_hit", "find_miss", "mixed")
WITHOUT_BAR = ("find_dependent", "iterate_rest", "destroy", "merge", "tiny")
PATTERNS = ("sequential", "high_bits", "sparse_bits")
README_BEGIN, README_END = "<!-- results: begin -->", "<!-- results: end -->"

# Instructions that noticing misuse may cost, per operation.
MISUSE_BARS = {"find_hit": 3, "find_miss": 3, "insert": 6, "erase": None}


def fail(message):
    print(f"ci/bench: {message}", file=sys.stderr)
    sys.exit(2)


# -------------------------------------------------------------------------------------------------- tables


class Table:
    """Rows of text under a header, printed as aligned columns or as Markdown."""

    def __init__(self, header, left=2):
        self.header, self.left, self.rows = header, left, []

    def add(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def text(self):
        widths = [max(len(row[i]) for row in [self.header] + self.rows) for i in range(len(self.header))]
        lines = []
        for row in [self.header] + self.rows:
            cells = [c.ljust(w) if i < self.left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def markdown(self):
        rule = ["---"] * self.left + ["---:"] * (len(self.header) - self.left)
        return "\n".join("| " + " | ".join(row) + " |" for row in [self.header, rule] + self.rows)

    def show(self, markdown):
        return self.markdown() if markdown else self.text()


def size_name(size):
    return f"10^{round(math.log10(size))}" if size >= 1000 else str(size)


def verdict(met):
    return "met" if met else "MISSED"


def ratio_text(ratio, bar):
    """Two digits, three where two would hide on which side of the bar the ratio lies."""
    return f"{ratio:.3f}" if (float(f"{ratio:.2f}") <= bar) != (ratio <= bar) else f"{ratio:.2f}"


def duration(nanoseconds):
    if nanoseconds >= 1e6:
        return f"{nanoseconds / 1e6:.1f} ms"
    return f"{nanoseconds / 1e3:.1f} us" if nanoseconds >= 1e3 else f"{nanoseconds:.0f} ns"


# -------------------------------------------------------------------------------------------------- hash_map


def measure(arguments):
    binary = Path(arguments.bin).resolve() / "gauntlet_bench_hash_map"
    if not os.access(binary, os.X_OK):
        fail(f"{binary} is missing; ci/bench hash_map builds it")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        command = [str(binary), f"--part={arguments.part}", f"--benchmark_out={out}", "--benchmark_out_format=json"]
        if arguments.quick:
            command.append("--quick")
        if arguments.filter:
            command.append(f"--benchmark_filter={arguments.filter}")
        status = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
        if status != 0:
            fail(f"{binary.name} ended with {status}")
        run = load(out)
        run["context"]["filter"] = arguments.filter
        return run


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            run = json.load(file)
        run["benchmarks"] = [entry for entry in run["benchmarks"] if not entry.get("error_occurred")]  # ran out of memory
        for entry in run["benchmarks"]:
            entry["real_time"]  # a file of another kind is told here, not later
        gather(run)
        return run
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"{path} is no result of a benchmark run: {error}")


def gather(run):
    """{(keys, size, what): {map: [entry, one per repetition]}}, in the order measured."""
    rows = {}
    for entry in run["benchmarks"]:
        keys, size, what, name = entry["name"].split("/")[:4]
        rows.setdefault((keys, int(size), what), {}).setdefault(name, []).append(entry)
    return rows


def peers_of(maps):
    return [name for name in maps if name != OURS]


def target_of(keys, size, what):
    """(ratio aimed at, the peer it is to, or None for the best one), or None where nothing is aimed at."""
    if what == "tiny":
        return TARGETS[what], None
    if size < 1000 or keys in PATTERNS:
        return None
    if keys.startswith("string"):
        return {"find_hit": (1.05, None), "insert_grow": (0.9, None)}.get(what)
    if what in TARGETS_OF_FINDS:
        return (1.0 if size >= 10**6 else 1.05), None
    return (TARGETS[what], "boost" if what == "iterate" else None) if what in TARGETS else None


def bar_of(keys, size, what):
    if size < 1000 or keys in PATTERNS or what in WITHOUT_BAR:
        return None
    return FIND_BAR if what.startswith("find") else ANY_BAR


def compare(rows):
    """One record per row that has ours and a peer: medians, best peer, ratio, spread, bar."""
    records = []
    for (keys, size, what), maps in rows.items():
        if what in ("worst_insert", "memory", "growth_after_reserve"):
            continue
        medians = {name: statistics.median(e["real_time"] for e in entries) for name, entries in maps.items()}
        peers = peers_of(medians)
        if OURS not in medians or not peers:
            continue
        best = min(peers, key=medians.get)
        ours = [e["real_time"] for e in maps[OURS]]
        bar = bar_of(keys, size, what)
        ratio = medians[OURS] / medians[best]
        aim = target_of(keys, size, what)
        if aim:
            aim = {"ratio": medians[OURS] / medians[aim[1] if aim[1] in medians else best], "target": aim[0]}
            aim["met"] = aim["ratio"] <= aim["target"]
        records.append({"aim": aim, "keys": keys, "size": size, "what": what, "medians": medians, "best": best, "ratio": ratio,
                        "spread": (max(ours) - min(ours)) / medians[OURS], "bar": bar, "met": bar is None or ratio <= bar,
                        "repetitions": len(ours)})
    return records


def aim_text(aim):
    return f"{aim['target']:g} {verdict(aim['met'])}" if aim else "-"


def ratio_table(records):
    peers = list(dict.fromkeys(name for r in records for name in peers_of(r["medians"])))
    header = ["keys", "n", "workload", OURS, *sorted(peers), "best peer", "ratio", "spread", "bar", "verdict", "target"]
    table = Table(header, left=3)
    for r in records:
        figures = [f"{r['medians'][name]:.2f}" if name in r["medians"] else "-" for name in [OURS, *sorted(peers)]]
        held = (ratio_text(r["ratio"], r["bar"]), f"{100 * r['spread']:.0f} %", f"{r['bar']:.1f}", verdict(r["met"])) \
            if r["bar"] else (f"{r['ratio']:.2f}", f"{100 * r['spread']:.0f} %", "-", "-")
        table.add(r["keys"], size_name(r["size"]), r["what"], *figures, r["best"], *held, aim_text(r["aim"]))
    return table


def mean_table(records):
    """Geometric means of the ratios, finds and all workloads, per kind of key and size."""
    table = Table(["keys", "n", "finds", "all", "rows missed"])
    groups = {}
    for r in records:
        groups.setdefault((r["keys"], r["size"]), []).append(r)
    for (keys, size), group in groups.items():
        finds = [r["ratio"] for r in group if r["what"].startswith("find")]
        table.add(keys, size_name(size), f"{statistics.geometric_mean(finds):.2f}" if finds else "-",
                  f"{statistics.geometric_mean(r['ratio'] for r in group):.2f}",
                  f"{sum(not r['met'] for r in group)} of {len(group)}")
    return table


def special_lines(rows):
    """Tables of pauses, memory and growth events; and (bar, met) for each bar that was measured at its own size."""
    tables, bars = [], []
    for (_, size, what), maps in rows.items():
        if what == "worst_insert":
            table = Table(["map", "worst insert", "0.999999 quantile", "raw worst of each repetition"], left=1)
            for name, (e, *_) in maps.items():
                raw = ", ".join(duration(e[f"raw_worst_ns_{i}"]) for i in (1, 2, 3))
                table.add(name, duration(e["worst_ns"]), duration(e["p999999_ns"]), raw)
            peers = [maps[p][0]["worst_ns"] for p in peers_of(maps)]
            line = ""
            if OURS in maps and peers:
                ratio = min(peers) / max(maps[OURS][0]["worst_ns"], 1.0)
                line = f"{ratio:.{1 if ratio < 10 else 0}f} times below the best peer (bar: at least {PAUSE_BAR:.0f} at 10^7)"
                if size == 10**7:
                    line += f": {verdict(ratio >= PAUSE_BAR)}"
                    bars.append((f"worst insert while growing to 10^7: {ratio:.0f}x below the best peer, "
                                 f"bar {PAUSE_BAR:.0f}x", ratio >= PAUSE_BAR))
            tables.append((f"Worst single insert while growing to {size_name(size)} "
                           "(element-wise minimum of 3 repetitions)", table, line))
        elif what == "memory":
            table = Table(["map", "bytes/element grown", "peak bytes/element", "bytes/survivor after erasing 99 %"],
                          left=1)
            for name, (e, *_) in maps.items():
                table.add(name, f"{e['bytes_per_element']:.1f}", f"{e['peak_bytes_per_element']:.1f}",
                          f"{e['bytes_per_survivor']:.1f}")
            line = ""
            if OURS in maps:
                held = maps[OURS][0]["bytes_per_survivor"]
                line = f"{held:.1f} bytes per survivor (bar: at most {SURVIVOR_BAR:.0f} at 10^7)"
                if size == 10**7:
                    line += f": {verdict(held <= SURVIVOR_BAR)}"
                    bars.append((f"bytes per survivor after erasing 99 % of 10^7: {held:.1f}, bar {SURVIVOR_BAR:.0f}",
                                 held <= SURVIVOR_BAR))
            tables.append((f"Memory at {size_name(size)}, u64 to u64, counted in a counting allocator", table, line))
    events = {size: maps[OURS][0]["events"] for (_, size, what), maps in rows.items()
              if what == "growth_after_reserve" and OURS in maps}
    if events:
        table = Table(["n", "growth events", "verdict"], left=1)
        for size, count in events.items():
            table.add(size_name(size), f"{count:.0f}", verdict(count == 0))
            bars.append((f"growth events in {size_name(size)} inserts after reserve: {count:.0f}, bar 0", count == 0))
        tables.append(("Growth events in n inserts after reserve(n)", table, ""))
    return tables, bars


def machine(run):
    context = run.get("context", {})
    cpu = "unknown CPU"
    if context.get("cpu_model"):
        cpu = context["cpu_model"]
    return f"{context.get('date', '?')[:10]}, {cpu}, {context.get('num_cpus', '?')} CPUs, {context.get('compiler', '?')}"


def report_hash_map(run, markdown):
    rows = gather(run)
    records = compare(rows)
    tables, bars = special_lines(rows)
    heading = (lambda text: f"### {text}") if markdown else (lambda text: text)
    parts = [f"Measured {machine(run)}."]
    if records:
        fewest, most = (f(r["repetitions"] for r in records) for f in (min, max))
        repetitions = most if fewest == most else f"{fewest} to {most}"
        parts += [heading(f"Nanoseconds of CPU time per operation (medians of {repetitions}), "
                          "ratio = ours / best peer"),
                  ratio_table(records).show(markdown),
                  heading("Geometric means of the ratios"), mean_table(records).show(markdown)]
    for title, table, line in tables:
        parts += [heading(title), table.show(markdown)] + ([line] if line else [])
    missed = sorted((r for r in records if not r["met"]), key=lambda r: -r["ratio"] / r["bar"])
    barred = sum(r["bar"] is not None for r in records)
    summary = [f"{barred - len(missed)} of {barred} rows meet their bar "
               f"(finds {FIND_BAR}, all others {ANY_BAR} times the best peer)."
               if records else "No row was measured beside a peer."]
    aimed = [r for r in records if r["aim"]]
    if aimed:
        missed_aims = [r for r in aimed if not r["aim"]["met"]]
        summary.append(f"{len(aimed) - len(missed_aims)} of {len(aimed)} rows meet the target beyond it; the farthest: "
                       + ("; ".join(f"{r['keys']} {size_name(r['size'])} {r['what']} {r['aim']['ratio']:.2f} for "
                                    f"{r['aim']['target']:g}" for r in sorted(
                                        missed_aims, key=lambda r: -r["aim"]["ratio"] / r["aim"]["target"])[:5])
                          if missed_aims else "none") + ".")
    bullet = "- " if markdown else "  "
    summary += [f"{bullet}MISSED {r['keys']} {size_name(r['size'])} {r['what']}: {ratio_text(r['ratio'], r['bar'])} times {r['best']}, "
                f"bar {r['bar']:.1f}" for r in missed]
    summary += [f"{bullet}{verdict(met)} {text}" for text, met in bars]
    parts += [heading("Bars"), "\n".join(summary[:1] + ([""] if markdown else []) + summary[1:])]
    return "\n\n".join(parts)


def cpu_model():
    try:
        return re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M).group(1)
    except (OSError, AttributeError):
        return None


def write_beside_and_rename(path, text):
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def update_readme(section, begin=README_BEGIN, end=README_END, path=HERE / "README.md"):
    text = path.read_text(encoding="utf-8")
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        fail(f"{path} has no lines '{begin}' and '{end}'")
    write_beside_and_rename(path, f"{before}{begin}\n\n{section}\n\n{end}{after}")


def missing_parts(run):
    """What a run lacks that the section of the page shows."""
    rows = gather(run)
    kinds = {what for _, _, what in rows}
    missing = [] if compare(rows) else ["rows beside a peer"]
    missing += [kind for kind in ("worst_insert", "memory", "growth_after_reserve") if kind not in kinds]
    chosen = run.get("context", {}).get("filter")
    return missing + ([f"rows but those of the filter {chosen}"] if chosen else [])


def hash_map(arguments):
    if arguments.readme and (arguments.part != "all" or arguments.filter):
        fail("--readme needs all rows: the section of lib/bench/README.md is replaced as a whole")
    if arguments.plots or arguments.readme:
        plots.pyplot(fail)  # what is missing is told before the measuring
    if arguments.source:
        run = load(arguments.source)
    else:
        run = measure(arguments)
        run["context"]["cpu_model"] = cpu_model()
        for private in ("host_name", "executable"):
            run["context"].pop(private, None)
    if arguments.readme and missing_parts(run):
        fail(f"--readme needs all rows; {arguments.source or 'this run'} has no {', no '.join(missing_parts(run))}")
    if arguments.json:
        write_beside_and_rename(Path(arguments.json), json.dumps(run, indent=1) + "\n")
    print(report_hash_map(run, arguments.markdown))
    if arguments.plots or arguments.readme:
        pictures = plots.plot_ratios(compare(gather(run)), fail)
    if arguments.readme:
        shown = "\n".join(f"![{path.stem.replace('_', ' ')}](plots/{path.name})" for path in pictures)
        update_readme(report_hash_map(run, True) + "\n\n" + shown)


# -------------------------------------------------------------------------------------------------- misuse


def instructions(binary, policy, operation, count):
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", str(binary), policy, operation,
                   str(count)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode != 0 or not collected:
        fail(f"{' '.join(command)} failed: {result.stderr.strip().splitlines()[-1:]}")
    return int(collected.group(1))


def misuse(arguments):
    binary = Path(arguments.bin).resolve() / "gauntlet_bench_misuse"
    if not shutil.which("valgrind"):
        fail("valgrind is missing (Debian package valgrind)")
    if not os.access(binary, os.X_OK):
        fail(f"{binary} is missing; ci/bench misuse builds it")
    few, many = 10_000, 30_000
    table = Table(["operation", "detecting", "not detecting", "difference", "bar", "verdict"], left=1)
    for operation, bar in MISUSE_BARS.items():
        per = {policy: (instructions(binary, policy, operation, many) - instructions(binary, policy, operation, few))
               / (many - few) for policy in ("detect", "ignore")}
        cost = per["detect"] - per["ignore"]
        # Half an instruction of slack: the maps' addresses differ, and with them a branch in malloc or two.
        table.add(operation, f"{per['detect']:.2f}", f"{per['ignore']:.2f}", f"{cost:+.2f}", bar if bar else "-",
                  verdict(cost <= bar + 0.5) if bar else "-")
    title = "Instructions per operation with and without misuse detection (callgrind)"
    print(f"### {title}\n" if arguments.markdown else f"{title}\n")
    print(table.show(arguments.markdown))


def main():
    parser = argparse.ArgumentParser(prog="ci/bench", description=__doc__.splitlines()[0],
                                     epilog="A missed bar is a line in the table, not an error.")
    default_bin = HERE.parent.parent / "build" / "bench" / "bin"
    commands = parser.add_subparsers(dest="command", required=True)
    first = commands.add_parser("hash_map", help="time, pauses and memory against the peers")
    first.add_argument("--quick", action="store_true", help="10^3 and 10^5 only, three repetitions, under a minute")
    first.add_argument("--part", choices=["rows", "pauses", "all"], default="all")
    first.add_argument("--filter", metavar="REGEX", help="only rows whose name matches, e.g. u64/1000/find")
    first.add_argument("--json", metavar="FILE", help="keep the raw figures")
    first.add_argument("--from", dest="source", metavar="FILE", help="report a kept run instead of measuring")
    first.add_argument("--plots", action="store_true", help="draw the ratios into lib/bench/plots/, as --readme does")
    first.add_argument("--readme", action="store_true", help="also put the results into lib/bench/README.md")
    second = commands.add_parser("misuse", help="instructions that misuse detection costs")
    for command in (first, second):
        command.add_argument("--bin", default=str(default_bin), metavar="DIR", help="where the benchmarks were built")
        command.add_argument("--markdown", action="store_true", help="print Markdown")
    arguments = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `ci/bench ... | head` ends quietly
    {"hash_map": hash_map, "misuse": misuse}[arguments.command](arguments)


if __name__ == "__main__":
    main()
