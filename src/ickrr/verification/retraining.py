"""One training of a run made again by Snakemake, in a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ickrr.code import ROOT
from ickrr.errors import IckrrError
from ickrr.io.files import write_json


class RetrainingError(IckrrError):
    """Snakemake could not make what was asked for."""


def retrain(
    folder: Path,
    scale: str,
    overlays: Sequence[str],
    run: str,
    seed: int,
    threads: int,
    tables: Sequence[str],
) -> Path:
    """Make the tables of a run from one training; what is there already and current is not made again.

    Args:
        folder: where Snakemake works; prompts, weights and tables go below it.
        scale: of the experiment.
        overlays: files laid on the configuration.
        run: name of the run.
        seed: the only seed that it is trained from.
        threads: CPU threads of the training; there may be fewer cores.
        tables: names of tables of the run.

    Returns:
        The folder of the results.

    Raises:
        RetrainingError: Snakemake failed; it has said why.
    """
    only = folder / "one_seed.json"  # JSON is YAML
    write_json(only, {"runs": {run: {"seeds": [seed]}}})
    layers = [*(str(Path(overlay).resolve()) for overlay in overlays), str(only.resolve())]
    results = Path("results") / scale
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "workflow/Snakefile")]
    command += ["--workflow-profile", str(ROOT / "profiles/default"), "--directory", str(folder)]
    command += ["--cores", str(max(threads, os.cpu_count() or 1)), "--set-threads", f"train_model={threads}"]
    command += ["--config", f"scale={scale}", f"overlay={json.dumps(layers)}", "--"]
    command += [str(results / "tables" / run / f"{table}.parquet") for table in tables]
    if subprocess.run(command, check=False).returncode != 0:
        raise RetrainingError(f"{folder}: snakemake failed (above) on run '{run}', seed {seed}")
    return folder / results
