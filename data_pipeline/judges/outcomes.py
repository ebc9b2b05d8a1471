"""What came of a question, read from its answers: a verdict, a failure with its reason, or nothing yet."""

from __future__ import annotations

from dataclasses import dataclass

from data_pipeline.judges.asked import Asked
from data_pipeline.judges.journal import Answered
from data_pipeline.judges.verdicts import BrokenAnswer, Reply, Verdict, verdict_of

MOST_ANSWERS = 3
"""So many answers are paid for before a question fails."""


@dataclass(frozen=True)
class Outcome:
    """Either a verdict or why there is none. `may_ask_again`: not enough answers were broken yet."""

    verdict: Verdict | None
    failure: str | None
    replies: tuple[Reply, ...]
    may_ask_again: bool

    @property
    def tokens(self) -> int | None:
        """Tokens of all answers, where they are known."""
        known = [(reply.tokens_in or 0) + (reply.tokens_out or 0) for reply in self.replies]
        return sum(known) or None

    @property
    def cost(self) -> float | None:
        """US dollars of all answers, where they are known."""
        known = [reply.cost for reply in self.replies if reply.cost is not None]
        return sum(known) if known else None


def outcome_of(asked: Asked, answered: Answered | None) -> Outcome | None:
    """The first answer that is a verdict, else what the last one lacks; None where nothing is known.

    A question that was given up without an answer has failed and may be asked again: nothing was paid.
    """
    if answered is None:
        return None
    failure = answered.gave_up
    for reply in answered.replies:
        try:
            verdict = verdict_of(reply, asked.words)
        except BrokenAnswer as broken:
            failure = answered.gave_up or str(broken)
        else:
            return Outcome(verdict, None, tuple(answered.replies), may_ask_again=False)
    again = len(answered.replies) < MOST_ANSWERS
    return Outcome(None, failure or "no answer", tuple(answered.replies), again)
