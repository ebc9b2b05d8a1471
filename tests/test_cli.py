"""The command line: what users can get wrong is one line and exit code 2, and help never waits for torch."""

from __future__ import annotations

import errno
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.errors import InputError
from tests.commands import all_commands
from vlens import __version__
from vlens.cli import INTERRUPTED, USER_ERROR, main

STUDY = """
id = "small"
title = "Small"
lenses = ["logit"]
vision_layers = "all"

[images]
source = "toy-scenes"

[[llm]]
id = "olmo"
title = "OLMo"
path = "toy:llms/olmo"

[[vision_encoder]]
id = "clip"
title = "CLIP"
path = "toy:encoders/clip"

[[model]]
id = "olmo-clip"
title = "OLMo × CLIP"
group = "main"
llm = "olmo"
vision_encoder = "clip"
connector = "toy:connectors/olmo-clip"
"""


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fail(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that must fail as a user error, and return its one line."""
    assert main([str(argument) for argument in arguments]) == USER_ERROR
    captured = capsys.readouterr()
    assert captured.err.startswith("vlens: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.out + captured.err
    return captured.err


# ---------------------------------------------------------------- help and version


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


# ---------------------------------------------------------------- how failures are told


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

        _replace_modules(monkeypatch, run_study)

    return install


def _replace_modules(monkeypatch: pytest.MonkeyPatch, run_study: Callable[..., Any]) -> None:
    run = ModuleType("data_pipeline.run")
    study = ModuleType("data_pipeline.study")
    run.run_study = run_study  # type: ignore[attr-defined]
    study.load_study = lambda name: SimpleNamespace(id=Path(name).stem)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "data_pipeline.run", run)
    monkeypatch.setitem(sys.modules, "data_pipeline.study", study)


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
    _replace_modules(monkeypatch, lambda *positional, **named: calls.append((positional, named)))
    study = tmp_path / "mine.toml"
    assert main(["run", str(study), "--results", str(tmp_path), "--num-images", "3", "--no-ablations"]) == 0
    (positional, named) = calls[0]
    assert positional[1] == tmp_path
    assert (named["num_images"], named["ablations"]) == (3, False)
    assert named["command"] == "vlens run mine.toml --num-images 3 --no-ablations", (
        "without this machine's paths"
    )


# ---------------------------------------------------------------- bad input: results


def _rewrite(results: Path, table: pa.Table) -> None:
    path = results / "models" / "models.parquet"
    size = path.stat().st_size
    pq.write_table(table, path)
    manifest = results / "manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"bytes": {size}', f'"bytes": {path.stat().st_size}'))


def _models(results: Path) -> pa.Table:
    return pq.read_table(results / "models" / "models.parquet", partitioning=None)


def _rename_model(results: Path, name: str) -> None:
    table = _models(results)
    names = [name, *table["model_id"].to_pylist()[1:]]
    field = table.schema.field("model_id")
    _rewrite(results, table.set_column(table.schema.get_field_index("model_id"), field, pa.array(names)))


def _edit_manifest(results: Path, old: str, new: str) -> None:
    manifest = results / "manifest.json"
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new))


def _truncate(results: Path) -> None:
    path = results / "models" / "models.parquet"
    path.write_bytes(path.read_bytes()[:-50])


def _other_version(results: Path) -> None:
    table = _models(results)
    _rewrite(results, table.replace_schema_metadata(table.schema.metadata | {b"vlens.schema_version": b"99"}))


BAD_RESULTS: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "missing folder": (shutil.rmtree, "tiny", "no such folder, expected V-Lens results"),
    "no manifest": (lambda results: (results / "manifest.json").unlink(), "tiny", "no manifest.json in it"),
    "broken manifest": (
        lambda results: (results / "manifest.json").write_text("{"),
        "manifest.json",
        "not a V-Lens manifest",
    ),
    "manifest of another version": (
        lambda results: _edit_manifest(results, '"schema_version": 1', '"schema_version": 99'),
        "manifest.json",
        "schema version 99, expected 1",
    ),
    "manifest whose version is text": (
        lambda results: _edit_manifest(results, '"schema_version": 1', '"schema_version": "1"'),
        "manifest.json",
        "schema version '1', expected 1, a number",
    ),
    "endless manifest": (
        lambda results: (results / "manifest.json").write_text("[" * 100_000),
        "manifest.json",
        "not a V-Lens manifest",
    ),
    "half a character": (
        lambda results: _edit_manifest(results, '"study_id": "tiny"', '"study_id": "tiny\\ud800"'),
        "manifest.json",
        "a lone surrogate",
    ),
    "layer below 0": (
        lambda results: _edit_manifest(results, '"vision_layers": [', '"vision_layers": [-5, '),
        "manifest.json",
        "vision layer -5",
    ),
    "missing file": (
        lambda results: (results / "models" / "models.parquet").unlink(),
        "models.parquet",
        "missing, although the manifest lists it",
    ),
    "unreadable Parquet": (
        lambda results: (results / "models" / "models.parquet").write_bytes(
            b"x" * (results / "models" / "models.parquet").stat().st_size
        ),
        "models.parquet",
        "cannot be read as Parquet",
    ),
    "foreign Parquet": (
        lambda results: _rewrite(results, pa.table({"a": [1]})),
        "models.parquet",
        "not written by V-Lens",
    ),
    "truncated Parquet": (_truncate, "models.parquet", "truncated"),
    "Parquet of another version": (_other_version, "models.parquet", "schema version 99, expected 1"),
    "model id that climbs": (
        lambda results: _edit_manifest(results, '"model_id": "alpha-round"', '"model_id": "../alpha"'),
        "manifest.json",
        "'../alpha' cannot be used",
    ),
    "model id of HTML": (
        lambda results: _edit_manifest(results, '"model_id": "alpha-round"', '"model_id": "<script>"'),
        "manifest.json",
        "'<script>' cannot be used",
    ),
    "model id that climbs, in a table": (
        lambda results: _rename_model(results, "../alpha"),
        "tiny",
        "'../alpha' cannot be used",
    ),
    "part that climbs": (
        lambda results: _edit_manifest(results, '"path": "models/', '"path": "models/../'),
        "manifest.json",
        "cannot be used",
    ),
    "unknown lens": (
        lambda results: _edit_manifest(results, '"embedding"', '"tuned"'),
        "manifest.json",
        "unknown lens 'tuned'",
    ),
}


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


@pytest.mark.parametrize("case", BAD_RESULTS)
def test_bad_results_are_refused_and_an_earlier_site_is_kept(
    case: str, tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, place, words = BAD_RESULTS[case]
    site = tmp_path / "site"
    assert main(["build", str(tiny_results), "--output-dir", str(site)]) == 0
    before = everything(site)
    capsys.readouterr()
    spoil(tiny_results)
    for arguments in (
        ["build", tiny_results, "--output-dir", site],
        ["demo", "--results", tiny_results, "--output-dir", site],
    ):
        line = fail(capsys, *arguments)
        assert place in line
        assert words in line
    assert everything(site) == before


@pytest.mark.parametrize("case", sorted(set(BAD_RESULTS) - {"model id that climbs, in a table"}))
def test_check_calls_unusable_results_unusable(
    case: str, tiny_results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, _, words = BAD_RESULTS[case]
    spoil(tiny_results)
    assert words in fail(capsys, "check", tiny_results)


def test_check_says_complete(tiny_results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tiny_results)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("study tiny: 6 models, 2 images, 100 of 108 blocks")
    assert lines[-1] == "complete"


def test_check_says_what_is_wrong(tiny_results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _rename_model(tiny_results, "../alpha")
    assert main(["check", str(tiny_results)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "problem: models/models.parquet: not the bytes that were written" in lines
    assert lines[-1] == "incomplete"


def test_a_count_of_images_must_be_that_of_the_results(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    line = fail(capsys, "demo", "--results", tiny_results, "--num-images", "5", "--output-dir", site)
    assert "holds 2 images, but --num-images asks for 5" in line
    assert not site.exists()
    assert main(["demo", "--results", str(tiny_results), "--num-images", "2", "--output-dir", str(site)]) == 0


# ---------------------------------------------------------------- bad input: output folders


def test_an_output_folder_with_somebodys_files_is_left_alone(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "papers"
    theirs.mkdir()
    (theirs / "index.html").write_text("<h1>My home page</h1>")
    line = fail(capsys, "build", tiny_results, "--output-dir", theirs)
    assert str(theirs) in line
    assert everything(theirs) == {"index.html": b"<h1>My home page</h1>"}


def test_an_output_folder_is_refused_before_anything_is_computed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _replace_modules(monkeypatch, lambda *_positional, **_named: pytest.fail("computed"))
    (tmp_path / "notes.txt").write_text("mine")
    assert str(tmp_path) in fail(capsys, "demo", "--output-dir", tmp_path, "--cache", tmp_path / "cache")


def test_an_output_folder_that_is_a_file_is_left_alone(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site").write_text("mine")
    assert "site" in fail(capsys, "build", tiny_results, "--output-dir", tmp_path / "site")
    assert (tmp_path / "site").read_text() == "mine"


# ---------------------------------------------------------------- bad input: studies


BAD_STUDIES = {
    "not TOML": ('id = "small"', 'id = "small', "small.toml"),
    "unknown key": ("[images]\n", '[images]\ncolour = "red"\n', "colour"),
    "unknown lens": ('["logit"]', '["tuned"]', "tuned"),
    "unknown language model": ('llm = "olmo"', 'llm = "gpt"', "gpt"),
    "unknown vision encoder": ('vision_encoder = "clip"', 'vision_encoder = "eye"', "eye"),
    "negative layer": ('vision_layers = "all"', "vision_layers = [-1]", "-1"),
    "layer that does not exist": ('vision_layers = "all"', "vision_layers = [0, 99]", "99"),
    "model id that climbs": ('id = "olmo-clip"', 'id = "../olmo"', "../olmo"),
    "model id of HTML": ('id = "olmo-clip"', 'id = "<script>"', "<script>"),
    "location that climbs": ("toy:connectors/olmo-clip", "toy:../../etc", "toy:../../etc"),
    "layer that is a truth value": ('vision_layers = "all"', "vision_layers = [true]", "True is not a layer"),
    "one lens, no list": ('["logit"]', '"logit"', "lenses: expected a list"),
    "no lens": ('["logit"]', "[]", "lenses: expected a list"),
    "unknown part of the toy scenes": (
        '"toy-scenes"',
        '"toy-scenes"\nsplit = "none"',
        "unknown split 'none'",
    ),
    "endless brackets": ("[images]", "a = " + "[" * 5000 + "\n[images]", "not a TOML file"),
    "ids that name one file": (
        "[[model]]",
        """[[model]]
id = "OLMO-clip"
title = "Again"
llm = "olmo"
vision_encoder = "clip"
connector = "toy:connectors/olmo-clip"

[[model]]""",
        "differ in case only",
    ),
    "missing weights": ("toy:connectors/olmo-clip", "toy:connectors/nothing", "nothing"),
}


@pytest.mark.parametrize("case", BAD_STUDIES)
def test_bad_studies_are_refused_and_nothing_is_written(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, words = BAD_STUDIES[case]
    assert old in STUDY
    study = tmp_path / "small.toml"
    study.write_text(STUDY.replace(old, new))
    line = fail(capsys, "run", study, "--results", tmp_path / "results", "--num-images", "1")
    assert words in line
    assert line.startswith(f"vlens: {study}: ")
    assert not (tmp_path / "results").exists()


def test_a_model_that_is_no_table_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "small.toml"
    study.write_text('id = "a"\ntitle = "b"\nmodel = 5\nimages = { source = "toy-scenes" }\n')
    assert "model: expected a list" in fail(capsys, "run", study)


def test_a_folder_or_another_file_is_no_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "notes").write_text("mine")
    assert "is a folder, expected a study file" in fail(capsys, "run", "folder.toml")
    assert "is a file, expected a study file, whose name ends in .toml" in fail(capsys, "run", "notes")


def test_the_study_that_the_bad_ones_are_made_from_is_a_good_one(tmp_path: Path) -> None:
    from data_pipeline.study import load_study

    (tmp_path / "small.toml").write_text(STUDY)
    assert load_study(tmp_path / "small.toml").id == tomllib.loads(STUDY)["id"]


@pytest.mark.parametrize("study", ["nonsense", "no/such/study.toml", "../toy", "<script>", ""])
def test_an_unknown_study_is_refused(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert study in fail(capsys, "run", study)
    assert everything(tmp_path) == {}


def test_more_images_than_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = fail(capsys, "run", "toy", "--results", tmp_path / "results", "--num-images", "1000000")
    assert "1000000" in line
    assert not (tmp_path / "results").exists()


# ---------------------------------------------------------------- bad input: imports


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


# ---------------------------------------------------------------- options


def test_a_demo_of_results_can_leave_the_ablations_out(tiny_results: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    table = _models(tiny_results)
    groups = dict(zip(table["model_id"].to_pylist(), table["group"].to_pylist(), strict=True))
    wanted = {model for model, group in groups.items() if group != "ablation"}
    assert wanted != set(groups)
    arguments = ["demo", "--results", str(tiny_results), "--output-dir", str(site)]
    assert main([*arguments]) == 0
    assert main([*arguments, "--no-ablations"]) == 0
    assert {path.stem for path in (site / "models").iterdir()} == wanted
    index = (site / "index.html").read_text(encoding="utf-8")
    for model in set(groups) - wanted:
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
