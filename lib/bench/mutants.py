#!/usr/bin/env python3
"""Mutation testing of the judge: small changes to a map's source, one at a time, each hunted; which ones survive.

    mutants.py MAP --build DIR --replay BINARY [--header REGEX] [--mutants N] [--seconds S] [--jobs J] [--rng-seed R] [--json FILE]
    mutants.py MAP --from FILE                          the table of an earlier run, nothing is measured

A mutant is the header with one line changed, put in the header's place by the compiler's overlay of files; what is compiled anew
are the objects that register the map, never the judge. One that does not compile, or whose optimised code is that of the
original (a template nobody instantiates, a change without effect), is replaced by the next. What survives is shown by its
line: it is a hole in the judge, or something the map may do (a slower way, a branch that no program can reach).

Exit: 0 measured, 2 wrong use, missing binary or a failed build.
"""

import argparse
import concurrent.futures
import hashlib
import itertools
import json
import os
import random
import re
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

from report import Table, fail, write_beside_and_rename

GRACE_SECONDS = 60  # for a last program that is slow, and for the process itself
SEEDS_APART = 1_000_003  # consecutive seeds of --generate overlap

# Where the work of a map is done; of other maps of ours in headers of their name.
HEADERS = {
    "std_unordered_map": r"/bits/hashtable\.h",
    "std_map": r"/bits/stl_tree\.h",
    "tsl_robin_map": r"/tsl/robin_hash\.h",
    "tsl_hopscotch_map": r"/tsl/hopscotch_hash\.h",
    "boost_unordered_flat_map": r"/boost/unordered/detail/foa\.hpp",
    "tbb_concurrent_hash_map": r"/tbb/concurrent_hash_map\.h",
    "libcuckoo_map": r"/libcuckoo/cuckoohash_map\.hh",
    **dict.fromkeys(("hash_map", "hash_map_own_hash", "hash_map_portable"),
                    r"/gauntlet/map/detail/(table_\w+|plain_map\w*|directory|stash)\.h"),
    "bucket_map": r"/gauntlet/map/detail/(bucket_\w+|plain_map\w*)\.h",
}
OURS = r"/gauntlet/map/({name}_map\.h|detail/{name}_.*\.h)"

# What the line becomes: every match of the pattern alone is one mutant.
REPLACEMENTS = [
    ("relational operator", r" < ", " <= "), ("relational operator", r" <= ", " < "),
    ("relational operator", r" > ", " >= "), ("relational operator", r" >= ", " > "),
    ("relational operator", r" == ", " != "), ("relational operator", r" != ", " == "),
    ("arithmetic operator", r" \+ ", " - "), ("arithmetic operator", r" - ", " + "),
    ("arithmetic operator", r" \+= ", " -= "), ("arithmetic operator", r" -= ", " += "),
    ("arithmetic operator", r"\+\+", "--"), ("arithmetic operator", r"--", "++"),
    ("off by one", r" [+-] 1\b", ""),
    ("logical operator", r" && ", " || "), ("logical operator", r" \|\| ", " && "),
    ("constant", r"\btrue\b", "false"), ("constant", r"\bfalse\b", "true"),
    ("memory order", r"\bmemory_order_(acquire|release|acq_rel)\b", "memory_order_relaxed"),
    ("memory order", r"(?<=\bload\()(std::)?memory_order_seq_cst(?=\))", "std::memory_order_acquire"),
    ("memory order", r"(?<=, )(std::)?memory_order_seq_cst(?=\))", "std::memory_order_release"),
    ("memory order", r"(?<![\w:])(acquire|release|acq_rel)(?=[,)])", "relaxed"),  # where these words are constants
]
CONDITION = re.compile(r"\b(if|while) ?\(")
STATEMENT = re.compile(r"^[\w:>.\[\]*()&, +<-]*(\(.*\)| [-+|&]?= .*|\+\+|--);$")
# A declaration is no statement, and what is said at compile time decides nothing while the map runs.
NO_STATEMENT = re.compile(r"^(return|throw|using|typedef|goto|break|continue|friend|static|const|constexpr|auto|bool|int|unsigned|"
                          r"(std::)?size_t|[\w:]+(<.*>)?[&*]? \w+( =|\(|;)|.*= (delete|default|0);)")
LEFT_OUT = re.compile(r"^\s*(#|//|/?\*|template|static_assert|using |typedef |requires|noexcept|\w*(?i:assert|check)\w* ?\()|"
                      r"\bconstexpr\b|= delete|= default")


def code_lines(text):
    """(number, line) of the lines that hold code to change; comments of several lines are left out."""
    in_comment = False
    for number, line in enumerate(text.split("\n"), 1):
        if in_comment:
            in_comment = "*/" not in line
            continue
        if "/*" in line and "*/" not in line.split("/*", 1)[1]:
            in_comment = True
            continue
        if line.strip() and not LEFT_OUT.search(line):
            yield number, line


def closing(code, opening):
    """Where the parenthesis that opens there is closed; None: on a later line."""
    depth = 0
    for at in range(opening, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    return None


def mutants_of(text):
    """All mutants of a source: number of the line, what the line becomes, and the kind of change."""
    for number, line in code_lines(text):
        code = re.sub(r'//.*|/\*.*?\*/|"[^"]*"', lambda m: " " * len(m.group(0)), line)
        for kind, pattern, becomes in REPLACEMENTS:
            for match in re.finditer(pattern, code):
                yield number, line[:match.start()] + becomes + line[match.end():], kind
        for match in CONDITION.finditer(code):
            begin, end = match.end(), closing(code, match.end() - 1)
            # A loop whose condition is always true is left alone: it would end by the time limit, whatever the judge can.
            for value in ("true", "false") if match.group(1) == "if" else ("false",):
                if end is not None:
                    changed = f"((void)({line[begin:end]}), {value})"
                    yield number, line[:begin] + changed + line[end:], f"condition {value}"
        stripped = code.strip()
        if code.count("(") == code.count(")") and STATEMENT.match(stripped) and not NO_STATEMENT.match(stripped):
            yield number, line[:len(line) - len(line.lstrip())] + ";", "statement left out"


class Workshop:
    """What it takes to build a mutant: the commands that compiled the map's objects and linked the replay binary."""

    def __init__(self, build, replay, map_name):
        self.build = Path(build).resolve()
        self.link = self.command(f"bin/{replay}")
        self.objects = [word for word in shlex.split(self.link) if re.search(r"(^|/)subjects/[\w/]+\.cpp\.o$", word)]
        if not self.objects:
            fail(f"{self.build}: bin/{replay} links no object of {map_name}")

    def command(self, target):
        done = subprocess.run(["ninja", "-C", self.build, "-t", "commands", target], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(f"ninja -t commands {target}: {done.stderr.strip() or done.stdout.strip()}")
        return re.sub(r"^(\S*/)?ccache +", "", done.stdout.strip().split("\n")[-1])

    def headers(self, wanted):
        """Those of the objects' headers whose path ends like this pattern."""
        deps = subprocess.run(["ninja", "-C", self.build, "-t", "deps", *self.objects], capture_output=True, text=True, check=True)
        # As the overlay compares them: with ".." taken away, and links left.
        paths = {os.path.normpath(self.build / line.strip()) for line in deps.stdout.splitlines() if line.startswith("    ")}
        return sorted(Path(path) for path in paths if re.search(f"(?:{wanted})$", path))

    def code_of(self, source, overlay):
        """Stands for the optimised code of an object; None where it does not compile."""
        command = re.sub(r" -o \S+", " -o -", re.sub(r" -M[DTF]( \S+\.o| \S+\.d)?(?= )", "", self.command(source)))
        command += f" {overlay} -w -S -O1 -g0 -fno-sanitize=all"
        done = subprocess.run(command, shell=True, cwd=self.build, capture_output=True, check=False)
        return hashlib.sha256(done.stdout).hexdigest() if done.returncode == 0 else None

    def make(self, folder, overlay):
        """The replay binary with the map's objects compiled anew; None where that fails."""
        link = self.link
        for number, source in enumerate(self.objects):
            made = folder / f"{number}.o"
            command = re.sub(r" -o \S+", f" -o {made}", re.sub(r" -MF \S+", f" -MF {folder / 'deps'}", self.command(source)))
            if subprocess.run(f"{command} {overlay} -w", shell=True, cwd=self.build, capture_output=True, check=False).returncode:
                return None
            link = link.replace(source, str(made))
        binary = folder / "replay"
        link = re.sub(r"-o bin/\S+", f"-o {binary}", link)
        done = subprocess.run(link, shell=True, cwd=self.build, capture_output=True, check=False)
        return binary if done.returncode == 0 else None


def overlay_of(folder, header, text):
    """The compiler's option that puts a text in the place of a header."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mutant.h").write_text(text, encoding="utf-8")
    # Under its own name: assertions hold it, and so would the code.
    described = {"version": 0, "use-external-names": False, "roots": [{"name": str(header.parent), "type": "directory", "contents": [
        {"name": header.name, "type": "file", "external-contents": str(folder / "mutant.h")}]}]}
    (folder / "overlay.yaml").write_text(json.dumps(described), encoding="utf-8")
    return f"-ivfsoverlay {folder / 'overlay.yaml'}"


def hunted(binary, map_name, seconds, rng_seed):
    """What a hunt by random programs says of the map in a binary: the failure's kind, "" when every program held."""
    begin = time.monotonic()
    command = [str(binary), "--generate", "1000000000", "--seconds", str(seconds), "--rng-seed", str(rng_seed)]
    try:
        done = subprocess.run(command, env={**os.environ, "GAUNTLET_SUBJECT": map_name}, cwd=binary.parent, capture_output=True,
                              text=True, errors="replace", timeout=seconds + GRACE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"by": "hangs", "seconds": time.monotonic() - begin}
    took = time.monotonic() - begin
    if done.returncode == 0:
        return {"by": "", "seconds": took}
    if done.returncode == 2:
        fail(f"{binary}: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    said = re.findall(r"== gauntlet: (\w+)|ERROR: \w+Sanitizer: ([\w-]+)|(runtime error): |(no answer) in time",
                      done.stdout + done.stderr)
    return {"by": "".join(said[-1]) if said else "crash", "seconds": took}


def measure(arguments):
    workshop = Workshop(arguments.build, arguments.replay, arguments.map)
    wanted = arguments.header or HEADERS.get(arguments.map) or OURS.format(name=arguments.map.removesuffix("_map"))
    headers = workshop.headers(wanted)
    if not headers:
        fail(f"no header of {arguments.map} is called '{wanted}'; say --header REGEX, of the end of its path")
    texts = {str(header): header.read_text(encoding="utf-8") for header in headers}
    candidates = [(path, *mutant) for path, text in texts.items() for mutant in mutants_of(text)]
    random.Random(arguments.rng_seed).shuffle(candidates)
    folder = workshop.build / "mutants"
    original = [workshop.code_of(source, "") for source in workshop.objects]
    if None in original:
        fail(f"{arguments.map} does not compile as it is; ci/bench mutants builds it first")

    def judged(number, candidate):
        path, line, becomes, kind = candidate
        here = folder / str(number % (2 * arguments.jobs))
        lines = texts[path].split("\n")
        overlay = overlay_of(here, Path(path), "\n".join(lines[:line - 1] + [becomes] + lines[line:]))
        code = [workshop.code_of(source, overlay) for source in workshop.objects]
        if None in code or code == original:
            return None
        binary = workshop.make(here, overlay)
        if binary is None:
            return None
        found = hunted(binary, arguments.map, arguments.seconds, 1 + SEEDS_APART * number)
        return {"header": path, "line": line, "kind": kind, "was": lines[line - 1].strip(), "is": becomes.strip(), **found}

    run = {"map": arguments.map, "headers": [str(h) for h in headers], "seconds": arguments.seconds,
           "rng_seed": arguments.rng_seed, "candidates": len(candidates), "mutants": []}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        numbered = iter(enumerate(candidates))
        running = [pool.submit(judged, *each) for each in itertools.islice(numbered, arguments.jobs)]
        while running and len(run["mutants"]) < arguments.mutants:
            mutant = running.pop(0).result()
            if (each := next(numbered, None)) is not None:
                running.append(pool.submit(judged, *each))
            if mutant is not None:
                run["mutants"].append(mutant)
                print(f"{len(run['mutants'])}/{arguments.mutants} {place(mutant)} {mutant['kind']}: {mutant['by'] or 'survived'}",
                      file=sys.stderr, flush=True)
        for left in running:
            left.cancel()
    return run


def place(mutant):
    return f"{Path(mutant['header']).name}:{mutant['line']}"


def report(run, markdown):
    by_kind = {}
    for mutant in run["mutants"]:
        by_kind.setdefault(mutant["kind"], []).append(mutant)
    table = Table(["change", "mutants", "caught", "median seconds to catch"], left=1)
    for kind, mutants in [*sorted(by_kind.items()), ("all", run["mutants"])]:
        caught = [m for m in mutants if m["by"]]
        table.add(kind, len(mutants), len(caught), f"{statistics.median(m['seconds'] for m in caught):.1f}" if caught else "–")
    text = [f"{run['map']}: {', '.join(Path(h).name for h in run['headers'])}; {run['candidates']} possible changes, "
            f"{run['seconds']} s of random programs for each mutant", "", table.show(markdown)]
    survivors = [m for m in run["mutants"] if not m["by"]]
    if survivors:
        text += ["", "Survived; a hole in the judge, or something the map may do:"]
    for m in survivors:
        text += [f"{place(m)}  {m['kind']}", f"    - {m['was']}", f"    + {m['is']}"]
    return "\n".join(text)


def main():
    parser = argparse.ArgumentParser(prog="ci/bench mutants", description=__doc__.splitlines()[0])
    parser.add_argument("map", metavar="MAP", help="as GAUNTLET_SUBJECT names it")
    parser.add_argument("--build", help="where its replay binary is built")
    parser.add_argument("--replay", help="the name of that binary")
    parser.add_argument("--header", metavar="REGEX", help="the headers to change, by the end of their paths")
    parser.add_argument("--mutants", type=int, default=20, help="so many (default 20)")
    parser.add_argument("--seconds", type=int, default=15, help="of random programs for each (default 15)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="at once (default: one for each processor)")
    parser.add_argument("--rng-seed", type=int, default=1, help="which changes are taken, in which order (default 1)")
    parser.add_argument("--json", metavar="FILE", help="keep what was measured")
    parser.add_argument("--from", dest="source", metavar="FILE", help="report what was kept")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    if min(arguments.mutants, arguments.seconds, arguments.jobs) < 1:
        parser.error("--mutants, --seconds and --jobs are at least one")
    if arguments.source:
        try:
            run = json.loads(Path(arguments.source).read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            fail(f"{arguments.source}: {problem}")
    else:
        run = measure(arguments)
    if arguments.json:
        write_beside_and_rename(Path(arguments.json), json.dumps(run, indent=1) + "\n")
    print(report(run, arguments.markdown))


if __name__ == "__main__":
    main()
