"""Every figure and table of the PDF links to its rule and to its data."""

import re
import shutil
import zlib
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from support import ROOT

from ickrr.config.load import load_experiment
from ickrr.report.latex import build_paper
from ickrr.report.numbers.links import linked_files, origin_links

EXPERIMENT = load_experiment(ROOT / "config.yaml", "smoke")


def test_rules_that_are_linked_exist() -> None:
    """Fails if a link leads to a file or a rule that is not in the project."""
    links = origin_links(EXPERIMENT)
    for file, rule in re.findall(r"\\originlink\{\.\./\.\./([^}]+)\}\{([^ ]+)\}; ", links):
        name = rule.replace(r"\_\allowbreak{}", "_")
        assert f"rule {name}:" in (ROOT / file).read_text()


def test_data_of_a_figure_are_what_it_reads() -> None:
    """Fails if a figure links to other tables than those that its rule gives it."""
    files = set(linked_files(origin_links(EXPERIMENT)))
    for figure in EXPERIMENT.figures.values():
        assert {f"tables/{run}/{table}.parquet" for run in figure.runs for table in figure.tables} <= files
        assert {f"tables/{table}.parquet" for table in figure.others} <= files
    for table in EXPERIMENT.tables:
        assert f"tables/{table}.csv" in files


def texts_of(pdf: bytes) -> str:
    """All streams of a PDF, inflated."""
    found = [pdf]
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, flags=re.DOTALL):
        try:
            found.append(zlib.decompress(match[1].strip(b"\r\n")))
        except zlib.error:
            continue
    return b"\n".join(found).decode("latin-1")


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="TeX is not installed")
def test_links_are_in_the_pdf(tmp_path: Path) -> None:
    """Fails if a float, or a table longer than a page, ends in a PDF without its links."""
    source = tmp_path / "paper"
    shutil.copytree(ROOT / "paper", source)
    shutil.rmtree(source / "sections")
    (source / "main.tex").write_text(
        "\\documentclass{article}\n\\usepackage{ickrr}\n\\usepackage{origins}\n\\input{latex/provenance}\n"
        "\\begin{document}\n\\begin{figure}\\includegraphics{figures/fig9.pdf}\\caption{A.}\\end{figure}\n"
        "\\begin{table}\\caption{B.}\\input{latex/tab_alignment}\\end{table}\n"
        "\\input{latex/tab_setup}\nText.\n\\end{document}\n"
    )
    for folder in ("figures", "latex"):
        (tmp_path / folder).mkdir()
    plt.figure(figsize=(3, 2)).savefig(tmp_path / "figures" / "fig9.pdf")
    plt.close("all")
    (tmp_path / "latex/tab_alignment.tex").write_text("\\begin{tabular}{l}a\\\\\\end{tabular}\n")
    (tmp_path / "latex/tab_setup.tex").write_text("\\begin{longtable}{l}a\\\\\\end{longtable}\n")
    provenance = "\\newcommand{\\RunDate}{2026-05-08}\n" + origin_links(EXPERIMENT)
    (tmp_path / "latex/provenance.tex").write_text(provenance)
    output = tmp_path / "paper.pdf"
    generated = [path for folder in ("figures", "latex") for path in (tmp_path / folder).iterdir()]
    build_paper(source, generated, output, tmp_path / "build")
    text = texts_of(output.read_bytes())
    targets = set(re.findall(r"/F ?\(([^)]+)\)", text))
    figure = EXPERIMENT.figures["fig9"]
    wanted = {f"tables/{run}/{table}.parquet" for run in figure.runs for table in figure.tables}
    wanted |= {"../../workflow/rules/figures.smk", "../../workflow/rules/tables.smk"}
    wanted |= {"tables/tab_alignment.csv", "tables/tab_setup.csv"}
    assert wanted <= targets
