"""Imports go one way, vlens → generator → the contract ← data_pipeline; the page half never loads torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRACT = {
    f"data_pipeline.{name}"
    for name in (
        "schema",
        "value_rules",
        "errors",
        "folders",
        "manifest",
        "store",
        "completeness",
        "versions",
    )
}
LIGHT = CONTRACT | {"data_pipeline", "data_pipeline.progress", "data_pipeline.integrity"}
HEAVY = {"torch", "transformers", "safetensors", "tokenizers", "huggingface_hub", "accelerate"}
OURS = {"vlens", "generator", "data_pipeline"}


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (_module(node.module or "", alias.name) for alias in node.names)


def _module(module: str, name: str) -> str:
    """`from a import b` imports module a.b where that is a module, else a."""
    place = ROOT / module.replace(".", "/") / name
    return f"{module}.{name}" if place.is_dir() or place.with_suffix(".py").is_file() else module


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_walk_sees_imports_inside_functions_and_names_submodules() -> None:
    assert "data_pipeline.run" in set(imported(ROOT / "vlens" / "commands" / "run.py"))
    assert _module("data_pipeline", "schema") == "data_pipeline.schema"
    assert _module("data_pipeline.schema", "LENSES") == "data_pipeline.schema"


@pytest.mark.parametrize("path", modules("generator"), ids=_id)
def test_the_generator_knows_the_contract_and_nothing_else_of_the_pipeline(path: Path) -> None:
    ours = {name for name in imported(path) if name.split(".")[0] in OURS}
    strange = (
        {name for name in ours if not name.startswith("generator")} - CONTRACT - {"data_pipeline.progress"}
    )
    assert not strange
    assert not {name for name in imported(path) if name.split(".")[0] in HEAVY}


@pytest.mark.parametrize("path", modules("data_pipeline"), ids=_id)
def test_the_pipeline_knows_neither_the_generator_nor_the_command(path: Path) -> None:
    assert not {name for name in imported(path) if name.split(".")[0] in {"generator", "vlens"}}


@pytest.mark.parametrize(
    "path", [path for path in modules("data_pipeline") if name_of(path) in LIGHT], ids=_id
)
def test_the_contract_stands_alone(path: Path) -> None:
    ours = {name for name in imported(path) if name.split(".")[0] in OURS}
    assert ours <= LIGHT
    assert not {name for name in imported(path) if name.split(".")[0] in HEAVY}


@pytest.mark.parametrize("path", modules("vlens"), ids=_id)
def test_the_command_never_imports_torch_itself(path: Path) -> None:
    assert not {name for name in imported(path) if name.split(".")[0] in HEAVY}


_WITHOUT_TORCH = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
"""


def run_without_torch(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _WITHOUT_TORCH + code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "code",
    ["import generator.build", "import data_pipeline.store, data_pipeline.integrity", "import vlens.cli"],
)
def test_light_modules_import_where_torch_is_not_installed(code: str) -> None:
    done = run_without_torch(code)
    assert done.returncode == 0, done.stderr


_COMMAND = "from vlens.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("command", [["--help"], ["--version"], ["schema"], ["judge", "run", "--help"]])
def test_light_commands_work_where_torch_is_not_installed(command: list[str]) -> None:
    done = run_without_torch(_COMMAND, *command)
    assert done.returncode == 0, done.stderr


def test_cells_are_drawn_and_verdicts_shown_where_torch_is_not_installed(tiny_results: Path) -> None:
    for step in (
        ["plan", "--patches", "1"],
        ["run", "--model", "m", "--estimate"],
        ["show", "--no-differences"],
    ):
        done = run_without_torch(_COMMAND, "judge", step[0], str(tiny_results), *step[1:])
        assert done.returncode == 0, done.stderr


def test_a_site_is_built_where_torch_is_not_installed(tiny_results: Path, tmp_path: Path) -> None:
    done = run_without_torch(_COMMAND, "check", str(tiny_results))
    assert done.returncode == 0, done.stderr
    done = run_without_torch(_COMMAND, "build", str(tiny_results), "--output-dir", str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "index.html").is_file()


def test_a_heavy_command_says_what_to_install(tmp_path: Path) -> None:
    done = run_without_torch(_COMMAND, "run", "toy", "--results", str(tmp_path / "results"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'vlens[pipeline]'" in done.stderr


def test_help_loads_neither_half() -> None:
    done = run_without_torch(
        "from vlens.cli import main; main(['--help'])\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in "
        "('generator', 'pyarrow', 'duckdb', 'jinja2', 'pydantic', 'rich')), file=sys.stderr)"
    )
    assert done.stderr == "[]\n"
