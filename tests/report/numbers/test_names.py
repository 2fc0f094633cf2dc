"""The list of macros is what the modules write, and it tells what a configuration does not give."""

from pathlib import Path

import pytest

from ickrr.config.load import load_experiment
from ickrr.report.formatting import camel_case
from ickrr.report.load import checked_table, load_other
from ickrr.report.numbers.claims import claim_numbers
from ickrr.report.numbers.collection import all_numbers
from ickrr.report.numbers.comparison import comparison_numbers
from ickrr.report.numbers.conjugate import conjugate_numbers
from ickrr.report.numbers.construction import construction_numbers
from ickrr.report.numbers.identification import identification_numbers
from ickrr.report.numbers.ledger import ledger_numbers
from ickrr.report.numbers.macros import Macros
from ickrr.report.numbers.made import Recogniser, Unmade, macros, named
from ickrr.report.numbers.mechanism import mechanism_numbers
from ickrr.report.numbers.names import GROUPS
from ickrr.report.numbers.operators import operator_numbers
from ickrr.report.numbers.origin import origin_macros, read_records
from ickrr.report.numbers.runs import run_numbers

CONFIG = Path(__file__).parents[3] / "config.yaml"
SOLVER = "a solver of solvers.headline or solvers.others"
MODULES = list(dict.fromkeys(group.module for group in GROUPS))


@pytest.fixture(scope="module")
def written(experiment, results):
    """What each module writes for the toy, whose noise sweep a figure shows."""
    figure = experiment.figures["fig1"].model_copy(update={"runs": ["spherical"], "tables": ["noise"]})
    studied = figure.model_copy(update={"tables": ["heads", "restored", "linearity", "snapshot_attribution"]})
    shown = {**experiment.figures, "fig10": figure, "fig_mechanism": studied}
    swept = experiment.model_copy(update={"figures": shown})
    tables = results / "tables"
    records = read_records(sorted((results / "records/trained/spherical").rglob("*.json")))
    claims = checked_table(tables / "claims.parquet", "claims")
    writers = {
        "runs": lambda found: run_numbers(found, swept, tables),
        "comparison": lambda found: comparison_numbers(found, swept, tables),
        "identification": lambda found: identification_numbers(found, swept, tables),
        "mechanism": lambda found: mechanism_numbers(found, swept, tables),
        "construction": lambda found: construction_numbers(found, swept, tables),
        "conjugate": lambda found: conjugate_numbers(found, swept, tables),
        "operators": lambda found: operator_numbers(found, swept, tables),
        "claims": lambda found: claim_numbers(found, claims),
        "ledger": lambda found: ledger_numbers(found, claims),
    }
    by_module = {"origin": {name for name, _ in origin_macros(swept.scale, records, "aaa").items()}}
    for module, write in writers.items():
        found = Macros()
        write(found)
        by_module[module] = {name for name, _ in found.items()}
    everything = {name for name, _ in all_numbers(swept, tables, claims).items()}
    assert everything == set().union(*by_module.values()) - by_module["origin"]
    # Invented tables name controls, ridges and runs of their own.
    in_tables = {
        "Control": load_other(tables, "construction/controls")["control"],
        "Ridge": load_other(tables, "construction/rates")["name"],
        "Measured": load_other(tables, "metarep/operators")["subject"],
        "Anchor": load_other(tables, "metarep/anchor")["subject"],
    }
    names = {kind: [camel_case(name) for name in dict.fromkeys(found)] for kind, found in in_tables.items()}
    return {**named(swept, claims["claim"].unique()), **names}, by_module


@pytest.mark.parametrize("module", MODULES)
def test_the_list_is_what_each_module_writes(written, module):
    """Fails if a macro is written that the list lacks, or has elsewhere, or promises and nobody writes."""
    names, by_module = written
    listed = macros(names, [group for group in GROUPS if group.module == module])
    begun = tuple(name[:-1] for name in listed if name.endswith("*"))
    assert {name for name in by_module[module] - listed if not name.startswith(begun)} == set()
    assert {name for name in listed - by_module[module] if not name.endswith("*")} == set()


@pytest.mark.parametrize(
    ("changes", "macro", "lack"),
    [
        ({}, "SphericalExcessRisk", None),
        ({}, "DeeperExcessRisk", ("Deeper", "a run")),
        (
            {"figures": {"fig6": {"runs": ["spherical"]}}},
            "DepthDoubleFinalMse",
            ("DepthDouble", "a run of which a figure or table shows the table errors"),
        ),
        (
            {"figures": {"fig10": {"runs": ["noise_low"]}}},
            "SphericalNoiseLowestTransformerHigh",
            ("Spherical", "a run of which a figure or table shows the table noise"),
        ),
        (
            {"solvers": {"headline-": ["newton_schulz"], "others+": ["newton_schulz"]}},
            "UniformNewtonSchulzDistanceLeadShare",
            ("NewtonSchulz", "a solver of solvers.headline"),
        ),
        ({}, "LinearRegressionFloor", ("LinearRegression", "a run that is compared with the solvers")),
        ({}, "ControlTwinFollows", ("Twin", "a control of constructions.controls")),
        ({}, "ClaimSkyIsGreenVerdict", ("SkyIsGreen", "a claim of claims.yaml")),
        ({"solvers": {"others-": ["chebyshev"]}}, "UniformChebyshevSlope", ("Chebyshev", SOLVER)),
        ({}, "UniformOperatorGaussianDistance", ("Uniform", "a run of operators.runs")),
        ({}, "SphericalOperatorAnythingItMeasures", None),
        ({}, "GapShareNormalLongest", ("Normal", "a law of constructions.contraction.laws")),
        *[({}, name, None) for name in ("Gamma", "Cref", "LaTeX", "DeclareMathOperator", "MakeUppercase")],
    ],
)
def test_what_a_configuration_does_not_give_is_told_from_latex(changes, macro, lack):
    """Fails if a number that will be missing passes for a command of LaTeX, or the other way round."""
    experiment = load_experiment(CONFIG, overrides=changes)
    found = Recogniser(named(experiment, ["one"])).unmade(macro)
    assert found == (Unmade(*lack) if lack else None)
