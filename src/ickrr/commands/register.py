"""Write records for results that have none and that Snakemake says are up to date."""

import argparse
import subprocess
import sys
from pathlib import Path

from ickrr.errors import FileError
from ickrr.records import Records
from ickrr.registration import parse_summary, register


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("targets", nargs="*", help="what to register with all it is made from (default all)")
    parser.add_argument("--scale", default="laptop", help="scale of the results (default laptop)")


def main(arguments: argparse.Namespace) -> None:
    """Ask Snakemake what is up to date and write the missing records.

    Raises:
        FileError: Snakemake cannot tell, or a result is damaged.
    """
    command = [sys.executable, "-m", "snakemake", "--detailed-summary", *arguments.targets]
    command += ["--config", f"scale={arguments.scale}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FileError(f"snakemake --detailed-summary failed:\n{done.stderr.strip()[-2000:]}")
    jobs = parse_summary(done.stdout.splitlines())
    found = list(register(Records(Path("results") / arguments.scale), jobs))
    print(f"{len(found)} results registered")
