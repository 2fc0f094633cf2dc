"""Steps on typical prompts: against the iteration itself, run on drawn labels."""

import numpy as np
import pytest

from ickrr.config.constructions import RidgeSettings, VerificationSettings
from ickrr.constructions.richardson.typical import spherical_kernels, typical_rows, typical_steps

SETTINGS = VerificationSettings(
    ridges={"scaled": RidgeSettings(), "fixed": RidgeSettings(scaling="fixed", value=0.09)},
    context_lengths=[6, 12],
    most_prompts=5,
)


@pytest.mark.parametrize("ridge", [0.09, 0.6])
def test_steps_are_those_of_the_iteration(ridge):
    """Fails if a step, the Bayes risk or the covariance of labels is another one: the iteration, by hand."""
    kernels = spherical_kernels(SETTINGS, 12)
    np.testing.assert_allclose(np.diagonal(kernels, axis1=1, axis2=2), 1)
    lefts, risks = [], []
    for kernel in kernels:
        system, query = kernel[:12, :12] + ridge * np.eye(12), kernel[12, :12]
        exact = np.linalg.solve(system, query)
        risks.append(1 - query @ exact)
        a, left = np.zeros((12, 12)), []  # the coefficients as a linear function of the labels
        for _ in range(400):
            a = a + (np.eye(12) - system @ a) / system.sum(axis=1)[:, None]
            apart = query @ a - exact
            left.append(apart @ system @ apart)  # its mean square over y ~ N(0, A)
        lefts.append(left)
    enough = np.mean(lefts, axis=0) <= 0.1 * np.mean(risks)
    assert typical_steps(kernels, ridge) == 1 + int(np.argmax(enough))


def test_every_ridge_and_length_has_a_row():
    """Fails if a scaled ridge is not scaled, or prompts of the two lengths are not drawn anew."""
    rows = {(row["subject"], row["setting"]): row["value"] for row in typical_rows(SETTINGS)}
    assert set(rows) == {(name, length) for name in ("scaled", "fixed") for length in ("6", "12")}
    assert rows["scaled", "12"] == typical_steps(spherical_kernels(SETTINGS, 12), 1.2)
    assert rows["fixed", "12"] > rows["fixed", "6"] > 1
