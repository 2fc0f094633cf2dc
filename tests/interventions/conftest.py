"""A paired model whose one head is the row-normalised Gaussian kernel of the inputs."""

import pytest
import torch

from ickrr.config.model import ModelSettings
from ickrr.model.initialisation import initialise
from ickrr.model.transformer import Transformer

LENGTHSCALE = 0.8
DIMENSION = 3


@pytest.fixture
def kernel_model():
    """Return the model: on the unit sphere, logits x_i.x_j / h^2 are those of the kernel."""
    settings = ModelSettings(layers=1, width=4, heads=1, mlp="none", norm="none", layout="paired")
    model = Transformer(settings, DIMENSION, 6).double()
    initialise(model, torch.Generator().manual_seed(0))
    attention = model.blocks[0].attention
    root = attention.query.weight.shape[0] ** 0.25  # logits are divided by the root of the head's width
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.embedding.weight.copy_(torch.eye(4))
        for part in (attention.query, attention.key):
            part.weight[:DIMENSION, :DIMENSION] = torch.eye(DIMENSION) * root / LENGTHSCALE
        attention.value.weight[3, 3] = 1.0  # it copies labels
        attention.output.weight.copy_(torch.eye(4))
        model.readout.weight[0, 3] = 1.0
    return model


@pytest.fixture
def prompts():
    """Return inputs on the unit sphere, (40, 7, 3), and labels, (40, 7)."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(40, 7, DIMENSION, generator=generator, dtype=torch.float64)
    return x / x.norm(dim=2, keepdim=True), torch.randn(40, 7, generator=generator, dtype=torch.float64)
