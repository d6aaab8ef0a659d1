"""Every atomic names its partner by label, in both places.

Two ways, both checked within the file:
- `[label] pairs with [other]` (or `[a], [b] and [c]`): each partner has a comment of its own that names this one back;
- `[label] pairs with words`: both ends carry the same label, so it stands in at least two such comments. An operation
  whose partner is itself in another thread says `pairs with itself`, a mere counter `pairs with nothing`.
A file that orders memory explicitly (acquire, release, acq_rel, seq_cst) has such comments.
"""

import re
from common import finish, text_of, tracked

NAME = r"\[[a-z0-9_. -]+\]"
PAIR = re.compile(rf"\[([a-z0-9_. -]+)\]\s+pairs with\s+({NAME}(?:(?:,\s*(?:and\s+)?|\s+and\s+){NAME})*)")
ALONE = re.compile(r"\[([a-z0-9_. -]+)\][^\[]*?\bpairs with\s+(?!\[)(\w+)")
LABEL = re.compile(r"\[([a-z0-9_. -]+)\]")
ORDERED = re.compile(r"memory_order(?:_|::)(?:acquire|release|acq_rel|seq_cst|consume)")


def comments(text):
    """Comment text with markers and line breaks removed, so that a pairing may run over two lines."""
    lines = []
    for line in text.splitlines():
        position = line.find("//")
        lines.append(line[position + 2:].strip() if position >= 0 else "\x00")
    return re.sub(r"(?<!\x00) *\n *(?!\x00)", " ", "\n".join(lines)).replace("\x00", "")


def check(path, text):
    """Findings in one file."""
    findings = []
    pairs = {}
    for match in PAIR.finditer(comments(text)):
        label, partners = match.groups()
        pairs.setdefault(label, set()).update(LABEL.findall(partners))
    for label, partners in pairs.items():
        for partner in partners:
            if partner not in pairs:
                findings.append(f"{path}: [{label}] pairs with [{partner}], which is nowhere in this file")
            elif label not in pairs[partner]:
                findings.append(f"{path}: [{label}] pairs with [{partner}], but [{partner}] does not name [{label}]")
    ends = {}
    for match in ALONE.finditer(comments(text)):
        label, word = match.groups()
        ends[label] = ends.get(label, 0) + (2 if word in ("itself", "nothing") else 1)
    for label, count in ends.items():
        if count < 2 and label not in pairs:
            findings.append(f"{path}: [{label}] stands at one end only; its partner carries no such label")
    if not pairs and not ends and ORDERED.search(text):
        line = text.count("\n", 0, ORDERED.search(text).start()) + 1
        findings.append(f"{path}:{line}: orders memory, but no comment says `[label] pairs with [other]`")
    return findings


def main():
    findings = []
    for path in tracked():
        if path.startswith("lib/gauntlet/") and path.endswith(".h"):
            findings += check(path, text_of(path))
    finish(findings)


if __name__ == "__main__":
    main()
