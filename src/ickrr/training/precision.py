"""Arithmetic of training: float32, or on a GPU also matrix products in tf32 or bfloat16."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ickrr.errors import ConfigError


@contextmanager
def arithmetic(precision: str, device: torch.device) -> Iterator[None]:
    """Set up deterministic arithmetic of a precision while the block runs.

    Args:
        precision: ``float32``, ``tf32`` or ``bfloat16``.
        device: where training runs.

    Raises:
        ConfigError: tf32 or bfloat16 is asked for on a CPU.
    """
    if device.type == "cpu":
        if precision != "float32":
            raise ConfigError(
                f"training.precision is '{precision}', which needs a GPU, but this job runs on the CPU; "
                "set training.precision to float32, or compute.device to cuda on a machine with a GPU"
            )
        yield
        return
    # For equal bytes from equal runs, cuBLAS needs a fixed workspace, and torch its deterministic kernels.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    products = torch.get_float32_matmul_precision()
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(products)
        torch.use_deterministic_algorithms(deterministic)


def reduced(precision: str, device: torch.device) -> torch.autocast:
    """Return the context of one forward pass: autocast to bfloat16 if asked for; the weights stay float32.

    Every step needs a context of its own: autocast keeps its copies of the weights until it is left, so that
    one around the loop would train all steps on the first step's weights.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
