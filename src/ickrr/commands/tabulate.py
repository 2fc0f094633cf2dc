"""Gather the comparisons of all seeds of a run into its tidy tables, with intervals."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ickrr.analysis.alignment import alignment_table
from ickrr.analysis.draws import Draws, load_draws
from ickrr.analysis.errors import NO_SEED
from ickrr.analysis.inputs import require_equal
from ickrr.analysis.pairs import paired_statistics, pairs_table, shares_table
from ickrr.analysis.resamples import seed_picks
from ickrr.config.analysis import SolverSettings, StatisticsSettings
from ickrr.errors import FileError
from ickrr.files import read_settings, read_table, write_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", required=True, help="name of the run")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="its seeds")
    parser.add_argument(
        "--comparisons", type=Path, required=True, help="directory of seed*/ with the comparisons"
    )
    parser.add_argument("--solvers", type=Path, required=True, help="settings of the solvers (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--output-directory", type=Path, required=True, help="where the tables are written")


def main(arguments: argparse.Namespace) -> None:
    """Write errors, similarity, matches, alignment, pairs and shares.

    Raises:
        FileError: a file is missing or damaged, or seeds were compared with other solvers or resamples.
    """
    solvers = read_settings(arguments.solvers, SolverSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    run, seeds, comparisons = arguments.run, arguments.seeds, arguments.comparisons
    level = statistics.confidence
    draws = gather_draws(comparisons, run, seeds, list(solvers.names), statistics.bootstrap_draws)
    headline: list[str] = list(solvers.headline)
    compared = [one.of_solvers([solvers.names.index(name) for name in solvers.headline]) for one in draws]
    picks = seed_picks(len(seeds), statistics.bootstrap_draws, statistics.seed)
    paired = paired_statistics(compared, picks)
    tables = {
        "errors": gather_errors(comparisons, seeds),
        "similarity": gather(comparisons, seeds, "similarity"),
        "matches": gather(comparisons, seeds, "matches"),
        "alignment": alignment_table(run, solvers.names, draws, level),
        "pairs": pairs_table(run, headline, paired, level),
        "shares": shares_table(run, headline, paired, level),
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


def gather_draws(
    directory: Path, run: str, seeds: Sequence[int], solvers: list[str], count: int
) -> list[Draws]:
    """Read the draws of all seeds.

    Args:
        directory: holds ``seed{seed}/draws.safetensors``.
        run: name of the run.
        seeds: its seeds.
        solvers: that they must have been compared with, in this order.
        count: bootstrap draws that each must have.

    Raises:
        FileError: they belong to another run, seed or other solvers, or cannot be paired draw by draw.
    """
    gathered: list[Draws] = []
    for seed in seeds:
        path = directory / f"seed{seed}" / "draws.safetensors"
        metadata, draws = load_draws(path)
        wanted = {"run": run, "seed": seed, "solvers": solvers}
        require_equal(path, "metadata", metadata, wanted, f"run '{run}'")
        first = gathered[0] if gathered else draws
        expected = (len(solvers), 1 + count, first.similarity.shape[2])
        if draws.similarity.shape != expected:
            raise FileError(
                f"{path}: its draws have shape {draws.similarity.shape}, wanted {expected} (solvers, 1 + "
                "bootstrap_draws, layers), so that seeds can be paired; delete it and run snakemake again"
            )
        gathered.append(draws)
    return gathered


def _path(directory: Path, seed: int, name: str) -> Path:
    return directory / f"seed{seed}" / f"{name}.parquet"
