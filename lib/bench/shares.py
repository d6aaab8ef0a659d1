"""Where a fuzzing loop spends its time: samples of perf, each given to the part of the project that was at work.

A sample belongs to the innermost of its inlined frames that lies in this project, else to the engine, the sanitizers'
runtime or the system by what the function or the library is called. Code of the standard library that was not inlined has
no frame of ours and is counted as such.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from report import fail

PARTS = ["map", "elements, hashes, allocators", "model", "runner and oracles", "decode", "mutator", "engine",
         "sanitizers and malloc", "standard library", "system"]
FOLDERS = {"map": "map", "adapters": "runner and oracles", "check/types": "elements, hashes, allocators", "check/model": "model",
           "check/run": "runner and oracles", "check/program": "decode", "check/fuzzing": "mutator", "broken": "map"}
SAMPLE = re.compile(r"^\s*([0-9a-f]+)\s+(.*?)\s*\(([^()]*)\)$")
MAPPED = re.compile(r"MMAP2? .*\[0x([0-9a-f]+)\(0x([0-9a-f]+)\) @ (?:0x)?([0-9a-f]+) .*\]: r-xp (.*)$")


def is_there():
    return shutil.which("perf") is not None and symbolizer() is not None


def symbolizer():
    return shutil.which("llvm-symbolizer-19") or shutil.which("llvm-symbolizer")


def part_of_file(path):
    """The part that a source file belongs to, or None where it is not of this project's libraries."""
    _, found, inside = path.rpartition("lib/gauntlet/")
    if not found:
        return None
    return next((part for folder, part in FOLDERS.items() if inside.startswith(folder + "/")), "runner and oracles")


def part_of_name(function, library):
    """... by what the function and its binary are called, where no source says it."""
    if "kernel" in library or "ld-linux" in library or "vdso" in library:
        return "system"
    if re.match(r"fuzzer::|__sanitizer_cov_", function) or "libm." in library:
        return "engine"  # it weighs inputs with logarithms
    if re.search(r"asan|ubsan|lsan|sanitizer|interceptor|operator (new|delete)|^_{0,2}(malloc|free|mem(cpy|set|cmp|move))",
                 function, re.I) or "libLLVM" in library:
        return "sanitizers and malloc"
    return "standard library"


def record(command, folder, env, limit_s):
    data = Path(folder) / "perf.data"
    run = ["perf", "record", "-e", "cpu-clock", "-F", "999", "-o", str(data), "--", *map(str, command)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=limit_s, env={**os.environ, **env})
    if not data.exists():
        fail(f"perf recorded nothing: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    shown = subprocess.run(["perf", "script", "-i", str(data), "-F", "ip,sym,dso", "--show-mmap-events"], capture_output=True,
                           text=True, check=False)
    return shown.stdout


def segment_shift(binary):
    """Virtual address minus file offset of the code."""
    shown = subprocess.run(["readelf", "-lW", str(binary)], capture_output=True, text=True, check=True).stdout
    for line in shown.splitlines():
        fields = line.split()
        if len(fields) > 6 and fields[0] == "LOAD" and "E" in fields[6:-1]:
            return int(fields[2], 16) - int(fields[1], 16)
    return 0


def frames_of(binary, addresses):
    """{address: [(function, file)] from the innermost inlined function outwards}."""
    asked = "".join(f"{address:#x}\n" for address in addresses)
    shown = subprocess.run([symbolizer(), f"--obj={binary}", "--inlines", "--demangle"], input=asked, capture_output=True,
                           text=True, check=True).stdout
    blocks = shown.split("\n\n")
    return {address: [(lines[i], lines[i + 1]) for i in range(0, len(lines) - 1, 2)]
            for address, lines in zip(addresses, (block.strip().splitlines() for block in blocks))}


def attribute(text, binary):
    """{part: samples} of what `perf script` shows."""
    start = offset = None
    samples = Counter()
    for line in text.splitlines():
        mapped = MAPPED.search(line)
        if mapped and Path(mapped.group(4)).name == Path(binary).name:
            start, offset = int(mapped.group(1), 16), int(mapped.group(3), 16)
        sample = SAMPLE.match(line)
        if sample and "PERF_RECORD" not in line:
            samples[int(sample.group(1), 16), sample.group(2), Path(sample.group(3)).name] += 1
    if start is None or not samples:
        fail(f"perf saw nothing of {binary}")
    shift = segment_shift(binary)
    own = [key for key in samples if key[2] == Path(binary).name]
    frames = frames_of(binary, [ip - start + offset + shift for ip, _, _ in own]) if own else {}
    parts = Counter()
    for key, count in samples.items():
        ip, function, library = key
        inside = frames.get(ip - start + offset + shift, []) if library == Path(binary).name else []
        part = next((part for _, file in inside if (part := part_of_file(file))), None)
        parts[part or part_of_name(inside[-1][0] if inside else function, library)] += count
    return parts


def shares(binary, arguments, env, limit_s=120):
    """{part: share of the samples} of one run of a binary."""
    with tempfile.TemporaryDirectory(prefix="perf-") as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        parts = attribute(record([binary, corpus, *arguments], folder, env, limit_s), binary)
    total = sum(parts.values())
    return {part: parts.get(part, 0) / total for part in PARTS}
