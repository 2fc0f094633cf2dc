"""Every number in the PDF is that of its table: the smoke paper's text is compared with the Parquet files.

The PDF is read with pdftotext in the order in which TeX wrote it (-raw), with signs and spaces made plain.
"""

import math
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from ledger import verdicts
from support import ROOT, Paper

from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.entries import NULLS
from ickrr.report.numbers.made import macros as names_of
from ickrr.report.numbers.made import named

NUMBER = r"-?\d+(?:\.\d+)?"
VALUE = rf"(?:{NUMBER}×)?10-\d+|{NUMBER}"
MISSING = "–"  # {--} in a cell
CONTROLS = tuple(
    load_experiment(ROOT / "config.yaml", "smoke").constructions.controls
)  # other rows, no macros

pytestmark = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext (poppler-utils)")


@pytest.fixture(scope="module")
def text(smoke_paper: Paper) -> str:
    """Return the text of the PDF on one line."""
    pdf = smoke_paper.results() / "paper.pdf"
    done = subprocess.run(["pdftotext", "-raw", str(pdf), "-"], capture_output=True, text=True, check=True)
    plain = done.stdout
    for printed, typed in (("−", "-"), ("’", "'"), ("ﬁ", "fi"), ("ﬂ", "fl"), ("ﬀ", "ff")):
        plain = plain.replace(printed, typed)
    return re.sub(r"\s+", " ", plain)


@pytest.fixture(scope="module")
def tables(smoke_paper: Paper) -> Path:
    return smoke_paper.results() / "tables"


@pytest.fixture(scope="module")
def macros(smoke_paper: Paper) -> dict[str, str]:
    """Return every macro of the text, by name."""
    written = (smoke_paper.results() / "latex/numbers.tex").read_text()
    return dict(re.findall(r"\\newcommand\{\\(\w+)\}\{(.*)\}\n", written))


def test_the_list_of_macros_is_what_is_written(smoke_paper: Paper, macros: dict[str, str]) -> None:
    """Fails if the start of a run asks for other numbers than the smoke paper turns out to have."""
    experiment = load_experiment(ROOT / "config.yaml", "smoke")
    listed = names_of(named(experiment, load_ledger(ROOT / "claims.yaml", experiment).claims))
    written = (smoke_paper.results() / "latex/provenance.tex").read_text()
    found = {*macros, *re.findall(r"\\newcommand\{\\(\w+)\}", written)}
    begun = tuple(name[:-1] for name in listed if name.endswith("*"))
    assert {name for name in found - listed if not name.startswith(begun)} == set()
    assert {name for name in listed - found if not name.endswith("*")} == set()


def shown(value: float, places: int) -> str:
    """Return a number as a table prints it, worked out without the library."""
    if not math.isfinite(value):
        return MISSING
    return f"{value:.{places}f}"


def assert_row(text: str, cells: list[str]) -> None:
    """Look for the cells of a row one after another, with spaces or nothing between them."""
    pattern = r"\s*".join(re.escape(cell).replace(r"\ ", r"\s*") for cell in cells if cell)
    assert re.search(pattern, text), " | ".join(cells)


def test_ablations(text: str, tables: Path) -> None:
    """Fails if a row of the table of runs shows another number than its Parquet file, or is missing."""
    frame = pd.read_parquet(tables / "tab_ablations.parquet")
    assert len(frame) > 20
    for row in frame.itertuples():
        curve = pd.read_parquet(tables / row.run / "learning_curve.parquet")
        final = curve[curve["step"] == curve["step"].max()]
        excess = final["excess_risk"].mean(skipna=False)
        share = 100 * excess / final["bayes_risk"].mean()
        cells = [
            row.run.replace("_", " "),
            f"{row.parameters / 1000:.1f}",
            str(len(final)),
            shown(excess, 4),
            shown(final["excess_risk"].std(ddof=1), 4),
            shown(share, 1),
        ]
        assert_row(text, cells)
        if row.closest:
            alignment = pd.read_parquet(tables / row.run / "alignment.parquet")
            mine = alignment[(alignment["solver"] == row.closest) & (alignment["statistic"] == "distance")]
            pairs = pd.read_parquet(tables / row.run / "pairs.parquet")
            ahead = pairs[
                (pairs["statistic"] == "distance")
                & (pairs["layer"] == 0)
                & (pairs["first"] == row.runner_up)
                & (pairs["second"] == row.closest)
            ].iloc[0]
            thousandths = [shown(1000 * ahead[name], 2) for name in ("difference", "low", "high")]
            low, high = (end.replace("-0.00", "0.00") for end in thousandths[1:])
            assert_row(text, [shown(mine["value"].item(), 3), thousandths[0], f"[{low}, {high}]"])


def test_alignment(text: str, tables: Path) -> None:
    """Fails if a value or an interval of the alignment table differs from the runs' tables."""
    headline = load_experiment(ROOT / "config.yaml", "smoke").solvers.headline
    frame = pd.read_parquet(tables / "tab_alignment.parquet")
    partial = frame["statistic"].isin(["addition", "left"])
    for run in frame[partial]["run"].unique():
        pairs = pd.read_parquet(tables / run / "encompassing.parquet")
        means = pairs[(pairs["seed"] == -1) & (pairs["layer"] == 0)].set_index(["family", "other"])
        cells = []
        for pair in (("R", "PR"), ("PR", "R"), ("ridge", "PR"), ("PR", "ridge")):
            ends = means.loc[pair, ["coefficient", "low", "high"]]
            value, low, high = (shown(round(end, 2) + 0.0, 2) for end in ends)
            cells += [value, f"[{low}, {high}]"]
        cells += [shown(100 * means.loc[pair, "left"], 2) for pair in (("R", "PR"), ("ridge", "PR"))]
        assert_row(text, cells)
    frame = frame[~partial]
    places = {"similarity": 3, "distance": 3, "slope": 2, "r_squared": 2, "kendall_tau": 2}
    for (run, solver), rows in frame[~frame["run"].isin(CONTROLS)].groupby(["run", "solver"]):
        source = pd.read_parquet(tables / run / "alignment.parquet")
        source = source[source["solver"] == solver].set_index("statistic")
        assert len(rows) == len(source)
        if solver not in headline:
            continue  # in the frame alone
        cells = []
        for name, digits in places.items():
            value, low, high = source.loc[name, ["value", "low", "high"]]
            cells.append(shown(value, digits) if math.isfinite(value) else "none")
            if name != "kendall_tau" and math.isfinite(low) and math.isfinite(high):
                cells.append(f"[{shown(low, digits)}, {shown(high, digits)}]")
        assert_row(text, [*cells, shown(100 * source.loc["censored_share", "value"], 0)])


def test_cost(text: str, tables: Path, smoke_paper: Paper) -> None:
    """Fails if the costs in the paper are not those that the jobs' benchmarks and rates hold."""
    frame = pd.read_parquet(tables / "tab_cost.parquet").set_index("stage")
    benchmarks = smoke_paper.results() / "benchmarks"
    for stage in frame.index.drop("total"):
        files = sorted((benchmarks / stage).rglob("*.tsv")) or [benchmarks / f"{stage}.tsv"]
        measured = [pd.read_csv(path, sep="\t") for path in files]
        both = pd.concat(measured)
        row = frame.loc[stage]
        assert row["jobs"] == row["measured"] == len(both)
        assert row["wall_s"] == pytest.approx(both["s"].sum(), rel=0.05)  # training: by its own clock
        memory = pd.to_numeric(both["max_rss"], errors="coerce").max()
        assert row["peak_memory_mb"] >= memory or math.isnan(memory)
    short = frame[frame["wall_s"] < 180]
    line = f"{len(short)} others, less than three minutes each"
    assert_row(text, [line, *(str(int(short[column].sum())) for column in ("jobs", "measured"))])
    for stage, row in frame.drop(index=short.index).iterrows():
        times = [shown(row[name] / 60, 1) for name in ("wall_s", "longest_s")]
        name = "Total" if stage == "total" else str(stage)
        jobs = [str(int(row[column])) for column in ("jobs", "measured")]
        assert_row(text, [name, *jobs, *times])


def test_claims_are_judged_alike_by_a_second_judge(tables: Path, smoke_paper: Paper) -> None:
    """Fails if a verdict does not follow from the tables of this very run by the rule in claims.yaml."""
    frame = pd.read_parquet(tables / "tab_claims.parquet")
    found = frame.drop_duplicates("claim").set_index("claim")["verdict"].to_dict()
    assert found == verdicts(smoke_paper.path / "claims.yaml", tables)


@pytest.mark.parametrize("part", ["abstract", "reviews", "metarep", "ours"])
def test_ledger(text: str, tables: Path, part: str) -> None:
    """Fails if a claim is missing from the PDF, or has another value or verdict than its Parquet row."""
    frame = pd.read_parquet(tables / f"tab_ledger_{part}.parquet")
    position = text.index("What decides it, and its value")
    for index, row in enumerate(frame.itertuples(), 1):
        head = re.compile(rf"(?<![\d.]){index}\. {re.escape(row.statement[:20])}")
        starts = [found.end() for found in head.finditer(text, position)]
        assert starts, row.claim
        after = text[starts[0] : starts[0] + 900]
        assert any(row.verdict in text[start : start + 900] for start in starts), (row.claim, after)
        printed = [
            read(number) for start in starts for number in re.findall(VALUE, text[start : start + 900])
        ]
        if math.isfinite(row.value):
            near = [abs(number - row.value) <= 6e-3 * abs(row.value) + 5e-4 for number in printed]
            assert any(near), (row.claim, row.value, after)


def read(number: str) -> float:
    """Return the value of a printed number, also of ``1.4×10-16`` and ``10-10``."""
    mantissa, power = re.fullmatch(rf"(?:({NUMBER})×)?10(-\d+)|({NUMBER})", number).group(1, 2)  # type: ignore[union-attr]
    return float(mantissa or 1) * 10.0 ** int(power) if power else float(number)


def test_macros_of_alignment_equal_the_tables(macros: dict[str, str], tables: Path) -> None:
    """Fails if a number of the text is not the one in its run's table, for any run, solver or statistic."""
    names = {"similarity": "Similarity", "distance": "Distance", "slope": "Slope", "r_squared": "RSquared"}
    names |= {"kendall_tau": "KendallTau", "censored_share": "CensoredShare"}
    digits = dict(enumerate(["Zero", "One", "Two", "Three", "Four", "Five"]))
    checked = 0
    for path in sorted(tables.glob("*/alignment.parquet")):
        if path.parent.name in CONTROLS:
            continue
        run = "".join(
            part.capitalize()
            for part in re.sub(r"\d", lambda d: f"_{digits[int(d.group())]}_", path.parent.name).split("_")
        )
        for row in pd.read_parquet(path).itertuples():
            if row.statistic not in names or row.solver in NULLS:
                continue
            solver = "".join(part.capitalize() for part in row.solver.split("_"))
            factor = 100 if row.statistic == "censored_share" else 1
            macro = f"{run}{solver.replace('Cg', 'Cg')}{names[row.statistic]}"
            for suffix, value in (("Value", row.value), ("Low", row.low), ("High", row.high)):
                text = macros[macro + suffix]
                if not math.isfinite(value):
                    assert text == "undefined"
                    continue
                assert plain(text) == pytest.approx(factor * value, rel=6e-3, abs=resolution(text))
                checked += 1
    assert checked > 1000


def test_macros_of_errors_and_training_equal_the_tables(macros: dict[str, str], tables: Path) -> None:
    """Fails if an error or a risk in the text is not the one in the table of the spherical run."""
    errors = pd.read_parquet(tables / "spherical/errors.parquet")
    last = errors[errors["context_length"] == errors["context_length"].max()]
    layers = last[last["method"] == "transformer"]
    final = layers[layers["step"] == layers["step"].max()]
    curve = pd.read_parquet(tables / "spherical/learning_curve.parquet")
    end = curve[curve["step"] == curve["step"].max()]
    expected = {
        "SphericalFinalMse": final["mse"].mean(),
        "SphericalFinalExcessRisk": final["excess_risk"].mean(),
        "SphericalPosteriorMse": last[last["method"] == "posterior_mean"]["mse"].mean(),
        "SphericalExcessRisk": end["excess_risk"].mean(),
        "SphericalBayesRisk": end["bayes_risk"].mean(),
        "SphericalExcessShare": 100 * end["excess_risk"].mean() / end["bayes_risk"].mean(),
    }
    for name, value in expected.items():
        assert plain(macros[name]) == pytest.approx(value, rel=6e-3), name


def test_verdicts_of_the_text_are_those_of_the_table(macros: dict[str, str], tables: Path) -> None:
    """Fails if a verdict word in the text is not the one in the ledger's table."""
    frame = pd.read_parquet(tables / "claims.parquet").drop_duplicates("claim")
    for name, verdict in zip(frame["claim"], frame["verdict"], strict=True):
        assert macros["Claim" + "".join(part.capitalize() for part in name.split("_")) + "Verdict"] == verdict
    assert int(macros["ClaimUndecidedCount"]) == (frame["verdict"] == "undecided").sum()


def test_numbers_of_the_text_reach_the_pdf(text: str, macros: dict[str, str], smoke_paper: Paper) -> None:
    """Fails if a paragraph of the PDF shows other numbers than its macros hold, or in another order."""
    sections = sorted((smoke_paper.path / "paper/sections").rglob("*.tex"))
    found = [match.group() for match in re.finditer(NUMBER, text)]
    checked = 0
    for path in sections:
        source = re.sub(r"(?<!\\)%.*", "", path.read_text())
        for block in re.split(r"\n\s*\n", source):
            if r"\begin{" in block:  # floats and lists have numbers of their own in between
                continue
            used = [macros[name] for name in re.findall(r"\\([A-Z][A-Za-z]+)", block) if name in macros]
            wanted = [number for value in used for number in re.findall(NUMBER, simple(value))]
            if len(wanted) >= 3:
                assert within(found, wanted), (path.name, block[:80], wanted)
                checked += len(wanted)
    assert checked > 200


def within(found: list[str], wanted: list[str]) -> bool:
    """Return whether `wanted` is one stretch of `found`, or two if a page of floats interrupts it."""
    return stretch(found, wanted) or any(
        stretch(found, wanted[:cut]) and stretch(found, wanted[cut:]) for cut in range(1, len(wanted))
    )


def stretch(found: list[str], wanted: list[str]) -> bool:
    """Return whether `wanted` is a subsequence of a stretch of `found` at most twice as long, plus a few."""
    reach = 2 * len(wanted) + 15
    for start in (index for index, number in enumerate(found) if number == wanted[0]):
        rest = iter(found[start : start + reach])
        if all(number in rest for number in wanted):
            return True
    return False


def simple(latex: str) -> str:
    """Return a macro's text as pdftotext shows it."""
    power = re.sub(r"\\ensuremath\{([\d.-]+)\\times 10\^\{(-?\d+)\}\}", r"\1 10 \2", latex)
    return re.sub(r"\\ensuremath\{([^}]*)\}", r"\1", power)


def plain(latex: str) -> float:
    """Return a macro's text as a number."""
    power = re.fullmatch(r"\\ensuremath\{([\d.-]+)\\times 10\^\{(-?\d+)\}\}", latex)
    return float(power[1]) * 10 ** int(power[2]) if power else float(simple(latex))


def resolution(latex: str) -> float:
    """Return half a unit of the last digit shown."""
    return 0.51 * 10 ** -len(simple(latex).partition(".")[2])


def test_a_number_of_the_text_leads_back_to_its_row(smoke_paper: Paper, tables: Path) -> None:
    """Fails if `trace --number` does not name the sentence and the row behind a number of the real paper."""
    text = (smoke_paper.results() / "latex/numbers.tex").read_text()
    (printed,) = re.findall(r"\{\\SphericalPreconditionedRichardsonDistanceValue\}\{([0-9.]+)\}", text)
    row = pd.read_parquet(tables / "spherical/alignment.parquet").set_index(["solver", "statistic"])
    value = float(row.loc[("preconditioned_richardson", "distance"), "value"])
    run = smoke_paper.tool("trace", "--number", printed, "--scale", "smoke")
    assert run.returncode == 0, run.stdout
    assert re.search(rf"^  paper/sections/results/spherical\.tex:\d+: .*>{printed}<?", run.stdout, re.M)
    assert (
        "  results/smoke/tables/spherical/alignment.parquet: run spherical, "
        f"solver preconditioned_richardson, statistic distance, seeds 2: value = {value!r}\n"
    ) in run.stdout
