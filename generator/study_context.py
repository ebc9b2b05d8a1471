"""What every page knows of the whole study, and where pages are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from data_pipeline.completeness import Gap, expected_blocks, gaps
from data_pipeline.errors import InputError
from data_pipeline.manifest import StudyInfo
from data_pipeline.schema import LENSES, PERCENTILE_LENS, check_id
from data_pipeline.store import Results
from generator import queries
from generator.database import Database
from generator.frequent_words import frequent_words
from generator.records import Model
from generator.trainings import Training, trainings

_BOTH = ("contextual", PERCENTILE_LENS)
COMPARE_NAME = "compare.html"
JUDGE_NAME = "judge.html"
MOST_COMPARED = 4
"""So many models stand side by side at most."""


@dataclass(frozen=True)
class Title:
    """A model's name, and its page if it has one."""

    title: str
    href: str | None


def page_name(model_id: str) -> str:
    """A model's page, seen from the other models' pages."""
    return f"{check_id(model_id, 'model id')}.html"


def model_href(model_id: str) -> str:
    """Where a model's page is, from the site's root."""
    return f"models/{page_name(model_id)}"


def compare_href(*model_ids: str) -> str:
    """The comparison of some models, or of one with its partner, from the site's root."""
    return f"{COMPARE_NAME}#models={','.join(quote(model_id, safe='') for model_id in model_ids)}"


@dataclass(frozen=True)
class StudyContext:
    """What every model's page needs to know of the whole study."""

    study: StudyInfo
    models: tuple[Model, ...]
    lenses: Mapping[str, tuple[str, ...]]
    """By model: the lenses that the manifest expects or the results hold, in the contract's order.

    LN-Lens by percentile is none of them: it stands in LN-Lens's place where a reader asks for it."""
    gaps: dict[str, list[Gap]]
    shown: tuple[Model, ...]
    """The models that have pages: those with at least one image."""
    judges: dict[str, str]
    """By model: the judge whose verdicts make the index's figures."""
    expected_blocks: int
    frequent_words: tuple[str, ...]
    """The words that the whole study says most often, so that each has one colour on every page."""
    trainings: tuple[Training, ...] = ()
    """What is known of how the models were trained, in the order of the study."""
    compares: bool = False
    """Whether the site has a page that puts models side by side."""
    has_judgments: bool = False
    """Whether the site has a page about its judges."""
    judge_titles: Mapping[str, str] = field(default_factory=dict)
    """Names of the judges that have one other than their id."""
    ranked_twice: frozenset[str] = frozenset()
    """Ids of the models whose LN-Lens is ranked by percentile too."""

    @property
    def all_lenses(self) -> tuple[str, ...]:
        """The lenses of any model, in the contract's order."""
        return tuple(lens for lens in LENSES if any(lens in lenses for lenses in self.lenses.values()))

    @cached_property
    def checkpoints(self) -> frozenset[str]:
        """Ids of the models that are nothing but steps of a training."""
        return frozenset(model.model_id for one in self.trainings for model in one.checkpoints)

    def compare_href(self, models: Sequence[Model]) -> str | None:
        """The comparison of those of `models` that have pages; None for fewer than two."""
        ids = [model.model_id for model in models if model in self.shown][:MOST_COMPARED]
        return compare_href(*ids) if self.compares and len(ids) > 1 else None

    def title(self, model: Model) -> Title:
        """The model's name with a link to its page, seen from the site's root."""
        return Title(model.title, model_href(model.model_id) if model in self.shown else None)


def study_context(database: Database, results: Results) -> StudyContext:
    """What every page needs to know of the study, checked for ids that cannot name a page."""
    models = queries.models(database)
    _check_ids(models, results.folder)
    present: dict[str, set[str]] = defaultdict(set)
    blocks = queries.present_blocks(database)
    for model_id, _, lens, _ in blocks:
        present[model_id].add(lens)
    for entry in results.manifest.expected:
        present[entry.model_id].update(entry.lenses)
    missing = defaultdict(list)
    for gap in gaps(results, blocks):
        missing[gap.model_id].append(gap)
    lenses = {
        model.model_id: tuple(lens for lens in LENSES if lens in present[model.model_id]) for model in models
    }
    with_images = queries.models_with_images(database)
    return StudyContext(
        results.manifest.study,
        tuple(models),
        lenses,
        dict(missing),
        tuple(model for model in models if model.model_id in with_images),
        _judges(database, results),
        len(expected_blocks(results)),
        frequent_words(database),
        trainings(models, queries.checkpoints(database), queries.training_losses(database)),
        judge_titles={row["judge"]: row["title"] for row in database.rows("judge_titles")},
        ranked_twice=frozenset(model for model, found in present.items() if set(_BOTH) <= found),
    )


def without_ablations(context: StudyContext, results: Results) -> StudyContext:
    """The study without the models of that group, as if it had none."""
    left_out = {model.model_id for model in context.models if model.group == "ablation"}
    if len(left_out) == len(context.models):
        raise InputError("has nothing but ablations, and these are switched off")
    return replace(
        context,
        models=tuple(model for model in context.models if model.model_id not in left_out),
        shown=tuple(model for model in context.shown if model.model_id not in left_out),
        lenses={model: lenses for model, lenses in context.lenses.items() if model not in left_out},
        gaps={model: found for model, found in context.gaps.items() if model not in left_out},
        expected_blocks=sum(block[0] not in left_out for block in expected_blocks(results)),
        trainings=tuple(one.without(left_out) for one in context.trainings),
    )


def _judges(database: Database, results: Results) -> dict[str, str]:
    """Each model's judge: the first that the manifest expects, else the first by name."""
    judges = {entry.model_id: entry.judges[0] for entry in results.manifest.expected if entry.judges}
    for row in queries.model_judges(database):
        judges.setdefault(row.model_id, row.judge)
    return judges


def _check_ids(models: list[Model], folder: Path) -> None:
    if not models:
        raise InputError(f"{folder}: table models is empty, expected at least one model")
    for model in models:
        check_id(model.model_id, f"{folder}: model id")
    names = Counter(model.model_id.lower() for model in models)
    if twice := [name for name, count in names.items() if count > 1]:
        raise InputError(
            f"{folder}: model id {twice[0]!r} is there twice (upper and lower case name one file)"
        )
