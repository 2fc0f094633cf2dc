"""Find the needed degree of pseudo-layers whose degree is known: the power of `ickrr.identification.degree`.

A pseudo-layer of degree m holds k' q(P A) P y with a polynomial q of degree m - 1: the one of
preconditioned Richardson after m steps; the one that is nearest to the posterior mean on the fit prompts
(what a model with m products with the kernel could do best); or the Chebyshev polynomial T_{m-1}(2 P A - 1),
which no polynomial of lower degree comes near. The first two may need fewer products than they were made
with, so that what is found is compared with what the signal itself needs, without stream, noise and probe.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ickrr.config.degree import DegreeSettings
from ickrr.config.probe import ProbeSettings
from ickrr.identification.degree import needed_degree, polynomial_columns
from ickrr.identification.pseudo import Side, pseudo_layer
from ickrr.identification.spectra import Spectrum, chebyshev, iterated, penalised
from ickrr.randomness import numpy_generator

Array = npt.NDArray[np.float64]

RICHARDSON = "PR"
NEAREST = "nearest to the posterior mean"
CHEBYSHEV = "Chebyshev"


@dataclass(frozen=True)
class KnownSide:
    """One set of prompts.

    Attributes:
        spectrum: of P A, at all context lengths.
        stream: of an untrained model, with the labels.
    """

    spectrum: Spectrum
    stream: Side


def degree_trials(
    fit: KnownSide,
    evaluation: KnownSide,
    lengths: slice,
    probe: ProbeSettings,
    settings: DegreeSettings,
) -> Iterator[dict[str, object]]:
    """Yield a row for each known case: its degree, what its signal needs, and what is found.

    Args:
        fit: prompts that the probe is fitted to.
        evaluation: prompts that are predicted.
        lengths: context lengths that count.
        probe: settings of the probe.
        settings: degrees and noises of the cases, and how a degree is found.
    """
    known = max(settings.known)
    columns, tests = (polynomial_columns(side.spectrum, known) for side in (fit, evaluation))
    wanted = fit.spectrum.predict(penalised(0.0))  # the posterior mean, (B, N+1)
    measured = polynomial_columns(evaluation.spectrum.restricted(lengths), settings.largest)
    for degree in settings.known:
        weights = np.linalg.lstsq(columns[..., :degree].reshape(-1, degree), wanted.ravel(), rcond=None)[0]
        signals = {
            RICHARDSON: tuple(side.spectrum.predict(iterated(degree)) for side in (fit, evaluation)),
            NEAREST: (columns[..., :degree] @ weights, tests[..., :degree] @ weights),
            CHEBYSHEV: tuple(side.spectrum.predict(chebyshev(degree - 1)) for side in (fit, evaluation)),
        }
        for group, (written, tested) in signals.items():
            exact = needed_degree(measured, tested[:, lengths], settings.margin, settings.folds).degree
            for noise in settings.noises:
                generator = numpy_generator(settings.seed, "known degree", group, degree, f"{noise:g}")
                layer = pseudo_layer(
                    fit.stream, evaluation.stream, [(written, tested)], noise, probe, generator
                )
                found = needed_degree(measured, layer[:, lengths], settings.margin, settings.folds).degree
                yield {"group": group, "degree": degree, "exact": exact, "noise": noise, "found": found}


def degree_rows(
    spectrum: Spectrum, layers: Array, settings: DegreeSettings, start: int
) -> Iterator[dict[str, object]]:
    """Yield a row for each layer and degree.

    Args:
        spectrum: of P A, at the context lengths that count.
        layers: predictions at the same, (L, B, C).
        settings: largest degree, margin and folds.
        start: number of the first of the layers.
    """
    columns = polynomial_columns(spectrum, settings.largest)
    for number, layer in enumerate(layers, start):
        found = needed_degree(columns, layer, settings.margin, settings.folds)
        for degree, distance in enumerate(found.distances, start=1):
            yield {
                "layer": number,
                "degree": degree,
                "distance": float(distance),
                "needed": degree == found.degree,
            }
