"""Gather the comparisons of all seeds of a run into its tidy tables, with intervals."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ickrr.analysis.alignment import alignment_table, same_draws
from ickrr.analysis.errors import NO_SEED
from ickrr.config.analysis import StatisticsSettings
from ickrr.errors import FileError
from ickrr.files import read_columns, read_settings, read_table, write_table

DRAWS = ("solver", "draw", "statistic", "value")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", required=True, help="name of the run")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="its seeds")
    parser.add_argument(
        "--comparisons", type=Path, required=True, help="directory of seed*/ with the comparisons"
    )
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--output-directory", type=Path, required=True, help="where the tables are written")


def main(arguments: argparse.Namespace) -> None:
    """Write errors, similarity, matches and alignment.

    Raises:
        FileError: a table is missing or damaged, or seeds were compared on different resamples.
    """
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    seeds, comparisons = arguments.seeds, arguments.comparisons
    tables = {
        "errors": gather_errors(comparisons, seeds),
        "similarity": gather(comparisons, seeds, "similarity"),
        "matches": gather(comparisons, seeds, "matches"),
        "alignment": alignment_table(arguments.run, gather_draws(comparisons, seeds), statistics.confidence),
    }
    for name, table in tables.items():
        write_table(arguments.output_directory / f"{name}.parquet", table)


def gather(directory: Path, seeds: Sequence[int], name: str) -> pd.DataFrame:
    """Stack one table of all seeds."""
    return pd.concat([read_table(_path(directory, seed, name)) for seed in seeds], ignore_index=True)


def gather_errors(directory: Path, seeds: Sequence[int]) -> pd.DataFrame:
    """Stack the error tables; rows that no seed touches (solvers) are kept once.

    Raises:
        FileError: these rows differ between seeds, so they were compared with different trajectories or
        prompts.
    """
    tables = {seed: read_table(_path(directory, seed, "errors")) for seed in seeds}
    shared = {seed: table[table["seed"] == NO_SEED].reset_index(drop=True) for seed, table in tables.items()}
    for seed in seeds:
        if not shared[seed].equals(shared[seeds[0]]):
            raise FileError(
                f"{_path(directory, seed, 'errors')}: its rows of the solvers are not those of "
                f"seed {seeds[0]}; delete both files and run snakemake again"
            )
    trained = [table[table["seed"] != NO_SEED] for table in tables.values()]
    return pd.concat([*trained, shared[seeds[0]]], ignore_index=True)


def gather_draws(directory: Path, seeds: Sequence[int]) -> dict[int, pd.DataFrame]:
    """Read the draws of all seeds.

    Raises:
        FileError: they are not the same draws of the same statistics, so that they cannot be paired.
    """
    draws = {seed: read_columns(_path(directory, seed, "draws"), DRAWS) for seed in seeds}
    for seed in seeds:
        if not same_draws(draws[seeds[0]], draws[seed]):
            raise FileError(
                f"{_path(directory, seed, 'draws')}: its solvers, draws or statistics are not those of seed "
                f"{seeds[0]}; delete both files and run snakemake again"
            )
    return draws


def _path(directory: Path, seed: int, name: str) -> Path:
    return directory / f"seed{seed}" / f"{name}.parquet"
