"""How often candidates of each kind of word are said to relate to the image: the judge page's table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from generator.charts import percent, share_strip
from generator.intervals import Share, interval_text
from generator.judge_charts import LENS_NAMES
from generator.judge_records import WordCount
from generator.judge_shares import Table
from generator.study_context import StudyContext
from generator.word_classes import CLASSES, word_class

Key = tuple[str, str, str]
"""Model, lens, class of words."""


@dataclass(frozen=True)
class ClassCell:
    """One lens of one class: the share of its candidates that relate, and its part of all candidates."""

    lens: str
    share: str
    strip: Markup | None
    detail: str


@dataclass(frozen=True)
class ClassRow:
    """One class of words, all models together."""

    name: str
    rule: str
    cells: tuple[ClassCell, ...]


@dataclass(frozen=True)
class WordTable:
    """One judge's figures by class of words."""

    rows: tuple[ClassRow, ...]
    by_model: Table


def class_counts(
    found: Iterable[WordCount], nouns: frozenset[str], attributes: frozenset[str]
) -> dict[str, dict[Key, tuple[int, int]]]:
    """By judge: how many candidates of each model, lens and class relate, and how many there are."""
    classes: dict[str, str] = {}
    sums: dict[str, dict[Key, tuple[int, int]]] = defaultdict(dict)
    for one in found:
        kind = classes.get(one.word) or classes.setdefault(one.word, word_class(one.word, nouns, attributes))
        key = (one.model_id, one.lens, kind)
        related, candidates = sums[one.judge].get(key, (0, 0))
        sums[one.judge][key] = (related + one.related, candidates + one.candidates)
    return sums


def word_table(context: StudyContext, lenses: Sequence[str], counts: dict[Key, tuple[int, int]]) -> WordTable:
    """The table of one judge; classes without a candidate are left out."""
    models = [model for model in context.models if any(key[0] == model.model_id for key in counts)]
    pooled = {
        (lens, kind): _sum(counts.get((model.model_id, lens, kind), (0, 0)) for model in models)
        for lens in lenses
        for kind in CLASSES
    }
    totals = {lens: sum(pooled[lens, kind][1] for kind in CLASSES) for lens in lenses}
    rows = tuple(
        ClassRow(name, rule, tuple(_cell(lens, pooled[lens, kind], totals[lens]) for lens in lenses))
        for kind, (name, rule) in CLASSES.items()
        if any(pooled[lens, kind][1] for lens in lenses)
    )
    by_model = tuple(
        (model.title, LENS_NAMES[lens], CLASSES[kind][0], str(related), str(candidates))
        for model in models
        for lens in lenses
        for kind in CLASSES
        for related, candidates in [counts.get((model.model_id, lens, kind), (0, 0))]
        if candidates
    )
    columns = ("model", "lens", "kind of word", "k candidates that relate", "n candidates")
    return WordTable(rows, Table("words", columns, by_model))


def _sum(pairs: Iterable[Sequence[int]]) -> tuple[int, int]:
    related = candidates = 0
    for one, all_of_them in pairs:
        related, candidates = related + one, candidates + all_of_them
    return related, candidates


def _cell(lens: str, counts: tuple[int, int], total: int) -> ClassCell:
    related, candidates = counts
    if not candidates:
        return ClassCell(lens, "–", None, "")
    share = Share(related, candidates)
    part = percent(candidates / total)
    detail = f"{related}/{candidates} · {interval_text(share)} · {part} of the lens’s words"
    return ClassCell(lens, percent(share.rate, 1), share_strip(lens, share, None), detail)
