"""Completeness is a difference against the manifest, and integrity is said in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from data_pipeline.completeness import changed_parts, expected_blocks, gaps, present_blocks
from data_pipeline.errors import InputError
from data_pipeline.integrity import inspect
from data_pipeline.manifest import Manifest
from data_pipeline.schema import TABLES
from data_pipeline.store import Results, ResultsWriter, read_manifest

LOGIT = "neighbors/alpha-round/logit.parquet"
VERDICTS = "judgments/alpha-round/logit.parquet"


def change(folder: Path, path: str, edit: Callable[[pa.Table], pa.Table]) -> None:
    """Write a part again as `edit` makes it, through the writer."""
    writer = ResultsWriter(folder, read_manifest(folder))
    writer.write_part(path, edit(pq.read_table(folder / path, partitioning=None)))


def drop(folder: Path, path: str) -> None:
    """Forget a part, as if it had never been computed."""
    manifest = read_manifest(folder)
    ResultsWriter(folder, manifest).drop_stale_parts(set(manifest.parts) - {path})


def test_the_matrix_of_the_tiny_study(tiny_results: Path) -> None:
    results = Results(tiny_results)
    assert len(expected_blocks(results)) == 6 * 3 * 3 * 2
    assert expected_blocks(results) - present_blocks(results) == {
        ("shelf", image, lens, layer)
        for image in ("scene-0", "scene-1")
        for lens, layer in [("embedding", 0), ("embedding", 2), ("embedding", 4), ("logit", 2)]
    }


def test_a_declared_gap_has_its_reason_and_an_undeclared_one_has_none(tiny_results: Path) -> None:
    drop(tiny_results, LOGIT)
    reasons = {(gap.model_id, gap.lens): gap.reason for gap in gaps(Results(tiny_results))}
    assert reasons == {
        ("alpha-round", "logit"): None,
        ("shelf", "embedding"): "the embedding matrix is <not> published",
        ("shelf", "logit"): "the run ended early",
    }


def test_changed_bytes_are_found(tiny_results: Path) -> None:
    path = tiny_results / LOGIT
    assert changed_parts(Results(tiny_results)) == []
    content = bytearray(path.read_bytes())
    content[20] ^= 0xFF
    path.write_bytes(bytes(content))
    assert changed_parts(Results(tiny_results)) == [LOGIT]


def test_a_complete_study_has_no_problems(tiny_results: Path) -> None:
    report = inspect(tiny_results)
    assert report.problems == ()
    assert report.summary == (
        "study tiny: 6 models, 2 images, 100 of 108 blocks (model × image × lens × vision layer)"
    )
    assert [line.split(":")[0] for line in report.declared] == [
        "model shelf, lens embedding",
        "model shelf, lens logit",
    ]


def _without(column: str, value: object) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.filter(pc.not_equal(table[column], value))


def _replace(column: str, old: object, new: object) -> Callable[[pa.Table], pa.Table]:
    def edit(table: pa.Table) -> pa.Table:
        values = [new if value == old else value for value in table[column].to_pylist()]
        place = table.schema.get_field_index(column)
        return table.set_column(
            place, table.schema.field(place), pa.array(values, table.schema.field(place).type)
        )

    return edit


PROBLEMS: dict[str, tuple[str, Callable[[pa.Table], pa.Table], str]] = {
    "a layer is missing": (
        LOGIT,
        _without("vision_layer", 2),
        "model alpha-round, lens logit: 2 blocks missing (vision layers 2; images scene-0, scene-1)",
    ),
    "a cell is missing": (
        LOGIT,
        _without("cell", 5),
        "model alpha-round, image scene-0, lens logit, vision layer 0: 5 cells up to number 4, expected 6",
    ),
    "a cell is beyond the grid": (
        LOGIT,
        _replace("cell", 5, 6),
        "model alpha-round, image scene-0, lens logit, vision layer 0: 6 cells up to number 6, expected 6",
    ),
    "a layer is not judged": (
        VERDICTS,
        _without("vision_layer", 4),
        "model alpha-round: judge annotations has not judged 2 of 18 blocks",
    ),
    "a row is there twice": (
        LOGIT,
        lambda table: pa.concat_tables([table, table.slice(0, 3)]),
        "table neighbors: 3 rows repeat the key "
        "(model_id, image_id, lens, vision_layer, cell, rank) of another row",
    ),
    "a sample is missing": (
        "samples/alpha-round.parquet",
        _without("image_id", "scene-1"),
        "model alpha-round: no row in table samples for 1 images",
    ),
    "an image is unknown": (
        "images/images.parquet",
        _without("image_id", "scene-1"),
        "table neighbors: 1 values of image_id, such as 'scene-1', are not in table images",
    ),
    "a model is unknown": (
        "models/models.parquet",
        _without("model_id", "beta-wide"),
        "table cells: 1 values of model_id, such as 'beta-wide', are not in table models",
    ),
    "a baseline is unknown": (
        "models/models.parquet",
        _replace("baseline_model_id", "alpha-round", "nobody"),
        "table models: 1 values of baseline_model_id, such as 'nobody', are not in table models",
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_is_wrong_is_said_in_words(tiny_results: Path, case: str) -> None:
    path, edit, sentence = PROBLEMS[case]
    change(tiny_results, path, edit)
    assert sentence in inspect(tiny_results).problems


def test_contexts_that_lead_nowhere_are_counted(tiny_results: Path) -> None:
    parts = read_manifest(tiny_results).parts
    (path,) = [
        path for path in parts if path.startswith("contexts/") and _llm(tiny_results / path) == "Shelf LLM"
    ]
    drop(tiny_results, path)
    problems = inspect(tiny_results).problems
    assert len(problems) == 1
    assert "values of context_id" in problems[0]
    assert "are not in table contexts" in problems[0]


def _llm(path: Path) -> str:
    return pq.read_table(path, columns=["llm"], partitioning=None)["llm"][0].as_py()


def test_a_value_that_is_not_finite_is_a_problem_and_the_other_checks_go_on(tiny_results: Path) -> None:
    manifest = read_manifest(tiny_results)
    table = _replace("rank", 5, 1)(pq.read_table(tiny_results / LOGIT, partitioning=None))
    scores = pa.array([math.nan, *table["score"].to_pylist()[1:]], pa.float32())
    place = table.schema.get_field_index("score")
    pq.write_table(table.set_column(place, table.schema.field(place), scores), tiny_results / LOGIT)
    _accept_size(tiny_results, manifest)
    problems = inspect(tiny_results).problems
    assert f"{LOGIT}: not the bytes that were written" in problems
    assert any("score is NaN at model_id alpha-round, image_id scene-0" in problem for problem in problems)


def _accept_size(folder: Path, manifest: Manifest) -> None:
    part = manifest.parts[LOGIT]
    content = manifest.dumps().replace(
        f'"bytes": {part.bytes}', f'"bytes": {(folder / LOGIT).stat().st_size}'
    )
    (folder / "manifest.json").write_text(content)


def test_an_unreadable_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        inspect(tmp_path / "nowhere")


def test_every_table_is_looked_at(tiny_results: Path) -> None:
    asked_or_trained = {"judges", "judge_items", "published_scores", "checkpoints", "training_losses"}
    there = {Path(path).parts[0] for path in read_manifest(tiny_results).parts}
    assert there == set(TABLES) - asked_or_trained
