"""What judging costs: prices, what was spent, what is to come, and where a budget ends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from data_pipeline.judges.verdicts import Reply

_CHARACTERS_PER_TOKEN = 4
_MILLION = 1e6
ASSUMED_IMAGE_TOKENS = 1100
ASSUMED_ANSWER_TOKENS = 350


@dataclass(frozen=True)
class Prices:
    """US dollars per million tokens; None where nobody said."""

    tokens_in: float | None = None
    tokens_out: float | None = None

    @property
    def known(self) -> bool:
        """Whether costs can be told."""
        return self.tokens_in is not None and self.tokens_out is not None

    def priced(self, reply: Reply) -> Reply:
        """`reply` with its cost, where prices and tokens are known."""
        return replace(reply, cost=self.cost(reply.tokens_in, reply.tokens_out))

    def cost(self, tokens_in: float | None, tokens_out: float | None) -> float | None:
        """US dollars."""
        if self.tokens_in is None or self.tokens_out is None or tokens_in is None or tokens_out is None:
            return None
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / _MILLION


@dataclass(frozen=True)
class Estimate:
    """What asking takes: tokens of one question, measured on `measured` answers or assumed."""

    questions: int
    tokens_in: float
    tokens_out: float
    measured: int
    prices: Prices

    @property
    def each(self) -> float | None:
        """US dollars of one question."""
        return self.prices.cost(self.tokens_in, self.tokens_out)

    def in_words(self) -> str:
        """One line."""
        basis = (
            f"measured on {self.measured:,} answers"
            if self.measured
            else f"assumed: {ASSUMED_IMAGE_TOKENS} of pictures, {_CHARACTERS_PER_TOKEN} characters a token"
        )
        cost = "price unknown" if self.each is None else f"about ${self.questions * self.each:,.2f}"
        return (
            f"{self.questions:,} questions to ask, {self.tokens_in:,.0f} tokens in and "
            f"{self.tokens_out:,.0f} out each ({basis}): {cost}"
        )


def estimate(questions: int, characters: int, replies: Iterable[Reply], prices: Prices) -> Estimate:
    """What is to come; a question's text has so many `characters`, `replies` are what was answered so far."""
    known = [
        (reply.tokens_in, reply.tokens_out)
        for reply in replies
        if reply.tokens_in is not None and reply.tokens_out is not None
    ]
    if known:
        tokens_in, tokens_out = (sum(column) / len(known) for column in zip(*known, strict=True))
        return Estimate(questions, tokens_in, tokens_out, len(known), prices)
    tokens_in = characters / _CHARACTERS_PER_TOKEN + ASSUMED_IMAGE_TOKENS
    return Estimate(questions, tokens_in, ASSUMED_ANSWER_TOKENS, 0, prices)


class Purse:
    """What was spent, and whether another question fits a budget. Its callers hold a lock."""

    def __init__(self, budget: float | None, spent: float, each: float | None) -> None:
        """`budget` in US dollars for all that is `spent`; `each` is what a question is expected to cost."""
        self._budget, self.spent = budget, spent
        self._expected, self._dearest = each or 0.0, 0.0
        self._in_flight = 0

    def take(self) -> bool:
        """Set money aside for one question; False where the budget does not hold it."""
        needed = self.spent + (self._in_flight + 1) * (self._dearest or self._expected)
        if self._budget is not None and needed > self._budget:
            return False
        self._in_flight += 1
        return True

    def settle(self, cost: float | None) -> None:
        """A question that money was set aside for has cost so much; the dearest is expected of others."""
        self._in_flight -= 1
        self.spent += cost or 0.0
        self._dearest = max(self._dearest, cost or 0.0)
