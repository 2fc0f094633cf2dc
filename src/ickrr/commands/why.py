"""Say what would run for a target, and why; nothing is run."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator

from ickrr.errors import ConfigError

SHOWN = 3  # names of a long list


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", nargs="?", default="all", help="fig2, figures, all (default), or a file")
    parser.add_argument("--scale", default="laptop", help="scale of the paper (default laptop)")
    parser.add_argument("--overlay", help="a further file of configuration")


def main(arguments: argparse.Namespace) -> None:
    """Ask Snakemake for its plan and print it in short.

    Raises:
        ConfigError: Snakemake refuses the configuration or does not know the target.
    """
    overlay = [f"overlay={arguments.overlay}"] if arguments.overlay else []
    command = [sys.executable, "-m", "snakemake", "-n", arguments.target]
    command += ["--config", f"scale={arguments.scale}", *overlay]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise ConfigError(f"snakemake has no plan for '{arguments.target}':\n{done.stdout.strip()[-2000:]}")
    print("\n".join(explain(done.stdout)))


def explain(plan: str) -> Iterator[str]:
    """Shorten the output of a dry run: causes first, then what follows from them.

    Args:
        plan: standard output and error of ``snakemake -n``.
    """
    # What the Snakefile says about restored bundles.
    yield from re.findall(r"^(?:\S+: \d+ of \d+ results taken .*|  not .*)$", plan, flags=re.MULTILINE)
    jobs = re.findall(r"^Job \d+: (.*)\nReason: (.*)$", plan, flags=re.MULTILINE)
    if not jobs:
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
    yield f"{len(dict.fromkeys(jobs))} jobs"


def _shortened(cause: str) -> str:
    kind, _, names = cause.partition(": ")
    listed = sorted(names.split(", ")) if names else []
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return f"{kind.lower()} {', '.join(listed[:SHOWN])}{more}".strip()
