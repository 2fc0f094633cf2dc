"""One small problem and its construction, shared by the tests of the room."""

import pytest
import torch

from ickrr.constructions.richardson.design import Certificate, design
from ickrr.constructions.richardson.problem import Problem


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def problem() -> Problem:
    return Problem(
        dimension=3, context_length=8, lengthscale=1.0, ridge=0.8, input_bound=2.0, label_bound=2.0
    )


@pytest.fixture(scope="session")
def certificate(problem: Problem) -> Certificate:
    return design(problem, 1e-3)
