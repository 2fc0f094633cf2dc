"""The four steps of docs/mechanism.md on small models: their tables against the catalogue and each other."""

import numpy as np
import pandas as pd
import pytest
import torch

from ickrr.__main__ import main
from ickrr.catalogue.of_runs import OF_RUNS
from ickrr.config.degree import DegreeSettings
from ickrr.config.identification import IdentificationSettings
from ickrr.config.interventions import InterventionSettings
from ickrr.config.linearity import LinearitySettings
from ickrr.config.model import ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.probes import ProbesSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.identification.attribution import attribute
from ickrr.identification.prompts import stored_problem
from ickrr.identification.spectra import iterated, norm_weights, row_sum_weights, spectrum
from ickrr.identification.stored import stored_candidates
from ickrr.io.run_files import load_prompts, run_metadata
from ickrr.io.tensors import save_tensors
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model, load_model, save_weights
from ickrr.probes.fitting import ProbeFits
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts

TASK = TaskSettings(context_length=9)
RUN = RunSettings(
    name="tiny",
    task_name="sphere",
    task=TASK,
    model=ModelSettings(layers=2, width=16, heads=2),
    training=TrainingSettings(),
)
SOLVERS = SolverSettings(headline=["richardson"], steps=6)
SETTINGS = {
    "run": RUN,
    "identification": IdentificationSettings(blocks=2),
    "statistics": StatisticsSettings(bootstrap_draws=50),
    "probe": ProbeSettings(),
    "solvers": SOLVERS,
    "interventions": InterventionSettings(fit_prompts=20, prompts=16),
    "linearity": LinearitySettings(prompts=16, chunk_prompts=8, knots=4, smallest=0.05),
    "probes": ProbesSettings(),
    "degree": DegreeSettings(largest=4, known=[1, 2], noises=[0.3]),
}
OF_STEPS = {
    "replace_heads": {name: name for name in ("heads", "replacements", "coefficients", "restored")},
    "measure_linearity": {name: name for name in ("linearity", "filters")},
    "compare_probes": {
        "probes": "probes",
        "effects": "probe_effects",
        "attributions": "probe_attributions",
    },
    "identify_by_probe": {"additions": "probe_additions"},
    "measure_degree": {"degree": "degree", "trials": "degree_trials"},
}
"""Tables by the option that they are written to."""
OWN = {
    "replace_heads": "interventions",
    "measure_linearity": "linearity",
    "compare_probes": "probes",
    "identify_by_probe": "probes",
    "measure_degree": "degree",
}
READ = {
    "replace_heads": ("identification", "probe", "statistics"),
    "measure_linearity": ("identification", "probe", "statistics"),
    "compare_probes": ("identification", "probe", "statistics", "solvers"),
    "identify_by_probe": ("identification", "probe", "statistics"),
    "measure_degree": ("identification", "probe"),
}
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write prompts, settings, weights of untrained models, predictions that are PR, and a trajectory."""
    folder = tmp_path_factory.mktemp("mechanism")
    for split, count in {"fit": 120, "evaluation": 60}.items():
        drawn = sample_prompts(TASK, count, torch_generator(0, "prompts", "sphere", split))
        stored = PromptSettings(name=split, task_name="sphere", task=TASK, split=split, count=count)
        save_tensors(folder / split, drawn.tensors(), {"prompts": stored.model_dump(mode="json")})
    for name, value in SETTINGS.items():
        (folder / f"{name}.json").write_text(value.model_dump_json())
    problem = stored_problem(folder / "evaluation", RUN, "evaluation")
    walk = spectrum(problem.kernel(), problem.y, problem.ridge, norm_weights)
    steps = torch.from_numpy(np.stack([walk.predict(iterated(step)) for step in range(SOLVERS.steps + 1)]))
    origin = {"prompts": "sphere-evaluation", "solver": "richardson", "steps": SOLVERS.steps}
    save_tensors(folder / "richardson", {"predictions": steps}, origin)
    exact = spectrum(problem.kernel(), problem.y, problem.ridge, row_sum_weights)
    layers = torch.from_numpy(np.stack([exact.predict(iterated(step)) for step in range(3)]))
    for seed in SEEDS:
        model = build_model(RUN)
        initialise(model, torch_generator(seed, "weights"))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(3)
        save_weights(folder / f"weights{seed}", model.state_dict(), RUN, seed)
        arrays = {"layers": layers, "output": layers[2].clone()}
        save_tensors(folder / f"predictions{seed}", arrays, run_metadata(RUN, seed))
    return folder


def command(folder, step, **changed):
    """Return the command line of a step, with other files of settings in place of some."""
    files = {"run": folder / "run.json", "settings": folder / f"{OWN[step]}.json"}
    files |= {name: folder / f"{name}.json" for name in READ[step]} | changed
    files |= {"fit": folder / "fit", "evaluation": folder / "evaluation"}
    files |= {option: folder / f"{table}.parquet" for option, table in OF_STEPS[step].items()}
    words = [step, "--seeds", *map(str, SEEDS)]
    for name, path in files.items():
        words += [f"--{name}", str(path)]
    read = "predictions" if step == "measure_degree" else "weights"
    words += [f"--{read}", *(str(folder / f"{read}{seed}") for seed in SEEDS)]
    return words + (["--trajectories", str(folder / "richardson")] if step == "compare_probes" else [])


@pytest.fixture(scope="module")
def tables(folder):
    for step in OF_STEPS:
        assert main(command(folder, step)) == 0, step
    names = [name for made in OF_STEPS.values() for name in made.values()]
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}


def test_tables_have_the_columns_of_the_catalogue(tables):
    """Fails if a table has a column that the catalogue does not describe, or lacks one."""
    for name, table in tables.items():
        assert list(table.columns) == list(OF_RUNS[name].columns), name
        assert set(table["run"]) == {"tiny"}


def test_every_head_is_replaced_and_followed(tables):
    """Fails if a head, a replacement or a later layer is missing, or an effect is read before its cause."""
    heads, replaced = tables["heads"], tables["replacements"]
    assert len(heads) == len(SEEDS) * 2 * 2 * 2  # layers, heads, kinds of rows
    alone = replaced[replaced["scope"] == "head"]
    for (_, layer, _, _), rows in alone.groupby(["seed", "layer", "head", "replacement"]):
        assert list(rows["read"]) == list(range(layer, 4))
    assert set(alone["replacement"]) == {"kernel", "mean"}
    together = replaced[replaced["scope"] == "rest"]
    assert set(together["replacement"]) == {"kernel", "permuted", "flat", "mean"}
    base = replaced["excess_risk"] - replaced["increase"]
    for _, same in base.groupby([replaced["seed"], replaced["read"]]):
        np.testing.assert_allclose(same, same.iloc[0])
    found = tables["coefficients"]
    untouched = found[found["scope"] == "none"]
    assert sorted(set(untouched["read"])) == [1, 2, 3]


def test_means_over_seeds_are_means_of_the_seeds(tables):
    """Fails if a row of the linearity without a seed is not the mean of those of the seeds."""
    rows = tables["linearity"].set_index(["layer", "method", "quantity"])
    mean, each = rows[rows["seed"] == -1], rows[rows["seed"] >= 0]
    # Where one seed has none (conjugate gradients at step 0), the mean has none.
    expected = each.groupby(level=[0, 1, 2])["value"].agg(lambda values: values.mean(skipna=False))
    np.testing.assert_allclose(mean["value"], expected.loc[mean.index])
    assert sorted(set(mean.reset_index()["layer"])) == [1, 2, 3]
    assert set(mean.reset_index()["method"]) == {"layer", "CG"}


def test_one_probe_is_chosen_by_its_crossed_risk(tables):
    """Fails if none or two probes are chosen, or the chosen one has not the least mean."""
    probes = tables["probes"]
    means = (
        probes[(probes["layer"] > 0) & (probes["stream"] != "own")]
        .assign(level=lambda table: np.log(table["crossed_risk"]))
        .groupby(["stream", "target"])[["level", "chosen"]]
        .mean()
    )
    assert means["chosen"].sum() == 1
    assert means["chosen"].idxmax() == means["level"].idxmin()


def test_additions_are_those_of_the_layers_as_a_probe_reads_them(folder, tables):
    """Fails if probes are exchanged, or prompts, families or layers differ from those of the attributions."""
    fit, evaluation = (load_prompts(folder / split, RUN, split) for split in ("fit", "evaluation"))
    candidates = stored_candidates(folder / "fit", folder / "evaluation", RUN, SETTINGS["identification"])
    model = load_model(folder / "weights1", RUN, 1)
    read = ProbeFits(model, fit, SETTINGS["probe"], 2).predictions(evaluation)
    rows = tables["probe_additions"].set_index(["stream", "target", "seed", "layer", "family", "other"])
    for probe, layers in read.items():
        added = attribute(candidates, layers[2][:, candidates.lengths], 0.3, 0.95).additions
        for pair in (("R", "PR"), ("PR", "ridge")):
            assert rows.loc[(*probe, 1, 2, *pair), "coefficient"] == pytest.approx(
                added[pair].value, abs=1e-6
            )
            means = [rows.loc[(*probe, seed, 2, *pair), "coefficient"] for seed in (*SEEDS, -1)]
            assert means[2] == pytest.approx((means[0] + means[1]) / 2)


def test_the_default_probe_has_the_effects_of_the_comparison(tables):
    """Fails if the effects of the four probes are mixed up: each has its own best steps and distances."""
    effects = tables["probe_effects"]
    distances = effects[effects["statistic"] == "distance"].set_index(["stream", "target"])["value"]
    assert len(distances) == 4 and distances.nunique() == 4
    steps = effects[effects["statistic"] == "best_step"]
    assert len(steps) == 4 * 2 and set(steps["layer"]) == {1, 2}


def test_layers_that_are_steps_need_their_number_of_products(tables):
    """Fails if a layer is shifted, or the model's own readout is left out: it is layer 2 here."""
    degree = tables["degree"]
    needed = degree[degree["needed"]].set_index(["seed", "layer"])["degree"]
    assert needed.to_dict() == {(s, layer): d for s in SEEDS for layer, d in ((1, 1), (2, 2), (3, 2))}


@pytest.mark.parametrize(
    ("step", "update", "message"),
    [
        (
            "replace_heads",
            {"model": RUN.model.model_copy(update={"attention": "linear"})},
            "attention is lin",
        ),
        ("measure_linearity", {"task": TASK.model_copy(update={"kernel": "laplace"})}, "kernel is 'laplace'"),
    ],
)
def test_what_does_not_fit_is_refused(folder, tmp_path, capsys, step, update, message):
    """Fails if a run that a study cannot look at gives a table or a traceback."""
    other = RUN.model_copy(update=update)
    (tmp_path / "run.json").write_text(other.model_dump_json())
    for split in ("fit", "evaluation"):
        drawn = sample_prompts(TASK, 12, torch_generator(0, "prompts", "sphere", split))
        stored = PromptSettings(name=split, task_name="sphere", task=other.task, split=split, count=12)
        save_tensors(tmp_path / split, drawn.tensors(), {"prompts": stored.model_dump(mode="json")})
    for seed in SEEDS:
        save_weights(tmp_path / f"weights{seed}", build_model(other).state_dict(), other, seed)
    for name in SETTINGS.keys() - {"run"}:
        (tmp_path / f"{name}.json").write_text((folder / f"{name}.json").read_text())
    assert main(command(tmp_path, step)) == 1
    assert message in capsys.readouterr().err
