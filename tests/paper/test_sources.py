"""The paper's sources: what they name is made, what the rules make is shown, no number is typed."""

import re
import shutil
from pathlib import Path

import matplotlib
import pytest

from ickrr.config.load import load_experiment
from ickrr.report.latex import build_paper, references

matplotlib.use("agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "paper"


def sources() -> dict[str, str]:
    return {
        path.relative_to(PAPER).as_posix(): re.sub(r"(?<!\\)%.*", "", path.read_text())
        for path in sorted(PAPER.rglob("*.tex"))
    }


def generated(folder: str) -> set[str]:
    paths = [Path(reference.path) for reference in references(PAPER)]
    return {path.stem for path in paths if path.parts[0] == folder}


IN_THE_REPORT = {
    *("fig3", "fig4", "fig5", "fig6", "fig7", "fig8", "fig9", "fig12", "fig13"),
    *("fig_training", "fig_along_training"),
}
TABLES_IN_THE_REPORT = {
    "tab_trials",
    "tab_degree",
    "tab_probes",
    "tab_setup",
    "tab_runs",
    "tab_claims",
    "tab_rates",
}
"""What the HTML report alone shows: other laws, depths, sizes; removed parts; probes; settings, rules."""


def test_every_figure_is_made_and_shown():
    """Fails if the paper names a figure that config.yaml does not make, or a new one is left out."""
    shown = generated("figures")
    assert shown | IN_THE_REPORT == set(load_experiment(ROOT / "config.yaml", None).figures)
    assert not shown & IN_THE_REPORT


def test_every_table_is_made_and_shown():
    """Fails if the paper names a table that no rule makes, or a new one is left out."""
    shown = generated("latex") - {"numbers", "provenance"}
    assert shown | TABLES_IN_THE_REPORT == set(load_experiment(ROOT / "config.yaml", None).tables)
    assert not shown & TABLES_IN_THE_REPORT


def test_every_float_is_labelled_as_its_target():
    """Fails if the ledger cannot find a figure or table by its name, `fig1` as `fig:1`."""
    for name, text in sources().items():
        for kind in ("figure", "table"):
            for block in re.findall(rf"\\begin\{{{kind}\}}.*?\\end\{{{kind}\}}", text, re.DOTALL):
                made = re.findall(r"(?:figures/|latex/)((?:fig|tab)_?)(\w+)", block)
                labels = re.findall(r"\\label\{(.*?)\}", block)
                assert len(labels) == 1, (name, labels)
                if made:
                    assert labels == [f"{made[0][0].rstrip('_')}:{made[0][1]}"], name


def test_every_other_file_is_a_source():
    """Fails if a section is named that does not exist, or one is left out of the paper."""
    named = {r.path for r in references(PAPER) if not r.path.startswith(("figures/", "latex/"))}
    assert named == {"refs.bib", *sources()} - {"main.tex"}


def test_every_figure_and_table_is_mentioned():
    """Fails if a float has no label or is never referred to."""
    text = "\n".join(sources().values())
    labels = set(re.findall(r"\\label\{((?:fig|tab):[^}]*)\}", text))
    assert len(labels) == len(re.findall(r"\\caption\{", text))
    cited = {name.strip() for names in re.findall(r"\\[Cc]ref\{([^}]*)\}", text) for name in names.split(",")}
    assert labels <= cited


def test_every_reference_is_cited_and_known():
    """Fails if refs.bib holds an entry that nobody cites, or lacks one that is cited."""
    text = "\n".join(sources().values())
    cited = {key.strip() for keys in re.findall(r"\\cite[tp]?\{([^}]*)\}", text) for key in keys.split(",")}
    assert cited == set(re.findall(r"^@\w+\{([^,]+),", (PAPER / "refs.bib").read_text(), re.MULTILINE))


def test_no_number_is_typed():
    """Fails if a section holds a decimal or a number of two digits, which should come from a macro."""
    for name, text in sources().items():
        if not name.startswith("sections/"):
            continue
        prose = re.sub(r"\\(?:label|[Cc]ref|cite[tp]?|includegraphics|input)(?:\[.*?\])?\{[^}]*\}", "", text)
        assert not re.findall(r"\d\.\d|\d\d", prose), name


def test_no_verdict_is_typed():
    """Fails if a section but the ledger's own uses the words of verdicts, typed or read from the ledger."""
    words = r"\b(?:not )?(?:supported|undecided|not tested)\b|\\Claim\w+Verdict"
    for name, text in sources().items():
        if name != "sections/appendix/ledger.tex":
            assert not re.findall(words, text), name


def test_every_section_of_results_is_numbered_and_labelled():
    """Fails if a file of the results lacks its heading with a label, by which other sections refer to it."""
    parts = {name: text for name, text in sources().items() if name.startswith("sections/results/")}
    assert len(parts) >= 4
    for name, text in parts.items():
        assert len(re.findall(r"\\subsection\{[^}]*\}\\label\{sec:\w+\}", text)) == 1, name


def test_first_page_says_where_the_numbers_come_from():
    """Fails if the title block loses the scale, the date or the commit of the run."""
    date = re.search(r"\\date\{(.*?)\n\n", sources()["main.tex"], re.DOTALL)
    assert date is not None
    for macro in ("\\ScaleName", "\\RunDate", "\\RepositoryCommit"):
        assert macro in date[1]


def test_the_workplace_is_not_mentioned():
    """Fails if an absolute path gets into the paper."""
    for name, text in sources().items():
        assert not re.search(r"(?<![\w.])/(?:work|home|tmp|usr)/", text), name


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="TeX is not installed")
def test_paper_builds_without_defects(tmp_path):
    """Fails if the real sources have a LaTeX error, an undefined reference or a box that sticks out.

    Figures, tables and macros are placeholders of realistic size; the smoke paper uses the real ones.
    """
    for folder in ("figures", "latex"):
        (tmp_path / folder).mkdir()
    for name in generated("figures"):
        figure = plt.figure(figsize=(6.3, 3))
        figure.savefig(tmp_path / f"figures/{name}.pdf")
        plt.close(figure)
    for name in generated("latex"):
        (tmp_path / f"latex/{name}.tex").write_text("\\begin{tabular}{l}a\\\\\\end{tabular}\n")
    # Every macro that the sources use and LaTeX or its packages do not define.
    text = "\n".join(sources().values())
    style = (PAPER / "ickrr.sty").read_text()
    known = set(re.findall(r"\{\\([A-Za-z]+)\}", style)) | {"Cref", "Gamma", "Phi", "Bigl", "Bigr", "Big"}
    macros = set(re.findall(r"\\([A-Z][a-zA-Z]{2,})\b", text)) - known
    assert any(name.startswith("Spherical") for name in macros)
    lines = [
        f"\\newcommand{{\\{name}}}{{{'2026-05-08' if name == 'RunDate' else '0.12'}}}\n" for name in macros
    ]
    (tmp_path / "latex/numbers.tex").write_text("")
    (tmp_path / "latex/provenance.tex").write_text("".join(sorted(lines)))
    output = tmp_path / "paper.pdf"
    made = [path for folder in ("figures", "latex") for path in (tmp_path / folder).iterdir()]
    pages = build_paper(PAPER, made, output, tmp_path / "build")
    assert pages >= 5
    assert output.read_bytes().startswith(b"%PDF")
