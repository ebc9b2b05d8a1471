"""`vlens judge plan`: a sample of cells for each model of a results folder, stored as table `judge_items`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_pipeline.errors import InputError
from data_pipeline.folder_lock import written_by_one
from data_pipeline.judges.answer_folders import has_answers
from data_pipeline.judges.items import Item, digest_of, item_path, items_of, places_of, table_of_items
from data_pipeline.judges.sampling import DrawnCell, draw_cells
from data_pipeline.judges.shown import ShownLists
from data_pipeline.judges.strata import Stratification, stratum_by
from data_pipeline.schema import LENSES, STORED_LENSES, check_id
from data_pipeline.store import Results, ResultsWriter


@dataclass(frozen=True)
class PlanSettings:
    """What to draw; empty `lenses`, `vision_layers` and `models` mean all. Layers are numbers, N or N-1."""

    plan: str = "sample"
    patches: int = 100
    seed: int = 0
    stratify: Stratification | None = None
    whole_neighbourhood: bool = False
    lenses: tuple[str, ...] = ()
    vision_layers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class DrawnPlan:
    """The items of a plan; `lists`: how many lists of neighbours there are to judge at them."""

    items: list[Item]
    lists: int


def make_plan(folder: Path, settings: PlanSettings) -> DrawnPlan:
    """Draw the cells and write them into `folder`; a plan of this name may only grow once it was judged.

    Raises:
        InputError: no canvases, models, lenses or layers to draw from, or a plan of this name was judged
            and has other cells.
    """
    check_id(settings.plan, "plan")
    results = Results(folder)
    items = draw_plan(results, settings)
    with written_by_one(folder, "vlens command"):
        results = Results(folder)
        lists = ShownLists(results.paths, places_of(items))
        present = [_with_neighbors(item, lists) for item in items]
        items = [item for item in present if item.lenses and item.vision_layers]
        if not items:
            raise InputError(f"{folder}: no neighbours of the lenses and layers that were asked for")
        _check_grows(results, settings.plan, items)
        writer = ResultsWriter(folder, results.manifest)
        models = dict.fromkeys(item.model_id for item in items)
        parts = {item_path(settings.plan, model_id) for model_id in models}
        earlier = {path for path in writer.manifest.parts if path.startswith(f"judge_items/{settings.plan}/")}
        writer.drop_stale_parts(set(writer.manifest.parts) - (earlier - parts))
        for model_id in models:
            own = [item for item in items if item.model_id == model_id]
            path = item_path(settings.plan, model_id)
            writer.write_part(path, table_of_items(own), digest_of(own, lists))
        there = sum(lists.has(key) for item in items for key in item.own_keys())
    return DrawnPlan(items, there)


def draw_plan(results: Results, settings: PlanSettings) -> list[Item]:
    """The items, not yet held against the neighbours that there are."""
    canvases = {row["canvas_id"]: row for row in _without_bytes(results).to_pylist()}
    seen: dict[str, list[Mapping[str, Any]]] = {}
    for sample in results.read("samples").select(["model_id", "canvas_id"]).to_pylist():
        if sample["canvas_id"] in canvases:
            seen.setdefault(sample["model_id"], []).append(canvases[sample["canvas_id"]])
    if not seen:
        raise InputError(f"{results.folder}: holds no canvases, and a judge must see what the models saw")
    stratum = None
    if settings.stratify:
        stratum = stratum_by(settings.stratify, results.read("regions"), results.read("canvases"))
    models = {row["model_id"]: row for row in results.read("models").to_pylist()}
    items: list[Item] = []
    for model_id in _chosen(settings.models, seen, "model"):
        cells = draw_cells(
            seen[model_id], settings.patches, settings.seed, settings.whole_neighbourhood, stratum
        )
        layers = _layers(settings.vision_layers, models[model_id])
        lenses = tuple(_chosen(settings.lenses, STORED_LENSES, "lens")) if settings.lenses else LENSES
        items += [_item(settings.plan, model_id, n, cell, lenses, layers) for n, cell in enumerate(cells)]
    return items


def _without_bytes(results: Results) -> pa.Table:
    return results.read("canvases").drop_columns(["bytes"])


def _item(
    plan: str, model_id: str, position: int, cell: DrawnCell, lenses: tuple[str, ...], layers: tuple[int, ...]
) -> Item:
    return Item(
        plan=plan,
        model_id=model_id,
        image_id=cell.image_id,
        cell=cell.cell,
        canvas_id=cell.canvas_id,
        position=position,
        stratum=cell.stratum,
        lenses=lenses,
        vision_layers=layers,
        null_image_id=cell.null_image_id,
        null_cell=cell.null_cell,
    )


def _chosen(wanted: Collection[str], there: Collection[str], what: str) -> list[str]:
    if strange := [name for name in wanted if name not in there]:
        raise InputError(
            f"{what} {strange[0]!r}: not in these results, which have {', '.join(sorted(there))}"
        )
    return [name for name in there if not wanted or name in wanted]


def _layers(wanted: tuple[str, ...], model: Mapping[str, Any]) -> tuple[int, ...]:
    """The vision layers of `wanted` that the model's results hold; all where none is asked for."""
    if not wanted:
        return tuple(model["vision_layers"])
    numbers = {layer_number(name, model["num_layers"]) for name in wanted}
    return tuple(layer for layer in model["vision_layers"] if layer in numbers)


def layer_number(name: str, num_layers: int) -> int:
    """The vision layer that `name`, such as 3, N or N-1, means for an LLM of `num_layers` blocks.

    Raises:
        InputError: `name` is none of these.
    """
    head, minus, rest = name.strip().partition("-")
    if head.isdecimal() and not minus:
        return int(head)
    if head == "N" and (not minus or rest.isdecimal()):
        return num_layers - int(rest or 0)
    raise InputError(f"--layers: {name!r}, expected numbers from 0, or N, N-1, … for the last ones")


def _with_neighbors(item: Item, lists: ShownLists) -> Item:
    """The item with only the lenses and layers that have neighbours at its cell."""
    there = [key for key in item.own_keys() if lists.has(key)]
    lenses = tuple(lens for lens in item.lenses if any(key.lens == lens for key in there))
    layers = {key.vision_layer for key in there}
    return replace(
        item, lenses=lenses, vision_layers=tuple(layer for layer in item.vision_layers if layer in layers)
    )


def _check_grows(results: Results, plan: str, items: list[Item]) -> None:
    """Nobody changes what was judged: the new plan holds the old one, or nothing was asked yet."""
    old = [item for item in items_of(results.read("judge_items")) if item.plan == plan]
    judged = has_answers(results)
    new = {(item.model_id, item.position): item for item in items}
    for item in old if judged else ():
        other = new.get((item.model_id, item.position))
        if other is None or not _holds(other, item):
            raise InputError(
                f"{results.folder}: plan {plan} is there with other cells, and was judged; name this one "
                "otherwise with --plan"
            )


def _holds(new: Item, old: Item) -> bool:
    return (
        (new.image_id, new.cell, new.canvas_id) == (old.image_id, old.cell, old.canvas_id)
        and (new.null_place == old.null_place)
        and set(old.lenses) <= set(new.lenses)
        and set(old.vision_layers) <= set(new.vision_layers)
    )
