"""Print what snakemake would run for a target, and why, without running anything."""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from ickrr.config.command_line import add_layer_options
from ickrr.errors import ConfigError, IckrrError
from ickrr.wording import counted

SHOWN = 3  # names that are printed of a long list


class PlanError(IckrrError):
    """Snakemake words its plan in a way that is not known here."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", nargs="?", default="all", help="fig2, figures, all (default), or a file")
    add_layer_options(parser)


def main(arguments: argparse.Namespace) -> None:
    """Ask Snakemake for its plan and print a short form of it.

    Raises:
        ConfigError: Snakemake refuses the configuration or does not know the target.
        PlanError: its plan cannot be read.
    """
    command = [sys.executable, "-m", "snakemake", "-n", arguments.target]
    told = [f"scale={arguments.scale}"] if arguments.scale else []
    # JSON is YAML, and quotes the names of files.
    told += [f"overlay={json.dumps(arguments.overlay)}"] if arguments.overlay else []
    command += ["--config", *told] if told else []
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise ConfigError(f"snakemake has no plan for '{arguments.target}':\n{done.stdout.strip()[-2000:]}")
    print("\n".join(explain(done.stdout)))


def explain(plan: str) -> Iterator[str]:
    """Yield the lines of a short form of a plan: causes first, then what follows from them.

    Args:
        plan: standard output and error of ``snakemake -n``.

    Raises:
        PlanError: no job can be read from it, and it does not say that there is none.
    """
    jobs = re.findall(r"^Job \d+: (.*)\nReason: (.*)$", plan, flags=re.MULTILINE)
    if not jobs:
        if "Nothing to be done" not in plan:
            total = re.search(r"^total +(\d+)", plan, flags=re.MULTILINE)
            found = f"it counts {counted(int(total[1]), 'job')}" if total else "it counts no jobs"
            raise PlanError(
                f"the plan of snakemake -n cannot be read: {found}, names none in a way that is known here, "
                "and does not say that nothing is to be done; read it with snakemake -n, and run make env, "
                "which installs the version of Snakemake that this tool knows"
            )
        yield "nothing to do"
        return
    following = []
    for message, reasons in dict.fromkeys(jobs):
        causes = [cause for cause in reasons.split("; ") if not cause.startswith("Input files updated by")]
        if causes:
            yield f"{message}: {'; '.join(map(_shortened, causes))}"
        else:
            following.append(message)
    yield from (f"{message}: follows from the above" for message in following)
    yield counted(len(dict.fromkeys(jobs)), "job")


def _shortened(cause: str) -> str:
    if cause.startswith("Params have changed"):
        return _changed_params(cause)
    kind, _, names = cause.partition(": ")
    listed = sorted(names.split(", ")) if names else []
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return f"{kind.lower()} {', '.join(listed[:SHOWN])}{more}".strip()


def _changed_params(cause: str) -> str:
    """Say whether a job's code or its settings have changed, and which keys of the settings."""
    sides = cause.partition(" now: ")
    handed = [re.search(r"'([0-9a-f]{16}) ([0-9a-f]{16})\b", side) for side in (sides[0], sides[2])]
    if not all(handed):
        return "changed parameters"
    before, now = (found.groups() for found in handed if found)
    changed = ["its code was edited"] if before[0] != now[0] else []
    if before[1] != now[1]:
        texts = [re.findall(r"'(\{.*?\})'(?=[, ]|$)", side) for side in (sides[0], sides[2])]
        keys = [
            difference
            for old, new in zip(*map(sorted, texts), strict=False)
            for difference in _differences(json.loads(old), json.loads(new))
        ]
        changed.append(
            f"its settings changed ({', '.join(keys[:SHOWN])})" if keys else "its settings changed"
        )
    return " and ".join(changed) or "other modules are chosen for it"


def _differences(old: Any, new: Any, key: str = "") -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from _differences(old.get(name), new.get(name), f"{key}.{name}" if key else name)
    elif old != new:
        yield f"{key}: {json.dumps(old)} -> {json.dumps(new)}"
