"""The memory, minutes and GPUs that each job asks for.

A time limit is three times the computed time, plus the time that a job's start takes. A limit that is too
short costs a retry with twice as much (training resumes from its checkpoint); one that is too long costs a
place further back in the queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from ickrr.config.experiment import Experiment
from ickrr.config.run import RunSettings
from ickrr.resources import of_steps

START = 4  # [minutes] for Snakemake's two starts on the node, Python's imports, slow file systems
MARGIN = 3.0
KNOWN_CASES = 250  # on which the identification is tried, with some room
SNAKEMAKE_MB = 300  # Snakemake itself runs inside the job, twice
CUDA_MB = 3000  # host memory of a process that uses a GPU
FLOOR_MB = 1000

# [MB], [minutes] of jobs that no scale makes much larger, with room for several times what they take.
FIXED = {
    "tabulate_training": (1000, 10),
    "verify_construction": (2000, 60),
    "tabulate_construction": (1000, 10),
    "measure_contraction": (2000, 30),
    "build_control": (1500, 10),
    "run_conjugate_gradient": (1500, 20),
    "measure_width": (1500, 20),
    "tabulate_operators": (1500, 10),
    "compare_linear_regression": (1500, 10),
    "judge_claims": (1000, 10),
    "write_table": (1000, 10),
    "write_numbers": (1000, 10),
    "draw_figure": (1000, 10),
    "build_paper": (1000, 10),
    "pack_arxiv": (1000, 10),
    "build_results": (1500, 10),
    "build_explorer": (1000, 10),
    "build_docs": (2000, 20),
    "build_playground": (2000, 20),
}
ON_GPU = frozenset({"train_model", "probe_model", "solve_prompts", "sweep_noise", "trace_functions"})
"""The rules whose steps use a GPU, if there is one; profiles/slurm/profile.yaml lists them for sites."""


def wall_time(seconds: Sequence[float], cores: int) -> float:
    """Return the time that independent one-core jobs take on some cores, started with the longest."""
    busy = [0.0] * cores
    for job in sorted(seconds, reverse=True):
        earliest = busy.index(min(busy))
        busy[earliest] += job
    return max(busy)


def minutes(seconds: float) -> int:
    """Return the time limit, in minutes, of a job that should take some seconds."""
    return START + ceil(MARGIN * seconds / 60)


@dataclass(frozen=True)
class JobResources:
    """What each job of an experiment asks for in its first attempt.

    Args:
        experiment: the resolved experiment.
    """

    experiment: Experiment

    @cached_property
    def _runs(self) -> dict[str, RunSettings]:
        """Every run and control, resolved once: two resources of each job ask for them."""
        return {name: self.experiment.run(name) for name in self.experiment.models}

    def of(self, rule: str, run: str | None = None, task: str | None = None) -> tuple[int, int]:
        """Return the megabytes and minutes of a job.

        Args:
            rule: name of its rule.
            run: its run, if its rule has one.
            task: its task, if its rule has one.
        """
        if rule in FIXED:
            return FIXED[rule]
        if run is not None:
            megabytes, seconds = self._of_run(rule, run)
        elif task is not None:
            megabytes, seconds = self._of_task(rule, task)
        else:
            megabytes, seconds = self._of_controls(rule)
        # In hundreds of MB, with what runs around the computation.
        whole = 1.25 * megabytes + SNAKEMAKE_MB + (CUDA_MB if self.gpus(rule) else 0)
        return max(FLOOR_MB, ceil(whole / 100) * 100), minutes(seconds)

    def gpus(self, rule: str) -> int:
        """Return the number of GPUs of a job; none if everything is to run on the CPU."""
        compute = self.experiment.compute
        return compute.gpus_per_job if rule in ON_GPU and compute.device != "cpu" else 0

    def _of_run(self, rule: str, name: str) -> tuple[float, float]:
        """Return the megabytes and seconds of a job of one run."""
        experiment, gpu = self.experiment, self.gpus(rule) > 0
        run, seeds = self._runs[name], len(experiment.seeds(name))
        prompts, probe, solvers = experiment.prompts, experiment.probe, experiment.solvers
        count, draws = prompts.evaluation, experiment.statistics.bootstrap_draws
        match rule:
            case "train_model":
                return of_steps.training_memory_mb(run), of_steps.training_seconds(run, prompts, gpu)
            case "probe_model":
                memory = of_steps.probing_memory_mb(run, probe.chunk_prompts)
                return memory, of_steps.probing_seconds(run, prompts, probe, gpu)
            case "sweep_noise":
                sweep = experiment.noise_mismatch
                memory = of_steps.sweeping_memory_mb(run, count, sweep, seeds, draws)
                return memory, of_steps.sweeping_seconds(run, count, sweep, seeds, draws, gpu)
            case "trace_functions":
                curves = experiment.functions
                memory = of_steps.tracing_memory_mb(run, curves, probe, solvers, seeds)
                return memory, of_steps.tracing_seconds(run, prompts.fit, curves, probe, solvers, seeds, gpu)
            case "compare_run":
                memory = of_steps.comparing_memory_mb(run, count, solvers, seeds)
                return memory, seeds * of_steps.comparing_seconds(run, count, solvers, draws)
            case "identify_run":
                fresh = experiment.identification.prompts_of(name)
                memory = of_steps.identifying_memory_mb(run, fresh)
                memory += of_steps.probing_memory_mb(run, probe.chunk_prompts)
                return memory, of_steps.identifying_run_seconds(run, prompts.fit, fresh, probe, seeds)
            case "weigh_families":
                fresh = experiment.identification.prompts_of(name)
                memory = of_steps.weighing_memory_mb(run, fresh)
                memory += of_steps.probing_memory_mb(run, probe.chunk_prompts)
                return memory, of_steps.weighing_seconds(run, prompts.fit, fresh, probe, seeds)
            case "identify_snapshots":
                fresh, kept = experiment.identification.described_prompts, len(run.training.snapshot_steps())
                memory = of_steps.identifying_memory_mb(run, fresh)
                memory += of_steps.probing_memory_mb(run, probe.chunk_prompts)
                memory += of_steps.snapshots_memory_mb(run, fresh, kept * seeds)
                return memory, of_steps.identifying_run_seconds(run, prompts.fit, fresh, probe, kept * seeds)
            case "try_identification":
                fresh = experiment.identification.prompts_of(name)
                memory = of_steps.identifying_memory_mb(run, max(prompts.fit, fresh))
                memory += of_steps.probing_memory_mb(run, fresh)
                return memory, of_steps.identifying_seconds(run, fresh, KNOWN_CASES)
            case "replace_heads":
                replaced = experiment.interventions
                memory = of_steps.replacing_memory_mb(run, replaced, probe)
                return memory, seeds * of_steps.replacing_seconds(run, prompts.fit, replaced, probe)
            case "measure_linearity":
                linear = experiment.linearity
                memory = of_steps.linearity_memory_mb(run, linear, probe)
                return memory, seeds * of_steps.linearity_seconds(run, prompts.fit, linear, probe)
            case "compare_probes" | "identify_by_probe":
                memory = of_steps.comparing_probes_memory_mb(run, count, solvers, probe, seeds)
                folds = experiment.probes.folds
                return memory, seeds * of_steps.comparing_probes_seconds(
                    run, prompts, folds, solvers, probe, draws
                )
            case "measure_degree":
                memory = of_steps.degree_memory_mb(run, max(prompts.fit, count), experiment.degree)
                layers = seeds * (run.model.layers + 1)
                return memory, of_steps.degree_seconds(run, prompts, experiment.degree, layers)
            case "measure_operators":
                operators = experiment.operators
                memory = of_steps.operators_memory_mb(run, operators)
                return memory, of_steps.operators_seconds(run, operators)
        raise KeyError(f"ickrr.resources knows no rule '{rule}' with a run")

    def _of_task(self, rule: str, name: str) -> tuple[float, float]:
        """Return the megabytes and seconds of a job of one task."""
        task, prompts, solvers = self.experiment.task(name), self.experiment.prompts, self.experiment.solvers
        match rule:
            case "sample_prompts":
                counts = (prompts.fit, prompts.evaluation)
                memory = of_steps.drawing_memory_mb(task, max(counts))
                return memory, of_steps.drawing_seconds(task, sum(counts))
            case "solve_prompts":
                count, gpu = prompts.evaluation, self.gpus(rule) > 0
                memory = of_steps.solving_memory_mb(task, count, solvers.chunk_prompts, solvers.steps)
                seconds = of_steps.solving_seconds(task, count, solvers.steps, solvers.names, gpu)
                return memory, seconds + of_steps.null_seconds(task, count, solvers.steps, solvers.nulls)
        raise KeyError(f"ickrr.resources knows no rule '{rule}' with a task")

    def _of_controls(self, rule: str) -> tuple[float, float]:
        """Return the megabytes and seconds of a job of all controls."""
        experiment = self.experiment
        if rule != "check_controls":
            raise KeyError(f"ickrr.resources knows no rule '{rule}'")
        tasks = {control.task for control in experiment.constructions.controls.values()}
        sizes = [
            of_steps.checking_memory_mb(
                experiment.task(task), experiment.prompts.evaluation, experiment.solvers
            )
            for task in tasks
        ]
        return max(sizes, default=of_steps.PROCESS_MB), of_steps.CHECKING_SECONDS
