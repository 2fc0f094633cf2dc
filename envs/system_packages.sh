#!/usr/bin/env bash
# Make sure that what pip cannot bring is there: TeX for the PDF, graphviz, poppler; SLURM and a browser for their tests.
# Looks for the commands and files themselves, so that a TeX Live from elsewhere counts too. What is
# missing is installed if we may (root, or sudo without a password); otherwise one line says how.
set -euo pipefail

# Debian package: what it must bring. A file name is looked up by kpsewhich, the rest are commands.
needs=(
    "latexmk: latexmk"
    "texlive-latex-recommended: pdflatex bibtex natbib.sty hyperref.sty booktabs.sty caption.sty mathtools.sty microtype.sty"
    "texlive-fonts-recommended: utmr8a.pfb"
    "texlive-latex-extra: cleveref.sty enumitem.sty multirow.sty needspace.sty"
    "texlive-science: algorithm.sty algpseudocode.sty siunitx.sty"
    "graphviz: dot"
    "poppler-utils: pdftotext pdftoppm pdffonts"
)

# `system_packages.sh slurm`: what the tests on a real SLURM start.
if [[ ${1:-} == slurm ]]; then
    needs=(
        "slurmctld: slurmctld"
        "slurmd: slurmd"
        "slurm-client: sbatch squeue"
        "munge: munged"
    )
fi

# `system_packages.sh browser`: what the tests of the site look at it with.
if [[ ${1:-} == browser ]]; then
    needs=("chromium: chromium")
fi

have() {
    case $1 in
    # Not in the folders of the user's own, where jobs do not look.
    *.*) command -v kpsewhich >/dev/null && HOME=. TEXMFHOME='' TEXINPUTS='' kpsewhich "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# Sets `packages` and `missing`.
look() {
    packages=() missing=()
    local need thing found
    for need in "${needs[@]}"; do
        found=yes
        for thing in ${need#*:}; do
            have "$thing" || { missing+=("$thing"); found=no; }
        done
        [[ $found == yes ]] || packages+=("${need%%:*}")
    done
}

look
((${#packages[@]})) || exit 0

install="apt-get install --yes --no-install-recommends ${packages[*]}"
if ! command -v apt-get >/dev/null; then
    as=none
elif [[ $(id -u) == 0 ]]; then
    as=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as="sudo -n"
else
    as=none
fi
if [[ $as == none ]]; then
    echo "Missing system packages (${missing[*]}). Install them, then try again: sudo apt-get update && sudo $install" >&2
    exit 1
fi

echo "Installing system packages: ${packages[*]}"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# The variable goes through `env`, because sudo drops it.
if ! { $as apt-get update && $as env DEBIAN_FRONTEND=noninteractive $install; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "Installing system packages failed (whole log: $log). The command was: $install" >&2
    exit 1
fi
rm -f "$log"
look
if ((${#missing[@]})); then
    echo "Still missing after installing ${packages[*]}: ${missing[*]}" >&2
    exit 1
fi
