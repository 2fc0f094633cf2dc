"""How long jobs will take: measured before the start, corrected by what finished trainings really took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from ickrr.batch.jobs import Job
from ickrr.errors import FileError
from ickrr.tensors import read_metadata

STARTUP_SECONDS = 5.0  # Python, torch and their libraries, on a busy machine


@dataclass
class Estimates:
    """Seconds that jobs need.

    Args:
        training: seconds of a whole training, by run.
        probing: seconds of a probing, by run.
        steps: optimisation steps of a whole training, by run.
    """

    training: Mapping[str, float]
    probing: Mapping[str, float]
    steps: Mapping[str, int]
    _ratios: list[float] = field(default_factory=list)

    def seconds(self, job: Job) -> float:
        """Estimate what is left of a job; of a training, the part after its checkpoint."""
        if job.run is None:
            return STARTUP_SECONDS
        if job.verb == "probe":
            return STARTUP_SECONDS + self.correction * self.probing[job.run]
        return STARTUP_SECONDS + self.correction * self.share_left(job) * self._training(job)

    def share_left(self, job: Job) -> float:
        """Return the share of a job that is not done yet."""
        return 1.0 if job.run is None else 1 - steps_done(job) / self.steps[job.run]

    def learn(self, job: Job, share: float, seconds: float) -> None:
        """Take note that a share of a training took this long; estimates are scaled by the median ratio."""
        if job.verb.startswith("train") and share * self._training(job) > 0:
            self._ratios.append(max(0.0, seconds - STARTUP_SECONDS) / (share * self._training(job)))

    def _training(self, job: Job) -> float:
        """Seconds of a whole training; of an ensemble, as if its members were trained one after the other."""
        return sum(self.training[part.run] for part in job.parts if part.run is not None)

    @property
    def correction(self) -> float:
        """Return actual over estimated time of trainings so far."""
        return median(self._ratios) if self._ratios else 1.0


def steps_done(job: Job) -> int:
    """Return the step of a job's checkpoint, 0 where there is none that can be read."""
    if job.state is None or not job.state.exists():
        return 0
    try:
        step = read_metadata(job.state).get("step", 0)
    except FileError:  # training starts from the beginning and says why
        return 0
    return int(step)


def table(jobs: Sequence[Job], estimates: Estimates, budget: float, parallel: int) -> str:
    """Return the plan as text: jobs in order, their state, their time and that of all up to them."""
    lines = [f"{'job':<40} {'state':<24} {'seconds':>9} {'in all':>9}"]
    total = 0.0
    beyond = False
    for job in jobs:
        seconds = estimates.seconds(job)
        total += seconds / parallel
        if total > budget and not beyond:
            lines.append(f"--- the budget of {budget:g} s ends about here ---")
            beyond = True
        done = steps_done(job)
        state = f"goes on after step {done}" if done else "to do"
        lines.append(f"{job.label:<40} {state:<24} {seconds:9.0f} {total:9.0f}")
    return "\n".join(lines)
