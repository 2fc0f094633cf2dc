"""The real ledger on invented tables, judged twice; the rules; what a person reads when the file is wrong."""

import itertools
import math
import re
import shutil
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from identification_tables import attribution, encompassing, trials
from ledger import SOLVERS, outcomes, verdicts
from mechanism_tables import degree, degree_trials, linearity, replacements, restored
from pydantic import ValidationError

from ickrr.comparison.alignment import STATISTICS
from ickrr.config.experiment import SummaryTable
from ickrr.config.ledger import Condition, Ledger
from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.errors import ConfigError, FileError
from ickrr.io.files import to_json, write_table
from ickrr.report.intervals import Interval
from ickrr.report.judge import judge, outcome, verdict, verdict_of
from ickrr.report.load import COLUMNS
from ickrr.report.numbers.claims import claim_numbers
from ickrr.report.numbers.macros import Macros
from ickrr.report.tables.claims import describe

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = ROOT / "claims.yaml"


@pytest.fixture(scope="module")
def paper():
    """The real experiment."""
    return load_experiment(ROOT / "config.yaml")


@pytest.fixture(scope="module")
def ledger(paper):
    return load_ledger(CLAIMS, paper)


def invented(folder, ledger, seed):
    """Write every table that the ledger reads, with random values on both sides of the bounds."""
    generator = np.random.default_rng(seed)
    for name in sorted(ledger.tables()):
        run, table = name.split("/")
        frame = (
            random_summary(ledger, name, generator)
            if name in get_args(SummaryTable)
            else globals()[f"random_{table}"](run, generator)
        )
        write_table(folder / f"{name}.parquet", frame)
    return folder


def random_summary(ledger, table, generator):
    """Rows that the ledger asks for, near their bound on either side, and one that it does not ask for."""
    rows = [("other", "built", "", 1.0, 1.0, 1.0)]
    for condition in (each for claim in ledger.claims.values() for each in claim.asked):
        if condition.table == table:
            bound = condition.above if condition.below is None else condition.below
            low, value, high = np.sort(bound * generator.uniform(0.5, 1.5, 3) + generator.normal(0, 1e-3, 3))
            ends = (value, value) if generator.uniform() < 0.3 else (low, high)
            rows.append((condition.quantity, condition.subject, condition.setting, value, *ends))
    return pd.DataFrame(rows, columns=list(COLUMNS["summary"])).drop_duplicates(
        ["quantity", "subject", "setting"]
    )


def random_alignment(run, generator):
    rows = []
    seeds = int(generator.integers(1, 4))
    for solver, statistic in itertools.product(SOLVERS, STATISTICS):
        value = generator.uniform(0, 1) if statistic != "slope" else generator.normal(0, 3)
        width = generator.uniform(0, 0.2)
        ends = (value - width, value + generator.uniform(0, 0.2))
        if statistic == "r_squared" and generator.uniform() < 0.1:
            value, ends = math.nan, (math.nan, math.nan)
        spread = generator.uniform(0, 0.1) if seeds > 1 else math.nan
        rows.append((run, solver, statistic, value, *ends, spread, seeds))
    return pd.DataFrame(rows, columns=list(COLUMNS["alignment"]))


def random_pairs(run, generator):
    rows = []
    size = 0.1 if generator.uniform() < 0.7 else 0.0002  # so small that all is within the margin of a tie
    centre = generator.normal(0, size, 4)
    for statistic, layer in itertools.product(("similarity", "distance", "r_squared"), (0, 1)):
        for a, b in itertools.combinations(range(4), 2):
            gap, down, up = centre[a] - centre[b], *generator.uniform(0, size, 2)
            if statistic == "r_squared" and generator.uniform() < 0.05:
                gap = math.nan
            for first, second, value, low, high in (
                (a, b, gap, gap - down, gap + up),
                (b, a, -gap, -gap - up, -gap + down),
            ):
                rows.append((run, statistic, layer, SOLVERS[first], SOLVERS[second], value, low, high, 100))
    return pd.DataFrame(rows, columns=list(COLUMNS["pairs"]))


def random_shares(run, generator):
    rows = []
    for solver, statistic in itertools.product(SOLVERS, ("similarity", "distance")):
        low, value, high = np.sort(generator.uniform(0, 1, 3))
        rows.append((run, solver, statistic, 8, 2, 0.25, value, low, high))
    return pd.DataFrame(rows, columns=list(COLUMNS["shares"]))


def random_learning_curve(run, generator):
    rows = []
    seeds = int(generator.choice([1, 2, 5], p=[0.1, 0.2, 0.7]))
    for seed, step in itertools.product(range(seeds), (0, 50, 100)):
        rows.append((run, seed, step, 1.0, generator.uniform(0.001, 0.02), 0.2, 0.01, False))
    return pd.DataFrame(rows, columns=list(COLUMNS["learning_curve"]))


def random_noise(run, generator):
    rows = []
    for factor, seed, n in itertools.product((0.1, 0.5, 1.0, 10.0), (0, 1), (5, 20)):
        for method in ("transformer", "encoded_oracle", "bayes"):
            ratio = generator.uniform(0.9, 1.4)
            low, high = ratio * generator.uniform(0.8, 1), ratio * generator.uniform(1, 1.2)
            at = (run, seed, factor, 0.3 * factor, n, method)
            ridge = np.sort(np.exp(generator.normal(0, generator.uniform(0.05, 0.5), 3)))
            rows.append((*at, 0.1, 0.2, ratio, low, high, 1.0, *ridge[[1, 0, 2]]))
    return pd.DataFrame(rows, columns=list(COLUMNS["noise"]))


def random_matches(run, generator):
    seeds, layers = seeds_and_layers(run)
    rows = [
        (run, seed, solver, layer, int(generator.integers(0, STEPS)), generator.uniform(0.1, 0.3))
        for seed, solver, layer in itertools.product(seeds, SOLVERS, layers)
    ]
    table = pd.DataFrame(rows, columns=["run", "seed", "solver", "layer", "nearest_step", "distance"])
    lost = (table["layer"] == 3) & (generator.uniform(size=len(table)) < 0.1)
    table.loc[lost & (run == "unnormalised"), "distance"] = math.nan  # a layer that exploded
    return table.reindex(columns=list(COLUMNS["matches"]), fill_value=1)


def random_errors(run, generator):
    seeds, layers = seeds_and_layers(run)
    rows = [("transformer", seed, layer) for seed in seeds for layer in layers]
    rows += [(solver, -1, step) for solver in SOLVERS for step in range(STEPS)]
    lengths = 4
    table = pd.DataFrame(rows, columns=["method", "seed", "step"]).loc[lambda t: t.index.repeat(lengths)]
    table["context_length"] = list(range(lengths)) * len(rows)
    table["run"], table["mse"] = run, np.exp(generator.normal(0, generator.uniform(0.02, 0.2), len(table)))
    table["excess_risk"] = np.exp(-0.5 * table["step"] + generator.normal(0, 0.1, len(table)))
    return table.reindex(columns=list(COLUMNS["errors"]), fill_value=1.0).reset_index(drop=True)


STEPS = 12


def seeds_and_layers(run):
    """Seeds and layers of a run, the same in all of its tables."""
    generator = np.random.default_rng(len(run))
    return range(int(generator.integers(1, 6))), range(int(generator.integers(4, 7)))


random_attribution, random_encompassing, random_trials = attribution, encompassing, trials
random_replacements, random_restored, random_linearity = replacements, restored, linearity
random_degree, random_degree_trials = degree, degree_trials


@pytest.fixture(scope="module")
def worlds(tmp_path_factory, ledger, paper):
    """Invented tables and what becomes of the claims on them, three times."""
    folders = [invented(tmp_path_factory.mktemp("tables"), ledger, seed) for seed in range(3)]
    return [(folder, judge(ledger, paper, folder)) for folder in folders]


@pytest.mark.parametrize("world", range(3))
def test_verdicts_equal_a_second_judge(worlds, world):
    """Fails if a statistic, an interval, a bound or the joining of conditions is not what the rules say."""
    tables, judged = worlds[world]
    found = judged.drop_duplicates("claim").set_index("claim")["verdict"]
    assert found.to_dict() == verdicts(CLAIMS, tables)


@pytest.mark.parametrize("world", range(3))
def test_outcomes_equal_a_second_judge(worlds, world):
    """Fails if a condition comes out otherwise where another one, or a gate, decides its claim."""
    tables, judged = worlds[world]
    assert judged["outcome"].tolist() == outcomes(CLAIMS, tables)


def test_invented_tables_reach_every_verdict(worlds):
    """Fails if the test above only ever compares one word."""
    found = [word for _, judged in worlds for word in judged["outcome"]]
    assert min(found.count(word) for word in ("supported", "not supported", "undecided")) > 20
    assert found.count("tied") > 0
    verdicts_seen = {word for _, judged in worlds for word in judged["verdict"]}
    assert verdicts_seen >= {"supported", "not supported", "undecided", "not tested"}


def test_one_row_a_condition_and_run(worlds, ledger):
    """Fails if a condition is dropped or counted twice, or a column of the contract is missing."""
    judged = worlds[0][1]
    assert list(judged.columns) == list(COLUMNS["claims"])
    expected = [
        (name, condition.statistic, run)
        for name, claim in ledger.items()
        for condition in claim.asked
        for run in condition.each_run
    ]
    assert list(judged[["claim", "statistic", "run"]].itertuples(index=False, name=None)) == expected
    words = [re.sub(r"\$[^$]*\$", "", describe(row)) for _, row in judged.iterrows()]  # without formulas
    assert all("{" not in word and "None" not in word and "_" not in word for word in words)


def test_verdicts_become_macros(worlds, ledger):
    """Fails if a verdict in the text is not the one of the table, or the counts do not add up."""
    judged = worlds[1][1]
    macros = Macros()
    claim_numbers(macros, judged)
    by_hand = judged.drop_duplicates("claim").set_index("claim")["verdict"]
    assert macros["ClaimBestAlignmentVerdict"] == by_hand["best_alignment"]
    assert int(macros["ClaimCount"]) == len(ledger.claims)
    words = ("Supported", "NotSupported", "Tied", "Undecided", "NotTested")
    counts = [macros[f"Claim{word}Count"] for word in words]
    assert sum(map(int, counts)) == len(ledger.claims)
    assert int(counts[1]) == (by_hand == "not supported").sum()


def test_a_missing_row_is_named(worlds, tmp_path, ledger, paper):
    """Fails if a solver that was never compared counts as beaten."""
    tables = shutil.copytree(worlds[0][0], tmp_path / "tables")
    path = tables / "spherical/pairs.parquet"
    table = pd.read_parquet(path)
    write_table(path, table[table["second"] != "richardson"])
    with pytest.raises(FileError, match=r"spherical/pairs.parquet: has 0 rows .* second 'richardson'"):
        judge(ledger, paper, tables)


ROW = {
    "statistic": "summary",
    "table": "construction/summary",
    "quantity": "error_share",
    "subject": "built",
    "setting": "scaled",
}


def test_a_missing_row_of_a_summary_is_named(tmp_path, paper):
    """Fails if a number that is not there, or there twice, decides anything, or nobody can tell which."""
    claim = {"source": "ours", "statement": "S.", "evidence": ["fig1"], "conditions": [{**ROW, "below": 1.0}]}
    one = Ledger.model_validate({"claims": {"one": claim}, "order": ["one"]})
    rows = [("error_share", "built", "fixed", 0.5, 0.4, 0.6)]
    for wrong, expected in (
        (
            rows,
            "has 0 rows of quantity 'error_share', .* it has rows of subject and setting 'built', 'fixed'",
        ),
        ([("failures", *rows[0][1:])], r"has 0 rows of .* it has rows of \['failures'\]; use one"),
        (
            [("error_share", "built", "scaled", 0.5, 0.4, 0.6)] * 2,
            "has 2 rows of .*, setting 'scaled', expected 1",
        ),
    ):
        write_table(
            tmp_path / "construction/summary.parquet", pd.DataFrame(wrong, columns=list(COLUMNS["summary"]))
        )
        with pytest.raises(FileError, match=expected):
            judge(one, paper, tmp_path)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"runs": ["spherical"]},
            "'runs' is given; summary takes table, quantity, subject, setting and no runs",
        ),
        ({"setting": None}, "'setting' is missing; summary takes table"),
        ({"factor": 1.0}, "'factor' is given; summary takes"),
        ({"statistic": "excess_share", **dict.fromkeys(list(ROW)[1:])}, "'runs' is missing; excess_share"),
    ],
)
def test_arguments_of_a_summary(changes, expected):
    """Fails if a condition of no run is taken of runs, or one of runs of none."""
    with pytest.raises(ValidationError, match=expected):
        Condition.model_validate({**ROW, "below": 1.0, **changes})


@pytest.mark.parametrize(
    ("low", "high", "above", "below", "expected"),
    [
        (0.1, 0.2, 0.0, None, "supported"),
        (-0.2, 0.0, 0.0, None, "not supported"),
        (-0.1, 0.1, 0.0, None, "undecided"),
        (0.1, 0.2, None, 0.3, "supported"),
        (0.3, 0.4, None, 0.3, "not supported"),
        (0.9, 1.1, 0.8, 1.25, "supported"),
        (1.3, 1.4, 0.8, 1.25, "not supported"),
        (0.5, 0.7, 0.8, 1.25, "not supported"),
        (1.1, 1.3, 0.8, 1.25, "undecided"),
        (math.nan, math.nan, 0.0, None, "undecided"),
    ],
)
def test_outcome(low, high, above, below, expected):
    """Fails if an interval that touches its bound decides for the claim, or a missing one decides at all."""
    assert outcome(Interval(0.0, low, high), above, below) == expected


@pytest.mark.parametrize(
    ("low", "high", "above", "below", "expected"),
    [
        (-0.1, 0.1, 0.0, None, "tied"),
        (0.05, 0.1, 0.0, None, "tied"),
        (-0.1, -0.05, 0.0, None, "tied"),
        (0.05, 0.11, 0.0, None, "supported"),
        (-0.11, 0.1, 0.0, None, "undecided"),
        (0.95, 1.05, None, 1.0, "tied"),
        (math.nan, math.nan, 0.0, None, "undecided"),
    ],
)
def test_outcome_within_a_margin(low, high, above, below, expected):
    """Fails if a winner is called inside the margin, or an interval that leaves it counts as a tie."""
    assert outcome(Interval(0.0, low, high), above, below, margin=0.1) == expected


@pytest.mark.parametrize(
    ("gate", "rule", "expected"),
    [
        ([], ["supported", "tied"], "tied"),
        (["supported"], ["supported"], "supported"),
        (["supported"], ["not supported", "tied"], "not supported"),
        (["supported", "undecided"], ["supported"], "not tested"),
        (["tied"], ["not supported"], "not tested"),
        ([], ["undecided", "tied"], "undecided"),
    ],
)
def test_gates_come_before_rules(gate, rule, expected):
    """Fails if a claim is decided although its gate does not hold, or a tie hides what is undecided."""
    assert verdict_of(gate, rule, "all") == expected


words = st.sampled_from(["supported", "not supported", "tied", "undecided"])


@given(st.lists(words, min_size=1, max_size=5))
def test_all_and_any_are_dual(outcomes):
    """Fails if one condition that fails does not decide `all`, or one that holds does not decide `any`."""
    swap = {
        "supported": "not supported",
        "not supported": "supported",
        "undecided": "undecided",
        "tied": "tied",
    }
    assert swap[verdict(outcomes, "all")] == verdict([swap[word] for word in outcomes], "any")
    assert (verdict(outcomes, "all") == "supported") == (set(outcomes) == {"supported"})
    assert (verdict(outcomes, "any") == "supported") == ("supported" in outcomes)


def test_statements_are_safe_for_latex(ledger):
    """Fails if a statement holds a character that LaTeX would stop at, or a number of its own invention."""
    for claim in ledger.claims.values():
        assert not set(claim.statement) & set("&%$#_{}~^\\")
        assert claim.statement.endswith(".")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("source: abstract", "sorce: abstract", r"claims.yaml:\d+: best_alignment.sorce: unknown key"),
        ("statistic: lead,", "statistic: leed,", r"best_alignment.conditions.0.statistic: found 'leed'"),
        ("runs: [spherical], above: 0}", "runs: [sperical], above: 0}", r"found 'sperical', .* 'spherical'"),
        ("evidence: [fig2, tab_al", "evidence: [fig22, tab_al", r"best_alignment.evidence: found 'fig22'"),
        (", above: 0, margin: 0.001}", "}", r"best_alignment.conditions.0: neither 'above' nor 'below'"),
        (" of: distance,", "", r"best_alignment.conditions.0: 'of' is missing; lead takes of, solver"),
        (
            " of: distance,",
            " of: slope,",
            r"best_alignment.conditions.0: of = 'slope'; lead takes similarity, r_squared, kendall",
        ),
        ("runs: [spherical], above: 0}", "runs: [spherical], factor: 2, above: 0}", r"'factor' is given"),
        ("conditions:\n", "conditions: [\n", r"claims.yaml:\d+: not valid YAML"),
    ],
)
def test_mistakes_are_named(tmp_path, paper, old, new, expected):
    """Fails if a mistake in the ledger goes unnoticed or is not told with its place."""
    head, _, tail = CLAIMS.read_text().partition("best_alignment:")
    assert old in tail
    path = tmp_path / "claims.yaml"
    path.write_text(head + "best_alignment:" + tail.replace(old, new, 1))
    with pytest.raises(ConfigError, match=expected):
        load_ledger(path, paper)


def test_a_summary_that_no_rule_makes_is_named(tmp_path, paper):
    """Fails if the lack of a table shows only once everything else has been computed, or in several lines."""
    old, new = "table: construction/summary, quantity: error", "table: construction/sumary, quantity: error"
    path = tmp_path / "claims.yaml"
    path.write_text(CLAIMS.read_text().replace(old, new, 1))
    with pytest.raises(
        ConfigError,
        match=r"^\S+claims.yaml:\d+: accuracy_is_kept.conditions.0.table: found 'construction/sumary'; "
        r"allowed: 'construction/summary'.* \(did you mean 'construction/summary'\?\)$",
    ):
        load_ledger(path, paper)


def test_ledger_survives_json(ledger):
    """Fails if the resolved ledger that the rule reads is not the checked one, or its order is lost."""
    again = Ledger.model_validate_json(to_json(ledger.model_dump(mode="json")))
    assert again == ledger
    ids = re.findall(r"^(\w+):$", CLAIMS.read_text(), flags=re.MULTILINE)
    assert [name for name, _ in again.items()] == ids
