"""Five ways of hunting the same defects: which one finds each of them, after how many executions, operations, CPU seconds.

Each way hunts each defective map of one thread (lib/gauntlet/broken) with the same target, judge and sanitizers, from an
empty corpus, with several seeds, until it finds the defect or has spent its budget. The ways take turns: all of one seed of
one defect, then the next.
"""

import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import plots
import survival
from report import HERE, Table, fail, ratio_text, verdict

ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "ci" / "hunt"))
import engine  # noqa: E402  (it lies beside what hunts)

OURS = "mutator"
WAYS = {
    "mutator": "our mutator",
    "bytes": "libFuzzer, bytes",
    "provider": "FuzzedDataProvider",
    "rapidcheck": "RapidCheck",
    "afl": "AFL++",
    "afl_mutator": "AFL++, our mutator",
}
TARGETS = ("hash_map_operations", "hash_map_iteration", "hash_map_types")
METRICS = {"executions": "Executions", "cpu_seconds": "CPU seconds", "operations": "Operations"}
BY_AFL = ("afl", "afl_mutator")
WITH_OUR_MUTATOR = ("mutator", "afl_mutator")  # these are no alternatives to it
TARGET_RATIO = 0.5  # our executions over those of the best alternative
EXECUTIONS_MAX = 1_000_000
QUICK_OF_A_TARGET = 3
TALLY = struct.Struct("=QQ")

# Addresses need no names here: looking them up would take longer than many a hunt. No way looks for leaks behind the judge's
# back, because not every engine does between inputs; the judge counts its maps' memory itself.
SANITIZERS = {"ASAN_OPTIONS": "allocator_may_return_null=1:detect_leaks=0:abort_on_error=1:symbolize=0",
              "UBSAN_OPTIONS": "symbolize=0:abort_on_error=1"}
AFL = {"AFL_NO_UI": "1", "AFL_NO_AFFINITY": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_BENCH_UNTIL_CRASH": "1", "AFL_NO_COLOR": "1",
       "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1"}


# -------------------------------------------------------------------------------------------------------------- hunting


@dataclass(frozen=True)
class Defect:
    name: str
    target: str


def binary_of(way, target, folders):
    return folders["afl"] / f"hunt_{target}_afl" if way in BY_AFL else folders["others"] / f"hunt_{target}_{way}"


def by_libfuzzer(binary, scratch, env, budget, seed):
    """With the options of ci/fuzz: inputs of any length at once. libFuzzer's default, which lets them grow slowly, judges less
    than one operation an execution in the first seconds."""
    outcome = engine.hunt(binary, scratch, [], cpu_seconds=budget["cpu_seconds"], rng_seed=seed, env=env,
                          options=[f"-runs={budget['executions']}"])
    if not (outcome.found or outcome.status == 0 or outcome.out_of_budget):
        raise OSError(f"{binary.name} ended with {outcome.status}: {engine.tail(outcome.log, 300)}")
    return outcome.found, outcome.cpu_seconds


def by_rapidcheck(binary, scratch, env, budget, seed):
    log_path = scratch / "log.txt"
    with open(log_path, "wb") as log:
        process = engine.start([binary, seed, budget["executions"]], log, env, budget["cpu_seconds"])
    status, cpu_seconds = engine.wait(process)
    if engine.stopping.is_set():
        raise KeyboardInterrupt
    if status not in (0, -6, -24, -9):  # all executions done, abort, out of CPU time
        raise OSError(f"{binary.name} ended with {status}: {engine.tail(log_path, 300)}")
    return status == -6, cpu_seconds


def by_afl(binary, scratch, env, budget, seed):
    (scratch / "in").mkdir()
    (scratch / "in" / "newline").write_text("\n")  # it wants one input; libFuzzer begins with the same
    done = scratch / "done.json"
    command = [sys.executable, HERE / "fuzzing" / "reaper.py", budget["cpu_seconds"], done, "afl-fuzz", "-i", scratch / "in",
               "-o", scratch / "out", "-s", seed, "-E", budget["executions"], "-G", 4096, "-t", 25000, "-m", "none", "--", binary]
    log_path = scratch / "log.txt"
    with open(log_path, "wb") as log:
        process = engine.start(command, log, {**env, **AFL})
    status, _ = engine.wait(process)
    if engine.stopping.is_set():
        raise KeyboardInterrupt
    if status != 0 or not done.exists():
        raise OSError(f"{binary.name}: the reaper ended with {status}: {engine.tail(log_path, 300)}")
    run = json.loads(done.read_text())
    found = any((scratch / "out" / "default" / "crashes").glob("id:*"))
    if not found and run["status"] not in (0, -9):
        raise OSError(f"afl-fuzz ended with {run['status']}: {engine.tail(log_path, 600)}")
    return found, run["cpu_seconds"]


def hunt(way, defect, seed, budget, folders):
    """One hunt; gives its row of the raw figures."""
    with tempfile.TemporaryDirectory(prefix="hunt-") as folder:
        scratch = Path(folder)
        tally = scratch / "tally"
        tally.write_bytes(bytes(TALLY.size))
        env = {**SANITIZERS, "GAUNTLET_SUBJECT": defect.name, "GAUNTLET_BENCH_TALLY": str(tally)}
        binary = binary_of(way, defect.target, folders)
        arguments = (binary, scratch, env, budget, seed)
        if way == "afl_mutator":
            env.update(AFL_CUSTOM_MUTATOR_LIBRARY=str(folders["mutator"]), AFL_CUSTOM_MUTATOR_ONLY="1")
        if way in BY_AFL:
            found, cpu_seconds = by_afl(*arguments)
        elif way == "rapidcheck":
            found, cpu_seconds = by_rapidcheck(*arguments)
        else:
            found, cpu_seconds = by_libfuzzer(*arguments)
        executions, operations = TALLY.unpack(tally.read_bytes())
    if executions == 0:
        raise OSError(f"{binary.name} on {defect.name} judged nothing")
    return {"defect": defect.name, "target": defect.target, "way": way, "rng_seed": seed, "found": found,
            "executions": executions, "operations": operations, "cpu_seconds": round(cpu_seconds, 3)}


def list_defects(folder):
    """The defective maps of one thread, in order of target and name."""
    binary = folder / "hunt_list"
    try:
        lines = subprocess.run([str(binary)], capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError) as error:
        fail(str(error))
    defects = [Defect(name, target) for target, name in (line.split("\t") for line in lines)]
    return sorted((d for d in defects if d.target in TARGETS), key=lambda d: (TARGETS.index(d.target), d.name))


def chosen_defects(arguments, folder):
    defects = list_defects(folder)
    unknown = set(arguments.only) - {d.name for d in defects}
    if unknown:
        fail(f"unknown defect {', '.join(sorted(unknown))}; there are: {' '.join(d.name for d in defects)}")
    if arguments.only:
        return [d for d in defects if d.name in arguments.only]
    if arguments.quick:
        return [d for name in TARGETS for d in [d for d in defects if d.target == name][:QUICK_OF_A_TARGET]]
    return defects


def measure(arguments):
    """Hunts everything; gives the raw figures."""
    folders = {"others": Path(arguments.hunts).resolve(), "afl": Path(arguments.afl_hunts).resolve(),
               "mutator": Path(arguments.plain).resolve() / "afl_mutator.so"}
    ways = [way for way in WAYS if not arguments.way or way in arguments.way]
    for way in ways:
        for target in TARGETS:
            if not os.access(binary_of(way, target, folders), os.X_OK):
                fail(f"{binary_of(way, target, folders)} is missing; ci/bench fuzzing --part defects builds it")
    if "afl_mutator" in ways and not folders["mutator"].exists():
        fail(f"{folders['mutator']} is missing; ci/bench fuzzing --part defects builds it")
    seeds = range(1, (arguments.attempts or (3 if arguments.quick else 10)) + 1)
    budget = {"executions": EXECUTIONS_MAX, "cpu_seconds": arguments.seconds or (3 if arguments.quick else 4)}
    defects = chosen_defects(arguments, folders["others"])
    jobs = [(way, defect, seed) for seed in seeds for defect in defects for way in ways]
    runs = []
    engine.stop_on_signals()

    def one(job):
        run = hunt(*job, budget, folders)
        runs.append(run)
        if len(runs) % 50 == 0:
            print(f"{len(runs)} of {len(jobs)} hunts", file=sys.stderr, flush=True)

    try:
        with ThreadPoolExecutor(max_workers=arguments.jobs) as pool:
            try:
                list(pool.map(one, jobs))
            except BaseException:
                engine.stop_all()
                raise
    except KeyboardInterrupt:
        # A hunt that was cut short is no hunt: whole seeds are kept, the others dropped for all ways alike.
        of_a_seed = len(defects) * len(ways)
        seeds = [seed for seed in seeds if sum(run["rng_seed"] == seed for run in runs) == of_a_seed]
        runs = [run for run in runs if run["rng_seed"] in seeds]
        if not runs:
            fail("stopped before a seed was done; nothing is kept")
        print(f"stopped; {len(seeds)} seeds are done and kept", file=sys.stderr)
    except OSError as error:
        fail(str(error))
    order = {job: number for number, job in enumerate((way, defect.name, seed) for way, defect, seed in jobs)}
    runs.sort(key=lambda run: order[run["way"], run["defect"], run["rng_seed"]])
    return {"ways": ways, "budget": budget, "seeds": len(seeds), "jobs": arguments.jobs, "runs": runs,
            "afl": afl_version() if set(BY_AFL) & set(ways) else None}


def afl_version():
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "afl++"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "of an unknown version"


# -------------------------------------------------------------------------------------------------------------- figures


def hunts_of(runs, metric):
    return [(run[metric], run["found"]) for run in runs]


def compare(result):
    """Each defect, with what every way did about it: {"defect", "target", "ways": {way: runs}}."""
    rows = {}
    for run in result["runs"]:
        row = rows.setdefault(run["defect"], {"defect": run["defect"], "target": run["target"], "ways": {}})
        row["ways"].setdefault(run["way"], []).append(run)
    return sorted(rows.values(), key=lambda row: (TARGETS.index(row["target"]), row["defect"]))


def best_alternative(row, metric):
    """(way, its median) with the smallest median; (None, None) where no alternative has one."""
    medians = {way: survival.median(hunts_of(runs, metric)) for way, runs in row["ways"].items()
               if way not in WITH_OUR_MUTATOR}
    known = {way: value for way, value in medians.items() if value is not None}
    way = min(known, key=known.get, default=None)
    return way, known.get(way)


def ratio(row, metric):
    """(our median over the best alternative's, is it only a bound). Without any median of theirs, over the least that
    one would be; None where we have no median."""
    ours = survival.median(hunts_of(row["ways"].get(OURS, []), metric))
    if ours is None:
        return None, False
    _, theirs = best_alternative(row, metric)
    if theirs is not None:
        return ours / max(theirs, 1e-9), False
    least = min((statistics.median(run[metric] for run in runs) for way, runs in row["ways"].items()
                 if way not in WITH_OUR_MUTATOR), default=None)
    return (None, False) if least is None else (ours / max(least, 1e-9), True)


def is_met(row, metric="executions"):
    value, _ = ratio(row, metric)
    return value is not None and value <= TARGET_RATIO


def figure(value, metric):
    return f"{value:,.2f}" if metric == "cpu_seconds" else f"{value:,.0f}"


def cell(runs, metric):
    found, middle = sum(run["found"] for run in runs), survival.median(hunts_of(runs, metric))
    text = "-" if middle is None else figure(middle, metric)
    return text if found == len(runs) else f"{text} ({found}/{len(runs)})"


def metric_table(result, rows, metric):
    ways = result["ways"]
    alternatives = [way for way in ways if way != OURS]
    table = Table(["defect", *[WAYS[way] for way in ways], "best alternative", "ratio",
                   *(["half of it"] if metric == "executions" else [])], left=1)
    for row in rows:
        best, _ = best_alternative(row, metric)
        value, bound = ratio(row, metric)
        text = "-" if value is None else ("< " if bound else "") + ratio_text(value, TARGET_RATIO)
        table.add(row["defect"], *[cell(row["ways"][way], metric) for way in ways],
                  WAYS[best] if best else "-", text, *([verdict(is_met(row))] if metric == "executions" else []))
    if alternatives:
        found = [f"{sum(run['found'] for row in rows for run in row['ways'][way])} of "
                 f"{sum(len(row['ways'][way]) for row in rows)}" for way in ways]
        table.add("found", *found, "", "", *([""] if metric == "executions" else []))
    return table


def effect_table(result, rows):
    """A12 of ours against each alternative, by executions and by CPU seconds: median over the defects, and how often clear."""
    table = Table(["against", "by", "A12 over all defects: lowest", "median", "highest", "ours clearly sooner (A12 at least 0.71)",
                   "clearly later (at most 0.29)"], left=2)
    for way in result["ways"]:
        if way == OURS:
            continue
        for metric in METRICS:
            effects = sorted(survival.a12(hunts_of(row["ways"][OURS], metric), hunts_of(row["ways"][way], metric)) for row in rows)
            table.add(WAYS[way], METRICS[metric].lower() if metric != "cpu_seconds" else "CPU seconds", f"{effects[0]:.2f}",
                      f"{statistics.median(effects):.2f}", f"{effects[-1]:.2f}",
                      f"{sum(e >= 0.71 for e in effects)} of {len(rows)}", f"{sum(e <= 0.29 for e in effects)} of {len(rows)}")
    return table


def report(result, markdown):
    """The whole section as text."""
    rows = compare(result)
    budget = result["budget"]
    parts = []

    def add(title, table):
        parts.append((f"### {title}" if markdown else title) + "\n\n" + table.show(markdown))

    about = (f"{len(rows)} defects, {result['seeds']} seeds, at most {budget['cpu_seconds']} CPU seconds and "
             f"{budget['executions']:,} executions a hunt, {result['jobs']} at once")
    for metric, name in METRICS.items():
        add(f"{name} to each defect, Kaplan-Meier medians ({about})", metric_table(result, rows, metric))
    if OURS in result["ways"] and len(result["ways"]) > 1:
        add("Effect sizes: the chance that our mutator finds a defect before the other way does", effect_table(result, rows))
        met = sum(is_met(row) for row in rows)
        sooner = sum((ratio(row, "cpu_seconds")[0] or 2) <= 1 for row in rows)
        parts.append(f"At most half the executions of the best alternative: {met} of {len(rows)} defects. "
                     f"No more CPU time than the best alternative: {sooner} of {len(rows)}.")
    return "\n\n".join(parts)


def plot(result):
    """How many hunts had found their defect, by executions and by CPU seconds, all defects together."""
    plt = plots.pyplot(fail)
    panels = {}
    for metric, name in METRICS.items():
        panels[name] = {WAYS[way]: survival.curve(hunts_of([r for r in result["runs"] if r["way"] == way], metric))
                        for way in result["ways"]}
    figure_ = plots.finds(plt, panels, title="Share of hunts that have found their defect")
    path = plots.save(figure_, "fuzzing_defects.svg")
    plt.close(figure_)
    return path
