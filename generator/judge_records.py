"""What the judges said, as the judge page's queries answer it: counts only; shares know their intervals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from typing import Any, TypeVar

from generator.database import Database
from generator.intervals import Share

Record = TypeVar("Record")


@dataclass(frozen=True)
class Counts:
    """Verdicts on some cells: `named_*` and `unnamed` sum up to `interpretable`, a part of `judged`."""

    judged: int = 0
    """Cells with a verdict; failed and skipped ones are not among them."""
    interpretable: int = 0
    named_concrete: int = 0
    named_abstract: int = 0
    named_global: int = 0
    unnamed: int = 0
    """Interpretable cells without a word that relates: the judge did not say which."""
    any_abstract: int = 0
    """Interpretable cells with an abstract word, whatever other words there are."""
    any_global: int = 0
    first_judged: int = 0
    """Judged cells of which it is known whether the first candidate relates."""
    first_found: int = 0
    failed: int = 0
    skipped: int = 0
    chance_hits: int = 0
    chance_trials: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def share(self) -> Share | None:
        """Interpretable cells among those with a verdict."""
        return Share(self.interpretable, self.judged) if self.judged else None

    @property
    def first(self) -> Share | None:
        """Cells whose first candidate relates, among those of which that is known."""
        return Share(self.first_found, self.first_judged) if self.first_judged else None

    @property
    def chance(self) -> float | None:
        """Between 0 and 1; None where nothing was tried."""
        return self.chance_hits / self.chance_trials if self.chance_trials else None


@dataclass(frozen=True)
class JudgeFacts:
    """One judge: what it is, what it was asked, what it used."""

    judge: str
    kind: str
    title: str
    judge_model: str | None
    prompt: str | None
    prompt_hash: str | None
    note: str | None
    judgments: int
    tokens: int | None
    cost: float | None
    """US dollars."""
    most_candidates: int


@dataclass(frozen=True)
class Failure:
    """Judgments of one judge that failed for one reason; "" where none is known."""

    judge: str
    failure: str
    judgments: int


@dataclass(frozen=True)
class WordCount:
    """How often one word was a candidate of one lens of one model, and how often it was said to relate."""

    judge: str
    model_id: str
    lens: str
    word: str
    candidates: int
    related: int


@dataclass(frozen=True)
class PairCounts:
    """Cells of one image that one judge judged for two models."""

    judge: str
    lens: str
    image_id: str
    cells: int
    model_found: int
    other_found: int
    model_only: int
    other_only: int


@dataclass(frozen=True)
class Published:
    """One share as it was published, in percent."""

    model_id: str
    lens: str
    vision_layer: int
    source: str
    percent: float
    trials: int | None


CountsKey = tuple[str, str, str, int]
"""Judge, model, lens, vision layer."""


def counts(database: Database) -> dict[CountsKey, Counts]:
    """What each judge said of each lens of each model at each vision layer."""
    names = [field.name for field in fields(Counts)]
    return {
        (row["judge"], row["model_id"], row["lens"], row["vision_layer"]): Counts(
            *(row[name] for name in names)
        )
        for row in database.rows("judge_counts")
    }


def summed(found: Iterable[Counts]) -> Counts:
    """All cells together."""
    return sum(found, Counts())


def judge_facts(database: Database) -> list[JudgeFacts]:
    """The judges that judged anything, by id."""
    return _records(JudgeFacts, database.rows("judge_facts"))


def failures(database: Database) -> list[Failure]:
    """Why there are no verdicts, by judge, the most frequent reason first."""
    return _records(Failure, database.rows("judge_failures"))


def word_counts(database: Database) -> list[WordCount]:
    """Every candidate word of every judge, model and lens."""
    return _records(WordCount, database.rows("judge_words"))


def pair_counts(database: Database, model_id: str, other_id: str) -> list[PairCounts]:
    """Cells that were judged for both models, on the same canvas by the same judge."""
    return _records(PairCounts, database.rows("judge_pairs", {"model_id": model_id, "other_id": other_id}))


def published(database: Database) -> list[Published]:
    """Shares that were published."""
    return _records(Published, database.rows("published_scores"))


def region_words(database: Database) -> tuple[frozenset[str], frozenset[str]]:
    """The nouns and the attributes of all annotated regions, in lower case."""
    rows = database.rows("region_words")
    nouns = frozenset(row["word"] for row in rows if row["is_noun"])
    return nouns, frozenset(row["word"] for row in rows if not row["is_noun"])


def _records(kind: type[Record], rows: list[dict[str, Any]]) -> list[Record]:
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return [kind(**{name: row[name] for name in names}) for row in rows]
