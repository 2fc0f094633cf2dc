"""From a number in the PDF back to its macro, sentence, table and row."""

from pathlib import Path

import pandas as pd
import pytest

from ickrr.errors import ConfigError, FileError
from ickrr.io.files import write_table
from ickrr.report.printed import where_printed

NUMBERS = r"""\newcommand{\SphericalRichardsonDistance}{0.98249\ [0.980, 0.990]}
\newcommand{\SphericalRichardsonDistanceValue}{0.98249}
\newcommand{\UniformRichardsonDistance}{0.98249\ [0.970, 0.990]}
\newcommand{\SphericalShare}{98.2}
\newcommand{\Steps}{1024}
\newcommand{\Tiny}{\ensuremath{3.10\times 10^{-4}}}
"""
RESULTS_TEX = r"""\section{Results}
First sentence, of $d = 5$. The distance is \SphericalRichardsonDistance{}
for all, or \SphericalShare\,\%. % \Tiny is not used here
Another one takes \Steps{} steps.
"""
TABLE = r"""\begin{tabular}{ll}
spherical & 0.98249 \\
uniform & 0.5 \\
\end{tabular}
"""


def alignment(run: str, value: float) -> pd.DataFrame:
    """Two rows: the one that is printed, and one of another solver that has the same value."""
    keys = {"run": run, "statistic": "distance", "low": 0.98, "high": 0.99}
    return pd.DataFrame([{**keys, "solver": one, "value": value} for one in ("chebyshev", "richardson")])


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results and sources of a small paper, in the working directory."""
    monkeypatch.chdir(tmp_path)
    results, sections = Path("results/toy"), Path("paper/sections")
    for folder in (results / "latex", sections):
        folder.mkdir(parents=True)
    (results / "latex/numbers.tex").write_text(NUMBERS)
    (results / "latex/provenance.tex").write_text("\\newcommand{\\ScaleName}{toy}\n")
    (results / "latex/tab_toy.tex").write_text(TABLE)
    (sections / "results.tex").write_text(RESULTS_TEX)
    (sections / ".#results.tex").symlink_to("user@host.1:1")  # an editor's lock
    (sections / "draft.tex").symlink_to("taken_away.tex")
    for run, value in (("spherical", 0.982492), ("uniform", 0.982488)):
        write_table(results / f"tables/{run}/alignment.parquet", alignment(run, value))
    write_table(results / "tables/tab_toy.parquet", pd.DataFrame({"run": ["spherical"], "value": [0.982492]}))
    return tmp_path


def lines(asked: str) -> list[str]:
    return where_printed(asked, Path("results/toy"), Path("paper"))


def test_a_number_of_the_text_leads_to_its_sentence_and_row(world: Path) -> None:
    """Fails if the sentence, its file or the row of the right run and solver is not named, or others are."""
    found = lines("0.98249")
    assert found[:3] == [
        r"\SphericalRichardsonDistance = 0.98249 [0.980, 0.990]",
        "  paper/sections/results.tex:2: The distance is >0.98249 [0.980, 0.990]< for all, or 98.2 %.",
        "  results/toy/tables/spherical/alignment.parquet: run spherical, statistic distance, "
        "solver richardson: value = 0.982492",
    ]
    assert r"\SphericalRichardsonDistanceValue, \UniformRichardsonDistance" in found[3]


def test_a_number_of_a_table_leads_to_its_line_and_row(world: Path) -> None:
    """Fails if a cell of a table is not found, or only the text is searched."""
    found = lines("0.98249")[4:]
    assert found == [
        "table tab_toy; how it was made: ickrr trace tab_toy --scale toy",
        r"  results/toy/latex/tab_toy.tex:2: spherical & 0.98249 \\",
        "  results/toy/tables/tab_toy.parquet: run spherical: value = 0.982492",
    ]


@pytest.mark.parametrize("asked", ["98.2", "98.2 %", r"98.2\,\%", "98.20%"])
def test_a_percentage_is_found(world: Path, asked: str) -> None:
    """Fails if the sign keeps the number from being found."""
    assert lines(asked)[0] == r"\SphericalShare = 98.2"


def test_a_setting_is_not_given_a_row(world: Path) -> None:
    """Fails if some row that happens to hold a number is said to be its source."""
    assert lines("1,024")[1:] == [
        "  paper/sections/results.tex:4: Another one takes >1024< steps.",
        "  no single row holds it: a setting, or computed from several rows (rule write_numbers)",
    ]


def test_a_comment_is_no_sentence(world: Path) -> None:
    """Fails if the text seems to use what only a comment names."""
    assert lines("3.1e-4") == [r"macros with this number that the text does not use: \Tiny"]


@pytest.mark.parametrize("asked", ["0.9824", "0.3", "-0.98249", "5"])
def test_a_number_that_is_not_printed(world: Path, asked: str) -> None:
    """Fails if a number that is near, of the other sign or typed in the text is taken for a printed one."""
    with pytest.raises(ConfigError, match=rf"--number {asked}: neither a macro nor a table .* nearest are"):
        lines(asked)


def test_what_is_no_number_is_refused(world: Path) -> None:
    """Fails if a person learns only that nothing was found."""
    with pytest.raises(ConfigError, match=r"--number fig1: is not one number; write it as it is printed"):
        lines("fig1")


def test_without_results_there_is_one_message(world: Path) -> None:
    """Fails if results that are not made yet end in a traceback."""
    with pytest.raises(FileError, match=r"results/none/latex/numbers\.tex: no such file; run snakemake"):
        where_printed("1", Path("results/none"), Path("paper"))
