"""What a corpus costs the engine, in CPU seconds: starting, loading it, and minimising it as ci/minimize --corpus does.

The inputs are made by make_inputs (fuzzing/make_inputs.cpp) from the checked-in corpus, the same ones each time. Whatever
other inputs there are, what a load costs are their operations: these are as long as our mutator makes them.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from report import HERE, fail

sys.path.insert(0, str(HERE.parent.parent / "ci" / "hunt"))
import corpus  # noqa: E402  (it lies beside what hunts)
import engine  # noqa: E402

STEPS = {"start": "start with nothing", "load": "load", "merge": "merge: pass one, by the engine",
         "rest": "pass two, and counting what is kept"}
OPTIONS = ["-len_control=0", "-max_len=4096", "-use_value_profile=0", "-entropic=0", "-timeout=25", "-rss_limit_mb=4096"]


def run(binary, log, *words):
    """CPU seconds and operations of one run of the engine without mutation."""
    with open(log, "wb") as file:
        environment = engine.sanitizer_environment(engine.AFTER_RANDOM_PROGRAMS)
        status, cpu_seconds = engine.wait(engine.start([binary, "-runs=0", *OPTIONS, *words], file, environment))
    if status != 0:
        fail(f"{binary} ended with {status}: {engine.tail(log, 300).strip()}")
    found = engine.OPERATIONS.search(engine.tail(log, 65536))
    return cpu_seconds, int(found.group(1)) if found else 0


def cpu_of_this_process_and_its_children():
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def measure(maker, binary, count, target="hash_map_operations"):
    with tempfile.TemporaryDirectory(prefix="corpora-") as folder:
        empty, made, kept = (Path(folder) / name for name in ("empty", "made", "kept"))
        for path in (empty, made, kept):
            path.mkdir()
        log = Path(folder) / "log.txt"
        done = subprocess.run([str(maker), str(made), str(count), "1", *map(str, engine.corpus_folders(target, ("seed", "found")))],
                              check=False)
        if done.returncode != 0:
            fail(f"{maker} ended with {done.returncode}")
        start = min(run(binary, log, empty)[0] for _ in range(5))
        load, operations = run(binary, log, made)
        before = cpu_of_this_process_and_its_children()
        try:
            result = corpus.minimize(binary, [made], kept, log)
        except OSError as error:
            fail(str(error))
        rest = cpu_of_this_process_and_its_children() - before - result.pass_one_seconds
        return {"inputs": count, "bytes": sum(path.stat().st_size for path in made.iterdir()), "operations": operations,
                "start": start, "load": load, "merge": result.pass_one_seconds, "rest": rest, "kept": result.files,
                "features": result.features_before, "lost": result.lost}
