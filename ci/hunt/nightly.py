"""The long run: lanes of hunts, the proof, the merge of what was found, and one page that says how it went.

Each lane is ci/fuzz with other flags, in a build folder of its own, so that what runs at night is what people type.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import corpus
import engine
import fuzz
from table import grouped, markdown_table

THREAD_FLAGS = "-O1 -gline-tables-only -fno-omit-frame-pointer -fsanitize=thread,fuzzer-no-link"
# Name, build folder, environment, and what is hunted where that isn't every target.
LANES = [
    ("address", "build/fuzz", {}, []),
    ("thread", "build/fuzz-thread", {"CXXFLAGS": THREAD_FLAGS}, []),
    ("schedules", "build/fuzz", {}, ["concurrent_schedule", "--each-map"]),
]


def run(command, log, env=None):
    """Runs one of the commands people type, with its output in log; gives its exit status."""
    with open(log, "wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **(env or {})})
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise


def read_json(path):
    return json.loads(path.read_text()) if path.exists() else []


def fresh_seed():
    """Another hunt each night, the same one for anybody who repeats it with the seed that the summary prints."""
    return int(time.strftime("%Y%m%d"))


def lane(name, folder, env, what, options, seed):
    """Fuzzes every target of one lane; gives its results."""
    results = options.out / f"{name}.json"
    results.unlink(missing_ok=True)
    began = time.monotonic()
    status = run(["ci/fuzz", *what, "--seconds", str(options.minutes * 60), "--jobs", str(options.jobs), "--rng-seed", str(seed),
                  "--json", str(results.resolve())],
                 options.out / f"{name}.log", {**env, "GAUNTLET_FUZZ_BUILD": folder})
    return {"lane": name, "status": status, "minutes": round((time.monotonic() - began) / 60, 1), "targets": read_json(results)}


def prove(options, seed):
    results = options.out / "prove.json"
    results.unlink(missing_ok=True)
    status = run(["ci/fuzz", "--prove", "--empty-corpus", "--jobs", str(options.jobs), "--rng-seed", str(seed),
                  "--json", str(results.resolve())],
                 options.out / "prove.log")
    return {"status": status, "defects": read_json(results)}


def add_schedules(path, lanes, commit, seed):
    """Adds this night's schedules of each map that held to those of the nights before, kept in path; gives rows of
    (map, this night, all nights since a finding in it). The same seed gives the same schedules: a night that is run again
    replaces what it was."""
    this = {"date": time.strftime("%Y-%m-%d"), "commit": commit, "rng_seed": seed}
    rows = [row for result in lanes if result["lane"] == "schedules" for row in result["targets"] if row["map"]]
    nights = [night for night in read_json(path) if any(night.get(key) != value for key, value in this.items())]
    nights.append({**this, "maps": {row["map"]: row["schedules"] for row in rows if row["verdict"] == "held"},
                   "found": sorted(row["map"] for row in rows if row["verdict"] == "FOUND")})
    write(path, json.dumps(nights, indent=2) + "\n")
    sums = {}
    for night in nights:
        for name, schedules in night["maps"].items():
            sums[name] = sums.get(name, 0) + schedules
        for name in night.get("found", []):
            sums[name] = 0
    return [(row["map"], row["schedules"], sums[row["map"]]) for row in rows if row["verdict"] == "held"]


def merge(target, binary, hunts, out):
    """Takes what the hunts found into corpus/<target>/found, or leaves that as it is where the engine fails; gives a row of
    the page."""
    found = Path("corpus") / target / "found"
    before = len(corpus.inputs([found]))
    try:
        done = corpus.replace_found(target, binary, hunts, out / f"merge-{target}.log")
    except OSError as error:
        print(f"ci/nightly: {error}", file=sys.stderr)
        return [target, before, before, "-", "-", f"failed; see merge-{target}.log"]
    note = f"{grouped(done.cut)} features cut by the size" if done.cut else f"{grouped(done.lost)} features LOST" if done.lost else "-"
    return [target, before, done.files, grouped(done.features_before), grouped(done.features), note]


def head():
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()


def summary(lanes, proof, schedules, merges, seed, minutes, jobs):
    """The page."""
    rows = []
    for result in lanes:
        for target in result["targets"]:
            rows.append([fuzz.title_of(target), result["lane"], target["verdict"], grouped(target["executions"]),
                         grouped(target["executions_per_second"]), grouped(target["operations_per_second"]),
                         grouped(target["schedules"]) if target["schedules"] else "-", target["coverage"], f"+{target['corpus_grown']}",
                         " ".join(f"`{fuzz.command_of(target, found['file'])}`" for found in target["findings"]) or "-"])
    parts = [f"# Nightly of {time.strftime('%Y-%m-%d')}, commit {head() or 'unknown'}",
             f"{minutes} minutes a target and lane, {jobs} targets at once on {os.cpu_count()} processors, rng seed {seed}.",
             markdown_table(["target", "lane", "verdict", "executions", "exec/s", "operations/s", "schedules", "coverage",
                             "corpus", "findings"], rows)]
    for result in lanes:
        if not result["targets"]:
            parts.append(f"**The {result['lane']} lane gave no results (exit status {result['status']}); see {result['lane']}.log.**")
    if proof is not None:
        parts.append("## Defective maps")
        parts.append(markdown_table(
            ["defect", "target", "start", "CPU seconds", "executions", "operations"],
            [[row["defect"], row["target"], row["start"],
              "**missed**" if row["cpu_seconds"] is None else row["cpu_seconds"],
              "-" if row["executions"] is None else grouped(row["executions"]),
              "-" if row["operations"] is None else row["operations"]] for row in proof["defects"]]))
    if schedules:
        parts.append("## Schedules of each map without a finding")
        parts.append("A finding in a map begins its sum again. A night that is run again with its seed counts once.")
        parts.append(markdown_table(["map", "this night", "since a finding"], [[name, *map(grouped, n)] for name, *n in schedules]))
    if merges:
        parts.append("## Corpus")
        parts.append(markdown_table(["target", "files before", "files after", "features before", "features after", "note"], merges))
    return "\n\n".join(parts) + "\n"


def write(path, text):
    beside = path.with_name(path.name + ".part")
    beside.write_text(text)
    beside.replace(path)


def main(arguments):
    parser = argparse.ArgumentParser(prog="ci/hunt/nightly.py", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, required=True)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--no-merge", action="store_true")
    engine.add_options(parser)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    engine.stop_on_signals()
    seed = fresh_seed()
    try:
        lanes = []
        for name, folder, env, what in LANES:
            print(f"{name} lane: {options.minutes} minutes for each", flush=True)
            lanes.append(lane(name, folder, env, what, options, seed))
            write(options.out / "summary.md", summary(lanes, None, [], [], seed, options.minutes, options.jobs))
        print("prove: every defective map", flush=True)
        proof = prove(options, seed)
        schedules = add_schedules(options.out / "schedules.json", lanes, head(), seed)
        merges = []
        if not options.no_merge:
            for target in [row["target"] for row in lanes[0]["targets"] if row["target"] != "canary"]:
                hunts = [path for folder in {folder for _, folder, _, _ in LANES}
                         for path in sorted((Path(folder) / "hunt").glob(f"{target}*/corpus"))
                         if path.parent.name == target or path.parent.name.startswith(f"{target}-")]
                merges.append(merge(target, engine.folder_of(options, target) / target, hunts, options.out))
    except KeyboardInterrupt:
        print("stopped; the corpus is as it was", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"ci/nightly: {error}", file=sys.stderr)
        return 2
    statuses = [result["status"] for result in lanes] + [proof["status"]]
    page = summary(lanes, proof, schedules, merges, seed, options.minutes, options.jobs)
    write(options.out / "summary.md", page)
    write(options.out / "summary.json", json.dumps({"rng_seed": seed, "minutes": options.minutes, "lanes": lanes, "prove": proof,
                                                    "schedules": schedules, "merged": merges}, indent=2) + "\n")
    print(page)
    print(f"written to {options.out}/summary.md")
    if all(status == 0 for status in statuses):
        return 0
    return 1 if any(status == 1 for status in statuses) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
