"""Conjugate gradients as weights: CG at every step, its primitives, and any wrong weight is noticed."""

import re
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import cg

from ickrr.config.conjugate_gradient import DIVERGED
from ickrr.config.load import load_experiment
from ickrr.constructions import interpolants
from ickrr.constructions.conjugate import relu_model
from ickrr.constructions.conjugate.exact_model import (
    BLOCKS_PER_STEP,
    PRECONDITIONER_BLOCKS,
    PRIMITIVES,
    SETUP_BLOCKS,
    build,
)
from ickrr.constructions.conjugate.feature_prompts import FeaturePrompts, draw
from ickrr.constructions.conjugate.measures import (
    Trajectory,
    drift,
    energy_errors,
    first_below,
    local_error,
    prediction_bound,
    rate_bound,
    rate_share,
    reference_steps,
    relative_errors,
    step_error,
)
from ickrr.errors import ConstructionError
from ickrr.model.attention import Attention
from ickrr.model.built import RationalMLP
from ickrr.model.transformer import Transformer
from ickrr.solvers.krylov import conjugate_gradients
from ickrr.solvers.system import KernelSystem

ROOT = Path(__file__).resolve().parents[3]
STEPS = 20


def prompts(ridge=10.0, decay=0.0, seed=0, nonnegative=True, shape=(5, 12, 3, 8)):
    generator = torch.Generator().manual_seed(seed)
    return draw(shape, decay, ridge, ridge**0.5, generator, nonnegative=nonnegative)


def run(stack, given):
    return Trajectory.of(stack, given)


def scipy_duals(given: FeaturePrompts, index: int, preconditioned: bool) -> np.ndarray:
    """Iterates of SciPy's CG from 0, the last one repeated to STEPS."""
    matrix = given.matrix[index].numpy()
    found = [np.zeros(len(matrix))]
    inverse = np.diag(1 / matrix.sum(1)) if preconditioned else None
    labels = given.y[index].numpy()
    cg(matrix, labels, rtol=1e-15, maxiter=STEPS, M=inverse, callback=lambda a: found.append(a.copy()))
    return np.array([found[min(step, len(found) - 1)] for step in range(STEPS + 1)])


@pytest.mark.parametrize("preconditioned", [False, True])
@pytest.mark.parametrize("nonnegative", [False, True])
def test_every_step_is_scipys(preconditioned, nonnegative):
    """Fails if the duals or the predictions of any layer are not those of SciPy's CG at that layer's step."""
    given = prompts(nonnegative=nonnegative, ridge=10.0)
    stack = build(8, STEPS, given.ridge, preconditioned=preconditioned)
    found = run(stack, given)
    cross = given.queries @ given.x.mT
    for index in range(len(given.y)):
        wanted = scipy_duals(given, index, preconditioned)
        for layer in range(len(found.duals)):
            dual = torch.from_numpy(wanted[stack.step(layer)])
            assert float((found.duals[layer, index] - dual).abs().max()) < 1e-10
            assert float((found.predictions[layer, index] - cross[index] @ dual).abs().max()) < 1e-10


@pytest.mark.parametrize("preconditioned", [False, True])
def test_every_step_is_the_solvers(preconditioned):
    """Fails if the predictions are not those of the library's own CG until it has converged."""
    given = prompts()
    found = run(build(8, STEPS, given.ridge, preconditioned=preconditioned), given)
    for query in range(3):
        points = torch.cat((given.x, given.queries[:, query : query + 1]), dim=1)
        labels = torch.nn.functional.pad(given.y, (0, 1))
        system = KernelSystem(points @ points.mT, labels, given.ridge)
        weights = system.masked_inverse(system.row_sums + given.ridge) if preconditioned else system.mask
        steps = islice(conjugate_gradients(system, weights), STEPS + 1)
        wanted = torch.stack([predictions[:, -1] for predictions in steps])
        assert float((found.predictions[found.ends, :, query] - wanted).abs().max()) < 1e-10


def test_it_stays_put_where_it_has_converged():
    """Fails if the converged stack divides rounding errors: 500 further steps must change nothing."""
    given = prompts()
    found = run(build(8, 520, given.ridge), given)
    solution = given.system.solution()
    assert torch.isfinite(found.predictions).all()
    assert float((found.predictions[found.stack.layer(STEPS) :] - solution).abs().max()) < 1e-12


def test_prompts_without_labels_or_pairs_stay_at_zero():
    """Fails if 0/0 is not 0: with y = 0, and without any context, every prediction is exactly 0."""
    given = prompts()
    stack = build(8, 3, given.ridge, preconditioned=True)
    silent, _ = stack.run(given.x, torch.zeros_like(given.y), given.queries)
    empty, _ = stack.run(given.x[:, :0], given.y[:, :0], given.queries)
    assert not silent.any() and not empty.any()


def test_prompts_are_independent_of_each_other_and_of_other_queries():
    """Fails if a query changes what another one, or the context, gets."""
    given = prompts()
    stack = build(8, 6, given.ridge)
    everything, _ = stack.run(given.x, given.y, given.queries)
    alone, _ = stack.run(given.x[:1], given.y[:1], given.queries[:1, :1])
    assert float((everything[:, :1, :1] - alone).abs().max()) < 1e-13


def test_the_model_predicts_by_itself():
    """Fails if `Transformer.predict`, which knows nothing of stacks, gives anything else."""
    given = prompts()
    stack = build(8, 6, given.ridge)
    assert type(stack.model) is Transformer
    by_model = stack.model.predict(given.x, given.y, given.queries)
    assert torch.equal(by_model, stack.predictions(given.x, given.y, given.queries))


@pytest.mark.parametrize("preconditioned", [False, True])
def test_blocks_per_step(preconditioned):
    """Fails if a step takes another number of blocks than stated, or layers are counted wrongly."""
    stack = build(4, 3, 1.0, preconditioned=preconditioned)
    setup = SETUP_BLOCKS + PRECONDITIONER_BLOCKS * preconditioned
    assert len(stack.model.blocks) == setup + 3 * BLOCKS_PER_STEP == stack.layer(3)
    assert stack.step(stack.layer(2)) == 2 and stack.step(0) == 0
    given = prompts(shape=(2, 6, 1, 4), ridge=1.0)
    found = run(stack, given)
    changes = (found.predictions.diff(dim=0).abs().amax((1, 2)) > 0).nonzero()[:, 0] + 1
    assert changes.tolist() == [
        layer for layer in range(1, stack.layer(3) + 1) if stack.step(layer) > stack.step(layer - 1)
    ]


@pytest.mark.parametrize("preconditioned", [False, True])
def test_any_wrong_weight_is_noticed(preconditioned):
    """Fails if a weight that is not 0 can be changed by 1 % without leaving CG.

    Only what hides a broadcast from the aggregator itself may change, since it clears the channel afterwards.
    """
    given = prompts()
    stack = build(8, 4, given.ridge, preconditioned=preconditioned)

    def ends():
        found = run(stack, given)
        return torch.cat((found.predictions[-1], found.duals[-1]), dim=1)

    wanted, checked = ends(), 0
    for name, parameter in stack.model.named_parameters():
        for index in parameter.nonzero()[:40]:
            place = tuple(index.tolist())
            kept = parameter[place].clone()
            parameter[place] = kept * 1.01
            moved = float((ends() - wanted).abs().max())
            parameter[place] = kept
            broadcast = name.endswith("attention.query.weight") and float(kept) < 0
            assert moved > 1e-9 or broadcast, (name, place)
            checked += 1
    assert checked > 60


def test_signed_representations_are_refused_with_the_preconditioner():
    """Fails if a row sum that is not positive is inverted instead of refused by name."""
    given = prompts(ridge=1e-3, nonnegative=False)
    stack = build(8, 2, given.ridge, preconditioned=True)
    with pytest.raises(ConstructionError, match="preconditioner: found a row sum of K \\+ ridge I of -"):
        stack.run(given.x, given.y, given.queries)


def test_requests_that_cannot_be_built():
    """Fails if a ridge of 0, or a projection of another representation, is built."""
    with pytest.raises(ConstructionError, match="ridge: found 0; it must be positive"):
        build(4, 1, 0.0)
    with pytest.raises(ConstructionError, match="projection: found 5 rows"):
        build(4, 1, 1.0, projection=torch.zeros(5, 2, dtype=torch.float64))


def test_heads_of_fewer_channels_see_the_projection():
    """Fails if a stack whose heads have r channels is not CG on the projected representations."""
    given = prompts()
    projection = torch.randn(8, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    stack = build(8, STEPS, given.ridge, projection=projection)
    assert stack.model.settings.head_width == 3
    kernel = (given.x @ projection) @ (given.x @ projection).mT
    dual = torch.linalg.solve(kernel + given.ridge * torch.eye(12, dtype=torch.float64), given.y)
    wanted = (given.queries @ projection) @ ((given.x @ projection).mT @ dual[..., None])
    found = stack.predictions(given.x, given.y, given.queries)
    assert float((found - wanted[..., 0]).abs().max()) < 1e-10


def test_declared_primitives():
    """Fails if the exact version uses more than linear attention, products and guarded divisions.

    And if a step divides more than twice, or the trained path, code or configuration, uses the primitives.
    """
    assert set(PRIMITIVES) == {"product", "guarded division"}
    stack = build(4, 2, 1.0)
    kinds = {type(module) for module in stack.model.modules()} - {torch.nn.Linear, torch.nn.Identity}
    kinds -= {torch.nn.ModuleList, Transformer, type(stack.model.blocks[0])}
    assert kinds == {Attention, RationalMLP}
    assert {block.attention.kind for block in stack.model.blocks} == {"linear"}
    divisions = [int((block.mlp.divisor.weight != 0).any(1).sum()) for block in stack.model.blocks]
    assert divisions == [0, *[0, 1, 0, 1, 0] * 2]
    preconditioned = build(4, 1, 1.0, preconditioned=True)
    assert int((preconditioned.model.blocks[0].mlp.divisor.weight != 0).any(1).sum()) == 2
    experiment = load_experiment(ROOT / "config.yaml", None)
    assert not {experiment.run(run).model.mlp for run in experiment.runs} & {"bilinear", "rational"}
    for folder in ("training", "analysis", "solvers"):
        for path in (ROOT / "src/ickrr" / folder).rglob("*.py"):
            assert not re.search("RationalMLP|BilinearMLP", path.read_text()), path


class TestRelu:
    """The version whose MLPs are ReLU interpolants."""

    def built(self, given, units, steps=STEPS):
        exact = build(8, steps, given.ridge)
        other = prompts(ridge=given.ridge, seed=9)
        ranges = relu_model.measured_ranges(exact, other.x, other.y, other.queries, 2.0)
        return relu_model.build(8, steps, given.ridge, ranges, units)

    def test_error_falls_with_the_width(self):
        """Fails if 16 times the units do not make the final error at least 30 times smaller."""
        given = prompts()
        solution = given.system.solution()
        errors = []
        for units in (64, 1024, 16384):
            found = run(self.built(given, units), given)
            errors.append(float(relative_errors(found.predictions[-1:], solution).median()))
        assert errors[0] < 0.2
        assert errors[1] < errors[0] / 30 and errors[2] < errors[1] / 30

    def test_layers_follow_cg(self):
        """Fails if a layer's step is counted wrongly: with many units every layer is near the exact step."""
        given = prompts()
        found = run(self.built(given, 16384, 5), given)
        wanted = torch.stack(list(islice(reference_steps(given, preconditioned=False), 6)))
        for layer in range(len(found.predictions)):
            distance = found.predictions[layer] - wanted[found.stack.step(layer)]
            assert float(distance.abs().max()) < 1e-4
        assert found.stack.layer(5) == SETUP_BLOCKS + 5 * relu_model.BLOCKS_PER_STEP

    def test_banks_are_an_ordinary_relu_network(self):
        """Fails if a block does not equal its dense form with one ReLU layer and linear attention."""
        given = prompts()
        stack = self.built(given, 64, 1)
        for block in stack.model.blocks:
            tokens = torch.randn(4, stack.channels.width, dtype=torch.float64)
            wanted = block.mlp.dense()(tokens).detach()
            assert float((block.mlp(tokens) - wanted).abs().max()) < 1e-6 * float(wanted.abs().max() + 1)

    @pytest.mark.parametrize("units", [16, 128])
    def test_interpolants_keep_their_bounds(self, units):
        """Fails if the logarithm or the exponential is off by more than stated on a fine grid."""
        low, high = 1e-6, 50.0
        z = torch.logspace(-6, np.log10(50.0), 4001, dtype=torch.float64)
        error = (interpolants.logarithm(low, high, units)(-z) - z.log()).abs().max()
        assert float(error) <= interpolants.logarithm_error(low, high, units) * (1 + 1e-9)
        low, high = np.log(1e-4), np.log(20.0)
        z = torch.linspace(low, high, 4001, dtype=torch.float64)
        found = interpolants.exponential(low, high, units)(z) + np.exp(low)
        relative = ((found - z.exp()) / z.exp()).abs().max()
        assert float(relative) <= interpolants.exponential_error(low, high, units) * (1 + 1e-9)
        assert float(interpolants.exponential(low, high, units)(torch.tensor(low - 5.0).double())) == 0.0

    @pytest.mark.parametrize("units", [2, 7])
    def test_units_are_checked(self, units):
        """Fails if an odd or too small number of units is built."""
        ranges = relu_model.Ranges(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
        with pytest.raises(ConstructionError, match=f"units: found {units}"):
            relu_model.build(4, 1, 1.0, ranges, units)


class TestMeasures:
    """What is measured on the stacks, on trajectories that are known."""

    def test_first_below(self):
        """Fails if a prompt that never converges is given a step on the grid other than the last."""
        errors = torch.tensor([[1.0, 1.0], [0.1, 0.5], [0.2, 0.4]])
        assert first_below(errors, 0.1).tolist() == [1, 2]

    def test_step_error_stops_at_convergence(self):
        """Fails if steps after a prompt's last one count, or labels do not scale it."""
        first = torch.tensor([0.0, 1.0, 5.0])[:, None, None]
        labels = torch.tensor([[2.0, -4.0]])
        assert step_error(first, torch.zeros_like(first), labels, torch.tensor([1])) == 0.25

    def test_drift(self):
        """Fails if a prompt that never comes to rest counts, or a change after rest does not."""
        solution, labels = torch.tensor([[1.0], [1.0]]).double(), torch.ones(2, 3).double()
        predictions = torch.tensor([[0.0, 0.0], [1.0, 0.5], [1.25, 9.0]]).double()[..., None]
        assert drift(predictions, solution, labels, 1e-10) == (0.25, 1)

    def test_divergence_is_capped(self):
        """Fails if a prediction that is not finite leaves the tables without a number."""
        predictions = torch.tensor([[[torch.nan]], [[torch.inf]], [[2.0]]])
        assert relative_errors(predictions, torch.ones(1, 1))[:, 0].tolist() == [DIVERGED, DIVERGED, 1.0]

    def test_rate_bound_holds_and_condition_numbers_are_numpys(self):
        """Fails if CG exceeds the bound of the theory, or kappa is not that of the matrix."""
        given = prompts(ridge=0.1, decay=1.0)
        kappa = [np.linalg.cond(matrix) for matrix in given.matrix.numpy()]
        assert given.condition_numbers().tolist() == pytest.approx(kappa)
        root = np.sqrt(kappa[0])
        assert float(rate_bound(given, 3)[3, 0]) == pytest.approx(2 * ((root - 1) / (root + 1)) ** 3)
        found = run(build(8, 12, given.ridge), given)
        duals, predictions = found.duals[found.ends], found.predictions[found.ends]
        everything = torch.full((5,), 12)
        assert 0.5 - 1e-9 <= rate_share(duals, given, everything) <= 1
        errors = relative_errors(predictions, given.system.solution())
        assert bool((errors <= prediction_bound(given, 12) + 1e-10).all())
        matrix, dual = given.matrix[0].numpy(), duals[4, 0].numpy()
        exact = np.linalg.solve(matrix, given.y[0].numpy())
        wanted = np.sqrt((dual - exact) @ matrix @ (dual - exact) / (exact @ matrix @ exact))
        assert float(energy_errors(duals, given)[4, 0]) == pytest.approx(wanted)

    @pytest.mark.parametrize("preconditioned", [False, True])
    def test_local_error(self, preconditioned):
        """Fails if an ill-conditioned stack is not CG step by step, or a wrong weight goes unseen."""
        given = prompts(ridge=1e-2, decay=2.0)
        stack = build(8, 12, given.ridge, preconditioned=preconditioned)
        last = torch.full((5,), 8)
        assert local_error(stack, given, last) < 1e-8
        stack.model.blocks[stack.setup].attention.output.weight[stack.channels.image, 0] *= 1 + 1e-5
        assert local_error(stack, given, last) > 1e-7
