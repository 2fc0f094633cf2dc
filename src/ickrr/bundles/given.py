"""Which results of restored bundles stand in for their rules, and why others do not.

A restored file is *given* if all code and settings that it was made from are what they are now, the seeds are
those that the configuration asks for, and it was not computed here. Everything else is made by its own rule.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ickrr.bundles.manifest import MANIFEST, Manifest, parse_manifest
from ickrr.config.experiment import Experiment
from ickrr.files import read_json
from ickrr.records import Records, digest

COMPUTED = "computed here"


@dataclass(frozen=True)
class Given:
    """What one restored bundle gives.

    Attributes:
        manifest: its manifest.
        folder: where it was unpacked.
        files: results that are taken from it, by name below ``results/<scale>``.
        left: the others, each with the reason.
    """

    manifest: Manifest
    folder: Path
    files: frozenset[str]
    left: dict[str, str]

    def report(self) -> str:
        """Say which results are taken and why others are not, a line a reason."""
        total = len(self.manifest.files)
        lines = [f"{self.folder}: {len(self.files)} of {total} results taken ({self.manifest.origin()})"]
        reasons: dict[str, list[str]] = {}
        for name, reason in self.left.items():
            if reason != COMPUTED:
                reasons.setdefault(reason, []).append(name)
        for reason, names in reasons.items():
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            lines.append(f"  not {shown}: {reason}")
        return "\n".join(lines)


def given_results(results: Path, experiment: Experiment) -> list[Given]:
    """Decide for every restored bundle which of its results are taken.

    Args:
        results: the folder ``results/<scale>``, with the resolved settings of `experiment` in ``specs/``.
        experiment: the present configuration.

    Raises:
        BundleError: an unpacked manifest is damaged.
    """
    present: dict[str, str | None] = {}
    taken: set[str] = set()
    found = []
    for path in sorted(results.glob(f"restored/*/{MANIFEST}")):
        manifest = parse_manifest(path.read_text(encoding="utf-8"), str(path))
        left = {}
        for name, entry in manifest.files.items():
            reason = _changed(entry.sources, manifest, present) or _seeds(name, entry.models, experiment)
            if reason is None and name not in taken and _computed_here(results, name):
                reason = COMPUTED
            if reason is not None:
                left[name] = reason
        _leave_relatives(manifest, left)
        files = frozenset(manifest.files) - left.keys() - taken
        taken |= files
        found.append(Given(manifest, path.parent, files, left))
    return found


def _changed(sources: list[str], manifest: Manifest, present: dict[str, str | None]) -> str | None:
    """Name the first source that is not what it was; `present` remembers digests between calls."""
    for name in sources:
        if name not in present:
            present[name] = digest(name) if Path(name).is_file() else None
        if present[name] is None:
            return f"{name} is gone"
        if present[name] != manifest.sources[name]:
            difference = _difference(manifest.settings[name], name) if name in manifest.settings else ""
            return f"{name} has changed{difference}"
    return None


def _difference(old: Any, name: str) -> str:
    new = read_json(name)
    key, before, after = next(_differences(old, new, ""), ("", None, None))
    return f" ({key}: {json.dumps(before)} -> {json.dumps(after)})" if key else ""


def _differences(old: Any, new: Any, prefix: str) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), f"{prefix}.{key}" if prefix else key)
    elif old != new:
        yield prefix, old, new


def _seeds(name: str, models: dict[str, list[int]], experiment: Experiment) -> str | None:
    """Refuse what gathers other seeds of a run than are asked for now, or a seed that is not."""
    single = any(part.startswith("seed") for part in Path(name).parts)
    for run, seeds in models.items():
        if run not in experiment.models:
            return f"there is no run '{run}'"
        wanted = experiment.seeds(run)
        if single and not set(seeds) <= set(wanted):
            return f"run '{run}' has the seeds {wanted}"
        if not single and sorted(wanted) != seeds:
            return f"run '{run}' has the seeds {wanted}, it was made from {seeds}"
    return None


def _computed_here(results: Path, name: str) -> bool:
    """Tell whether a result is there that was not taken from a bundle."""
    record = Records(results).path(results / name)
    if record is not None and record.exists():
        return "taken_from" not in read_json(record)
    return (results / name).exists()


def _leave_relatives(manifest: Manifest, left: dict[str, str]) -> None:
    """Leave also what a job writes that has to run anyway, so that no file has two makers.

    A bundle of tables holds the records of trainings, say, but not their weights: where the weights are
    needed, because the probe has changed, training writes the records too.
    """
    while True:
        reasons = {name: reason for name, reason in left.items() if reason != COMPUTED}
        pending = list(reasons)
        while pending:
            name = pending.pop()
            for needed in manifest.jobs[name].inputs:
                given = needed in manifest.files and needed not in left
                if not given and left.get(needed) != COMPUTED and needed not in reasons:
                    reasons[needed] = reasons[name]
                    pending.append(needed)
        written = {
            output: reason for name, reason in reasons.items() for output in manifest.jobs[name].outputs
        }
        more = {
            name: reason for name, reason in written.items() if name in manifest.files and name not in left
        }
        if not more:
            return
        left |= more
