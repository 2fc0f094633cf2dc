"""The tool `identify` on predictions made here with NumPy alone, and on files that are wrong."""

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from ickrr.__main__ import main

PROMPTS, POINTS, RIDGE = 240, 13, 0.09
H = 1.0


def prompts(count=PROMPTS):
    """Draw inputs on a circle and labels of a Gaussian process."""
    generator = np.random.default_rng(3)
    angle = generator.uniform(0, 2 * np.pi, (count, POINTS))
    x = np.stack([np.cos(angle), np.sin(angle), np.sin(2 * angle)], axis=-1)
    kernel = np.exp(-((x[:, :, None] - x[:, None]) ** 2).sum(-1) / (2 * H**2))
    factor = np.linalg.cholesky(kernel + RIDGE * np.eye(POINTS))
    return x, (factor @ generator.standard_normal((count, POINTS, 1)))[..., 0], kernel


def iterate(kernel, y, step_of, steps):
    """Iterate a <- a + W (y - A a) for every prefix; W from the matrix."""
    out = np.zeros_like(y)
    for b in range(len(y)):
        for n in range(1, POINTS):
            matrix = kernel[b, :n, :n] + RIDGE * np.eye(n)
            weights, a = step_of(matrix), np.zeros(n)
            for _ in range(steps):
                a = a + weights * (y[b, :n] - matrix @ a)
            out[b, n] = kernel[b, n, :n] @ a
    return out


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Run the tool on layers that are PR, R and linear regression, with a little noise."""
    folder = tmp_path_factory.mktemp("identify")
    x, y, kernel = prompts()
    linear = np.zeros_like(y)
    for n in range(4, POINTS):
        for b in range(PROMPTS):
            linear[b, n] = x[b, n] @ np.linalg.lstsq(x[b, :n], y[b, :n], rcond=None)[0]
    layers = np.stack(
        [
            iterate(kernel, y, lambda a: 1 / a.sum(axis=1), 5),
            iterate(kernel, y, lambda a: 1 / a.sum(axis=1).max(), 5),
            linear,
        ]
    )
    layers += 0.03 * np.random.default_rng(0).standard_normal(layers.shape)
    save_file({"x": x, "y": y, "layers": layers.astype(np.float32)}, folder / "mine.safetensors")
    options = [f"--{name}={folder / name}.csv" for name in ("layers", "pairs", "trials")]
    given = [str(folder / "mine.safetensors"), "--lengthscale=1", f"--ridge={RIDGE}", *options]
    assert main(["identify", *given]) == 0
    return {name: pd.read_csv(folder / f"{name}.csv") for name in ("layers", "pairs", "trials")}


def test_layers_are_named(told):
    """Fails if iterations written without this package are not recognised, or linear regression is."""
    named = told["layers"].groupby("layer")["named"].first()
    assert list(named) == ["PR", "R", "none"]


def test_coefficients_are_one_and_zero(told):
    """Fails if what PR adds to R is not 1 in the layer that is PR, or the reverse is not 0."""
    rows = told["pairs"].set_index(["layer", "family", "other"])["coefficient"]
    assert rows[0, "R", "PR"] == pytest.approx(1, abs=0.15)
    assert rows[0, "PR", "R"] == pytest.approx(0, abs=0.15)


def test_the_error_rate_comes_with_it(told):
    """Fails if known cases are left out, or a family lacks pseudo-layers, or most are named wrongly."""
    trials = told["trials"]
    assert set(trials.group) == {
        "pseudo-layer",
        "mixed pseudo-layer",
        "no iteration",
        "held out",
        "nearly PR",
    }
    layers = trials[trials.group == "pseudo-layer"]
    assert (layers.groupby("allowed").size() == 3).all()
    assert layers.allowed.nunique() == 9
    assert layers.wrong.mean() < 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("y"), "has no array 'y'"),
        (lambda a: a.update(layers=a["layers"][:, :100]), "array 'layers' is of 100 prompts with 13 points"),
        (lambda a: a.update(x=a["x"][..., 0]), "array 'x' has shape (240, 13)"),
        (lambda a: a["layers"].__setitem__((0, 0, 0), np.nan), "array 'layers' is not finite everywhere"),
        (
            lambda a: a.update({k: v[..., :50, :] if k != "x" else v[:50] for k, v in a.items()}),
            "found 50 prompts",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path, capsys, change, message):
    """Fails if a file that cannot be read as asked ends in a traceback or in a table."""
    x, y, _ = prompts()
    arrays = {"x": x, "y": y, "layers": np.zeros((1, *y.shape))}
    change(arrays)
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, tmp_path / "mine")
    given = [str(tmp_path / "mine"), "--lengthscale=1", "--ridge=.1", f"--layers={tmp_path / 'out'}"]
    assert main(["identify", *given]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
