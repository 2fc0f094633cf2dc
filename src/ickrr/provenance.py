"""Record how each result was made, and check that it is still what its job wrote.

Snakemake records what went into a file: rule, inputs with their checksums, settings and digest of the code
(its params), times. This module adds what Snakemake does not record: the SHA-256 of the file, and the
machine. The record of ``results/<scale>/<file>`` is ``results/<scale>/records/<file>.json``. No step imports
this module; the entry point ``ickrr.__main__`` writes and checks records.
"""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from ickrr.code import ROOT
from ickrr.errors import FileError
from ickrr.io.files import files_below, identity, read_json, write_json

CHUNK: Final = 1 << 20  # [bytes] read at a time
METADATA: Final = Path(".snakemake/metadata")
INCOMPLETE: Final = Path(".snakemake/incomplete")  # marks of outputs whose job has begun but not ended
PACKAGES: Final = (
    *("torch", "numpy", "scipy", "pandas", "pyarrow", "safetensors"),
    *("snakemake", "matplotlib", "seaborn"),
)
KEYS: Final = frozenset({"rule", "given", "outputs", "end", "commit", "versions", "machine", "device"})
Record = dict[str, Any]


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file's content, as hexadecimal text."""
    found = hashlib.sha256()
    with Path(path).open("rb") as handle:
        while block := handle.read(CHUNK):
            found.update(block)
    return found.hexdigest()


@dataclass(frozen=True)
class Records:
    """The records of one folder of results.

    Args:
        results: the folder ``results/<scale>``, relative to the working directory like all recorded paths.
    """

    results: Path

    def path(self, file: str | Path) -> Path | None:
        """Return the path of a result's record, or None for a record and for files outside the folder."""
        try:
            name = Path(file).relative_to(self.results)
        except ValueError:
            return None
        if name.parts[:1] in ((), ("records",)):
            return None
        return self.results / "records" / name.with_name(f"{name.name}.json")

    def of(self, file: str | Path) -> Record | None:
        """Return the record of a file, or None if there is none.

        Raises:
            FileError: the record is damaged.
        """
        path = self.path(file)
        if path is None or not path.exists():
            return None
        record = read_json(path)
        if not isinstance(record, dict) or not set(record) >= KEYS:
            raise FileError(f"{path}: is not a record; delete {file} and run snakemake again")
        return record

    def recorded(self) -> list[Path]:
        """Return the results that have a record, sorted."""
        folder = self.results / "records"
        names = (path.relative_to(folder) for path in files_below(folder, {".json"}))
        return sorted(self.results / name.with_suffix("") for name in names)

    def check(self, files: Iterable[str | Path]) -> None:
        """Check that files are what their records say.

        Args:
            files: files that are about to be read; sources and results without a record are not checked.

        Raises:
            FileError: a file is missing, or is not what the job of its record wrote, or Snakemake planned
                that job with other code or settings than it ran with.
        """
        for file in files:
            record = self.of(file)
            try:
                os.stat(file)
                found = digest(file) if record else ""
            except FileNotFoundError as error:
                raise FileError(f"{file}: no such file; run snakemake to make it") from error
            if record is None:
                continue
            told = str(record["outputs"].get(str(file)))
            if told != found:
                raise FileError(
                    f"{file}: is not what rule {record['rule']} wrote (SHA-256 {found[:12]}.., its record "
                    f"says {told[:12]}..), so it was damaged or edited since; "
                    "delete it and run snakemake again"
                )
            metadata = snakemake_metadata(file)
            planned = _params(metadata) if metadata else []
            if record["given"] and planned and record["given"] not in planned:
                raise FileError(
                    f"{file}: rule {record['rule']} ran with other code or settings than Snakemake had "
                    "planned (they were edited while it waited); delete it and run snakemake again"
                )

    def forget(self, files: Iterable[str | Path]) -> None:
        """Remove the records of files that are about to be written."""
        for path in filter(None, map(self.path, files)):
            path.unlink(missing_ok=True)

    def keep(self, files: Sequence[str | Path], facts: Record) -> None:
        """Write the record of a job, one copy for each of its outputs."""
        record = {**facts, "outputs": {str(file): digest(file) for file in files}}
        for path in filter(None, map(self.path, files)):
            write_json(path, record)


class Inputs:
    """The data files that a running job reads, as they were when it started.

    Args:
        files: the files that it reads.
    """

    def __init__(self, files: Iterable[str | Path]) -> None:
        self._files = {str(file): identity(file) for file in files}

    def require_unchanged(self, job: str) -> None:
        """Check that no file has been written again since the job started.

        Raises:
            FileError: a file has been, or is gone.
        """
        for file, found in self._files.items():
            if identity(file) != found:
                raise FileError(
                    f"{job}: {file} was changed while it ran, so its result is not kept; run snakemake again"
                )


def job_record(rule: str, given: str, counts: dict[str, Any], started: datetime) -> Record:
    """Return the record of a job that has just ended, without the digests of its outputs.

    Args:
        rule: name of its rule.
        given: digests of its code and settings, as the rule handed them over.
        counts: its seed and threads.
        started: the time at which it started.
    """
    return {
        "rule": rule,
        "given": given,
        **counts,
        **commit(),
        "versions": versions(),
        "machine": machine(),
        "device": device(),
        "start": started.isoformat(timespec="seconds"),
        "end": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def commit() -> dict[str, str]:
    """Return the git commit of the source tree, with ``-dirty`` if files differ from it.

    A tree that lies in the repository of something else has no commit of its own. Neither git's environment
    variables nor the user's settings count.

    Returns:
        ``commit``, and if it is ``unknown`` also ``commit_unknown``, the reason.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(ROOT), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env=environment,
        ).stdout.strip()

    def unknown(reason: str) -> dict[str, str]:
        return {"commit": "unknown", "commit_unknown": reason}

    try:
        around = Path(git("rev-parse", "--show-toplevel")).resolve()
        if around != ROOT or not git("ls-files", "src/ickrr"):
            return unknown(f"the source tree lies in {around}, the repository of something else")
        head = git("rev-parse", "--short=12", "HEAD")
        dirty = git("status", "--porcelain", "--untracked-files=no")
    except FileNotFoundError:
        return unknown("git is not installed")
    except subprocess.CalledProcessError as error:
        return unknown(next(iter(error.stderr.strip().splitlines()), "git failed"))
    except (OSError, subprocess.SubprocessError) as error:
        return unknown(str(error))
    return {"commit": f"{head}-dirty" if dirty else head}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    if "ickrr.report.latex" in sys.modules:
        told = subprocess.run(["pdflatex", "--version"], capture_output=True, text=True, check=False)
        found["tex"] = next(iter(told.stdout.splitlines()), "unknown")
    return found


def machine() -> dict[str, str]:
    """Return the parts of this machine that decide last bits: processor, torch's kernels, BLAS, GPU driver.

    Nothing is imported for this: what the process has not loaded had no influence.
    """
    found = {"architecture": platform.machine(), "processor": processor()}
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None:
        found["torch_kernels"] = str(torch.backends.cpu.get_cpu_capability())
        library = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
        found["torch_blas"] = library[1] if library else "unknown"
    if numpy is not None:
        library = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
        found["numpy_blas"] = f"{library['name']} {library['version']}"
        from threadpoolctl import threadpool_info

        # The kernels that the BLAS chose for this processor.
        blas = (library for library in threadpool_info() if library["user_api"] == "blas")
        found["blas_kernels"] = ", ".join(sorted({one.get("architecture", "unknown") for one in blas}))
    if device() != "cpu":
        driver = Path("/sys/module/nvidia/version")
        found["gpu_driver"] = driver.read_text(encoding="ascii").strip() if driver.exists() else "unknown"
    return found


def processor() -> str:
    """Return the model of the processor, as the kernel names it."""
    told = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.*)$", told.read_text(), flags=re.M) if told.exists() else None
    return named[1].strip() if named else platform.processor() or "unknown"


def device() -> str:
    """Return the name of the GPU that this process used, or ``cpu``."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return "cpu"
    return str(torch.cuda.get_device_name())


# The way back from a result, as Snakemake recorded it.


def snakemake_metadata(file: str | Path) -> Record | None:
    """Return what Snakemake recorded of a file in this working directory, or None if it recorded nothing."""
    path = metadata_path(file)
    return read_json(path) if path.exists() else None


def metadata_path(file: str | Path, folder: Path = METADATA) -> Path:
    """Return where Snakemake records a file: the base64 of its path, cut into names of allowed length."""
    name = urlsafe_b64encode(str(file).encode()).decode()
    parts = [name[i : i + 254] for i in range(0, len(name), 254)]
    return folder.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])


def recorded_files(folder: Path = METADATA) -> list[str]:
    """Return the files that Snakemake has an entry of in a folder; the inverse of `metadata_path`."""
    found = (path.relative_to(folder).parts for path in folder.rglob("*") if path.is_file())
    names = ("".join(part.removeprefix("@") for part in parts) for parts in found)
    return sorted(urlsafe_b64decode(name).decode() for name in names)


def _params(metadata: Record) -> list[str]:
    """Return the params of the job that made a file as Snakemake planned them, without quotes of texts."""
    return [str(value).strip("'\"") for value in metadata.get("params") or []]


def target_file(target: str, results: Path) -> Path:
    """Return the file of a short target: ``fig2``, ``tab_setup``, ``paper``, or a path in any form."""
    if target.startswith("fig") and "/" not in target:
        return results / "figures" / f"{target}.pdf"
    if target.startswith("tab_") and "/" not in target:
        return results / "latex" / f"{target}.tex"
    if target == "paper":
        return results / "paper.pdf"
    path = Path(os.path.normpath(target))
    folder, all_scales = path.parent.resolve(), results.parent.resolve()
    if not folder.is_relative_to(all_scales):
        return results / path
    return results.parent / folder.relative_to(all_scales) / path.name


def trace(records: Records, file: Path) -> list[str]:
    """Return one line for each job that a result comes from, indented by how far back the job is.

    Args:
        records: records of its folder.
        file: the result.

    Raises:
        FileError: neither Snakemake nor a record knows the result.
    """
    if file.is_dir():
        raise FileError(f"{file}: is a folder; name a file in it, or fig2, tab_setup or paper")
    if snakemake_metadata(file) is None and records.of(file) is None:
        there = "no job made it; name a file below results/<scale> that one made"
        advice = there if file.exists() else "mind its name, or run snakemake to make it"
        raise FileError(f"{file}: nothing is recorded of how it was made; {advice}")
    return list(_lines(records, [str(file)], 0, set()))


def _lines(records: Records, files: list[str], depth: int, seen: set[str]) -> Iterator[str]:
    jobs: dict[str, tuple[Record, list[str]]] = {}  # by job: what Snakemake recorded of it, and its files
    for name in files:
        metadata = snakemake_metadata(name)
        if metadata is None:
            yield f"{'  ' * depth}{name}{'' if Path(name).exists() else ' (gone)'}"
        else:
            jobs.setdefault(f"{metadata['rule']} {metadata['log']}", (metadata, []))[1].append(name)
    for job, (metadata, made) in jobs.items():
        label = made[0] if len(made) == 1 else f"{made[0]} and {len(made) - 1} more of this job"
        states = sorted({state for name in made if (state := _state(name, records.of(name)))})
        yield f"{'  ' * depth}{label}: {', '.join([*_facts(metadata, records.of(made[0])), *states])}"
        if job in seen:
            yield f"{'  ' * (depth + 1)}(traced above)"
            continue
        seen.add(job)
        for value in sorted(_params(metadata)):
            if value.startswith("{"):
                yield f"{'  ' * (depth + 1)}settings {_shortened(value)}"
        yield from _lines(records, metadata["input"] or [], depth + 1, seen)


def _facts(metadata: Record, record: Record | None) -> list[str]:
    ended = datetime.fromtimestamp(metadata["endtime"], UTC)
    facts = [f"rule {metadata['rule']}", f"{ended:%Y-%m-%d %H:%M} UTC"]
    if record is None:
        return [*facts, "no record of the machine"]
    reason = f" ({record['commit_unknown']})" if "commit_unknown" in record else ""
    facts += [f"commit {record['commit']}{reason}"]
    facts += [f"{key} {record[key]}" for key in ("seed", "threads") if key in record]
    facts += [f"on {record['machine']['processor'] if record['device'] == 'cpu' else record['device']}"]
    return [*facts, f"code and settings {record['given']}"] if record["given"] else facts


def _state(name: str, record: Record | None) -> str:
    if not Path(name).exists():
        return "not here"
    return "DIFFERS from its record" if record and digest(name) != record["outputs"].get(name) else ""


def _shortened(settings: str, length: int = 100) -> str:
    return settings if len(settings) <= length else f"{settings[:length]}.."


def settings_text(value: Any) -> str:
    """Return settings as the one line of JSON in which a rule hands them to its job."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
