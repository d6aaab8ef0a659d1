#!/usr/bin/env python3
"""Runs a command that starts processes of its own, to the last of them, on a budget of CPU seconds for all together.

    reaper.py CPU_SECONDS OUT COMMAND...

A fork server leaves its sessions and its children behind, and a limit of the kernel is for one process: so this process
adopts whatever the command leaves, adds up what all of them used, ends them, and writes {"status", "cpu_seconds"} to OUT.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
TICK = os.sysconf("SC_CLK_TCK")
_libc = ctypes.CDLL(None, use_errno=True)


def children(process):
    try:
        return [int(child) for task in Path(f"/proc/{process}/task").iterdir()
                for child in (task / "children").read_text().split()]
    except (OSError, ValueError):
        return []


def descendants(process):
    found = children(process)
    for child in found:
        found = found + descendants(child)
    return found


def used(process):
    """CPU seconds of a process and of those of its children that it has waited for."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


def end_all():
    """Ends whatever is left, by its number, until nothing is."""
    while left := descendants(os.getpid()):
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        reap(wait=True)


def reap(wait=False):
    """Takes in those that have ended; with `wait`, at least one. Gives their statuses."""
    ended = {}
    try:
        while True:
            process, status = os.waitpid(-1, 0 if wait and not ended else os.WNOHANG)
            if process == 0:
                break
            ended[process] = os.waitstatus_to_exitcode(status)
    except ChildProcessError:
        pass
    return ended


def waited_for():
    mine = os.times()
    return mine.children_user + mine.children_system


def main():
    budget, out, command = float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    process = subprocess.Popen(command, preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)).pid
    status = None
    while status is None:
        time.sleep(0.02)
        status = reap().get(process)
        if status is None and waited_for() + sum(map(used, descendants(os.getpid()))) >= budget:
            os.kill(process, signal.SIGKILL)
            status = reap(wait=True).get(process, -signal.SIGKILL)
    end_all()
    out.write_text(json.dumps({"status": status, "cpu_seconds": round(waited_for(), 3)}))


if __name__ == "__main__":
    main()
