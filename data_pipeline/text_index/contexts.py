"""Which places of a corpus enter a text index: each token with what comes before it, once.

In a causal language model a hidden state depends on the tokens up to its own and on nothing after, so places
with the same token ids before them have the same hidden states. A hash of these ids finds them: two of n
prefixes are taken for one with a probability of n² / 2⁶⁵, which is 2e-5 at 24 million. Of each token only
some contexts are kept, those whose hash with a seed is lowest: a uniform draw, in which adding a sentence or
shuffling the corpus does not change the choice among the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.judges.words import whole_word

_TEXTS_AT_ONCE = 4096
_SPACES = np.array([code for code in range(0x3001) if chr(code).isspace()], np.uint32)
"""Every character that is space to Python; the ideographic one, U+3000, is the last."""


class Context(NamedTuple):
    """A token inside its sentence. `char_start` and `char_end` bound the token, without spaces around it."""

    text: str
    position: int
    token_id: int
    char_start: int
    char_end: int

    @property
    def word(self) -> str:
        """The whole word that the token belongs to, case folded; the token's own text where it is no word."""
        word = whole_word(self.text, self.char_start, self.char_end)
        return (word or self.text[self.char_start : self.char_end]).casefold()


@dataclass(frozen=True, eq=False)
class TokenizedCorpus:
    """Sentences as a language model reads them, their tokens one after the other.

    `texts` are n; sentence i has the tokens from `starts[i]` to `starts[i + 1]` (n + 1,) of all m: their
    `ids` (m,), whether they are `special` (m,), and `spans` (m, 2) of characters. Of `cut` sentences only
    the beginning is there.
    """

    texts: Sequence[str]
    starts: np.ndarray
    ids: np.ndarray
    special: np.ndarray
    spans: np.ndarray
    cut: int

    @cached_property
    def lengths(self) -> np.ndarray:
        """(n,) tokens of each sentence."""
        return np.diff(self.starts)

    @cached_property
    def positions(self) -> np.ndarray:
        """(m,) of each token in its sentence."""
        return np.arange(len(self.ids)) - np.repeat(self.starts[:-1], self.lengths)

    @cached_property
    def prefixes(self) -> np.ndarray:
        """(m,) hashes of the ids up to each token, its own included; uint64."""
        found = np.empty(len(self.ids), np.uint64)
        longest_first = np.argsort(-self.lengths, kind="stable")
        before = np.zeros(len(longest_first), np.uint64)
        for position in range(int(self.lengths.max(initial=0))):
            reaching = longest_first[: np.searchsorted(-self.lengths[longest_first], -position)]
            places = self.starts[reaching] + position
            before = _mixed(before[: len(reaching)] ^ _mixed(self.ids[places].astype(np.uint64)))
            found[places] = before
        return found


@dataclass(frozen=True, eq=False)
class ChosenContexts:
    """Places of a corpus, by token, then by draw: `sentences` (n,) and `positions` (n,) say where."""

    corpus: TokenizedCorpus
    sentences: np.ndarray
    positions: np.ndarray

    def __len__(self) -> int:
        return len(self.sentences)

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """All of them."""
        corpus = self.corpus
        places = corpus.starts[self.sentences] + self.positions
        texts = (corpus.texts[sentence] for sentence in self.sentences.tolist())
        columns = (self.positions, corpus.ids[places], *corpus.spans[places].T)
        return tuple(map(Context, texts, *(column.tolist() for column in columns)))


def tokenize(tokenizer: Any, corpus: Corpus, max_tokens: int) -> TokenizedCorpus:
    """All sentences, cut after `max_tokens` tokens, in an order that does not depend on the corpus's.

    Spans are without spaces at their ends, and empty for what is space alone.

    Raises:
        InputError: the tokenizer does not say where in the text its tokens are.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise InputError(f"tokenizer {type(tokenizer).__name__}: cannot tell where tokens lie in the text")
    texts = sorted(corpus.texts, key=lambda text: (len(text), text))
    parts = list(_tokenized(tokenizer, texts, max_tokens))
    lengths, ids, special, spans, cut = (np.concatenate(part) for part in zip(*parts, strict=True))
    special |= np.isin(ids, tokenizer.all_special_ids)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    spans = _without_spaces(texts, starts, spans)
    return TokenizedCorpus(texts, starts, ids, special, spans, int(cut.sum()))


def _tokenized(tokenizer: Any, texts: Sequence[str], max_tokens: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Lengths, ids, whether special, spans, and whether cut, of some texts at a time."""
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        encoded = tokenizer(
            texts[start : start + _TEXTS_AT_ONCE],
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            truncation=True,
            max_length=max_tokens,
        )
        lengths = np.array([len(ids) for ids in encoded["input_ids"]])
        ids = np.fromiter(chain.from_iterable(encoded["input_ids"]), np.int32)
        special = np.fromiter(chain.from_iterable(encoded["special_tokens_mask"]), bool)
        ends = chain.from_iterable(chain.from_iterable(encoded["offset_mapping"]))
        spans = np.fromiter(ends, np.int32).reshape(-1, 2)
        cut = np.array([bool(encoding.overflowing) for encoding in encoded.encodings])
        yield lengths, ids, special, spans, cut


def _without_spaces(texts: Sequence[str], starts: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Spans (m, 2) moved past the spaces at their ends."""
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
    letters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    space = np.isin(letters, _SPACES)
    # How many characters from each on are spaces, and how many that end before it.
    ahead, behind = _run_lengths(space[::-1])[::-1], np.concatenate([[0], _run_lengths(space)])
    base = np.repeat(offsets[:-1], np.diff(starts))
    size = spans[:, 1] - spans[:, 0]
    leading = np.minimum(np.append(ahead, 0)[spans[:, 0] + base], size)
    trailing = np.minimum(behind[spans[:, 1] + base], size - leading)
    return np.stack([spans[:, 0] + leading, spans[:, 1] - trailing], axis=1)


def _run_lengths(mask: np.ndarray) -> np.ndarray:
    """How many places up to each, its own included, are true without a break."""
    counts = np.arange(1, len(mask) + 1)
    breaks = np.maximum.accumulate(np.where(mask, 0, counts))
    return np.asarray(counts - breaks)


def choose_contexts(corpus: TokenizedCorpus, max_per_token: int, seed: int) -> ChosenContexts:
    """One context for each different prefix, at most `max_per_token` of a token, by token id, then by draw.

    The context shows the first sentence that has the prefix: sorted as `tokenize` does, the shortest.
    """
    first = np.sort(np.unique(corpus.prefixes, return_index=True)[1])
    wanted = first[~corpus.special[first] & (corpus.spans[first, 0] < corpus.spans[first, 1])]
    draws = _mixed(corpus.prefixes[wanted] ^ _mixed(np.array([seed], np.int64).view(np.uint64)))
    order = np.lexsort((draws, corpus.ids[wanted]))
    tokens = corpus.ids[wanted][order]
    rank = np.arange(len(tokens)) - np.searchsorted(tokens, tokens)
    kept = wanted[order][rank < max_per_token]
    sentences = np.searchsorted(corpus.starts, kept, side="right") - 1
    return ChosenContexts(corpus, sentences, corpus.positions[kept])


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """A hash of 64 bits for each number: the finaliser of SplitMix64 (Steele et al. 2014)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def context_id(llm: str, text: str, position: int) -> int:
    """A number of 63 bits that names the place `position` of `text` as read by `llm`."""
    digest = hashlib.sha256(f"{llm}\0{position}\0{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1
