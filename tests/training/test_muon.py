"""Muon on stacks and matrices against torch's own, one matrix at a time."""

import pytest
import torch

from ickrr.randomness import torch_generator
from ickrr.training.muon import Muon, orthogonalise

OPTIONS = {"lr": 0.02, "momentum": 0.95, "weight_decay": 0.5}
SHAPES = {"square": (12, 12), "tall": (24, 6), "wide": (6, 24), "also_tall": (24, 6)}
MEMBERS = 3


def draw(shape, *purpose):
    return torch.randn(shape, generator=torch_generator(0, *purpose))


def updated(stacks, gradients):
    """Stacks after an update with each of the gradients."""
    parameters = {name: torch.nn.Parameter(stack.clone()) for name, stack in stacks.items()}
    optimizer = Muon(parameters.values(), **OPTIONS)
    for of_step in gradients:
        for name, parameter in parameters.items():
            parameter.grad = of_step[name].clone()
        optimizer.step()
    return {name: parameter.detach() for name, parameter in parameters.items()}


@pytest.fixture
def stacks():
    return {name: draw((MEMBERS, *shape), 1, i) for i, (name, shape) in enumerate(SHAPES.items())}


@pytest.fixture
def gradients(stacks):
    """Of four steps, of very different sizes."""
    return [
        {name: 10.0 ** (step - 2) * draw(s.shape, 2, step, i) for i, (name, s) in enumerate(stacks.items())}
        for step in range(4)
    ]


def test_every_matrix_is_updated_as_torch_updates_it(stacks, gradients):
    """Fails if a coefficient, the momentum, the decay, the rate of tall matrices or a group's order is off.

    Tolerance: 1 % of what moved, about the rounding of bfloat16; an ingredient left out changes 10 % or more.
    """
    ours = updated(stacks, gradients)
    for name, stack in stacks.items():
        for member in range(MEMBERS):
            alone = torch.nn.Parameter(stack[member].clone())
            optimizer = torch.optim.Muon([alone], adjust_lr_fn="original", **OPTIONS)
            for of_step in gradients:
                alone.grad = of_step[name][member].clone()
                optimizer.step()
            moved = (alone - stack[member]).norm()
            assert (ours[name][member] - alone).norm() < 0.01 * moved, (name, member)


def test_no_matrix_sees_another(stacks, gradients):
    """Fails if NaN in one member's gradient changes a bit of the others."""
    whole = updated(stacks, gradients)
    for of_step in gradients[1:]:
        for gradient in of_step.values():
            gradient[0] = torch.nan
    spoilt = updated(stacks, gradients)
    for name in stacks:
        assert spoilt[name][0].isnan().all()
        assert torch.equal(spoilt[name][1:], whole[name][1:])


def test_singular_values_come_near_one():
    """Fails if the result is not orthogonal in the sense of the method: singular values in (0.6, 1.3)."""
    values = torch.linalg.svdvals(orthogonalise(draw((5, 16, 40), 3)).double())
    assert 0.6 < float(values.min()) < float(values.max()) < 1.3


def test_zero_stays_zero():
    """Fails if an update of zeros is divided by its norm."""
    assert torch.equal(orthogonalise(torch.zeros(2, 4, 3)).float(), torch.zeros(2, 4, 3))


def test_a_matrix_is_a_stack_of_one(stacks, gradients):
    """Fails if a matrix without members is updated otherwise than in a stack."""
    whole = updated(stacks, gradients)
    alone = updated(
        {f"{name} {m}": stack[m] for name, stack in stacks.items() for m in range(MEMBERS)},
        [
            {f"{name} {m}": g[m] for name, g in of_step.items() for m in range(MEMBERS)}
            for of_step in gradients
        ],
    )
    for name, stack in whole.items():
        for m in range(MEMBERS):
            torch.testing.assert_close(alone[f"{name} {m}"], stack[m])


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2, 2)])
def test_what_is_no_matrix_is_refused(shape):
    """Fails if a bias or a stack of stacks is orthogonalised."""
    with pytest.raises(ValueError, match=r"needs parameters \(\[M,\] rows, cols\)"):
        Muon([torch.nn.Parameter(torch.zeros(shape))], **OPTIONS)
