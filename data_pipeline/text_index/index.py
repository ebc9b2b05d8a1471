"""A text index that is used: loaded from its folder, searched, known by what it was made from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor, nn

from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.progress import Progress, SilentProgress
from data_pipeline.text_index.background import Background, backgrounds, bytes_of_background, worth
from data_pipeline.text_index.building import build_index
from data_pipeline.text_index.contexts import Context, context_id
from data_pipeline.text_index.header import CONTEXTS_FILE, Header, Origin
from data_pipeline.text_index.layer_files import LayerFile, file_name
from data_pipeline.text_index.search import MEMORY, LayerRows, Pairs, least_memory, search
from data_pipeline.text_index.settings import BuildSettings
from data_pipeline.text_index.storing import CONTEXT_SCHEMA, rows_of_layer
from data_pipeline.unit_vectors import unit_rows

Distinct = Literal["context", "word"]
DISTINCT: tuple[Distinct, ...] = ("context", "word")
RankBy = Literal["cosine", "percentile"]
RANK_BY: tuple[RankBy, ...] = ("cosine", "percentile")


@dataclass(frozen=True)
class Neighbors:
    """For n queries their k nearest contexts, best first; each is (n, k)."""

    contexts: np.ndarray  # index into `TextIndex.contexts`
    text_layers: np.ndarray
    scores: np.ndarray  # float32, cosine in [-1, 1]
    percentiles: np.ndarray | None = None
    """float32, 0 to 1, see `background`; None where they were not asked for."""


@dataclass(frozen=True, eq=False)
class TextIndex:
    """Contextual text embeddings: a row for each (context, text layer), on disk; see `layer_files`."""

    folder: Path
    origin: Origin
    contexts: tuple[Context, ...]
    layers: tuple[LayerRows, ...]

    @classmethod
    def build(
        cls,
        folder: Path,
        llm: nn.Module,
        tokenizer: Any,
        corpus: Corpus,
        settings: BuildSettings,
        progress: Progress | None = None,
    ) -> TextIndex:
        """Let `llm` read `corpus`, keep its hidden states in `folder`, and load them.

        A build that was stopped goes on, and an index that is there already is not read again.

        Raises:
            InputError: see `building.build_index`.
        """
        contexts = build_index(folder, llm, tokenizer, corpus, settings, progress or SilentProgress())
        if contexts is None:
            return cls.load(folder, whole=False)
        return cls._of(folder, Header.read(folder).origin, contexts)

    @classmethod
    def load(
        cls,
        folder: Path,
        llm_hash: str | None = None,
        corpus_hash: str | None = None,
        whole: bool | None = None,
    ) -> TextIndex:
        """Open an index; its vectors stay on disk.

        Args:
            folder: where it lies.
            llm_hash: of the model whose index it must be; None: any.
            corpus_hash: likewise of the corpus.
            whole: see `Header.check_files`.

        Raises:
            InputError: no index, a damaged one, or another model's or corpus's; the line names it.
        """
        header = Header.read(folder)
        origin = header.origin
        for what, found, expected in (
            ("model", origin.llm_hash, llm_hash),
            ("corpus", origin.corpus_hash, corpus_hash),
        ):
            if expected is not None and found != expected:
                raise InputError(f"{folder}: text index of another {what} ({found}), expected {expected}")
        header.check_files(folder, whole)
        return cls._of(folder, origin, _contexts(folder))

    @classmethod
    def _of(cls, folder: Path, origin: Origin, contexts: tuple[Context, ...]) -> TextIndex:
        layers = tuple(_layer(folder, layer, contexts, origin) for layer in origin.text_layers)
        return cls(folder, origin, contexts, layers)

    def search(
        self,
        queries: Tensor,
        k: int,
        distinct: Distinct = "context",
        text_layers: Collection[int] | None = None,
        memory: int = MEMORY,
        rank_by: RankBy | None = None,
    ) -> Neighbors:
        """The k nearest rows of all text layers merged, each context or each word at most once.

        Args:
            queries: (n, hidden) hidden states, of any length and floating-point type.
            k: how many neighbours to list.
            distinct: "context": a context once, at its best text layer; "word": each word once, at its best.
            text_layers: search these alone; None: all.
            memory: bytes that the search takes beside the index's contexts.
            rank_by: "cosine", or "percentile" of the cosine in the background of its text layer; both come
                with what is found. None: by cosine, and percentiles are not worked out.

        Raises:
            InputError: queries of another width or with NaN, text layers that the index does not have, fewer
                than k different contexts or words in it, or less memory than a search takes at least.
        """
        if rank_by is not None:
            return self.rankings(queries, k, distinct, text_layers, memory)[rank_by]
        layers, groups = self._searched(queries, k, distinct, text_layers)
        self._check_memory(memory, least_memory(*queries.shape))
        return self._neighbors(search(layers, groups, unit_rows(queries), k, memory), k)

    def rankings(
        self,
        queries: Tensor,
        k: int,
        distinct: Distinct = "context",
        text_layers: Collection[int] | None = None,
        memory: int = MEMORY,
    ) -> dict[RankBy, Neighbors]:
        """Both rankings of `search` from one search, each with cosines and percentiles.

        Within a text layer both have one order, so that the k best of each layer hold the k best of either.
        """
        layers, groups = self._searched(queries, k, distinct, text_layers)
        of_background = bytes_of_background(len(self.contexts), self.origin.hidden_size)
        self._check_memory(memory, max(least_memory(*queries.shape), of_background))
        each = search(layers, groups, unit_rows(queries), k, memory, apart=True)
        by_percentile = each.best(k, worth(each, self.backgrounds))
        return {
            "cosine": self._neighbors(each.best(k), k, self.backgrounds),
            "percentile": self._neighbors(by_percentile, k, self.backgrounds),
        }

    def _neighbors(self, found: Pairs, k: int, known: dict[int, Background] | None = None) -> Neighbors:
        return Neighbors(
            found.contexts.reshape(-1, k),
            found.layers.reshape(-1, k),
            found.scores.reshape(-1, k).astype(np.float32),
            None if known is None else worth(found, known).reshape(-1, k),
        )

    def _searched(
        self, queries: Tensor, k: int, distinct: Distinct, text_layers: Collection[int] | None
    ) -> tuple[tuple[LayerRows, ...], np.ndarray]:
        """The layers, and the group of each context, where the queries can be answered."""
        layers = self._chosen(text_layers)
        self._check(queries)
        groups = np.arange(len(self.contexts)) if distinct == "context" else self.context_words
        searched = np.unique(np.concatenate([groups[rows.contexts] for rows in layers]))
        if len(searched) < k:
            raise InputError(f"text index: {len(searched)} different {distinct}s, expected at least {k}")
        return layers, groups

    def _chosen(self, text_layers: Collection[int] | None) -> tuple[LayerRows, ...]:
        wanted = set(self.origin.text_layers if text_layers is None else text_layers)
        if not wanted or not wanted <= set(self.origin.text_layers):
            known = ", ".join(map(str, self.origin.text_layers))
            raise InputError(f"text layers {sorted(wanted)}: the index has {known}")
        return tuple(rows for rows in self.layers if rows.layer in wanted)

    def check_vocabulary(self, tokens: int) -> None:
        """Refuse a tokenizer of another number of `tokens` than the one that has read the corpus.

        Raises:
            InputError: it names both numbers.
        """
        if tokens != self.origin.vocabulary:
            raise InputError(
                f"{self.folder}: text index of a vocabulary of {self.origin.vocabulary} tokens, the model's "
                f"tokenizer has {tokens}; expected the model that the index is of"
            )

    def _check(self, queries: Tensor) -> None:
        width = self.origin.hidden_size
        if queries.ndim != 2 or queries.shape[1] != width:
            raise InputError(f"queries of shape {tuple(queries.shape)}: expected (n, {width})")
        if not bool(torch.isfinite(queries).all()):
            row = int((~torch.isfinite(queries).all(dim=1)).nonzero()[0, 0])
            raise InputError(f"query {row}: is not finite")

    def _check_memory(self, memory: int, least: int) -> None:
        if memory < least:
            raise InputError(
                f"a budget of {memory:,} bytes of memory: a search of this text index takes at least "
                f"{-(-least // 10**6)}MB"
            )

    def vectors(self, layer: int | None = None) -> Tensor:
        """The vectors of a text layer, or of all, as they are stored; (rows, hidden) float32, of length 1."""
        parts = [
            rows.file.coding.decode(rows.file.get(slice(None)))
            for rows in self._chosen(None if layer is None else [layer])
        ]
        return torch.cat(parts)

    def __len__(self) -> int:
        """How many vectors there are."""
        return sum(len(rows.contexts) for rows in self.layers)

    @cached_property
    def context_ids(self) -> np.ndarray:
        """(context,) the context's id in table `contexts`, int64."""
        llm = self.origin.llm
        ids = [context_id(llm, context.text, context.position) for context in self.contexts]
        return np.array(ids, dtype=np.int64)

    @cached_property
    def backgrounds(self) -> dict[int, Background]:
        """The background of each text layer, worked out when it is first asked for."""
        tokens = np.array([context.token_id for context in self.contexts])
        return backgrounds(self.layers, tokens, self.origin.seed)

    @cached_property
    def context_words(self) -> np.ndarray:
        """(context,) number of the context's word."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(context.word, len(numbers)) for context in self.contexts])


def _contexts(folder: Path) -> tuple[Context, ...]:
    path = folder / CONTEXTS_FILE
    try:
        table = pq.read_table(path, partitioning=None).cast(CONTEXT_SCHEMA)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"{path}: not the contexts of a text index ({error})") from error
    columns = (table[name].to_pylist() for name in CONTEXT_SCHEMA.names)
    return tuple(map(Context, *columns))


def _layer(folder: Path, layer: int, contexts: Sequence[Context], origin: Origin) -> LayerRows:
    file = LayerFile.open(folder / file_name(layer))
    rows = rows_of_layer(contexts, layer)
    expected = len(rows), origin.hidden_size
    if file.shape != expected:
        raise InputError(f"{file.path}: vectors of shape {file.shape}, expected {expected}")
    return LayerRows(layer, file, rows)
