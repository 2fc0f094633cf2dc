"""What was made, by which code and from what: a job is done when code, inputs and outputs are still the same.

The journal is ``results/<scale>/batch.json``. It travels with the results, so that another machine can tell
which of them it may take for its own.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field

from ickrr.batch.jobs import Job
from ickrr.config.fields import Settings
from ickrr.files import read_settings, to_json, write_text
from ickrr.provenance import code_hash, import_closure

JOURNAL = "batch.json"
ENSEMBLE_VERB = "train_ensemble"


class Entry(Settings):
    """One finished job; files are named relative to the folder of the results and given by their SHA-256.

    Args:
        code: hash of the code behind the job's verb.
        inputs: hash by file.
        outputs: hash by file.
        ensemble: hash of the code behind `train_ensemble` where that did a training, None where `train` did.
    """

    code: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    ensemble: str | None = None


class Entries(Settings):
    """All finished jobs by label."""

    jobs: dict[str, Entry] = Field(default_factory=dict)


class Journal:
    """Finished jobs of one folder of results.

    Args:
        results: folder of the scale's results.
        entries: what is finished.
    """

    def __init__(self, results: Path, entries: dict[str, Entry]) -> None:
        self.results = results
        self.entries = entries
        self._known: dict[tuple[Path, int, int], str] = {}

    @classmethod
    def load(cls, results: Path) -> Self:
        """Read the journal of a folder, empty where there is none yet.

        Raises:
            FileError: it is damaged.
        """
        path = results / JOURNAL
        return cls(results, dict(read_settings(path, Entries).jobs) if path.exists() else {})

    def is_done(self, job: Job) -> bool:
        """Tell whether a job's outputs are there, unchanged, of the current code and the current inputs."""
        found = [(part, self.entries.get(part.label)) for part in job.parts]
        return all(
            entry is not None and entry == self._now(part, entry.ensemble is not None)
            for part, entry in found
        )

    def add(self, job: Job, in_ensemble: bool = False) -> None:
        """Record a job that has just finished, and write the journal.

        Args:
            job: what has finished; of an ensemble, every member is recorded.
            in_ensemble: whether a training was done by `train_ensemble`.

        Raises:
            FileNotFoundError: an input or output is missing.
        """
        for part in job.parts:
            entry = self._now(part, in_ensemble or part is not job)
            if entry is None:
                files = (*part.inputs.values(), *part.outputs.values())
                missing = [path for path in files if not path.exists()]
                raise FileNotFoundError(f"{part.label}: {', '.join(map(str, missing))}")
            self.entries[part.label] = entry
        self.save()

    def save(self) -> None:
        """Write the journal atomically."""
        jobs = {label: entry.model_dump() for label, entry in self.entries.items()}
        write_text(self.results / JOURNAL, to_json({"jobs": jobs}))

    def sha256(self, path: Path) -> str:
        """Hash a file; one whose size and date are as before is not read again."""
        stat = path.stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if key not in self._known:
            with path.open("rb") as handle:
                self._known[key] = hashlib.file_digest(handle, "sha256").hexdigest()
        return self._known[key]

    def name(self, path: Path) -> str:
        """Name a file relative to the folder of the results."""
        return path.relative_to(self.results).as_posix()

    def _now(self, job: Job, in_ensemble: bool) -> Entry | None:
        files = (*job.inputs.values(), *job.outputs.values())
        if not all(path.exists() for path in files):
            return None
        return Entry(
            code=verb_code(job.verb),
            inputs={self.name(path): self.sha256(path) for path in job.inputs.values()},
            outputs={self.name(path): self.sha256(path) for path in job.outputs.values()},
            ensemble=verb_code(ENSEMBLE_VERB) if in_ensemble else None,
        )


@cache
def verb_code(verb: str) -> str:
    """Hash the code behind a verb, the same that its rule has among its inputs."""
    return code_hash(import_closure(f"ickrr.commands.{verb}"))
