"""A trained model as Hugging Face's GPT-2 (Radford et al. 2019), with the same weights.

GPT-2 takes the embedded prompt and returns the stream after its final norm, which the model's own readout
turns into predictions:

    tokens = model.embedding(interleave(x, y))               # (B, 2N+1, width)
    last = gpt2(inputs_embeds=tokens).last_hidden_state      # (B, 2N+1, width)
    predictions = model.readout(last[:, ::2]).squeeze(-1)    # (B, N+1), equal to model(x, y)
"""

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from ickrr.errors import ConfigError
from ickrr.model.block import LAYER_NORM_EPSILON, MLP, Block
from ickrr.model.size import hidden_width
from ickrr.model.transformer import Transformer

if TYPE_CHECKING:
    from transformers import GPT2Model

OF_GPT2: Final = {"layout": "interleaved", "attention": "softmax", "mlp": "gelu", "norm": "layernorm"}


def to_gpt2(model: Transformer) -> "GPT2Model":
    """Return GPT-2 with the weights of a model's blocks, positions and final norm, in evaluation mode.

    Args:
        model: one of the interleaved layout with softmax attention, GELU and layer norm.

    Raises:
        ConfigError: it has other blocks, or the package transformers is not installed.
    """
    for key, wanted in OF_GPT2.items():
        found = getattr(model.settings, key)
        if found != wanted:
            raise ConfigError(f"model.{key} is {found}: GPT-2 has {wanted}; load a run that has it, too")
    try:
        from transformers import GPT2Config, GPT2Model
    except ModuleNotFoundError as error:
        raise ConfigError(
            "transformers: is not installed, and only tests need it otherwise; run make env-test, or "
            "pip install transformers"
        ) from error
    assert model.positions is not None, "the interleaved layout has positions"
    settings = GPT2Config(
        vocab_size=1,
        n_positions=len(model.positions),
        n_embd=model.settings.width,
        n_layer=model.settings.layers,
        n_head=model.settings.heads,
        n_inner=hidden_width(model.settings),
        layer_norm_epsilon=LAYER_NORM_EPSILON,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    gpt2 = GPT2Model(settings)
    gpt2.to(dtype=model.positions.dtype)
    gpt2.train(False)
    state = {"wpe.weight": model.positions, **_norm("ln_f", model.final_norm)}
    for index, block in enumerate(model.blocks):
        assert isinstance(block, Block), "the model's blocks are"
        state |= {f"h.{index}.{name}": tensor for name, tensor in _block(block).items()}
    state["wte.weight"] = torch.zeros_like(gpt2.wte.weight)  # of words, which prompts are not made of
    gpt2.load_state_dict({name: tensor.detach() for name, tensor in state.items()})
    return gpt2


def _block(block: Block) -> dict[str, Tensor]:
    """Return the tensors of a block under GPT-2's names."""
    assert isinstance(block.mlp, MLP), "a block with GELU has one"
    parts = (block.attention.query, block.attention.key, block.attention.value)
    return {
        **_norm("ln_1", block.attention_norm),
        **_norm("ln_2", block.mlp_norm),
        # GPT-2 stores linear maps transposed, (inputs, outputs), with queries, keys and values side by side.
        "attn.c_attn.weight": torch.cat([part.weight.T for part in parts], dim=1),
        "attn.c_attn.bias": torch.cat([part.bias for part in parts]),
        **_linear("attn.c_proj", block.attention.output),
        **_linear("mlp.c_fc", block.mlp.up),
        **_linear("mlp.c_proj", block.mlp.down),
    }


def _linear(name: str, layer: nn.Linear) -> dict[str, Tensor]:
    return {f"{name}.weight": layer.weight.T, f"{name}.bias": layer.bias}


def _norm(name: str, norm: nn.Module | None) -> dict[str, Tensor]:
    assert norm is not None, "a block with an MLP has its norm"
    return {f"{name}.{part}": tensor for part, tensor in norm.state_dict().items()}
