"""What the curves of a model are compared with: posterior of the function, iterates of a solver."""

from torch import Tensor

from ickrr.comparison.functions import Curves
from ickrr.config.functions import FunctionSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.row_keys import NO_SEED
from ickrr.solvers.solve import solve
from ickrr.solvers.system import KernelSystem
from ickrr.tasks import bayes_ridge, posterior


def reference_curves(
    run: RunSettings, settings: FunctionSettings, solvers: SolverSettings, x: Tensor, y: Tensor
) -> list[Curves]:
    """Return the posterior of f and the solver's iterates at the last of the points (G, n+1, 1)."""
    grid = x[:, -1, 0].cpu().numpy()  # (G)
    system = KernelSystem.of_prompts(run.task, x, y)
    mean, variance = (part[:, -1].cpu() for part in posterior(system.kernel, y, bayes_ridge(run.task)))
    trajectory = solve(settings.solver, system, solvers.steps, solvers).predictions[..., -1]  # (T+1, G)
    return [
        Curves(
            NO_SEED, "posterior", "posterior_mean", grid, mean.numpy()[None], variance.sqrt().numpy()[None]
        ),
        Curves(NO_SEED, "solver", settings.solver, grid, trajectory.cpu().numpy()),
    ]
