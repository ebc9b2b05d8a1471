"""Asking an index with a word inside a sentence: what is the word near to, at each text layer?

It is also the check that an index is sound: a word that the corpus has in this very sentence is nearest to
itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.errors import InputError
from data_pipeline.language_models import LanguageModel
from data_pipeline.text_index.contexts import Context
from data_pipeline.text_index.index import Distinct, RankBy, TextIndex
from data_pipeline.text_index.search import MEMORY

_MARKED = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """A sentence, and the characters of the word in it that is asked about."""

    text: str
    start: int
    end: int
    marked: bool = True
    """Whether the word was named, and is not just the last."""

    @classmethod
    def of(cls, marked: str) -> Question:
        """A sentence such as `the **bank** of the river`; without marks its last word is meant.

        Raises:
            InputError: several words are marked, or there is no word.
        """
        marks = list(_MARKED.finditer(marked))
        if len(marks) > 1:
            raise InputError(f"{marked!r}: {len(marks)} words are marked, expected one between ** and **")
        if marks:
            (mark,) = marks
            word = mark[1]
            return cls(
                marked[: mark.start()] + word + marked[mark.end() :], mark.start(), mark.start() + len(word)
            )
        words = list(re.finditer(r"\S+", marked))
        if not words:
            raise InputError("the sentence is empty, expected one such as 'the **bank** of the river'")
        return cls(marked, words[-1].start(), words[-1].end(), marked=False)

    @property
    def note(self) -> str:
        """What to add to the token's name where nobody named the word."""
        example = "'the **bank** of the river'"
        return "" if self.marked else f" of the last word, as none is marked; mark one as in {example}"

    @property
    def word(self) -> str:
        """The word that is asked about."""
        return self.text[self.start : self.end]


@dataclass(frozen=True)
class Answer:
    """One neighbour of a word's state at a layer."""

    layer: int
    rank: int
    context: Context
    text_layer: int
    score: float
    """The cosine."""
    percentile: float
    """Of the cosine in its text layer's background, 0 to 1."""


@torch.no_grad()
def ask(
    index: TextIndex,
    language: LanguageModel,
    question: Question,
    k: int,
    distinct: Distinct = "context",
    rank_by: RankBy = "cosine",
    memory: int = MEMORY,
) -> tuple[str, list[Answer]]:
    """The token that stands for the word, its last, and its k neighbours at each text layer of the index.

    Raises:
        InputError: the word has no token or is unknown to the model, or the index is of a model with
            another vocabulary or width.
    """
    index.check_vocabulary(len(language.tokenizer))
    encoded = language.tokenizer(question.text, return_offsets_mapping=True, return_tensors="pt")
    spans = encoded["offset_mapping"][0].tolist()
    inside = [
        place
        for place, (start, end) in enumerate(spans)
        if start < question.end and end > question.start and end > start
    ]
    if not inside:
        raise InputError(f"{question.text!r}: no token of the model stands for the word that is asked about")
    if int(encoded["input_ids"][0, inside[-1]]) == language.tokenizer.unk_token_id:
        raise InputError(
            f"{question.word!r}: the model knows no such word and reads {language.tokenizer.unk_token}, "
            "which stands for every unknown one"
        )
    ids = encoded["input_ids"].to(language.decoder.embed_tokens.weight.device)
    layers = index.origin.text_layers
    with recorded_layers(language.causal, layers) as states:
        language.decoder(input_ids=ids, use_cache=False)
    queries = torch.stack([states[layer][0, inside[-1]] for layer in layers])  # the index is read once
    found = index.search(queries, k, distinct, memory=memory, rank_by=rank_by)
    assert found.percentiles is not None  # noqa: S101  # a way to rank was named
    columns = found.contexts, found.text_layers, found.scores, found.percentiles
    answers = [
        Answer(layer, rank + 1, index.contexts[context], int(text_layer), float(score), float(percentile))
        for line, layer in enumerate(layers)
        for rank, (context, text_layer, score, percentile) in enumerate(
            zip(*(column[line] for column in columns), strict=True)
        )
    ]
    return language.tokens([int(ids[0, inside[-1]])])[0], answers
