"""Nothing large is checked in: no file over 512 KiB, no target's found corpus over 2 MB.

A source over 600 lines is noted and not refused: it may hold one idea after all.
"""

from common import ROOT, finish, tracked

FILE_MAX = 512 * 1024
FOUND_MAX = 2_000_000
LINES_MAX = 600


def notes(paths, root=ROOT):
    """Sources so long that their reader should be asked."""
    for path in paths:
        if path.endswith((".h", ".cpp", ".py")):
            lines = (root / path).read_bytes().count(b"\n")
            if lines > LINES_MAX:
                yield f"note: {path}: {lines} lines; which part deserves a file of its own?"


def check(paths, root=ROOT):
    """Findings about the files of root."""
    findings = []
    found = {}
    for path in paths:
        size = (root / path).stat().st_size
        if size > FILE_MAX:
            findings.append(f"{path}: {size // 1024} KiB, at most {FILE_MAX // 1024}")
        parts = path.split("/")
        if parts[0] == "corpus" and len(parts) > 3 and parts[2] == "found":
            found[parts[1]] = found.get(parts[1], 0) + size
    for target, size in sorted(found.items()):
        if size > FOUND_MAX:
            findings.append(f"corpus/{target}/found: {size} bytes, at most {FOUND_MAX}")
    return findings


if __name__ == "__main__":
    files = tracked()
    for note in notes(files):
        print(note)
    finish(check(files))
