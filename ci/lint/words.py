"""Nothing unfinished and nothing of one machine is checked in: no marks for later work, no absolute paths of a home."""

import re
from common import finish, text_of, tracked

MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
PATHS = re.compile(r"(?<![\w.$}>/-])/(?:home|root|work|farm|Users)/")
SUFFIXES = (".h", ".cpp", ".py", ".md", ".txt", ".cmake", ".json", ".yml", ".ops", ".in", "")


def check(path, text):
    """Findings in one file."""
    findings = []
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, what in ((MARKS, "a mark for later work"), (PATHS, "a path of one machine")):
            match = pattern.search(line)
            if match:
                findings.append(f"{path}:{number}: {what}: {match.group(0)}")
    return findings


def main():
    findings = []
    for path in tracked():
        name = path.rsplit("/", 1)[-1]
        suffix = "." + name.rsplit(".", 1)[-1] if "." in name else ""
        if suffix in SUFFIXES and not path.startswith(("ci/lint/", "ci/tests/")) and "/found/" not in path:
            findings += check(path, text_of(path))
    finish(findings)


if __name__ == "__main__":
    main()
