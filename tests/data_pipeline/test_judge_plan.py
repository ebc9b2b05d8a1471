"""Plans: which cells are drawn, that they are the same for all who must share them, and what refuses them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data_pipeline.errors import InputError
from data_pipeline.integrity import inspect
from data_pipeline.judges.items import Item, check_fits, places_of, read_plan, table_of_items
from data_pipeline.judges.planning import PlanSettings, layer_number, make_plan
from data_pipeline.judges.sampling import draw_cells, eligible_cells
from data_pipeline.judges.shown import Shown, ShownLists
from data_pipeline.judges.shown_words import ShownWords, distinct
from data_pipeline.store import Results, ResultsWriter


def canvas(name: str, rows: int = 4, cols: int = 5, padded: tuple[int, ...] = ()) -> dict[str, object]:
    padding = [1.0 if cell in padded else 0.0 for cell in range(rows * cols)]
    return {"canvas_id": name, "image_id": f"image-{name}", "rows": rows, "cols": cols, "padding": padding}


CANVASES = [canvas("a"), canvas("b", padded=(0, 1, 2, 3, 4)), canvas("c", 3, 3)]


def test_padding_is_never_drawn_and_every_other_cell_is_in_the_end() -> None:
    drawn = draw_cells(CANVASES, 1000, seed=0)
    assert len(drawn) == len({(cell.canvas_id, cell.cell) for cell in drawn}) == 20 + 15 + 9
    assert all(cell.cell > 4 for cell in drawn if cell.canvas_id == "b")


def test_the_first_n_are_a_sample_too_and_other_canvases_change_nothing() -> None:
    long, short = draw_cells(CANVASES, 30, seed=1), draw_cells(CANVASES, 10, seed=1)
    assert long[:10] == short
    alone = draw_cells(CANVASES[:1], 100, seed=1)
    order = [cell.cell for cell in draw_cells(CANVASES, 100, seed=1) if cell.canvas_id == "a"]
    assert [cell.cell for cell in alone] == order
    assert [cell.cell for cell in draw_cells(CANVASES[:1], 100, seed=2)] != order


def test_cells_are_drawn_uniformly() -> None:
    counts = Counter(cell.cell for seed in range(400) for cell in draw_cells([CANVASES[2]], 3, seed))
    assert set(counts) == set(range(9))
    assert all(abs(count - 400 / 3) < 45 for count in counts.values())  # 4.7 standard deviations


def test_chance_is_tried_on_another_image() -> None:
    for cell in draw_cells(CANVASES, 50, seed=0):
        assert cell.null_image_id not in (None, cell.image_id)
        assert cell.null_image_id != "image-b" or (cell.null_cell or 0) > 4
    assert draw_cells(CANVASES[:1], 1, seed=0)[0].null_image_id is None


def test_a_whole_neighbourhood_leaves_out_what_touches_padding_or_the_edge() -> None:
    assert eligible_cells(canvas("a"), whole_neighbourhood=True) == [6, 7, 8, 11, 12, 13]
    assert eligible_cells(canvas("a", padded=(0,)), whole_neighbourhood=True) == [7, 8, 11, 12, 13]


def test_strata_take_turns() -> None:
    drawn = draw_cells(CANVASES[:1], 8, 0, stratum=lambda _, cell: "few" if cell < 3 else "many")
    assert [sorted(str(cell.stratum) for cell in drawn[at : at + 2]) for at in (0, 2, 4)] == [
        ["few", "many"]
    ] * 3
    assert [cell.stratum for cell in drawn[6:]] == ["many", "many"]


@pytest.mark.parametrize(("name", "number"), [("0", 0), ("N", 4), ("N-1", 3)])
def test_layers_have_numbers_and_names(name: str, number: int) -> None:
    assert layer_number(name, 4) == number


@pytest.mark.parametrize("name", ["last", "-1", "N-", "M-1", "1.5", ""])
def test_other_layers_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="expected numbers"):
        layer_number(name, 4)


def test_candidates_are_whole_words_or_marked() -> None:
    words = ShownWords(["A red dog, sitting."], [" red", "ation"])
    context = {"text": "an automatic door", "char_start": 3, "char_end": 7}
    assert words.shown(" auto", context) == "automatic"
    assert words.shown(" auto", {**context, "char_start": None, "char_end": None}) == "auto…"
    assert words.shown(" DOG") == "DOG"
    assert words.shown("ation") == "…ation"
    assert words.shown("##ing") == "…ing"
    assert words.shown(" 狗") == "狗"
    assert words.shown(" ,") == ","
    assert (words.shown(" "), words.shown(""), words.shown("\n")) == ("␣", "␣", "␣")
    assert ShownWords(["dog"], ["dog"]).shown("dog") == "dog"  # a tokenizer that marks no starts
    assert distinct(["Red", "dog", "red", "dog"]) == ["Red", "dog"]


def items(folder: Path) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in read_plan(Results(folder)):
        found.setdefault(item.model_id, []).append(item)
    return found


def test_models_of_one_canvas_share_their_cells(tiny_results: Path) -> None:
    drawn = make_plan(tiny_results, PlanSettings(patches=5))
    assert drawn.lists == 5 * (5 * 9 + 5)  # the sixth model lacks a lens, and another at one layer
    plan = items(tiny_results)
    cells = {
        model: [(i.image_id, i.cell, i.null_image_id, i.null_cell) for i in own]
        for model, own in plan.items()
    }
    assert cells["alpha-round"] == cells["beta-round"] == cells["alpha-round-linear"]
    assert cells["alpha-wide"] == cells["shelf"] != cells["alpha-round"]
    assert [item.position for item in plan["shelf"]] == list(range(5))
    assert plan["shelf"][0].lenses == ("logit", "contextual")  # the manifest declares one absent
    assert all(item.cell != 5 for item in plan["alpha-wide"])  # padding


def test_a_plan_grows_and_keeps_its_beginning(tiny_results: Path) -> None:
    make_plan(tiny_results, PlanSettings(patches=3, lenses=("logit",), vision_layers=("0", "N")))
    first = items(tiny_results)["alpha-round"]
    assert {item.vision_layers for item in first} == {(0, 4)}
    (tiny_results / "judge_answers" / "someone").mkdir(parents=True)
    (tiny_results / "judge_answers" / "someone" / "answers.jsonl").write_text("{}\n")
    make_plan(tiny_results, PlanSettings(patches=6))
    grown = items(tiny_results)["alpha-round"]
    assert [(i.image_id, i.cell) for i in grown[:3]] == [(i.image_id, i.cell) for i in first]
    with pytest.raises(InputError, match="was judged"):
        make_plan(tiny_results, PlanSettings(patches=6, seed=1))
    with pytest.raises(InputError, match="was judged"):
        make_plan(tiny_results, PlanSettings(patches=2))
    assert items(tiny_results)["alpha-round"] == grown


def test_a_plan_that_nobody_judged_is_replaced_whole(tiny_results: Path) -> None:
    make_plan(tiny_results, PlanSettings(patches=6))
    make_plan(tiny_results, PlanSettings(patches=2, seed=3, models=("shelf",)))
    assert set(items(tiny_results)) == {"shelf"}


def test_a_plan_is_refused_where_what_it_shows_has_changed(tiny_results: Path) -> None:
    make_plan(tiny_results, PlanSettings(patches=4))
    plan = read_plan(Results(tiny_results))
    lists = ShownLists(Results(tiny_results).paths, places_of(plan))
    check_fits(Results(tiny_results), plan, lists)
    change_neighbors(tiny_results, plan[0])
    lists = ShownLists(Results(tiny_results).paths, places_of(plan))
    with pytest.raises(InputError, match="made for other results of model alpha-round"):
        check_fits(Results(tiny_results), plan, lists)


def change_neighbors(folder: Path, item: Item, everywhere: bool = False) -> None:
    """Another token at the item's cell, or at all of its model's cells."""
    results = Results(folder)
    path = f"neighbors/{item.model_id}/logit.parquet"
    table = results.read("neighbors")
    own = table.filter(pc.and_(pc.equal(table["model_id"], item.model_id), pc.equal(table["lens"], "logit")))
    hit = pc.and_(pc.equal(own["cell"], item.cell), pc.equal(own["image_id"], item.image_id))
    hit = pc.or_(hit, pa.scalar(everywhere))
    tokens = pc.if_else(hit, pa.scalar(" other"), own["token"])
    column = own.schema.get_field_index("token")
    ResultsWriter(folder, results.manifest).write_part(path, own.set_column(column, "token", tokens))


def test_what_is_shown_is_hashed_cell_by_cell(tiny_results: Path) -> None:
    make_plan(tiny_results, PlanSettings(patches=4))
    plan = [item for item in read_plan(Results(tiny_results)) if item.model_id == "alpha-round"]
    before = ShownLists(Results(tiny_results).paths, places_of(plan))
    change_neighbors(tiny_results, plan[0])
    after = ShownLists(Results(tiny_results).paths, places_of(plan))
    for number, item in enumerate(plan):
        same = before.digest(item.own_keys()) == after.digest(item.own_keys())
        assert same == (number > 0)
    key = Shown("alpha-round", plan[0].image_id, "logit", 0, plan[0].cell)
    assert set(after.candidates(key)) == {"other…"}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (PlanSettings(models=("nobody",)), "model 'nobody': not in these results"),
        (PlanSettings(lenses=("nose",)), "lens 'nose'"),
        (PlanSettings(vision_layers=("3",)), "no neighbours of the lenses and layers"),
        (PlanSettings(plan="../up"), "plan '../up' cannot be used"),
    ],
)
def test_what_cannot_be_drawn_is_said(tiny_results: Path, settings: PlanSettings, complaint: str) -> None:
    before = (tiny_results / "manifest.json").read_bytes()
    with pytest.raises(InputError, match=complaint):
        make_plan(tiny_results, settings)
    assert (tiny_results / "manifest.json").read_bytes() == before


def test_items_must_lead_somewhere(tiny_results: Path) -> None:
    make_plan(tiny_results, PlanSettings(patches=1, models=("shelf",)))
    assert inspect(tiny_results).problems == ()
    results = Results(tiny_results)
    (item,) = read_plan(results)
    lost = replace(item, image_id="nowhere", null_cell=-1)
    writer = ResultsWriter(tiny_results, results.manifest)
    writer.write_part("judge_items/sample/shelf.parquet", table_of_items([lost]))
    problems = " ".join(inspect(tiny_results).problems)
    assert "table judge_items: 1 values of image_id, such as 'nowhere', are not in table images" in problems
    assert "null_cell is -1" in problems


def test_results_without_canvases_are_refused(tiny_results: Path) -> None:
    results = Results(tiny_results)
    ResultsWriter(tiny_results, results.manifest).drop_stale_parts(
        path for path in results.manifest.parts if not path.startswith("canvases/")
    )
    with pytest.raises(InputError, match="holds no canvases"):
        make_plan(tiny_results, PlanSettings())
