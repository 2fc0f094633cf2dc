"""Tables of what kernels explain of heads, and of what replacing heads costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ickrr.comparison.resamples import Resamples
from ickrr.identification.encompassing import additions
from ickrr.identification.families import Candidates
from ickrr.interventions.effects import Subject
from ickrr.interventions.kernel_heads import LayerKernels
from ickrr.interventions.plan import REPLACEMENTS, HeadSet, Replacement
from ickrr.interventions.sequence import ROWS

Array = npt.NDArray[np.float64]

ALONE: Final[tuple[Replacement, ...]] = ("kernel", "mean")
"""What a single head is replaced by; heads together by everything."""

PAIRS: Final = (("R", "PR"), ("PR", "R"), ("ridge", "PR"), ("PR", "ridge"), ("smoother", "PR"))
"""Families and what is added to them, where coefficients are followed."""

NOTHING: Final = "none"
"""Scope and replacement of the model as it is."""


@dataclass(frozen=True)
class Effect:
    """What one replacement did to one model.

    Attributes:
        heads: which heads.
        replacement: by what.
        increase: of the excess risk of each prompt, of layers 0..L and of the model's own readout, (L+2, B).
    """

    heads: HeadSet
    replacement: Replacement
    increase: Array


def head_rows(kernels: Mapping[int, LayerKernels], layout: str, share: float) -> Iterator[dict[str, object]]:
    """Yield a row for each head and kind of row."""
    for layer, one in kernels.items():
        like, left = one.like_kernels(share), one.left()
        for head in range(len(left)):
            for kind, rows in enumerate(ROWS[layout]):
                beta = float(one.kernel.beta[head, kind])
                yield {
                    "layer": layer,
                    "head": head,
                    "rows": rows,
                    "bandwidth": (2 * beta) ** -0.5 if beta > 0 else np.inf,
                    "kernel_divergence": float(one.kernel.divergence[head, kind]),
                    "flat_divergence": float(one.flat.divergence[head, kind]),
                    "left": float(left[head]),
                    "like_kernel": bool(like[head]),
                }


def risk_rows(effect: Effect, before: Array, resamples: Resamples) -> Iterator[dict[str, object]]:
    """Yield the excess risk of every layer from the first that is changed on, and of the readout.

    Args:
        effect: of one replacement.
        before: excess risks without it, (L+2, B).
        resamples: of the prompts.
    """
    for read in range(effect.heads.first, len(before)):
        estimate = resamples.estimate(resamples.means(effect.increase[read][None])[:, 0])
        yield {
            **_names(effect.heads, effect.replacement, read),
            "heads": len(effect.heads.heads),
            "excess_risk": float((before + effect.increase)[read].mean()),
            "increase": estimate["value"],
            "low": estimate["low"],
            "high": estimate["high"],
        }


def coefficient_rows(
    candidates: Candidates,
    predictions: Array,
    heads: HeadSet | None,
    replacement: Replacement,
    confidence: float,
) -> Iterator[dict[str, object]]:
    """Yield encompassing coefficients of the layers from the first that is changed on, and of the readout.

    Args:
        candidates: the families on the prompts.
        predictions: of layers 0..L and of the readout, (L+2, B, N+1).
        heads: what is replaced; None for the model as it is, all of whose layers are followed.
        replacement: by what.
        confidence: of the intervals over prompts.
    """
    for read in range(heads.first if heads else 1, len(predictions)):
        layer = predictions[read][:, candidates.lengths]
        fitted = {name: candidates.fit(name, layer) for name in dict.fromkeys(sum(PAIRS, ()))}
        found = additions(layer, fitted, candidates.nuisances(layer))
        for family, other in PAIRS:
            low, high = found[family, other].interval(confidence)
            yield {
                **_names(heads, replacement, read),
                "family": family,
                "other": other,
                "coefficient": found[family, other].value,
                "low": low,
                "high": high,
            }


def _names(heads: HeadSet | None, replacement: Replacement, read: int) -> dict[str, object]:
    if heads is None:
        return {"scope": NOTHING, "layer": 0, "head": -1, "replacement": NOTHING, "read": read}
    return {
        "scope": heads.scope,
        "layer": heads.layer,
        "head": heads.head,
        "replacement": replacement,
        "read": read,
    }


def replacements_of(heads: HeadSet) -> tuple[Replacement, ...]:
    """Return what a set of heads is replaced by."""
    return ALONE if heads.scope == "head" else REPLACEMENTS


def measure(
    subject: Subject, sets: Sequence[HeadSet], candidates: Candidates, resamples: Resamples
) -> tuple[list[Effect], list[dict[str, object]], list[dict[str, object]]]:
    """Return all effects on one model, and the rows of its risks and coefficients.

    Coefficients are followed where heads are replaced together.
    """
    as_it_is = subject.predictions()
    before = subject.risks(as_it_is)
    effects: list[Effect] = []
    risks: list[dict[str, object]] = []
    level = resamples.confidence
    coefficients = list(coefficient_rows(candidates, as_it_is, None, "kernel", level))
    for heads in sets:
        for replacement in replacements_of(heads):
            predictions = subject.predictions(heads, replacement)
            effects.append(Effect(heads, replacement, subject.risks(predictions) - before))
            risks += risk_rows(effects[-1], before, resamples)
            if heads.scope != "head":
                coefficients += coefficient_rows(candidates, predictions, heads, replacement, level)
    return effects, risks, coefficients


def restored_rows(effects: Mapping[int, Sequence[Effect]], resamples: Resamples) -> list[dict[str, object]]:
    """Return which share of what mean attention costs another replacement saves, by scope.

    It is 1 - a / b, a the increase of the excess risk of the model's own readout, summed over the sets of a
    scope and averaged over seeds, b the same for mean attention: 1 if the replacement costs nothing, 0 if it
    costs as much as the mean.

    Args:
        effects: of each seed.
        resamples: of prompts and seeds.
    """
    rows: list[dict[str, object]] = []
    scopes = dict.fromkeys(one.heads.scope for found in effects.values() for one in found)
    for scope in scopes:
        costs = {name: _costs(effects, scope, name, resamples) for name in REPLACEMENTS}
        for replacement, cost in costs.items():
            if replacement != "mean" and cost.any():
                estimate = resamples.estimate(1 - cost / costs["mean"])
                rows.append({"scope": scope, "replacement": replacement, **estimate, "seeds": len(effects)})
    return rows


def _costs(
    effects: Mapping[int, Sequence[Effect]], scope: str, replacement: str, resamples: Resamples
) -> Array:
    """Return the summed increase at the model's readout, the mean over seeds, (1 + draws); 0 for no set."""
    by_seed = [
        sum(
            (one.increase[-1] for one in found if (one.heads.scope, one.replacement) == (scope, replacement)),
            start=np.zeros_like(found[0].increase[-1]),
        )
        for found in effects.values()
    ]
    return resamples.over_seeds(resamples.means(np.stack(by_seed)))
