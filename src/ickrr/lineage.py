"""The way back from a result to settings, seeds and code, read from the records of every stage."""

from collections.abc import Iterator
from pathlib import Path

from ickrr.errors import FileError
from ickrr.records import Record, Records, digest


def target_file(target: str, results: Path) -> Path:
    """Return the file of a short target: ``fig2``, ``tab_setup``, ``paper``, or a path."""
    if target.startswith("fig") and "/" not in target:
        return results / "figures" / f"{target}.pdf"
    if target.startswith("tab_") and "/" not in target:
        return results / "latex" / f"{target}.tex"
    if target == "paper":
        return results / "paper.pdf"
    return Path(target) if Path(target).is_relative_to(results) else results / target


def trace(records: Records, file: Path) -> list[str]:
    """Describe how a result was made, one line a job, indented by how far back it is.

    Args:
        records: records of its folder.
        file: the result.

    Raises:
        FileError: the result has no record.
    """
    if records.of(file) is None:
        raise FileError(f"{file}: has no record of how it was made; run snakemake to make it")
    return list(_lines(records, [str(file)], 0, set()))


def _lines(records: Records, files: list[str], depth: int, seen: set[str]) -> Iterator[str]:
    jobs: dict[tuple[str, ...], list[str]] = {}
    for name in files:
        record = records.of(name)
        if record is None:
            yield f"{'  ' * depth}{name} (no record)"
        else:
            jobs.setdefault(tuple(record["outputs"]), []).append(name)
    for outputs, wanted in jobs.items():
        record = records.of(wanted[0])
        assert record is not None, "it was found above"
        label = wanted[0] if len(wanted) == 1 else f"{wanted[0]} and {len(wanted) - 1} more of this job"
        states = sorted({state for name in wanted if (state := _state(name, record))})
        yield f"{'  ' * depth}{label}: {', '.join([_made(record), *states])}"
        if outputs[0] in seen:
            yield f"{'  ' * (depth + 1)}(traced above)"
            continue
        seen.add(outputs[0])
        specs = sorted(record.get("settings", {}))
        for name in specs:
            yield f"{'  ' * (depth + 1)}{name}{_source_state(name, record)}"
        code = [name for name in record["inputs"] if records.path(name) is None]
        changed = [name for name in code if _source_state(name, record)]
        if code:
            note = f", {len(changed)} of them changed since: {', '.join(changed[:3])}" if changed else ""
            yield f"{'  ' * (depth + 1)}{len(code)} source files, {record['code'][:12]}{note}"
        results = [name for name in record["inputs"] if name not in specs and name not in code]
        yield from _lines(records, results, depth + 1, seen)


def _made(record: Record) -> str:
    facts = [f"rule {record['rule']}", record["end"][:16].replace("T", " "), f"commit {record['commit']}"]
    facts += [
        f"{key} {' '.join(map(str, record[key]))}" for key in ("seed", "seeds", "threads") if key in record
    ]
    facts.append(f"on {record['device']}")
    if "taken_from" in record:
        facts.append(f"taken from {record['taken_from']['folder']}")
    return ", ".join(facts)


def _state(name: str, record: Record) -> str:
    if not Path(name).exists():
        return "not here"
    return "" if digest(name) == record["outputs"][name] else "DIFFERS from its record"


def _source_state(name: str, record: Record) -> str:
    if not Path(name).exists():
        return " (gone)"
    return "" if digest(name) == record["inputs"][name] else " (changed since)"
