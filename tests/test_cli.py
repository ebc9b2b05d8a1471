"""The command line: help that never waits for torch, failures told in one line, options handed on."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from data_pipeline.errors import InputError
from tests.commands import all_commands, fail, replace_the_run
from tests.generator.tiny_study import MODELS
from vlens import __version__
from vlens.cli import INTERRUPTED, USER_ERROR, main


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_every_command_has_help_with_every_option_explained(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: {' '.join(['vlens', *words])}")
    command = all_commands()[words]
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vlens {__version__}\n"


def test_no_arguments_show_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == USER_ERROR
    assert "Commands:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["run"], "Missing argument 'STUDY'"),
        (["build", "--nonsense", "x"], "No such option"),
        (["run", "toy", "--num-images", "0"], "0 is not in the range x>=1"),
        (["run", "toy", "--num-images", "many"], "'many' is not a valid integer. "),
        (["demo", "--num-images", "0"], "0 is not in the range x>=1"),
        (["demo", "--num-images", "-3"], "-3 is not in the range x>=1"),
    ],
)
def test_usage_errors(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in fail(capsys, *arguments)


@pytest.fixture
def failing_run(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let `vlens run` fail with a given error where it starts to compute."""

    def install(error: BaseException) -> None:
        def run_study(*_arguments: object, **_options: object) -> None:
            raise error

        replace_the_run(monkeypatch, run_study)

    return install


def test_an_input_error_of_many_lines_is_told_in_one(
    failing_run: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing_run(InputError("study.toml: 3 problems\n  first\n  second"))
    assert fail(capsys, "run", "toy") == "vlens: study.toml: 3 problems first second\n"


def test_missing_torch_says_what_to_install(
    failing_run: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing_run(ModuleNotFoundError("No module named 'torch'", name="torch"))
    line = fail(capsys, "run", "toy")
    assert "pip install 'vlens[pipeline]'" in line
    assert "constraints.txt" in line


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS])
def test_what_the_machine_refuses_is_no_defect(
    number: int, failing_run: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing_run(OSError(number, "not here", "results/toy"))
    hint = "; make room and run the same command again, what is finished is kept" * (number == errno.ENOSPC)
    assert fail(capsys, "run", "toy") == f"vlens: results/toy: not here{hint}\n"


@pytest.mark.parametrize(
    "error", [ValueError("defect"), ModuleNotFoundError("x", name="x"), OSError(5, "I/O")]
)
def test_a_defect_keeps_its_traceback(
    error: BaseException, failing_run: Callable[[BaseException], None]
) -> None:
    failing_run(error)
    with pytest.raises(type(error)):
        main(["run", "toy"])


def test_an_interrupted_run_says_that_it_can_go_on(
    failing_run: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing_run(KeyboardInterrupt())
    assert main(["run", "toy"]) == INTERRUPTED
    assert capsys.readouterr().err.endswith("vlens: stopped; the same command goes on from here\n")


def test_run_hands_its_options_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    replace_the_run(monkeypatch, lambda *positional, **named: calls.append((positional, named)))
    study = tmp_path / "mine.toml"
    assert main(["run", str(study), "--results", str(tmp_path), "--num-images", "3", "--no-ablations"]) == 0
    (positional, named) = calls[0]
    assert positional[1] == tmp_path
    assert (named["num_images"], named["ablations"]) == (3, False)
    assert named["command"] == "vlens run mine.toml --num-images 3 --no-ablations", (
        "without this machine's paths"
    )


def test_build_puts_the_parquet_beside_the_pages_unless_told_not_to(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    build = ["build", str(tiny_results), "--output-dir", str(site)]
    assert main(build) == 0
    assert "MB of Parquet" in capsys.readouterr().out
    assert list((site / "data").rglob("*.parquet"))
    assert main([*build, "--no-data"]) == 0
    assert "Parquet" not in capsys.readouterr().out
    assert not (site / "data").exists()
    assert "data/" not in (site / "index.html").read_text(encoding="utf-8")


def test_a_count_of_images_must_be_that_of_the_results(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    line = fail(capsys, "demo", "--results", tiny_results, "--num-images", "5", "--output-dir", site)
    assert "holds 2 images, but --num-images asks for 5" in line
    assert not site.exists()
    assert main(["demo", "--results", str(tiny_results), "--num-images", "2", "--output-dir", str(site)]) == 0


def test_importing_a_missing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "results"
    assert "nowhere" in fail(capsys, "import", "vlens-json", tmp_path / "nowhere", "--output", output)
    assert not output.exists()


def test_a_refused_import_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, output = tmp_path / "published", tmp_path / "results"
    models = folder / "analysis_results" / "logit_lens" / "some_model"
    models.mkdir(parents=True)
    (models / "layer0.json").write_text("[")
    fail(capsys, "import", "vlens-json", folder, "--output", output)
    assert not output.exists()
    assert "lies in the folder that is read" in fail(
        capsys, "import", "vlens-json", folder, "--output", folder / "out"
    )
    assert not (folder / "out").exists()


def test_a_demo_of_results_can_leave_the_ablations_out(tiny_results: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    ablations = {model.model_id for model in MODELS if model.group == "ablation"}
    wanted = {model.model_id for model in MODELS} - ablations
    assert ablations
    arguments = ["demo", "--results", str(tiny_results), "--output-dir", str(site)]
    assert main([*arguments]) == 0
    assert main([*arguments, "--no-ablations"]) == 0
    assert {path.stem for path in (site / "models").iterdir()} == wanted
    index = (site / "index.html").read_text(encoding="utf-8")
    for model in ablations:
        assert f"models/{model}.html" not in index


def test_a_study_has_no_place_beside_results(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = fail(
        capsys, "demo", "--results", tiny_results, "--study", "toy", "--output-dir", tmp_path / "site"
    )
    assert "--study and --results exclude each other" in line


def test_output_is_another_name_of_output_dir(tiny_results: Path, tmp_path: Path) -> None:
    assert main(["build", str(tiny_results), "--output", str(tmp_path / "site")]) == 0
    assert (tmp_path / "site" / "index.html").is_file()
