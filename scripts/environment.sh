# The environment that the two commands at the root set up for themselves; sourced, never run.
#
#   set_up light      what building pages needs (no torch)
#   set_up pipeline   light, and what computing results needs
#   set_up dev        pipeline, and what the tests need
#
# Afterwards "$python" is the environment's interpreter. A stamp (a checksum of pyproject.toml and constraints.txt)
# makes every later start quick. VLENS_VENV names another folder than .venv, VLENS_PYTHON another interpreter.

# Threads that spin while they wait make small models many times slower where other programs use the cores too.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-PASSIVE}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${VLENS_VENV:-$root/.venv}
python=$venv/bin/python
log=$venv/set-up.log

fail() {
    printf 'vlens: %s\n' "$1" >&2
    exit 2
}

is_recent_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${VLENS_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null && is_recent_python "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    local base
    if command -v uv >/dev/null; then
        uv venv --quiet --seed --clear --python '>=3.11' "$venv" && return
    fi
    base=$(find_python) || fail "no Python 3.11 or later found; install one, or name it: VLENS_PYTHON=/path/to/python3 $0"
    "$base" -m venv --clear "$venv" ||
        fail "$base could not make the virtual environment $venv (on Debian and Ubuntu: apt-get install python3-venv)"
}

pip_install() {
    "$python" -m pip install --quiet --disable-pip-version-check "$@"
}

install() {
    if command -v uv >/dev/null && uv pip install --quiet --python "$python" "$@"; then return; fi
    pip_install "$@"
}

has_gpu() {
    command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q GPU
}

# Where there is no GPU, the plain Linux wheel would bring several GB of CUDA packages. A CPU build is taken from
# where pip looks already, else uv finds it; the plain wheel is the last resort.
install_torch() {
    local pin uv
    pin=$(grep '^torch==' "$root/constraints.txt")
    if has_gpu || [ "$(uname -s)" != Linux ]; then
        install "$pin"
        return
    fi
    pip_install "$pin+cpu" && return
    uv=$(command -v uv) || { pip_install uv && uv=$venv/bin/uv; } || uv=false
    "$uv" pip install --quiet --python "$python" --torch-backend=cpu "$pin" && return
    install "$pin"
}

step() {
    local title=$1 begin=$SECONDS
    shift
    printf '%s … ' "$title" >&2
    if ! "$@" >>"$log" 2>&1; then
        printf 'failed\n' >&2
        grep -v '^WARNING' "$log" | tail -n 5 >&2
        fail "setting up $venv failed; the whole story is in $log"
    fi
    printf '%d s\n' $((SECONDS - begin)) >&2
}

fingerprint() {
    { echo "$root"; cat "$root/pyproject.toml" "$root/constraints.txt"; } | cksum
}

is_set_up() {
    local stamp=$1 level
    shift
    [ -x "$python" ] || return 1
    for level in "$@"; do
        [ "$(cat "$venv/.vlens-$level" 2>/dev/null)" = "$stamp" ] && return 0
    done
    return 1
}

set_up() {
    local stamp extras levels
    stamp=$(fingerprint)
    case $1 in
        light) extras='' levels='light pipeline dev' ;;
        pipeline) extras='[pipeline]' levels='pipeline dev' ;;
        dev) extras='[pipeline,judge,dev]' levels='dev' ;;
    esac
    # shellcheck disable=SC2086  # the levels are words
    if is_set_up "$stamp" $levels; then return; fi
    "$python" -m pip --version >/dev/null 2>&1 || make_venv
    : >"$log"
    if [ "$1" != light ]; then step 'Setting up: PyTorch' install_torch; fi
    step "Setting up: V-Lens$extras" install -c "$root/constraints.txt" -e "$root$extras"
    printf '%s
' "$stamp" >"$venv/.vlens-$1"
}
