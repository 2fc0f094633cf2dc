"""Read from the log of a LaTeX run what went wrong: each problem with its source file and line.

The log says on which line a problem is, but hardly in which file. `FILE_MARKS`, run before the document,
makes LaTeX print a mark when it opens and closes a file, and at the end of a paragraph the file where it
began (a paragraph often ends, and its overfull lines are reported, when the next file is already open).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BEFORE, AFTER, PARAGRAPH = "==file-opened==", "==file-closed==", "==paragraph=="
FILE_MARKS = (
    rf"\AddToHook{{file/before}}{{\typeout{{{BEFORE}\CurrentFilePath/\CurrentFile}}}}"
    rf"\AddToHook{{file/after}}{{\typeout{{{AFTER}}}}}"
    r"\AddToHook{para/begin}{\xdef\ParagraphFile{\CurrentFilePath/\CurrentFile}}"
    rf"\AddToHook{{para/end}}{{\typeout{{{PARAGRAPH}\ParagraphFile}}}}"
)
# TeX breaks the lines of its log at 79 characters, also inside file names, unless it is told otherwise.
UNBROKEN_LINES = {"max_print_line": "100000", "error_line": "254", "half_error_line": "238"}
MAXIMAL_OVERFULL = 2.0
DEBIAN_PACKAGES = (
    "latexmk",
    "texlive-latex-recommended",
    "texlive-fonts-recommended",
    "texlive-latex-extra",
    "texlive-science",
)
INSTALL_TEX = f"install TeX: sudo apt-get install --no-install-recommends {' '.join(DEBIAN_PACKAGES)}"

_UNDEFINED = re.compile(
    r"Warning: (?P<kind>Reference|Citation) [`'](?P<name>.+?)' .*undefined(?: on input line (?P<line>\d+))?"
)
_REPEATED = re.compile(r"Warning: Label [`'](?P<name>.+?)' multiply defined")
_OVERFULL = re.compile(r"Overfull \\(?P<box>[hv])box \((?P<excess>[\d.]+)pt too (?:wide|high)\)(?P<where>.*)")
_FLOAT = re.compile(r"Warning: Float too large for page by (?P<excess>[\d.]+)pt on input line (?P<line>\d+)")
_LOST = re.compile(r"Missing character: There is no (?P<name>.+?) in font (?P<font>\S+?)!?$")
_ERROR = re.compile(r"^(?P<file>[^:\s]+\.\w+):(?P<line>\d+): (?P<text>.+)$")
_AT_LINE = re.compile(r"l\.(\d+)")
_MISSING_FILE = re.compile(r"File [`'](?P<name>.+?)' not found")
_LAST_MACRO = re.compile(r"(\\[A-Za-z@]+)\s*$")


@dataclass(frozen=True)
class Problem:
    """One problem of a LaTeX run: source file, line (None if TeX does not say), and what to do."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.message}"


def find_problems(log: str, maximal_overfull: float = MAXIMAL_OVERFULL) -> list[Problem]:
    """Return the problems that a reader of the PDF would see, in the order of the log.

    These are undefined references and citations, labels that are given twice, boxes and floats that stick
    out, and lost characters.

    Args:
        log: text of the log, written under `UNBROKEN_LINES` with `FILE_MARKS` run first.
        maximal_overfull: [pt] boxes that stick out further than this are problems.
    """
    problems: dict[Problem, None] = {}
    for file, text in _lines_of_files(log):
        problem = _problem(text, file, maximal_overfull)
        if problem is not None:
            problems[problem] = None
    return list(problems)


def find_error(log: str) -> Problem | None:
    """Return the error that stopped LaTeX, or None if the log shows none."""
    lines = list(_lines_of_files(log))
    for index, (file, text) in enumerate(lines):
        context = [line for _, line in lines[index + 1 : index + 15]]
        if found := _ERROR.match(text):
            message = _advise(found["text"], context)
            return Problem(_tidy(found["file"]), int(found["line"]), message)
        if text.startswith("!"):  # some errors are not of the form file:line: text
            numbers = [found[1] for line in context if (found := _AT_LINE.match(line))]
            number = int(numbers[0]) if numbers else None
            return Problem(file, number, _advise(text.lstrip("! "), context))
    return None


def find_bibtex_errors(log: str) -> list[str]:
    """Return the errors in BibTeX's log (main.blg), each with its place if BibTeX gives one."""
    complaints = ("I couldn't", "I found no", "I was expecting", "Repeated entry")
    return [line for line in log.splitlines() if line.startswith(complaints)]


def count_pages(log: str) -> int:
    """Return the number of pages of the PDF that the log reports, or 0 if it reports none."""
    found = re.search(r"Output written on .*?\((\d+) pages?,", log)
    return int(found[1]) if found else 0


def _lines_of_files(log: str) -> Iterator[tuple[str, str]]:
    open_files = ["main.tex"]
    paragraph_file = ""
    for text in log.splitlines():
        if text.startswith(BEFORE):
            open_files.append(_tidy(text.removeprefix(BEFORE)))
        elif text.startswith(AFTER) and len(open_files) > 1:
            open_files.pop()
        elif text.startswith(PARAGRAPH):
            paragraph_file = _tidy(text.removeprefix(PARAGRAPH))
        else:
            in_paragraph = paragraph_file and "in paragraph at lines" in text
            yield paragraph_file if in_paragraph else open_files[-1], text


def _problem(text: str, file: str, maximal_overfull: float) -> Problem | None:
    if found := _UNDEFINED.search(text):
        line = int(found["line"]) if found["line"] else None
        kind = found["kind"].lower()
        place = "a \\label" if kind == "reference" else "an entry of refs.bib"
        advice = f"undefined {kind} '{found['name']}'; correct the name or add {place}"
        return Problem(file, line, advice)
    if found := _REPEATED.search(text):
        return Problem(file, None, f"label '{found['name']}' is defined twice; rename one")
    if (found := _OVERFULL.search(text)) and float(found["excess"]) > maximal_overfull:
        numbers = re.findall(r"\d+", found["where"])
        side = "wide" if found["box"] == "h" else "high"
        return Problem(
            file,
            int(numbers[0]) if numbers else None,
            f"box {found['excess']}pt too {side} (at most {maximal_overfull:g}pt); "
            "reword the paragraph or narrow what sticks out",
        )
    if found := _FLOAT.search(text):
        return Problem(
            file,
            int(found["line"]),
            f"float {found['excess']}pt too large for the page; make it smaller or split it",
        )
    if found := _LOST.search(text):
        return Problem(file, None, f"character {found['name']} is not in font {found['font']} and was lost")
    return None


def _advise(text: str, context: list[str]) -> str:
    missing = _MISSING_FILE.search(text)
    if missing and missing["name"].endswith((".sty", ".cls", ".def", ".fd", ".bst", ".clo")):
        return f"LaTeX package '{missing['name']}' is not installed; {INSTALL_TEX}"
    if "not loadable" in text:
        return f"{text}; {INSTALL_TEX}"
    if "Undefined control sequence" in text:
        where = next((line for line in context if _AT_LINE.match(line)), "")
        macro = _LAST_MACRO.search(where)
        name = macro[1] if macro else where
        return (
            f"{name} is not defined; if it is a number, a module of ickrr.report.numbers has to write it "
            "(see latex/numbers.tex), otherwise correct the spelling"
        )
    return text


def _tidy(path: str) -> str:
    return re.sub(r"^(\./|/)+", "", path.strip())
