"""What the documents say can be typed: every `ci/...` command and every relative link of the Markdown files exists."""

import os
import re
from common import ROOT, finish, text_of, tracked

COMMAND = re.compile(r"(?<![\w/.])\.?/?((?:ci|\.ci)/[a-z][a-z_/]*)((?: +--[a-z-]+)*)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def options_of(command, root):
    text = (root / command).read_text("utf-8", "replace")
    return set(re.findall(r"--[a-z][a-z-]*", text))


def check(path, text, root=ROOT):
    """Findings in one document."""
    findings = []
    for number, line in enumerate(text.splitlines(), 1):
        for command, options in COMMAND.findall(line):
            file = root / command
            if not file.exists():
                findings.append(f"{path}:{number}: there is no {command}")
            elif file.is_file():
                if not os.access(file, os.X_OK):
                    findings.append(f"{path}:{number}: {command} is not executable")
                for option in set(options.split()) - options_of(command, root):
                    findings.append(f"{path}:{number}: {command} knows no {option}")
        for link in LINK.findall(line):
            if not (root / os.path.dirname(path) / link).exists():
                findings.append(f"{path}:{number}: the link leads nowhere: {link}")
    return findings


def main():
    findings = []
    for path in tracked():
        if path.endswith(".md"):
            findings += check(path, text_of(path))
    finish(findings)


if __name__ == "__main__":
    main()
