"""LaTeX by pdflatex alone, for tests that look at what it prints."""

import subprocess
from pathlib import Path

PREAMBLE = (
    r"\documentclass[10pt]{article}\usepackage[textwidth=6.3in]{geometry}"
    r"\usepackage[T1]{fontenc}\usepackage{mathptmx,courier,array,booktabs,longtable,siunitx}"
    r"\newcommand{\lengthscale}{h}\newcommand{\evidence}[2]{#2}"
)
"""Text as wide as the paper's, in its type, with what its tables use."""


def pdflatex(folder: Path, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run pdflatex once on a folder's main.tex."""
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)


def typeset(folder: Path, body: str) -> str:
    """Typeset a text in a folder as the paper would, without an error, and return what pdflatex prints."""
    (folder / "main.tex").write_text(rf"{PREAMBLE}\begin{{document}}{body}\end{{document}}")
    done = pdflatex(folder)
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout
