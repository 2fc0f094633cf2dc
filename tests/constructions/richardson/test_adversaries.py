"""Prompts of the verification and of the contraction factors: which kinds there are, and where points lie."""

import pytest
import torch

from ickrr.config.constructions import ContractionSettings
from ickrr.constructions.richardson import contraction, geometries
from ickrr.constructions.richardson.adversaries import (
    GEOMETRIES,
    LABELLINGS,
    adversarial_prompts,
    all_prompts,
)
from ickrr.constructions.richardson.drawn_laws import DIRECTIONS, RANDOM_LAWS
from ickrr.entries import LAWS
from ickrr.randomness import torch_generator


@pytest.fixture
def loaded(monkeypatch):
    """Names of the laws that are loaded from now on."""
    names = []
    load = type(LAWS).load

    def recorded(entries, name):
        if entries is LAWS:
            names.append(name)
        return load(entries, name)

    monkeypatch.setattr(type(LAWS), "load", recorded)
    return names


def test_certificates_cover_their_own_laws_and_no_others(problem, loaded):
    """Fails if a law that is added changes certificates, or the rules miss one that is drawn from."""
    families = set(all_prompts(problem, 1, 5, 0).families)
    assert families == {*RANDOM_LAWS, *GEOMETRIES}
    assert set(loaded) == {*RANDOM_LAWS, DIRECTIONS}


def test_contraction_draws_from_laws_that_the_rules_cover(loaded):
    """Fails if a job draws from a law that is neither in its settings nor named for the rules."""
    settings = ContractionSettings(laws=["uniform"], points=10, most_prompts=1)
    cases = list(contraction.cases(settings, 6))
    assert {case.family for case in cases if case.kind == "law"} == {"uniform"}
    assert set(loaded) == {"uniform", DIRECTIONS}


def test_every_geometry_has_every_labelling(problem):
    """Fails if labels of an adversarial set are left out, or go beyond the bound."""
    prompts = adversarial_prompts(problem, 5, 0)
    assert prompts.families == [name for name in GEOMETRIES for _ in LABELLINGS]
    assert float(prompts.y.abs().max()) == problem.label_bound


def test_geometries():
    """Fails if points do not lie where their set says."""
    generator = torch_generator(0, "test")
    equal = geometries.all_equal(6, 3, 2.0, generator)
    assert torch.equal(equal, equal[:1].expand(6, -1))
    torch.testing.assert_close(equal.norm(dim=-1), torch.full((6,), 2.0, dtype=torch.float64))
    pairs = geometries.duplicates(5, 3, 1.0, generator)
    assert torch.equal(pairs[:4:2], pairs[1:4:2]) and not torch.equal(pairs[0], pairs[4])
    tight = geometries.tight_clusters(10, 3, 1.0, 1e-3, generator)
    apart = torch.cdist(tight, tight)
    same = torch.arange(10)[:, None] % geometries.CLUSTERS == torch.arange(10) % geometries.CLUSTERS
    assert float(apart[same].max()) < 3e-3 < float(apart[~same].min())
    far = geometries.two_clusters(8, 3, 4.0, generator)
    assert torch.equal(far[0], -far[2]) and torch.equal(far[0], far[1])
