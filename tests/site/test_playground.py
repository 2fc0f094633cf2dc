"""The playground's arithmetic in JavaScript, against PyTorch, SciPy and closed forms, and its data."""

import numpy as np
import pandas as pd
import pytest
import torch
from playground_exports import (
    PROBE,
    SEED,
    data_of,
    experiment_of,
    in_node,
    lively_model,
    matches_of,
    run_of,
    step,
    write_world,
)
from scipy.linalg import cho_factor, cho_solve
from support import ROOT

from ickrr.__main__ import main
from ickrr.comparison.functions import at_queries
from ickrr.comparison.probed_model import ProbedModel
from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.config.run import RunSettings
from ickrr.io.tensors import load_arrays, read_metadata
from ickrr.model.weights import load_model
from ickrr.randomness import numpy_generator
from ickrr.site.playground import playground_page
from ickrr.site.playground_data import RIDGES, Evaluation, model_data, null_matches, typical_distances
from ickrr.site.playground_files import played_run
from ickrr.tasks import kernel_matrix, posterior

TRAINED = sorted((ROOT / "results").glob("*/trained/line/seed0/weights.safetensors"))
PREDICT = "value.cases.map(({x, y}) => value.model.predict(x, y, value.grid))"
WITH_MODEL = f"(value.model = new ickrr.Transformer(value.model), {PREDICT})"
LINE = {"lengthscale": 0.3, "noise_std": 0.1, "end": 1.0, "smallest_ridge": 1e-10}


def fresh_cases(context_length, seed=11):
    """Contexts of all kinds in a row, so that what is kept from one to the next must be right."""
    generator = numpy_generator(seed, "cases of the playground")
    x, y = generator.uniform(-1, 1, context_length), generator.normal(size=context_length)
    moved, relabelled = x.copy(), y.copy()
    moved[context_length // 2] += 0.3
    relabelled[-1] -= 1.0
    lengths = (context_length, 1, 0, context_length - 1)
    cases = [(x, y), (moved, y), (moved, relabelled), *((x[:n], y[:n]) for n in lengths)]
    return [{"x": x.tolist(), "y": y.tolist()} for x, y in cases]


def in_torch(probed, case, grid, dtype):
    """What PyTorch says of a case: every layer through its probe, and the model's own prediction."""
    x, y = (torch.tensor(case[name], dtype=torch.float64) for name in ("x", "y"))
    queries, labels = at_queries(x, y, torch.tensor(grid, dtype=torch.float64))
    model = probed.model.model.to(dtype)
    with torch.no_grad():
        streams = model.residual_streams(queries.to(dtype), labels.to(dtype))
        output = model(queries.to(dtype), labels.to(dtype))[:, -1]
    return probed.readouts.predict(streams)[..., -1].numpy(), output.double().numpy()


def check_against_torch(probed, context_length):
    grid = np.linspace(-1.5, 1.5, 23).tolist()
    cases = fresh_cases(context_length)
    exported = model_data(probed.model.model, probed.readouts)
    found = in_node(WITH_MODEL, {"model": exported, "cases": cases, "grid": grid})
    for case, curves in zip(cases, found, strict=True):
        layers, output = in_torch(probed, case, grid, torch.float64)
        np.testing.assert_allclose(curves["layers"], layers, rtol=0, atol=1e-9)
        np.testing.assert_allclose(curves["output"], output, rtol=0, atol=1e-9)
        # In the precision of training, PyTorch itself rounds by about 1e-6, which the probes magnify.
        layers, output = in_torch(probed, case, grid, torch.float32)
        np.testing.assert_allclose(curves["layers"], layers, rtol=0, atol=5e-5)
        np.testing.assert_allclose(curves["output"], output, rtol=0, atol=1e-5)


@pytest.mark.parametrize("sizes", [{}, {"layers": 3, "width": 12, "heads": 3, "context_length": 9}])
def test_the_model_is_pytorchs(sizes, tmp_path):
    """Fails if a layer, norm, head, bias, position or probe differs, or a kept key outlives a moved point."""
    run = run_of(**sizes)
    options = write_world(tmp_path, experiment_of(**sizes))
    model = load_model(options["weights"], run, SEED)
    probed = ProbedModel(model, load_arrays(options["fit"]), PROBE)
    check_against_torch(probed, run.task.context_length)


@pytest.mark.parametrize("weights", TRAINED, ids=[path.parts[-5] for path in TRAINED])
def test_a_trained_model_is_pytorchs(weights):
    """Fails if predictions of a trained model are not PyTorch's (only where results hold one)."""
    run = RunSettings.model_validate(read_metadata(weights)["run"])
    stored = load_arrays(weights.parents[3] / "prompts" / f"{run.task_name}-fit.safetensors")
    fit = {name: stored[name][:256] for name in ("x", "y")}  # any readouts will do
    check_against_torch(ProbedModel(load_model(weights, run, 0), fit, PROBE), run.task.context_length)


def test_a_context_that_is_too_long_is_refused(tmp_path):
    """Fails if positions that the model has not are read."""
    model = lively_model(run_of())
    probed = ProbedModel(model, load_arrays(write_world(tmp_path, experiment_of())["fit"]), PROBE)
    program = "(() => { try { new ickrr.Transformer(value).predict([0,0,0,0,0,0,0], [0,0,0,0,0,0,0], [0]); } "
    program += "catch (error) { return error.message; } })()"
    assert in_node(program, model_data(model, probed.readouts)) == "the model takes at most 6 points, not 7"


def kernel(x, z, lengthscale=0.3):
    return np.exp(-((x[:, None] - z[None]) ** 2) / (2 * lengthscale**2))


@pytest.fixture(scope="module")
def problem():
    generator = numpy_generator(5, "problem of the playground")
    x = np.append(generator.uniform(-1, 1, 9), 0.25)
    return {
        "x": np.append(x, 0.25).tolist(),  # a duplicate
        "y": generator.normal(size=11).tolist(),
        "grid": np.linspace(-2, 2, 31).tolist(),
    }


@pytest.mark.parametrize("ridge", [1e-4, 0.01, 1.0, 50.0])
def test_the_posterior_is_scipys(problem, ridge):
    """Fails if mean or standard deviation is not that of Gaussian process regression."""
    program = "ickrr.solvers.posterior(value.x, value.y, value.grid, 0.3, value.ridge)"
    found = in_node(program, problem | {"ridge": ridge})
    x, y, grid = (np.array(problem[name]) for name in ("x", "y", "grid"))
    factor = cho_factor(kernel(x, x) + ridge * np.eye(len(x)))
    cross = kernel(grid, x)
    np.testing.assert_allclose(found["mean"], cross @ cho_solve(factor, y), atol=1e-9)
    explained = np.einsum("gn,ng->g", cross, cho_solve(factor, cross.T))
    np.testing.assert_allclose(np.square(found["sd"]), 1 - explained, atol=1e-9)


def test_without_points_the_posterior_is_the_prior():
    """Fails if an empty context is no context."""
    found = in_node("ickrr.solvers.posterior([], [], value, 0.3, 0.01)", [-1.0, 0.5])
    assert found == {"mean": [0, 0], "sd": [1, 1]}
    assert in_node("ickrr.solvers.preconditionedRichardson([], [], [0.5], 0.3, 0.01, 1, 3)", 0) == [0]


@pytest.mark.parametrize(("steps", "omega"), [(0, 1.0), (1, 1.0), (7, 0.8), (64, 1.0)])
def test_the_iterates_are_those_of_the_closed_form(problem, steps, omega):
    """Fails if an iterate is not k(q)^T (I - (I - W A)^t) A^-1 y."""
    arguments = "value.x, value.y, value.grid, 0.3, 0.01, value.omega, value.steps"
    program = f"ickrr.solvers.preconditionedRichardson({arguments})"
    found = in_node(program, problem | {"steps": steps, "omega": omega})
    x, y, grid = (np.array(problem[name]) for name in ("x", "y", "grid"))
    system = kernel(x, x) + 0.01 * np.eye(len(x))
    contraction = np.eye(len(x)) - omega / kernel(x, x).sum(axis=1)[:, None] * system
    left = np.eye(len(x)) - np.linalg.matrix_power(contraction, steps)
    np.testing.assert_allclose(found, kernel(grid, x) @ left @ np.linalg.solve(system, y), atol=1e-9)


def test_functions_are_drawn_from_the_prior():
    """Fails if labels lack the covariance of kernel and noise, or do not come from the seed alone."""
    program = "Array.from({length: 4000}, (_, seed) => ickrr.prompts.draw(value, 20, 'far', seed).points)"
    drawn = in_node(program, LINE | {"noise_std": 0.5})
    x, y = (np.array([[point[name] for point in one] for one in drawn]) for name in ("x", "y"))
    np.testing.assert_array_equal(x, np.tile([-0.9, 0, 0.9], (4000, 1)))
    expected = kernel(x[0], x[0]) + 0.25 * np.eye(3)
    np.testing.assert_allclose(np.cov(y.T), expected, atol=0.12)  # five standard errors
    again = in_node("ickrr.prompts.draw(value, 20, 'far', 7).points", LINE | {"noise_std": 0.5})
    assert [point["y"] for point in again] == y[7].tolist()


@pytest.mark.parametrize("longest", [3, 20])
def test_every_preset_fits_the_model(longest):
    """Fails if a preset draws more points than the model takes, or one that is not in view."""
    drawn = "ickrr.prompts.draw(value.task, value.longest, name, 1)"
    program = f"Object.keys(ickrr.prompts.PRESETS).map((name) => {drawn})"
    for drawn in in_node(program, {"task": LINE, "longest": longest}):
        assert 0 < len(drawn["points"]) <= longest
        assert all(abs(point["x"]) <= drawn["view"] for point in drawn["points"])


def test_the_export_is_what_the_results_say(tmp_path):
    """Fails if the script lacks the probe that predicted, the matches, the task, or the usual errors."""
    options = write_world(tmp_path, experiment_of())
    step("build_playground", options)
    data = data_of(options["data"])
    assert data["task"] == LINE | {"omega": 1.0}
    assert data["solver"]["step"] == [0, 3, 6]
    assert data["solver"]["censored"] == [False, False, True]
    stored, prompts = (load_arrays(options[name]) for name in ("predictions", "evaluation"))
    far = stored["layers"] - prompts["posterior_mean"]
    np.testing.assert_allclose(data["typical"]["layers"], np.sqrt((far**2).mean(axis=1)))
    n = 4
    case = {"x": prompts["x"][0, :n, 0].tolist(), "y": prompts["y"][0, :n].tolist()}
    value = {"cases": [case], "grid": [prompts["x"][0, n, 0]], "model": data["model"]}
    (found,) = in_node(WITH_MODEL, value)
    np.testing.assert_allclose(np.ravel(found["layers"]), stored["layers"][:, 0, n], atol=1e-5)


def test_the_null_finds_the_ridge_that_a_layer_is_made_of(tmp_path):
    """Fails if the null of a layer that is kernel ridge regression has not its ridge."""
    run = run_of()
    prompts = load_arrays(write_world(tmp_path, experiment_of())["evaluation"])
    x, y, mean = prompts["x"], prompts["y"], prompts["posterior_mean"]
    system = kernel_matrix(run.task, torch.from_numpy(x))
    layers = np.stack([posterior(system, torch.from_numpy(y), float(RIDGES[k]))[0].numpy() for k in (0, 30)])
    found = null_matches(run, Evaluation(x, y, mean, layers, mean))
    assert found["ridge"] == [RIDGES[0], RIDGES[30]]
    assert found["similarity"] == pytest.approx([1, 1])
    assert found["censored"] == [True, False]
    assert typical_distances(Evaluation(x, y, mean, layers, mean))["output"] == [0] * (
        run.task.context_length + 1
    )


@pytest.mark.parametrize(
    "changes", [{"mlp": "none"}, {"layout": "paired"}, {"attention": "linear"}, {"kernel": "laplace"}]
)
def test_without_a_run_that_can_be_played_with_the_page_says_what_it_needs(tmp_path, changes):
    """Fails if a run that JavaScript does not compute is shown all the same, or the site has no page."""
    assert played_run(experiment_of(**changes)) is None
    options = write_world(tmp_path, experiment_of(**changes))
    step("build_playground", {name: options[name] for name in ("experiment", "page", "assets")})
    page = options["page"].read_text()
    assert "No run of this experiment can be played with" in page
    assert "<code>model.mlp: gelu</code>" in page
    assert "playground/tiny.js" not in page


def test_the_first_run_that_can_be_played_with_is(tmp_path):
    """Fails if another run of the default experiment is chosen, or one that no solver was run on."""
    assert played_run(load_experiment(ROOT / "config.yaml")) == "line"
    other = experiment_of().model_dump(mode="json")
    other["solvers"]["headline"] = ["richardson"]
    assert played_run(Experiment.model_validate(other)) is None


def test_a_table_without_the_solver_is_refused(tmp_path, capsys):
    """Fails if the matched steps of another solver or seed are shown."""
    run = run_of()
    matches = pd.concat([matches_of(run, "richardson"), matches_of(run, seed=SEED + 1)])
    options = write_world(tmp_path, experiment_of(), matches)
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    assert main(["build_playground", *words]) == 1
    assert "has no rows of seed 3 and solver 'preconditioned_richardson'" in capsys.readouterr().err


def test_the_page_says_what_the_run_was():
    """Fails if a number in the text is typed by hand, or a script is a module or is fetched."""
    text = playground_page(run_of(layers=5, context_length=17), evaluation=123)
    for said in ("A transformer of 5 layers", "up to 17 inputs", "over 123 prompts", "lengthscale 0.3"):
        assert said in " ".join(text.split())
    assert 'type="module"' not in text and "fetch(" not in text
