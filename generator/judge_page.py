"""The page about the judges: what they were asked, what they said, and how far it can be trusted.

Everything is decided here and placed by `templates/judge.html.jinja`. Each part of the page stands there once
for each judge; the page's script shows that of the chosen one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_pipeline.schema import LENS_TITLES
from generator import judge_records, queries
from generator.database import Database
from generator.image_files import DataFiles
from generator.index_notes import thousands
from generator.intervals import LEAST_IMAGES
from generator.judge_agreement import AgreementTable, agreement_tables
from generator.judge_charts import LENS_NAMES, RELATIONS
from generator.judge_differences import MOST_PAIRS, PairRow, pair_rows, pairs
from generator.judge_gallery import Gallery, gallery
from generator.judge_records import Counts, CountsKey, Failure, JudgeFacts
from generator.judge_shares import ChartGroup, JudgeShares, RankRow, judged_lenses
from generator.judge_words import WordTable, class_counts, word_table
from generator.study_context import StudyContext
from generator.word_classes import FUNCTION_WORDS

KINDS = {"annotations": "the data set’s annotations", "model": "a model", "person": "a person"}


@dataclass(frozen=True)
class JudgeView:
    """One judge and all that the page shows of it."""

    judge: str
    title: str
    kind: str
    """In words."""
    is_annotations: bool
    facts: tuple[tuple[str, str], ...]
    prompt: str | None
    note: str | None
    summary: str
    """What it judged, in one sentence."""
    top_k: int
    """The longest list that it was given."""
    charts: tuple[ChartGroup, ...]
    relations: tuple[ChartGroup, ...]
    ranks: tuple[RankRow, ...]
    words: WordTable
    pairs: tuple[PairRow, ...]
    pairs_lack_intervals: bool
    """Whether no pair has an interval."""
    has_chance: bool
    sources: tuple[str, ...]
    """Where the shares were published that its charts show beside its own."""
    failures: tuple[tuple[str, str], ...]
    """Reason and count."""


@dataclass(frozen=True)
class JudgePage:
    """What `judge.html.jinja` places."""

    title: str
    study_title: str
    index_href: str
    judges: tuple[JudgeView, ...]
    lenses: tuple[tuple[str, str], ...]
    lens_titles: dict[str, str]
    relations: dict[str, str]
    agreements: tuple[AgreementTable, ...]
    gallery: Gallery
    items: str
    """How many items were judged."""
    least_images: int
    most_pairs: int
    function_words: str
    layers: tuple[int, ...]
    """All vision layers of the study, for the gallery's choice."""
    data: dict[str, Any]


def has_judgments(database: Database, context: StudyContext) -> bool:
    """Whether any judge judged a model of the site."""
    models = {model.model_id for model in context.models}
    return any(row.model_id in models for row in queries.model_judges(database))


def judge_page(database: Database, context: StudyContext, files: DataFiles) -> JudgePage:
    """Ask for everything that judges said and decide the page; the gallery's files are kept."""
    facts = _ordered(judge_records.judge_facts(database), context)
    shown = gallery(database, context, facts, files)
    found = judge_records.counts(database)
    lenses = judged_lenses(found)
    views = _views(database, context, facts, found)
    return JudgePage(
        title=f"Judges · {context.study.title}",
        study_title=context.study.title,
        index_href="index.html",
        judges=views,
        lenses=tuple((lens, LENS_TITLES[lens]) for lens in lenses),
        lens_titles=dict(LENS_TITLES),
        relations=RELATIONS,
        agreements=agreement_tables(database, facts),
        gallery=shown,
        items=thousands(shown.items),
        least_images=LEAST_IMAGES,
        most_pairs=MOST_PAIRS,
        function_words=" ".join(sorted(FUNCTION_WORDS)),
        layers=tuple(sorted({layer for model in context.models for layer in model.vision_layers})),
        data={
            "study": {"id": context.study.study_id, "title": context.study.title},
            "judges": [{"id": one.judge, "title": one.title} for one in facts],
            "lenses": [{"id": lens, "title": LENS_NAMES[lens]} for lens in lenses],
        }
        | shown.data,
    )


def _ordered(facts: Sequence[JudgeFacts], context: StudyContext) -> list[JudgeFacts]:
    """The judge of the index's figures first, then those that judged most."""
    chosen = Counter(context.judges.values())
    return sorted(facts, key=lambda one: (-chosen[one.judge], -one.judgments, one.judge))


def _views(
    database: Database,
    context: StudyContext,
    facts: Sequence[JudgeFacts],
    found: Mapping[CountsKey, Counts],
) -> tuple[JudgeView, ...]:
    lenses, published = judged_lenses(found), judge_records.published(database)
    words = class_counts(judge_records.word_counts(database), *judge_records.region_words(database))
    verdicts, failures = queries.verdicts(database), judge_records.failures(database)
    compared = pairs(database, context, {key[1] for key, counts in found.items() if counts.judged})
    return tuple(
        _view(
            context,
            one,
            JudgeShares(context, one.judge, found, published),
            word_table(context, lenses, words.get(one.judge, {})),
            pair_rows(context, lenses, one.judge, compared, verdicts),
            failures,
        )
        for one in facts
    )


def _view(
    context: StudyContext,
    one: JudgeFacts,
    shares: JudgeShares,
    words: WordTable,
    differences: tuple[PairRow, ...],
    failures: Sequence[Failure],
) -> JudgeView:
    total = shares.total()
    return JudgeView(
        judge=one.judge,
        title=one.title,
        kind=KINDS[one.kind],
        is_annotations=one.kind == "annotations",
        facts=_facts(one),
        prompt=one.prompt,
        note=one.note,
        summary=_summary(shares),
        top_k=one.most_candidates,
        charts=shares.layer_charts(),
        relations=shares.relation_charts(),
        ranks=shares.ranks(),
        words=words,
        pairs=differences,
        pairs_lack_intervals=not any(cell.interval for row in differences for cell in row.cells),
        has_chance=total.chance is not None,
        sources=tuple(
            dict.fromkeys(
                line.source
                for model in shares.models
                for line in shares.references(model, shares.layers(model))
            )
        ),
        failures=tuple(
            (failure.failure or "no reason given", thousands(failure.judgments))
            for failure in failures
            if failure.judge == one.judge
        ),
    )


def _summary(shares: JudgeShares) -> str:
    """How much the judge judged and found interpretable, and what is in no share."""
    total = shares.total()
    models = f"{len(shares.models)} model{'s' * (len(shares.models) != 1)}"
    text = (
        f"{thousands(total.interpretable)} of {thousands(total.judged)} judgments with a verdict say "
        f"“interpretable”, in {models}, all lenses and layers together."
    )
    apart = [
        f"{thousands(count)} {'judgments' if count != 1 else 'judgment'} {name}"
        for count, name in ((total.failed, "failed"), (total.skipped, "were skipped"))
        if count
    ]
    return text + (f" {' and '.join(apart)}: in no share." if apart else "")


def _facts(one: JudgeFacts) -> tuple[tuple[str, str], ...]:
    found = [
        ("id", one.judge),
        ("kind", KINDS[one.kind]),
        ("model", one.judge_model),
        ("prompt hash", one.prompt_hash),
        ("judgments", thousands(one.judgments)),
        ("tokens", None if one.tokens is None else thousands(one.tokens)),
        ("cost", None if one.cost is None else f"{one.cost:,.2f} US dollars"),
    ]
    return tuple((label, value) for label, value in found if value)
