"""Four linear readouts of every layer, and how well each predicts prompts that it was not fitted to.

A probe reads the *raw* residual stream, or the stream after the model's final norm (*normed*), and is fitted
to the *label* y or to the *posterior_mean* m. The comparison's own probe is raw and fitted to labels. The
rule of choice looks at fit prompts only: each of their folds is read by probes that were fitted to the
others, and the probe with the least geometric mean over layers 1..L of the excess risk mean (p - m)^2 is
chosen.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ickrr.comparison.probe import NormalEquations, Readouts
from ickrr.config.probe import ProbeSettings
from ickrr.model.placed import PlacedModel
from ickrr.model.transformer import Transformer

Array = npt.NDArray[np.float64]


class Probe(NamedTuple):
    """One way to read layers.

    Attributes:
        stream: ``raw`` or ``normed``.
        target: ``label`` or ``posterior_mean``.
    """

    stream: str
    target: str


PROBES: Final = tuple(Probe(*one) for one in product(("raw", "normed"), ("label", "posterior_mean")))


class Prompts(NamedTuple):
    """Some prompts: inputs (b, N+1, d), labels and posterior means (b, N+1)."""

    x: Tensor
    y: Tensor
    posterior_mean: Tensor

    @classmethod
    def of(cls, stored: Mapping[str, Array], step: slice = slice(None)) -> "Prompts":
        """Return stored prompts, or some of them."""
        return cls(*(torch.from_numpy(stored[name][step]) for name in ("x", "y", "posterior_mean")))

    def chunks(self, size: int) -> "Iterator[Prompts]":
        """Yield them in parts of at most `size` prompts."""
        yield from (Prompts(*part) for part in zip(*(one.split(size) for one in self), strict=True))


class ProbeFits:
    """The four probes of one model.

    Args:
        model: the model.
        fit: stored prompts that the probes are fitted to.
        settings: ridge, and prompts of a forward pass.
        folds: parts of the fit prompts, prompt b in part b modulo `folds`.

    Attributes:
        readouts: by probe, fitted to all fit prompts.
        crossed: by probe, the excess risk of layers 0..L on the fold that a fit did not see, (L+1).
    """

    def __init__(
        self, model: Transformer, fit: Mapping[str, Array], settings: ProbeSettings, folds: int
    ) -> None:
        self.model, self.settings = model, settings
        self.placed = PlacedModel(model)
        parts = [Prompts.of(fit, slice(fold, None, folds)) for fold in range(folds)]
        self.readouts = self._fit(parts)
        squares: dict[Probe, list[Tensor]] = {probe: [] for probe in PROBES}
        for fold, part in enumerate(parts):
            readouts = self._fit([other for index, other in enumerate(parts) if index != fold])
            for probe, predictions in self._read(readouts, part).items():
                squares[probe].append((predictions - part.posterior_mean).square())
        self.crossed = {
            probe: torch.cat(errors, dim=1).mean(dim=(1, 2)).numpy() for probe, errors in squares.items()
        }

    def predictions(self, stored: Mapping[str, Array]) -> dict[Probe, Array]:
        """Return what each probe reads from layers 0..L on stored prompts, (L+1, B, N+1)."""
        found = self._read(self.readouts, Prompts.of(stored))
        return {probe: read.numpy() for probe, read in found.items()}

    def _fit(self, parts: list[Prompts]) -> dict[Probe, Readouts]:
        equations: dict[Probe, NormalEquations] = {}
        for part in parts:
            for prompts in part.chunks(self.settings.chunk_prompts):
                streams = self._streams(prompts)
                for probe in PROBES:
                    target = prompts.y if probe.target == "label" else prompts.posterior_mean
                    if probe in equations:
                        equations[probe].add(streams[probe.stream], target)
                    else:
                        equations[probe] = NormalEquations(streams[probe.stream], target)
        return {probe: one.solve(self.settings) for probe, one in equations.items()}

    def _read(self, readouts: Mapping[Probe, Readouts], part: Prompts) -> dict[Probe, Tensor]:
        read: dict[Probe, list[Tensor]] = {probe: [] for probe in PROBES}
        for prompts in part.chunks(self.settings.chunk_prompts):
            streams = self._streams(prompts)
            for probe in PROBES:
                read[probe].append(readouts[probe].predict(streams[probe.stream]))
        return {probe: torch.cat(parts, dim=1) for probe, parts in read.items()}

    def _streams(self, prompts: Prompts) -> dict[str, Tensor]:
        with torch.no_grad():
            raw = self.placed.streams(prompts.x, prompts.y)  # (L+1, b, N+1, width)
            return {"raw": raw, "normed": self.model.final_norm(raw)}


def chosen_probe(fits: Mapping[int, ProbeFits]) -> Probe:
    """Return the probe of a run: the least geometric mean, over seeds and layers, of the crossed risk."""

    def level(probe: Probe) -> float:
        return float(np.mean([np.log(one.crossed[probe][1:]) for one in fits.values()]))

    return min(PROBES, key=level)
