"""ReLU banks are an ordinary ReLU MLP, whatever their weights; the sink is a key and nothing else."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.config.model import BuiltModelSettings
from ickrr.model.banks import BankedMLP
from ickrr.model.initialisation import initialise
from ickrr.model.transformer import Transformer


def random_mlp(seed, width=5, hidden=3, banks=4, units=17):
    torch.manual_seed(seed)
    mlp = BankedMLP(width, hidden, banks, units).double()
    for parameter in mlp.parameters():
        torch.nn.init.normal_(parameter)
    return mlp


@given(st.integers(0, 10_000), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_equals_the_dense_mlp(seed, units):
    """Fails if unsorted knots, or inputs on and beyond them, give another function than the hidden layer."""
    mlp = random_mlp(seed, units=units)
    tokens = 3 * torch.randn(2, 7, 5, dtype=torch.float64)
    with torch.no_grad():
        assert torch.allclose(mlp(tokens), mlp.dense()(tokens), atol=1e-10)


def test_gradients_are_those_of_the_dense_mlp():
    """Fails if evaluating by search loses a gradient, so that banks could not be trained."""
    mlp = random_mlp(0)
    tokens = torch.randn(2, 7, 5, dtype=torch.float64)
    mlp(tokens).square().sum().backward()
    dense = mlp.dense()
    inputs = tokens.clone().requires_grad_()
    dense(inputs).square().sum().backward()
    bank = dense.up.bias.grad[3:].unflatten(0, (4, 17))
    assert torch.allclose(-mlp.knots.grad, bank, atol=1e-8)


def test_a_changed_weight_is_seen():
    """Fails if the sums kept for evaluation outlive the weights that they were made of."""
    mlp = random_mlp(1)
    tokens = torch.randn(1, 3, 5, dtype=torch.float64)
    with torch.no_grad():
        before = mlp(tokens)
        mlp.changes[0, 0] += 10
        assert not torch.allclose(before, mlp(tokens))
        assert torch.allclose(mlp(tokens), mlp.dense()(tokens), atol=1e-9)
        mlp.load_state_dict(random_mlp(2).state_dict())
        assert torch.allclose(mlp(tokens), random_mlp(2)(tokens))


def test_many_units_do_not_lose_digits():
    """Fails if rounding grows with the number of units: a fine interpolant of z^2 must stay one."""
    mlp = BankedMLP(1, 1, 1, 400_000).double()
    with torch.no_grad():
        for parameter in mlp.parameters():
            parameter.zero_()
        knots = torch.linspace(-1, 1, 400_001, dtype=torch.float64)
        mlp.knots[0], mlp.changes[0] = knots[:-1], 2 * (knots[1] - knots[0])
        mlp.changes[0, 0] = knots[0] + knots[1]
        mlp.direction.weight.fill_(1.0)
        mlp.mix.weight.fill_(1.0)
        z = torch.linspace(-1, 1, 1001, dtype=torch.float64)[None, :, None]
        assert float((mlp(z) + 1 - z.square()).abs().max()) < 3e-11


@pytest.fixture
def with_sink():
    architecture = BuiltModelSettings(layers=2, width=8, heads=2, hidden=32, layout="paired", sink=True)
    model = Transformer(architecture, dimension=2, context_length=4)
    initialise(model, torch.Generator().manual_seed(0))
    return model


def test_sink_is_a_key_and_no_query(with_sink):
    """Fails if the sink is not attended to, is read out, or an empty context has no key."""
    x, y, queries = torch.randn(3, 4, 2), torch.randn(3, 4), torch.randn(3, 5, 2)
    with torch.no_grad():
        before = with_sink.predict(x, y, queries)
        assert before.shape == (3, 5)
        with_sink.sink += 100
        assert not torch.allclose(before, with_sink.predict(x, y, queries))
        assert with_sink.predict(x[:, :0], y[:, :0], queries).isfinite().all()
        # The order of the context still cannot leak.
        assert torch.allclose(
            with_sink.predict(x, y, queries), with_sink.predict(x.flip(1), y.flip(1), queries), atol=1e-5
        )


def test_layers_of_one_query_are_the_residual_streams(with_sink):
    """Fails if the two ways to the streams differ: all context lengths, or many queries of one."""
    x, y = torch.randn(3, 5, 2), torch.randn(3, 5)
    with torch.no_grad():
        streams = with_sink.residual_streams(x, y)
        for layer, stream in enumerate(with_sink.query_layers(x[:, :3], y[:, :3], x[:, 3:4])):
            assert torch.allclose(streams[layer, :, 3], stream[:, 0], atol=1e-6)


def test_sink_needs_the_paired_layout():
    """Fails if a sink is allowed where it would take a position."""
    with pytest.raises(ValueError, match="sink = true needs layout = paired"):
        BuiltModelSettings(sink=True)
