"""Every atomic names its partner, in both places.

A comment `[label] pairs with [other]` (or `[label] pairs with [a], [b]`) stands at an atomic operation. In the same file
every partner named must have a comment of its own that names the first one back, and no label stands for two things.
A file that orders memory explicitly (memory_order_acquire, release, acq_rel or seq_cst) must have such comments.
"""

import re
from common import finish, text_of, tracked

PAIR = re.compile(r"\[([a-z0-9_. -]+)\]\s+pairs with\s+((?:itself|(?:\[[a-z0-9_. -]+\](?:,?\s*(?:and\s+)?)?)+))", re.S)
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
        named = {label} if partners == "itself" else set(LABEL.findall(partners))
        pairs.setdefault(label, set()).update(named)
    for label, partners in pairs.items():
        for partner in partners:
            if partner not in pairs:
                findings.append(f"{path}: [{label}] pairs with [{partner}], which is nowhere in this file")
            elif label not in pairs[partner]:
                findings.append(f"{path}: [{label}] pairs with [{partner}], but [{partner}] does not name [{label}]")
    if not pairs and ORDERED.search(text):
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
