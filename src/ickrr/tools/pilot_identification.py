"""Try statistics that identify solvers on predictions of known origin.

The predictions come from known algorithms and from one trained model; docs/identification.md says what the
statistics are and what they showed.
"""

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ickrr.comparison.bootstrap import resample_weights
from ickrr.config.command_line import at_least_one
from ickrr.config.run import RunSettings
from ickrr.identification.cases import PSEUDO, Solvers, held_out, known, nulls
from ickrr.identification.degree import needed_degree, polynomial_columns
from ickrr.identification.instrument import FIRST_LENGTH, Instrument, build, without_wide_smoothers
from ickrr.identification.prompts import Problem
from ickrr.identification.pseudo import Side, pseudo_layer
from ickrr.identification.spectra import norm_weights, row_sum_weights, spectrum
from ickrr.io.checks import Array, load_checked
from ickrr.io.files import atomic_path
from ickrr.io.run_files import load_prompts
from ickrr.io.tensors import read_metadata
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model
from ickrr.randomness import numpy_generator, torch_generator
from ickrr.solvers.chebyshev import iterate as chebyshev
from ickrr.solvers.krylov import conjugate_gradients
from ickrr.solvers.system import KernelSystem
from ickrr.tasks import bayes_ridge

PAIRS = (("R", "PR"), ("PR closed", "PR"), ("PCG", "PR"), ("ridge", "PR"), ("R", "PR closed"))
STEPS = 12  # of the solvers without a filter
STREAM_LAYER = 4  # of the untrained model
NOISES = (0.15, 0.3, 0.6)  # of pseudo-layers, relative to the stream
LARGEST_DEGREE = 12
DEGREE_MARGIN = 0.005  # of the relative distance


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--predictions",
        type=Path,
        required=True,
        help="predictions of the layers of the trained model (safetensors)",
    )
    parser.add_argument("--fit", type=Path, required=True, help="prompts that its probes were fitted to")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that it predicts")
    parser.add_argument("--output", type=Path, required=True, help="table to write (.csv)")
    parser.add_argument("--degrees", type=Path, required=True, help="table of needed degrees to write (.csv)")
    parser.add_argument(
        "--draws", type=at_least_one, default=300, help="bootstrap draws over prompts (default 300)"
    )
    parser.add_argument("--threads", type=at_least_one, default=1, help="CPU threads (default 1)")


def main(arguments: argparse.Namespace) -> None:
    """Write one row for each case and pair: coefficients with intervals, variance left, distances, verdict.

    Raises:
        FileError: a file is missing or damaged, or the prompts are of another task.
    """
    torch.set_num_threads(arguments.threads)
    run = RunSettings.model_validate(read_metadata(arguments.predictions)["run"])
    fit = _problem(load_prompts(arguments.fit, run, "fit"), run)
    evaluation = _problem(load_prompts(arguments.evaluation, run, "evaluation"), run)
    prompts, points = evaluation.y.shape
    read = load_checked(
        arguments.predictions, {"layers": (None, prompts, points), "output": (prompts, points)}
    )
    iterates = _iterates(evaluation)
    weights = resample_weights(prompts, arguments.draws, 0)
    wide = build(evaluation, iterates, weights, 0.95)
    narrow = without_wide_smoothers(wide)
    solvers = Solvers(evaluation, iterates)
    groups = {
        "no iteration": nulls(evaluation),
        "known": known(solvers, numpy_generator(0, "pilot", "noise")),
        "held out": held_out(solvers, _chebyshev(evaluation), numpy_generator(0, "pilot", "features")),
        "pseudo-layer": dict(_pseudo_layers(fit, evaluation, solvers, run)),
        "trained": {f"layer {index}": layer for index, layer in enumerate(read["layers"]) if index}
        | {"own readout": read["output"]},
    }
    rows = []
    for group, cases in groups.items():
        for name, predictions in cases.items():
            rows += [{"group": group, "case": name, **row} for row in _rows(narrow, wide, predictions)]
        print(f"{group}: {len(cases)} cases", flush=True)
    degrees = _degrees(evaluation, {group: groups[group] for group in ("known", "pseudo-layer", "trained")})
    for path, table in ((arguments.output, rows), (arguments.degrees, degrees)):
        with atomic_path(path) as temporary:
            pd.DataFrame(table).round(4).to_csv(temporary, index=False)


def _rows(narrow: Instrument, wide: Instrument, predictions: Array) -> Iterator[dict[str, object]]:
    """Yield rows of one case: (R, PR) with the first list of nuisances, all pairs with the proposed one."""
    layer = predictions[:, -narrow.ridges.predictions.shape[2] :]
    for nuisances, instrument, pairs in (("first", narrow, PAIRS[:1]), ("proposed", wide, PAIRS)):
        for first, second in pairs:
            result = instrument.compare(layer, first, second)
            a, b = result.coefficients.first, result.coefficients.second
            yield {
                "nuisances": nuisances,
                "first": first,
                "second": second,
                "raw": result.raw,
                "b": b.value,
                "b_low": b.low,
                "b_high": b.high,
                "b_left": b.left,
                "a": a.value,
                "a_low": a.low,
                "a_high": a.high,
                "a_left": a.left,
                "first_distance": result.distances[0],
                "second_distance": result.distances[1],
                "verdict": result.coefficients.verdict(),
            }


def _degrees(problem: Problem, groups: dict[str, dict[str, Array]]) -> list[dict[str, object]]:
    """Return the rows of needed degrees in P A and, for comparison, in A over its norm."""
    lengths = slice(FIRST_LENGTH, problem.y.shape[1])
    columns = {
        matrix: polynomial_columns(
            spectrum(problem.kernel(), problem.y, problem.ridge, weights).restricted(lengths), LARGEST_DEGREE
        )
        for matrix, weights in (("P A", row_sum_weights), ("A", norm_weights))
    }
    rows: list[dict[str, object]] = []
    for group, cases in groups.items():
        for name, predictions in cases.items():
            for matrix, polynomials in columns.items():
                found = needed_degree(polynomials, predictions[:, lengths], DEGREE_MARGIN)
                distances = {f"distance_{degree}": d for degree, d in enumerate(found.distances, start=1)}
                rows.append(
                    {"group": group, "case": name, "matrix": matrix, "degree": found.degree, **distances}
                )
    return rows


def _problem(arrays: dict[str, Array], run: RunSettings) -> Problem:
    return Problem(arrays["x"], arrays["y"], run.task.lengthscale, bayes_ridge(run.task))


def _system(problem: Problem) -> KernelSystem:
    return KernelSystem(torch.from_numpy(problem.kernel()), torch.from_numpy(problem.y), problem.ridge)


def _iterates(problem: Problem) -> dict[str, Array]:
    system = _system(problem)
    weights = {"CG": system.mask, "PCG": system.masked_inverse(system.row_sums + system.ridge)}
    return {
        name: np.stack(
            [step.numpy().copy() for step in islice(conjugate_gradients(system, weight), STEPS + 1)]
        )
        for name, weight in weights.items()
    }


def _chebyshev(problem: Problem) -> Array:
    from ickrr.config.solvers import SolverSettings

    steps = islice(chebyshev(_system(problem), SolverSettings()), STEPS + 1)
    return np.stack([step.numpy().copy() for step in steps])


def _pseudo_layers(
    fit: Problem, evaluation: Problem, solvers: Solvers, run: RunSettings
) -> Iterator[tuple[str, Array]]:
    fit_solvers = Solvers(fit, _iterates(fit))
    model = build_model(run)
    initialise(model, torch_generator(0, "initial weights"))
    sides = []
    for problem in (fit, evaluation):
        with torch.no_grad():
            x, y = (torch.from_numpy(array).float() for array in (problem.x, problem.y))
            streams = [
                model.residual_streams(some_x, some_y)[STREAM_LAYER]
                for some_x, some_y in zip(x.split(256), y.split(256), strict=True)
            ]
        sides.append(Side(torch.cat(streams).double().numpy(), problem.y))
    for label, cases in PSEUDO.items():
        for index, case in enumerate(cases):
            signals = [(fit_solvers.predict(*one), solvers.predict(*one)) for one in case]
            written = " with ".join(f"{solver} {step:g}" for solver, step in case)
            for noise in NOISES:
                generator = numpy_generator(0, "pilot", label, index)
                layer = pseudo_layer(sides[0], sides[1], signals, noise, 1e-6, generator)
                yield f"{label}: {written}, noise {noise:g}", layer
