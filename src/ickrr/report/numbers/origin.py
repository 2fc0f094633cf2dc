"""Where the results come from, read from the records of their jobs (`ickrr.provenance`).

The commit is the one at which the claims were judged: there Snakemake held everything that they rest on for
current, whichever commit it was made at. All else is read from the records of the trained models. Where they
differ, all values are listed; the date is the day (UTC) on which the last training ended. Nothing is read
from the machine that builds the paper: the same results give the same PDF.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ickrr.errors import FileError
from ickrr.io.files import read_json
from ickrr.report.formatting import camel_case, escape
from ickrr.report.numbers.macros import Macros
from ickrr.report.numbers.repository import repository_macros

REQUIRED = ("versions", "machine", "device", "threads", "end")


def read_records(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Read the records of all trainings.

    Raises:
        FileError: one is missing, is not JSON, or lacks a key; or there are none.
    """
    if not paths:
        raise FileError("--records names no file; give the record of at least one trained model")
    records = []
    for path in paths:
        record = read_json(path)
        missing = [key for key in REQUIRED if key not in record]
        if missing:
            raise FileError(
                f"{path}: lacks the key '{missing[0]}' (found {sorted(record)}); "
                "delete it and run snakemake again"
            )
        try:
            end = datetime.fromisoformat(record["end"])
        except (TypeError, ValueError) as error:
            raise FileError(
                f"{path}: key 'end' is {record['end']!r}, expected an ISO 8601 time with its zone; "
                "delete it and run snakemake again"
            ) from error
        if end.tzinfo is None:
            raise FileError(
                f"{path}: key 'end' is {record['end']!r}, which has no time zone; "
                "delete it and run snakemake again"
            )
        records.append({**record, "end": end})
    return records


def read_commit(record: Path) -> str:
    """Read the commit at which a job ran from its record.

    Raises:
        FileError: the record is missing, is not JSON, or names no commit.
    """
    commit = read_json(record).get("commit")
    if not isinstance(commit, str) or not commit:
        raise FileError(f"{record}: key 'commit' is {commit!r}; delete it and run snakemake again")
    return commit


def origin_macros(scale: str, records: Sequence[dict[str, Any]], commit: str, repository: str = "") -> Macros:
    """Build the macros of scale, repository, commit, date, machine and versions.

    Args:
        scale: name of the scale.
        records: as `read_records` returns them.
        commit: at which the claims were judged.
        repository: its public address, empty where there is none.
    """
    macros = Macros()
    latest: datetime = max(record["end"] for record in records)
    macros.add("ScaleName", escape(scale))
    macros.add("RunCommit", escape(commit))
    repository_macros(macros, repository, commit)
    macros.add("RunDate", latest.astimezone(UTC).date().isoformat())
    macros.add("RunDevice", _distinct(records, lambda record: record["device"]))
    macros.add("RunThreads", _distinct(records, lambda record: record["threads"]))
    macros.add("RunMachine", _distinct(records, lambda record: record["machine"]["processor"]))
    macros.add("RunCount", str(len(records)))
    for package in sorted({package for record in records for package in record["versions"]}):
        having = [record for record in records if package in record["versions"]]

        def version(record: dict[str, Any], package: str = package) -> Any:
            return record["versions"][package]

        macros.add(f"Version{camel_case(package)}", _distinct(having, version))
    return macros


def _distinct(records: Sequence[dict[str, Any]], of: Callable[[dict[str, Any]], Any]) -> str:
    return escape(", ".join(sorted({str(of(record)) for record in records})))
