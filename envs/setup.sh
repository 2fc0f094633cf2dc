#!/usr/bin/env bash
# Make .venv hold exactly the locks, and this package. Does nothing when it already does.
#   envs/setup.sh         what the pipeline needs
#   envs/setup.sh test    what the tests and linters need besides
#   envs/setup.sh notebooks    what opening the notebooks by hand needs besides
#   envs/setup.sh wheelhouse   the locked wheels of this environment in build/wheelhouse
# TORCH=cpu|default chooses the build of torch; unset, the CPU build is taken where there is no
# NVIDIA GPU and pip can get it. PYTHON=... chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
venv=$root/.venv
say() { echo "envs/setup.sh: $*" >&2; }

case ${TORCH:=auto} in auto | cpu | default) ;; *)
    say "TORCH=$TORCH is not known; choose auto, cpu or default"
    exit 2
    ;;
esac

# Two `make` at once: the second waits, then finds the work done.
if command -v flock >/dev/null; then
    exec 9<envs/common.txt
    flock 9
fi

digest() { { echo "$root"; cat "$@"; } | sha256sum | cut -c1-16; }
stamp() { echo "$venv/.installed-$1-$(digest envs/common.txt "envs/torch-$1.txt")"; }
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
# --no-compile: Python compiles what it imports, which is far less than all that is installed.
locked() { pip install -qq --no-compile --no-build-isolation --require-hashes "$@"; }

# An activated .venv must not be the interpreter that makes it anew.
PATH=${PATH//"$venv/bin:"/}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            python=$(command -v "$candidate")
            return
        fi
    done
    say "needs Python 3.11, 3.12 or 3.13, found none (tried: ${PYTHON:-python3 python3.13 python3.12 python3.11}); install one, or name it: make env PYTHON=/path/to/python3.11"
    exit 1
}

# Debian keeps venv in a package of its own.
need_venv() {
    "$python" -c 'import venv, ensurepip' 2>/dev/null && return
    local package=python3-venv install
    [[ $(basename "$python") == python3 ]] || package=$(basename "$python")-venv
    install="apt-get install --yes --no-install-recommends $package"
    if command -v apt-get >/dev/null; then
        if [[ $(id -u) == 0 ]]; then
            apt-get update -qq && $install -qq
        elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            sudo -n apt-get update -qq && sudo -n $install -qq
        fi
    fi >/dev/null 2>&1 || true
    "$python" -c 'import venv, ensurepip' 2>/dev/null && return
    say "$python cannot make virtual environments; try: sudo apt-get update && sudo $install"
    exit 1
}

choose_torch() {
    [[ $TORCH == auto ]] || return 0
    TORCH=default
    # pip is asked through the new environment: its Python decides which wheels fit.
    if ! nvidia-smi -L >/dev/null 2>&1 &&
        pip install --quiet --dry-run --no-deps --require-hashes -r envs/torch-cpu.txt >/dev/null 2>&1; then
        TORCH=cpu
    fi
}

# A build that was once chosen by name stays when TORCH is left out later.
complete() {
    local build
    [[ ! -e $venv/.installing && -x $venv/bin/python ]] || return 1
    case $TORCH in auto) set -- cpu default ;; *) set -- "$TORCH" ;; esac
    for build; do [[ -e $(stamp "$build") ]] && return; done
    return 1
}

if ! complete; then
    # Other locks, another build of torch, another folder or a half-made environment: start anew,
    # so that nothing is left over. pip's cache has most of it.
    find_python
    need_venv
    rm -rf "$venv"
    mkdir "$venv"
    touch "$venv/.installing"
    "$python" -m venv "$venv"
    choose_torch
    echo "Installing the locked packages in .venv ($("$python" --version), $TORCH build of torch); this takes a minute or more"
    # setuptools first: the few packages without a wheel are then built with the locked one.
    setuptools=$(mktemp)
    awk '/^[^ ]/ {keep = /^setuptools==/} keep' envs/common.txt >"$setuptools"
    locked -r "$setuptools"
    rm -f "$setuptools"
    locked -r envs/common.txt -r "envs/torch-$TORCH.txt"
    pip install -qq --no-deps --no-build-isolation --editable .
    touch "$(stamp "$TORCH")"
    rm "$venv/.installing"
fi

if [[ ${1:-} == test || ${1:-} == notebooks ]]; then
    added=$venv/.added-$1-$(digest "envs/$1.txt")
    if [[ ! -e $added ]]; then
        echo "Installing the locked packages of envs/$1.txt in .venv"
        locked -r "envs/$1.txt"
        touch "$added"
    fi
fi

if [[ ${1:-} == wheelhouse ]]; then
    for build in cpu default; do [[ -e $(stamp "$build") ]] && TORCH=$build; done
    pip download --quiet --no-deps --require-hashes --dest build/wheelhouse \
        -r envs/common.txt -r "envs/torch-$TORCH.txt"
    echo "build/wheelhouse: $(find build/wheelhouse -type f | wc -l) files; elsewhere, without network:"
    echo "    PIP_NO_INDEX=1 PIP_FIND_LINKS=\$PWD/build/wheelhouse make env TORCH=$TORCH"
fi
