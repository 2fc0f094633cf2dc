"""Four probes against separate least-squares fits, and the rule of choice."""

import numpy as np
import pytest
import torch

from ickrr.config.model import ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.model.initialisation import initialise
from ickrr.model.transformer import Transformer
from ickrr.probes.fitting import PROBES, Probe, ProbeFits, chosen_probe

FOLDS = 3


@pytest.fixture(scope="module")
def model():
    model = Transformer(ModelSettings(layers=2, width=8, heads=2), 3, 6)
    initialise(model, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
        model.final_norm.weight.uniform_(0.5, 2, generator=torch.Generator().manual_seed(1))
    return model.double()


def prompts(count, seed):
    generator = np.random.default_rng(seed)
    x, y = generator.standard_normal((count, 7, 3)), generator.standard_normal((count, 7))
    return {"x": x, "y": y, "posterior_mean": y * 0.5 + 0.2 * x[..., 0]}


def streams(model, stored, stream):
    with torch.no_grad():
        raw = model.residual_streams(torch.from_numpy(stored["x"]), torch.from_numpy(stored["y"]))
        return (model.final_norm(raw) if stream == "normed" else raw).numpy()


def fitted(features, target):
    """Return the least-squares readout of one layer, with bias, by NumPy."""
    rows = features.reshape(-1, features.shape[-1])
    design = np.column_stack((rows, np.ones(len(rows))))
    return np.linalg.lstsq(design, target.ravel(), rcond=None)[0]


@pytest.fixture(scope="module")
def fits(model):
    return ProbeFits(model, prompts(60, 0), ProbeSettings(ridge=0.0, chunk_prompts=16), FOLDS)


@pytest.mark.parametrize("probe", PROBES, ids="-".join)
def test_probes_are_least_squares(model, fits, probe):
    """Fails if a probe reads the other stream, or is fitted to the other target or to some prompts only."""
    fit, evaluation = prompts(60, 0), prompts(10, 1)
    target = fit["y" if probe.target == "label" else "posterior_mean"]
    features, tests = (streams(model, stored, probe.stream) for stored in (fit, evaluation))
    found = fits.predictions(evaluation)[probe]
    for layer in (1, 2):
        weights = fitted(features[layer], target)
        expected = tests[layer] @ weights[:-1] + weights[-1]
        np.testing.assert_allclose(found[layer], expected, atol=1e-6)


def test_crossed_risks_are_of_prompts_that_a_fit_did_not_see(model, fits):
    """Fails if a fold is read by a fit that saw it, or its error is not that to the posterior mean."""
    fit, probe = prompts(60, 0), Probe("raw", "label")
    features, squares = streams(model, fit, "raw")[2], 0.0
    for fold in range(FOLDS):
        held_out = np.arange(60) % FOLDS == fold
        weights = fitted(features[~held_out], fit["y"][~held_out])
        read = features[held_out] @ weights[:-1] + weights[-1]
        squares += ((read - fit["posterior_mean"][held_out]) ** 2).sum()
    assert fits.crossed[probe][2] == pytest.approx(squares / fit["y"].size, rel=1e-6)


class Crossed:
    """Stands for the fits of one model, with given risks of the embedding and two layers."""

    def __init__(self, risks):
        self.crossed = dict(zip(PROBES, map(np.array, risks), strict=True))


def test_the_least_geometric_mean_is_chosen():
    """Fails if the embedding counts, large risks of early layers decide, or one seed alone does."""
    first = Crossed([[9, 1.0, 0.04], [9, 1.1, 0.02], [0.1, 1.0, 0.05], [9, 1.2, 0.03]])
    assert chosen_probe({0: first}) == PROBES[1]
    second = Crossed([[9, 1.0, 0.02], [9, 1.1, 0.2], [9, 1.0, 0.05], [9, 1.2, 0.03]])
    assert chosen_probe({0: first, 1: second}) == PROBES[0]
