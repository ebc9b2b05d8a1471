"""What a run of a judge is asked to do, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from data_pipeline.errors import InputError
from data_pipeline.judges.annotations import JUDGE_ID
from data_pipeline.judges.endpoint import Address
from data_pipeline.judges.questions import Choice
from data_pipeline.judges.spending import Prices
from data_pipeline.schema import check_id


@dataclass(frozen=True)
class JudgeRun:
    """What to ask whom. `judge` None: named after the model. `budget` counts all that this judge has cost."""

    address: Address
    judge: str | None = None
    choice: Choice = field(default_factory=Choice)
    null: bool = False
    concurrency: int = 8
    per_minute: float | None = None
    prices: Prices = field(default_factory=Prices)
    budget: float | None = None
    batch: bool = False
    poll: float = 30.0
    """Seconds between two looks at a batch."""
    first_wait: float = 0.5
    command: str = ""

    @property
    def judge_id(self) -> str:
        """The judge's id: letters and figures of the model's name where none was given."""
        name = self.judge or re.sub(r"[^A-Za-z0-9._+-]+", "-", self.address.model.rsplit("/", 1)[-1]).strip(
            "-."
        )
        check_id(name, "judge")
        if name == JUDGE_ID or len(name) > 80:
            raise InputError(f"judge {name!r}: expected another id, of at most 80 characters, with --judge")
        return name


@dataclass(frozen=True)
class Judged:
    """How a run ended. Counts are of lists of neighbours, of which several may share a question."""

    judge: str
    lists: int
    answered: int
    interpretable: int
    failed: int
    spent: float
    asked_now: int
    out_of_budget: bool
    written: bool

    @property
    def open(self) -> int:
        """Lists that are still to be judged."""
        return self.lists - self.answered - self.failed
