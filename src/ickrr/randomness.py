"""Randomness without a global seed: every stream of random numbers is a function of (seed, purpose)."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def stream_seed(seed: int, *purpose: str | int) -> int:
    """Derive a 63-bit seed from a root seed and a purpose.

    Equal arguments give equal seeds, and different ones independent streams: the seed is the SHA-256 of the
    arguments, joined by slashes.
    """
    text = "/".join([str(seed), *(str(part) for part in purpose)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def torch_generator(
    seed: int, *purpose: str | int, device: "torch.device | str" = "cpu"
) -> "torch.Generator":
    """Return a torch generator for (seed, purpose) on a device."""
    import torch

    return torch.Generator(device=device).manual_seed(stream_seed(seed, *purpose))


def numpy_generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return a NumPy generator for (seed, purpose)."""
    return np.random.default_rng(stream_seed(seed, *purpose))
