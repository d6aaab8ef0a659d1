"""The top level of the tree is fixed, every fuzz target has a corpus, and the canary is there."""

import re
from common import finish, tracked

TOP_FILES = {"CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "LICENSE"}
TOP_FOLDERS = {"lib", "fuzz", "props", "corpus", "ci"}
CORPUS_FOLDERS = {"seed", "found", "regression"}
TARGET = re.compile(r"fuzz/([^/]+)\.cpp$")


def check(paths):
    """Findings about a list of paths."""
    findings = []
    for path in paths:
        top, _, rest = path.partition("/")
        if not top.startswith(".") and top not in (TOP_FOLDERS if rest else TOP_FILES):
            findings.append(f"{path}: the top level holds only {', '.join(sorted(TOP_FILES | TOP_FOLDERS))} and dot-files")
        parts = path.split("/")
        if parts[0] == "corpus" and len(parts) >= 3 and parts[1] != "histories" and parts[2] not in CORPUS_FOLDERS:
            findings.append(f"{path}: a corpus has the folders seed, found and regression")
    targets = {match.group(1) for match in map(TARGET.fullmatch, paths) if match}
    for target in sorted(targets):
        if not re.fullmatch(r"[a-z_]+", target):
            findings.append(f"fuzz/{target}.cpp: a target's name is made of a-z and _")
        if not any(path.startswith(f"corpus/{target}/seed/") for path in paths):
            findings.append(f"fuzz/{target}.cpp: corpus/{target}/seed is empty")
    with_corpus = {path.split("/")[1] for path in paths if path.startswith("corpus/") and path.count("/") > 1}
    for target in sorted(with_corpus - targets - {"histories"}):
        findings.append(f"corpus/{target}: there is no fuzz/{target}.cpp")
    if "canary" not in targets:
        findings.append("fuzz/canary.cpp is missing: nothing shows that a failure would be seen")
    return findings


if __name__ == "__main__":
    finish(check(tracked()))
