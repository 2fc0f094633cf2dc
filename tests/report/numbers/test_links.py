"""Every figure and table of the PDF says what it was made from, and links to the source that made it."""

import re
import shutil
import zlib
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from support import ROOT

from ickrr.config.load import load_experiment
from ickrr.report.latex import build_paper
from ickrr.report.numbers.links import origin_links

EXPERIMENT = load_experiment(ROOT / "config.yaml", "smoke")


ADDRESS = "https://example.org/someone/kernels"
COMMIT = "0123456789ab"


def test_sources_that_are_linked_exist() -> None:
    """Fails if a link leads to a notebook or a module that is not in the project, or to another commit."""
    public = EXPERIMENT.model_copy(update={"repository": f"{ADDRESS}/"})
    found = re.findall(r"\\href\{(.*?)\}\{", origin_links(public, COMMIT))
    assert len(found) == len(EXPERIMENT.figures) + len(EXPERIMENT.tables)
    for address in found:
        assert address.startswith(f"{ADDRESS}/blob/{COMMIT}/")
        assert (ROOT / address.removeprefix(f"{ADDRESS}/blob/{COMMIT}/")).is_file()
    several = origin_links(public, f"{COMMIT}, fedcba987654")
    assert f"{ADDRESS}/blob/HEAD/workflow" in several


def test_without_an_address_nothing_is_linked() -> None:
    """Fails if a PDF without a public repository links into the void."""
    assert EXPERIMENT.repository == ""
    assert "href" not in origin_links(EXPERIMENT, COMMIT)


def test_data_of_a_figure_are_what_it_reads() -> None:
    """Fails if a float names other tables than those that its rule gives it."""
    lines = origin_links(EXPERIMENT, COMMIT).replace(r"\allowbreak{}", "").replace("\\", "").splitlines()
    named = {line.split("origin@")[1].split("endcsname")[0]: line for line in lines}
    for name, figure in EXPERIMENT.figures.items():
        line = named[f"figures/{name}.pdf"]
        assert f"{{figures/{name}.pdf" in line
        assert all(f"tables/{table}.parquet" in line for table in figure.others)
        assert all(run in line or "tables/*/" in line for run in figure.runs)
        assert all(table in line for table in figure.tables)
    for name in EXPERIMENT.tables:
        assert f"{{tables/{name}.csv}}" in named[f"{name}.tex"]


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
        "\\input{latex/tab_setup}\nText.\\listorigins\n\\end{document}\n"
    )
    for folder in ("figures", "latex"):
        (tmp_path / folder).mkdir()
    plt.figure(figsize=(3, 2)).savefig(tmp_path / "figures" / "fig9.pdf")
    plt.close("all")
    (tmp_path / "latex/tab_alignment.tex").write_text("\\begin{tabular}{l}a\\\\\\end{tabular}\n")
    (tmp_path / "latex/tab_setup.tex").write_text("\\begin{longtable}{l}a\\\\\\end{longtable}\n")
    public = EXPERIMENT.model_copy(update={"repository": ADDRESS})
    provenance = "\\newcommand{\\RunDate}{2026-05-08}\n" + origin_links(public, COMMIT)
    (tmp_path / "latex/provenance.tex").write_text(provenance)
    output = tmp_path / "paper.pdf"
    generated = [path for folder in ("figures", "latex") for path in (tmp_path / folder).iterdir()]
    build_paper(source, generated, output, tmp_path / "build")
    text = texts_of(output.read_bytes())
    targets = set(re.findall(r"/URI ?\(([^)]+)\)", text))
    made = ("workflow/notebooks/sizes.ipynb", "src/ickrr/report/tables/alignment.py")
    made += ("src/ickrr/report/tables/setup.py",)
    assert {f"{ADDRESS}/blob/{COMMIT}/{path}" for path in made} <= targets
