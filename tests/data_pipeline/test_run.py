"""Whole runs over a tiny study: complete, resumable, and clear about what is wrong."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pyarrow.compute as pc
import pytest
import torch

from data_pipeline.completeness import changed_parts, gaps
from data_pipeline.errors import InputError
from data_pipeline.judges.planning import PlanSettings
from data_pipeline.judges.planning import make_plan as make_judge_plan
from data_pipeline.loading import Loader
from data_pipeline.measure import Unit, another_image
from data_pipeline.plan import make_plan
from data_pipeline.progress import SilentProgress
from data_pipeline.run import run_study
from data_pipeline.schema import LENSES, PERCENTILE_LENS, TABLES
from data_pipeline.store import Results, read_manifest
from data_pipeline.study import load_study
from tests.data_pipeline.tiny_models import save_llm
from tests.data_pipeline.tiny_vlm_study import write_tiny_vlm_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_vlm_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def results(study_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "tiny"
    run_study(load_study(study_file), folder, num_images=3, command="vlens run tiny")
    return folder


def content(folder: Path) -> dict[str, object]:
    """All tables but `runs`, and the manifest without their parts."""
    opened = Results(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["parts"] = [part for part in manifest["parts"] if part["table"] != "runs"]
    return {"manifest": manifest, **{name: opened.read(name) for name in TABLES if name != "runs"}}


def test_every_block_of_the_matrix_is_there(results: Path) -> None:
    opened = Results(results)
    assert list(gaps(opened)) == []
    assert changed_parts(opened) == []
    assert opened.manifest.study.baseline_model_id == "llama-clip"
    assert [entry.model_id for entry in opened.manifest.expected] == [
        "llama-clip",
        "llava",
        "llama-siglip",
        "llama-clip-b",
    ]


def test_keys_are_unique_and_references_lead_somewhere(results: Path) -> None:
    tables = {name: Results(results).read(name) for name in TABLES}
    for name, spec in TABLES.items():
        keys = tables[name].select(list(spec.key)).group_by(list(spec.key)).aggregate([])
        assert keys.num_rows == tables[name].num_rows, name
    neighbors = tables["neighbors"]
    used = set(pc.unique(neighbors["context_id"]).to_pylist()) - {None}
    assert used == set(tables["contexts"]["context_id"].to_pylist())
    canvases = set(tables["canvases"]["canvas_id"].to_pylist())
    assert canvases == set(tables["samples"]["canvas_id"].to_pylist())
    # 4 models x 3 images x 3 layers x 16 cells, each with 5 neighbours of 3 lenses, one ranked twice
    assert tables["cells"].num_rows == 4 * 3 * 3 * 16
    assert neighbors.num_rows == tables["cells"].num_rows * 4 * 5


def test_scores_are_in_range_and_fall_with_rank(results: Path) -> None:
    rows = Results(results).read("neighbors").to_pylist()
    for before, after in pairwise(rows):
        ranked_by = "percentile" if after["lens"] == PERCENTILE_LENS else "score"
        assert after["rank"] == 1 or before[ranked_by] >= after[ranked_by]
    for row in rows:
        assert (row["probability"] is None) == (row["lens"] != "logit")
        assert (row["text_layer"] is None) == (row["lens"] in ("embedding", "logit"))
        assert (row["percentile"] is None) == (row["lens"] != PERCENTILE_LENS)
        if row["lens"] != "logit":
            assert -1 <= row["score"] <= 1
    assert {row["text_layer"] for row in rows} - {None} <= {1, 3}


def test_contexts_hold_the_neighbours_token_at_its_place(results: Path) -> None:
    opened = Results(results)
    contexts = {row["context_id"]: row for row in opened.read("contexts").to_pylist()}
    found = [row for row in opened.read("neighbors").to_pylist() if row["text_layer"] is not None]
    for row in found:
        context = contexts[row["context_id"]]
        inside = context["text"][context["char_start"] : context["char_end"]]
        assert inside.casefold() == row["token"].strip().removeprefix("##")


def test_first_layer_and_last_layer_have_the_statistics_that_they_must(results: Path) -> None:
    for row in Results(results).read("cells").to_pylist():
        if row["vision_layer"] == 0:
            assert row["cosine_to_layer_0"] == pytest.approx(1, abs=1e-5)
        if row["vision_layer"] == 3:
            assert row["kl_to_final"] == pytest.approx(0, abs=1e-5)
        assert row["norm"] > 0


def test_a_second_run_computes_nothing(study_file: Path, results: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*.parquet")}
    run_study(load_study(study_file), results, num_images=3)
    assert {path: path.stat().st_mtime_ns for path in results.rglob("*.parquet")} == before


def test_more_images_and_models_add_to_what_is_there(study_file: Path, results: Path, tmp_path: Path) -> None:
    grown = tmp_path / "grown"
    run_study(load_study(study_file), grown, num_images=2, ablations=False)
    assert set(Results(grown).read("models")["model_id"].to_pylist()) == {
        "llama-clip",
        "llama-siglip",
        "llava",
    }
    kept = (grown / "neighbors/llava/logit-00000.parquet").stat().st_mtime_ns
    run_study(load_study(study_file), grown, num_images=3)
    assert (grown / "neighbors/llava/logit-00000.parquet").stat().st_mtime_ns == kept
    assert content(grown) == content(results)


def test_fewer_images_put_the_others_aside_until_they_are_wanted_again(
    study_file: Path, results: Path, tmp_path: Path
) -> None:
    folder, study = shutil.copytree(results, tmp_path / "copy"), load_study(study_file)
    run_study(study, folder, num_images=2, ablations=False)
    assert Results(folder).read("images").num_rows == 2
    assert set(Results(folder).read("neighbors")["image_id"].to_pylist()) == {"tune-0000", "tune-0001"}
    assert not (folder / "neighbors/llama-clip/logit-00001.parquet").exists()
    captures = Results(folder).read("runs").filter(pc.field("stage") == "capture").num_rows
    run_study(study, folder, num_images=3)
    assert content(folder) == content(results)
    assert Results(folder).read("runs").filter(pc.field("stage") == "capture").num_rows == captures


def test_a_plan_stays_until_what_it_shows_has_changed(
    study_file: Path, results: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(results, tmp_path / "tiny")
    make_judge_plan(folder, PlanSettings(patches=3, models=("llava",)))
    path = folder / "judge_items" / "sample" / "llava.parquet"
    before = path.read_bytes()
    run_study(load_study(study_file), folder, num_images=4)  # more images change nothing of the first three
    assert path.read_bytes() == before
    said = _Listening()
    run_study(load_study(study_file), folder, num_images=1, progress=said)
    assert not path.exists()
    assert "judge_items/sample/llava.parquet: what was judged has changed" in " ".join(said.lines)
    run_study(load_study(study_file), folder, num_images=4)
    assert path.read_bytes() == before
    assert Results(folder).read("judge_items").num_rows == 3


class _Listening(SilentProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_a_killed_run_resumes_to_the_tables_of_an_unbroken_one(
    study_file: Path, results: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    code = (
        "import sys; from pathlib import Path; from data_pipeline.run import run_study; "
        "from data_pipeline.study import load_study; "
        "run_study(load_study(sys.argv[1]), Path(sys.argv[2]), num_images=3)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(study_file), str(broken)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    wait_for_parts(broken, 3, process)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    parts = len(list((broken / "neighbors").rglob("*.parquet")))
    assert 0 < parts < len(list((results / "neighbors").rglob("*.parquet"))), (
        "killed too late to show anything"
    )
    run_study(load_study(study_file), broken, num_images=3)
    assert content(broken) == content(results)


def test_a_run_whose_disk_is_full_midway_resumes_to_the_same_tables(
    study_file: Path, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"

    def filling_disk(_descriptor: int) -> None:
        if len(list(broken.glob("neighbors/*/*.parquet"))) >= 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", filling_disk)
        with pytest.raises(OSError, match="No space left") as caught:
            run_study(load_study(study_file), broken, num_images=3)
    assert caught.value.errno == errno.ENOSPC
    assert Path(caught.value.filename).is_relative_to(broken)
    written = [part for part in read_manifest(broken).parts if part.startswith("neighbors/")]
    assert 0 < len(written) < len(list((results / "neighbors").rglob("*.parquet")))
    assert changed_parts(Results(broken)) == []
    assert list(broken.rglob("*.partial")) == []
    run_study(load_study(study_file), broken, num_images=3)
    assert content(broken) == content(results)


def wait_for_parts(folder: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while len(list(folder.glob("neighbors/*/*.parquet"))) < count:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("count", [0, -1, 401])
def test_a_number_of_images_that_there_is_not(study_file: Path, tmp_path: Path, count: int) -> None:
    with pytest.raises(InputError, match=rf"{count} images asked for, but .* has 400"):
        run_study(load_study(study_file), tmp_path / "results", num_images=count)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('[0, 1, "N"]', "[0, 9]", "model 'llama-clip': vision layer 9 does not exist: the LLM has 3 blocks"),
        ('layers = [1, "N"]', 'layers = ["N-7"]', "model 'llama-clip': text layer -4 does not exist"),
        ('"llms/llama"', '"llms/missing"', "model 'llama-clip', llm: .*missing: no such folder"),
        ('"llms/llama"', '"encoders/clip"', "class 'clip_vision_model' is not known"),
        ('"encoders/clip"', '"llms/llama"', "class 'llama' is not a vision encoder"),
        ('"connectors/b"', '"encoders/clip"', "encoders/clip: cannot be loaded"),
        ('"vlms/llava"', '"llms/llama"', "model of type 'llama' is not known; known: gemma3"),
        (
            '"vlms/llava"',
            '"toy:vlms/nothing"',
            "nothing: no such folder, expected one of the shipped toy models",
        ),
        ('"corpus.txt"', '"missing.txt"', "missing.txt"),
        ('split = "tune"', 'split = "holidays"', "unknown split 'holidays'"),
    ],
)
def test_what_is_wrong_with_a_study_shows_before_anything_is_written(
    study_file: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = study_file.read_text()
    assert old in text
    changed = study_file.with_name("changed.toml")
    changed.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=message):
        run_study(load_study(changed), tmp_path / "results", num_images=1)
    assert not (tmp_path / "results").exists()


def test_somebodys_files_are_left_alone(study_file: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match="holds files that are not V-Lens results"):
        run_study(load_study(study_file), tmp_path, num_images=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_other_weights_under_the_same_name_are_computed_again(study_file: Path, tmp_path: Path) -> None:
    study_folder = shutil.copytree(study_file.parent, tmp_path / "study")
    study, folder = load_study(study_folder / "study.toml"), tmp_path / "results"
    run_study(study, folder, num_images=1, ablations=False)
    before = content(folder)
    save_llm(study_folder / "llms" / "llama", seed=9)
    run_study(study, folder, num_images=1, ablations=False)
    after = content(folder)
    changed = {name for name in TABLES if name != "runs" and before[name] != after[name]}
    assert changed == {"cells", "models", "neighbors", "samples", "contexts", "judgments"} or changed == {
        "cells",
        "models",
        "neighbors",
        "samples",
        "judgments",
    }


def test_context_ids_are_computed_once_for_each_llm(
    study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[tuple[str, str, int]] = []
    monkeypatch.setattr("data_pipeline.text_index.index.context_id", lambda *place: hashed.append(place) or 1)
    loader = Loader(make_plan(load_study(study_file), 1, ablations=False), tmp_path, SilentProgress())
    first, *_ = units = [
        Unit.of(loader, model, ["contextual"]) for model in loader.plan.computing_order for _ in range(2)
    ]
    assert [unit.llm.llm_id for unit in units] == ["llama"] * 4 + ["llava"] * 2
    for unit in units:
        unit.contextual(torch.randn(2, 32), 2)
    assert [unit.contextual is first.contextual for unit in units] == [True] * 4 + [False] * 2
    assert len(hashed) == len(set(hashed)) > 20


def best_by_cell(results: Results, lens: str) -> dict[tuple[object, ...], tuple[int, float]]:
    """Token id and score of rank 1 by model, vision layer and cell of the first image."""
    return {
        (row["model_id"], row["vision_layer"], row["cell"]): (row["token_id"], row["score"])
        for row in results.read("neighbors").to_pylist()
        if (row["lens"], row["rank"], row["image_id"]) == (lens, 1, "tune-0000")
    }


def test_half_precision_finds_what_float32_finds(study_file: Path, results: Path, tmp_path: Path) -> None:
    dtype = "bfloat16"
    study = load_study(study_file).model_copy(update={"dtype": dtype})
    run_study(study, tmp_path / "results", num_images=1)
    opened = Results(tmp_path / "results")
    assert list(gaps(opened)) == []
    assert set(opened.read("models")["dtype"].to_pylist()) == {dtype}
    for lens in LENSES:
        found, expected = best_by_cell(opened, lens), best_by_cell(Results(results), lens)
        assert found.keys() == expected.keys()
        same = sum(found[cell][0] == expected[cell][0] for cell in expected) / len(expected)
        assert same > 0.9, lens
        largest = max(abs(score) for _, score in expected.values())
        for cell, (_, score) in expected.items():
            assert found[cell][1] == pytest.approx(score, abs=0.1 * largest), (lens, cell)
    scores = torch.tensor([score for _, score in best_by_cell(opened, "logit").values()])
    assert (scores != scores.to(getattr(torch, dtype)).float()).float().mean() > 0.9  # not rounded to it


def test_another_image_is_never_the_same_and_follows_from_its_key() -> None:
    chosen = [another_image(0, index, 5) for index in range(5)]
    assert all(other != index and 0 <= other < 5 for index, other in enumerate(chosen))
    assert chosen == [another_image(0, index, 5) for index in range(5)]
    assert another_image(0, 0, 1) is None
