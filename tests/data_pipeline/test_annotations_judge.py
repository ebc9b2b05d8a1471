"""The judge on a scene drawn by hand: every verdict is known beforehand."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.judges.annotations import AnnotationsJudge
from data_pipeline.judges.ground_truth import Region, cell_truth, coverage
from data_pipeline.schema import CANVASES, CONTEXTS, JUDGMENTS, NEIGHBORS, REGIONS, SAMPLES, conform

# Source 40 x 20 pixels, drawn at twice its size on a canvas of 80 x 80 whose lower half is padding: cells of
# 20 x 20 canvas pixels, so a cell is 10 x 10 source pixels. Row 0 is sky, row 1 is meadow, a house stands on
# the left with its left half in cell 0 and all of cell 4; a mushroom's mask is the right half of cell 6.
CANVAS = {
    "canvas_id": "canvas-scene",
    "image_id": "scene",
    "media_type": "image/png",
    "bytes": b"",
    "width": 80,
    "height": 80,
    "rows": 4,
    "cols": 4,
    "cell_width": 20.0,
    "cell_height": 20.0,
    "grid_x": 0.0,
    "grid_y": 0.0,
    "affine": [2.0, 0.0, 0.0, 0.0, 2.0, 0.0],
    "padding": [0.0] * 8 + [1.0] * 8,
}


def right_half() -> bytes:
    mask = Image.new("1", (10, 10))
    mask.paste(1, (5, 0, 10, 10))
    with io.BytesIO() as file:
        mask.save(file, "PNG")
        return file.getvalue()


def region(
    number: int, kind: str, words: str, attributes: str, box: tuple, image: str = "scene", **more: Any
):
    x0, y0, x1, y1 = box
    row = {"image_id": image, "region": number, "kind": kind, "words": words.split(), "mask": None, **more}
    return {**row, "attributes": attributes.split(), "x0": x0, "y0": y0, "x1": x1, "y1": y1}


SCENE = [
    region(0, "background", "sky", "blue", (0, 0, 40, 10)),
    region(1, "background", "meadow grass", "green", (0, 10, 40, 20)),
    region(2, "object", "house", "red striped", (0, 0, 10, 20), mask=None),
    region(3, "object", "mushroom", "brown", (20, 10, 30, 20), mask=right_half()),
]


def table(spec: Any, rows: list[dict[str, Any]]) -> pa.Table:
    return conform(spec.name, pa.Table.from_pylist(rows, schema=spec.schema))


def neighbors(
    cells: dict[int, str], image: str = "scene", lens: str = "embedding", **more: Any
) -> list[dict]:
    keys = {"model_id": "m", "image_id": image, "lens": lens, "vision_layer": 2, "score": 0.5, **more}
    return [
        {**keys, "cell": cell, "rank": rank, "token": token}
        for cell, words in cells.items()
        for rank, token in enumerate(words.split("|"), 1)
    ]


def canvas_of(image: str) -> dict[str, Any]:
    return {**CANVAS, "canvas_id": f"canvas-{image}", "image_id": image}


def samples(*images: str) -> pa.Table:
    keys = [{"model_id": "m", "image_id": image, "canvas_id": f"canvas-{image}"} for image in images]
    return table(SAMPLES, [*keys, {"model_id": "other", "image_id": "else", "canvas_id": "canvas-else"}])


def judge(rows: list[dict], regions: list[dict] = SCENE, contexts: tuple = (), seed: int = 0) -> list[dict]:
    images = sorted({row["image_id"] for row in regions})
    judge = AnnotationsJudge(
        table(REGIONS, regions), table(CANVASES, [canvas_of(name) for name in images]), seed
    )
    judged = judge.judge(table(NEIGHBORS, rows), table(CONTEXTS, list(contexts)), samples(*images))
    return conform("judgments", judged).sort_by([(key, "ascending") for key in JUDGMENTS.key]).to_pylist()


def test_concrete_global_and_neither() -> None:
    verdicts = judge(neighbors({1: "Skies| blue|house|of|the", 2: "the|of", 4: "##house|zebra|houses"}))
    assert [row["cell"] for row in verdicts] == [1, 2, 4]
    one, two, four = verdicts
    assert (one["concrete_words"], one["global_words"]) == (["Skies", "blue"], ["house"])
    assert one["candidates"] == ["Skies", "blue", "house", "of", "the"]
    assert (one["status"], one["interpretable"]) == ("ok", True)
    assert (two["interpretable"], two["concrete_words"], two["global_words"]) == (False, [], [])
    assert (four["interpretable"], four["concrete_words"]) == (True, ["house", "houses"])
    assert one["judge"] == "annotations" and one["abstract_words"] == [] and one["judge_model"] is None


def test_words_elsewhere_alone_are_enough() -> None:
    (verdict,) = judge(neighbors({3: "striped|of"}))
    assert (verdict["interpretable"], verdict["concrete_words"], verdict["global_words"]) == (
        True,
        [],
        ["striped"],
    )


def test_truth_of_cells_filled_by_one_region() -> None:
    rows = neighbors({1: "blue", 4: "stripes", 5: "grass", 6: "mushroom", 7: "house", 12: "house"})
    verdicts = {row["cell"]: row for row in judge(rows)}
    summary = {
        cell: (row["truth_kind"], row["names_truth"], row["names_noun"]) for cell, row in verdicts.items()
    }
    assert summary == {
        1: ("background", True, False),
        4: ("object", True, False),
        5: ("background", True, True),
        6: ("background", False, False),  # the whole cell is meadow, the mushroom covers just half of it
        7: ("background", False, False),
        12: ("padding", None, None),
    }
    assert verdicts[6]["concrete_words"] == ["mushroom"]


def test_mixed_cells_have_no_truth() -> None:
    half = [region(0, "background", "sky", "", (0, 0, 5, 10)), region(1, "object", "cat", "", (5, 0, 10, 10))]
    (verdict,) = judge(neighbors({0: "cat|sky"}), half)
    assert verdict["truth_kind"] == "mixed"
    assert verdict["concrete_words"] == ["cat", "sky"]
    assert (verdict["names_truth"], verdict["truth_chance_trials"]) == (None, None)


def test_padding_is_skipped_not_failed() -> None:
    (verdict,) = judge(neighbors({8: "house|sky"}))
    assert (verdict["status"], verdict["interpretable"]) == ("skipped", None)
    assert (verdict["concrete_words"], verdict["global_words"]) == ([], [])
    assert (verdict["chance_hits"], verdict["chance_trials"]) == (None, None)


def test_contextual_candidates_are_whole_words_of_their_sentences() -> None:
    text = "a brown mushroom </script> here"
    contexts = [
        {"context_id": 11, "llm": "t", "text": text, "position": 3, "char_start": 12, "char_end": 16},
        {"context_id": 12, "llm": "t", "text": text, "position": 2, "char_start": 8, "char_end": 12},
        {"context_id": 13, "llm": "t", "text": text, "position": 4, "char_start": 17, "char_end": 18},
        {"context_id": 14, "llm": "t", "text": "unused", "position": 0, "char_start": 0, "char_end": 1},
        {"context_id": 15, "llm": "t", "text": text, "position": None, "char_start": None, "char_end": None},
    ]
    tokens = [("##room", 11), ("mush", 12), ("<", 13), ("▁brown", 15)]
    rows = [
        {**row, "token": token, "context_id": number, "rank": rank, "text_layer": 1}
        for rank, (token, number) in enumerate(tokens, 1)
        for row in neighbors({6: ""}, lens="contextual")
    ]
    (verdict,) = judge(rows, contexts=contexts)
    assert verdict["candidates"] == ["mushroom", "mushroom", "<", "brown"]
    assert verdict["concrete_words"] == ["mushroom", "brown"]
    with pytest.raises(InputError, match="context 11 of a neighbour is missing"):
        judge(rows, contexts=contexts[1:])


def test_pieces_of_words_alone_name_nothing() -> None:
    (verdict,) = judge(neighbors({6: "##room|mush"}))
    assert (verdict["candidates"], verdict["interpretable"]) == (["room", "mush"], False)


def others(count: int, red: int) -> list[dict]:
    """Images of a sky and of cats, of which the first `red` are red."""
    return [
        row
        for number in range(count)
        for row in (
            region(0, "background", "sky", "grey", (0, 0, 40, 10), f"other-{number:02}"),
            region(
                1, "object", "cat", "red" if number < red else "black", (0, 10, 40, 20), f"other-{number:02}"
            ),
        )
    ]


def test_chance_is_counted_on_all_of_few_other_images() -> None:
    rows = neighbors({0: "red", 1: "sky|of", 2: "of", 4: "red"})
    verdicts = {row["cell"]: row for row in judge(rows, SCENE + others(5, red=2))}
    assert {row["chance_trials"] for row in verdicts.values()} == {5}
    assert {cell: row["chance_hits"] for cell, row in verdicts.items()} == {0: 2, 1: 5, 2: 0, 4: 2}
    assert {row["truth_chance_trials"] for row in verdicts.values()} == {5}
    assert {cell: row["truth_chance_hits"] for cell, row in verdicts.items()} == {0: 2, 1: 5, 2: 0, 4: 2}


def test_chance_of_a_noun_leaves_out_what_only_a_colour_hits() -> None:
    rows = neighbors({0: "cats|of", 1: "grey", 3: "sky", 4: "red", 5: "of", 9: "sky"})
    verdicts = {row["cell"]: row for row in judge(rows, SCENE + others(5, red=2))}
    counts = {
        cell: (row["truth_chance_hits"], row["noun_chance_hits"], row["truth_chance_trials"])
        for cell, row in verdicts.items()
    }
    assert counts.pop(9) == (None, None, None)  # padding
    assert counts == {0: (5, 5, 5), 1: (5, 0, 5), 3: (5, 5, 5), 4: (2, 0, 5), 5: (0, 0, 5)}


def test_chance_takes_eight_of_many_images_by_seed_and_not_by_order() -> None:
    rows = neighbors({0: "red", 4: "red"})
    regions = SCENE + others(40, red=20)
    first, again = judge(rows, regions), judge(rows[::-1], regions[::-1])
    assert first == again
    assert {(row["chance_trials"], row["truth_chance_trials"]) for row in first} == {(8, 8)}
    by_seed = {
        tuple((row["chance_hits"], row["truth_chance_hits"]) for row in judge(rows, regions, seed=seed))
        for seed in range(6)
    }
    assert len(by_seed) > 1
    assert judge(rows[:1], regions) == first[:1]  # what else is judged does not matter


def test_one_image_alone_has_no_chance() -> None:
    (verdict,) = judge(neighbors({4: "house"}))
    counts = ("chance_hits", "chance_trials", "truth_chance_hits", "truth_chance_trials", "noun_chance_hits")
    assert [verdict[name] for name in counts] == [0, 0, 0, 0, 0]


def test_images_without_regions_are_not_judged() -> None:
    assert judge(neighbors({0: "sky"}, image="else")) == []
    assert judge([]) == []


def test_a_cell_outside_the_grid_is_refused() -> None:
    with pytest.raises(InputError, match="image scene has no cell 16, its canvas has 16"):
        judge(neighbors({16: "sky"}))


def bare_region(box: tuple[float, float, float, float], mask: bytes | None = None) -> Region:
    return Region(0, "scene", True, frozenset(), frozenset(), box, mask)


@pytest.mark.parametrize(
    ("affine", "box", "expected"),
    [
        ([2, 0, 0, 0, 2, 0], (0, 0, 10, 10), {0: 1.0}),
        ([2, 0, 0, 0, 2, 0], (5, 5, 15, 15), {0: 0.25, 1: 0.25, 4: 0.25, 5: 0.25}),
        ([1, 0, 10, 0, 1, 5], (0, 0, 10, 10), {0: 0.25}),  # smaller, moved: 10 x 10 of a cell's 20 x 20
        ([-2, 0, 80, 0, 2, 0], (0, 0, 10, 10), {3: 1.0}),  # mirrored
        ([4 / 3, 0, 0, 0, 2, 0], (0, 0, 7.5, 10), {0: 0.5}),  # cells that end between pixels
        ([2, 0, -60, 0, 2, 0], (0, 0, 35, 10), {0: 0.5}),  # most was cropped away
    ],
)
def test_coverage_is_exact_through_the_map(affine: list, box: tuple, expected: dict[int, float]) -> None:
    shares = coverage({**CANVAS, "affine": affine}, bare_region(box))
    assert {cell: share for cell, share in enumerate(shares.round(6).tolist()) if share} == pytest.approx(
        expected
    )


def test_coverage_counts_the_mask_not_the_box() -> None:
    shares = coverage(CANVAS, bare_region((20, 10, 30, 20), right_half()))
    assert shares[6] == pytest.approx(0.5) and shares.sum() == pytest.approx(0.5)


def test_coverage_of_other_grids() -> None:
    canvas = {**CANVAS, "rows": 2, "cols": 3, "cell_width": 28, "cell_height": 14, "grid_x": 1, "grid_y": 2}
    shares = coverage({**canvas, "affine": [1, 0, 0, 0, 1, 0]}, bare_region((29, 2, 85, 9)))
    assert shares.tolist() == pytest.approx([0, 0.5, 0.5, 0, 0, 0])


def test_a_turned_canvas_or_a_foreign_mask_is_refused() -> None:
    with pytest.raises(InputError, match="turns or shears"):
        cell_truth({**CANVAS, "affine": [0, 1, 0, 1, 0, 0]}, (bare_region((0, 0, 1, 1)),))
    with pytest.raises(InputError, match="mask of 10 x 10 pixels for a box of 9 x 10"):
        coverage(CANVAS, bare_region((0, 0, 9, 10), right_half()))
    with pytest.raises(InputError, match="not a PNG"):
        coverage(CANVAS, bare_region((0, 0, 10, 10), b"<script>"))


def test_a_whole_model_is_judged_in_a_fraction_of_a_second() -> None:
    regions = SCENE + others(9, red=4)
    images = sorted({row["image_id"] for row in regions})
    rng = np.random.default_rng(0)
    words = np.array(["sky", "house", "of", "##room", "red", "zebra", "Ġgrey", "a", "cats", "."])
    keys = np.array(np.meshgrid(range(10), range(7), range(16), range(5), indexing="ij")).reshape(4, -1)
    rows = pa.table(
        {
            "model_id": ["m"] * keys.shape[1],
            "image_id": np.array(images)[keys[0]],
            "lens": ["logit"] * keys.shape[1],
            "vision_layer": keys[1],
            "cell": keys[2],
            "rank": keys[3] + 1,
            "token": words[rng.integers(0, 10, keys.shape[1])],
            "token_id": pa.nulls(keys.shape[1]),
            "score": np.zeros(keys.shape[1]),
            "probability": pa.nulls(keys.shape[1]),
            "text_layer": pa.nulls(keys.shape[1]),
            "context_id": pa.nulls(keys.shape[1]),
        }
    )
    judge = AnnotationsJudge(table(REGIONS, regions), table(CANVASES, [canvas_of(name) for name in images]))
    start = time.perf_counter()
    judged = judge.judge(conform("neighbors", rows), table(CONTEXTS, []), samples(*images))
    assert len(judged) == 10 * 7 * 16
    assert time.perf_counter() - start < 2  # generous: 1 120 cells take about 20 ms
