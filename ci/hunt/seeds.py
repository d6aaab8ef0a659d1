"""What a hunt starts from: corpus/<target>/{seed,found,regression}, text programs turned into the bytes fuzzers take.

The checked-in corpus is only ever read here. Conversions are kept under build/ by the content of their source, each
written beside and renamed, so that an interrupted conversion leaves nothing half done.
"""

import hashlib
import os
import subprocess
from pathlib import Path

from engine import sanitizer_environment

FOLDERS = ("seed", "found", "regression")


class BadSeed(Exception):
    """A file of the corpus that no target reads."""


def seed_folders(target, replay, scratch):
    """Folders with the binary form of target's corpus."""
    folders = []
    converted = Path(scratch) / "seeds"
    converted.mkdir(parents=True, exist_ok=True)
    wanted = set()
    for name in FOLDERS:
        folder = Path("corpus") / target / name
        if not folder.is_dir():
            continue
        texts = [path for path in sorted(folder.iterdir()) if path.suffix == ".ops"]
        if any(path.is_file() and path.suffix != ".ops" for path in folder.iterdir()):
            folders.append(folder)
        for path in texts:
            result = converted / hashlib.sha1(path.read_bytes()).hexdigest()
            wanted.add(result.name)
            if not result.exists():
                convert(replay, path, result)
    for old in converted.iterdir():
        if old.name not in wanted:
            old.unlink()
    return [converted, *folders] if wanted else folders


def convert(replay, source, result):
    """Writes the binary form of a text program to `result`."""
    beside = result.with_name(f"{result.name}.part.{os.getpid()}")
    done = subprocess.run(
        [str(replay), "--to-binary", str(source), str(beside)],
        capture_output=True,
        text=True,
        env={**os.environ, **sanitizer_environment()},
    )
    if done.returncode != 0 or not beside.exists():
        raise BadSeed(f"{source}: {(done.stderr or done.stdout).strip().splitlines()[-1:] or 'not convertible'}")
    os.replace(beside, result)
