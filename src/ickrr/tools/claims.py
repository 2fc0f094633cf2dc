"""Print the verdicts on all claims, or one claim with everything that decides it."""

import argparse
from pathlib import Path

from ickrr.config.command_line import add_results_option
from ickrr.provenance import Records
from ickrr.report.ledger_text import one_claim, overview
from ickrr.report.load import checked_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("claim", nargs="?", help="id of a claim in claims.yaml (default: all claims)")
    add_results_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Print the verdicts of the finished ledger.

    Raises:
        FileError: the judged ledger is missing, or is not what its job wrote.
        ConfigError: there is no such claim.
    """
    results = Path("results") / arguments.scale
    judged = results / "tables" / "claims.parquet"
    Records(results).check([judged])
    claims = checked_table(judged, "claims")
    lines = one_claim(claims, arguments.claim, results / "tables") if arguments.claim else overview(claims)
    print("\n".join(lines))
