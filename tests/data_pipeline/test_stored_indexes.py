"""Text indexes of earlier runs: used again for the same LLM, refused for another; built-in corpora."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from data_pipeline.corpus import everyday_sentences
from data_pipeline.errors import InputError
from data_pipeline.forecast.dry_run import dry_run
from data_pipeline.lenses.contextual import NOTES, STATED_NOTE
from data_pipeline.loading import Loader
from data_pipeline.plan import make_plan
from data_pipeline.progress import SilentProgress
from data_pipeline.rows import model_rows
from data_pipeline.run import run_study
from data_pipeline.store import Results
from data_pipeline.study import Study, load_study
from data_pipeline.text_index.stored import find_index
from tests.data_pipeline.tiny_models import save_llm
from tests.data_pipeline.tiny_vlm_study import write_tiny_vlm_study

_TEXT = 'text = { source = "lines", file = "corpus.txt", layers = [1, "N"], contexts_per_token = 4 }'


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of one composed model, with the contextual lens alone."""
    file = write_tiny_vlm_study(tmp_path_factory.mktemp("study"))
    text = file.read_text().replace("seed = 3", 'seed = 3\nlenses = ["contextual"]')
    first = text.split("[[model]]")
    file.write_text("[[model]]".join(first[:2]))
    return file


@pytest.fixture(scope="module")
def results(study_file: Path) -> Path:
    folder = study_file.parent / "results"
    run_study(load_study(study_file), folder, num_images=1)
    return folder


def with_text(study_file: Path, text: str, old: str = _TEXT) -> Study:
    assert old in study_file.read_text()
    file = study_file.with_name("other.toml")
    file.write_text(study_file.read_text().replace(old, text))
    return load_study(file)


def rows(folder: Path, table: str) -> list[dict[str, object]]:
    return Results(folder).read(table).to_pylist()


def the_index(results: Path) -> Path:
    (folder,) = (results / "_work" / "text_index").iterdir()
    return folder


@pytest.mark.parametrize("place", ["results", "the index itself", "a folder of indexes"])
def test_an_index_that_is_there_gives_the_neighbors_of_the_corpus(
    place: str, study_file: Path, results: Path, tmp_path: Path
) -> None:
    index = {"results": results, "the index itself": the_index(results)}
    chosen = index.get(place, the_index(results).parent)
    other = with_text(study_file, f'text = {{ source = "index", index = "{chosen}" }}')
    run_study(other, tmp_path / "results", num_images=1)
    assert rows(tmp_path / "results", "neighbors") == rows(results, "neighbors")
    assert rows(tmp_path / "results", "contexts") == rows(results, "contexts")
    (model,), (first,) = rows(tmp_path / "results", "models"), rows(results, "models")
    assert model["corpus"] == first["corpus"] == "corpus.txt (4 texts)"
    assert model["text_layers"] == first["text_layers"]
    assert not (tmp_path / "results" / "_work" / "text_index").exists(), "nothing was built again"


def test_an_llm_of_another_name_is_the_same_llm(study_file: Path, results: Path, tmp_path: Path) -> None:
    other = with_text(study_file, f'text = {{ source = "index", index = "{results}" }}')
    renamed = other.llm[0].model_copy(update={"id": "alpaca"})
    model = other.model[0].model_copy(update={"llm": "alpaca"})
    run_study(other.model_copy(update={"llm": (renamed,), "model": (model,)}), tmp_path, num_images=1)
    assert {row["llm"] for row in rows(tmp_path, "contexts")} == {"alpaca"}
    used = {row["context_id"] for row in rows(tmp_path, "neighbors")}
    assert used == {row["context_id"] for row in rows(tmp_path, "contexts")}


def test_another_index_gives_other_parts(study_file: Path, results: Path, tmp_path: Path) -> None:
    other = with_text(study_file, f'text = {{ source = "index", index = "{results}" }}')
    plan = make_plan(other, 1, ablations=True)
    copy = shutil.copytree(results, tmp_path / "results")
    manifest = the_index(copy) / "index.json"
    manifest.write_text(manifest.read_text().replace('"seed": 3', '"seed": 4'))
    changed = make_plan(with_text(study_file, f'text = {{ source = "index", index = "{copy}" }}'), 1, True)
    assert plan.contextual_hash(plan.models[0]) != changed.contextual_hash(changed.models[0])
    assert plan.capture_hash(plan.models[0]) == changed.capture_hash(changed.models[0])


def test_tables_say_that_the_model_of_an_imported_index_was_only_stated(
    study_file: Path, results: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(the_index(results), tmp_path / "index")
    named = with_text(study_file, f'text = {{ source = "index", index = "{copy}" }}')
    (row,) = model_rows(make_plan(named, 1, ablations=True)).to_pylist()
    assert row["contextual_note"] == NOTES["context"]
    header = (copy / "index.json").read_text()
    (copy / "index.json").write_text(header.replace('"model_stated": false', '"model_stated": true'))
    (row,) = model_rows(make_plan(named, 1, ablations=True)).to_pylist()
    assert row["contextual_note"] == f"{NOTES['context']}; {STATED_NOTE}"


def test_an_index_of_another_model_is_refused(study_file: Path, results: Path, tmp_path: Path) -> None:
    other = with_text(study_file, f'text = {{ source = "index", index = "{results}" }}')
    save_llm(tmp_path / "llms" / "llama", seed=7)
    llm = other.llm[0].model_copy(update={"path": str(tmp_path / "llms" / "llama")})
    with pytest.raises(
        InputError, match=r"text index of another model \(llama\), expected one of llama-clip's"
    ):
        make_plan(other.model_copy(update={"llm": (llm,)}), 1, ablations=True)


def test_what_is_no_index_is_said(results: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing: no such folder, expected an index"):
        find_index(tmp_path / "nothing", "x", "m")
    with pytest.raises(InputError, match=r"no text index in it"):
        find_index(tmp_path, "x", "m")
    origin = json.loads((the_index(results) / "index.json").read_text())["origin"]
    for name in ("a", "b"):
        shutil.copytree(the_index(results), tmp_path / name)
    with pytest.raises(InputError, match=r"2 text indexes of this model, name one of them: a, b"):
        find_index(tmp_path, origin["llm_hash"], "m")
    (tmp_path / "a" / "index.json").write_text("{}")
    with pytest.raises(InputError, match=r"index.json: not a text index"):
        find_index(tmp_path / "a", origin["llm_hash"], "m")


def test_a_damaged_index_stops_the_run(study_file: Path, results: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(the_index(results), tmp_path / "index")
    vectors = copy / "layer-001.safetensors"
    vectors.write_bytes(vectors.read_bytes()[:-4] + b"\0\0\0\1")
    plan = make_plan(with_text(study_file, f'text = {{ source = "index", index = "{copy}" }}'), 1, True)
    with pytest.raises(InputError, match="the text index is damaged"):
        Loader(plan, tmp_path, SilentProgress()).text_index(plan.models[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{ source = "index" }', "text: source 'index' needs the key 'index'"),
        ('{ source = "lines" }', "text: source 'lines' needs the key 'file'"),
        ('{ source = "everyday", index = "x" }', "text: key 'index' has no place with source 'everyday'"),
        (
            '{ source = "index", index = "x", sentences = 3 }',
            "text: key 'sentences' has no place with source",
        ),
    ],
)
def test_texts_that_cannot_be_meant(text: str, message: str, study_file: Path) -> None:
    with pytest.raises(InputError, match=message):
        with_text(study_file, f"text = {text}")


def test_the_everyday_sentences_are_plain_and_different() -> None:
    corpus = everyday_sentences()
    assert len(corpus) > 400
    assert all(text == text.strip() and text.isascii() for text in corpus.texts)
    assert len(set(" ".join(corpus.texts).split())) > 1000, "words"
    assert everyday_sentences(3).texts == corpus.texts[:3]


def test_a_dry_run_counts_what_is_to_be_read(study_file: Path, results: Path) -> None:
    assert (
        dry_run(with_text(study_file, 'text = { source = "everyday", sentences = 9 }'), 1, True).sentences
        == 9
    )
    assert dry_run(with_text(study_file, 'text = { source = "everyday" }'), 1, True).sentences == len(
        everyday_sentences()
    )
    indexed = with_text(study_file, f'text = {{ source = "index", index = "{results}" }}')
    assert dry_run(indexed, 1, True).sentences == 0
