"""Which places of a corpus enter a text index: each token with what comes before it, once.

In a causal language model a hidden state depends on the tokens up to its own and on nothing after, so places
with the same token ids before them have the same hidden states. A trie over token ids finds them exactly. Of
each token only some contexts are kept, chosen by a hash of (seed, token, prefix): adding a sentence or
shuffling the corpus does not change the choice among the others.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.judges.words import whole_word


@dataclass(frozen=True)
class Context:
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


@dataclass(frozen=True)
class TokenizedText:
    """A sentence as the language model reads it: ids with special tokens, spans in characters."""

    text: str
    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    special: tuple[bool, ...]


def tokenize(tokenizer: Any, corpus: Corpus, max_tokens: int) -> list[TokenizedText]:
    """All sentences, cut after `max_tokens` tokens, in an order that does not depend on the corpus's.

    Raises:
        InputError: the tokenizer does not say where in the text its tokens are.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise InputError(f"tokenizer {type(tokenizer).__name__}: cannot tell where tokens lie in the text")
    texts = sorted(corpus.texts, key=lambda text: (len(text), text))
    encoded = tokenizer(
        texts,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        truncation=True,
        max_length=max_tokens,
    )
    specials = set(tokenizer.all_special_ids)
    columns = (encoded[key] for key in ("input_ids", "offset_mapping", "special_tokens_mask"))
    return [
        TokenizedText(
            text,
            tuple(ids),
            tuple(_without_spaces(text, *span) for span in spans),
            tuple(bool(flag) or token in specials for flag, token in zip(mask, ids, strict=True)),
        )
        for text, ids, spans, mask in zip(texts, *columns, strict=True)
    ]


def choose_contexts(texts: Iterable[TokenizedText], max_per_token: int, seed: int) -> list[Context]:
    """One context for each different prefix, at most `max_per_token` of a token, by token id, then hash.

    The context shows the first of `texts` that has the prefix: sorted as `tokenize` does, the shortest.
    """
    children: dict[tuple[int, int], int] = {}  # (node, token id) → node: a node is a prefix, 0 the empty one
    kept: dict[int, list[tuple[int, int, Context]]] = {}  # per token: a heap whose first has the highest draw
    for text in texts:
        node, digest = 0, seed.to_bytes(8, "little", signed=True)
        for position, token in enumerate(text.ids):
            digest = hashlib.blake2b(digest + token.to_bytes(8, "little"), digest_size=8).digest()
            edge = (node, token)
            seen = edge in children
            node = children.setdefault(edge, len(children) + 1)
            start, end = text.spans[position]
            if seen or text.special[position] or start == end:
                continue
            draw = -int.from_bytes(digest, "little")
            heap = kept.setdefault(token, [])
            context = Context(text.text, position, token, start, end)
            heapq.heappush(heap, (draw, node, context))
            if len(heap) > max_per_token:
                heapq.heappop(heap)
    return [
        context
        for token in sorted(kept)
        for _, _, context in sorted(kept[token], key=lambda entry: entry[:2], reverse=True)
    ]


def context_id(llm: str, text: str, position: int) -> int:
    """A number of 63 bits that names the place `position` of `text` as read by `llm`."""
    digest = hashlib.sha256(f"{llm}\0{position}\0{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _without_spaces(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, start + len(piece.strip())
