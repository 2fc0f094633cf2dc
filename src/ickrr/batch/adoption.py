"""Which results of another machine are still right here: same code, same specs, same inputs, undamaged.

Prompts drawn on another processor may differ in their last bits. Where this folder has prompts of its own
that differ, whatever was made from the others is refused: the two would be compared on different prompts.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ickrr.batch.jobs import Job
from ickrr.batch.journal import ENSEMBLE_VERB, Entry, Journal, verb_code

ADVICE_CODE = "check out the commit that made them, or run them again"


@dataclass
class Adoption:
    """The verdict.

    Args:
        adopted: jobs whose outputs can be taken.
        refused: reason by label of the job; jobs that were never run there are in neither.
    """

    adopted: list[Job] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def judge(jobs: Sequence[Job], source: Journal, target: Journal, specs: Mapping[str, str]) -> Adoption:
    """Judge every job that the source has finished.

    Args:
        jobs: jobs of the current configuration, at the target's paths, inputs before their readers.
        source: journal and files of the other machine.
        target: journal and files of this one.
        specs: text of the current specs by path below ``specs``.
    """
    found = Adoption()
    hashes = {f"specs/{name}": hashlib.sha256(text.encode()).hexdigest() for name, text in specs.items()}
    for job in jobs:
        entry = source.entries.get(job.label)
        if entry is None:
            continue
        problem = _problem(job, entry, source, target, hashes)
        if problem:
            found.refused[job.label] = problem
        else:
            found.adopted.append(job)
            hashes |= entry.outputs
    return found


def _problem(
    job: Job, entry: Entry, source: Journal, target: Journal, hashes: Mapping[str, str]
) -> str | None:
    if entry.code != verb_code(job.verb):
        return f"the code behind '{job.verb}' is not what made it; {ADVICE_CODE}"
    if entry.ensemble is not None and entry.ensemble != verb_code(ENSEMBLE_VERB):
        return f"the code behind '{ENSEMBLE_VERB}' is not what made it; {ADVICE_CODE}"
    names = {target.name(path) for path in job.inputs.values()}
    for name in sorted(names):
        if name not in hashes:
            return f"its input {name} is not adopted"
        if entry.inputs.get(name) != hashes[name]:
            return f"its input {name} is not what it was made from; run it again"
    for path in job.outputs.values():
        name = target.name(path)
        there = source.results / name
        if not there.exists():
            return f"{there} is missing; copy it again"
        if source.sha256(there) != entry.outputs.get(name):
            return f"{there} is not what was written; copy it again"
        if job.verb == "sample" and path.exists() and target.sha256(path) != entry.outputs[name]:
            return (
                f"{path} was drawn here and differs; give the other machine these prompts before it starts, "
                "or delete them to take the other ones"
            )
    return None
