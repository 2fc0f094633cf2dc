"""Build a transformer that runs Richardson iteration, and certify how accurate it is.

Its predictions are those of kernel ridge regression to the accuracy that is asked for (docs/construction.md).
"""

import argparse
from dataclasses import asdict
from pathlib import Path

import torch

from ickrr.config.command_line import at_least_one
from ickrr.constructions.richardson.adversaries import all_prompts
from ickrr.constructions.richardson.design import design
from ickrr.constructions.richardson.problem import Problem, effective_ridge
from ickrr.constructions.richardson.prompts import Prompts
from ickrr.constructions.richardson.relu_model import build, settings_for
from ickrr.constructions.richardson.verification import check
from ickrr.errors import ConstructionError
from ickrr.io.files import write_json
from ickrr.io.tensors import load_tensors, save_tensors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--context-length", type=int, required=True, help="N, the largest number of pairs in a prompt"
    )
    parser.add_argument(
        "--eps", type=float, required=True, help="accuracy of every prediction, in units of the labels"
    )
    parser.add_argument("--dimension", type=int, default=5, help="dimension d of the inputs")
    parser.add_argument("--lengthscale", type=float, default=1.0, help="lengthscale h of the Gaussian kernel")
    parser.add_argument(
        "--ridge", type=float, default=0.1, help="the ridge, or the ridge over N if it is scaled"
    )
    parser.add_argument("--ridge-scaling", choices=("fixed", "scaled"), default="scaled")
    parser.add_argument("--preconditioner", choices=("ridge", "kernel"), default="ridge")
    parser.add_argument("--input-bound", type=float, default=1.0, help="bound on |x|")
    parser.add_argument("--sphere", action="store_true", help="every |x| is exactly the input bound")
    parser.add_argument("--label-bound", type=float, default=3.0, help="bound on |y|")
    parser.add_argument("--data", type=Path, help="your own prompts to try as well: x, y (safetensors)")
    parser.add_argument(
        "--prompts-per-law", type=at_least_one, default=16, help="number of random prompts of each input law"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the prompts")
    parser.add_argument("--weights", type=Path, required=True, help="weights to write (safetensors)")
    parser.add_argument("--certificate", type=Path, required=True, help="certificate to write (JSON)")
    parser.add_argument("--threads", type=at_least_one, default=1, help="threads of torch")


def main(arguments: argparse.Namespace) -> None:
    """Write the weights (a full state dict, float64) and the certificate.

    Raises:
        ConstructionError: the request cannot be met, the data violate its bounds, or the model fails its
            check.
        FileError: the data cannot be read.
    """
    torch.set_num_threads(arguments.threads)
    n = arguments.context_length
    problem = Problem(
        dimension=arguments.dimension,
        context_length=n,
        lengthscale=arguments.lengthscale,
        ridge=effective_ridge(arguments.ridge_scaling, arguments.ridge, n),
        input_bound=arguments.input_bound,
        label_bound=arguments.label_bound,
        preconditioner=arguments.preconditioner,
        sphere=arguments.sphere,
    )
    certificate = design(problem, arguments.eps)
    model = build(certificate)
    chunk = max(1, 2560 // n)
    sets = {"made": all_prompts(problem, arguments.prompts_per_law, certificate.steps, arguments.seed)}
    if arguments.data:
        sets["data"] = own_prompts(arguments.data, problem)
    record: dict[str, object] = {
        "accuracy": arguments.eps,
        "certificate": asdict(certificate),
        "bound": certificate.total,
        "layer_bound": certificate.layer,
        "depth": certificate.depth,
        "width": certificate.width,
        "model": settings_for(certificate).model_dump(mode="json"),
    }
    measured = {}
    for name, prompts in sets.items():
        found = check(model, certificate, prompts, chunk)
        if not (found.error <= certificate.total and found.iterate_error <= certificate.layer):
            raise ConstructionError(
                f"{name} prompts: error {found.error:.3g} (proven: {certificate.total:.3g}), iterates off by "
                f"{found.iterate_error:.3g} (proven: {certificate.layer:.3g}); nothing is written"
            )
        measured[name] = {
            "prompts": len(prompts.families),
            "predictions": prompts.queries.shape[0] * prompts.queries.shape[1],
            "error": found.error,
            "iterate_error": found.iterate_error,
            "smallest_steps": found.smallest_steps(arguments.eps),
        }
    record["measured"] = measured
    # Blocks share their storage here, and safetensors takes each tensor once.
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    save_tensors(arguments.weights, state, record)
    write_json(arguments.certificate, record)


def own_prompts(path: Path, problem: Problem) -> Prompts:
    """Return prompts of a file as ``sample_prompts`` writes them; the last point of each is its query.

    Raises:
        FileError: the file is missing or damaged.
        ConstructionError: an array is missing, or the prompts do not fit the problem.
    """
    arrays = load_tensors(path)
    for name, axes in (("x", 3), ("y", 2)):
        if name not in arrays or arrays[name].ndim != axes:
            raise ConstructionError(
                f"{path}: needs an array '{name}' with {axes} axes, found {sorted(arrays)}; "
                "write x as (B, n+1, d) and y as (B, n+1)"
            )
    x, y = arrays["x"].double(), arrays["y"].double()
    return Prompts(x[:, :-1], y[:, :-1], x[:, -1:], ["data"] * len(x))
