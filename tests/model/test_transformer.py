"""The transformer against Hugging Face's GPT-2, against loops, and its symmetries."""

from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.config.model import BuiltMLPKind, BuiltModelSettings, MLPKind, ModelSettings, NormKind
from ickrr.model.block import MLPS, NORMS
from ickrr.model.built import BUILT_MLPS
from ickrr.model.initialisation import initialise
from ickrr.model.tokens import interleave, pair
from ickrr.model.transformer import Transformer

LAYOUTS = ["interleaved", "paired"]
ATTENTIONS = ["softmax", "linear", "unnormalised_exp"]


def build(dimension=3, context_length=6, seed=0, scale=8.0, dtype=torch.float64, **options):
    """A model whose weights are large enough that every part of it matters."""
    chosen = {"layers": 2, "width": 16, "heads": 2, **options}
    built = chosen.get("mlp") in BUILT_MLPS
    settings = BuiltModelSettings(hidden=64, **chosen) if built else ModelSettings(**chosen)
    model = Transformer(settings, dimension, context_length)
    generator = torch.Generator().manual_seed(seed)
    initialise(model, generator)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.mul_(scale)
            if name.endswith("bias"):
                parameter.normal_(0, 0.3, generator=generator)
    return model.to(dtype)


def draw(batch=4, context_length=6, dimension=3, seed=1, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, context_length + 1, dimension, generator=generator, dtype=dtype)
    y = torch.randn(batch, context_length + 1, generator=generator, dtype=dtype)
    return x, y


def gpt2_with_weights_of(model):
    """Hugging Face's GPT-2 filled with our weights."""
    transformers = pytest.importorskip("transformers")
    ours = model.settings
    config = transformers.GPT2Config(
        vocab_size=1,
        n_positions=model.positions.shape[0],
        n_embd=ours.width,
        n_layer=ours.layers,
        n_head=ours.heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    reference = transformers.GPT2Model(config).to(model.positions.dtype).eval()
    with torch.no_grad():
        reference.wpe.weight.copy_(model.positions)
        reference.ln_f.load_state_dict(model.final_norm.state_dict())
        for theirs, block in zip(reference.h, model.blocks, strict=True):
            theirs.ln_1.load_state_dict(block.attention_norm.state_dict())
            theirs.ln_2.load_state_dict(block.mlp_norm.state_dict())
            parts = (block.attention.query, block.attention.key, block.attention.value)
            # Their linear maps are stored transposed, (inputs, outputs), with q, k, v side by side.
            theirs.attn.c_attn.weight.copy_(torch.cat([part.weight.T for part in parts], dim=1))
            theirs.attn.c_attn.bias.copy_(torch.cat([part.bias for part in parts]))
            for to, source in (
                (theirs.attn.c_proj, block.attention.output),
                (theirs.mlp.c_fc, block.mlp.up),
                (theirs.mlp.c_proj, block.mlp.down),
            ):
                to.weight.copy_(source.weight.T)
                to.bias.copy_(source.bias)
    return reference


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_blocks_are_gpt2s(dtype, tolerance):
    """Fails if norm, attention, MLP, order, epsilon, GELU form, positions or scaling differ from GPT-2's."""
    model = build(layers=3, width=24, heads=3, scale=4.0, dtype=dtype)
    x, y = draw(dtype=dtype)
    with torch.no_grad():
        reference = gpt2_with_weights_of(model)(
            inputs_embeds=model.embedding(interleave(x, y)), output_hidden_states=True
        )
        ours = model.residual_streams(x, y)
        for layer in range(model.settings.layers):  # theirs after the last layer is normalised
            theirs = reference.hidden_states[layer][:, ::2]
            torch.testing.assert_close(ours[layer], theirs, rtol=0, atol=tolerance)
        logits = model.readout(reference.last_hidden_state[:, ::2]).squeeze(-1)
        torch.testing.assert_close(model(x, y), logits, rtol=0, atol=tolerance)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_future_tokens_change_nothing(layout, attention):
    """Fails if a prediction at context length n reads y_{n+1} or anything after it."""
    model = build(layout=layout, attention=attention, scale=4.0)
    x, y = draw()
    before = model.residual_streams(x, y)
    for n in range(x.shape[1]):
        changed_x, changed_y = x.clone(), y.clone()
        changed_y[:, n:] += 1.0
        changed_x[:, n + 1 :] -= 1.0
        after = model.residual_streams(changed_x, changed_y)
        torch.testing.assert_close(after[:, :, : n + 1], before[:, :, : n + 1], rtol=1e-10, atol=1e-12)
        if n + 1 < x.shape[1]:
            assert (after[-1, :, n + 1] - before[-1, :, n + 1]).abs().min() > 1e-6


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)), st.sampled_from(ATTENTIONS))
def test_paired_context_has_no_order(order, attention):
    """Fails if positions or a causal mask leak the order of the context into the paired layout."""
    model = build(layout="paired", attention=attention)
    x, y = draw()
    shuffled = model.predict(x[:, :6][:, order], y[:, :6][:, order], x[:, 6:])
    torch.testing.assert_close(shuffled, model.predict(x[:, :6], y[:, :6], x[:, 6:]))


def test_interleaved_context_has_an_order():
    """Fails if the positions of the interleaved layout are not used (the control of the test above)."""
    model = build()
    x, y = draw()
    swapped = [1, 0, *range(2, 7)]
    assert (model(x[:, swapped], y[:, swapped]) - model(x, y))[:, -1].abs().min() > 1e-3


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_paired_queries_do_not_see_each_other(attention):
    """Fails if a query attends to queries (or to itself), or the context to a query."""
    model = build(layout="paired", attention=attention)
    x, y = draw()
    many = model.predict(x[:, :3], y[:, :3], x[:, 3:])
    one_by_one = [model.predict(x[:, :3], y[:, :3], x[:, i : i + 1]) for i in range(3, 7)]
    torch.testing.assert_close(many, torch.cat(one_by_one, dim=1))


def masked(model, tokens, mask):
    """The last layer, (B, T, width), by softmax over all tokens of which a mask (T, T) hides some."""
    for block in model.blocks:
        attention, normed = block.attention, block.attention_norm(tokens)
        query, key, value = (
            linear(normed).unflatten(-1, (attention.heads, -1)).transpose(1, 2)  # (B, H, T, d_head)
            for linear in (attention.query, attention.key, attention.value)
        )
        scores = (query @ key.mT / query.shape[-1] ** 0.5).masked_fill(~mask, -torch.inf)  # (B, H, T, T)
        mixed = scores.softmax(-1).nan_to_num() @ value  # a token that sees nothing gets 0
        tokens = tokens + attention.output(mixed.transpose(1, 2).flatten(2))
        tokens = tokens + block.mlp(block.mlp_norm(tokens))
    return tokens


def test_paired_context_lengths_equal_a_masked_batch():
    """Fails if the forward for context length n differs from brute force: all tokens, a mask per n."""
    model = build(layout="paired")
    x, y = draw()
    streams = model.residual_streams(x, y)
    predictions = model(x, y)
    for n in range(7):
        tokens = model.embedding(pair(x[:, :6], y[:, :6], x[:, n : n + 1]))
        mask = torch.zeros(7, 7, dtype=torch.bool)
        mask[:, :n] = True
        last = masked(model, tokens, mask)
        torch.testing.assert_close(streams[-1, :, n], last[:, -1])
        read = model.readout(model.final_norm(last[:, -1])).squeeze(-1)
        torch.testing.assert_close(predictions[:, n], read)


def test_empty_context_attends_to_nothing():
    """Fails if a query without context sees itself or gives NaN: its attention update is the output bias."""
    model = build(layout="paired", layers=1, mlp="none")
    x, y = draw()
    streams = model.residual_streams(x, y)
    bias = model.blocks[0].attention.output.bias
    torch.testing.assert_close(streams[1, :, 0], streams[0, :, 0] + bias)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_readout_of_the_last_stream_is_the_prediction(layout):
    """Fails if residual_streams is normalised, misses a layer, or reads other tokens than forward."""
    model = build(layout=layout, layers=3)
    x, y = draw()
    streams = model.residual_streams(x, y)
    assert streams.shape == (4, 4, 7, 16)
    torch.testing.assert_close(model.readout(model.final_norm(streams[-1])).squeeze(-1), model(x, y))


def test_every_kind_of_the_schema_is_there():
    """Fails if the schema allows a kind of MLP or norm that does not exist, or lacks one that does."""
    assert set(MLPS) == set(get_args(MLPKind))
    assert set(BUILT_MLPS) == set(get_args(BuiltMLPKind))
    assert set(NORMS) == set(get_args(NormKind))


@pytest.mark.parametrize("mlp", [*MLPS, "bilinear", "rational"])
@pytest.mark.parametrize("norm", NORMS)
def test_every_option_trains_every_parameter(mlp, norm):
    """Fails if an option leaves a parameter out of the computation (its gradient is missing or zero)."""
    model = build(mlp=mlp, norm=norm, scale=2.0)
    x, y = draw()
    (model(x, y) - y).square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        if not name.endswith("key.bias"):  # it shifts all logits of a row alike
            assert parameter.grad.abs().max() > 0, name
    assert any("mlp" in name for name in model.state_dict()) == (mlp != "none")
    assert any("norm" in name for name in model.state_dict()) == (norm == "layernorm")


def test_bilinear_block_multiplies_channels():
    """Fails if the bilinear MLP is not the exact product of its two linear maps."""
    model = build(mlp="bilinear", norm="none", layers=1)
    mlp = model.blocks[0].mlp
    tokens = torch.randn(2, 5, 16, dtype=torch.float64)
    up = tokens @ mlp.up.weight.T + mlp.up.bias
    gate = tokens @ mlp.gate.weight.T + mlp.gate.bias
    torch.testing.assert_close(mlp(tokens), (up * gate) @ mlp.down.weight.T + mlp.down.bias)


def test_rational_block_divides_channels():
    """Fails if the quotient is wrong, or a divisor of 0 gives anything but 0."""
    mlp = build(mlp="rational", norm="none", layers=1).blocks[0].mlp
    tokens = torch.randn(2, 5, 16, dtype=torch.float64)
    with torch.no_grad():
        mlp.divisor.bias[0] = -100.0
        mlp.divisor.weight[1] = 0.0
        mlp.divisor.bias[1] = 0.0
    up, gate, over = (tokens @ part.weight.T + part.bias for part in (mlp.up, mlp.gate, mlp.divisor))
    expected = torch.where(over > 0, up * gate / over, torch.zeros(()))
    assert expected[..., :2].eq(0).all()
    torch.testing.assert_close(mlp(tokens), expected @ mlp.down.weight.T + mlp.down.bias)


def test_longer_prompts_are_refused():
    """Fails if a prompt beyond the positions is cut or crashes without saying what fits."""
    model = build(context_length=6)
    x, y = draw(context_length=7)
    with pytest.raises(ValueError, match=r"context length 7 does not fit .* up to 6"):
        model(x, y)


@pytest.mark.parametrize(("layout", "keys"), [("interleaved", 41), ("paired", 20)])
def test_attention_that_sums_starts_as_small_as_one_that_averages(layout, keys):
    """Fails if a sum over all keys starts larger than a mean, or another matrix shrinks too."""
    states = {}
    for scale in ("mean", "sum"):
        settings = ModelSettings(
            layers=2, width=16, heads=2, attention="unnormalised_exp", layout=layout, linear_scale=scale
        )
        model = Transformer(settings, 5, 20)
        initialise(model, torch.Generator().manual_seed(0))
        states[scale] = model.state_dict()
    for name, mean in states["mean"].items():
        factor = keys if name.endswith("attention.output.weight") else 1
        torch.testing.assert_close(factor * states["sum"][name], mean)


def test_initial_weights_are_gpt2s():
    """Fails if a deviation, a zero bias or the residual scaling 1/sqrt(2L) is off, or the seed unused."""
    first, again, other = (Transformer(ModelSettings(layers=8, width=64, heads=4), 5, 20) for _ in range(3))
    initialise(first, torch.Generator().manual_seed(0))
    initialise(again, torch.Generator().manual_seed(0))
    initialise(other, torch.Generator().manual_seed(1))
    state = first.state_dict()
    assert all(torch.equal(state[name], again.state_dict()[name]) for name in state)
    assert not torch.equal(state["positions"], other.state_dict()["positions"])
    for name, tensor in state.items():
        if name.endswith("bias"):
            assert not tensor.any(), name
        elif "norm" in name:
            assert torch.equal(tensor, torch.ones_like(tensor)), name
        else:
            residual = name.endswith(("attention.output.weight", "mlp.down.weight"))
            expected = 0.02 / (4.0 if residual else 1.0)
            # Five standard errors of a standard deviation.
            assert tensor.std() == pytest.approx(expected, rel=5 / (2 * tensor.numel()) ** 0.5), name
