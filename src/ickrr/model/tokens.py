"""Prompts as sequences of tokens: a prompt is x_1, y_1, .., x_N, y_N and a query x_{N+1}.

Interleaved: x_1, y_1, x_2, y_2, .., x_{N+1} (2N+1 tokens of d inputs, y in coordinate 0); the token of
x_{n+1} has seen n pairs, so one causal pass predicts at every context length. Paired: (x_i, y_i) for the
context and (x_q, 0) for every query (d+1 inputs, no order), so one pass serves one context length and any
number of queries.
"""

import torch
from torch import Tensor


def interleave(x: Tensor, y: Tensor) -> Tensor:
    """Lay a prompt out as x_1, y_1, .., y_N, x_{N+1}; the label of the last input is not shown.

    Layout of Garg et al. (2022), section 2: y stands in coordinate 0 of its token, zeros elsewhere.

    Args:
        x: inputs, (B, N+1, d).
        y: labels, (B, N+1).

    Returns:
        Tokens, (B, 2N+1, d).
    """
    padded = torch.zeros_like(x)
    padded[..., 0] = y
    tokens = torch.stack((x, padded), dim=2)  # (B, N+1, 2, d)
    return tokens.flatten(1, 2)[:, :-1]  # (B, 2N+1, d)


def at_inputs(tokens: Tensor) -> Tensor:
    """Select the tokens of x_1 .. x_{N+1} of the interleaved layout: context lengths 0..N.

    Args:
        tokens: (B, 2N+1, width).

    Returns:
        (B, N+1, width).
    """
    return tokens[:, ::2]


def pair(x: Tensor, y: Tensor, queries: Tensor) -> Tensor:
    """Lay a prompt out as (x_1, y_1), .., (x_n, y_n), (q_1, 0), .., (q_Q, 0).

    Args:
        x: context inputs, (B, n, d).
        y: context labels, (B, n).
        queries: query inputs, (B, Q, d).

    Returns:
        Tokens, (B, n+Q, d+1); the label is the last coordinate.
    """
    context = torch.cat((x, y.unsqueeze(-1)), dim=-1)  # (B, n, d+1)
    unlabelled = torch.nn.functional.pad(queries, (0, 1))  # (B, Q, d+1)
    return torch.cat((context, unlabelled), dim=1)  # (B, n+Q, d+1)
