"""Dry runs in forks of a process that has imported Snakemake: the import is two fifths of what one costs.

Each fork is otherwise what ``python -m snakemake`` is: its own folder, environment, arguments and output, and
no module of this project, so that it imports those of the checkout that it plans. Runs that start jobs are
started as users start them, see ``support.Project.snakemake``.
"""

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path


@functools.cache
def forking() -> "subprocess.Popen[str]":
    """Start the process that is forked; it ends when this one does, which closes its input."""
    server = subprocess.Popen(
        [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    @atexit.register
    def end() -> None:
        server.communicate()

    return server


def dry_run(folder: Path, arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run ``snakemake`` with some arguments in a folder; standard output and error together in ``stdout``."""
    server = forking()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as scratch:
        said = Path(scratch) / "said"
        request = {
            "folder": str(folder),
            "environment": dict(os.environ),
            "arguments": arguments,
            "said": str(said),
        }
        print(json.dumps(request), file=server.stdin, flush=True)
        status = int(server.stdout.readline())
        return subprocess.CompletedProcess(arguments, status, said.read_text())


def fork_for(request: dict[str, str | dict[str, str] | list[str]]) -> int:
    """Return the exit status of a dry run in a fork of this process, which does not return from here."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(str(request["said"]), os.O_WRONLY | os.O_CREAT)
    for kept, stream in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(kept, stream)
    os.environ.clear()
    os.environ.update(dict(request["environment"]))
    os.chdir(str(request["folder"]))
    sys.argv = ["snakemake", *request["arguments"]]
    sys.path.insert(0, os.getcwd())
    snakemake.cli.main()
    raise AssertionError("Snakemake always exits")


if __name__ == "__main__":
    import snakemake.cli

    for line in sys.stdin:
        print(fork_for(json.loads(line)), flush=True)
