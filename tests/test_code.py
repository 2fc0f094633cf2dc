"""Import closures and digests of code, which decide what an edit reruns, and which code a job may run."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from ickrr.code import (
    PACKAGE_ROOT,
    CodeError,
    Sources,
    code_digest,
    combined_digest,
    edited_sources,
    import_closure,
    read_source,
    source_now,
    tree_digest,
)

NOTEBOOKS = sorted((PACKAGE_ROOT.parents[1] / "workflow" / "notebooks").glob("*.ipynb"))
COMMANDS = sorted(
    f"ickrr.{path.parent.name}.{path.stem}"
    for room in ("steps", "tools")
    for path in (PACKAGE_ROOT / room).glob("[a-z]*.py")
)
MODULES = sorted(path for path in PACKAGE_ROOT.rglob("*.py") if path.stat().st_size)

# Every kind of statement that versions of Python have spelled in different ways, and then some.
SAMPLE = '''
"""Docstring."""
import os.path as p
from a.b import c as d, e
type_of: int = 1_000
async def f(x, /, y: "T" = 1.5e-3, *args, z, **kwargs) -> None:
    """Docstring."""
    global g
    g = f"{x!r:>{y}} and {{braces}}" "tail" f"{z=}" or rb"bytes".decode() and 3j
    async with a as b, c:
        return [i async for i in x if i if not i] or {**x, 1: ...}
@decorated(1)
class C(B, metaclass=M):
    field = lambda self, *, k=None: (yield)
    """Of the field."""
    def method(self): ...
try:
    assert -1 < x <= 2 ** 3 is not None, u"unicode"
except* (A, B) as error:
    raise error from None
match x:
    case {"a": [1, *rest], **others} | C(y=2) if rest:
        del x[1:2, ::3]
    case _:
        x: list[int]
while (n := n // 2) and not done: break
else: pass
'''
IN_ANOTHER_PYTHON = """
import ast, json, sys, types
# The digest needs the standard library alone; what it is imported with also needs this.
pydantic = sys.modules["pydantic"] = types.ModuleType("pydantic")
pydantic.BaseModel = pydantic.ValidationError = Exception
sys.path.insert(0, sys.argv[1])
from ickrr.code import tree_digest
print(json.dumps([tree_digest(ast.parse(text)) for text in json.load(sys.stdin)]))
"""
GOLDEN = "30d33a67f257735cd6f1129190e3a452cb5bda5d7b813739a82e9008911c3e2f"


def digest(source: str) -> str:
    return tree_digest(ast.parse(source))


def names(start: str) -> set[str]:
    return {str(path.relative_to(PACKAGE_ROOT)) for path in import_closure(start)}


def test_digest_is_the_same_in_every_version_of_python() -> None:
    """Fails where this version of Python spells the tree in another way: shipped results would all rerun."""
    assert digest(SAMPLE) == GOLDEN


@pytest.mark.parametrize("name", ["python3.11", "python3.12", "python3.13"])
def test_digests_are_those_of_other_versions_of_python_here(name: str) -> None:
    """Fails as above, for the other versions on PATH: so for the sample, and for every module there is."""
    python = shutil.which(name)
    if python is None:
        pytest.skip(f"no {name} on PATH")
    started = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    if started.returncode != 0:
        pytest.skip(f"{python} does not start: {started.stderr.splitlines()[0]}")  # a shim of pyenv
    texts = [path.read_text(encoding="utf-8") for path in MODULES]
    done = subprocess.run(
        [python, "-IB", "-c", IN_ANOTHER_PYTHON, str(PACKAGE_ROOT.parent)],
        input=json.dumps([SAMPLE, *texts]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [GOLDEN, *map(digest, texts)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Docstring."""\nimport', "import"),
        ('    """Docstring."""\n    global', "    # comment\n\n    global"),
        ('    """Of the field."""\n', ""),
        ("-1 < x <= 2 ** 3", "-1   <  x <= (2**3)"),
        ("1_000", "1000"),
        ('"{{braces}}" "tail"', '"{{braces}}tail"'),
        ('u"unicode"', "'unicode'"),
    ],
)
def test_what_means_the_same_digests_the_same(old: str, new: str) -> None:
    """Fails if a comment, a docstring, formatting or another spelling of a constant reruns anything."""
    assert digest(SAMPLE.replace(old, new)) == GOLDEN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 ** 3", "2 * 3"),
        ("<=", "<"),
        ("1.5e-3", "1.5e-4"),
        ("*, k=None", "*, k=0"),
        ("{{braces}}", "{{brace}}"),
        ("!r", "!s"),
        ("1.5e-3", '"1.5e-3"'),
        ("is not None", "is None"),
        ("break", "continue"),
        ("as d, e", "as e, d"),
        ("1: ...}", "True: ...}"),
    ],
)
def test_what_means_something_else_digests_differently(old: str, new: str) -> None:
    """Fails if an edit of an operator, a constant or its type, a default or a name leaves results stale."""
    assert old in SAMPLE
    assert digest(SAMPLE.replace(old, new)) != GOLDEN


def other_meaning(path: Path) -> str:
    """Return the module with its meaning changed: an operator, a constant or a name somewhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp):
            node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            return ast.unparse(tree)
    return f"{ast.unparse(tree)}\nchanged = 1\n"


def test_an_edit_changes_the_digests_of_exactly_its_dependents(tmp_path: Path) -> None:
    """Fails if an operator leaves a dependent's digest, a digest holds other files, or a comment counts."""
    digests = {
        start: {path: read_source(path).digest for path in import_closure(start)} for start in COMMANDS
    }
    before = {start: code_digest(start) for start in COMMANDS}
    assert before == {start: combined_digest(found) for start, found in digests.items()}
    for path in MODULES:
        copy = tmp_path / path.name
        copy.write_text(f"# a comment\n{path.read_text(encoding='utf-8')}\n\n")
        assert source_now(copy).digest == read_source(path).digest, path
        copy.write_text(other_meaning(path))
        edited = source_now(copy).digest
        for start, found in digests.items():
            if path in found:
                assert combined_digest(found | {path: edited}) != before[start], (path, start)


# Imports each module in a process of its own, and says which of ours came with it; all else is loaded before.
LOAD_EACH = """
import json, os, sys
from importlib import import_module
import matplotlib.pyplot, pandas, papermill, pyarrow.parquet, pydantic, scipy.stats, torch
for command in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        import_module(command)
        ours = [one.__file__ for name, one in sys.modules.items() if name.split(".")[0] == "ickrr"]
        print(json.dumps([command, ours]), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(f"{command} cannot be imported")
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[Path]]:
    """Return the files of ours that importing each command really loads."""
    run = subprocess.run(
        [sys.executable, "-c", LOAD_EACH, *COMMANDS], stdout=subprocess.PIPE, text=True, check=True
    )
    each = dict(json.loads(line) for line in run.stdout.splitlines())
    return {command: {Path(file) for file in files} for command, files in each.items()}


@pytest.mark.parametrize("command", COMMANDS)
def test_closure_covers_what_python_imports(loaded: dict[str, set[Path]], command: str) -> None:
    """Fails if the static closure misses a module that importing the step really loads (stale results)."""
    assert len(loaded[command]) > 1
    assert loaded[command] <= set(import_closure(command))


def test_science_packages_do_not_know_each_other() -> None:
    """Fails if an edit in one package would rerun another (an import that should not be there)."""
    assert not any(
        name.startswith(("solvers/", "comparison/", "attention/", "report/"))
        for name in names("ickrr.steps.train_model")
    )
    assert not any(
        name.startswith(("training/", "model/", "report/")) for name in names("ickrr.steps.solve_prompts")
    )
    assert not any(name.startswith(("solvers/", "report/")) for name in names("ickrr.steps.probe_model"))
    others = ("solvers/", "training/", "model/", "report/")
    assert not any(name.startswith(others) for name in names("ickrr.steps.compare_run"))


@pytest.mark.parametrize(
    "command",
    ["steps.compare_run", "steps.write_table", "steps.write_numbers", "steps.build_paper", "tools.config"],
)
def test_light_steps_do_not_import_torch(command: str) -> None:
    """Fails if making a table or a figure would need torch (seconds of start-up, a heavy environment)."""
    program = f"import sys, ickrr.{command}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_figures_do_not_import_torch(notebook: Path) -> None:
    """Fails if a figure reaches for weights or for torch: it must be drawn from tables alone."""
    closure = import_closure(str(notebook.relative_to(ROOT)))
    assert len(closure) > 1
    assert not any(re.search(r"^ *(import|from) torch", path.read_text(), re.M) for path in closure)


def test_no_settings_but_its_own_reach_training() -> None:
    """Fails if adding a figure to the schema, or an edit of provenance, would retrain every model."""
    for other in ("config/experiment.py", "config/solvers.py", "provenance.py", "code.py", "__main__.py"):
        assert other not in names("ickrr.steps.train_model")


def test_closure_of_a_notebook_is_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if a notebook's imports are not followed, or its markdown or outputs count as code."""
    monkeypatch.setattr("ickrr.code.ROOT", PACKAGE_ROOT.parents[1])
    cells = [
        {"cell_type": "markdown", "source": ["import ickrr.solvers"]},
        {"cell_type": "code", "source": ["import json\n", "from ickrr.io.files import read_table"]},
    ]
    notebook = tmp_path / "fig.ipynb"
    notebook.write_text(json.dumps({"cells": cells}))
    (start,) = [os.path.relpath(notebook, PACKAGE_ROOT.parents[1])]
    found = {path.name for path in import_closure(start)}
    assert found == {"fig.ipynb", "__init__.py", "files.py", "errors.py"}
    known = source_now(notebook).digest
    cells[0]["source"] = ["Other words."]
    notebook.write_text(json.dumps({"cells": cells, "metadata": {"a": 1}}, indent=1))
    assert source_now(notebook).digest == known
    cells[1]["source"] = ["from ickrr.io.files import read_json"]
    notebook.write_text(json.dumps({"cells": cells}))
    assert source_now(notebook).digest != known


def test_what_was_edited_since_it_was_read_is_named(tmp_path: Path) -> None:
    """Fails if the end of a run is silent about an edit or a deletion, or names a file for a comment."""
    names = {}
    for name in ("commented", "edited", "removed"):
        path = tmp_path / f"{name}.py"
        path.write_text("a = 1\n")
        read_source(path)
        names[name] = os.path.relpath(path, PACKAGE_ROOT.parents[1])
    assert not {*names.values()} & {*edited_sources()}
    (tmp_path / "commented.py").write_text("a = 1  # one\n")
    (tmp_path / "edited.py").write_text("a = 2\n")
    (tmp_path / "removed.py").unlink()
    assert {*names.values()} & {*edited_sources()} == {names["edited"], names["removed"]}


def test_a_style_file_belongs_to_the_module_that_names_it() -> None:
    """Fails if an edit of the figures' style redraws nothing, or judges claims again."""
    assert "report/ickrr.mplstyle" in names("ickrr.report.style")
    assert "report/ickrr.mplstyle" not in names("ickrr.steps.judge_claims")


def test_a_start_that_is_not_there_is_named() -> None:
    """Fails if a misspelled module or a syntax error ends in a traceback, or in an empty digest."""
    with pytest.raises(CodeError, match=r"ickrr\.steps\.tarin: there is no such module"):
        import_closure("ickrr.steps.tarin")
    with pytest.raises(CodeError, match=r"gone\.ipynb: cannot be read"):
        import_closure("workflow/notebooks/gone.ipynb")


def test_sources_of_a_job_must_be_those_it_was_planned_with() -> None:
    """Fails if a job starts with code that was edited after the plan."""
    sources = Sources("ickrr.steps.sample_prompts")
    sources.require(code_digest("ickrr.steps.sample_prompts"), "job")
    with pytest.raises(CodeError, match=r"job of x: its code was edited after this run had been planned"):
        sources.require("0123456789abcdef", "job of x")


def test_modules_outside_the_closure_are_refused() -> None:
    """Fails if a job may import a module that no digest covers; here, whatever these tests have imported."""
    sources = Sources("ickrr.steps.sample_prompts")
    with pytest.raises(CodeError, match=r"job: imported ickrr\.\S+.*, which its rule does not track"):
        import ickrr.report.style

        assert ickrr.report.style
        sources.require_complete("ickrr.__main__", "job")
