#!/usr/bin/env bash
# Remake the locks from common.in, site.in, test.in, notebooks.in and installer.in.
#   envs/lock.sh              keep the pins that still fit, add what is new
#   envs/lock.sh --upgrade    take the newest versions that fit
# Needs uv (.venv has one; or `pip install uv`) and the package index.
set -euo pipefail
unset CDPATH
cd "$(dirname "$0")"

TORCH=2.13.0            # both torch locks
OLDEST=3.11             # the Python that chooses the versions
NEWER="3.12 3.13"       # must resolve to the same versions

if ! command -v uv >/dev/null; then
    echo "envs/lock.sh: uv is missing; install it with: python3 -m pip install uv" >&2
    exit 1
fi
unset UV_FIND_LINKS UV_EXTRA_INDEX_URL  # a local torch wheel must not get into torch-default.txt

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compile() { uv pip compile --quiet --no-header --no-annotate --no-emit-index-url --python-version "$@"; }
pins() { grep -ohE '^[A-Za-z0-9._-]+==[^ ]+' "$@" || true; }
names() { pins "$@" | sed 's/==.*//'; }
# A pin of common.txt with a marker may hold nowhere here (cffi: only on PyPy): later locks may have to repeat it.
conditional() { grep -E '^[^ ]+==[^ ]+ ; ' common.txt | sed 's/==.*//'; }
without() { names "$@" | grep -vxFf <(conditional) | sed 's/^/--no-emit-package=/'; }

# lock INPUT OUTPUT UPGRADE [EARLIER LOCK...]: the names of the earlier locks are left out. Names that $beside has
# too get its versions, since one may be installed with or without the other.
# Twice: OLDEST alone fixes one version for each name, then --universal adds the packages (with
# their markers) that newer Pythons and macOS need besides.
lock() {
    local input=$1 output=$2 upgrade=$3
    shift 3
    pins "$@" $beside /dev/null >"$work/earlier"
    mapfile -t omit < <(without "$@" /dev/null)
    for copy in one all; do
        cp "$output" "$work/$copy" 2>/dev/null || : >"$work/$copy"
    done
    compile "$OLDEST" $upgrade -c "$work/earlier" "$input" -o "$work/one"
    pins "$work/one" >"$work/one.pins"
    compile "$OLDEST" $upgrade --universal --generate-hashes "${omit[@]}" \
        -c "$work/earlier" -c "$work/one.pins" "$input" -o "$work/all"
    {
        echo "# Made by envs/lock.sh from ${input/#$work\/torch.in/its own TORCH}; change that and run it again."
        grep -v '^#' "$work/all"
    } >"$work/new"
    mv "$work/new" "$output"
}

upgrade=${1:-}
beside=
lock common.in common.txt "$upgrade"
echo "torch==$TORCH" >"$work/torch.in"
lock "$work/torch.in" torch-default.txt "$upgrade" common.txt
lock site.in site.txt "$upgrade" common.txt torch-default.txt
lock test.in test.txt "$upgrade" common.txt torch-default.txt site.txt
beside="site.txt test.txt"
lock notebooks.in notebooks.txt "$upgrade" common.txt torch-default.txt
beside=
lock installer.in installer.txt "$upgrade" common.txt torch-default.txt site.txt test.txt notebooks.txt

# The CPU build is on no registry; its hash comes from the wheels in pip's find-links folder.
shopt -s nullglob
wheels=()
for folder in ${PIP_FIND_LINKS:-}; do wheels+=("$folder/torch-$TORCH+cpu"-*.whl); done
if ((${#wheels[@]})); then
    {
        echo "# Made by envs/lock.sh from its own TORCH; change that and run it again."
        printf 'torch==%s+cpu' "$TORCH"
        sha256sum "${wheels[@]}" | awk '{printf " \\\n    --hash=sha256:%s", $1} END {print ""}'
    } >torch-cpu.txt
else
    echo "envs/lock.sh: no CPU wheel of torch $TORCH in PIP_FIND_LINKS; torch-cpu.txt is left as it was" >&2
    grep -q "^torch==$TORCH+cpu" torch-cpu.txt ||
        { echo "envs/lock.sh: and it pins another version than $TORCH" >&2; exit 1; }
fi

# Snakemake remakes a conda environment when its file changes, not when a lock does: so the file
# carries a digest of the locks.
for file in conda/*.yaml; do
    mapfile -t locks < <(sed -n 's|.*-r \.\./\.\./envs/||p' "$file")
    digest=$(cat "${locks[@]}" | sha256sum | cut -c1-16)
    sed -i "s/^# locks: .*/# locks: $digest/" "$file"
done

for python in $OLDEST $NEWER; do
    pins common.txt torch-default.txt site.txt test.txt notebooks.txt | sort -u >"$work/locked"
    compile "$python" -c "$work/locked" common.in "$work/torch.in" site.in test.in notebooks.in -o "$work/resolved"
    missing=$(pins "$work/resolved" | sort | comm -13 "$work/locked" -)
    if [[ -n $missing ]]; then
        echo "envs/lock.sh: Python $python needs what no lock has: $missing" >&2
        exit 1
    fi
    echo "Python $python: $(pins "$work/resolved" | wc -l) packages resolve"
done
