"""Take over models that `run_batch` trained and probed on another machine, if they are still right here.

Code, specs, inputs and bytes of each are compared before anything is copied. `make adopt` calls this and
then has Snakemake record what was taken, so that it is not made again.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ickrr.batch.adoption import Adoption, judge
from ickrr.batch.jobs import Job, importance, jobs_of
from ickrr.batch.journal import JOURNAL, Journal
from ickrr.batch.runner import needs
from ickrr.config.load import SCALES, load_experiment
from ickrr.config.specs import resolved_specs
from ickrr.errors import FileError
from ickrr.files import atomic_path, write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--source", type=Path, required=True, help="the other machine's results/<scale>")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), help="the default experiment")
    parser.add_argument("--scale", choices=SCALES, help="overlay to lay on top")
    parser.add_argument("--overlay", type=Path, help="a further overlay")
    parser.add_argument("--results", type=Path, help="where results go (default results/<scale>)")
    parser.add_argument("--targets", type=Path, required=True, help="list of what was taken, to write")


def main(arguments: argparse.Namespace) -> None:
    """Copy what is right, say what is not and why, and list the files that Snakemake should record.

    Raises:
        ConfigError: the configuration is wrong.
        FileError: the source has no journal, or nothing in it is right.
    """
    experiment = load_experiment(arguments.config, arguments.scale, arguments.overlay)
    results = arguments.results or Path("results") / experiment.scale
    if not (arguments.source / JOURNAL).exists():
        raise FileError(
            f"{arguments.source / JOURNAL}: not there; --source must be a folder that run_batch wrote to, "
            f"for example a copy of results/{experiment.scale}"
        )
    source, target = Journal.load(arguments.source), Journal.load(results)
    jobs = jobs_of(experiment, importance(experiment), results, experiment.compute.device)
    found = judge(jobs, source, target, resolved_specs(experiment))
    for label, reason in found.refused.items():
        print(f"{label}: refused: {reason}", file=sys.stderr)
    copy(found, source, target)
    ends = ends_of(found.adopted)
    write_text(arguments.targets, "".join(f"{path}\n" for path in ends))
    print(f"{len(found.adopted)} jobs taken over, {len(found.refused)} refused")
    if not ends:
        raise FileError(f"{arguments.source}: nothing in it is right here; see above")


def copy(found: Adoption, source: Journal, target: Journal) -> None:
    """Copy the outputs of adopted jobs, and their entries in the journal."""
    for job in found.adopted:
        for path in job.outputs.values():
            there = source.results / target.name(path)
            if not (path.exists() and target.sha256(path) == source.sha256(there)):
                with atomic_path(path) as temporary:
                    shutil.copyfile(there, temporary)
        target.entries[job.label] = source.entries[job.label]
    target.save()


def ends_of(adopted: Sequence[Job]) -> list[Path]:
    """List one output of every adopted job that no other adopted job reads; the others are its ancestors."""
    return [
        next(iter(job.outputs.values()))
        for job in adopted
        if not any(needs(other, [job]) for other in adopted)
    ]
