#!/usr/bin/env bash
# Computes the toy study and builds its site; sets up everything that it needs first.
set -euo pipefail

usage() {
    cat <<'HELP'
Usage: ./generate_demo.sh [OPTIONS]

Compute a study and build its site. The first start makes a virtual environment (.venv); later ones are quick,
and what was computed before is not computed again.

Options:
  --num-images N     Images of the study to look at.  [default: 10]
  --output-dir DIR   Where the site goes.  [default: site]
  --no-ablations     Leave the ablations out.
  --study STUDY      A shipped study's name or a study file.  [default: toy]
  --results DIR      Compute nothing: build the site from these results (needs no torch).
  --cache DIR        Where computed results are kept.  [default: results]
  --help             Show this message and exit.

Then open site/index.html in a browser.
HELP
}

half=pipeline
for argument in "$@"; do
    case $argument in
        --help | -h)
            usage
            exit 0
            ;;
        --results | --results=*) half=light ;;
    esac
done

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/scripts/environment.sh"
set_up "$half"
# The defaults come first, so that the same options from the command line win.
exec "$python" -P -m vlens demo --output-dir "$root/site" --cache "$root/results" "$@"
