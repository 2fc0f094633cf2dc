"""The built weights: exactly Richardson, layer by layer, and any wrong weight is noticed."""

from dataclasses import replace

import pytest
import torch

from ickrr.constructions.richardson import exact_model
from ickrr.constructions.richardson.adversaries import adversarial_prompts, all_prompts
from ickrr.constructions.richardson.assembly import prediction_step
from ickrr.constructions.richardson.design import SETUP_BLOCKS, certify, design
from ickrr.constructions.richardson.problem import Problem
from ickrr.constructions.richardson.prompts import Prompts, exact_system
from ickrr.constructions.richardson.relu_model import build, settings_for
from ickrr.constructions.richardson.verification import check
from ickrr.errors import ConstructionError
from ickrr.model.banks import BankedMLP
from ickrr.model.block import MLP


def sweep(**changes):
    base = Problem(3, 8, 1.0, 0.8, 2.0, 2.0)
    return replace(base, **changes)


CASES = [
    (sweep(), 1e-1),
    (sweep(), 1e-5),
    (sweep(ridge=0.2), 1e-2),
    (sweep(context_length=40, ridge=4.0, dimension=5, lengthscale=0.6), 1e-3),
    (sweep(preconditioner="kernel", ridge=0.5), 1e-3),
    (sweep(sphere=True, input_bound=1.0), 1e-4),
]


@pytest.mark.parametrize(("problem", "accuracy"), CASES)
def test_promises_are_kept(problem, accuracy):
    """Fails if a prediction misses the accuracy, or any layer the Richardson iterate, by more than proven."""
    certificate = design(problem, accuracy)
    assert certificate.total <= accuracy
    found = check(build(certificate), certificate, all_prompts(problem, 3, certificate.steps, 1), 32)
    assert found.error <= certificate.total
    assert found.iterate_error <= certificate.layer


@pytest.mark.parametrize("length", [0, 1, 5])
def test_shorter_prompts(problem, certificate, length):
    """Fails if the weights work for prompts of N pairs only; without any pair the prediction must be 0."""
    model = build(certificate)
    full = all_prompts(problem, 3, certificate.steps, 2)
    prompts = Prompts(full.x[:, :length], full.y[:, :length], full.queries, full.families)
    if length == 0:
        *_, last = model.query_layers(prompts.x, prompts.y, prompts.queries)
        assert float(model.read(last).abs().max()) < 1e-9
        return
    assert check(model, certificate, prompts, 32).error <= certificate.total


def test_richardson_in_a_plain_loop(problem):
    """Fails if, with exact products, layer l is not step l - setup of an iteration written here."""
    prompts = all_prompts(problem, 3, 10, 3)
    model = exact_model.build(problem, 12)
    setup = exact_model.setup_blocks(problem)
    layers = [model.read(h) for h in model.query_layers(prompts.x, prompts.y, prompts.queries)]
    assert len(layers) == setup + 12 + 1
    system = exact_system(problem, prompts)
    a = torch.zeros_like(prompts.y)
    for step in range(13):
        wanted = torch.einsum("bqn,bn->bq", system.cross, a)
        held = [setup + step] if step else range(setup + 1)
        for layer in held:
            assert float((layers[layer] - wanted).abs().max()) < 1e-11
        residual = prompts.y - torch.einsum("bij,bj->bi", system.kernel, a) - problem.ridge * a
        a = a + residual / (system.kernel.sum(2) + problem.ridge)


@pytest.mark.parametrize("task_seed", [0, 1])
def test_solver_of_the_comparison_agrees(task_seed):
    """Fails if the built model and the solvers' own Richardson are different algorithms, at any prefix."""
    from ickrr.config.solvers import SolverSettings
    from ickrr.config.task import TaskSettings
    from ickrr.randomness import torch_generator
    from ickrr.solvers.preconditioned_richardson import iterate as preconditioned_richardson
    from ickrr.solvers.system import KernelSystem
    from ickrr.tasks import kernel_matrix, sample_prompts

    task = TaskSettings(context_length=6)
    prompts = sample_prompts(task, 5, torch_generator(task_seed, "test"))
    system = KernelSystem(kernel_matrix(task, prompts.x), prompts.y, task.noise_std**2)
    steps = preconditioned_richardson(system, SolverSettings())
    problem = Problem(5, 6, task.lengthscale, task.noise_std**2, 1.0, 6.0, sphere=True)
    streams = exact_model.build(problem, 5).residual_streams(prompts.x, prompts.y)
    model = exact_model.build(problem, 5)
    for layer, prediction in enumerate(model.read(streams)):
        if layer > exact_model.setup_blocks(problem) or layer == 0:
            wanted = next(steps)
            assert float((prediction - wanted).abs().max()) < 1e-12


def test_banks_are_an_ordinary_relu_mlp(problem):
    """Fails if evaluating by binary search is anything but the dense ReLU network of the same weights."""
    certificate = design(problem, 1e-2)
    model, dense = build(certificate), build(certificate)
    settings = settings_for(certificate)
    hidden = settings.hidden + settings.banks * settings.bank_units
    for block in dense.blocks:  # those of the iteration are one module
        if isinstance(block.mlp, BankedMLP):
            block.mlp = block.mlp.dense()
        assert isinstance(block.mlp, MLP) and block.mlp.nonlinearity is torch.relu
        assert block.mlp.up.out_features == hidden
    prompts = all_prompts(problem, 2, certificate.steps, 4)
    with torch.no_grad():
        found, wanted = (m.predict(prompts.x, prompts.y, prompts.queries) for m in (model, dense))
    assert float((found - wanted).abs().max()) < 1e-9


WEIGHTS = [
    (1, "attention.query.bias", 1e-2),
    (2, "attention.key.weight", 1e-2),
    (2, "attention.value.weight", 1e-2),
    (2, "mlp.changes", 1e-2),
    (2, "mlp.mix.weight", 1e-2),
    (2, "mlp.direction.bias", 1e-2),
    (2, "mlp.down.weight", 1e-2),
    (1, "mlp.knots", 1e-2),
    (0, "mlp.changes", 1e-2),
]


@pytest.mark.parametrize(("block", "name", "relative"), WEIGHTS)
def test_one_wrong_weight_is_noticed(problem, certificate, block, name, relative):
    """Fails if the check passes although the largest weight of a matrix is off by a hundredth."""
    model = build(certificate)
    prompts = all_prompts(problem, 3, certificate.steps, 5)
    parameter = model.blocks[block].get_parameter(name)
    with torch.no_grad():
        flat = parameter.view(-1)
        flat[flat.abs().argmax()] *= 1 + relative
    found = check(model, certificate, prompts, 32)
    assert not (found.error <= certificate.total and found.iterate_error <= certificate.layer)


def test_nan_does_not_pass(problem, certificate):
    """Fails if a model that returns NaN is certified."""
    model = build(certificate)
    model.readout.weight[0, 0] = torch.nan
    found = check(model, certificate, all_prompts(problem, 1, certificate.steps, 0), 32)
    assert not found.error <= 1


def test_adversarial_prompts_are_worse_than_they_look(problem, certificate):
    """Fails if the worst labels are not worst: among the labellings of one geometry they truncate most."""
    steps = 5
    prompts = adversarial_prompts(problem, steps, 0)
    system = exact_system(problem, prompts)
    iterates = system.richardson("ridge")
    for _ in range(steps):
        next(iterates)
    error = (next(iterates) - system.solution())[:, 0].abs().unflatten(0, (-1, 3))  # (geometry, labels)
    assert bool((error[:, 0] >= error.amax(1) - 1e-12).all())


def test_layer_counts(problem, certificate):
    """Fails if the declared offset and the depth disagree."""
    model = build(certificate)
    assert len(model.blocks) == certificate.depth == certificate.steps + SETUP_BLOCKS
    assert prediction_step(certificate.depth) == certificate.steps
    assert [prediction_step(layer) for layer in (0, 2, 3, 4)] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": 3.0}, r"input_bound: \|x\|: the data have .* made for 2"),
        ({"y": 9.0}, r"label_bound: \|y\|: the data have .* made for 2"),
        ({"n": 2}, "context_length: the data have 16, the weights were made for 8"),
    ],
)
def test_data_beyond_the_bounds_are_refused(problem, certificate, change, message):
    """Fails if the model is trusted on data that it was not made for."""
    good = all_prompts(problem, 1, 5, 0)
    repeat = change.get("n", 1)
    bad = Prompts(
        (good.x * change.get("x", 1.0)).repeat(1, repeat, 1),
        (good.y * change.get("y", 1.0)).repeat(1, repeat),
        good.queries,
        good.families,
    )
    with pytest.raises(ConstructionError, match=message):
        check(build(certificate), certificate, bad, 32)


def test_impossible_accuracy_is_refused(problem):
    """Fails if a promise is made that float64's rounding cannot keep."""
    with pytest.raises(ConstructionError, match="below what float64 can guarantee"):
        design(problem, 1e-14)


def test_too_few_units_are_refused(problem, certificate):
    """Fails if a bound is claimed where the iteration's range cannot be bounded."""
    with pytest.raises(ConstructionError, match="units a square are too few"):
        certify(replace(problem, ridge=1e-3), 10, replace(certificate.units, update=2))


def test_architecture_without_room_is_refused(certificate):
    """Fails if weights are built into an architecture that cannot hold them."""
    small = settings_for(certificate).model_copy(update={"bank_units": 2})
    with pytest.raises(ConstructionError, match=r"model.bank_units: found 2; .* at least"):
        build(certificate, small)
