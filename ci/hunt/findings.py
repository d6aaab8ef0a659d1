"""From a failing input to a small program somebody can read: reduce, name, keep, print."""

import hashlib
import os
import subprocess
import threading
from pathlib import Path

from engine import sanitizer_environment, start, tail, wait

# Lines of the text form that say how to run and not what to do.
HEADER_WORDS = {"gauntlet", "target", "hot_keys", "hash", "types", "allocator", "capacity", "elements_before", "erased_before", "threads",
                "heap", "memory", "spins", "banned", "end", "choice"}

HEADING = "== gauntlet: "  # of a failure that is told


def count_operations(text):
    """Operations in a program's text form."""
    count = 0
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if words and words[0] not in HEADER_WORDS:
            count += 1
    return count


def beside(path):
    """Where a file is written before it is renamed to path: no two threads, of no two processes, write the same."""
    return path.with_name(f"{path.name}.part.{os.getpid()}-{threading.get_ident()}")


def reduce(replay, artifact, out, seconds, env=None):
    """Reduces artifact into the text file out; gives its number of operations, or None when the failure did not show
    again in the replay binary. Nothing half written is left behind."""
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = beside(out)
    log_path = out.with_suffix(".reduce.log")
    with open(log_path, "wb") as log:
        command = [replay, "--raw", "--reduce", artifact, "--out", part, "--seconds", seconds]
        wait(start(command, log, {**sanitizer_environment(), **(env or {})}))
    if part.exists() and part.stat().st_size > 0:
        os.replace(part, out)
        log_path.unlink(missing_ok=True)
        return count_operations(out.read_text("utf-8", "replace"))
    part.unlink(missing_ok=True)
    return None


def keep(target, replay, artifact, folder, seconds, env=None, name=None):
    """Keeps a finding as folder/<name>-<hash of the input>.ops (or .bin when it cannot be reduced); gives (path, operations).
    The name is that of the target where none is given. Who hunts several maps names each: two may fail with one input."""
    digest = hashlib.sha1(Path(artifact).read_bytes()).hexdigest()[:12]
    path = Path(folder) / f"{name or target}-{digest}.ops"
    operations = reduce(replay, artifact, path, seconds, env)
    if operations is None:
        path = path.with_suffix(".bin")
        part = beside(path)
        part.write_bytes(Path(artifact).read_bytes())
        os.replace(part, path)
    return path, operations


def replay_text(replay, path, env=None, timeout=120):
    """What a replay prints. What ends the process or never ends is judged once more, in a process of its own (--times), and
    told as other failures are, with the operation and the place."""

    def printed(*words):
        done = subprocess.run([str(replay), *words, str(path)], capture_output=True, text=True, errors="replace", timeout=timeout,
                              env={**os.environ, **sanitizer_environment(), **(env or {})})
        return (done.stdout + done.stderr).strip()

    try:
        text = printed()
        if HEADING in text:
            return text
        told = printed("--times", "1")
        return told[told.index(HEADING):] if HEADING in told else text
    except subprocess.TimeoutExpired:
        return f"(the replay took more than {timeout} s)"


def why(log):
    """The lines of a fuzzer's log that say what went wrong."""
    lines = [line for line in tail(log, 65536).splitlines() if line and not line.startswith(("#", "stat::", "INFO:"))]
    return "\n".join(lines[-40:])
