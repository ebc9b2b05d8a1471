"""The published judge's and annotators' files as records, held against each other.

`human_study_LENS.json` has the items that people were shown and their answers, `llm_judge_LENS.json` the
LLM's verdicts on the same items. Under the contextual lens people saw whole sentences, the LLM the words in
them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.errors import InputError
from data_pipeline.importers.vlens_json.nodes import Node
from data_pipeline.schema import Lens

RELATIONS = ("concrete", "abstract", "global")
LENSES: dict[Lens, str] = {"embedding": "embedding", "contextual": "contextual"}
"""The lenses that were judged, and the end of their files' names."""
_LARGEST_GRID = 1000
_LARGEST_NUMBER = 10**8
_ANNOTATOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")


@dataclass(frozen=True)
class Item:
    """One cell that was judged; `row` and `col` are 0-based."""

    name: str
    model: str
    """Folder name of the study's checkpoint."""
    image: int
    row: int
    col: int
    stratum: str
    candidates: tuple[str, ...]
    """What people were shown, by rank."""


@dataclass(frozen=True)
class Verdict:
    """What one judge said of one item; words by relation, as the judge wrote them."""

    item: Item
    judge: str
    candidates: tuple[str, ...]
    words: dict[str, tuple[str, ...]]
    reasoning: str | None = None

    @property
    def interpretable(self) -> bool:
        """Whether some word has a relation."""
        return any(self.words.values())


@dataclass(frozen=True)
class LensFiles:
    """Everything that was published about one lens."""

    lens: Lens
    items: list[Item]
    of_people: list[Verdict]
    of_model: list[Verdict]


def read_lens(folder: Path, lens: Lens, llm_judge: str) -> LensFiles | None:
    """The two files of one lens in `folder`; None where there is neither. `llm_judge` is the LLM judge's id.

    Raises:
        InputError: one of the two is missing, is not JSON or has another shape, an item is there twice, or a
            verdict is on an item that is not there; file and place are named.
    """
    human, model = (folder / f"{kind}_{LENSES[lens]}.json" for kind in ("human_study", "llm_judge"))
    if not human.is_file() and not model.is_file():
        return None
    asked = read_json(human)
    items = _distinct((_item(node) for node in asked.items("items", "item")), asked)
    verdicts = read_json(model)
    of_model = [_model_verdict(node, items, llm_judge) for node in verdicts.items("results", "result")]
    _check_once(of_model, verdicts)
    if verdicts.has("evaluated") and verdicts.integer("evaluated", _LARGEST_NUMBER) != len(of_model):
        raise verdicts.fail(f"evaluated is {verdicts.value['evaluated']}, expected {len(of_model)} results")
    of_people = [_answer(node, items) for node in asked.items("answers", "answer")]
    _check_once(of_people, asked)
    return LensFiles(lens, list(items.values()), of_people, of_model)


def read_json(path: Path) -> Node:
    """The object in the file `path`."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file, expected it among the published judgments") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error}), expected published judgments") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: is a JSON {type(value).__name__}, expected an object")
    return Node(value, str(path))


def _distinct(items: Iterator[Item], file: Node) -> dict[str, Item]:
    found: dict[str, Item] = {}
    places: set[tuple[str, int, int, int]] = set()
    for item in items:
        place = (item.model, item.image, item.row, item.col)
        if item.name in found or place in places:
            raise file.fail(f"item {item.name} is there twice, expected each cell once")
        found[item.name] = item
        places.add(place)
    return found


def _item(node: Node) -> Item:
    return Item(
        node.text("id"),
        node.text("model"),
        node.integer("index", _LARGEST_NUMBER),
        node.integer("patch_row", _LARGEST_GRID),
        node.integer("patch_col", _LARGEST_GRID),
        node.text("patch_type"),
        tuple(_shown(entry) for entry in node.items("candidates", "candidate")),
    )


def _shown(entry: Node) -> str:
    """A candidate: a token, or a sentence with its token."""
    if isinstance(entry.value, list) and len(entry.value) == 2:
        return Node({"sentence": entry.value[0]}, entry.name, entry.parent).text("sentence")
    return Node({"candidate": entry.value}, entry.name, entry.parent).text("candidate")


def _model_verdict(node: Node, items: dict[str, Item], judge: str) -> Verdict:
    item = _known(node, items)
    said = node.child("gpt_response")
    words = {relation: _texts(said, f"{relation}_words") for relation in RELATIONS}
    verdict = Verdict(item, judge, _texts(node, "candidates"), words, said.optional_text("reasoning"))
    if said.get("interpretable") is not verdict.interpretable:
        raise said.fail(f"interpretable is {said.value['interpretable']!r}, but its words say otherwise")
    return verdict


def _answer(node: Node, items: dict[str, Item]) -> Verdict:
    item = _known(node, items)
    annotator = node.text("annotator")
    if not _ANNOTATOR.fullmatch(annotator):
        raise node.fail(f"annotator is {annotator[:80]!r}, expected a name of letters, digits, _ and -")
    words: dict[str, list[str]] = {relation: [] for relation in RELATIONS}
    for chosen in node.items("selected_words", "word"):
        relation, word = chosen.text("relation"), chosen.text("word")
        if relation not in words or word not in item.candidates:
            raise chosen.fail(f"{word!r} as {relation!r}, expected a candidate and one of {RELATIONS}")
        words[relation].append(word)
    return Verdict(item, annotator, item.candidates, {name: tuple(said) for name, said in words.items()})


def _known(node: Node, items: dict[str, Item]) -> Item:
    name = node.text("instance_id")
    if name not in items:
        raise node.fail(f"instance_id {name[:120]!r} is not among the items that people were shown")
    return items[name]


def _texts(node: Node, key: str) -> tuple[str, ...]:
    return tuple(Node({key: entry.value}, entry.name, node).text(key) for entry in node.items(key, "entry"))


def _check_once(verdicts: list[Verdict], file: Node) -> None:
    seen: set[tuple[str, str]] = set()
    for verdict in verdicts:
        key = (verdict.judge, verdict.item.name)
        if key in seen:
            raise file.fail(f"{verdict.judge} judged {verdict.item.name} twice, expected each item once")
        seen.add(key)
