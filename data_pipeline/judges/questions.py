"""What people are asked: each different list of words at a cell once, whichever lenses and layers gave it.

Lenses and layers often give the same words at the same cell, and models share canvases. A person sees such a
question once and the answer counts for all of them, so nobody can tell, or be led by, where a list came from.
A question's id is a hash of what is shown; an answer cannot be taken for one to other words or another cell.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from data_pipeline.errors import InputError
from data_pipeline.judges.items import Item, check_fits, places_of, read_plan
from data_pipeline.judges.planning import layer_number
from data_pipeline.judges.shown import Shown, ShownLists
from data_pipeline.judges.shown_words import distinct
from data_pipeline.store import Results

ASKED = "What has each of these words to do with the patch in the red frame?"
RELATIONS = {
    "concrete": "the word names something that is seen inside the red frame: a thing or a part of it, "
    "a material, a colour, a texture, a shape, or written text",
    "abstract": "the word names an idea, activity, mood, function or kind that belongs to what is inside "
    "the red frame",
    "global": "the word names something that is seen elsewhere in the image, or the image as a whole",
}
"""Each relation as a person reads it; models are asked the same at greater length."""
MOST_QUESTIONS = 2000
"""Nobody answers more, and a page holds the canvases of all of them."""


@dataclass(frozen=True)
class Question:
    """One list of words at one cell."""

    plan: str
    question_id: str
    """16 hex digits."""
    canvas_id: str
    cell: int
    words: tuple[str, ...]
    """Different words, in the order of their first mention."""
    lists: tuple[Shown, ...]
    """The lists of neighbours that the answer counts for."""
    candidates: tuple[tuple[str, ...], ...]
    """The words of each of `lists` by rank."""


@dataclass(frozen=True)
class Choice:
    """Which part of a plan to ask about; empty means all of it."""

    plan: str | None = None
    patches: int | None = None
    """Cells of each model: the first ones of its sample."""
    lenses: Collection[str] = ()
    vision_layers: Collection[str] = ()
    """Numbers, or N, N-1, … for the last ones."""
    models: Collection[str] = ()


def read_questions(results: Results, choice: Choice) -> list[Question]:
    """The questions of a plan, in the order of their ids, which tells nothing of where they came from.

    Raises:
        InputError: no such plan, one that was made for other results or has no canvases, or a choice that
            leaves nothing to ask.
    """
    items = read_plan(results, choice.plan)
    lists = ShownLists(results.paths, places_of(items))
    check_fits(results, items, lists)
    found = _questions(chosen_lists(results, items, choice), lists)
    if not found:
        raise InputError(
            f"{results.folder}: plan {items[0].plan} has nothing to ask of these lenses and layers"
        )
    return found


def in_order(questions: Sequence[Question], seed: int) -> list[Question]:
    """The questions in an order that depends on `seed` and each question's id alone."""
    return sorted(questions, key=lambda question: _hash(seed, question.question_id, "order"))


def chosen_lists(results: Results, items: Sequence[Item], choice: Choice) -> list[tuple[Item, Shown]]:
    """The lists that are asked about, each with its item."""
    _check_known(choice.models, {item.model_id for item in items}, "model", results)
    _check_known(choice.lenses, {lens for item in items for lens in item.lenses}, "lens", results)
    depths = {row["model_id"]: row["num_layers"] for row in results.read("models").to_pylist()}
    layers = {
        model_id: {layer_number(name, depths[model_id]) for name in choice.vision_layers}
        for model_id in {item.model_id for item in items}
    }
    return [
        (item, key)
        for item in items
        if (not choice.models or item.model_id in choice.models)
        and (choice.patches is None or item.position < choice.patches)
        for key in item.own_keys()
        if (not choice.lenses or key.lens in choice.lenses)
        and (not choice.vision_layers or key.vision_layer in layers[key.model_id])
    ]


def _check_known(wanted: Collection[str], known: Collection[str], what: str, results: Results) -> None:
    if strange := sorted(set(wanted) - set(known)):
        there = ", ".join(sorted(known))
        raise InputError(f"{results.folder}: {what} {strange[0]!r} is not in the plan, which has {there}")


def _questions(chosen: Sequence[tuple[Item, Shown]], lists: ShownLists) -> list[Question]:
    shown: dict[str, list[tuple[Shown, tuple[str, ...]]]] = {}
    facts: dict[str, tuple[str, int, tuple[str, ...]]] = {}
    for item, key in chosen:
        if item.canvas_id is None:
            raise InputError(
                f"plan {item.plan}: has no canvas for image {item.image_id}, and people must see the pixels"
            )
        if not lists.has(key):
            continue
        candidates = lists.candidates(key)
        words = tuple(distinct(candidates))
        name = _hash(item.plan, item.canvas_id, item.cell, words)
        facts[name] = (item.canvas_id, item.cell, words)
        shown.setdefault(name, []).append((key, candidates))
    return [
        Question(
            chosen[0][0].plan,
            name,
            *facts[name],
            tuple(key for key, _ in shown[name]),
            tuple(candidates for _, candidates in shown[name]),
        )
        for name in sorted(shown)
    ]


def _hash(*key: object) -> str:
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
