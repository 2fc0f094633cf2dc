"""Check that this SLURM cluster can run the pipeline: one line a question."""

import argparse
from pathlib import Path

from ickrr.cluster.check import check_cluster
from ickrr.errors import ClusterError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--profile", type=Path, default=Path("profiles/slurm"), help="folder of the profile (profiles/slurm)"
    )
    parser.add_argument(
        "--patience", type=float, default=120.0, help="seconds that a test job may wait in the queue (120)"
    )


def main(arguments: argparse.Namespace) -> None:
    """Print one line a question.

    Raises:
        ClusterError: an answer says that the pipeline cannot run.
    """
    bad = []
    for answer in check_cluster(arguments.profile, arguments.patience):
        print(answer, flush=True)
        if answer.good is False:
            bad.append(answer.question)
    if bad:
        raise ClusterError(f"this cluster cannot run the pipeline yet: {', '.join(bad)}")
