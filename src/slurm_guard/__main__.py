"""Run ``python -m slurm_guard submit`` or ``check``, or one of the guarded commands in ``bin/``."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from slurm_guard import guard, submit
from slurm_guard.check import check_cluster
from slurm_guard.errors import ClusterError

GUARDED = ("sbatch", "squeue", "sacct")
PROFILE = Path("profiles/slurm")


def main(arguments: Sequence[str]) -> int:
    """Run a subcommand and return its exit code; an error meant for people is one message and code 1."""
    try:
        try:
            return _main(arguments)
        finally:
            if sys.stdout is not None:  # None where the caller closed it (`>&-`)
                sys.stdout.flush()
    except BrokenPipeError:
        # The reader has left (`| head`): end silently, also when Python flushes its streams.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        return 128 + signal.SIGPIPE


def _main(arguments: Sequence[str]) -> int:
    try:
        if arguments and arguments[0] in GUARDED:
            return guard.main(arguments)
        options = _parser().parse_args(arguments)
        if options.command == "submit":
            submit.main(options)
        return _check(options)
    except (ClusterError, subprocess.SubprocessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m slurm_guard", description=submit.__doc__)
    parser.set_defaults(command="check")
    commands = parser.add_subparsers(required=True)
    submitting = commands.add_parser("submit", help="run Snakemake on the cluster")
    submitting.set_defaults(command="submit")
    submit.add_arguments(submitting)
    checking = commands.add_parser(
        "check", help="check that this cluster can run the pipeline, one line for each question"
    )
    patience = "seconds that a test job may wait in the queue (120)"
    checking.add_argument("--patience", type=float, default=120.0, help=patience)
    for each in (submitting, checking):
        each.add_argument("--profile", type=Path, default=PROFILE, help=f"folder of the profile ({PROFILE})")
    return parser


def _check(options: argparse.Namespace) -> int:
    bad = []
    for answer in check_cluster(options.profile, options.patience):
        print(answer, flush=True)
        if answer.good is False:
            bad.append(answer.question)
    if bad:
        raise ClusterError(f"this cluster cannot run the pipeline yet: {', '.join(bad)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
