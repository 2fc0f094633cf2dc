"""The claims ledger judged a second time, with nothing of the library: YAML, Parquet and arithmetic."""

import math
from functools import cache
from pathlib import Path
from statistics import NormalDist

import pandas as pd
import yaml

SOLVERS = ["preconditioned_richardson", "richardson", "conjugate_gradient", "newton_schulz"]
LARGER_IS_BETTER = {"similarity", "r_squared", "kendall_tau"}
Z = NormalDist().inv_cdf(0.975)
NAN = (math.nan, math.nan, math.nan)


@cache
def votes_of(claims: Path, tables: Path) -> dict[str, dict[str, list]]:
    """Return by claim what each condition of its gate and of its rule says in each run."""
    return {
        name: {
            part: [
                vote(statistic(condition, run, tables), condition)
                for condition in claim.get(part, [])
                for run in condition.get("runs", [""])
            ]
            for part in ("gate", "conditions")
        }
        for name, claim in yaml.safe_load(claims.read_text()).items()
    }


def verdicts(claims: Path, tables: Path) -> dict[str, str]:
    """Return the verdict of every claim."""
    found = {}
    for name, claim in yaml.safe_load(claims.read_text()).items():
        said = votes_of(claims, tables)[name]
        # A tie is better than what nobody can decide where all must hold, and worse where one must.
        tie = 0.5 if claim.get("need") != "any" else -0.5
        votes = [tie if each == "tie" else each for each in said["conditions"]]
        best = max(votes) if claim.get("need") == "any" else min(votes)
        words = {1: "supported", 0: "undecided", -1: "not supported", tie: "tied"}
        found[name] = words[best] if all(each == 1 for each in said["gate"]) else "not tested"
    return found


def outcomes(claims: Path, tables: Path) -> list[str]:
    """Return the outcome of every condition and run, those of a claim's gate before its rule."""
    words = {1: "supported", 0: "undecided", -1: "not supported", "tie": "tied"}
    return [
        words[each] for said in votes_of(claims, tables).values() for part in said.values() for each in part
    ]


def vote(interval, condition):
    """1 supported, 0 undecided, -1 not supported, or "tie"."""
    low, high = float(interval[1]), float(interval[2])
    votes = []
    if "margin" in condition:
        bound = condition["above"] if "above" in condition else condition["below"]
        if max(abs(low - bound), abs(high - bound)) <= condition["margin"]:
            return "tie"
    if "above" in condition:
        votes.append((low > condition["above"]) - (high <= condition["above"]))
    if "below" in condition:
        votes.append((high < condition["below"]) - (low >= condition["below"]))
    return min(votes)


def statistic(condition, run, tables):
    """Return value, low and high of one condition for one run."""

    def read(table, which=run, **equal):
        rows = pd.read_parquet(tables / which / f"{table}.parquet")
        for column, value in equal.items():
            rows = rows[rows[column] == value]
        return rows

    if condition["statistic"] == "summary":
        rows = pd.read_parquet(tables / f"{condition['table']}.parquet").set_index(
            ["quantity", "subject", "setting"]
        )
        row = rows.loc[(condition["quantity"], condition["subject"], condition["setting"])]
        return row["value"], row["low"], row["high"]

    def unless_few(value, low, high):
        return (value, low, high) if read("matches")["seed"].nunique() >= 4 else (value, math.nan, math.nan)

    name, of, solver = condition["statistic"], condition.get("of"), condition.get("solver")
    reference = condition.get("reference")
    if name in ("lead", "reference_lead"):
        if name == "reference_lead":
            values = read("alignment", reference, statistic=of).set_index("solver")["value"]
            values = values.loc[SOLVERS].dropna()
            if values.empty:
                return NAN
            solver = values.idxmax() if of in LARGER_IS_BETTER else values.idxmin()
        rows = read("pairs", statistic=of, layer=0)
        rows = rows[rows["second"].isin(SOLVERS)]
        # Other minus solver is positive where the solver is closer.
        rows = rows[rows["first" if of in LARGER_IS_BETTER else "second"] == solver]
        assert len(rows) == 3
        return unless_few(*(rows[end].min(skipna=False) for end in ("difference", "low", "high")))
    if name == "layer_lead":
        rows = read("pairs", statistic=of)
        better, worse = solver, condition["rival"]
        if of not in LARGER_IS_BETTER:
            better, worse = worse, better
        rows = rows[(rows["first"] == better) & (rows["second"] == worse) & (rows["layer"] > 0)]
        return unless_few(*(rows[end].min(skipna=False) for end in ("difference", "low", "high")))
    if name == "largest_difference":
        rows = read("pairs", statistic=of, layer=0)
        rows = rows[rows["second"].isin(SOLVERS)]
        assert len(rows) == 12
        return tuple(rows[end].max(skipna=False) for end in ("difference", "low", "high"))
    if name == "lead_share":
        row = read("shares", statistic=of, solver=solver).iloc[0]
        return unless_few(row["lead_share"], row["low"], row["high"])
    if name in ("named_share", "survival_share", "closed_form_share"):
        rows = read("attribution", counted=True)
        rows = rows.assign(is_named=rows["named"] == rows["family"])
        wanted = [condition["family"]] if "family" in condition else ["ridge", "PR closed", "smoother"]
        column = "is_named" if name == "named_share" else "survives"
        shares = [
            sum(cell[column][cell["family"].isin(wanted)].any() for _, cell in layers.groupby("layer"))
            / layers["layer"].nunique()
            for _, layers in rows.groupby("seed")
        ]
        return of_trainings(pd.Series(shares, dtype=float))
    if name == "addition":
        table = read("encompassing", family=condition["beside"], other=condition["family"])
        row = table[(table["seed"] == -1) & (table["layer"] == 0)].iloc[0]
        few = (table["seed"] >= 0).groupby(table["seed"]).any().sum() < 4
        return row["coefficient"], *((math.nan, math.nan) if few else (row["low"], row["high"]))
    if name in ("misnamed_share", "recognised_share"):
        rows = read("trials")
        rows = rows[rows["group"].str.endswith("pseudo-layer")]
        if name == "misnamed_share":
            return (rows["wrong"].sum() / len(rows),) * 3
        rows = rows[rows["allowed"] == condition["family"]]
        return ((rows["named"] == condition["family"]).sum() / len(rows),) * 3
    if name in ("built_recognised_share", "built_misnamed_share"):
        rows = read("trials", group="built model")
        right = [row["named"] == row["allowed"] for _, row in rows.iterrows()]
        return (sum(right if "recognised" in name else rows["wrong"]) / len(rows),) * 3
    if name == "replaced_excess":
        rows = read("replacements", scope=condition["scope"], replacement=condition["replacement"])
        rows = rows[rows["read"] == read("replacements")["read"].max()].set_index("seed")["excess_risk"]
        curve = read("learning_curve")
        bayes = curve[curve["step"] == curve["step"].max()].set_index("seed")["bayes_risk"]
        return of_trainings(rows / bayes) if sorted(rows.index) == sorted(bayes.index) else NAN

    def restored(scope, replacement):
        rows = read("restored", scope=scope)
        rows = rows[rows["replacement"] == replacement]
        enough = len(rows) > 0 and rows.iloc[0]["seeds"] >= 4
        return tuple(rows.iloc[0][["value", "low", "high"]]) if enough else NAN

    if name == "restored_share":
        return restored(condition["scope"], condition["replacement"])
    if name == "restored_lead":
        # Two intervals that are apart; nothing is said of the other side.
        like, others = restored("layer", "kernel"), restored("random", "kernel")
        return math.nan, like[1] - others[2], math.inf if like[1] > others[2] else math.nan
    if name in ("rotation", "conjugate_rotation", "rotation_ratio"):
        table = read("linearity", quantity="rotation", counted=True)
        few = read("linearity").query("seed >= 0")["seed"].nunique() < 4
        means = table[table["seed"] == -1].sort_values("layer")
        model, beside = (means[means["method"] == method] for method in ("layer", "CG"))
        if name == "conjugate_rotation":
            return (max(beside["high"].dropna(), default=math.nan),) * 3
        if few:
            return NAN
        if name == "rotation":
            # At most half of the layers may begin above the bound, and none may end above it.
            return math.nan, sorted(model["low"])[len(model) // 2], max(model["high"])
        ratios = [
            (ours["low"] / theirs["high"], ours["high"] / theirs["low"])
            for (_, ours), (_, theirs) in zip(model.iterrows(), beside.iterrows(), strict=True)
            if theirs["high"] >= 0.1
        ]
        return (math.nan, min(low for low, _ in ratios), max(high for _, high in ratios)) if ratios else NAN
    if name == "degree_found_share":
        hits = {}
        for _, case in read("degree_trials").iterrows():
            hits.setdefault(case["noise"], []).append(case["found"] - case["exact"] in (-1, 0, 1))
        return (min(sum(each) / len(each) for each in hits.values()),) * 3
    if name in ("degree_lead", "degree_difference"):

        def needed(which):
            rows = read("degree", which, needed=True)
            return rows[rows["layer"] < rows["layer"].max()]

        if name == "degree_lead":
            rows = needed(run).query("layer <= 3")
            return of_trainings((rows["degree"] - rows["layer"]).groupby(rows["seed"]).mean())
        here, there = (
            rows.loc[rows["layer"] == rows["layer"].max(), "degree"] for rows in map(needed, (run, reference))
        )
        gaps = [one - other for one in here for other in there]
        return sum(gaps) / len(gaps), min(gaps), max(gaps)
    if name == "step_ratio":
        both = {which: read("matches", which, solver=solver) for which in (run, reference)}
        last = min(rows["layer"].max() for rows in both.values())
        means = {
            which: rows[(rows["layer"] > 0) & (rows["layer"] <= last)].groupby("seed")["nearest_step"].mean()
            for which, rows in both.items()
        }
        return quotient(normal(means[run]), normal(means[reference]))
    if name == "median_ratio":
        medians = {}
        for which in (run, reference):
            rows = read("matches", which, solver=solver)
            rows = rows[rows["layer"] >= min(3, rows["layer"].max())]
            medians[which] = [
                sorted_middle([math.inf if math.isnan(far) else far for far in layers["distance"]])
                for _, layers in rows.groupby("seed")
            ]
        own, other = medians[run], medians[reference]
        return sorted_middle(own) / sorted_middle(other), min(own) / max(other), max(own) / min(other)
    if name in ("profile_gap", "profile_lead"):
        errors = read("errors")
        deepest = read("matches")["layer"].max()

        def gap(of_solver):
            gaps = {}
            for row in read("matches", solver=of_solver).itertuples():
                if row.layer < min(3, deepest):
                    continue
                squares = []
                for n in range(1, errors["context_length"].max() + 1):
                    at = errors[errors["context_length"] == n]
                    mine = at[
                        (at["method"] == "transformer") & (at["seed"] == row.seed) & (at["step"] == row.layer)
                    ]
                    step = at[(at["method"] == of_solver) & (at["step"] == row.nearest_step)]
                    squares.append(math.log(mine["mse"].item() / step["mse"].item()) ** 2)
                gaps.setdefault(row.seed, []).append((sum(squares) / len(squares)) ** 0.5)
            return pd.Series({seed: sum(each) / len(each) for seed, each in gaps.items()})

        if name == "profile_gap":
            return tuple(math.exp(end) for end in of_trainings(gap(solver)))
        others = [of_trainings(gap(other) - gap(solver)) for other in SOLVERS if other != solver]
        return tuple(pd.DataFrame(others).min(skipna=False))
    if name == "equal_risk_ratio":

        def curves(which):
            errors = read("errors", which, method="transformer")
            errors = errors[errors["context_length"] > 0]
            for seed, rows in read("matches", which, solver=solver).groupby("seed"):
                yield sorted(
                    (
                        math.log(
                            errors[(errors["seed"] == seed) & (errors["step"] == layer)]["excess_risk"].mean()
                        ),
                        math.log(far),
                        layer,
                    )
                    for layer, far in zip(rows["layer"], rows["distance"], strict=True)
                    if layer > 0
                )

        own = [max(curve, key=lambda point: point[2]) for curve in curves(run)]
        at = []
        for curve in curves(reference):
            found = []
            for risk, *_ in own:
                below = [point for point in curve if point[0] <= risk]
                above = [point for point in curve if point[0] >= risk]
                if not below or not above:
                    found.append(math.nan)
                    continue
                (r0, d0, _), (r1, d1, _) = below[-1], above[0]
                found.append(d0 + (d1 - d0) * ((risk - r0) / (r1 - r0) if r1 > r0 else 0.0))
            at.append(sum(found) / len(found))
        (a, a_low, a_high), (b, b_low, b_high) = (
            normal(pd.Series(x)) for x in ([far for _, far, _ in own], at)
        )
        down, up = math.hypot(a - a_low, b_high - b), math.hypot(a_high - a, b - b_low)
        return math.exp(a - b), math.exp(a - b - down), math.exp(a - b + up)
    if name in ("alignment", "run_ratio"):

        def one(which):
            row = read("alignment", which, statistic=of, solver=solver).iloc[0]
            error = Z * row["seed_sd"] / row["seeds"] ** 0.5 if row["seeds"] > 1 else 0.0
            down, up = row["value"] - row["low"], row["high"] - row["value"]
            return row["value"], (down**2 + error**2) ** 0.5, (up**2 + error**2) ** 0.5

        value, down, up = one(run)
        if name == "alignment":
            return value, value - down, value + up
        base, base_down, base_up = one(reference)
        return quotient((value, value - down, value + up), (base, base - base_down, base + base_up))
    if name in ("excess_share", "excess_ratio"):

        def final(which):
            curve = read("learning_curve", which)
            return curve[curve["step"] == curve["step"].max()]

        if name == "excess_share":
            return normal(final(run)["excess_risk"] / final(run)["bayes_risk"])
        return quotient(normal(final(run)["excess_risk"]), normal(final(reference)["excess_risk"]))

    rows = read("noise", method=condition.get("method", "transformer"))
    rows = rows[(rows["factor"] / condition["factor"] - 1).abs() < 1e-6]
    rows = rows[rows["context_length"] == rows["context_length"].max()]
    assert name in ("noise_ratio", "effective_ridge")
    column, into, back = ("ratio", float, float) if name == "noise_ratio" else ("ridge", math.log, math.exp)
    values, lows, highs = (rows[column + end].map(into) for end in ("", "_low", "_high"))
    error = Z * values.std(ddof=1) / len(rows) ** 0.5 if len(rows) > 1 else 0.0
    middle, down, up = values.mean(), values.mean() - lows.mean(), highs.mean() - values.mean()
    return back(middle), back(middle - math.hypot(down, error)), back(middle + math.hypot(up, error))


def sorted_middle(values):
    """Return the median."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def normal(values):
    """Return the mean over seeds with its normal interval; a single seed has none."""
    if len(values) == 1:
        return values.mean(), math.nan, math.nan
    error = Z * values.std(ddof=1) / len(values) ** 0.5
    middle = values.mean(skipna=False)
    error = math.nan if values.isna().any() else error
    return middle, middle - error, middle + error


def of_trainings(values):
    """Return the same for a claim about an algorithm: fewer than four trainings have no interval."""
    return normal(values) if len(values) >= 4 else (values.mean(), math.nan, math.nan)


def quotient(above, below):
    """Return the ratio of two independent positive estimates: logarithms, half-widths in quadrature."""
    if not all(math.isfinite(x) for x in (*above, *below)) or above[0] <= 0 or below[0] <= 0:
        return NAN
    log = math.log(above[0] / below[0])

    def width(value, end):
        return math.inf if end <= 0 else math.log(end / value)

    down = math.hypot(width(above[0], above[1]), width(below[0], below[2]))
    up = math.hypot(width(above[0], above[2]), width(below[0], below[1]))
    return math.exp(log), math.exp(log - down), math.inf if up == math.inf else math.exp(log + up)
