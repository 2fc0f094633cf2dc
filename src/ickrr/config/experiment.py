"""The whole experiment: what config.yaml may say, and the runs it resolves to."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from ickrr.config.conjugate_gradient import ConjugateGradientSettings, WidthSettings
from ickrr.config.constructions import ConstructionSettings, ControlSettings
from ickrr.config.degree import DegreeSettings
from ickrr.config.fields import DERIVED, Identifier, Settings, Words, setting
from ickrr.config.functions import FunctionSettings
from ickrr.config.identification import IdentificationSettings
from ickrr.config.interventions import InterventionSettings
from ickrr.config.linearity import LinearitySettings
from ickrr.config.model import AnyModelSettings, BuiltModelSettings, ModelSettings
from ickrr.config.noise_mismatch import NoiseMismatchSettings
from ickrr.config.operators import OperatorSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.probes import ProbesSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.entries import KERNELS

CONTROL_SEED = 0
UNSOLVED_TABLES = frozenset({"learning_curve", "noise"})
"""Tables of a run that need no solver."""

Scale = Literal["smoke", "laptop", "desk", "paper"]
Seeds = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
OtherTable = Literal[
    "construction/cells",
    "construction/layers",
    "construction/widths",
    "construction/families",
    "construction/rates",
    "construction/contraction",
    "construction/controls",
    "construction/summary",
    "metarep/cg_curves",
    "metarep/cg",
    "metarep/width_curves",
    "metarep/width",
    "metarep/operators",
    "metarep/operators_detail",
    "metarep/operators_dials",
    "metarep/anchor",
    "claims",
]
SummaryTable = Literal[
    "construction/summary", "metarep/cg", "metarep/width", "metarep/operators", "metarep/anchor"
]
"""Tables that hold one number a row, by `quantity`, `subject` and `setting`, for claims of no run."""

RunTable = Literal[
    "errors",
    "similarity",
    "matches",
    "alignment",
    "pairs",
    "shares",
    "attribution",
    "encompassing",
    "uneven",
    "raw_weights",
    "snapshot_attribution",
    "snapshot_encompassing",
    "trials",
    "heads",
    "replacements",
    "coefficients",
    "restored",
    "linearity",
    "filters",
    "probes",
    "probe_effects",
    "probe_attributions",
    "probe_additions",
    "degree",
    "degree_trials",
    "noise",
    "functions",
    "learning_curve",
]


TITLE: Final = "Its title in the report of Snakemake; its name when absent; reaches no job"
DESCRIPTION: Final = "What it shows, for the report of Snakemake (reStructuredText); reaches no job"


class BaseRun(Settings):
    """What every run starts from."""

    task: TaskSettings = setting(TaskSettings(), "Task that `tasks` refine")
    model: ModelSettings = setting(ModelSettings(), "Architecture that runs refine")
    training: TrainingSettings = setting(TrainingSettings(), "Training that runs refine")
    seeds: Seeds = setting([0, 1, 2], "Seeds of every run that names none of its own")


class RunOverrides(Settings):
    """What one run changes."""

    purpose: Words = setting("", "What it is for, in a few words that LaTeX can set", "technical")
    task: str = setting("spherical", "Name of its task, a key of `tasks`")
    model: dict[str, Any] = setting({}, "Overrides of base.model")
    training: dict[str, Any] = setting({}, "Overrides of base.training")
    seeds: Seeds | None = setting(None, "Seeds of this run; base.seeds when absent")


class PromptCounts(Settings):
    """Sizes of the stored prompt sets of every task."""

    fit: int = setting(2048, "Prompts that the layer probes are fitted to", unit="prompts", ge=2)
    evaluation: int = setting(1024, "Prompts that everything is compared on", unit="prompts", ge=2)
    validation: int = setting(512, "Prompts of the learning curve", unit="prompts", ge=2)


class FigureSettings(Settings):
    """What one figure shows."""

    kind: str = setting("", "Kind of figure: the name of the notebook that draws it", "technical")
    runs: list[str] = setting([], "Runs that it shows, in order")
    solvers: list[str] | None = setting(None, "Solvers that it shows, in order; solvers.headline when absent")
    main_solver: str | None = setting(
        None, "Solver that it puts before the others; the first of them when absent"
    )
    title: Words = setting("", TITLE, "technical", exclude=True)
    description: Words = setting("", DESCRIPTION, "technical", exclude=True)
    tables: Annotated[list[RunTable], DERIVED] = setting([], "Tables of its runs that its notebook reads")
    others: Annotated[list[OtherTable], DERIVED] = setting([], "Tables of no run that its notebook reads")


class TableSettings(Settings):
    """What one LaTeX table shows."""

    runs: list[str] = setting([], "Runs that it shows, in order")
    controls: list[str] = setting([], "Controls that it shows below the runs, in order")
    title: Words = setting("", TITLE, "technical", exclude=True)
    description: Words = setting("", DESCRIPTION, "technical", exclude=True)
    tables: Annotated[list[RunTable], DERIVED] = setting([], "Tables of these that its module reads")
    tables_of_runs: Annotated[list[RunTable], DERIVED] = setting(
        [], "Tables of the runs alone that its module reads"
    )
    others: Annotated[list[OtherTable], DERIVED] = setting([], "Tables of no run that its module reads")


class Compute(Settings):
    """Where things run."""

    device: Literal["auto", "cpu", "cuda"] = setting(
        "auto",
        "Device of training, probing and solving; auto takes a GPU where there is one",
        "technical",
    )
    gpus_per_job: int = setting(0, "GPUs that each job which can use one asks for", "technical", ge=0, le=1)
    first_runs: list[str] = setting(
        [], "Runs that are trained before the others, most important first", "technical"
    )


class Experiment(Settings):
    """The resolved configuration."""

    scale: Scale = setting("laptop", "Name of the scale; results go to results/<scale>", "technical")
    repository: str = setting(
        "",
        "Public address of the repository, to which the PDF links; empty where there is none",
        "technical",
        pattern=r"^(https?://[^\s{}\\%#]+)?$",
    )
    seed: int = setting(0, "Root seed of the stored prompts", ge=0)
    compute: Compute = setting(Compute(), "Where things run")
    base: BaseRun = setting(BaseRun(), "What every run starts from")
    tasks: dict[Identifier, dict[str, Any]] = setting({}, "Named tasks: overrides of base.task", min_length=1)
    runs: dict[Identifier, RunOverrides] = setting({}, "Named runs: overrides of base", min_length=1)
    prompts: PromptCounts = setting(PromptCounts(), "Sizes of the stored prompt sets")
    solvers: SolverSettings = setting(SolverSettings(), "The classical solvers")
    probe: ProbeSettings = setting(ProbeSettings(), "The linear readout of every layer")
    identification: IdentificationSettings = setting(
        IdentificationSettings(), "Which algorithm a layer follows"
    )
    interventions: InterventionSettings = setting(
        InterventionSettings(), "Heads whose attention is replaced by kernels"
    )
    linearity: LinearitySettings = setting(LinearitySettings(), "Layers as functions of the labels")
    probes: ProbesSettings = setting(ProbesSettings(), "The choice among probes")
    degree: DegreeSettings = setting(DegreeSettings(), "Products with the kernel that a layer needs")
    statistics: StatisticsSettings = setting(StatisticsSettings(), "Intervals and what figures show")
    constructions: ConstructionSettings = setting(ConstructionSettings(), "The hand-built models")
    conjugate_gradient: ConjugateGradientSettings = setting(
        ConjugateGradientSettings(), "Conjugate gradients as hand-built linear attention"
    )
    width: WidthSettings = setting(WidthSettings(), "Representations projected to fewer channels")
    noise_mismatch: NoiseMismatchSettings = setting(
        NoiseMismatchSettings(), "Test noise other than that of training"
    )
    functions: FunctionSettings = setting(FunctionSettings(), "Prediction curves on one-dimensional inputs")
    operators: OperatorSettings = setting(OperatorSettings(), "Attention operators against kernels")
    figures: dict[Identifier, FigureSettings] = setting({}, "Figures of the paper")
    tables: dict[Identifier, TableSettings] = setting({}, "Tables of the paper")

    def task(self, name: str) -> TaskSettings:
        """Resolve a named task."""
        return TaskSettings.model_validate({**self.base.task.model_dump(), **self.tasks[name]})

    def run(self, name: str) -> RunSettings:
        """Resolve a named run, or a control, which is given the base's training and not trained."""
        model: AnyModelSettings
        if control := self.constructions.controls.get(name):
            training = self.base.training
            model = control.architecture.model_validate(control.model_on(self.base.model))
        else:
            run = self.runs[name]
            model = ModelSettings.model_validate({**self.base.model.model_dump(), **run.model})
            training = TrainingSettings.model_validate(merge(self.base.training.model_dump(), run.training))
        task = self.task_of(name)
        return RunSettings(name=name, task_name=task, task=self.task(task), model=model, training=training)

    @property
    def models(self) -> list[str]:
        """Names of all that is probed and compared: the trained runs, then the controls."""
        return [*self.runs, *self.constructions.controls]

    def runs_showing(self, table: str) -> list[str]:
        """Runs of which a figure or a table of the paper reads this table, in order."""
        shown = [(item.runs, item.tables) for item in self.figures.values()]
        shown += [(item.runs, [*item.tables, *item.tables_of_runs]) for item in self.tables.values()]
        return list(dict.fromkeys(run for runs, tables in shown if table in tables for run in runs))

    @property
    def compared(self) -> list[str]:
        """Names of the trained runs that are compared with the solvers: those whose kernel is positive."""
        return [run for run in self.runs if self.is_compared(run)]

    def is_compared(self, run: str) -> bool:
        """Say whether the solvers can be run on the task of a run or a control."""
        positive: bool = KERNELS.load(self.task(self.task_of(run)).kernel).POSITIVE
        return positive

    def built_for(self, run: str) -> list[str]:
        """Controls that are built for a run's task with exact products and read by a fitted probe."""
        task = self.task_of(run)
        return [
            name
            for name, control in self.constructions.controls.items()
            if (control.task, control.weights, control.readout) == (task, "exact", "fitted")
        ]

    @property
    def anchors(self) -> list[str]:
        """Names of the runs of linear regression: `operators.anchor`, then others with a linear kernel."""
        anchor = self.operators.anchor
        if anchor is None:
            return []
        others = [run for run in self.runs if run != anchor and self.runs[run].task in self.tasks]
        return [anchor, *(run for run in others if self.task(self.task_of(run)).kernel == "linear")]

    def seeds(self, run: str) -> list[int]:
        """Seeds of a run; a control has one."""
        if run in self.constructions.controls:
            return [CONTROL_SEED]
        return self.runs[run].seeds or self.base.seeds

    def task_of(self, run: str) -> str:
        """Name of the task of a run or a control."""
        control: ControlSettings | None = self.constructions.controls.get(run)
        return control.task if control else self.runs[run].task

    def prompt_set(self, name: str) -> PromptSettings:
        """Resolve a stored set of prompts, ``<task>-<split>``."""
        task, split = name.rsplit("-", 1)
        return PromptSettings(
            name=name,
            task_name=task,
            task=self.task(task),
            split=split,  # type: ignore[arg-type]
            count=getattr(self.prompts, split),
            seed=self.seed,
        )


OVERRIDDEN: Final[dict[tuple[type[Settings], str], type[Settings]]] = {
    (Experiment, "tasks"): TaskSettings,
    (RunOverrides, "model"): ModelSettings,
    (RunOverrides, "training"): TrainingSettings,
    (ControlSettings, "model"): BuiltModelSettings,
}
"""What the open mappings of the schema override; `tasks` maps names to such mappings."""


def merge(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """Overlay one nested mapping on another; mappings merge, everything else is replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged
