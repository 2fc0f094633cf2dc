# The configuration, read and checked by the library; and what the names in targets may be.

import gc
import json
import os
import sys
from pathlib import Path

# What is imported by now stays until the end, so the collector need not look at it again and again while the jobs
# are made.
gc.freeze()

# Where this workflow lies, whoever runs it from where: no path depends on the working directory.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
SOURCE = ROOT / "src"
sys.path.insert(0, str(SOURCE))

if brace := next((sign for sign in "{}" if sign in str(ROOT)), None):
    sys.exit(
        f"error: {ROOT}: the name of this folder has a '{brace}', where Snakemake would fill in wildcards; "
        "give the folder another name"
    )
try:
    str(ROOT).encode()
except UnicodeEncodeError:
    sys.exit(
        f"error: {str(ROOT)!a}: the name of this folder is no {sys.getfilesystemencoding().upper()}; give the "
        "folder another name (or, if it is UTF-8, set LC_ALL=C.UTF-8)"
    )
if not all(os.access(folder, os.W_OK) for folder in (".", *Path().glob(".snakemake"))):
    sys.exit(
        f"error: {Path.cwd()}: cannot be written, and Snakemake keeps its notes here, even of a dry run; make it "
        f"writable, or work elsewhere: snakemake -s {ROOT}/workflow/Snakefile --directory <folder>"
    )

from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.errors import ConfigError, IckrrError

# config.yaml is read by the library, so that a mistake in it ends in one message and no job. Snakemake's own
# `config` holds what the command line says: --config scale=smoke overlay=mine.yaml, or --configfile mine.yaml.
try:
    experiment = load_experiment(ROOT / "config.yaml", overrides=config)
    ledger = load_ledger(ROOT / "claims.yaml", experiment)
except ConfigError as error:
    sys.exit(f"config error:\n{error}")

RESULTS = f"results/{experiment.scale}"
LOGS = f"logs/{experiment.scale}"
CONTROLS = experiment.constructions.controls


def one_of(names):
    """Pattern of a wildcard: what the configuration names, so that any other target is one that no rule makes."""
    return "|".join(names) or "(?!)"  # nothing matches that


wildcard_constraints:
    run=one_of(experiment.models),
    task=one_of(experiment.tasks),
    ridge=one_of(experiment.constructions.verification.ridges),
    seed=r"\d+",
    figure=one_of(experiment.figures),
    table=one_of(experiment.tables),
