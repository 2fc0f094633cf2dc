"""Try the attribution on predictions of known origin: what is named, and how often wrongly.

An attribution is only as good as this table. Pseudo-layers are made as layers are made: the iterates of a
known algorithm are written into the residual stream of a transformer with initial weights, under noise, and
read by a probe that was fitted to labels. So are the layers of a model that is built by hand.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from ickrr.config.claim_terms import BUILT
from ickrr.config.identification import IdentificationSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.identification.attribution import Attribution, attribute
from ickrr.identification.cases import (
    CHEBYSHEV_STEPS,
    MEMBERS,
    MIXED,
    Signal,
    nearly_preconditioned,
    not_iterated,
    other_algorithms,
)
from ickrr.identification.families import FAMILIES, Candidates
from ickrr.identification.prompts import Problem
from ickrr.identification.pseudo import Side, pseudo_layer
from ickrr.identification.spectra import largest_shared_steps
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model
from ickrr.randomness import numpy_generator, torch_generator
from ickrr.solvers.chebyshev import iterate as chebyshev

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """One case and what was said of it.

    Attributes:
        group: how its predictions were made.
        case: what it is.
        allowed: the families that it may be named as; none of them for an algorithm of no family.
        noise: standard deviation of the noise over that of the stream (pseudo-layers) or of the predictions.
        attribution: what was said.
    """

    group: str
    case: str
    allowed: tuple[str, ...]
    noise: float
    attribution: Attribution

    @property
    def wrong(self) -> bool:
        """Whether a family was named that is not what the predictions were made from."""
        return self.attribution.name in FAMILIES and self.attribution.name not in self.allowed


@dataclass(frozen=True)
class Bench:
    """What known cases are made from, and what judges them.

    Attributes:
        candidates: the families, at the context lengths that count, on the prompts that are predicted.
        fit: the families at all context lengths, on the prompts that probes are fitted to.
        evaluation: the same on the prompts that are predicted.
        streams: residual streams of an untrained model on both, with labels.
        probe: settings of the probe.
        settings: margin of the attribution, and the noise and the seed of the cases.
        confidence: of the intervals over prompts.
    """

    candidates: Candidates
    fit: Candidates
    evaluation: Candidates
    streams: tuple[Side, Side]
    probe: ProbeSettings
    settings: IdentificationSettings
    confidence: float

    @classmethod
    def of(
        cls,
        run: RunSettings,
        fit: Problem,
        evaluation: Problem,
        probe: ProbeSettings,
        settings: IdentificationSettings,
        confidence: float,
    ) -> "Bench":
        """Return the bench of two sets of prompts.

        Args:
            run: architecture and task of the untrained model.
            fit: prompts that probes are fitted to, and that the step of "R shared" is chosen on.
            evaluation: prompts that are predicted.
            probe: settings of the probe.
            settings: of the identification.
            confidence: of the intervals over prompts.
        """
        shared = largest_shared_steps(fit.kernel(), fit.ridge)
        first, blocks = settings.first_context_length, settings.blocks
        fit_side, evaluation_side = (
            streams_of(run, part, settings.seed, probe.chunk_prompts) for part in (fit, evaluation)
        )
        return cls(
            candidates=Candidates(evaluation, shared, first, blocks),
            fit=Candidates(fit, shared, 0, 1),
            evaluation=Candidates(evaluation, shared, 0, 1),
            streams=(fit_side, evaluation_side),
            probe=probe,
            settings=settings,
            confidence=confidence,
        )

    def judge(self, predictions: Array) -> Attribution:
        """Attribute predictions (B, N+1)."""
        return attribute(
            self.candidates,
            predictions[:, self.candidates.lengths],
            self.settings.margin,
            self.confidence,
        )

    def pseudo_layer(self, signals: Sequence[Signal], noise: float, generator: np.random.Generator) -> Array:
        """Return what a probe reads from a stream that signals were written into, (B, N+1)."""
        written = [(self.fit.at(*signal), self.evaluation.at(*signal)) for signal in signals]
        return pseudo_layer(*self.streams, written, noise, self.probe, generator)


def streams_of(run: RunSettings, problem: Problem, seed: int, chunk: int) -> Side:
    """Return the stream of a model with initial weights halfway up, and the labels.

    Args:
        run: its architecture and task.
        problem: the prompts.
        seed: of the weights.
        chunk: prompts of a forward pass; bounds memory.
    """
    model = build_model(run)
    initialise(model, torch_generator(seed, "weights of pseudo-layers"))
    x, y = (torch.from_numpy(array).float() for array in (problem.x, problem.y))
    with torch.no_grad():
        streams = [
            model.residual_streams(some_x, some_y)[(run.model.layers + 1) // 2]
            for some_x, some_y in zip(x.split(chunk), y.split(chunk), strict=True)
        ]
    return Side(torch.cat(streams).double().numpy(), problem.y)


def trials(bench: Bench, built: Mapping[str, Array]) -> Iterator[Trial]:
    """Yield all known cases and what is said of them.

    Args:
        bench: what they are made from, and what judges them.
        built: by case, what a probe reads from the layers of models that are built to be preconditioned
            Richardson, (B, N+1).
    """
    for case, predictions in built.items():
        yield Trial(BUILT, case, ("PR",), 0.0, bench.judge(predictions))
    noises, white, seed = bench.settings.noises, bench.settings.white_noises, bench.settings.seed
    for family, parameters in MEMBERS.items():
        for parameter in parameters:
            case = f"{family} {parameter:g}"
            exact = bench.evaluation.at(family, parameter)
            size = float(exact[:, bench.candidates.lengths].std())
            for noise in white:
                drawn = numpy_generator(seed, "white noise", case, f"{noise:g}").standard_normal(exact.shape)
                yield Trial("white noise", case, (family,), noise, bench.judge(exact + noise * size * drawn))
            for noise in noises:
                generator = numpy_generator(seed, "pseudo-layer", case, f"{noise:g}")
                layer = bench.pseudo_layer([(family, parameter)], noise, generator)
                yield Trial("pseudo-layer", case, (family,), noise, bench.judge(layer))
    for case, signals in MIXED.items():
        # The probe weighs what it finds, so that any of the ingredients may be what it reads.
        allowed = tuple(dict.fromkeys(name for name, _ in signals))
        for noise in noises:
            layer = bench.pseudo_layer(signals, noise, numpy_generator(seed, "mixed", case, f"{noise:g}"))
            yield Trial("mixed pseudo-layer", case, allowed, noise, bench.judge(layer))
    random_features = numpy_generator(seed, "random features")
    groups: dict[str, tuple[tuple[str, ...], dict[str, Array]]] = {
        "no iteration": ((), not_iterated(bench.evaluation.problem)),
        "held out": (
            (),
            other_algorithms(bench.evaluation, _chebyshev(bench.evaluation.problem), random_features),
        ),
        "nearly PR": (("PR",), nearly_preconditioned(bench.evaluation)),
    }
    for group, (allowed, cases) in groups.items():
        for case, predictions in cases.items():
            yield Trial(group, case, allowed, 0.0, bench.judge(predictions))


def _chebyshev(problem: Problem) -> Array:
    """Return the trajectory of the Chebyshev iteration, (T+1, B, N+1)."""
    steps = islice(chebyshev(problem.system(), SolverSettings()), max(CHEBYSHEV_STEPS) + 1)
    return np.stack([step.numpy().copy() for step in steps])
