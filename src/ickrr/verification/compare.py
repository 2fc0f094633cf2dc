"""A training that was repeated here beside the reference: bits, numbers and conclusions."""

from typing import get_args

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.config.task import Stored
from ickrr.differences.settings import changed_code, changed_settings
from ickrr.differences.sides import Side
from ickrr.verification.agreement import agreements, conclusions, numbers, spreads
from ickrr.verification.names import families_named, identified_layers
from ickrr.verification.statement import Verification


def compared(
    experiment: Experiment,
    reference: Side,
    here: Side,
    run: str,
    seed: int,
    threads: int,
    minutes: float,
) -> Verification:
    """Compare a repeated training with the reference.

    Args:
        experiment: what was trained.
        reference: results that hold this training.
        here: results of the training that was repeated.
        run: name of the run.
        seed: of the training.
        threads: CPU threads that were asked for.
        minutes: that it took.

    Raises:
        FileError: a table is damaged.
    """
    solvers: list[str] = list(experiment.solvers.headline)
    theirs, ours = (numbers(side, run, solvers) for side in (reference, here))
    spread = spreads(theirs)
    if spread.isna().all():  # one seed: other runs say by how much trainings differ
        spread = spreads(pd.concat([numbers(reference, other, solvers) for other in reference.runs]))
    found = agreements(theirs, ours, seed, spread)
    layers = identified_layers(reference, here, run, seed)
    curve = here.table(run, "learning_curve")
    record = here.record(_weights(run, seed))
    assert curve is not None and record is not None, "both have just been made"
    settings = changed_settings(reference.made, here.made)
    about = (f"runs.{run}.", "solvers.")
    return Verification(
        run=run,
        seed=seed,
        scale=experiment.scale,
        against=reference.name,
        minutes=minutes,
        here=record,
        reference=reference.record(_weights(run, seed)),
        settings=settings and [one for one in settings if one.key.startswith(about)],
        code=changed_code(reference.made, here.made),
        bits=_bits(experiment, reference, here, run, seed),
        numbers=found,
        conclusions=[
            *conclusions(theirs, ours, seed, float(curve["bayes_risk"].iloc[0]), found),
            *families_named(layers),
        ],
        layers=layers,
        command=f"ickrr verify --scale {experiment.scale} --run {run} --seed {seed} "
        f"--against {reference.name}{f' --threads {threads}' if threads != 1 else ''}",
    )


def _weights(run: str, seed: int) -> str:
    return f"trained/{run}/seed{seed}/weights.safetensors"


def _bits(experiment: Experiment, reference: Side, here: Side, run: str, seed: int) -> dict[str, bool | None]:
    """Say of each file of the training whether its bytes are the reference's; None where it has no record."""
    task = experiment.task_of(run)
    names = [f"prompts/{task}-{split}.safetensors" for split in get_args(Stored)]
    names += [_weights(run, seed), f"trained/{run}/seed{seed}/learning_curve.parquet"]
    names += [f"predictions/{run}/seed{seed}.safetensors"] if experiment.is_compared(run) else []
    digests = [[_digest(side, experiment.scale, name) for name in names] for side in (reference, here)]
    return {
        name: None if theirs is None else theirs == ours
        for name, theirs, ours in zip(names, *digests, strict=True)
    }


def _digest(side: Side, scale: str, name: str) -> str | None:
    record = side.record(name)
    return str(record["outputs"][f"results/{scale}/{name}"]) if record else None
