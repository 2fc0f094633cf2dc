"""The statement on a repeated training: one page of Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ickrr.differences.observations import COEFFICIENT, RISK
from ickrr.differences.settings import Change
from ickrr.entries import SOLVERS
from ickrr.provenance import Record
from ickrr.report.methods import short_name
from ickrr.verification.agreement import CURVE, Agreement, Conclusion
from ickrr.verification.names import Identified, Layer

WORDS: Final = {
    RISK: "final excess risk",
    CURVE: "excess risk along the learning curve (geometric mean)",
    "best_step": "best step, mean over layers",
    "similarity": "SimE, mean over layers",
    "distance": "distance, mean over layers",
    COEFFICIENT: "encompassing coefficient, mean over the layers that claims count",
}


@dataclass(frozen=True)
class Verification:
    """What came of repeating one training.

    Attributes:
        run: name of the run.
        seed: of the training.
        scale: of the experiment.
        against: name of the reference.
        minutes: that Snakemake took; what was there from before was not made again.
        here: record of the weights that were trained here.
        reference: that of the reference's, if there is one.
        settings: settings that differ, None if the reference has not recorded them.
        code: steps of which the reference ran other code.
        bits: whether each file has the same bytes, None where the reference has no record of it.
        numbers: the numbers beside each other.
        conclusions: the conclusions beside each other.
        layers: what each layer is named on both sides; empty if a side has not been identified.
        command: how to repeat this.
    """

    run: str
    seed: int
    scale: str
    against: str
    minutes: float
    here: Record
    reference: Record | None
    settings: list[Change] | None
    code: list[str]
    bits: dict[str, bool | None]
    numbers: list[Agreement]
    conclusions: list[Conclusion]
    layers: list[Layer]
    command: str

    @property
    def agrees(self) -> bool:
        """Whether every number is inside its tolerance, and every conclusion is the same."""
        return all(one.inside for one in self.numbers) and all(one.agrees for one in self.conclusions)


def statement(found: Verification) -> str:
    """Return the page."""
    return "\n".join(_lines(found)) + "\n"


def summary(found: Verification) -> str:
    """Return what came out, in one sentence."""
    inside, agreed = sum(one.inside for one in found.numbers), sum(one.agrees for one in found.conclusions)
    same = sum(bool(one) for one in found.bits.values())
    verdict = "Agrees" if found.agrees else "DOES NOT AGREE"
    return (
        f"{verdict}: {inside} of {len(found.numbers)} numbers inside their tolerances, {agreed} of "
        f"{len(found.conclusions)} conclusions and {same} of {len(found.bits)} files are the same."
    )


def _lines(found: Verification) -> Iterator[str]:
    yield f"# Run `{found.run}`, seed {found.seed}, {found.scale} scale: trained again"
    yield ""
    yield f"**{summary(found)}**"
    yield ""
    yield f"Compared with {found.against}. It took {found.minutes:.1f} minutes here. To repeat it:"
    yield ""
    yield f"    {found.command}"
    yield ""
    yield from _machines(found)
    if found.settings:
        yield "Settings that differ, so that the trainings are not the same experiment:"
        yield ""
        yield from _table(("key", "reference", "here"), [tuple(map(str, one)) for one in found.settings])
    if found.code:
        yield f"The reference ran other code of {', '.join(found.code)}."
        yield ""
    yield "## Conclusions"
    yield ""
    rows = [
        (one.about, _solvers(one.reference), _solvers(one.here), _word(one.agrees, "same", "other"))
        for one in found.conclusions
    ]
    yield from _table(("question", "reference", "here", ""), rows)
    yield "Solvers joined by *or* are closer to each other than two trainings are."
    yield ""
    yield "## Numbers"
    yield ""
    yield from _table(
        ("number", "solver", "reference", "here", "deviation", "tolerance", ""), _numbers(found)
    )
    yield (
        "The deviation is the root mean square over layers (along the learning curve over its rows, of "
        "logarithms for risks). The tolerance is 2√2 standard deviations over the seeds of the reference, "
        "or what one seed is known to move by between machines, if that is more."
    )
    yield ""
    if found.layers:
        yield from _named(found.layers)
    yield "## Bits"
    yield ""
    words = {True: "same", False: "other", None: "not recorded"}
    yield from _table(("file", "bytes"), [(name, words[same]) for name, same in found.bits.items()])


def _machines(found: Verification) -> Iterator[str]:
    def facts(record: Record | None) -> dict[str, str]:
        if record is None:
            return {}
        used = {f"{name} (version)": version for name, version in record["versions"].items()}
        about = {
            key: str(record[key]) for key in ("commit", "device", "threads", "start", "end") if key in record
        }
        machine: dict[str, str] = record["machine"]
        return about | machine | used

    reference, here = facts(found.reference), facts(found.here)
    rows = [(key, reference.get(key, "–"), here.get(key, "–")) for key in dict.fromkeys((*here, *reference))]
    yield "## Machines"
    yield ""
    yield from _table(("", "reference", "here"), rows)


def _numbers(found: Verification) -> list[tuple[str, ...]]:
    return [
        (
            WORDS[one.quantity],
            _solvers(one.subject),
            f"{one.reference:.4g}",
            f"{one.here:.4g}",
            f"{one.deviation:.2g}",
            f"{one.tolerance:.2g}",
            _word(one.inside, "inside", "OUTSIDE")
            + (f" ({one.undecided} layers known on one side only)" if one.undecided else ""),
        )
        for one in found.numbers
    ]


def _named(layers: Sequence[Layer]) -> Iterator[str]:
    yield "## Layers"
    yield ""
    rows = [
        (one.layer, _identified(one.reference), _identified(one.here), "" if one.same else "other")
        for one in layers
    ]
    yield from _table(("layer", "reference", "here", ""), rows)
    yield (
        "The name of a layer, and in brackets what it is compatible with (docs/identification.md); "
        "the last layer is the model's own readout. One interval that crosses the margin changes either, so "
        "that a layer alone does not decide whether trainings agree."
    )
    yield ""


def _identified(found: Identified) -> str:
    return f"{found.named} ({', '.join(found.survivors) or 'no family'})"


def _solvers(text: str) -> str:
    return " or ".join(short_name(word) if word in SOLVERS else word for word in text.split(" or "))


def _word(yes: bool, good: str, bad: str) -> str:
    return good if yes else f"**{bad}**"


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    for row in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |"
    yield ""
