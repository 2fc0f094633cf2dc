"""Reading a LaTeX log: the right file, line and advice for each defect."""

from ickrr.report.latex_log import AFTER, BEFORE, PARAGRAPH, count_pages, find_error, find_problems

OPEN_RESULTS = f"{BEFORE}./sections/results.tex"


def log(*lines: str) -> str:
    return "\n".join([f"{BEFORE}/main.tex", *lines, AFTER])


def test_problem_belongs_to_the_file_that_is_open():
    """Fails if closing a file does not return to the one that included it."""
    text = log(
        OPEN_RESULTS,
        "LaTeX Warning: Reference `fig:x' on page 2 undefined on input line 12.",
        AFTER,
        "Package natbib Warning: Citation `nobody' on page 2 undefined on input line 40.",
    )
    first, second = find_problems(text)
    assert (first.file, first.line) == ("sections/results.tex", 12)
    assert "undefined reference 'fig:x'" in first.message
    assert (second.file, second.line) == ("main.tex", 40)
    assert "undefined citation 'nobody'" in second.message
    assert "refs.bib" in second.message


def test_overfull_boxes_count_above_the_threshold_only():
    """Fails if 1.9pt is reported, 2.1pt is not, or the lines of the paragraph are not read."""
    text = log(
        OPEN_RESULTS,
        r"Overfull \hbox (1.9pt too wide) in paragraph at lines 3--4",
        r"Overfull \hbox (2.1pt too wide) in paragraph at lines 10--12",
        r"Overfull \vbox (12.0pt too high) has occurred while \output is active",
        r"Underfull \hbox (badness 10000) in paragraph at lines 20--21",
    )
    wide, high = find_problems(text)
    assert (wide.file, wide.line) == ("sections/results.tex", 10)
    assert "2.1pt too wide" in str(wide)
    assert high.line is None
    assert "12.0pt too high" in str(high)


def test_paragraph_belongs_to_the_file_where_it_began():
    """Fails if the last paragraph of a section is put into the file that follows."""
    text = log(
        f"{BEFORE}./sections/next.tex",
        f"{PARAGRAPH}./sections/results.tex",
        r"Overfull \hbox (9pt too wide) in paragraph at lines 30--31",
    )
    (wide,) = find_problems(text)
    assert (wide.file, wide.line) == ("sections/results.tex", 30)


def test_other_defects_are_found():
    """Fails if a label given twice, a float too large or a lost character passes."""
    text = log(
        "LaTeX Warning: Label `sec:a' multiply defined.",
        "LaTeX Warning: Float too large for page by 31.2pt on input line 8.",
        'Missing character: There is no λ ("3BB) in font ptmr7t!',
    )
    messages = [problem.message for problem in find_problems(text)]
    assert len(messages) == 3
    assert "'sec:a' is defined twice" in messages[0]
    assert "31.2pt too large" in messages[1]
    assert "was lost" in messages[2]


def test_same_defect_is_listed_once():
    """Fails if repeated warnings (one a LaTeX pass) flood the message."""
    warning = "LaTeX Warning: Reference `a' on page 1 undefined on input line 1."
    assert len(find_problems(log(warning, warning))) == 1


def test_clean_log_has_no_problems():
    """Fails if ordinary lines of a log are taken for defects."""
    text = log(
        "LaTeX Font Info:    Trying to load font information for U+msa on input line 20.",
        "Output written on main.pdf (7 pages, 123456 bytes).",
    )
    assert find_problems(text) == []
    assert find_error(text) is None
    assert count_pages(text) == 7


def test_missing_macro_names_the_macro():
    """Fails if the message does not say which macro is missing and who writes it."""
    text = log(
        "./sections/results.tex:7: Undefined control sequence.",
        r"l.7 The slope is \SphericalSlope",
        "                               .",
    )
    error = find_error(text)
    assert error is not None
    assert (error.file, error.line) == ("sections/results.tex", 7)
    assert r"\SphericalSlope is not defined" in error.message
    assert "latex/numbers.tex" in error.message


def test_missing_package_names_the_debian_packages():
    """Fails if a person without siunitx is not told what to install."""
    error = find_error(log("./main.tex:5: LaTeX Error: File `siunitx.sty' not found."))
    assert error is not None
    assert "siunitx.sty" in error.message
    assert "texlive-science" in error.message
