#!/usr/bin/env bash
# Runs every check; sets up everything that it needs first. Arguments go to pytest, and then pytest runs alone:
#
#   ./run_tests.sh                         ruff, mypy and all tests
#   ./run_tests.sh -m "not slow" -k store  some tests
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/scripts/environment.sh"
source "$here/scripts/chromium.sh"
set_up dev
set_up_chromium
cd "$root"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # the tests' models are tiny

if [ $# -gt 0 ]; then
    exec "$python" -m pytest "$@"
fi

failed=''
"$venv/bin/ruff" check . || failed="$failed, ruff check"
"$venv/bin/ruff" format --check . || failed="$failed, ruff format"
"$venv/bin/mypy" || failed="$failed, mypy"
"$python" -m pytest --numprocesses auto --dist worksteal || failed="$failed, pytest"
if [ -n "$failed" ]; then
    printf 'failed: %s\n' "${failed#, }" >&2
    exit 1
fi
