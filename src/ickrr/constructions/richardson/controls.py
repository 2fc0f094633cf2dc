"""Controls of the comparison, models that are not trained: built ones must match, a random one must not.

A built model's layer l holds step l - setup of Richardson with the row sums of K + ridge I, to within its
proven layer bound.
"""

from dataclasses import dataclass

from ickrr.config.constructions import ControlWeights
from ickrr.config.model import BuiltModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings
from ickrr.constructions.richardson import exact_model, relu_model
from ickrr.constructions.richardson.design import SETUP_BLOCKS, Certificate, Units, certify
from ickrr.constructions.richardson.problem import Problem
from ickrr.errors import ConstructionError
from ickrr.model.initialisation import initialise
from ickrr.model.transformer import Transformer
from ickrr.model.weights import build_model
from ickrr.randomness import torch_generator

LABEL_BOUND = 6.0  # five standard deviations of a label, and more
ROUNDING = 1e-9  # what exact products leave; measured: below 1e-14


@dataclass(frozen=True)
class Control:
    """A model and what it must be.

    Attributes:
        model: its weights, float64 if they are built.
        setup: layer l holds step max(0, l - setup); None for random weights.
        layer_bound: bound of |prediction - Richardson iterate| at every layer; None for random weights.
    """

    model: Transformer
    setup: int | None
    layer_bound: float | None


def build_control(kind: ControlWeights, run: RunSettings, seed: int) -> Control:
    """Build a control of some kind.

    Args:
        kind: built, exact or random.
        run: its task and architecture; its training is not used.
        seed: seed of random weights.

    Raises:
        ConstructionError: the task or the architecture does not allow the construction.
    """
    if kind == "random":
        model = build_model(run)
        initialise(model, torch_generator(seed, "initial weights"))
        return Control(model, None, None)
    if not isinstance(run.model, BuiltModelSettings):
        raise ConstructionError(
            f"model.mlp: found '{run.model.mlp}', that of a trained model; weights that are {kind} need the "
            "architecture of a built one"
        )
    build = build_relu if kind == "built" else build_exact
    return build(run.task, run.model)


def problem_of(task: TaskSettings) -> Problem:
    """Return the problem of a task on the sphere.

    Raises:
        ConstructionError: the task is another one.
    """
    if task.law != "spherical" or task.kernel != "gaussian":
        raise ConstructionError(
            f"constructions.controls: found a task with law = {task.law} and kernel = {task.kernel}; "
            "built controls are made for law = spherical and kernel = gaussian, where |x| = 1"
        )
    return Problem(
        dimension=task.dimension,
        context_length=task.context_length,
        lengthscale=task.lengthscale,
        ridge=task.noise_std**2,
        input_bound=1.0,
        label_bound=LABEL_BOUND,
        sphere=True,
    )


def build_relu(task: TaskSettings, model: BuiltModelSettings) -> Control:
    """Build the construction with as many steps and units as the architecture has room for.

    Raises:
        ConstructionError: the architecture has too little room.
    """
    steps = model.layers - SETUP_BLOCKS
    if steps < 1:
        raise ConstructionError(
            f"model.layers: found {model.layers}; the construction needs more than {SETUP_BLOCKS}"
        )
    units = Units(
        norm=0, share=0, update=model.bank_units, reciprocal=model.bank_units, readout=model.bank_units
    )
    certificate: Certificate = certify(problem_of(task), steps, units)
    return Control(relu_model.build(certificate, model), SETUP_BLOCKS, certificate.layer)


def build_exact(task: TaskSettings, model: BuiltModelSettings) -> Control:
    """Build the construction with exact products.

    Raises:
        ConstructionError: the architecture has too little room.
    """
    problem = problem_of(task)
    setup = exact_model.setup_blocks(problem)
    if model.layers <= setup:
        raise ConstructionError(
            f"model.layers: found {model.layers}; the construction needs more than {setup}"
        )
    return Control(exact_model.build(problem, model.layers - setup, model), setup, ROUNDING)
