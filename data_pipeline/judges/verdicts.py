"""What a judge answered, checked: JSON of the agreed form, and no word that was not asked about.

An answer that breaks a rule is no verdict. It is asked for again, and fails in the end: never "not
interpretable".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from data_pipeline.judges.shown_words import unmarked

_LONGEST_QUOTE = 120


class BrokenAnswer(Exception):  # noqa: N818  # what it is, not an error of ours
    """An answer that is no verdict; the message says why, for readers."""


@dataclass(frozen=True)
class Reply:
    """One answer of an endpoint, as it came. Tokens and cost (US dollars) are None where not known."""

    content: str | None
    refusal: str | None = None
    finish: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    model: str | None = None


@dataclass(frozen=True)
class Verdict:
    """The candidates that hold, by relation, as they were shown, and why."""

    concrete: tuple[str, ...]
    abstract: tuple[str, ...]
    global_: tuple[str, ...]
    reasoning: str

    @property
    def interpretable(self) -> bool:
        """Whether some candidate has any of the relations."""
        return bool(self.concrete or self.abstract or self.global_)


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)
    reasoning: str
    concrete_words: list[str]
    abstract_words: list[str]
    global_words: list[str]


def verdict_of(reply: Reply, candidates: Sequence[str]) -> Verdict:
    """The verdict in `reply` on `candidates`.

    Raises:
        BrokenAnswer: a refusal, cut off, not JSON of the agreed form, or it names other words.
    """
    if reply.refusal:
        raise BrokenAnswer(f"refused: {_quoted(reply.refusal)}")
    if reply.finish == "content_filter":
        raise BrokenAnswer("refused by the endpoint's content filter")
    if reply.finish == "length":
        raise BrokenAnswer("cut off at the longest answer that is allowed")
    if not reply.content or not reply.content.strip():
        raise BrokenAnswer("empty answer")
    try:
        answer = _Answer.model_validate(_json(reply.content))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "answer"
        raise BrokenAnswer(f"not the agreed form: {place}: {first['msg']}") from error
    if not answer.reasoning.strip():
        raise BrokenAnswer("no reasoning")
    known = {unmarked(word): word for word in reversed(candidates)}
    return Verdict(
        _among(answer.concrete_words, known),
        _among(answer.abstract_words, known),
        _among(answer.global_words, known),
        answer.reasoning.strip(),
    )


def _among(words: Sequence[str], known: dict[str, str]) -> tuple[str, ...]:
    for word in words:
        if unmarked(word) not in known:
            raise BrokenAnswer(f"names {_quoted(word)}, which is not among the candidates")
    return tuple(dict.fromkeys(known[unmarked(word)] for word in words))


def _json(text: str) -> object:
    """The object in `text`: some models put words or a fence around it."""
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        raise BrokenAnswer(f"no JSON object in {_quoted(text)}")
    try:
        found: object = json.loads(text[begin : end + 1])
    except (ValueError, RecursionError) as error:
        raise BrokenAnswer(f"not JSON: {_quoted(text)}") from error
    return found


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")
