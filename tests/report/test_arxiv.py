"""The archive for arXiv: pdflatex alone makes the PDF of it, in an empty folder."""

import re
import shutil
import subprocess
import tarfile

import matplotlib
import pytest
from typesetting import pdflatex

from ickrr.report.arxiv import pack

matplotlib.use("agg")
import matplotlib.pyplot as plt

pytestmark = pytest.mark.skipif(shutil.which("latexmk") is None, reason="TeX is not installed")

MAIN = r"""\documentclass{article}
\usepackage{graphicx,hyperref,natbib}
\input{latex/provenance}
\begin{document}
\input{sections/first}
\bibliographystyle{plainnat}
\bibliography{refs}
\end{document}
"""
FIRST = r"""Text of \RunDate{} \citep{euler1736solutio}, see \cref{fig:one} or \ref{fig:one}.
\begin{figure}\includegraphics{figures/one.pdf}\caption{One.}\label{fig:one}\end{figure}
"""
REFERENCES = "@article{euler1736solutio, author={Euler, L.}, title={Solutio}, journal={Comm.}, year={1736}}\n"


@pytest.fixture
def paper(tmp_path):
    """A paper of one section with a figure, a macro and a reference, and a draft that nothing includes."""
    source = tmp_path / "paper"
    for folder in (source / "sections", tmp_path / "figures", tmp_path / "latex"):
        folder.mkdir(parents=True)
    (source / "main.tex").write_text(MAIN.replace("natbib}", "natbib,cleveref}"))
    (source / "sections/first.tex").write_text(FIRST)
    (source / "sections/draft.tex").write_text("Not included.\n")
    (source / "refs.bib").write_text(REFERENCES)
    (tmp_path / "latex/provenance.tex").write_text("\\newcommand{\\RunDate}{2026-05-08}\n")
    plt.figure(figsize=(2, 1)).savefig(tmp_path / "figures/one.pdf")
    plt.close("all")
    return source, [tmp_path / "figures/one.pdf", tmp_path / "latex/provenance.tex"]


def test_pdflatex_alone_makes_the_pdf(paper, tmp_path):
    """Fails if the archive lacks a file, or needs BibTeX, latexmk or anything that lies beside it."""
    names = pack(*paper, tmp_path / "arxiv.tar.gz", tmp_path / "build")
    empty = tmp_path / "empty"
    empty.mkdir()
    with tarfile.open(tmp_path / "arxiv.tar.gz") as archive:
        assert archive.getnames() == names
        # Python 3.11.2, which Debian has, knows no filters of `extractall` yet.
        for name in names:
            (empty / name).parent.mkdir(parents=True, exist_ok=True)
            (empty / name).write_bytes(archive.extractfile(name).read())
    assert {"main.tex", "main.bbl", "sections/first.tex", "figures/one.pdf"} < set(names)
    assert "sections/draft.tex" not in names
    for _ in range(3):
        done = pdflatex(empty, seconds=120)
        assert done.returncode == 0, done.stdout[-2000:]
    assert not re.findall(r"undefined|Rerun", done.stdout)
    text = subprocess.run(["pdftotext", "main.pdf", "-"], cwd=empty, capture_output=True, text=True).stdout
    assert "[Euler, 1736]" in text
    assert "2026-05-08" in text


def test_equal_inputs_give_an_equal_archive(paper, tmp_path):
    """Fails if a time, an owner or an order of this machine gets into the archive."""
    for name in ("one", "two"):
        pack(*paper, tmp_path / f"{name}.tar.gz", tmp_path / f"build_{name}")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
