"""Which macros a configuration gives, and why it does not give others: asked before the first job."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final, NamedTuple

from ickrr.config.experiment import Experiment
from ickrr.entries import SOLVERS
from ickrr.report.formatting import camel_case
from ickrr.report.numbers.names import GROUPS, KINDS, Group

Named = Mapping[str, Sequence[str]]
"""Names in camel case, by kind."""
PLACEHOLDER: Final = re.compile(r"<(\w+)>")
ESTIMATE: Final = ("", "Value", "Low", "High")
ANY: Final = "[A-Z][A-Za-z]*?"
WIDER: Final = {
    **dict.fromkeys(
        ("Compared", "WithErrors", "WithNoise", "Identified", "Uneven", "Followed", "Tried"), "Run"
    ),
    **dict.fromkeys(("TriedBuilt", "Replaced", "Linear", "Needing", "Probed"), "Run"),
    **dict.fromkeys(("Measured", "Anchor"), "Run"),
    "Headline": "Solver",
}
"""Kinds that are part of another. A name that is missing from the wider kind does not exist."""


def named(experiment: Experiment, claims: Collection[str]) -> Named:
    """Return the names of each kind that a configuration and a ledger have, in camel case."""
    constructions, operators = experiment.constructions, experiment.operators
    names = {
        "Run": experiment.runs,
        "Compared": experiment.compared,
        "WithErrors": experiment.runs_showing("errors"),
        "WithNoise": experiment.runs_showing("noise"),
        "Identified": experiment.runs_showing("attribution"),
        "Uneven": experiment.runs_showing("uneven"),
        "Followed": experiment.runs_showing("snapshot_attribution"),
        "Tried": experiment.runs_showing("trials"),
        "TriedBuilt": [run for run in experiment.runs_showing("trials") if experiment.built_for(run)],
        "Replaced": experiment.runs_showing("restored"),
        "Linear": experiment.runs_showing("linearity"),
        "Needing": experiment.runs_showing("degree"),
        "Probed": experiment.runs_showing("probes"),
        "Measured": operators.runs,
        "Anchor": experiment.anchors,
        "Solver": experiment.solvers.names,
        "Headline": experiment.solvers.headline,
        "Control": constructions.controls,
        "Ridge": constructions.verification.ridges,
        "Law": constructions.contraction.laws,
        "Claim": claims,
    }
    return {kind: [camel_case(name) for name in found] for kind, found in names.items()}


def templates(group: Group) -> Iterator[str]:
    """Yield the names of a group's macros as they stand in it, an estimate as four."""
    for tail in group.tails.split():
        whole = f"{group.stem}{tail}"
        yield from (whole.replace("~", part) for part in ESTIMATE) if "~" in whole else (whole,)


def macros(names: Named, groups: Iterable[Group] = GROUPS) -> set[str]:
    """Return every macro of some groups; where a table says how a name goes on, it ends in ``*``."""
    return {name for group in groups for template in templates(group) for name in _filled_in(template, names)}


class Unmade(NamedTuple):
    """Why a macro is not made: something that it is named after is not there.

    Attributes:
        name: what it is named after.
        kind: what that would have to be.
    """

    name: str
    kind: str


@dataclass(frozen=True)
class Recogniser:
    """Tells macros that this configuration does not give from LaTeX's own commands.

    Args:
        names: as `named` returns them.
    """

    names: Named

    @cached_property
    def made(self) -> set[str]:
        """Every macro that there is."""
        return macros(self.names)

    def unmade(self, macro: str) -> Unmade | None:
        """Say why a macro is not made; nothing where it is, or is none of ours."""
        if macro in self.made or any(macro.startswith(name[:-1]) for name in self.made if name[-1] == "*"):
            return None
        found = [match for pattern in self.patterns if (match := pattern.fullmatch(macro))]
        wrong = [lacks for match in found if (lacks := list(self._wrong(match)))]
        return min(wrong, key=len)[0] if wrong else None

    @cached_property
    def patterns(self) -> list[re.Pattern[str]]:
        """Expressions for the macros of any configuration, one for each template."""
        return [re.compile(self._pattern(one)) for group in GROUPS for one in templates(group) if "<" in one]

    def _pattern(self, template: str) -> str:
        def any_name(match: re.Match[str]) -> str:
            kind, place = match[1], match.start()
            known = sorted(self.names[kind], key=len, reverse=True)
            more = [camel_case(name) for name in SOLVERS] if kind in ("Solver", "Headline") else [ANY]
            return f"(?P<{kind}_{place}>{'|'.join([*known, *more])})"

        return PLACEHOLDER.sub(any_name, template.replace("*", "[A-Z][A-Za-z]*"))

    def _wrong(self, match: re.Match[str]) -> Iterator[Unmade]:
        for group, name in match.groupdict().items():
            kind = group.split("_")[0]
            if name not in self.names[kind]:
                wider = WIDER.get(kind, kind)
                yield Unmade(name, KINDS[kind if name in self.names[wider] else wider])


def _filled_in(template: str, names: Named) -> Iterator[str]:
    """Yield a template with all names of its kinds; two of one kind are never the same."""
    kinds = PLACEHOLDER.findall(template)
    for chosen in product(*(names[kind] for kind in kinds)):
        if len({*zip(kinds, chosen, strict=True)}) == len(kinds):
            parts = PLACEHOLDER.split(template)  # text, kind, text, kind, .., text
            parts[1::2] = chosen
            yield "".join(parts)
