#!/usr/bin/env bash
# What a machine's devices compute, in one run: the self-test and a clip of each provider, benchmarks beside PyTorch, one JSON, one table.
#   device_check.sh pack FOLDER PATH...       splits files into pieces that are small enough to carry, with their digests
#   device_check.sh unpack FOLDER TARGET      puts them together again
#   device_check.sh run OUT [OPTION...]       checks; device_check.py --help has the options, docs/gpu.md the whole procedure
# `run --carried FOLDER` unpacks first: a folder `program` has wan, a folder `providers` what `wan providers install` brought.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
piece=${WAN_PIECE:-55000000} # bytes: less than the 60 MB that some ways of carrying files take at once

pack() {
    local folder=$1 path arguments=()
    shift
    mkdir -p "$folder"
    rm -f "$folder"/piece.*
    for path in "$@"; do
        arguments+=(-C "$(dirname "$(realpath "$path")")" "$(basename "$path")")
    done
    tar -chzf - "${arguments[@]}" | split -b "$piece" -d -a 3 - "$folder/piece."
    (cd "$folder" && sha256sum piece.[0-9]* > piece.sums)
    ls -l "$folder"
}

unpack() {
    (cd "$1" && sha256sum --quiet -c piece.sums) || { echo "device_check: the pieces in $1 are damaged, or some are missing" >&2; exit 2; }
    mkdir -p "$2"
    cat "$1"/piece.[0-9]* | tar -xzf - -C "$2"
}

# Where PyTorch's packages have NVIDIA's libraries, which are then not needed a second time.
libraries() {
    "$1" - <<'END'
import glob, importlib.util
spec = importlib.util.find_spec('nvidia')
folders = [folder for place in (spec.submodule_search_locations if spec else []) for folder in glob.glob(f'{place}/*/lib')]
print(':'.join(sorted(folders)))
END
}

run() {
    local out=$1 python=${WAN_PYTHON:-python3} carried="" arguments=()
    shift
    if ! command -v "$python" >/dev/null; then
        echo "device_check: there is no $python: install Python 3, or name one with WAN_PYTHON" >&2
        exit 2
    fi
    mkdir -p "$out"
    while [ $# -gt 0 ]; do
        if [ "$1" = --carried ]; then carried=$2; shift 2; else arguments+=("$1"); shift; fi
    done
    if [ -n "$carried" ]; then
        unpack "$carried" "$out/carried"
        arguments=(--program "$out/carried/program/wan" ${arguments[@]+"${arguments[@]}"})
        if [ -d "$out/carried/providers" ]; then
            mkdir -p "$out/cache"
            ln -sfn "$(realpath "$out/carried/providers")" "$out/cache/providers"
        fi
    fi
    LD_LIBRARY_PATH=$(libraries "$python")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export LD_LIBRARY_PATH
    exec "$python" "$here/device_check.py" --out "$out" ${arguments[@]+"${arguments[@]}"}
}

case ${1:-} in
    pack | unpack | run) "$@" ;;
    *) sed -n '2,6s/^# //p' "$0" >&2; exit 2 ;;
esac
