"""Records for results that have none: made before records were kept, or trained on another machine.

Snakemake vouches for them (``--detailed-summary`` says which results are up to date, and what their jobs
read). Such a record says ``registered``: its commit and versions are those of the day it was written, unless
training left its own account (run.json).
"""

import csv
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ickrr.errors import FileError
from ickrr.files import read_json
from ickrr.records import Record, Records, facts

COLUMNS: Final = ("output_file", "rule", "input-file(s)", "shellcmd", "status", "plan")
ACCOUNT: Final = (
    *("commit", "versions", "machine", "device", "start", "end", "code"),
    *("ensemble", "ensemble_code"),  # where a training was a member of an ensemble
)


@dataclass(frozen=True)
class Made:
    """A job whose outputs are up to date, as Snakemake tells it."""

    rule: str
    command: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def parse_summary(lines: Iterable[str]) -> list[Made]:
    """Read the table of ``snakemake --detailed-summary``, without jobs of which an output is out of date.

    Raises:
        FileError: the table lacks a column (another version of Snakemake).
    """
    rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if rows and (missing := [name for name in COLUMNS if name not in rows[0]]):
        raise FileError(
            f"snakemake --detailed-summary: has no column '{missing[0]}'; use the locked Snakemake"
        )
    jobs: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for row in rows:
        jobs.setdefault((row["rule"], row["shellcmd"], row["input-file(s)"]), []).append(row)
    return [
        Made(
            rule, command, tuple(dict.fromkeys(inputs.split(","))), tuple(row["output_file"] for row in made)
        )
        for (rule, command, inputs), made in jobs.items()
        if command != "-" and all((row["status"], row["plan"]) == ("ok", "no update") for row in made)
    ]


def register(records: Records, jobs: Iterable[Made]) -> Iterator[Path]:
    """Write the records that are missing, and yield the results that got one.

    Raises:
        FileError: an input is missing, or is not what its record says.
    """
    for job in jobs:
        paths = [records.path(name) for name in job.outputs]
        if None in paths or all(path is not None and path.exists() for path in paths):
            continue
        records.keep(job.outputs, _facts(records, job))
        yield from map(Path, job.outputs)


def _facts(records: Records, job: Made) -> Record:
    words = shlex.split(job.command)
    verb = words[words.index("ickrr") + 1] if "ickrr" in words else "draw"
    ended = datetime.fromtimestamp(max(Path(name).stat().st_mtime for name in job.outputs), UTC)
    made = facts(job.rule, verb, words, records.check(job.inputs), records.results, ended)
    made |= {"end": ended.isoformat(timespec="seconds"), "registered": True}
    account = next((name for name in job.outputs if Path(name).name == "run.json"), None)
    if account is not None:
        told = read_json(account)
        made |= {key: told[key] for key in ACCOUNT if key in told}
    return made
