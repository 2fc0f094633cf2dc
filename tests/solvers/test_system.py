"""Tests of ickrr.solvers.system."""

import torch

from ickrr.config.task import TaskSettings
from ickrr.solvers.system import KernelSystem, converged


def test_converged_equals_separate_solves(make_system):
    """Fails if a prefix's limit is not k_n^T (K_n + lambda I)^-1 y, solved on its own."""
    system = make_system(context_length=20)
    found = converged(system)
    assert found[:, 0].eq(0).all()
    for n in range(1, 21):
        matrix = system.kernel[:, :n, :n] + 0.09 * torch.eye(n, dtype=torch.float64)
        coefficients = torch.linalg.solve(matrix, system.labels[:, :n])
        expected = (system.kernel[:, n, :n] * coefficients).sum(dim=1)
        torch.testing.assert_close(found[:, n], expected, rtol=0, atol=1e-12)


def test_columns_hold_the_prefixes(make_system):
    """Fails if a column's right-hand side, row sums or norm are not those of the leading block."""
    system = make_system(context_length=6)
    for n in range(7):
        block = system.kernel[:, :n, :n]
        assert torch.equal(system.right_hand_sides[:, :n, n], system.labels[:, :n])
        assert system.right_hand_sides[:, n:, n].eq(0).all()
        torch.testing.assert_close(system.row_sums[:, :n, n], block.sum(dim=2))
        assert system.row_sums[:, n:, n].eq(0).all()
        if n:
            matrix = block + 0.09 * torch.eye(n, dtype=torch.float64)
            expected = torch.linalg.matrix_norm(matrix, ord=float("inf"))
            torch.testing.assert_close(system.norms[:, n], expected)
    inverse = system.masked_inverse(system.row_sums)
    torch.testing.assert_close(inverse * system.row_sums, system.mask.expand_as(inverse))


def test_chunks_are_all_prompts_in_order(make_system):
    """Fails if chunking loses or reorders prompts."""
    system = make_system(prompts=5)
    chunks = system.chunks(2)
    assert [len(chunk.labels) for chunk in chunks] == [2, 2, 1]
    assert torch.equal(torch.cat([chunk.kernel for chunk in chunks]), system.kernel)
    assert torch.equal(torch.cat([chunk.labels for chunk in chunks]), system.labels)


def test_float32_prompts_are_solved_in_float64(make_system):
    """Fails if single-precision inputs make the solvers run in single precision."""
    x, y = torch.randn(2, 4, 5), torch.randn(2, 4)
    system = KernelSystem.of_prompts(TaskSettings(), x, y)
    assert system.kernel.dtype == system.labels.dtype == torch.float64
