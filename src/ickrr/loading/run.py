"""A trained model of a finished run, with everything that the comparison knows of it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ickrr.code import ROOT
from ickrr.config.messages import no_such
from ickrr.config.run import RunSettings
from ickrr.config.task import Stored
from ickrr.entries import NULLS
from ickrr.errors import ConfigError, FileError
from ickrr.io.checks import Array, load_checked
from ickrr.io.predictions import load_predictions
from ickrr.io.run_files import load_prompts
from ickrr.io.tensors import read_metadata
from ickrr.model.transformer import Transformer
from ickrr.model.weights import load_model

if TYPE_CHECKING:
    from transformers import GPT2Model


@dataclass(frozen=True)
class LoadedRun:
    """One training of a run; files are read when they are first asked for.

    Attributes:
        settings: the resolved run that it was trained with.
        seed: of the training.
        results: folder of the results.
    """

    settings: RunSettings
    seed: int
    results: Path

    @cached_property
    def model(self) -> Transformer:
        """The trained model, on the CPU, in evaluation mode.

        Raises:
            FileError: the weights are damaged or of another run.
        """
        return load_model(_weights(self.results, self.settings.name, self.seed), self.settings, self.seed)

    @cached_property
    def prompts(self) -> dict[str, Array]:
        """The evaluation prompts; see `prompts_of`."""
        return self.prompts_of("evaluation")

    def prompts_of(self, split: Stored) -> dict[str, Array]:
        """Return the stored prompts of the run's task.

        Args:
            split: what they were drawn for, ``fit`` or ``evaluation``.

        Returns:
            `x` (B, N+1, d), `y`, `f`, `posterior_mean` and `posterior_variance`, each (B, N+1). Entry n is
            the query after n pairs.

        Raises:
            FileError: they are not there, or of another task.
        """
        path = self.results / "prompts" / f"{self.settings.task_name}-{split}.safetensors"
        return load_prompts(path, self.settings, split)

    @property
    def layers(self) -> Array:
        """What the fitted readouts of layers 0..L predict on the evaluation prompts, (L+1, B, N+1).

        Raises:
            FileError: the run has not been probed, or a file is damaged.
        """
        return self._predictions[0]

    @property
    def output(self) -> Array:
        """What the model itself predicts on the evaluation prompts, (B, N+1).

        Raises:
            FileError: the run has not been probed, or a file is damaged.
        """
        return self._predictions[1]

    @cached_property
    def _predictions(self) -> tuple[Array, Array]:
        path = self.results / "predictions" / self.settings.name / f"seed{self.seed}.safetensors"
        prompts, points = self.prompts["y"].shape
        return load_predictions(path, self.settings, self.seed, (prompts, points))

    @property
    def solvers(self) -> list[str]:
        """The solvers whose trajectories on the evaluation prompts are there."""
        return [name for name in self._solved if name not in NULLS]

    @property
    def nulls(self) -> list[str]:
        """The predictors that do not iterate whose paths on the evaluation prompts are there."""
        return [name for name in self._solved if name in NULLS]

    @property
    def _solved(self) -> list[str]:
        return sorted(path.stem for path in self._trajectories.glob("*.safetensors"))

    def trajectory(self, solver: str) -> Array:
        """Return what a solver, or a null, predicts at steps 0..T on the evaluation prompts, (T+1, B, N+1).

        Args:
            solver: one of `solvers` or `nulls`.

        Raises:
            ConfigError: there is no such trajectory.
            FileError: the file is damaged.
        """
        if solver not in self._solved:
            raise ConfigError(f"{self._trajectories}: {no_such('solver or null', solver, self._solved)}")
        prompts, points = self.prompts["y"].shape
        path = self._trajectories / f"{solver}.safetensors"
        return load_checked(path, {"predictions": (None, prompts, points)})["predictions"]

    @property
    def _trajectories(self) -> Path:
        return self.results / "trajectories" / f"{self.settings.task_name}-evaluation"

    def to_gpt2(self) -> "GPT2Model":
        """Return Hugging Face's GPT-2 with the weights of the blocks; see `ickrr.loading.gpt2`.

        Raises:
            ConfigError: the run's blocks are not GPT-2's, or the package transformers is not installed.
        """
        from ickrr.loading.gpt2 import to_gpt2

        return to_gpt2(self.model)


def load(run: str, seed: int | None, results: str | Path) -> LoadedRun:
    """Return a training of a run; arguments and errors as of `ickrr.load_run`."""
    folder = Path(results)
    if not folder.is_dir():
        folder = ROOT / folder
    seeds = sorted(
        int(path.parent.name.removeprefix("seed"))
        for path in (folder / "trained" / run).glob("seed*/weights.safetensors")
    )
    chosen = min(seeds, default=None) if seed is None else seed
    if chosen is None or chosen not in seeds:
        there = ", ".join(map(str, seeds)) or "none"
        target = f"{folder}/predictions/{run}/seed{chosen or 0}.safetensors"
        wanted = f"run '{run}'" if seed is None else f"run '{run}', seed {seed}"
        raise FileError(
            f"{folder}: has no weights of {wanted} (seeds that are there: {there}); make them with snakemake "
            f"{target}, or name another folder of results"
        )
    path = _weights(folder, run, chosen)
    try:
        settings = RunSettings.model_validate(read_metadata(path)["run"])
    except (KeyError, ValidationError) as error:
        told = str(error).splitlines()[0]
        raise FileError(
            f"{path}: was written by other code, which this version cannot read ({told}); train again"
        ) from error
    return LoadedRun(settings, chosen, folder)


def _weights(results: Path, run: str, seed: int) -> Path:
    return results / "trained" / run / f"seed{seed}" / "weights.safetensors"
