"""What a model is asked about a plan: each different question once, whichever lists it stands for.

A question is what is shown: prompt, model that judges, canvas, cell and words. Layers, lenses and models of
the study that give the same words at the same cell share one question and its answer, so nothing is paid
twice, and an answer can never be taken for one to something else. Marks of pieces do not count: a study whose
texts grow keeps its answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data_pipeline.errors import InputError
from data_pipeline.judges.items import Item
from data_pipeline.judges.prompt import Prompt
from data_pipeline.judges.shown import Shown, ShownLists
from data_pipeline.judges.shown_words import distinct, unmarked


@dataclass(frozen=True)
class Asked:
    """One question. `name` is a hash of it, 16 hex digits; `about` the first list that it stands for."""

    name: str
    canvas_id: str
    cell: int
    words: tuple[str, ...]
    about: Shown
    is_null: bool


class Interview:
    """The questions about a plan, and which of them stands for which list."""

    def __init__(
        self, chosen: Iterable[tuple[Item, Shown]], lists: ShownLists, prompt: Prompt, model: str
    ) -> None:
        """`chosen` are the lists to judge; `model` is the model that judges."""
        self._lists, self._prompt, self._model = lists, prompt, model
        self.own: dict[Shown, Asked] = {}
        self.null: dict[Shown, Asked] = {}
        for item, key in sorted(chosen, key=lambda pair: pair[0].position):
            if not lists.has(key):
                continue
            self.own[key] = self._asked(item, key, key, is_null=False)
            other = _other_list(item, key)
            if other is not None and lists.has(other):
                self.null[key] = self._asked(item, key, other, is_null=True)

    def questions(self, null: bool) -> list[Asked]:
        """Each different question once, first cells first; with `null` also those that measure chance."""
        found: dict[str, Asked] = {}
        for key, asked in self.own.items():
            found.setdefault(asked.name, asked)
            if null and key in self.null:
                found.setdefault(self.null[key].name, self.null[key])
        return list(found.values())

    def candidates(self, key: Shown) -> tuple[str, ...]:
        """The words of a list by rank, as they are shown."""
        return self._lists.candidates(key)

    def _asked(self, item: Item, key: Shown, shown: Shown, is_null: bool) -> Asked:
        """A question about the item's cell, with the candidates of the list `shown`."""
        if item.canvas_id is None:
            raise InputError(
                f"plan {item.plan}: has no canvas for image {item.image_id}, and a judge must see it"
            )
        words = tuple(distinct(self._lists.candidates(shown)))
        name = _name(self._prompt.hash, self._model, item.canvas_id, item.cell, words)
        return Asked(name, item.canvas_id, item.cell, words, key, is_null)


def _other_list(item: Item, key: Shown) -> Shown | None:
    place = item.null_place
    return key._replace(image_id=place.image_id, cell=place.cell) if place else None


def _name(prompt_hash: str, model: str, canvas_id: str, cell: int, words: Sequence[str]) -> str:
    content = json.dumps([prompt_hash, model, canvas_id, cell, [unmarked(word) for word in words]])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
