"""Gather the attention operators of all measured models into tidy tables, with intervals."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from ickrr.attention.tables import Measured, detail_table, dial_rows, summary_rows
from ickrr.comparison.resamples import Resamples
from ickrr.config.analysis import StatisticsSettings
from ickrr.config.operators import OperatorSettings
from ickrr.io.checks import load_checked, require_equal
from ickrr.io.files import read_settings, write_table
from ickrr.io.tensors import read_metadata


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--models", nargs="+", required=True, help="measured models, run/seed0 run/seed1 .., by run"
    )
    parser.add_argument("--measured", type=Path, required=True, help="directory of their arrays")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the operators (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--output-directory", type=Path, required=True, help="where tables are written")


def main(arguments: argparse.Namespace) -> None:
    """Write ``operators.parquet``, ``operators_detail.parquet`` and ``operators_dials.parquet``.

    Raises:
        FileError: an array is missing, damaged, or of another run, seed or set of levels.
    """
    settings = read_settings(arguments.settings, OperatorSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    dials = settings.dials.levels()
    seeds: dict[str, list[int]] = {}
    for model in arguments.models:
        run, _, seed = model.partition("/seed")
        seeds.setdefault(run, []).append(int(seed))
    summary: list[dict[str, object]] = []
    along: list[dict[str, object]] = []
    details = []
    for run, of_run in seeds.items():
        measured = read_measured(arguments.measured, run, of_run)
        resamples = Resamples(
            measured.distances.shape[-1],
            len(of_run),
            settings.bootstrap_draws,
            statistics.seed,
            statistics.confidence,
        )
        summary += summary_rows(measured, resamples, dials)
        along += dial_rows(measured, resamples, dials)
        details.append(detail_table(measured))
    write_table(arguments.output_directory / "operators.parquet", pd.DataFrame(summary))
    write_table(
        arguments.output_directory / "operators_detail.parquet", pd.concat(details, ignore_index=True)
    )
    write_table(arguments.output_directory / "operators_dials.parquet", pd.DataFrame(along))


def read_measured(folder: Path, run: str, seeds: list[int]) -> Measured:
    """Read what `measure_operators` wrote for all seeds of a run.

    Args:
        folder: holds ``{run}/seed{seed}.safetensors``.
        run: name of the run.
        seeds: its seeds.

    Raises:
        FileError: a file is missing, damaged, of another run or seed, or has other levels than the first.
    """
    shapes: dict[str, tuple[None, ...]] = {
        "distances": (None,) * 6,
        "controls": (None,) * 6,
        "bandwidths": (None,) * 4,
        "best": (None,) * 2,
        "predictions": (None,) * 3,
    }
    found, names = [], None
    for seed in seeds:
        path = folder / run / f"seed{seed}.safetensors"
        metadata = read_metadata(path)
        origin = {"run": metadata.get("run", {}).get("name"), "seed": metadata.get("seed")}
        require_equal(path, "origin", origin, {"run": run, "seed": seed}, f"run '{run}'")
        names = names or metadata["names"]
        require_equal(path, "names", metadata["names"], names, f"seed {seeds[0]}")
        found.append(load_checked(path, shapes))
    assert names is not None, "a run has at least one seed"
    stacked = {name: np.stack([arrays[name] for arrays in found]) for name in shapes}
    return Measured(
        run=run,
        seeds=seeds,
        levels=[(str(dial), float(level)) for dial, level in names["levels"]],
        targets=names["targets"],
        rows=names["rows"],
        controls=names["controls"],
        methods=names["methods"],
        distances=stacked["distances"],
        control_distances=stacked["controls"],
        bandwidths=stacked["bandwidths"],
        best=stacked["best"].astype(np.int64),
        predictions=stacked["predictions"],
    )
