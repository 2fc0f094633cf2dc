"""Muon against torch's own, which orthogonalises one matrix after another."""

import pytest
import torch

from ickrr.randomness import torch_generator
from ickrr.training.muon import Muon, orthogonalise

OPTIONS = {"lr": 0.02, "momentum": 0.95, "weight_decay": 0.5}
SHAPES = {"square": (12, 12), "tall": (24, 6), "wide": (6, 24), "also_tall": (24, 6), "tall_too": (24, 6)}


def draw(shape, *purpose):
    return torch.randn(shape, generator=torch_generator(0, *purpose))


def updated(matrices, gradients):
    """Matrices after an update with each of the gradients."""
    parameters = {name: torch.nn.Parameter(matrix.clone()) for name, matrix in matrices.items()}
    optimizer = Muon(parameters.values(), **OPTIONS)
    for of_step in gradients:
        for name, parameter in parameters.items():
            parameter.grad = of_step[name].clone()
        optimizer.step()
    return {name: parameter.detach() for name, parameter in parameters.items()}


@pytest.fixture
def matrices():
    return {name: draw(shape, 1, i) for i, (name, shape) in enumerate(SHAPES.items())}


@pytest.fixture
def gradients(matrices):
    """Of four steps, of very different sizes."""
    return [
        {name: 10.0 ** (step - 2) * draw(m.shape, 2, step, i) for i, (name, m) in enumerate(matrices.items())}
        for step in range(4)
    ]


def test_every_matrix_is_updated_as_torch_updates_it(matrices, gradients):
    """Fails if a coefficient, the momentum, the decay, the rate of tall matrices or a group's order is off.

    Tolerance: 1 % of what moved, about the rounding of bfloat16; an ingredient left out changes 10 % or more.
    """
    ours = updated(matrices, gradients)
    for name, matrix in matrices.items():
        alone = torch.nn.Parameter(matrix.clone())
        optimizer = torch.optim.Muon([alone], adjust_lr_fn="original", **OPTIONS)
        for of_step in gradients:
            alone.grad = of_step[name].clone()
            optimizer.step()
        moved = (alone - matrix).norm()
        assert (ours[name] - alone).norm() < 0.01 * moved, name


def test_no_matrix_sees_another(matrices, gradients):
    """Fails if NaN in one gradient changes a bit of the others that are orthogonalised with it."""
    whole = updated(matrices, gradients)
    for of_step in gradients[1:]:
        of_step["tall"].fill_(torch.nan)
    spoilt = updated(matrices, gradients)
    assert spoilt["tall"].isnan().all()
    for name in set(matrices) - {"tall"}:
        assert torch.equal(spoilt[name], whole[name])


def test_singular_values_come_near_one():
    """Fails if the result is not orthogonal in the sense of the method: singular values in (0.6, 1.3)."""
    values = torch.linalg.svdvals(orthogonalise(draw((5, 16, 40), 3)).double())
    assert 0.6 < float(values.min()) < float(values.max()) < 1.3


def test_zero_stays_zero():
    """Fails if an update of zeros is divided by its norm."""
    assert torch.equal(orthogonalise(torch.zeros(2, 4, 3)).float(), torch.zeros(2, 4, 3))


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2)])
def test_what_is_no_matrix_is_refused(shape):
    """Fails if a bias or a stack of matrices is orthogonalised."""
    with pytest.raises(ValueError, match=r"needs matrices \(rows, cols\)"):
        Muon([torch.nn.Parameter(torch.zeros(shape))], **OPTIONS)
