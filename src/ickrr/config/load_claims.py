"""Read claims.yaml, and refuse one that names what does not exist."""

from pathlib import Path

from pydantic import ValidationError

from ickrr.config.claims import READS, Ledger
from ickrr.config.experiment import UNSOLVED_TABLES, Experiment
from ickrr.config.load import not_compared
from ickrr.config.messages import describe_problem, no_such
from ickrr.config.yaml_text import read_yaml
from ickrr.errors import ConfigError


def load_ledger(path: str | Path, experiment: Experiment) -> Ledger:
    """Read and check the claims.

    Args:
        path: claims.yaml.
        experiment: the resolved experiment, which knows the runs, figures and tables.

    Raises:
        ConfigError: the file is missing or does not parse, or a key, value, run or evidence is wrong. The
            message names file, line, key, value and what is allowed.
    """
    path = Path(path)
    values, positions = read_yaml(path)
    positions = {("claims", *key): where for key, where in positions.items()}
    try:
        ledger = Ledger.model_validate({"claims": values, "order": list(values)})
    except ValidationError as error:
        lines = [describe_problem(item, Ledger, (), (), positions, str(path)) for item in error.errors()]
        # The file has the ids at its top.
        raise ConfigError("\n".join(line.replace(": claims.", ": ", 1) for line in lines)) from error
    problems: list[str] = []
    shown = [*experiment.figures, *experiment.tables]
    for name, claim in ledger.items():
        where = f"{positions[('claims', name)]}: {name}"
        problems += [
            f"{where}.evidence: {no_such('figure or table', entry, shown)}"
            for entry in claim.evidence
            if entry not in shown
        ]
        runs = [run for condition in claim.conditions for run in (*condition.runs, condition.reference)]
        problems += [
            f"{where}.conditions: {no_such('run', run, list(experiment.runs))}"
            for run in dict.fromkeys(runs)
            if run is not None and run not in experiment.runs
        ]
        read = {
            run: [table for table in READS[condition.statistic] if table not in UNSOLVED_TABLES]
            for condition in claim.conditions
            for run in (*condition.runs, condition.reference)
            if run is not None and run in experiment.runs and not experiment.is_compared(run)
        }
        problems += [
            f"{where}.conditions: {not_compared(experiment, run, tables)}"
            for run, tables in read.items()
            if tables
        ]
    if problems:
        raise ConfigError("\n".join(problems))
    return ledger
