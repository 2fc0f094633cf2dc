"""The option that says how many CPU threads a step computes with."""

import argparse


def add_threads_option(parser: argparse.ArgumentParser) -> None:
    """Declare the CPU threads of a step."""
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
