"""What the layers of a training are named after it was repeated, beside what they were named before."""

from typing import NamedTuple

import pandas as pd

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.differences.sides import Side
from ickrr.verification.agreement import Conclusion


class Identified(NamedTuple):
    """What the identification says of one layer of one training.

    Attributes:
        named: a family, `none` or `undecided`.
        survivors: the families that it is compatible with.
    """

    named: str
    survivors: tuple[str, ...]


class Layer(NamedTuple):
    """One layer on both sides.

    Attributes:
        layer: 1..L; L + 1 is the model's own readout.
        counted: whether claims count it.
        reference: what the reference says of it.
        here: what is said of the retrained model.
    """

    layer: int
    counted: bool
    reference: Identified
    here: Identified

    @property
    def same(self) -> bool:
        """Whether both sides say the same of it."""
        return self.reference == self.here


def identified_layers(reference: Side, here: Side, run: str, seed: int) -> list[Layer]:
    """Return what both sides say of each layer; nothing where one of them has not identified the run.

    Args:
        reference: results that hold this training.
        here: results of the training that was repeated.
        run: name of the run.
        seed: of the training.
    """
    tables = [side.table(run, "attribution") for side in (reference, here)]
    before, after = (None if table is None else table[table["seed"] == seed] for table in tables)
    if before is None or after is None:
        return []
    return [
        Layer(int(str(layer)), bool(rows["counted"].iloc[0]), _identified(rows), _identified(again))
        for (layer, rows), (_, again) in zip(before.groupby("layer"), after.groupby("layer"), strict=True)
    ]


def _identified(rows: pd.DataFrame) -> Identified:
    return Identified(str(rows["named"].iloc[0]), tuple(rows.loc[rows["survives"], "family"]))


def families_named(layers: list[Layer]) -> list[Conclusion]:
    """Return the conclusion on which families layers are named after; nothing if no layer is identified."""
    counted = [layer for layer in layers if layer.counted]
    if not counted:
        return []
    before, after = (
        sorted(FAMILY_WORDS.keys() & {side.named for side in sides})
        for sides in ([one.reference for one in counted], [one.here for one in counted])
    )
    about = f"Which families are layers {counted[0].layer} to {counted[-1].layer} named after?"
    first, second = (", ".join(families) or "no family" for families in (before, after))
    return [Conclusion(about, first, second, before == after)]
