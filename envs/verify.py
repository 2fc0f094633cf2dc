"""Look whether every locked package is in this Python's own environment, whole and in the locked version.

    python -I envs/verify.py envs/common.txt envs/torch-cpu.txt

With -I, so that it sees what the pipeline's jobs see. Pins whose own condition does not hold are left out,
nothing else is. Exits with 1 if a package is not as locked.
"""

import csv
import importlib.metadata
import os
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

try:
    from packaging.markers import Marker
except ImportError:  # then it is one of those that are missing
    from pip._vendor.packaging.markers import Marker

PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ \\;\n]+)(?: *; *([^\\\n]+?))? *\\?$", re.MULTILINE)
SHOWN = 3  # faults that the answer names
OWN = {Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib")}


def pins(lock: Path) -> Iterator[tuple[str, str]]:
    """Names and versions that a lock asks for on this machine."""
    for name, version, condition in PIN.findall(lock.read_text(encoding="utf-8")):
        if not condition or Marker(condition).evaluate():
            yield name, version


def fault(name: str, version: str) -> str | None:
    """What is wrong with a package, None if nothing is."""
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is missing"
    folder = Path(str(found.locate_file(""))).resolve()
    if folder not in OWN:
        return f"{name} comes from {folder}, outside of {sys.prefix}"
    if found.version != version:
        return f"{name} {found.version} instead of {version}"
    for file, _, size in csv.reader((found.read_text("RECORD") or "").splitlines()):
        try:
            whole = os.stat(folder / file).st_size == int(size or -1)
        except FileNotFoundError:
            whole = False
        if not whole and size and not file.endswith(".pyc"):
            return f"{name} is damaged: {file} is not as it was installed"
    return None


if __name__ == "__main__":
    wanted = [pin for lock in sys.argv[1:] for pin in pins(Path(lock))]
    faults = [found for pin in wanted if (found := fault(*pin))]
    more = f", and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    print(", ".join(faults[:SHOWN]) + more if faults else f"{len(wanted)} packages as locked")
    sys.exit(bool(faults))
