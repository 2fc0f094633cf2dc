"""Say of every control whether the probe and the comparison found what they had to find."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from ickrr.config.constructions import CONTROL_SOLVER
from ickrr.constructions.richardson.judgement import judge
from ickrr.constructions.richardson.tolerances import distance_tolerance, similarity_tolerance
from ickrr.io.files import read_json, read_table, write_table
from ickrr.io.tensors import load_arrays


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--controls", nargs="+", required=True, help="names of the controls")
    parser.add_argument("--readouts", nargs="+", required=True, help="own or fitted, for each control")
    parser.add_argument("--matches", type=Path, nargs="+", required=True, help="table `matches` of each")
    parser.add_argument("--expected", type=Path, nargs="+", required=True, help="what each must be (JSON)")
    parser.add_argument("--prompts", type=Path, nargs="+", required=True, help="evaluation prompts of each")
    parser.add_argument(
        "--trajectories", type=Path, nargs="+", required=True, help=f"trajectory of {CONTROL_SOLVER} of each"
    )
    parser.add_argument("--table", type=Path, required=True, help="table to write (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Write a row for each control.

    Raises:
        FileError: an input is missing or damaged.
    """
    rows = []
    files = zip(
        arguments.controls,
        arguments.readouts,
        arguments.matches,
        arguments.expected,
        arguments.prompts,
        arguments.trajectories,
        strict=True,
    )
    for name, readout, matches, expected, prompts, trajectory in files:
        wanted, data = read_json(expected), load_arrays(prompts)
        similarity = distance = np.nan
        if wanted["layer_bound"] is not None:
            steps = load_arrays(trajectory)["predictions"]
            similarity = similarity_tolerance(wanted["layer_bound"], steps, data["y"])
            distance = distance_tolerance(wanted["layer_bound"], data["posterior_mean"])
        table = read_table(matches)
        judged = judge(table[table["solver"] == CONTROL_SOLVER], wanted["setup"], similarity, distance)
        rows.append(
            {"control": name, "kind": wanted["kind"], "readout": readout, "solver": CONTROL_SOLVER, **judged}
        )
    write_table(arguments.table, pd.DataFrame(rows))
