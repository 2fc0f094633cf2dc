"""The built conjugate gradients and the solvers on the prompts of one family, as rows of tables."""

from collections.abc import Callable
from itertools import islice

import torch
from torch import Tensor

from ickrr.config.conjugate_gradient import Conditioning, ConjugateGradientSettings
from ickrr.constructions.conjugate import exact_model, measures, relu_model
from ickrr.constructions.conjugate.feature_prompts import FeaturePrompts, draw
from ickrr.constructions.conjugate.measures import Trajectory, first_below, relative_errors
from ickrr.constructions.conjugate.solvers import REFERENCES, STATIONARY
from ickrr.constructions.summary_rows import QUANTILES, Row, quantiles, supremum
from ickrr.randomness import torch_generator

SUBJECTS = {"cg": False, "pcg": True}  # preconditioned

Solve = Callable[[FeaturePrompts, str, int], Tensor]
"""Predictions (T+1, B, Q) of a solver, by its name, on prompts, up to step T."""


class Family:
    """Everything that is run on the prompts of one family.

    Args:
        settings: prompts and stacks.
        name: of the family.
        solve: runs one of the library's solvers on the prompts.
    """

    def __init__(self, settings: ConjugateGradientSettings, name: Conditioning, solve: Solve) -> None:
        self.settings = settings
        self.name = name
        self.prompts = self._draw("prompts")
        self.solution = self.prompts.system.solution()  # (B, Q)
        family, dimension = settings.families[name], settings.dimension
        self.built = {
            subject: Trajectory.of(
                exact_model.build(dimension, settings.steps, family.ridge, preconditioned=preconditioned),
                self.prompts,
            )
            for subject, preconditioned in SUBJECTS.items()
        }
        other = self._draw("calibration")
        ranges = relu_model.measured_ranges(
            self.built["cg"].stack, other.x, other.y, other.queries, settings.margin
        )
        self.relu = {
            units: Trajectory.of(
                relu_model.build(dimension, settings.steps, family.ridge, ranges, units), self.prompts
            )
            for units in settings.relu_units
        }
        self.solvers = {
            subject: solve(self.prompts, solver, settings.steps) for subject, solver in REFERENCES.items()
        }
        self.solvers |= {
            subject: solve(self.prompts, solver, settings.solver_steps)
            for subject, solver in STATIONARY.items()
        }

    def curves(self) -> list[Row]:
        """Errors of every layer of the stacks and every step of the solvers, quantiles over prompts."""
        rows: list[Row] = []
        steps = self.settings.steps
        for subject, trajectory in self.built.items():
            method = f"built_{subject}"
            energy = measures.energy_errors(trajectory.duals, self.prompts)
            rows += self._stack_rows("prediction", method, 0, trajectory, self._errors(trajectory))
            rows += self._stack_rows("energy", method, 0, trajectory, energy)
        for units, trajectory in self.relu.items():
            rows += self._stack_rows("prediction", "relu", units, trajectory, self._errors(trajectory))
        for subject, predictions in self.solvers.items():
            errors = relative_errors(predictions[: steps + 1], self.solution)
            method = REFERENCES.get(subject, subject)
            rows += self._step_rows("prediction", method, errors)
        bounds = {
            "prediction": measures.prediction_bound(self.prompts, steps),
            "energy": measures.rate_bound(self.prompts, steps),
        }
        for measure, bound in bounds.items():
            rows += self._step_rows(measure, "bound", bound)
        return rows

    def summary(self) -> list[Row]:
        """Rows of the summary that belong to this family."""
        prompts, labels, name = self.prompts, self.prompts.y, self.name
        rows = [quantiles("condition_number", "kernel", name, prompts.condition_numbers())]
        for subject, trajectory in self.built.items():
            predictions, reference = trajectory.predictions[trajectory.ends], self.solvers[subject]
            last = first_below(relative_errors(reference, self.solution), self.settings.tolerance)  # (B)
            witness = measures.reference_steps(prompts, preconditioned=SUBJECTS[subject])
            twin = torch.stack(list(islice(witness, len(reference))))  # (T+1, B, Q)
            changed, rested = measures.drift(predictions, self.solution, labels, self.settings.at_rest)
            values = {
                "step_error": measures.step_error(predictions, reference, labels, last),
                "twin_error": measures.step_error(twin, reference, labels, last),
                "local_error": measures.local_error(trajectory.stack, prompts, last),
                "drift": changed,
                "at_rest": rested / len(labels),
            }
            rows += [supremum(quantity, subject, name, value) for quantity, value in values.items()]
            rows += self._steps(subject, predictions)
        share = measures.rate_share(
            self.built["cg"].duals[self.built["cg"].ends],
            prompts,
            first_below(relative_errors(self.solvers["cg"], self.solution), self.settings.tolerance),
        )
        rows.append(supremum("rate_share", "cg", name, share))
        for subject in STATIONARY:
            rows += self._steps(subject, self.solvers[subject])
        for units, trajectory in self.relu.items():
            errors = relative_errors(trajectory.predictions[-1:], self.solution)[0]  # (B)
            subject = "relu" if name == "well" else f"relu_{name}"
            rows.append(quantiles("relu_error", subject, str(units), errors))
        return rows

    def _draw(self, purpose: str) -> FeaturePrompts:
        settings, family = self.settings, self.settings.families[self.name]
        shape = (settings.prompts, settings.context_length, settings.queries, settings.dimension)
        generator = torch_generator(settings.seed, "conjugate gradient", self.name, purpose)
        return draw(shape, family.decay, family.ridge, family.ridge**0.5, generator, nonnegative=True)

    def _steps(self, subject: str, predictions: Tensor) -> list[Row]:
        """Steps to the tolerance, and the share of prompts that did not reach it on the grid."""
        errors = relative_errors(predictions, self.solution)  # (T+1, B)
        missed = float((~(errors <= self.settings.tolerance).any(dim=0)).double().mean())
        first = first_below(errors, self.settings.tolerance)
        return [
            quantiles("steps", subject, self.name, first),
            supremum("steps_capped", subject, self.name, missed),
        ]

    def _errors(self, trajectory: Trajectory) -> Tensor:
        return relative_errors(trajectory.predictions, self.solution)  # (L+1, B)

    def _stack_rows(
        self, measure: str, method: str, units: int, trajectory: Trajectory, errors: Tensor
    ) -> list[Row]:
        stack = trajectory.stack
        return [
            self._row(measure, method, units, layer, stack.position(layer), errors[layer])
            for layer in range(len(errors))
        ]

    def _step_rows(self, measure: str, method: str, errors: Tensor) -> list[Row]:
        return [self._row(measure, method, 0, -1, step, errors[step]) for step in range(len(errors))]

    def _row(self, measure: str, method: str, units: int, layer: int, position: float, errors: Tensor) -> Row:
        low, middle, high = torch.quantile(errors, torch.tensor(QUANTILES, dtype=errors.dtype)).tolist()
        return {
            "family": self.name,
            "measure": measure,
            "method": method,
            "units": units,
            "layer": layer,
            "position": float(position),
            "value": middle,
            "low": low,
            "high": high,
        }


def block_counts() -> list[Row]:
    """Return how many blocks a step of each built model takes."""
    blocks = {"cg": exact_model.BLOCKS_PER_STEP, "relu": relu_model.BLOCKS_PER_STEP}
    return [supremum("blocks_per_step", subject, "", number) for subject, number in blocks.items()]
