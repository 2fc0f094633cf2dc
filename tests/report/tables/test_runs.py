"""The table of runs: the settings of each run, in the order of its list."""

import json

from ickrr.config.experiment import Experiment
from ickrr.report.tables.runs import build


def test_rows_are_the_resolved_runs(experiment, tmp_path):
    """Fails if a column shows another setting, or a run stands in another row."""
    frame = build(experiment, tmp_path).frame.set_index("run")
    assert [*frame.index] == ["spherical", "noise_01"]
    for run, row in frame.iterrows():
        resolved = experiment.run(run)
        assert (row["law"], row["lengthscale"]) == (resolved.task.law, resolved.task.lengthscale)
        assert (row["dimension"], row["noise_std"]) == (resolved.task.dimension, resolved.task.noise_std)
        assert (row["layers"], row["width"], row["heads"]) == (
            resolved.model.layers,
            resolved.model.width,
            resolved.model.heads,
        )
        assert row["seeds"] == len(experiment.seeds(run))
    assert frame.loc["noise_01", "seeds"] == 2 and frame.loc["noise_01", "layers"] == 4


def test_words_are_escaped(experiment, tmp_path):
    """Fails if what a run is for ends the row, or comments the rest of it out."""
    latex = build(experiment, tmp_path).latex
    assert r"\texttt{noise\_01} & uniform &" in latex
    assert r"50 \% of all \& more \\" in latex


def test_order_survives_the_way_to_the_job(experiment, tmp_path):
    """Fails if runs stand in the order of JSON's sorted keys, not in that of the configuration."""
    given = Experiment.model_validate_json(json.dumps(experiment.model_dump(mode="json"), sort_keys=True))
    assert [*given.runs] != [*experiment.runs]
    assert build(given, tmp_path).latex == build(experiment, tmp_path).latex
