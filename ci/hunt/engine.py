"""One run of one fuzzer binary, or of random programs without an engine: start it, watch it, read what it counted.

The engine is libFuzzer. Its output goes to a log file; what is wanted of it (executions, coverage, operations) is read
from there, while it runs and after. A run ends by itself, by its budget of CPU seconds (a kernel limit, so that a busy
machine costs time and not chances), or with this process: children die with their parent however it ends.
"""

import ctypes
import os
import re
import resource
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
ARTIFACT_KINDS = ("crash-", "leak-", "timeout-", "oom-", "slow-unit-")

_libc = ctypes.CDLL(None, use_errno=True)
_running = set()
_running_lock = threading.Lock()
stopping = threading.Event()


def stop_all():
    """Stops every child that runs now; those to come are not started."""
    stopping.set()
    with _running_lock:
        for process in _running:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def stop_on_signals():
    """Ctrl-C and a polite kill stop the children and raise KeyboardInterrupt in the main thread."""

    def handler(number, frame):
        stop_all()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)


def start(command, log, env=None, cpu_seconds=None):
    """Starts command with its output in log. Raises KeyboardInterrupt when everything is being stopped."""

    def prepare():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if cpu_seconds:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))

    with _running_lock:
        if stopping.is_set():
            raise KeyboardInterrupt
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            preexec_fn=prepare,
        )
        _running.add(process)
    return process


def wait(process):
    """Waits for the end; gives (exit status, CPU seconds). A signal n is the status -n."""
    _, status, usage = os.wait4(process.pid, 0)
    with _running_lock:
        _running.discard(process)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


# For an engine that follows random programs: those have looked for uses of a stack that is gone, which takes an eighth of the
# time and which hardly depends on the input. And 16 MiB of freed memory are more than a program frees. Loading 5,000 inputs of
# hash_map_operations took 5.0 CPU seconds with these and 5.9 without.
AFTER_RANDOM_PROGRAMS = "detect_stack_use_after_return=0:quarantine_size_mb=16"


def sanitizer_environment(of_address=""):
    """Options under which every hunt and replay runs; what the caller has set comes last and so takes precedence. Ten frames
    of who allocated tell the operation; thirty, the default, took a twelfth of the time."""
    defaults = {
        "ASAN_OPTIONS": "allocator_may_return_null=1:detect_leaks=1:malloc_context_size=10" + (of_address and ":" + of_address),
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "TSAN_OPTIONS": "allocator_may_return_null=1:halt_on_error=1:report_signal_unsafe=0",
    }
    return {name: value + (":" + os.environ[name] if os.environ.get(name) else "") for name, value in defaults.items()}


def add_options(parser):
    """What every command here is told: where its binaries are, and which targets decide their interleavings themselves.
    Those are built apart from the others (ci/lib.sh knows them)."""
    parser.add_argument("--bin", type=Path, default=Path("build/fuzz/bin"))
    parser.add_argument("--scheduled-bin", type=Path, default=Path("build/schedule/bin"))
    parser.add_argument("--scheduled", action="append", default=[], metavar="TARGET")


def folder_of(options, target):
    """Where the binaries of a target are."""
    return options.scheduled_bin if target in options.scheduled else options.bin


@dataclass
class Outcome:
    """What one run did."""

    status: int = 0
    executions: int = 0
    per_second: int = 0
    operations: int = 0
    schedules: int = 0  # of a target that decides its interleavings: runs, each along a schedule of its own
    coverage: int = 0
    features: int = 0
    grown: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    not_asked: str = ""  # operations that the map has no member for
    artifacts: list = field(default_factory=list)
    log: Path = None

    @property
    def found(self):
        return bool(self.artifacts)

    @property
    def out_of_budget(self):
        return self.status in (-signal.SIGXCPU, -signal.SIGKILL)

    @property
    def operations_per_second(self):
        return int(self.operations / self.wall_seconds) if self.wall_seconds > 0 else 0


PROGRESS = re.compile(r"^#(\d+)\s+\w+.*?cov: (\d+) ft: (\d+).*?exec/s: (\d+)", re.M)
FINAL = re.compile(r"^stat::number_of_executed_units:\s*(\d+)", re.M)
FINAL_RATE = re.compile(r"^stat::average_exec_per_sec:\s*(\d+)", re.M)
OPERATIONS = re.compile(r"^operations: (\d+)", re.M)
SCHEDULES = re.compile(r"^schedules: (\d+)", re.M)
PROGRAMS = re.compile(r": \d+ of (\d+) programs held, (\d+) operations")
NOT_ASKED = re.compile(r"^not asked, .*?: (.*)$", re.M)
PROGRAMS_OF_A_SEED = 10**9
JUDGEMENT_SECONDS_MAX = 25
SCHEDULES_OF_A_PROGRAM = 20  # besides its own, as the targets do it for an input (check/run/schedule_search.h)


def read_log(path, outcome):
    """Fills the counts of outcome from a log, finished or not."""
    text = tail(path, 65536)
    for match in PROGRESS.finditer(text):
        outcome.executions, outcome.coverage, outcome.features, outcome.per_second = map(int, match.groups())
    for pattern, name in ((FINAL, "executions"), (FINAL_RATE, "per_second"), (OPERATIONS, "operations"),
                          (SCHEDULES, "schedules")):
        match = pattern.search(text)
        if match:
            setattr(outcome, name, int(match.group(1)))
    return outcome


def tail(path, size):
    """The last `size` bytes of a file as text."""
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - size))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def corpus_folders(target, names=("seed", "found", "regression")):
    """What a hunt starts from: the folders of the checked-in corpus that hold something. They are only ever read."""
    folders = (Path("corpus") / target / name for name in names)
    return [folder for folder in folders if folder.is_dir() and any(folder.iterdir())]


def hunt(binary, folder, seeds, *, seconds=None, cpu_seconds=None, rng_seed=0, env=None, watch=None, options=(),
         of_address=""):
    """Runs a fuzzer binary once. New inputs go to folder/corpus, failing ones to folder/artifacts, the output to
    folder/log.txt. `watch`, when given, is told the Outcome so far about once a second. `of_address`: options of
    AddressSanitizer besides.

    Inputs are not weighed by how rare their features are (-entropic=0): what that takes grows with corpus times features.
    In 40 CPU seconds hash_map_types made 9,324 executions with it and 13,200 without, and reached 48,539 and 53,236
    branches; of schedules, eleven defects, five seeds each, were found in 7.3 and in 4.1 CPU seconds (sums of medians). Nor does it
    look every second for inputs that somebody else put into its corpus (-reload=0), which nobody does: one CPU second of
    ten while inputs are found."""
    folder = Path(folder)
    corpus, artifacts, log_path = folder / "corpus", folder / "artifacts", folder / "log.txt"
    corpus.mkdir(parents=True, exist_ok=True)
    artifacts.mkdir(exist_ok=True)
    for old in artifacts.iterdir():
        old.unlink()
    before = sum(1 for _ in corpus.iterdir())
    command = [binary, corpus, *seeds, f"-artifact_prefix={artifacts}/", "-print_final_stats=1",
               f"-timeout={JUDGEMENT_SECONDS_MAX}"]
    command += ["-rss_limit_mb=4096", "-len_control=0", "-max_len=4096", "-use_value_profile=0", "-entropic=0", "-reload=0", *options]
    if rng_seed:
        command.append(f"-seed={rng_seed}")
    if seconds:
        command.append(f"-max_total_time={seconds}")
    outcome = Outcome(log=log_path)
    began = time.monotonic()
    with open(log_path, "wb") as log:
        process = start(command, log, {**sanitizer_environment(of_address), **(env or {})}, cpu_seconds)
    done = threading.Event()

    def report():
        while not done.wait(1.0):
            outcome.wall_seconds = time.monotonic() - began
            watch(read_log(log_path, outcome))

    watcher = threading.Thread(target=report, daemon=True) if watch else None
    if watcher:
        watcher.start()
    outcome.status, outcome.cpu_seconds = wait(process)
    done.set()
    if watcher:
        watcher.join()
    outcome.wall_seconds = time.monotonic() - began
    read_log(log_path, outcome)
    outcome.grown = sum(1 for _ in corpus.iterdir()) - before
    outcome.artifacts = sorted(p for p in artifacts.iterdir() if p.name.startswith(ARTIFACT_KINDS[:4]))
    if stopping.is_set():
        raise KeyboardInterrupt
    return outcome


def hunt_at_random(replay, folder, *, seconds, rng_seed, scheduled=False, env=None, watch=None):
    """Judges random programs without an engine. A program that fails, crashes or never ends is the one artifact,
    folder/random/program.ops; the output goes to folder/random/log.txt. Two seeds have no program in common. Leaks that only
    LeakSanitizer sees are left to the engine, which knows of which input they are. `watch`, when given, is told the Outcome
    so far about once a second.

    Of schedules, programs of up to a hundred operations find no later than those of twenty: a third of the defects, three
    seeds each, medians of 0.02 to 6 CPU seconds with the long ones (one above 0.3), of 0.03 to 2 with the short ones (three)."""
    folder = Path(folder) / "random"
    folder.mkdir(parents=True, exist_ok=True)
    program, log_path = folder / "program.ops", folder / "log.txt"
    program.unlink(missing_ok=True)
    schedules = SCHEDULES_OF_A_PROGRAM if scheduled else 0
    command = [replay, "--generate", PROGRAMS_OF_A_SEED, "--seconds", seconds, "--rng-seed", rng_seed * PROGRAMS_OF_A_SEED,
               "--try-seconds", round(JUDGEMENT_SECONDS_MAX / (1 + schedules), 2), "--out", program]
    if schedules:
        command += ["--schedules", schedules]
    options = sanitizer_environment()
    options["ASAN_OPTIONS"] += ":detect_leaks=0:hard_rss_limit_mb=4096"
    options["TSAN_OPTIONS"] += ":hard_rss_limit_mb=4096"
    outcome = Outcome(log=log_path)
    began = time.monotonic()
    done = threading.Event()

    def look_after(process):
        while not done.wait(1.0):
            outcome.wall_seconds = time.monotonic() - began
            if watch:
                watch(outcome)
            if outcome.wall_seconds > seconds + 2 * JUDGEMENT_SECONDS_MAX:  # a sanitizer may hold the alarm back
                os.killpg(process.pid, signal.SIGKILL)
                return

    with open(log_path, "wb") as log:
        process = start(command, log, {**options, **(env or {})})
    keeper = threading.Thread(target=look_after, args=(process,), daemon=True)
    keeper.start()
    outcome.status, outcome.cpu_seconds = wait(process)
    done.set()
    keeper.join()
    outcome.wall_seconds = time.monotonic() - began
    text = tail(log_path, 65536)
    if counted := PROGRAMS.search(text):
        outcome.executions, outcome.operations = map(int, counted.groups())
    if not_asked := NOT_ASKED.search(text):
        outcome.not_asked = not_asked.group(1)
    if program.exists():
        outcome.artifacts = [program]
    if stopping.is_set():
        raise KeyboardInterrupt
    return outcome
