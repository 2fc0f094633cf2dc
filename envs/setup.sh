#!/usr/bin/env bash
# Make .venv hold exactly the locks, and this package. Does nothing when it already does.
#   envs/setup.sh              what the pipeline needs
#   envs/setup.sh test         what the tests and linters need besides, the site included
#   envs/setup.sh site         what building the site needs besides
#   envs/setup.sh notebooks    what opening the notebooks by hand needs besides
#   envs/setup.sh wheelhouse   the locked wheels of this environment in build/wheelhouse
# TORCH=cpu|default chooses the build of torch; unset, the CPU build is taken where there is no
# NVIDIA GPU and pip can get it. PYTHON=... chooses the interpreter. WHEELHOUSE=folder installs from the wheels
# in it alone, without network.
set -euo pipefail

# No other setting of the caller's Python, nor of the shell, changes what is installed; for pip's see package_sources.py.
for name in CDPATH __PYVENV_LAUNCHER__ "${!PYTHON@}"; do [[ $name == PYTHON ]] || unset "$name"; done

cd "$(dirname "$0")/.."
root=$PWD
venv=$root/.venv
say() { echo "envs/setup.sh: $*" >&2; }

case ${TORCH:=auto} in auto | cpu | default) ;; *)
    say "TORCH=$TORCH is not known; choose auto, cpu or default"
    exit 2
    ;;
esac

# A folder of PATH cannot have the first of these in its name, the first lines of Python's programs not the next
# three, and Snakemake's patterns not the braces.
signs=$'[:"$`\\\\{}\n]'
if [[ $root =~ $signs ]]; then
    say "$root: the name of this folder has a '${BASH_REMATCH[0]}', with which programs in it cannot be started; give the folder another name"
    exit 1
fi

# Two `make` at once: the second waits, then finds the work done. Open for writing, or NFS gives no lock.
if command -v flock >/dev/null && ! { exec 9<>envs/common.txt && flock 9; } 2>/dev/null; then
    say "envs/common.txt cannot be locked on this file system; run one make at a time here"
fi

# Neither compiles: Python compiles what it imports, which is far less than all that is installed.
as_locked=(--quiet --no-deps --no-build-isolation --require-hashes)
if [[ -n ${WHEELHOUSE:-} ]]; then
    as_locked+=(--no-index --find-links "$WHEELHOUSE")
    if [[ ! -d $WHEELHOUSE ]]; then
        say "WHEELHOUSE=$WHEELHOUSE is no folder; make wheelhouse on a machine with network fills build/wheelhouse"
        exit 2
    fi
fi

digest() { { echo "$root"; cat "$@"; } | sha256sum | cut -c1-16; }
stamp() { echo "$venv/.installed-$1-$(digest envs/installer.txt envs/common.txt "envs/torch-$1.txt" envs/only_venv.py)"; }
# Is all that some locks ask for in .venv? Absent is never the same as not needed.
verified() {
    local faults
    faults=$("$venv/bin/python" -I envs/verify.py "$@" 2>&1) && return
    say "$faults"
    return 1
}
# pip and uv then know where packages come from, and no other setting of the caller's.
only_sources() {
    local settings
    settings=$("$venv/bin/python" envs/package_sources.py)
    eval "$settings"
    [[ -z ${WHEELHOUSE:-} ]] || no_index= # as_locked says so, and uv wants to be told once
}
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
uv() { "$venv/bin/python" -m uv --no-config "$@"; }
# The locks are complete, so nothing is resolved. Copies, or an edit in .venv would reach other environments.
locked() { uv pip install --python "$venv/bin/python" --link-mode copy "${as_locked[@]}" ${no_index:+--no-index} "$@"; }

# This package itself: where its sources lie, and its command, `ickrr`.
package=$venv/.package-$(digest pyproject.toml)
this_package() {
    only_sources
    uv pip install --python "$venv/bin/python" --quiet --no-deps --no-build-isolation --editable .
    rm -f "$venv"/.package-*
    touch "$package"
}

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
    # The new environment is asked: its Python decides which wheels fit.
    if ! nvidia-smi -L >/dev/null 2>&1 && locked --dry-run -r envs/torch-cpu.txt >/dev/null 2>&1; then
        TORCH=cpu
    fi
}

# A build that was once chosen by name stays when TORCH is left out later.
complete() {
    local build
    [[ ! -e $venv/.installing && -x $venv/bin/python ]] || return 1
    case $TORCH in auto) set -- cpu default ;; *) set -- "$TORCH" ;; esac
    for build; do
        if [[ -e $(stamp "$build") ]]; then
            verified envs/installer.txt envs/common.txt "envs/torch-$build.txt" && return
            say "so .venv is made anew"
            return 1
        fi
    done
    return 1
}

not_as_locked() {
    say "so .venv is not complete; run it again, and look at what pip is set to: .venv/bin/python -m pip config list"
    exit 1
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
    site=$(echo "$venv"/lib/python3*/site-packages)
    cp envs/only_venv.py "$site"
    echo "import only_venv" >"$site/0_only_venv.pth"
    only_sources
    # uv first, by pip, which is all that a new environment has; and setuptools: the few packages without a wheel
    # are then built with the locked one.
    first=$venv/.first.txt
    awk '/^[^ ]/ {keep = /^setuptools==/} keep' envs/common.txt >"$first"
    pip install --quiet --no-compile "${as_locked[@]}" -r envs/installer.txt -r "$first"
    rm -f "$first"
    choose_torch
    echo "Installing the locked packages in .venv ($("$python" --version), $TORCH build of torch); this takes a minute or less"
    locked -r envs/common.txt -r "envs/torch-$TORCH.txt"
    this_package
    verified envs/installer.txt envs/common.txt "envs/torch-$TORCH.txt" || not_as_locked
    touch "$(stamp "$TORCH")"
    rm "$venv/.installing"
fi

[[ -e $package ]] || this_package

# The tests build the site too.
case ${1:-} in test) further=(site test) ;; site | notebooks) further=("$1") ;; *) further=() ;; esac
for lock in "${further[@]}"; do
    added=$venv/.added-$lock-$(digest "envs/$lock.txt")
    if [[ ! -e $added ]] || ! verified "envs/$lock.txt"; then
        echo "Installing the locked packages of envs/$lock.txt in .venv"
        only_sources
        locked -r "envs/$lock.txt"
        verified "envs/$lock.txt" || not_as_locked
        touch "$added"
    fi
done

if [[ ${1:-} == wheelhouse ]]; then
    for build in cpu default; do [[ -e $(stamp "$build") ]] && TORCH=$build; done
    only_sources
    pip download --quiet --no-deps --require-hashes --dest build/wheelhouse \
        -r envs/installer.txt -r envs/common.txt -r "envs/torch-$TORCH.txt"
    echo "build/wheelhouse: $(find build/wheelhouse -type f | wc -l) files; elsewhere, without network:"
    echo "    make env WHEELHOUSE=build/wheelhouse TORCH=$TORCH"
fi
