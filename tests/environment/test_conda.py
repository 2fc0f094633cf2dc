"""`snakemake --sdm conda` with a stub for conda, which cannot be installed where the tests run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ENVS = Path(__file__).parents[2] / "envs"

# Answers what Snakemake asks, and on `env create` resolves the requirements as conda does:
# relative to the folder of the file it was given.
STUB = """#!/bin/bash
case "$1 $2" in
"info --json") echo '{"conda_prefix": "BASE", "platform": "linux-64"}' ;;
"--version "*) echo "conda 25.1.0" ;;
"config --get") echo '{"get": {"channel_priority": "strict"}}' ;;
"env create")
    while (($#)); do
        case $1 in --file) file=$2 ;; --prefix) prefix=$2 ;; esac
        shift
    done
    cd "$(dirname "$file")" || exit 1
    for lock in $(sed -n 's/.*- -r //p' "$file"); do realpath -e "$lock" >>BASE/locks || exit 1; done
    mkdir -p "$prefix/bin"
    ;;
esac
"""


@pytest.mark.parametrize("name", ["train", "paper"])
def test_snakemake_makes_the_environment_from_the_locks(tmp_path, name):
    """Fails when the locks are not found from where Snakemake copies the environment file."""
    base, project = tmp_path / "base", tmp_path / "project"
    (base / "bin").mkdir(parents=True)
    (base / "bin/activate").write_text("export PATH=$1/bin:$PATH\n")
    (base / "bin/conda").write_text(STUB.replace("BASE", str(base)))
    (base / "bin/conda").chmod(0o755)
    shutil.copytree(ENVS, project / "envs")
    (project / "Snakefile").write_text(
        "rule probe:\n"
        '    output: "done.txt"\n'
        f'    conda: "envs/conda/{name}.yaml"\n'
        '    shell: "echo $PATH > {output}"\n'
    )
    path = f"{base / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    result = subprocess.run(
        ["snakemake", "--cores", "1", "--sdm", "conda"],
        cwd=project,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    locks = [Path(line).name for line in (base / "locks").read_text().splitlines()]
    torch = ["torch-default.txt"] if name == "train" else []
    assert locks == ["common.txt", *torch]
    assert ".snakemake/conda/" in (project / "done.txt").read_text().split(":")[0]
