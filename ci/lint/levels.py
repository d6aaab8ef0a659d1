"""Who may include whom: map | check, sched < adapters, broken < fuzz, props, bench.

`map`, `check` and `sched` include only themselves. `adapters` and `broken` include those and each other only leftwards
(`broken` may use `adapters`). Clients (fuzz, props, lib/bench) include anything of the library. Files of the library
include one another by their installed names; a client may name a header of its own folder in quotes.
"""

import re
from common import finish, text_of, tracked

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
ALLOWED = {
    "map": {"map"},
    "check": {"check"},
    "sched": {"sched"},
    "adapters": {"map", "check", "sched", "adapters"},
    "broken": {"map", "check", "sched", "adapters", "broken"},
}


def folder_of(path):
    """lib/gauntlet/<folder>/...: the folder; None for everything else."""
    parts = path.split("/")
    return parts[2] if len(parts) > 3 and parts[:2] == ["lib", "gauntlet"] else None


def check(path, text):
    """Findings in one file."""
    findings = []
    here = folder_of(path)
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        style, name = match.groups()
        if style == '"' and here is not None:
            findings.append(f'{path}:{line}: #include "{name}": include headers of this project as <gauntlet/...>')
            continue
        parts = name.split("/")
        if parts[0] != "gauntlet" or len(parts) < 3 or here is None:
            continue
        if parts[1] not in ALLOWED.get(here, set()):
            findings.append(f"{path}:{line}: {here} must not include {name}")
    return findings


def main():
    findings = []
    for path in tracked():
        if path.endswith((".h", ".cpp")):
            findings += check(path, text_of(path))
    finish(findings)


if __name__ == "__main__":
    main()
