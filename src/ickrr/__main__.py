"""Command line: ``ickrr <tool>``, and the steps that rules start in the same way.

Each tool is a module of `ickrr.tools`, each step one of `ickrr.steps`, imported when it is called. Such a
module has a docstring (its help), ``add_arguments(parser)`` and ``main(arguments)``.

Rules also say what the job reads and writes, and which code it was planned with (``--rule --recorded-in
--code --reads --writes``): then its sources and inputs are compared with what was planned and recorded,
before they are imported or read and again at the end, and the outputs get records. A job whose code or data
changed on the way leaves no output.
"""

import argparse
import ast
import errno
import gc
import os
import pkgutil
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from textwrap import wrap
from types import ModuleType

from ickrr.errors import IckrrError
from ickrr.surroundings import is_job, not_installed

try:
    from ickrr import batch_job, steps, tools
    from ickrr.code import Sources
    from ickrr.provenance import Inputs, Records, job_record
except ModuleNotFoundError as error:
    sys.exit(f"error: {not_installed(error)}")

FRAME = "src/__main__.py"  # with what it imports: counts for no result
COUNTS = ("--seed", "--threads")  # options worth a key of their own in a record

ADVICE = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "your quota is used up: free some space",
    errno.EROFS: "the file system is read-only: mount it writable, or work in a folder that is",
    errno.EACCES: "you may not write or read there: change the permissions, or work in a folder of your own",
    errno.EPERM: "you may not write or read there: change the permissions, or work in a folder of your own",
}


def main(argv: list[str] | None = None) -> int:
    """Run one tool or step; errors meant for people are printed as one message and exit with 1."""
    argv = sys.argv[1:] if argv is None else argv
    with nullcontext() if is_job(argv) else reader_may_leave():
        return _main(argv)


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """End without a word where nobody reads on (``| head``), as other programs do; Python would complain."""
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:  # None where the caller closed it (`>&-`)
                sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)  # for what Python flushes at its end
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        raise SystemExit(128 + signal.SIGPIPE) from None


def _main(argv: list[str]) -> int:
    known = [*names(tools), *names(steps)]
    if not argv or argv[0] not in known:
        _chooser(known).parse_args(argv[:1] or ["--help"])
    job, options = _job_parser().parse_known_args(argv[1:])
    try:
        if job.rule is None:
            _run(argv[0], options, Sources(_module(argv[0])))
        else:
            _run_job(argv[0], options, job)
    except IckrrError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"error: {not_installed(error)}", file=sys.stderr)
        return 1
    except Exception as error:
        advice = _advice(error)
        if advice is None:
            raise
        place = getattr(error, "filename", None) or " ".join(job.writes) or argv[0]
        print(f"error: {place}: {advice}, and run it again ({error})", file=sys.stderr)
        return 1
    return 0


def _chooser(known: list[str]) -> argparse.ArgumentParser:
    """Return the parser that lists what there is; only a call without a known name asks for it."""
    parser = argparse.ArgumentParser(
        prog="ickrr",
        usage="%(prog)s <tool> ...",
        description="ickrr <tool> --help says more of each.",
        epilog=_listed(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tool", choices=known, metavar="<tool>", help=argparse.SUPPRESS)
    return parser


def names(package: ModuleType) -> list[str]:
    """Return the names of the tools or of the steps."""
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def _listed() -> str:
    """Tools for people with a line each, then the steps that rules call; none is imported for it."""
    width = max(map(len, names(tools)))
    return "\n".join(
        [
            "tools:",
            *(f"  {tool:<{width}}  {_first_line(tool)}" for tool in names(tools)),
            "",
            "steps, which the rules call:",
            *wrap(", ".join(names(steps)), 96, initial_indent="  ", subsequent_indent="  "),
        ]
    )


def _first_line(name: str) -> str:
    spec = find_spec(_module(name))
    assert spec is not None and spec.origin is not None
    documented = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    assert documented is not None
    return documented.splitlines()[0]


def _advice(error: Exception) -> str | None:
    """What to do about an error of the operating system, None if it is none that a person can act on."""
    number = error.errno if isinstance(error, OSError) else None
    # Libraries written in Rust put the number into their text.
    told = re.search(r"\(os error (\d+)\)", str(error))
    if number is None and told:
        number = int(told[1])
    return ADVICE.get(number) if number is not None else None


def _module(name: str) -> str:
    package = tools if name in names(tools) else steps
    return f"{package.__name__}.{name}"


def _job_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--rule")
    parser.add_argument("--recorded-in", type=Path)
    # Digest of the code, digest of the settings, and what the job runs beside its step: see workflow/rules.
    parser.add_argument("--code", nargs="+")
    parser.add_argument("--reads", nargs="*", default=[])
    parser.add_argument("--writes", nargs="*", default=[])
    return parser


def _run(name: str, options: list[str], sources: Sources) -> None:
    gc.disable()  # what imports make stays, and looking through it for garbage takes a tenth of them
    try:
        module = import_module(_module(name))
    finally:
        gc.enable()
    parser = argparse.ArgumentParser(prog=f"ickrr {name}", description=module.__doc__)
    module.add_arguments(parser)
    arguments = parser.parse_args(options)
    arguments.sources = sources
    place = batch_job.where()
    if place:
        print(place, file=sys.stderr, flush=True)
    try:
        module.main(arguments)
    finally:
        if place:
            print(f"{place}: peak memory {batch_job.peak_memory_mb():.0f} MB", file=sys.stderr)


def _run_job(name: str, options: list[str], job: argparse.Namespace) -> None:
    started = datetime.now(UTC)
    label = f"job of rule {job.rule}"
    planned, _, *chosen = job.code
    sources = Sources(_module(name), *chosen)
    sources.require(planned, label)
    records = Records(job.recorded_in)
    inputs = Inputs(job.reads)
    records.check(job.reads)
    # A record must never stand beside a file that it does not describe.
    records.forget(job.writes)
    # Asked to stop, it ends as after an error: what it started stops too, and nothing half-written is left.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        _run(name, options, sources)
        sources.require_unchanged(label)
        sources.require_complete(FRAME, label)
        inputs.require_unchanged(label)
    except BaseException:
        for path in job.writes:
            with suppress(OSError):  # the error that led here says more
                Path(path).unlink(missing_ok=True)
        raise
    records.keep(job.writes, job_record(job.rule, " ".join(job.code), _counts(options), started))


def _counts(options: list[str]) -> dict[str, int]:
    """Seed and threads on the command line."""
    return {name.lstrip("-"): int(options[options.index(name) + 1]) for name in COUNTS if name in options}


if __name__ == "__main__":
    sys.exit(main())
