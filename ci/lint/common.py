"""Parts the lints share: which files there are, and how a finding is told."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked(root=ROOT):
    """Every file git knows or would know, relative to root."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"], check=True,
                            capture_output=True)
    names = sorted(set(listed.stdout.decode().split("\0")) - {""})
    return [name for name in names if (root / name).is_file()]


def text_of(name, root=ROOT):
    return (root / name).read_text("utf-8", "replace")


def finish(findings):
    """Prints findings, one a line; the exit status tells whether there were any."""
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
