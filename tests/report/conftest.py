"""Tables as the contract describes them, from a toy in which every prediction is known.

The toy: prompts of one number each, a solver that approaches 1 at its own rate, layers that sit on one
solver's path.
"""

import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conjugate_tables import conjugate_tables
from construction_tables import construction_tables
from identification_tables import along, attribution, encompassing, trials
from mechanism_tables import mechanism_tables
from metarep_tables import metarep_tables
from operator_tables import operator_tables

from ickrr.comparison.alignment import STATISTICS
from ickrr.config.experiment import Experiment
from ickrr.config.ledger import Ledger
from ickrr.io.files import write_json, write_table
from ickrr.report.judge import judge

SOLVERS = (
    "preconditioned_richardson",
    "richardson",
    "conjugate_gradient",
    "newton_schulz",
    "preconditioned_richardson_kernel",
    "preconditioned_cg",
    "chebyshev",
    "damped_jacobi",
)
NULLS = ("ridge_path", "lengthscale_path", "shrinkage_path", "smoother_path")
COMPARED = (*SOLVERS, *NULLS)
RATES = dict(zip(COMPARED, (0.12, 0.03, 0.9, 0.25, 0.1, 1.2, 0.3, 0.05, 0.11, 0.1, 0.13, 0.09), strict=True))


def layer_step(layer):
    """Step of the first solver on which a layer of the toy sits; the last layers run off the grid."""
    return 0.6 * np.expm1(0.55 * layer)


def errors_table(run, seeds=(0, 1, 2), layers=8, steps=64, context=20, diverging=("richardson",)):
    rows = []

    def add(seed, method, step, n, excess):
        bayes = 0.9 * np.exp(-0.07 * n) + 0.02
        mse = excess + bayes
        rows.append((run, seed, method, step, n, mse, 0.03 * mse, mse + 0.09, excess))

    for n in range(context + 1):
        full = 0.98 - 0.9 * np.exp(-0.07 * n)
        for seed, layer in itertools.product(seeds, range(layers + 1)):
            left = np.exp(-RATES[SOLVERS[0]] * layer_step(layer)) * (1 + 0.05 * seed)
            add(seed, "transformer", layer, n, full * left + 0.003)
        for seed in seeds:
            add(seed, "transformer_output", layers, n, full * 0.001 * (1 + seed) + 0.002)
        for solver, step in itertools.product(COMPARED, range(steps + 1)):
            excess = full * np.exp(-2 * RATES[solver] * step)
            if solver in diverging and n <= 4:
                excess = full * np.exp(0.2 * step) if step < 40 else np.nan
            # A null may begin worse than the zero predictor, which is every solver's step 0.
            add(-1, solver, step, n, 2 * excess if solver in NULLS else excess)
        add(-1, "posterior_mean", 0, n, 0.0)
    columns = ["run", "seed", "method", "step", "context_length", "mse", "mse_se", "mse_label", "excess_risk"]
    return pd.DataFrame(rows, columns=columns)


def similarity_table(run, seeds=(0, 1, 2), layers=8, steps=64):
    grid = np.arange(steps + 1)
    frames = []
    for seed, solver, layer in itertools.product(seeds, COMPARED, range(layers + 1)):
        target = layer_step(layer) * (1 + 0.03 * seed) * RATES[SOLVERS[0]] / RATES[solver]
        gap = np.log1p(grid) - np.log1p(target)
        similarity = 0.6 + (0.37 - 0.04 * COMPARED.index(solver) / 8) * np.exp(-(gap**2))
        frames.append(
            pd.DataFrame(
                {
                    "run": run,
                    "seed": seed,
                    "solver": solver,
                    "layer": layer,
                    "step": grid,
                    "similarity": similarity,
                    "distance": 0.1 + np.abs(gap) / 5,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def matches_table(similarity):
    rows = []
    for (run, seed, solver, layer), cell in similarity.groupby(["run", "seed", "solver", "layer"]):
        best = cell.loc[cell["similarity"].idxmax()]
        nearest = cell.loc[cell["distance"].idxmin()]
        last = cell["step"].max()
        spread = 1 + int(best["step"] > 10)
        rows.append(
            {
                "run": run,
                "seed": seed,
                "solver": solver,
                "layer": layer,
                "best_step": int(best["step"]),
                "best_step_low": max(0, int(best["step"]) - spread),
                "best_step_high": min(last, int(best["step"]) + spread),
                "censored": bool(best["step"] == last),
                "similarity": best["similarity"],
                "similarity_low": best["similarity"] - 0.01,
                "similarity_high": best["similarity"] + 0.01,
                "floor": 0.58 + 0.002 * layer,
                "nearest_step": int(nearest["step"]),
                "nearest_censored": bool(nearest["step"] == last),
                "distance": nearest["distance"],
                "distance_low": nearest["distance"] - 0.005,
                "distance_high": nearest["distance"] + 0.005,
            }
        )
    return pd.DataFrame(rows)


def draws_table(seed, draws=200):
    """Draws in which richardson equals the first solver up to noise, and all others are clearly worse."""
    generator = np.random.default_rng(seed)
    common = np.concatenate([[0.0], generator.normal(0, 0.02, draws)])  # prompts that all solvers share
    rows = []
    for solver in COMPARED:
        worse = {"preconditioned_richardson": 0.0, "richardson": 1e-4, NULLS[1]: 0.02}.get(solver, 0.03)
        own = np.concatenate([[0.0], generator.normal(0, 0.001, draws)])
        for statistic in STATISTICS:
            sign = -1 if statistic in ("distance", "censored_share") else 1
            base = {"floor": 0.6, "slope": 3.0, "distance": 0.2, "censored_share": 0.25}.get(statistic, 0.9)
            value = base - sign * worse + common + own
            if solver == "newton_schulz" and statistic in ("slope", "r_squared", "kendall_tau"):
                value = np.full_like(value, np.nan)
            rows += [(solver, i - 1, statistic, v) for i, v in enumerate(value)]
    return pd.DataFrame(rows, columns=["solver", "draw", "statistic", "value"])


def alignment_table(run, draws_by_seed):
    stacked = pd.concat([d.assign(seed=i) for i, d in enumerate(draws_by_seed)], ignore_index=True)
    mean = stacked.groupby(["solver", "statistic", "draw"])["value"].mean().unstack("draw")
    point = stacked[stacked["draw"] == -1].groupby(["solver", "statistic"])["value"]
    low, high = mean.drop(columns=-1).quantile([0.025, 0.975], axis=1).to_numpy()
    table = pd.DataFrame(
        {
            "value": mean[-1],
            "low": low,
            "high": high,
            "seed_sd": point.std(),
            "seeds": len(draws_by_seed),
        }
    ).reset_index()
    return table.assign(run=run)[["run", "solver", "statistic", "value", "low", "high", "seed_sd", "seeds"]]


def pairs_table(run, draws_by_seed, layers=8):
    """Paired differences of the toy's draws; every layer is the whole model, and seeds are not resampled."""
    stacked = pd.concat([d.assign(seed=i) for i, d in enumerate(draws_by_seed)], ignore_index=True)
    mean = stacked.groupby(["solver", "statistic", "draw"])["value"].mean().unstack("draw")
    rows = []
    for statistic in STATISTICS:
        pairs = list(itertools.permutations(SOLVERS[:4], 2)) if statistic != "floor" else []
        pairs += [(solver, "floor") for solver in SOLVERS[:4] if statistic == "similarity"]
        for first, second in pairs:
            against = (first, "floor") if second == "floor" else (second, statistic)
            difference = mean.loc[(first, statistic)] - mean.loc[against]
            low, high = np.percentile(difference.drop(-1), [2.5, 97.5])
            by_layer = statistic in ("similarity", "distance")
            for layer in range(layers + 1 if by_layer else 1):
                defined = int(difference.drop(-1).notna().sum())
                rows.append((run, statistic, layer, first, second, difference[-1], low, high, defined))
    columns = ["run", "statistic", "layer", "first", "second", "difference", "low", "high", "draws_defined"]
    return pd.DataFrame(rows, columns=columns)


def learning_curve_table(run, seeds=(0, 1, 2), steps=1000, diverging=()):
    frames = []
    for seed in seeds:
        step = np.arange(0, steps + 1, 50)
        excess = 0.45 * np.exp(-step / 120) + 0.0065 * (1 + 0.1 * seed)
        if seed in diverging:
            excess = np.where(step > steps // 2, np.nan, excess)
        rate = np.minimum(step / 200, 0.02 + 0.98 * (1 + np.cos(np.pi * step / steps)) / 2)
        frames.append(
            pd.DataFrame(
                {
                    "run": run,
                    "seed": seed,
                    "step": step,
                    "loss": excess * 1.1,
                    "excess_risk": excess,
                    "bayes_risk": 0.224,
                    "learning_rate": 0.02 * rate,
                    "diverged": seed in diverging,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def noise_table(run, seeds=(0, 1, 2), context=20, noise_std=0.3):
    """A model that is half way, on the logarithmic scale, between the encoded oracle and the optimum."""
    rows = []
    for factor, n in itertools.product(np.geomspace(0.1, 10, 13), range(context + 1)):
        optimal = 0.9 * np.exp(-0.07 * n) * factor**0.3
        oracle = 1 + 0.02 * n * np.log(factor) ** 2
        for method, ratio in (("bayes", 1.0), ("encoded_oracle", oracle), ("transformer", oracle**0.5)):
            for seed in seeds:
                mine = ratio * (1 + 0.01 * seed) if method == "transformer" else ratio
                label = (mine * optimal + (factor * noise_std) ** 2) / (optimal + (factor * noise_std) ** 2)
                mse = mine * optimal
                spread = 0.0 if method == "bayes" else 0.02
                ends = (mine * (1 - spread), mine * (1 + spread))
                at = (run, seed, factor, factor * noise_std, n, method)
                ridge = factor ** {"bayes": 2, "encoded_oracle": 0, "transformer": 1}[method]
                around = (ridge, 0.9 * ridge, 1.1 * ridge)
                rows.append((*at, mse, mse + (factor * noise_std) ** 2, mine, *ends, label, *around))
    columns = ["run", "seed", "factor", "noise_std", "context_length", "method", "mse", "mse_label"]
    columns += ["ratio", "ratio_low", "ratio_high", "ratio_label", "ridge", "ridge_low", "ridge_high"]
    return pd.DataFrame(rows, columns=columns)


def functions_table(run, seeds=(0,), layers=8, steps=64):
    """Curves that shrink towards sin(3x), the posterior mean of the toy: layer l sits on a solver's path."""
    grid = np.linspace(-1, 1, 21)
    frames = []

    def add(at, kind, method, step, x, value, sd=np.nan):
        columns = {"kind": kind, "method": method, "step": step, "x": x, "value": value, "sd": sd}
        frames.append(pd.DataFrame({**at, **columns}))

    for seed, prompt, n in itertools.product(seeds, range(2), (4, 12)):
        at = {"run": run, "seed": seed, "prompt": prompt, "context_length": n}
        points = np.linspace(-0.9, 0.9, n)
        add(at, "context", "context", 0, points, np.sin(3 * points) + 0.1 * np.cos(40 * points))
        spread = np.abs(grid[:, None] - points).min(axis=1)
        add(at, "posterior", "posterior_mean", 0, grid, np.sin(3 * grid), 0.05 + spread)
        for layer in range(layers + 1):
            shrunk = 1 - np.exp(-RATES[SOLVERS[0]] * layer_step(layer))
            add(at, "layer", "transformer", layer, grid, shrunk * np.sin(3 * grid + 0.1 * prompt))
        for step in range(steps + 1):
            shrunk = 1 - np.exp(-RATES[SOLVERS[0]] * step)
            add(at, "solver", SOLVERS[0], step, grid, shrunk * np.sin(3 * grid))
    return pd.concat(frames, ignore_index=True)


def shares_table(run, layers=8):
    """The first solver has the best value in three layers of four, and is strictly best in half of them."""
    rows = []
    for solver, statistic in itertools.product(SOLVERS[:4], ("similarity", "distance")):
        first = solver == SOLVERS[0]
        share, lead = (0.5, 0.75) if first else (0.0, 0.25 / 3)
        ends = (lead - 0.1, lead + 0.1)
        rows.append((run, solver, statistic, layers, int(share * layers), share, lead, *ends))
    columns = ["run", "solver", "statistic", "layers", "best", "share", "lead_share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def rate_table(seed):
    """Training by its own clock: 100 s and more, of which the last process ran 90."""
    return pd.DataFrame(
        {
            "step": [50, 100],
            "steps_per_second": 1.0,
            "peak_memory_mb": [400.0, 500.0 + seed],
            "elapsed_s": [50.0, 100.0 + 10 * seed],
        }
    )


def benchmark(seconds):
    """What Snakemake writes about a job."""
    names = (
        "s",
        "h:m:s",
        "max_rss",
        "max_vms",
        "max_uss",
        "max_pss",
        "io_in",
        "io_out",
        "mean_load",
        "cpu_time",
    )
    values = (seconds, "0:01:30", 450.5, 1900, 300, 350, 0, "-", 89.7, 0.9 * seconds)
    return "\t".join(names) + "\n" + "\t".join(map(str, values)) + "\n"


def toy_ledger():
    """One claim that the toy's tables support, one that they do not, one that they leave open."""
    lead = {"statistic": "lead", "of": "distance", "runs": ["spherical", "noise_01"], "above": 0.0}
    kept = {"statistic": "effective_ridge", "factor": 10.0, "runs": ["spherical"], "above": 0.5, "below": 2}
    near = {"statistic": "alignment", "of": "similarity", "solver": SOLVERS[0], "runs": ["spherical"]}
    built = {"statistic": "summary", "table": "construction/summary", "subject": "built", "setting": "fixed"}
    common = {"source": "ours", "evidence": ["fig1", "tab_alignment"]}
    claims = {
        "in_front": {"statement": "It is similar.", "conditions": [{**near, "above": 0.5}]},
        "alone": {"statement": "It is closest.", "conditions": [{**lead, "solver": SOLVERS[0]}]},
        "ridge": {"statement": "The ridge is fixed.", "conditions": [kept, {**lead, "solver": SOLVERS[0]}]},
    }
    claims["built"] = {
        "statement": "Errors are small.",
        "conditions": [{**built, "quantity": "error_share", "below": 1.0}],
    }
    full = {name: {**common, **claim} for name, claim in claims.items()}
    return Ledger.model_validate({"claims": full, "order": list(full)})


def run_record(seed):
    return {
        "rule": "train_model",
        "given": "0123456789abcdef 0123456789abcdef",
        "commit": "1234567890ab",
        "versions": {"python": "3.11.7", "torch": "2.13.0+cpu", "numpy": "2.4.6"},
        "machine": {"architecture": "x86_64", "processor": "A Processor"},
        "seed": seed,
        "device": "cpu",
        "threads": 1,
        "start": f"2026-11-20T10:0{seed}:00+00:00",
        "end": f"2026-11-20T10:1{seed}:00+00:00",
    }


@pytest.fixture(scope="session")
def experiment():
    return Experiment.model_validate(
        {
            "tasks": {"spherical": {}, "uniform": {"law": "uniform", "lengthscale": 1.3}},
            "runs": {
                "spherical": {"purpose": "50 % of all & more"},
                "noise_01": {"task": "uniform", "model": {"layers": 4}, "seeds": [0, 1]},
            },
            "solvers": {"others": list(SOLVERS[4:]), "nulls": list(NULLS)},
            "operators": {"runs": ["spherical"], "anchor": "linear_regression"},
            "figures": {
                "fig1": {"kind": "error_curves", "runs": ["spherical"], "tables": ["errors"]},
                "fig_trials": {"kind": "trials", "runs": ["spherical"], "tables": ["trials"]},
            },
            "tables": {
                "tab_setup": {"runs": ["spherical"]},
                "tab_runs": {"runs": ["spherical", "noise_01"]},
                "tab_alignment": {"runs": ["spherical", "noise_01"]},
                "tab_identification": {"runs": ["spherical", "noise_01"], "tables": ["attribution"]},
                "tab_trials": {"runs": ["spherical"], "tables": ["trials"]},
                "tab_described": {
                    "runs": ["spherical", "noise_01"],
                    "tables": ["attribution", "encompassing", "uneven"],
                },
                "tab_degree": {"runs": ["spherical", "noise_01"], "tables": ["degree", "degree_trials"]},
                "tab_probes": {"runs": ["spherical", "noise_01"], "tables": ["probes", "probe_effects"]},
                "tab_ablations": {"runs": ["spherical", "noise_01"]},
                "tab_claims": {},
                "tab_construction": {},
                "tab_rates": {},
                "tab_controls": {},
                "tab_cost": {},
                "tab_metarep": {},
            },
        }
    )


@pytest.fixture(scope="session")
def results(tmp_path_factory, experiment) -> Path:
    """A results directory with settings, tables and records of two runs."""
    root = tmp_path_factory.mktemp("results")
    write_json(root / "specs/experiment.json", experiment.model_dump(mode="json"))
    for run in experiment.runs:
        seeds, layers = experiment.seeds(run), experiment.run(run).model.layers
        similarity = similarity_table(run, seeds, layers)
        draws = [draws_table(seed) for seed in seeds]
        tables = {
            "errors": errors_table(run, seeds, layers),
            "similarity": similarity,
            "matches": matches_table(similarity),
            "alignment": alignment_table(run, draws),
            "pairs": pairs_table(run, draws, layers),
            "shares": shares_table(run, layers),
            "learning_curve": learning_curve_table(run, seeds),
            "noise": noise_table(run, seeds),
            "functions": functions_table(run, seeds, layers),
            "attribution": attribution(run, np.random.default_rng(1), seeds, layers),
            "encompassing": encompassing(run, np.random.default_rng(2), seeds, layers),
            "uneven": encompassing(run, np.random.default_rng(4), seeds, layers),
            "snapshot_attribution": along(attribution, run, np.random.default_rng(1), seeds),
            "snapshot_encompassing": along(encompassing, run, np.random.default_rng(2), seeds),
            "trials": trials(run, np.random.default_rng(3)),
            **mechanism_tables(run, np.random.default_rng(4), seeds, layers),
        }
        for name, table in tables.items():
            write_table(root / "tables" / run / f"{name}.parquet", table)
        for seed in seeds:
            record = root / "records" / "trained" / run / f"seed{seed}" / "weights.safetensors.json"
            weights = f"results/smoke/trained/{run}/seed{seed}/weights.safetensors"
            write_json(record, run_record(seed) | {"outputs": {weights: "0" * 64}})
            write_table(root / "trained" / run / f"seed{seed}" / "rate.parquet", rate_table(seed))
    invented = construction_tables() | metarep_tables() | conjugate_tables() | operator_tables()
    for name, table in invented.items():
        write_table(root / "tables" / f"{name}.parquet", table)
    write_table(root / "tables" / "claims.parquet", judge(toy_ledger(), experiment, root / "tables"))
    for stage, job in itertools.product(
        ("train_model", "probe_model"), ("spherical/seed0", "spherical/seed1")
    ):
        path = root / "benchmarks" / stage / f"{job}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(benchmark(90.0 if stage == "train_model" else 4.5))
    return root


@pytest.fixture(scope="session")
def toy():
    """The builders of the toy's tables, for tests that want their own."""
    return SimpleNamespace(
        solvers=SOLVERS,
        nulls=NULLS,
        errors=errors_table,
        similarity=similarity_table,
        matches=matches_table,
        alignment=alignment_table,
        draws=draws_table,
        pairs=pairs_table,
        shares=shares_table,
        noise=noise_table,
        functions=functions_table,
        learning_curve=learning_curve_table,
        record=run_record,
        ledger=toy_ledger,
    )
