"""Results that were there before the journal: what Snakemake made, or what was copied in, is not made again.

Prompts count if they were drawn for the current settings; weights if they are of the current settings, seed
and code, as the record beside them says. Predictions do not say enough, and probing is quick.
"""

from collections.abc import Iterable

from ickrr.batch.jobs import Job
from ickrr.batch.journal import ENSEMBLE_VERB, Journal, verb_code
from ickrr.errors import FileError
from ickrr.files import read_json
from ickrr.tensors import read_metadata


def record_given(jobs: Iterable[Job], journal: Journal) -> list[str]:
    """Enter prompts and weights that the journal does not know, if they are right.

    Args:
        jobs: inputs before their readers; their specs must be written.
        journal: is added to and saved.

    Returns:
        Labels of what was entered.
    """
    found = []
    for job in jobs:
        files = (*job.inputs.values(), *job.outputs.values())
        if job.label not in journal.entries and all(path.exists() for path in files) and _is_right(job):
            journal.add(job, job.verb == "train" and "ensemble" in read_json(job.outputs["record"]))
            found.append(job.label)
    return found


def _is_right(job: Job) -> bool:
    try:
        if job.verb == "sample":
            metadata = read_metadata(job.outputs["output"])
            return bool(metadata.get("prompts") == read_json(job.inputs["prompts"]))
        if job.verb == "train":
            metadata = read_metadata(job.outputs["weights"])
            record = read_json(job.outputs["record"])
            wanted = {"run": read_json(job.inputs["run"]), "seed": int(job.options["seed"])}
            same = all(found.get(key) == wanted[key] for found in (metadata, record) for key in wanted)
            alone = "ensemble" not in record
            together = alone or record.get("ensemble_code") == verb_code(ENSEMBLE_VERB)
            return same and together and bool(record.get("code") == verb_code("train"))
    except FileError:  # damaged: it is made again
        return False
    return False
