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
  --images-in-page N
                     A model's page of more images gets a data file for each of them.  [default: 50]
  --study STUDY      A shipped study's name or a study file.  [default: toy]
  --results DIR      Compute nothing: build the site from these results (needs no torch).
  --cache DIR        Where computed results are kept.  [default: results]
  --help             Show this message and exit.

Then open site/index.html in a browser.
HELP
}

refuse() {
    printf 'vlens: %s (./generate_demo.sh --help explains)\n' "$1" >&2
    exit 2
}

# What can be said of the options before minutes of setting up; `vlens demo` looks at them again.
half=pipeline
expected=
for argument in "$@"; do
    if [ -n "$expected" ]; then
        name=$expected value=$argument expected=
    else
        name=${argument%%=*} value=${argument#*=}
        case $argument in
            --help | -h)
                usage
                exit 0
                ;;
            --no-ablations) continue ;;
            --num-images | --images-in-page | --output-dir | --output | --study | --results | --cache)
                expected=$argument
                if [ "$argument" = --results ]; then half=light; fi
                continue
                ;;
            --results=*) half=light ;;
            --num-images=* | --images-in-page=* | --output-dir=* | --output=* | --study=* | --cache=*) ;;
            -*) refuse "no such option: $argument" ;;
            *) refuse "unexpected argument: $argument" ;;
        esac
    fi
    if [ "$name" = --num-images ]; then
        case $value in
            '' | *[!0-9]*) refuse "--num-images is '$value', expected a whole number above 0" ;;
            *[1-9]*) ;;
            *) refuse "--num-images is '$value', expected a whole number above 0" ;;
        esac
    fi
    if [ "$name" = --images-in-page ]; then
        case $value in
            '' | *[!0-9]*) refuse "--images-in-page is '$value', expected a whole number" ;;
        esac
    fi
done
if [ -n "$expected" ]; then refuse "option $expected needs a value"; fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/scripts/environment.sh"
set_up "$half"
# The defaults come first, so that the same options from the command line win.
exec "$python" -P -m vlens demo --output-dir "$root/site" --cache "$root/results" "$@"
