"""The two commands at the root: help before any set-up, quick second starts, clear words on failure."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import all_commands

ROOT = Path(__file__).parents[1]
SCRIPTS = ("generate_demo.sh", "run_tests.sh", "scripts/environment.sh", "scripts/chromium.sh", ".ci/run")
COREUTILS = ("bash", "cat", "cksum", "cut", "dirname", "grep", "id", "mkdir", "tail", "timeout", "uname")


@pytest.fixture
def bare_machine(tmp_path: Path) -> dict[str, str]:
    """An environment with core tools and no Python; its virtual environment would be `venv`."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in COREUTILS:
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    return {"PATH": str(tools), "HOME": str(tmp_path), "VLENS_VENV": str(tmp_path / "venv")}


def program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
    path.chmod(0o755)


def start(script: str, *arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / script, *arguments], env=environment, capture_output=True, text=True, timeout=30, check=False
    )


def stamp(environment: dict[str, str], level: str) -> None:
    """Mark the environment as set up."""
    code = f"source {ROOT}/scripts/environment.sh; fingerprint"
    done = subprocess.run(["bash", "-c", code], env=environment, capture_output=True, text=True, check=True)
    (Path(environment["VLENS_VENV"]) / f".vlens-{level}").write_text(done.stdout)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_parse(script: str) -> None:
    subprocess.run(["bash", "-n", ROOT / script], check=True)


@pytest.mark.parametrize("script", [name for name in SCRIPTS if not name.startswith("scripts/")])
def test_commands_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


def test_help_explains_every_option_before_any_set_up(tmp_path: Path) -> None:
    copy = tmp_path / "generate_demo.sh"
    shutil.copy(ROOT / "generate_demo.sh", copy)  # without scripts/, there is nothing to set up with
    shown = subprocess.run(
        [copy, "--num-images", "3", "--help"], capture_output=True, text=True, check=True, timeout=5
    ).stdout
    options = {option.opts[0] for option in all_commands()[("demo",)].params}
    assert {word for word in shown.split() if word.startswith("--")} == {*options, "--help"}
    assert list(tmp_path.iterdir()) == [copy]


def test_without_a_recent_python_it_says_so(bare_machine: dict[str, str]) -> None:
    program(Path(bare_machine["PATH"]) / "python3", "exit 1  # what an older Python answers")
    done = start("generate_demo.sh", environment=bare_machine)
    assert done.returncode == 2
    assert done.stderr.startswith("vlens: no Python 3.11 or later found")
    assert not Path(bare_machine["VLENS_VENV"]).exists()


def test_a_set_up_that_fails_says_where_the_story_is(bare_machine: dict[str, str]) -> None:
    venv = Path(bare_machine["VLENS_VENV"])
    program(venv / "bin" / "python", '[ "$3" = --version ] || { echo "no network" >&2; exit 1; }')
    done = start("generate_demo.sh", "--results", "anywhere", environment=bare_machine)
    assert done.returncode == 2
    assert "Setting up: V-Lens … failed" in done.stderr
    assert "no network" in done.stderr
    assert done.stderr.splitlines()[-1].endswith(f"the whole story is in {venv}/set-up.log")
    assert not (venv / ".vlens-light").exists()


@pytest.mark.parametrize("level", ["light", "pipeline", "dev"])
def test_the_second_start_goes_straight_to_the_command(bare_machine: dict[str, str], level: str) -> None:
    program(Path(bare_machine["VLENS_VENV"]) / "bin" / "python", 'printf "%s\\n" "$@"')
    stamp(bare_machine, level)
    done = start("generate_demo.sh", "--results", "my results", environment=bare_machine)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        *("-P", "-m", "vlens", "demo", "--output-dir", f"{ROOT}/site", "--cache", f"{ROOT}/results"),
        *("--results", "my results"),
    ]


def test_computing_needs_more_than_the_light_half(bare_machine: dict[str, str]) -> None:
    program(Path(bare_machine["VLENS_VENV"]) / "bin" / "python", '[ "$3" = --version ]')
    stamp(bare_machine, "light")
    done = start("generate_demo.sh", "--num-images", "1", environment=bare_machine)
    assert "Setting up: PyTorch" in done.stderr


def test_the_exit_code_is_that_of_the_tests(bare_machine: dict[str, str]) -> None:
    venv = Path(bare_machine["VLENS_VENV"])
    program(venv / "bin" / "python", 'case "$*" in *pytest*) echo "1 failed in 0.1s"; exit 1;; esac')
    for tool in ("ruff", "mypy"):
        program(venv / "bin" / tool, "exit 0")
    stamp(bare_machine, "dev")
    for script in ("run_tests.sh", ".ci/run"):
        done = start(script, environment=bare_machine | {"VLENS_CHROMIUM": "/bin/true"})
        assert done.returncode == 1
        assert done.stdout.splitlines()[-1] == "1 failed in 0.1s"
        assert done.stderr.splitlines()[-1] == "failed: pytest"


def test_a_failing_linter_fails_the_whole_and_the_tests_run_all_the_same(
    bare_machine: dict[str, str],
) -> None:
    venv = Path(bare_machine["VLENS_VENV"])
    program(venv / "bin" / "python", 'echo "1 passed in 0.1s"')
    program(venv / "bin" / "ruff", '[ "$1" != format ]')
    program(venv / "bin" / "mypy", "exit 0")
    stamp(bare_machine, "dev")
    done = start("run_tests.sh", environment=bare_machine | {"VLENS_CHROMIUM": "/bin/true"})
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 passed in 0.1s"
    assert done.stderr.splitlines()[-1] == "failed: ruff format"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--num-images", "0"], "--num-images is '0', expected a whole number above 0"),
        (["--num-images=some"], "--num-images is 'some'"),
        (["--num-images"], "option --num-images needs a value"),
        (["--no-ablatons"], "no such option: --no-ablatons"),
        (["toy"], "unexpected argument: toy"),
    ],
)
def test_the_demo_refuses_what_cannot_be_meant_before_setting_up(
    arguments: list[str], words: str, bare_machine: dict[str, str]
) -> None:
    done = start("generate_demo.sh", *arguments, environment=bare_machine)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Setting up" not in done.stderr
