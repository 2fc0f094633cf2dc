"""Building a small paper with the real TeX: defects stop it, equal inputs give equal bytes."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from ickrr.report.latex import LatexError, Reference, build_paper, gather, references, run_date, sources

matplotlib.use("agg")
import matplotlib.pyplot as plt

MAIN = r"""
\documentclass{article}
\usepackage{graphicx}
\usepackage[round]{natbib}
\usepackage{hyperref}
\input{latex/provenance}
\input{latex/numbers}
\begin{document}
\section{Results}\label{sec:results}
\input{sections/results}
\bibliographystyle{plainnat}
\bibliography{refs}
\end{document}
"""
RESULTS = r"""The slope is \Slope{} \citep{kendall1938}; see \cref.

\includegraphics[width=2in]{figures/fig1.pdf}

\input{latex/tab_a.tex}
% \includegraphics{figures/not_there.pdf}
""".replace(r"\cref", r"Section~\ref{sec:results}")
REFERENCES = """@article{kendall1938,
  author = {Kendall, M. G.}, title = {A new measure of rank correlation},
  journal = {Biometrika}, volume = {30}, pages = {81--93}, year = {1938}}
"""

needs_tex = pytest.mark.skipif(
    shutil.which("latexmk") is None, reason="TeX is not installed (make test installs it)"
)


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return write_paper(tmp_path / "one")


def write_paper(root: Path) -> Path:
    for name, text in {
        "paper/main.tex": MAIN,
        "paper/sections/results.tex": RESULTS,
        "paper/refs.bib": REFERENCES,
        "latex/tab_a.tex": "\\begin{tabular}{ll}a & b\\\\\\end{tabular}\n",
        "latex/numbers.tex": "\\newcommand{\\Slope}{3.2}\n",
        "latex/provenance.tex": "\\newcommand{\\RunDate}{2026-05-08}\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "figures").mkdir()
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1], [0, 1])
    figure.savefig(root / "figures/fig1.pdf", metadata={"CreationDate": None})
    plt.close(figure)
    return root


def generated(root: Path) -> list[Path]:
    return [path for folder in ("figures", "latex") for path in sorted((root / folder).iterdir())]


def build(root: Path) -> Path:
    output = root / "out/paper.pdf"
    build_paper(root / "paper", generated(root), output, root / "build")
    return output


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


@needs_tex
def test_equal_inputs_give_equal_bytes_in_any_directory(tmp_path):
    """Fails if a clock, a path or a leftover of an earlier build gets into the PDF."""
    first, second = write_paper(tmp_path / "one"), write_paper(tmp_path / "somewhere/else")
    digest = sha256(build(first))
    assert sha256(build(second)) == digest
    assert sha256(build(first)) == digest, "a rebuild over the old build folder differs"


@needs_tex
def test_pdf_is_dated_by_the_run(paper):
    """Fails if the PDF carries the time of the build instead of the recorded date."""
    facts = subprocess.run(
        ["pdfinfo", "-isodates", build(paper)], capture_output=True, text=True, check=True
    ).stdout
    assert "2026-05-08T00:00:00" in facts.split("CreationDate:")[1].splitlines()[0]


@needs_tex
@pytest.mark.parametrize(
    ("text", "file", "line", "message"),
    [
        ("\nSee Figure~\\ref{fig:none}.\n", "sections/results.tex", 8, "undefined reference 'fig:none'"),
        ("\nAs \\citet{nobody} say.\n", "sections/results.tex", 8, "undefined citation 'nobody'"),
        ("\n\\noindent\\rule{30cm}{1pt}\n", "sections/results.tex", 8, "too wide"),
        ("\nThe rate is \\Missing.\n", "sections/results.tex", 8, "\\Missing is not defined"),
        ("\n\\usepackage{x}\n", "sections/results.tex", 8, "preamble"),
    ],
)
def test_defect_names_file_and_line(paper, text, file, line, message):
    """Fails if a defect passes, is put in another place, or leaves a PDF behind."""
    append(paper / "paper/sections/results.tex", text)
    with pytest.raises(LatexError) as caught:
        build(paper)
    assert f"{file}:{line}: " in str(caught.value)
    assert message in str(caught.value)
    assert not (paper / "out/paper.pdf").exists()


@needs_tex
def test_missing_package_names_the_debian_packages(paper):
    """Fails if LaTeX's own message is all that a person gets."""
    main = paper / "paper/main.tex"
    main.write_text(main.read_text().replace("{graphicx}", "{graphicx}\n\\usepackage{nosuchpackage}"))
    with pytest.raises(LatexError, match=r"main.tex:5: .*nosuchpackage.sty.*apt-get install.*latexmk"):
        build(paper)


@needs_tex
def test_bad_bibliography_is_an_error(paper):
    """Fails if BibTeX's complaint is lost."""
    main = paper / "paper/main.tex"
    main.write_text(main.read_text().replace("plainnat", "nosuchstyle"))
    with pytest.raises(LatexError, match=r"nosuchstyle"):
        build(paper)


@needs_tex
def test_shell_escape_is_off(paper):
    """Fails if a source could run commands."""
    append(paper / "paper/sections/results.tex", "\\immediate\\write18{touch escaped}\n")
    build(paper)
    assert not (paper / "build/escaped").exists()


@needs_tex
def test_settings_of_the_user_do_not_matter(paper, monkeypatch, tmp_path):
    """Fails if a private latexmkrc, a package in ~/texmf or a variable of TeX's changes the paper."""
    digest = sha256(build(paper))
    (tmp_path / ".latexmkrc").write_text("$pdflatex = 'false';\n")
    for folder in (tmp_path, tmp_path / "texmf/tex/latex/local", tmp_path / "other/tex/latex/local"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "natbib.sty").write_text("\\errmessage{wrong natbib}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert sha256(build(paper)) == digest
    monkeypatch.setenv("TEXINPUTS", f"{tmp_path}:")
    monkeypatch.setenv("TEXINPUTS_pdflatex", f"{tmp_path}:")
    monkeypatch.setenv("TEXMFHOME", str(tmp_path / "other"))
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    monkeypatch.setenv("max_print_line", "40")
    assert sha256(build(paper)) == digest


def test_without_tex_one_message_names_the_packages(paper, monkeypatch):
    """Fails if a machine without TeX ends in a traceback or an unhelpful message."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LatexError, match=r"latexmk, pdflatex, bibtex not found.*apt-get install"):
        build(paper)


def test_missing_figure_names_source_line_and_remedy(paper):
    """Fails if LaTeX is started without a figure, or the message does not say how to make it."""
    (paper / "figures/fig1.pdf").unlink()
    with pytest.raises(LatexError, match=r"sections/results.tex:3: .*fig1.pdf.*run snakemake"):
        build(paper)
    assert not (paper / "build").exists()


def test_foreign_folder_is_never_emptied(paper):
    """Fails if a mistyped --build-directory deletes somebody's files."""
    precious = paper / "build/precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    with pytest.raises(LatexError, match="not an earlier build"):
        build(paper)
    assert precious.read_text() == "mine"


def test_source_is_never_emptied(paper):
    """Fails if building in the source folder is allowed."""
    with pytest.raises(LatexError, match="not an earlier build"):
        gather(paper / "paper", generated(paper), paper / "paper")
    assert (paper / "paper/main.tex").exists()


@pytest.mark.parametrize(
    "text", ["", "\\newcommand{\\RunDate}{yesterday}", "\\newcommand{\\RunDate}{2026-13-40}"]
)
def test_run_without_a_date_is_refused(tmp_path, text):
    """Fails if a PDF could be dated by the build's clock."""
    path = tmp_path / "provenance.tex"
    path.write_text(text)
    with pytest.raises(LatexError, match=r"provenance.tex: \\RunDate"):
        run_date(path)


def test_references_skip_comments_and_complete_endings(paper):
    """Fails if a commented figure is required, or a name without ending is not found."""
    found = references(paper / "paper")
    assert Reference("main.tex", 6, "latex/provenance.tex") in found
    assert Reference("sections/results.tex", 3, "figures/fig1.pdf") in found
    assert not [reference for reference in found if "not_there" in reference.path]


def test_files_that_only_lie_about_are_no_sources(paper):
    """Fails if an editor's lock, a backup, a draft or a broken link becomes part of the paper."""
    folder = paper / "paper"
    before, named = sources(folder), references(folder)
    assert [path.name for path in before] == ["main.tex", "refs.bib", "results.tex"]
    for link in ("sections/.#results.tex", "sections/old.tex", "gone.bib", "gone.sty"):
        (folder / link).symlink_to("user@host.1:1")
    for name in (
        "._refs.bib",
        ".DS_Store",
        "sections/#results.tex#",
        "results.tex~",
        ".git/x.sty",
        "draft.tex",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"\x00\xff \\input{no-such-file} \\includegraphics{figures/no.pdf}")
    (folder / "folder.bib").mkdir()
    assert sources(folder) == before
    assert references(folder) == named
    gather(folder, generated(paper), paper / "build")
    assert not list((paper / "build").rglob("*no-such*")) and not (paper / "build/draft.tex").exists()


def test_what_the_paper_names_is_a_source_before_it_exists(paper):
    """Fails if a section or a picture that the text names is not tracked, or not found missing."""
    folder = paper / "paper"
    with (folder / "sections/results.tex").open("a") as text:
        text.write("\\input{sections/more}\n\\includegraphics{logo.png}\n")
    named = {path.relative_to(folder).as_posix() for path in sources(folder)}
    assert named >= {"sections/more.tex", "logo.png", "refs.bib"}
    with pytest.raises(LatexError, match=r"sections/results\.tex:\d+: .*sections/more\.tex does not exist"):
        gather(folder, generated(paper), paper / "build")


def test_a_figure_that_is_not_handed_over_is_named(paper):
    """Fails if the paper shows a figure that its rule does not declare, because an old one lies about."""
    files = [path for path in generated(paper) if path.suffix != ".pdf"]
    with pytest.raises(LatexError, match=r"sections/results\.tex:3: figures/fig1\.pdf does not exist"):
        gather(paper / "paper", files, paper / "build")


def test_folder_without_main_is_refused(tmp_path):
    """Fails if a wrong --source ends in a traceback."""
    with pytest.raises(LatexError, match=r"has no main\.tex"):
        references(tmp_path)


@needs_tex
def test_step_builds_and_reports_errors_without_a_traceback(paper):
    """Fails if the command line and the library disagree, or an error shows a traceback."""
    command = [sys.executable, "-m", "ickrr", "build_paper"]
    files = {
        "text": sources(paper / "paper"),
        "figures": [paper / "figures/fig1.pdf"],
        "tables": [paper / "latex/tab_a.tex"],
        "numbers": [paper / "latex/numbers.tex"],
        "provenance": [paper / "latex/provenance.tex"],
        "paper": [paper / "p.pdf"],
        "build-directory": [paper / "build"],
    }
    for option, paths in files.items():
        command += [f"--{option}", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "p.pdf: 1 pages" in done.stdout
    (paper / "latex/numbers.tex").write_text("")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "\\Slope is not defined" in done.stderr
